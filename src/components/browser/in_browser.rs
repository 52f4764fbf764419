//! The browser's own interfaces: the page, what has focus, forms and dialogs.

use std::{cell::RefCell, time::Duration};

use js_sys::{Function, JsString, Promise, Reflect};
use leptos::{
    ev::SubmitEvent,
    leptos_dom::helpers::{document, set_timeout, window},
    reactive::owner::on_cleanup,
};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{
    Element, Event, FormData, HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlFormElement, KeyboardEvent, UrlSearchParams,
};

/// A document's title: the browser takes it as text.
pub fn title(text: String) -> String {
    text
}

/// Puts text on the clipboard.
pub fn copy(text: &str) {
    // The promise is left alone: a refusal of the browser can only be seen by pasting.
    let _ = window().navigator().clipboard().write_text(text);
}

/// Runs something later.
pub fn after(milliseconds: u64, then: impl FnOnce() + 'static) {
    set_timeout(then, Duration::from_millis(milliseconds));
}

/// True while the page is looked at.
pub fn is_visible() -> bool {
    !document().hidden()
}

/// Does something whenever `Ctrl` or `Cmd` is pressed with `K`, as long as the part of the page stands that asks for it.
pub fn on_jump_keys(then: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        if let Some(keys) = event.dyn_ref::<KeyboardEvent>()
            && (keys.ctrl_key() || keys.meta_key())
            && keys.key() == "k"
        {
            event.prevent_default();
            then();
        }
    });
    let _ = document().add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref());
    let listener = SendWrapper::new(listener);
    on_cleanup(move || {
        let _ = document().remove_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref());
    });
}

/// Presses the first link that a selector finds, as its reader would.
pub fn press(selector: &str) {
    if let Ok(Some(link)) = document().query_selector(selector)
        && let Ok(link) = link.dyn_into::<HtmlElement>()
    {
        link.click();
    }
}

/// Moves what something stands in so far that it is seen.
pub fn scroll_to(id: &str) {
    let Some(element) = document().get_element_by_id(id) else { return };
    let options = js_sys::Object::new();
    let _ = Reflect::set(&options, &JsValue::from_str("block"), &JsValue::from_str("nearest"));
    let _ = call(&element, "scrollIntoView", &[options.into()]);
}

/// Puts focus on the heading of the page, after a navigation inside the page. The heading may come with what the page loads, in the
/// place of another: for a moment focus that is lost with one goes to the next, unless the reader takes it elsewhere.
pub fn focus_heading() {
    focus_heading_again(HEADINGS_FOR);
}

/// How often a new heading is looked for, and how long after each other.
const HEADINGS_FOR: u32 = 30;
const HEADING_EVERY_MS: u64 = 150;

fn focus_heading_again(times: u32) {
    if let Ok(Some(heading)) = document().query_selector("h1[tabindex]")
        && let Ok(heading) = heading.dyn_into::<HtmlElement>()
    {
        let _ = heading.focus();
    }
    if times > 0 {
        after(HEADING_EVERY_MS, move || {
            if focused().is_none_or(|element| element.tag_name() == "H1") {
                focus_heading_again(times - 1);
            }
        });
    }
}

/// Tells the server which zone the browser is in, from the next request on. Whether that is news to it.
pub fn remember_zone() -> bool {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    let zone = Reflect::get(&options, &JsValue::from_str("timeZone")).ok().and_then(|zone| zone.as_string());
    let cookie = JsValue::from_str("cookie");
    let known = Reflect::get(&document(), &cookie).ok().and_then(|text| text.as_string()).unwrap_or_default();
    let Some(said) = zone.map(|zone| format!("zone={zone}")) else { return false };
    if known.split("; ").any(|pair| pair == said) {
        return false;
    }
    let _ = Reflect::set(&document(), &cookie, &JsValue::from_str(&format!("{said}; path=/; max-age=31536000; samesite=lax")));
    true
}

/// A form that is sent.
pub struct SentForm(Option<HtmlFormElement>);

impl SentForm {
    /// Of an event.
    pub fn of(event: &SubmitEvent) -> Self {
        Self(event.target().and_then(|target| target.dyn_into().ok()))
    }

    /// Puts focus on its first field that was refused, once the sentence stands there.
    pub fn focus_problem(self) {
        after(0, move || {
            if let Some(form) = self.0 {
                focus_in(&form, "[aria-invalid=true]");
            }
        });
    }
}

/// What a form holds as it is sent, the pressed button included, in the way that plain forms write it.
pub fn form_text(event: &SubmitEvent) -> String {
    let SentForm(Some(form)) = SentForm::of(event) else { return String::new() };
    let fields = FormData::new_with_form(&form).and_then(|data| UrlSearchParams::new_with_str_sequence_sequence(&data));
    let Ok(fields) = fields else { return String::new() };
    let pressed = event.submitter().and_then(|button| button.dyn_into::<HtmlButtonElement>().ok());
    if let Some(button) = pressed.filter(|button| !button.name().is_empty()) {
        fields.append(&button.name(), &button.value());
    }
    fields.to_string().into()
}

/// What stands in a field.
pub fn value_of(id: &str) -> String {
    let field = document().get_element_by_id(id);
    field.and_then(|field| Reflect::get(&field, &JsValue::from_str("value")).ok()?.as_string()).unwrap_or_default()
}

/// Puts text into a field.
pub fn set_value(id: &str, text: &str) {
    put_value(id, &JsValue::from_str(text));
}

fn put_value(id: &str, text: &JsValue) {
    if let Some(field) = document().get_element_by_id(id) {
        let _ = Reflect::set(&field, &JsValue::from_str("value"), text);
    }
}

/// Hides those of some entries whose names do not contain a text, whatever the case.
pub fn narrow(entries: &str, text: &str) {
    // The browser knows small letters of all scripts, and their tables need not be loaded.
    let small = |text: &str| String::from(JsString::from(text.trim()).to_lower_case());
    let text = small(text);
    let Ok(entries) = document().query_selector_all(entries) else { return };
    for entry in (0..entries.length()).filter_map(|at| entries.item(at)?.dyn_into::<Element>().ok()) {
        let name = entry.query_selector(".trunc").ok().flatten().and_then(|name| name.text_content()).unwrap_or_default();
        let _ = entry.toggle_attribute_with_force("hidden", !small(&name).contains(&text));
    }
}

/// Puts the text of a file, chosen in the input that the event is of, into a field.
pub fn fill_from_file(event: &Event, field: &'static str) {
    let Some(input) = event.target() else { return };
    let file = Reflect::get(&input, &JsValue::from_str("files")).and_then(|files| Reflect::get_u32(files.unchecked_ref(), 0));
    let Ok(text) = file.and_then(|file| call(&file, "text", &[])) else { return };
    leptos::task::spawn_local(async move {
        let Ok(text) = wasm_bindgen_futures::JsFuture::from(text.unchecked_into::<Promise>()).await else { return };
        put_value(field, &text);
    });
}

thread_local! {
    /// Where focus was before a dialog took it.
    static OPENER: RefCell<Option<HtmlElement>> = const { RefCell::new(None) };
}

/// Makes a dialog modal, once it stands on the page. Its first field gets focus, or its heading where it takes something away.
pub fn open_modal(dialog: HtmlDialogElement) {
    after(0, move || {
        // One that is modal already stays as it is: a page that loads again builds its parts anew in what is there.
        if dialog.matches(":modal").unwrap_or(false) {
            return;
        }
        // A dialog that follows another goes back to where the first was opened.
        if let Some(opener) = focused() {
            OPENER.set(Some(opener));
        }
        // What the server opened is not modal, and `show_modal` refuses what is open.
        let _ = dialog.remove_attribute("open");
        let _ = dialog.show_modal();
        let takes = matches!(dialog.query_selector("footer .danger"), Ok(Some(_)));
        focus_in(
            &dialog,
            if takes { "h2" } else { "[autofocus], .dlg-body :is(input:not([type=hidden], [readonly]), textarea, select)" },
        );
    });
}

/// Puts focus back to where it was before a dialog, unless it has gone elsewhere.
pub fn return_focus() {
    after(0, || {
        let another = matches!(document().query_selector("dialog:modal"), Ok(Some(_)));
        if another || focused().is_some() {
            return;
        }
        if let Some(opener) = OPENER.take() {
            let _ = opener.focus();
        }
    });
}

/// What has focus; for something in a popover the button that opens it, for the popover is closed by then.
fn focused() -> Option<HtmlElement> {
    let focused = document().active_element().filter(|element| element.tag_name() != "BODY")?;
    let button = match focused.closest("[popover]") {
        Ok(Some(popover)) => document().query_selector(&format!("[popovertarget='{}']", popover.id())).ok().flatten(),
        _ => None,
    };
    button.unwrap_or(focused).dyn_into().ok()
}

fn focus_in(element: &Element, selector: &str) {
    if let Ok(Some(found)) = element.query_selector(selector)
        && let Ok(found) = found.dyn_into::<HtmlElement>()
    {
        let _ = found.focus();
    }
}

/// What stands behind the phones' navigation while that is open.
const BEHIND: [&str; 3] = [".skip", ".bar", "#main"];

/// Keeps focus in a popover that covers the page: it is put there, and what is behind can not have it.
pub fn hold_focus(id: &str) {
    let Some(popover) = document().get_element_by_id(id) else { return };
    if popover.matches(":popover-open").unwrap_or(false) {
        focus_in(&popover, "a");
        for behind in BEHIND.iter().filter_map(|selector| document().query_selector(selector).ok().flatten()) {
            let _ = behind.set_attribute("inert", "");
        }
    }
}

/// The opposite, before the popover closes: then the browser puts focus back to the button that opened it.
pub fn release_focus() {
    for behind in BEHIND.iter().filter_map(|selector| document().query_selector(selector).ok().flatten()) {
        let _ = behind.remove_attribute("inert");
    }
}

/// Closes an open popover.
pub fn hide_popover(id: &str) {
    if let Some(element) = document().get_element_by_id(id)
        && let Ok(true) = element.matches(":popover-open")
        && let Ok(element) = element.dyn_into::<HtmlElement>()
    {
        let _ = element.hide_popover();
    }
}

/// Calls a method of what the browser has no types for.
pub(super) fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(object, &JsValue::from_str(method))?.dyn_into()?;
    function.apply(object, &arguments.iter().collect())
}
