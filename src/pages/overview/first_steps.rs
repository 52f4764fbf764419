use leptos::prelude::*;

use crate::{
    components::{LinkButton, Note, NoteKind, SnippetTabs},
    pages::context_address,
    server_fns::overview::FirstSteps,
};

/// Before the first call: a key, a snippet, and the wait for the call. Each step is checked as it happens. `has_setup` where the steps of
/// a new team stand above, the key among them.
pub(in crate::pages) fn first_steps(steps: FirstSteps, team: &str, has_setup: bool) -> AnyView {
    let create = format!("{}?dialog=create", context_address(team, "keys"));
    let (key_state, call_state) = if steps.has_key { ("done", "now") } else { ("now", "") };
    let key_text = if steps.has_key {
        "Done. The secret was shown once, when it was made."
    } else {
        "It belongs to this context, which pays for its calls."
    };
    let create_link =
        (!steps.has_key).then(|| view! { <LinkButton label="Create API key" href=create class="primary" icon="plus"/> });
    let snippet = match steps.snippets {
        Some(text) => view! { <SnippetTabs id="first-call" label="With $TALLYGATE_KEY set to the key" text=text/> }.into_any(),
        None => view! {
            <Note
                kind=NoteKind::Info
                title="No model is open here yet."
                text="A platform admin adds models; an organization admin opens them to teams."
            />
        }
        .into_any(),
    };
    let key = (!has_setup).then(|| {
        view! {
            <li class=key_state>
                <div>
                    <h2>"Create a key"</h2>
                    <p>{key_text}</p>
                    {create_link}
                </div>
            </li>
        }
    });
    view! {
        <section class="card" aria-label="First steps">
            <ol class="steps">
                {key}
                <li class=call_state>
                    <div>
                        <h2>"Send the first call"</h2>
                        {snippet}
                    </div>
                </li>
                <li>
                    <div>
                        <h2>"Watch it arrive"</h2>
                        <p role="status">"Waiting for the first call. It appears here within two seconds, with its tokens and its cost."</p>
                    </div>
                </li>
            </ol>
        </section>
    }
    .into_any()
}
