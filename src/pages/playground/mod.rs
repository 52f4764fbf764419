//! `/t/{team}/playground`, `/me/playground`: calls without a key, on the account of the context. With the page's program the answer comes
//! as it is made; without it a plain form brings the page with the whole answer. Nothing is kept but the entry in the call log.

mod parts;
mod talk;

use leptos::prelude::*;

use self::{
    parts::{code, composer, conversation, settings},
    talk::Talk,
};
use crate::{
    components::{Empty, LinkButton, PageHead, SkeletonBlock, drawn},
    pages::{access_requests::RequestAccess, context_address, context_param, data::PageData, form::FormAction, query_param},
    server_fns::{
        access_requests::RequestAccess as SendRequest,
        playground::{GetPlayground, PlaygroundPage as Playground},
    },
};

/// The form's id, and that of its question.
const FORM: &str = "play";
const PROMPT: &str = "prompt";
/// What scrolls.
const CONVERSATION: &str = "conversation";

#[component]
pub fn PlaygroundPage() -> impl IntoView {
    let (team, model) = (context_param(), query_param("model"));
    // Outside of what is drawn anew: a conversation goes on when the page loads again.
    let talk = Talk::new();
    let page = PageData::load(move || GetPlayground { team: team.get() });
    let ask = FormAction::to::<SendRequest>();
    on_cleanup(move || talk.stop());
    view! {
        {page.page(skeleton, move |page| content(page, &team.get_untracked(), &model.get_untracked(), talk))}
        <RequestAccess team=team action=ask/>
    }
}

fn skeleton() -> AnyView {
    view! {
        <div class="grid g-21">
            <section class="card"><SkeletonBlock height=420/></section>
            <section class="card"><SkeletonBlock height=420/></section>
        </div>
    }
    .into_any()
}

fn content(page: Playground, team: &str, asked: &str, talk: Talk) -> AnyView {
    let context = if page.personal { "Personal".to_owned() } else { page.context.clone() };
    let lead = format!("Charged to {}. Nothing is stored beyond the entry in the call log.", charged_to(&page));
    let head = view! { <PageHead title="Playground" context=context lead=lead/> };
    if !page.models.iter().any(|model| model.chats) {
        return view! { {head} {nothing_open(&page)} }.into_any();
    }
    talk.begin(&page, team, asked);
    let address = context_address(team, "playground");
    let looks_on = page.door.is_empty();
    let page = StoredValue::new(page);
    view! {
        {head}
        <form
            class="play grid g-21"
            id=FORM
            method="post"
            action=address
            on:submit=move |event| {
                event.prevent_default();
                talk.send(page);
            }
            on:input=move |_| talk.read_form()
            on:change=move |_| talk.read_form()
        >
            <section class="card" aria-label="Conversation">
                {conversation(talk, page)}
                {if looks_on {
                    view! { <footer><span>"Calls are made by oneself alone: stop seeing the team as somebody else first."</span></footer> }
                        .into_any()
                } else {
                    composer(talk)
                }}
            </section>
            <div class="grid play-side">
                {settings(talk, page)}
                {code(talk, page)}
            </div>
        </form>
        <p class="vh" role="status">{drawn(move || talk.said.get())}</p>
    }
    .into_any()
}

fn charged_to(page: &Playground) -> String {
    if page.personal { "your personal space".to_owned() } else { page.context.clone() }
}

fn nothing_open(page: &Playground) -> AnyView {
    let request = (!page.requests.is_empty())
        .then(|| view! { <LinkButton label="Request access" href=page.requests.clone() class="primary"/> });
    let title = format!("No model that answers in words is open to you in {}", charged_to(page));
    let text = if page.personal {
        "What a personal space may call is set by the platform."
    } else {
        "What the organization and the team open, and what was granted to you, is offered here."
    };
    view! { <section class="card"><Empty title=title text=text>{request}</Empty></section> }.into_any()
}
