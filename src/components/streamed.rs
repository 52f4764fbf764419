//! Answers that come piece by piece, and what a page needs around them of the browser. As in `browser`: on the server each function exists
//! and does nothing.

#[cfg(feature = "hydrate")]
pub use in_browser::*;
#[cfg(not(feature = "hydrate"))]
pub use on_server::*;

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It was let in, under this id.
    Begun(String),
    /// An event: its name, and its data.
    Event(String, String),
    /// An answer that is no stream: id and body.
    Whole(String, String),
    /// Nothing more comes.
    Ended,
    /// The connection broke off, or never was.
    Broken,
    /// [`Running::stop`] was asked for.
    Stopped,
}

/// Cuts a stream of events at their boundaries, whatever the pieces that it comes in.
#[derive(Debug, Default)]
pub struct Events {
    rest: Vec<u8>,
}

impl Events {
    /// The events that are whole now: name and data.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<(String, String)> {
        self.rest.extend_from_slice(bytes);
        let mut events = vec![];
        while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.rest.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&event);
            let field = |name: &str| {
                let values: Vec<&str> =
                    text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start).collect();
                values.join("\n")
            };
            let (name, data) = (field("event"), field("data"));
            if !data.is_empty() {
                events.push((name, data));
            }
        }
        events
    }
}

#[cfg(feature = "hydrate")]
mod in_browser {
    use js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array};
    use leptos::leptos_dom::helpers::{document, window};
    use send_wrapper::SendWrapper;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{FormData, Headers, HtmlFormElement, RequestInit, Response};

    use super::{Events, Piece};

    /// A request that runs.
    #[derive(Clone)]
    pub struct Running(SendWrapper<JsValue>);

    impl Running {
        /// Ends it.
        pub fn stop(&self) {
            let _ = call(&self.0, "abort");
        }
    }

    /// Sends JSON to a path of this server, and hands on what comes.
    pub fn post(path: String, body: String, take: impl Fn(Piece) + 'static) -> Option<Running> {
        begin(path, Some(body), Box::new(take))
    }

    /// Asks for a path of this server, and hands on what comes.
    pub fn get(path: String, take: impl Fn(Piece) + 'static) -> Option<Running> {
        begin(path, None, Box::new(take))
    }

    type Take = Box<dyn Fn(Piece)>;

    fn begin(path: String, body: Option<String>, take: Take) -> Option<Running> {
        let constructor: Function = Reflect::get(&window(), &"AbortController".into()).ok()?.dyn_into().ok()?;
        let controller = Reflect::construct(&constructor, &Array::new()).ok()?;
        let signal = Reflect::get(&controller, &"signal".into()).ok()?;
        let running = Running(SendWrapper::new(controller));
        leptos::task::spawn_local(async move {
            let last = match run(&path, body.as_deref(), &signal, &take).await {
                Ok(()) => Piece::Ended,
                Err(_) if is_aborted(&signal) => Piece::Stopped,
                Err(_) => Piece::Broken,
            };
            take(last);
        });
        Some(running)
    }

    async fn run(path: &str, body: Option<&str>, signal: &JsValue, take: &Take) -> Result<(), JsValue> {
        let request = RequestInit::new();
        if let Some(body) = body {
            let headers = Headers::new()?;
            headers.set("content-type", "application/json")?;
            request.set_method("POST");
            request.set_headers(&headers);
            request.set_body(&JsValue::from_str(body));
        }
        Reflect::set(&request, &"signal".into(), signal)?;
        let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?.unchecked_into();
        let id = response.headers().get("x-request-id")?.unwrap_or_default();
        let kind = response.headers().get("content-type")?.unwrap_or_default();
        if !kind.starts_with("text/event-stream") {
            let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
            take(Piece::Whole(id, text));
            return Ok(());
        }
        take(Piece::Begun(id));
        let reader = call(&Reflect::get(&response, &"body".into())?, "getReader")?;
        let mut events = Events::default();
        loop {
            let piece = JsFuture::from(call(&reader, "read")?.unchecked_into::<Promise>()).await?;
            if Reflect::get(&piece, &"done".into())?.is_truthy() {
                return Ok(());
            }
            let bytes: Uint8Array = Reflect::get(&piece, &"value".into())?.unchecked_into();
            for (name, data) in events.push(&bytes.to_vec()) {
                take(Piece::Event(name, data));
            }
        }
    }

    fn is_aborted(signal: &JsValue) -> bool {
        Reflect::get(signal, &"aborted".into()).is_ok_and(|aborted| aborted.is_truthy())
    }

    fn call(object: &JsValue, method: &str) -> Result<JsValue, JsValue> {
        let function: Function = Reflect::get(object, &method.into())?.dyn_into()?;
        function.call0(object)
    }

    /// A text inside JSON, by the names that lead to it; none where there is no text.
    pub fn pick(json: &str, path: &[&str]) -> Option<String> {
        let mut value = JSON::parse(json).ok()?;
        for name in path {
            value = Reflect::get(&value, &(*name).into()).ok()?;
        }
        value.as_string()
    }

    /// What an input of a form holds.
    pub fn form_value(form: &str, name: &str) -> String {
        let form = document().get_element_by_id(form).and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let data = form.and_then(|form| FormData::new_with_form(&form).ok());
        data.and_then(|data| data.get(name).as_string()).unwrap_or_default()
    }

    /// Puts a text into an input.
    pub fn fill(id: &str, text: &str) {
        if let Some(input) = document().get_element_by_id(id) {
            let _ = Reflect::set(&input, &"value".into(), &text.into());
        }
    }

    /// Sends a form, as its button does.
    pub fn submit(form: &str) {
        if let Some(form) = document().get_element_by_id(form).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            let _ = form.request_submit();
        }
    }

    /// Shows the end of what scrolls.
    pub fn show_end(id: &'static str) {
        super::super::browser::after(0, move || {
            if let Some(element) = document().get_element_by_id(id) {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
}

#[cfg(not(feature = "hydrate"))]
mod on_server {
    use super::Piece;

    /// A request that runs.
    #[derive(Clone)]
    pub struct Running;

    impl Running {
        /// Ends it.
        pub fn stop(&self) {}
    }

    /// Sends JSON to a path of this server, and hands on what comes.
    pub fn post(_path: String, _body: String, _take: impl Fn(Piece) + 'static) -> Option<Running> {
        None
    }

    /// Asks for a path of this server, and hands on what comes.
    pub fn get(_path: String, _take: impl Fn(Piece) + 'static) -> Option<Running> {
        None
    }

    /// A text inside JSON.
    pub fn pick(_json: &str, _path: &[&str]) -> Option<String> {
        None
    }

    /// What an input of a form holds.
    pub fn form_value(_form: &str, _name: &str) -> String {
        String::new()
    }

    /// Puts a text into an input.
    pub fn fill(_id: &str, _text: &str) {}

    /// Sends a form, as its button does.
    pub fn submit(_form: &str) {}

    /// Shows the end of what scrolls.
    pub fn show_end(_id: &'static str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_wherever_they_were_cut() {
        let text = "data: {\"a\":\"é\"}\n\n: a comment\n\nevent: figures\ndata: x\ndata: y\n\ndata: [DONE]\n\n".as_bytes();
        let expected =
            [("", "{\"a\":\"é\"}"), ("figures", "x\ny"), ("", "[DONE]")].map(|(name, data)| (name.into(), data.into()));
        for cut in 0..=text.len() {
            let mut events = Events::default();
            let mut found = events.push(&text[..cut]);
            found.extend(events.push(&text[cut..]));
            assert_eq!(found, expected, "cut at {cut}");
        }
    }
}
