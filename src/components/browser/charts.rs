//! The charts that the page shows, drawn by an engine that is fetched for the first of them.

use std::cell::RefCell;

use js_sys::Reflect;
use leptos::leptos_dom::helpers::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, HtmlScriptElement};

use super::in_browser::{after, call};

/// Shows the theme at once (the server has it in its cookie by then) and draws the charts in its colours.
pub fn show_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme);
    }
    redraw_all();
}

struct DrawnChart {
    number: u32,
    element: Element,
    light: String,
    dark: String,
    /// What the engine gave back, once it is there.
    engine: Option<JsValue>,
    ready: Option<Box<dyn FnOnce()>>,
}

#[derive(Default)]
struct Charts {
    last: u32,
    drawn: Vec<DrawnChart>,
    requested: bool,
}

thread_local! {
    static CHARTS: RefCell<Charts> = RefCell::default();
}

/// A chart on the page, by its number.
#[derive(Clone, Copy)]
pub struct ChartHandle(u32);

impl ChartHandle {
    /// Draws other figures in the same place.
    pub fn update(self, light: String, dark: String) {
        CHARTS.with_borrow_mut(|charts| {
            if let Some(chart) = charts.drawn.iter_mut().find(|chart| chart.number == self.0) {
                chart.light = light;
                chart.dark = dark;
                redraw(chart);
            }
        });
    }

    /// Saves what is drawn as a picture.
    pub fn save(self, name: &str) {
        let engine = CHARTS.with_borrow(|charts| {
            charts.drawn.iter().find(|chart| chart.number == self.0).and_then(|chart| chart.engine.clone())
        });
        if let Some(engine) = engine {
            let _ = call(&engine, "save", &[JsValue::from_str(name)]);
        }
    }

    /// Takes the chart off the page, unless the same place is drawn anew in the same turn: a page that loads again
    /// builds its parts anew in the elements that are there, and a chart in them should only change.
    pub fn dispose(self) {
        after(0, move || {
            let gone = CHARTS.with_borrow_mut(|charts| {
                let place = charts.drawn.iter().position(|chart| chart.number == self.0);
                place.map(|place| charts.drawn.swap_remove(place))
            });
            if let Some(engine) = gone.and_then(|chart| chart.engine) {
                let _ = call(&engine, "dispose", &[]);
            }
        });
    }
}

/// Draws a chart; fetches the engine first where the page does not have it yet.
pub fn draw_chart(element: impl Into<Element>, light: String, dark: String, ready: impl FnOnce() + 'static) -> ChartHandle {
    let element = element.into();
    let (number, request) = CHARTS.with_borrow_mut(|charts| {
        charts.last += 1;
        if let Some(chart) = charts.drawn.iter_mut().find(|chart| chart.element == element) {
            (chart.number, chart.light, chart.dark) = (charts.last, light, dark);
            redraw(chart);
            if chart.engine.is_some() {
                ready();
            } else {
                chart.ready = Some(Box::new(ready));
            }
            return (charts.last, false);
        }
        let mut chart = DrawnChart { number: charts.last, element, light, dark, engine: None, ready: Some(Box::new(ready)) };
        redraw(&mut chart);
        charts.drawn.push(chart);
        (charts.last, !std::mem::replace(&mut charts.requested, true))
    });
    if request {
        fetch_engine();
    }
    ChartHandle(number)
}

fn fetch_engine() {
    let source = document().query_selector("meta[name=charts-src]").ok().flatten().and_then(|meta| meta.get_attribute("content"));
    let (Some(source), Some(head)) = (source, document().head()) else { return };
    let Ok(script) = document().create_element("script") else { return };
    let script: HtmlScriptElement = script.unchecked_into();
    script.set_src(&source);
    script.set_onload(Some(Closure::once_into_js(redraw_all).unchecked_ref()));
    let _ = head.append_child(&script);
    if let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") {
        let changed = Closure::<dyn FnMut()>::new(redraw_all);
        query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        // Both live as long as the page.
        changed.forget();
        std::mem::forget(query);
    }
}

fn redraw_all() {
    CHARTS.with_borrow_mut(|charts| charts.drawn.iter_mut().for_each(redraw));
}

fn redraw(chart: &mut DrawnChart) {
    let options = JsValue::from_str(if is_dark() { &chart.dark } else { &chart.light });
    if let Some(engine) = &chart.engine {
        let _ = call(engine, "update", &[options]);
        return;
    }
    let Ok(library) = Reflect::get(&window(), &JsValue::from_str("TallygateCharts")) else { return };
    if library.is_undefined() {
        return;
    }
    if let Ok(engine) = call(&library, "mount", &[chart.element.clone().into(), options]) {
        chart.engine = Some(engine);
        if let Some(ready) = chart.ready.take() {
            ready();
        }
    }
}

fn is_dark() -> bool {
    match document().document_element().and_then(|root| root.get_attribute("data-theme")).as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => matches!(window().match_media("(prefers-color-scheme: dark)"), Ok(Some(query)) if query.matches()),
    }
}
