//! Links as they are pressed. As in `browser`: on the server each function exists and does nothing.

#[cfg(feature = "hydrate")]
pub use in_browser::*;
#[cfg(not(feature = "hydrate"))]
pub use on_server::*;

#[cfg(feature = "hydrate")]
mod in_browser {
    use leptos::leptos_dom::helpers::{document, window};
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use web_sys::{Element, Event};

    /// Before a link within this site is followed, `turn` may give another address for it, and say that it is loaded as a whole.
    pub fn on_press(turn: impl Fn(&str) -> Option<(String, bool)> + 'static) {
        let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(link) = pressed.and_then(|pressed| pressed.closest("a[href]").ok().flatten()) else { return };
            let Some(address) = link.get_attribute("href").filter(|address| address.starts_with('/')) else { return };
            if let Some((address, whole)) = turn(&address) {
                let _ = link.set_attribute("href", &address);
                if whole {
                    let _ = link.set_attribute("rel", "external");
                }
            }
        });
        // Before anybody else hears of it.
        let _ = document().add_event_listener_with_callback_and_bool("click", listener.as_ref().unchecked_ref(), true);
        // It lives as long as the page.
        listener.forget();
    }

    /// The address of the page that is shown now.
    pub fn here() -> String {
        let place = window().location();
        let text = |part: Result<String, JsValue>| part.unwrap_or_default();
        format!("{}{}", text(place.pathname()), text(place.search()))
    }

    /// Loads a page as a whole, in the place of the one that is shown.
    pub fn load(address: &str) {
        let _ = window().location().replace(address);
    }
}

#[cfg(not(feature = "hydrate"))]
mod on_server {
    /// Before a link within this site is followed, `turn` may give another address for it, and say that it is loaded as a whole.
    pub fn on_press(_turn: impl Fn(&str) -> Option<(String, bool)> + 'static) {}

    /// The address of the page that is shown now.
    pub fn here() -> String {
        String::new()
    }

    /// Loads a page as a whole, in the place of the one that is shown.
    pub fn load(_address: &str) {}
}
