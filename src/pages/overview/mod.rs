//! `/t/{team}`: is the team healthy, and will the money last. New calls appear by themselves.

mod figures;
mod first_steps;
mod lists;
mod setup;

use leptos::prelude::*;

pub(super) use self::first_steps::first_steps;
use self::{
    figures::range_menu,
    lists::{attention, latest_calls, own_usage, ranking},
    setup::setup_steps,
};
pub(super) use self::{
    figures::{burn, kpis},
    lists::limits,
};
use crate::{
    components::{LinkButton, Note, NoteKind, PageHead, SkeletonBlock, browser},
    error::AppError,
    pages::{
        context_address, context_param,
        data::{PageData, nothing},
        failure::{encode, part_failure},
        live::{Heard, listen},
        query_param,
        watch::{bump, watch},
    },
    server_fns::overview::{
        GetOverview, GetOverviewParts, GetOverviewStamp, LimitNote, OverviewPage as Overview, ShownParts, overview_parts_of,
    },
};

/// How often a page that is not told of news asks for them.
const ASK_EVERY_MS: u64 = 15_000;
/// How long a page stands before it asks to be told: whoever only passes by needs no stream.
const STAY_MS: u64 = 1_500;

#[component]
pub fn OverviewPage() -> impl IntoView {
    let team = context_param();
    let (range, calls) = (query_param("range"), query_param("calls"));
    let news = RwSignal::new(0_u32);
    let overview = PageData::load_again(move || news.get(), move || GetOverview { team: team.get(), range: range.get() });
    let parts = PageData::load_late(
        move || news.get(),
        move || GetOverviewParts { team: team.get(), range: range.get(), calls: calls.get() },
    );
    // What the page in front of the person was made from.
    let shown = StoredValue::new(String::new());
    hear_news(team, shown, news);
    let asked = move || overview_parts_of(&team.read(), &range.read(), &calls.read());
    view! {
        {overview.head(head_skeleton, move |page| head(page, &team.get_untracked(), range, calls))}
        {parts.part(skeleton, failed, move |parts| {
            shown.set_value(parts.stamp);
            let (of, team) = (parts.of, team.get_untracked());
            // Until the figures of another range or team are there, those of the former are not shown under its name.
            parts.shown
                .map(|parts| move || if of == asked() { content(parts.clone(), &team) } else { skeleton() })
                .into_any()
        })}
    }
}

/// Loads anew when the server says that something is new; where it can not say so, the page asks now and then.
fn hear_news(team: Memo<String>, shown: StoredValue<String>, news: RwSignal<u32>) {
    let seen_as = query_param("as");
    let (stays, told) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move |_| {
        browser::after(STAY_MS, move || {
            stays.try_set(true);
        });
    });
    Effect::new(move |_| {
        let (team, seen_as) = (team.get(), seen_as.get());
        if !stays.get() {
            return;
        }
        let seen_as = if seen_as.is_empty() { String::new() } else { format!("?as={}", encode(&seen_as)) };
        listen(format!("{}{seen_as}", context_address(&team, "live")), move |heard| match heard {
            Heard::Live => {
                told.try_set(true);
            }
            Heard::Event(_, stamp) if shown.try_get_value().is_some_and(|shown| !shown.is_empty() && shown != stamp) => {
                bump(news)
            }
            Heard::Event(..) => {}
            Heard::Lost | Heard::Over(_) => {
                told.try_set(false);
            }
        });
    });
    Effect::new(move |_| {
        let team = team.get();
        if !told.get() {
            watch(ASK_EVERY_MS, GetOverviewStamp { team }, shown, move || bump(news));
        }
    });
}

fn head(page: Overview, team: &str, range: Memo<String>, calls: Memo<String>) -> AnyView {
    let create = page.may_create_key.then(|| {
        let href = format!("{}?dialog=create", context_address(team, "keys"));
        view! { <LinkButton label="Create API key" href=href class="primary" icon="plus"/> }
    });
    let context = page.context.clone();
    let has_setup = page.setup.is_some();
    let setup = page.setup.map(|setup| setup_steps(setup, team, page.may_create_key));
    let note = page.note.map(limit_note);
    if let Some(steps) = page.first_steps {
        return view! {
            <PageHead title="Overview" context=context lead="Statistics start with the first call."/>
            {note}
            {setup}
            {first_steps(steps, team, has_setup)}
        }
        .into_any();
    }
    let base = context_address(team, "");
    view! {
        <PageHead title="Overview" context=context lead=page.lead>
            {move || range_menu(&base, &range.read(), &calls.read())}
            {create}
        </PageHead>
        {note}
        {setup}
    }
    .into_any()
}

/// What is nearly, or wholly, used up.
pub(super) fn limit_note(note: LimitNote) -> AnyView {
    let kind = if note.reached { NoteKind::Danger } else { NoteKind::Warn };
    view! {
        <div class="mb">
            <Note kind=kind title=note.title text=note.text><a class="btn sm" href=note.href>{note.label}</a></Note>
        </div>
    }
    .into_any()
}

fn content(parts: ShownParts, team: &str) -> AnyView {
    let members = parts.members.map(|members| ranking("Members by spend", members, true));
    let own = parts.own.map(own_usage);
    let calls = parts.calls.map(|calls| latest_calls(calls, team));
    // A viewer has neither of the first two.
    let columns = if members.is_some() || own.is_some() { "grid g-3 mb" } else { "grid g-2 mb" };
    view! {
        {kpis(parts.kpis, parts.kpi_hrefs)}
        <div class="grid g-21 mb">
            {burn(parts.burn, parts.burn_note)}
            {limits(parts.limits, ("Quotas and budgets", context_address(team, "quotas")))}
        </div>
        <div class=columns>
            {members}
            {own}
            {ranking("Models by spend", parts.models, false)}
            {attention(parts.todos)}
        </div>
        {calls}
    }
    .into_any()
}

/// What is refused, the head says already.
fn failed(error: &AppError) -> AnyView {
    match error {
        AppError::NotFound | AppError::SignedOut | AppError::Forbidden { .. } => nothing(),
        error => part_failure("The statistics", error),
    }
}

fn head_skeleton() -> AnyView {
    view! { <div class="head"><h1 tabindex="-1">"Overview"</h1></div> }.into_any()
}

fn skeleton() -> AnyView {
    view! {
        <section class="card mb"><SkeletonBlock height=126/></section>
        <div class="grid g-21 mb">
            <section class="card"><SkeletonBlock height=352/></section>
            <section class="card"><SkeletonBlock height=352/></section>
        </div>
        <div class="grid g-3">
            <section class="card"><SkeletonBlock height=300/></section>
            <section class="card"><SkeletonBlock height=300/></section>
            <section class="card"><SkeletonBlock height=300/></section>
        </div>
    }
    .into_any()
}
