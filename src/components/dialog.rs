use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{Icon, browser, noscroll};

/// A modal that an address opens (`?dialog=create`): the server renders it open, the browser then makes it modal.
/// Mount it with `Show` on the query. Esc and the close button go to `close`, so Back and Forward work too. Focus goes to the first
/// field, or to the heading where the dialog takes something away, and back to where it was.
///
/// Children are, in order: `<div class="dlg-body">` and `<footer>`, both usually inside one form.
#[component]
pub fn Dialog(
    id: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] lead: ViewFn,
    /// The address without the dialog.
    #[prop(into)]
    close: String,
    /// `w-480`, `w-560` or `w-600`.
    #[prop(default = "w-560")]
    width: &'static str,
    /// False where closing would lose something, like a secret shown once: then only a button inside leads out.
    #[prop(default = true)]
    closable: bool,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let title_id = format!("{id}-title");
    let labelled = title_id.clone();
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            browser::open_modal(dialog);
        }
    });
    on_cleanup(browser::return_focus);
    let navigate = use_navigate();
    let leave = close.clone();
    let on_cancel = move |event: ev::Event| {
        event.prevent_default();
        if closable {
            navigate(&leave, NavigateOptions { scroll: false, ..Default::default() });
        }
    };
    let close_link = closable.then(|| {
        view! {
            <a class="ib sm" href=close aria-label="Close" {..noscroll()}>
                <Icon name="x"/>
            </a>
        }
    });
    view! {
        <dialog class=format!("dlg {width}") id=id open=true aria-labelledby=labelled node_ref=node on:cancel=on_cancel>
            <header>
                <div class="grow">
                    <h2 id=title_id tabindex="-1">{title}</h2>
                    {lead.run()}
                </div>
                {close_link}
            </header>
            {children()}
        </dialog>
    }
}
