//! `/o/{org}/models`: what an organization takes in of the catalog, and what it has to look at.

mod change;
mod rail;
mod table;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    app::Session,
    components::{PageHead, SkeletonBlock, SkeletonTable, use_toaster},
    pages::{
        data::{PageData, nothing},
        failure::encode,
        form::FormAction,
    },
    server_fns::organization_models::{
        ListOrganizationModels, ModelsAsked, OrganizationModelsPage as Models, PreviewModelStates, SetModelStates,
        SetOpenUnrestricted, models_address,
    },
};

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    org: String,
    asked: ModelsAsked,
}

impl Query {
    /// The address of the list, with what narrows it; without the cursor it begins anew.
    fn address(&self, cursor: &str) -> String {
        let ModelsAsked { text, tier, modality, group, state, .. } = &self.asked;
        let values = [
            ("q", text.as_str()),
            ("tier", tier),
            ("modality", modality),
            ("group", group),
            ("state", state),
            ("cursor", cursor),
        ];
        let values: Vec<String> = values
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let base = models_address(&self.org);
        if values.is_empty() { base } else { format!("{base}?{}", values.join("&")) }
    }

    /// The address that asks what a state would do, to one model or, without one, to all that are found.
    fn change(&self, model: &str, to: &str) -> String {
        let base = self.address(&self.asked.cursor);
        let more = if base.contains('?') { '&' } else { '?' };
        let model = if model.is_empty() { String::new() } else { format!("&model={}", encode(model)) };
        format!("{base}{more}dialog=set&to={to}{model}")
    }
}

#[component]
pub fn OrganizationModelsPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let shown = Memo::new(move |_| {
        let query = query.read();
        let value = |name: &str| query.get(name).unwrap_or_default();
        Query {
            org: params.read().get("org").unwrap_or_default(),
            asked: ModelsAsked {
                text: value("q"),
                tier: value("tier"),
                modality: value("modality"),
                group: value("group"),
                state: value("state"),
                cursor: value("cursor"),
            },
        }
    });
    let wanted = Memo::new(move |_| {
        let query = query.read();
        let open = query.get("dialog").is_some_and(|dialog| dialog == "set");
        let value = |name: &str| if open { query.get(name).unwrap_or_default() } else { String::new() };
        (value("model"), value("to"), value("too") == "1")
    });
    let set = FormAction::to::<SetModelStates>();
    let policy = FormAction::to::<SetOpenUnrestricted>();
    let changes = move || set.version().wrapping_add(policy.version());
    let models = PageData::load_again(changes, move || {
        let Query { org, asked } = shown.get();
        ListOrganizationModels { org, asked }
    });
    let effect = PageData::load(move || {
        let (Query { org, asked }, (model, to, open_restricted)) = (shown.get(), wanted.get());
        PreviewModelStates { org, asked, model, to, open_restricted }
    });
    announce(set, policy);
    view! {
        {models.page(skeleton, move |page| content(page, &shown.get_untracked(), policy))}
        {effect.part(
            nothing,
            |_| nothing(),
            move |view| {
                let Some(view) = view else { return nothing() };
                (move || {
                    let (model, to, too) = wanted.get();
                    let query = shown.get_untracked();
                    (!to.is_empty()).then(|| view! { <change::ChangeDialog query=query model=model to=to too=too view=view.clone() action=set/> })
                })
                .into_any()
            },
        )}
    }
}

fn skeleton() -> AnyView {
    view! { <div class="grid g-rail"><div class="card"><SkeletonTable rows=10/></div><SkeletonBlock height=320/></div> }
        .into_any()
}

/// Says that a change worked.
fn announce(set: FormAction, policy: FormAction) {
    let toaster = use_toaster();
    let session = expect_context::<Session>();
    Effect::new(move |_| {
        if let Some(Ok(words)) = set.value::<String>() {
            toaster.show(words);
            // Requests that waited for it may wait no more.
            session.refresh();
        }
    });
    Effect::new(move |_| {
        if policy.worked() {
            toaster.show("Saved. It acts on the next model that comes into the catalog.");
        }
    });
}

fn content(page: Models, query: &Query, policy: FormAction) -> AnyView {
    let [open, approval, closed] = page.counts.clone();
    view! {
        <PageHead
            title="Models"
            context=page.organization.clone()
            lead=format!("What {} lets its teams call: {open} open, {approval} by approval, {closed} closed. A team can narrow this, never widen it.", page.organization)
        />
        <div class="grid g-rail">
            <div class="grid">
                {rail::reviews(&page, query)}
                {table::of(&page, query)}
            </div>
            {rail::rail(&page, query, policy)}
        </div>
    }
    .into_any()
}
