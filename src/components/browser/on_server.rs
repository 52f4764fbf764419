//! The same names on the server, where they do nothing.

/// A document's title as text of its element: it is written there as it is.
pub fn title(text: String) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Puts text on the clipboard.
pub fn copy(_text: &str) {}

/// Runs something later.
pub fn after(_milliseconds: u64, _then: impl FnOnce() + 'static) {}

/// True while the page is looked at.
pub fn is_visible() -> bool {
    false
}

/// Does something whenever `Ctrl` or `Cmd` is pressed with `K`.
pub fn on_jump_keys(_then: impl Fn() + 'static) {}

/// Presses a link.
pub fn press(_selector: &str) {}

/// Moves what something stands in so far that it is seen.
pub fn scroll_to(_id: &str) {}

/// Puts focus on the heading of the page.
pub fn focus_heading() {}

/// A form that is sent.
#[derive(Clone, Copy)]
pub struct SentForm;

impl SentForm {
    /// Of an event.
    pub fn of<Event>(_event: &Event) -> Self {
        Self
    }

    /// Puts focus on its first field that was refused.
    pub fn focus_problem(self) {}
}

/// What a form holds as it is sent.
pub fn form_text<Event>(_event: &Event) -> String {
    String::new()
}

/// What stands in a field.
pub fn value_of(_id: &str) -> String {
    String::new()
}

/// Puts text into a field.
pub fn set_value(_id: &str, _text: &str) {}

/// Hides those of some entries whose names do not contain a text, whatever the case.
pub fn narrow(_entries: &str, _text: &str) {}

/// Puts the text of a chosen file into a field.
pub fn fill_from_file<Event>(_event: &Event, _field: &'static str) {}

/// Tells the server which zone the browser is in.
pub fn remember_zone() -> bool {
    false
}

/// Makes a dialog modal.
pub fn open_modal<Dialog>(_dialog: Dialog) {}

/// Puts focus back to where it was before a dialog.
pub fn return_focus() {}

/// Keeps focus in a popover that covers the page.
pub fn hold_focus(_id: &str) {}

/// The opposite, before the popover closes.
pub fn release_focus() {}

/// Closes an open popover.
pub fn hide_popover(_id: &str) {}

/// Shows the theme at once.
pub fn show_theme(_theme: &str) {}

/// A chart on the page.
#[derive(Clone, Copy)]
pub struct ChartHandle;

impl ChartHandle {
    /// Draws other figures in the same place.
    pub fn update(self, _light: String, _dark: String) {}

    /// Saves what is drawn as a picture.
    pub fn save(self, _name: &str) {}

    /// Takes the chart off the page.
    pub fn dispose(self) {}
}

/// Draws a chart.
pub fn draw_chart<Element>(_element: Element, _light: String, _dark: String, _ready: impl FnOnce() + 'static) -> ChartHandle {
    ChartHandle
}
