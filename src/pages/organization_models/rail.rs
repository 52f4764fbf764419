use leptos::prelude::*;

use super::Query;
use crate::{
    components::{Button, Checkbox, Count, Icon, noscroll},
    pages::form::{Form, FormAction},
    server_fns::organization_models::{OrganizationModelsPage as Models, ReviewLine},
};

/// What is to be looked at; nothing where nothing is.
pub(super) fn reviews(page: &Models, query: &Query) -> Option<AnyView> {
    if page.reviews.is_empty() {
        return None;
    }
    let rows = page.reviews.iter().map(|line| review(line, query)).collect_view();
    let rest = page.all_reviews - page.reviews.len();
    let more = (rest > 0).then(|| {
        let all = Query { asked: crate::server_fns::organization_models::ModelsAsked { state: "review".into(), ..Default::default() }, ..query.clone() };
        view! { <p class="tfoot"><span>{format!("{rest} more. ")}<a class="link" href=all.address("")>"List all, and set them at once"</a></span></p> }
    });
    let view = view! {
        <section class="card" aria-labelledby="reviews-h">
            <header>
                <h2 id="reviews-h">"To review"</h2>
                <Count text=page.all_reviews.to_string() hot=true/>
                <p class="end">"Nobody gains a new model before you decide"</p>
            </header>
            <ul class="reviews">{rows}</ul>
            {more}
        </section>
    };
    Some(view.into_any())
}

fn review(line: &ReviewLine, query: &Query) -> AnyView {
    let link = |to: &str| query.change(&line.model, to);
    let (open, approval, closed) = (link("open"), link("approval"), link("closed"));
    let name = |verb: &str| format!("{verb}: {}", line.model);
    let (open_name, approval_name, closed_name) = (name("Open"), name("Approval"), name("Closed"));
    view! {
        <li>
            <span class="grow">
                <b>{line.model.clone()}</b>
                <small title=line.opened_title.clone()>{format!("{}, {}. {}", line.why, line.opened, line.teams)}</small>
            </span>
            <span class="acts">
                <a aria-label=open_name class="btn sm" href=open.clone() {..noscroll()}>"Open"</a>
                <a aria-label=approval_name class="btn sm" href=approval.clone() {..noscroll()}>"Approval"</a>
                <a aria-label=closed_name class="btn sm ghost" href=closed.clone() {..noscroll()}>"Closed"</a>
            </span>
        </li>
    }
    .into_any()
}

/// How new models come in, and the access groups.
pub(super) fn rail(page: &Models, query: &Query, policy: FormAction) -> AnyView {
    let (groups, org, checked) = (format!("/o/{}/groups", query.org), query.org.clone(), page.open_unrestricted);
    let shown = page
        .groups
        .iter()
        .take(6)
        .map(|(id, name)| {
            let of_group = Query {
                asked: crate::server_fns::organization_models::ModelsAsked { group: id.clone(), ..Default::default() },
                ..query.clone()
            };
            view! {
                <li>
                    <span class="gl"><Icon name="layers"/></span>
                    <a class="link-plain trunc" href=of_group.address("")>{name.clone()}</a>
                </li>
            }
        })
        .collect_view();
    let empty = page
        .groups
        .is_empty()
        .then(|| view! { <p class="mute small">"No group yet. A group names models that belong to one purpose."</p> });
    view! {
        <div class="grid rail">
            <section class="card" aria-labelledby="policy-h">
                <header><h2 id="policy-h">"New models"</h2></header>
                <Form action=policy>
                    <div class="body form">
                        {policy.problems().note()}
                        <input type="hidden" name="org" value=org/>
                        <Checkbox
                            label="Open unrestricted models automatically"
                            name="open_unrestricted"
                            checked=checked
                            hint="Restricted ones come in by approval. Without it nobody calls a new model before it is reviewed."
                        />
                        <div><Button label="Save" busy=policy.pending()/></div>
                    </div>
                </Form>
            </section>
            <section class="card" aria-labelledby="groups-h">
                <header>
                    <h2 id="groups-h">"Access groups"</h2>
                    <div class="end"><a class="link" href=groups>"Edit"</a></div>
                </header>
                <div class="body">{empty}<ul class="grps">{shown}</ul></div>
            </section>
        </div>
    }
    .into_any()
}
