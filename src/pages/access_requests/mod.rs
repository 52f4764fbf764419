//! `/t/{team}/models/requests` and `/o/{org}/requests`: who asked for which model, what was decided, and what counts now.

mod ask;
mod decide;
mod table;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use ask::RequestAccess;

use crate::{
    app::Session,
    components::{Icon, PageHead, SkeletonTable, TabLink, Tabs, noscroll, use_toaster},
    pages::{data::PageData, form::FormAction, query_param},
    server_fns::access_requests::{
        DecideRequest, EndGrant, ListRequests, RequestAccess as SendRequest, RequestsPage as Requests, WithdrawRequest,
        requests_address,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    decide: FormAction,
    withdraw: FormAction,
    end: FormAction,
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let params = use_params_map();
    let place = Memo::new(move |_| {
        let params = params.read();
        match params.get("team") {
            Some(team) => format!("t/{team}"),
            None => format!("o/{}", params.get("org").unwrap_or_default()),
        }
    });
    let (show, cursor) = (query_param("show"), query_param("cursor"));
    let (dialog, id) = (query_param("dialog"), query_param("id"));
    let ask = FormAction::to::<SendRequest>();
    let forms = Forms {
        decide: FormAction::to::<DecideRequest>(),
        withdraw: FormAction::to::<WithdrawRequest>(),
        end: FormAction::to::<EndGrant>(),
    };
    let changes = move || {
        [ask, forms.decide, forms.withdraw, forms.end].into_iter().fold(0_u32, |sum, form| sum.wrapping_add(form.version()))
    };
    let requests =
        PageData::load_again(changes, move || ListRequests { place: place.get(), show: show.get(), cursor: cursor.get() });
    announce(forms);
    let team = Memo::new(move |_| place.get().strip_prefix("t/").unwrap_or_default().to_owned());
    view! {
        {forms.withdraw.problems().note()}
        {requests.page(
            || view! { <div class="card"><SkeletonTable rows=6/></div> }.into_any(),
            move |page| content(page, &place.get_untracked(), forms),
        )}
        {requests.dialog(
            move || {
                dialog.track();
                id.track();
            },
            move |page| decide::opened(page, &dialog.get_untracked(), &id.get_untracked(), &place.get_untracked(), forms),
        )}
        <RequestAccess team=team action=ask/>
    }
}

/// Says that a change worked.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    let session = expect_context::<Session>();
    let says = [
        (forms.decide, "Decided. It counts from the next call on."),
        (forms.withdraw, "Request taken back."),
        (forms.end, "Access ended. The next call is refused."),
    ];
    for (form, words) in says {
        Effect::new(move |_| {
            if form.worked() {
                toaster.show(words);
                // The frame shows how many wait.
                session.refresh();
            }
        });
    }
}

fn content(page: Requests, place: &str, forms: Forms) -> AnyView {
    let address = requests_address(place);
    let lead = match (page.of_organization, page.decides) {
        (true, _) => "Who asked for a model in its teams. The first decision counts.",
        (false, true) => "Who asked for a model that needs approval. The first decision counts.",
        (false, false) => "Models that you asked for, and what you were given.",
    };
    let ask = page.may_ask.then(|| {
        let href = format!("{address}?dialog=request");
        let class = if page.decides { "btn" } else { "btn primary" };
        view! { <a class=class href=href.clone() {..noscroll()}><Icon name="plus"/>"Request access"</a> }
    });
    let tabs = page
        .tabs
        .iter()
        .map(|tab| TabLink {
            label: tab.label.clone(),
            href: format!("{address}?show={}", tab.word),
            here: tab.word == page.show,
        })
        .collect();
    view! {
        <PageHead title="Access requests" context=page.context.clone() lead=lead>{ask}</PageHead>
        <Tabs label="Views" links=tabs/>
        {table::of(page, &address, forms)}
    }
    .into_any()
}
