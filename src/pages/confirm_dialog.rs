//! Forms in dialogs, and those that ask once before something happens.

use leptos::prelude::*;

use super::form::{Form, FormAction, Problems};
use crate::components::{Button, Dialog, Field, Icon, Note, NoteKind, browser, noscroll};

/// A form in a dialog: what went wrong, its fields (`children`), and the button that sends them.
#[component]
pub fn FormDialog(
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] lead: ViewFn,
    /// The address without the dialog.
    #[prop(into)]
    close: String,
    /// As that of every dialog.
    #[prop(default = "w-480")]
    width: &'static str,
    action: FormAction,
    /// Names and values of what travels along.
    hidden: Vec<(&'static str, String)>,
    /// Words of the button.
    #[prop(into)]
    label: String,
    /// Takes something away.
    #[prop(optional)]
    danger: bool,
    /// While something that the form needs is missing.
    #[prop(optional, into)]
    blocked: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let hidden = hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <Dialog id=id title=title lead=lead close=close.clone() width=width>
            <Form action=action>
                <div class="dlg-body">
                    {action.problems().note()}
                    {hidden}
                    {children()}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=label class=if danger { "danger" } else { "primary" } busy=action.pending() blocked=blocked/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// A text that has to be typed before something can not be undone. The server checks it; the page's program keeps the button back until
/// it is there.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What to type.
    pub text: String,
    /// Argument of the server function.
    pub name: &'static str,
    /// Id of the field.
    pub id: &'static str,
    /// What was typed before, and refused.
    pub value: String,
}

/// Says what something does before it is done. In order: what is chosen for it (`children`), what happens (`facts`), what has to be
/// typed, and what else is asked (`last`).
#[component]
pub fn ConfirmDialog(
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] lead: ViewFn,
    /// The address without the dialog.
    #[prop(into)]
    close: String,
    /// As that of every dialog.
    #[prop(default = "w-480")]
    width: &'static str,
    action: FormAction,
    /// Names and values of what travels along.
    fields: Vec<(&'static str, String)>,
    /// Each made by [`fact`].
    facts: Vec<AnyView>,
    #[prop(optional)] typed: Option<Typed>,
    #[prop(optional_no_strip)] last: Option<AnyView>,
    /// Words of the button.
    label: &'static str,
    /// Takes something away.
    #[prop(optional)]
    danger: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let facts = view! { <ul class="facts">{facts}</ul> };
    // What depends on a choice stands apart from it.
    let facts = if children.is_some() { view! { <div class="panel">{facts}</div> }.into_any() } else { facts.into_any() };
    let (typed, blocked) = match typed {
        Some(typed) => {
            let (field, blocked) = typed_field(typed, action);
            (Some(field), blocked)
        }
        None => (None, Signal::default()),
    };
    view! {
        <FormDialog
            id=id
            title=title
            lead=lead
            close=close
            width=width
            action=action
            hidden=fields
            label=label
            danger=danger
            blocked=blocked
        >
            {children.map(|children| children())}
            {facts}
            {typed}
            {last}
        </FormDialog>
    }
}

/// The field for the text, and whether it is not there yet.
fn typed_field(typed: Typed, action: FormAction) -> (AnyView, Signal<bool>) {
    let Typed { text, name, id, value } = typed;
    // Nothing is known before the page's program runs: then the server alone decides.
    let written = RwSignal::new(None::<String>);
    Effect::new(move |_| written.set(Some(browser::value_of(id))));
    let (label, strong) = (format!("Type {text} to confirm"), text.clone());
    let blocked = Signal::derive(move || {
        written.try_read().is_some_and(|written| written.as_ref().is_some_and(|written| written.trim() != text))
    });
    let field = view! {
        <div
            // The field's own event comes up to here.
            on:input=move |event| {
                let _ = written.try_set(Some(event_target_value(&event)));
            }
        >
            <Field
                label=label
                strong=strong
                name=name
                id=id
                value=value
                error=action.problems().field(name)
                required=true
                maxlength=254
                autocomplete="off"
            />
        </div>
    };
    (field.into_any(), blocked)
}

/// Why something is done, for whoever is told of it.
pub fn reason_field(value: String, hint: &'static str, problems: Problems) -> AnyView {
    view! {
        <Field
            label="Reason"
            name="reason"
            value=value
            hint=hint
            error=problems.field("reason")
            required=true
            maxlength=500
            autocomplete="off"
        />
    }
    .into_any()
}

/// One of the things that happen.
pub fn fact(icon: &'static str, words: impl IntoView + 'static) -> AnyView {
    view! { <li><Icon name=icon/><span>{words.into_any()}</span></li> }.into_any()
}

/// In the place of a question: why it can not be asked, and perhaps what to do first (words and address).
#[component]
pub fn RefusalDialog(
    id: &'static str,
    #[prop(into)] title: String,
    /// The address without the dialog.
    #[prop(into)]
    close: String,
    #[prop(into)] reason: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] first: Option<(&'static str, String)>,
) -> impl IntoView {
    let first = first.map(|(words, href)| view! { <a href=href class="btn primary">{words}</a> });
    view! {
        <Dialog id=id title=title close=close.clone() width="w-480">
            <div class="dlg-body"><Note kind=NoteKind::Info title=reason text=text/></div>
            <footer>
                <a href=close class="btn" {..noscroll()}>"Close"</a>
                {first}
            </footer>
        </Dialog>
    }
}
