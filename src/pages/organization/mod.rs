//! `/o/{org}`: an organization's figures and teams, its people, its settings.

mod dialogs;
mod members;
mod settings;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use members::OrganizationMembersPage;
pub use settings::OrganizationSettingsPage;

use crate::{
    components::{
        Badge, Count, Empty, Icon, LinkButton, Menu, Note, NoteKind, PageHead, SkeletonBlock, StackTable, Tile, actions_head,
        budget_meter, change_cell, head, success_cell,
    },
    pages::{
        data::PageData,
        overview::{burn, kpis, limit_note, limits},
    },
    server_fns::organization_overview::{
        GetOrganizationOverview, OrganizationMoney, OrganizationOverviewPage as Overview, OrganizationTeamLine,
    },
};

/// The organization of a page: its slug in the address.
fn org_param() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("org").unwrap_or_default())
}

#[component]
pub fn OrganizationPage() -> impl IntoView {
    let org = org_param();
    PageData::load(move || GetOrganizationOverview { org: org.get() })
        .page(|| view! { <SkeletonBlock height=420/> }.into_any(), content)
}

fn content(page: Overview) -> AnyView {
    let address = format!("/o/{}", page.slug);
    let notes = page.notes.into_iter().map(limit_note).collect_view();
    let money = page.money.map(|money| figures(money, &address));
    let count = page.teams.len().to_string();
    let teams = if page.teams.is_empty() {
        view! {
            <Empty title="No teams yet" text="A team has its own members, keys and statistics. Its limits lie within the organization's.">
                <LinkButton label="Create team" href="/teams/new" icon="plus"/>
            </Empty>
        }
        .into_any()
    } else {
        table(page.teams)
    };
    view! {
        <PageHead title=page.name lead=page.lead>
            <LinkButton label="Create team" href="/teams/new" class="primary" icon="plus"/>
        </PageHead>
        {notes}
        {open_matters(&address, &page.waiting, &page.reviews)}
        {money}
        <section class="card" aria-labelledby="teams-h">
            <header><h2 id="teams-h">"Teams"</h2><Count text=count/></header>
            {teams}
        </section>
    }
    .into_any()
}

/// What it uses, how its budget goes, and what else limits it.
fn figures(money: OrganizationMoney, address: &str) -> AnyView {
    view! {
        {kpis(money.kpis, money.kpi_hrefs)}
        <div class="grid g-21 mb">
            {burn(money.burn, money.burn_note)}
            {limits(money.limits, ("Organization’s limits", format!("{address}/limits")))}
        </div>
    }
    .into_any()
}

/// What waits for its admins; nothing where nothing does.
fn open_matters(address: &str, waiting: &str, reviews: &str) -> AnyView {
    let matter = |count: &str, one: &str, more: &str, href: String, words: &'static str| {
        (!count.is_empty()).then(|| {
            let title = if count == "1" { format!("1 {one}") } else { format!("{count} {more}") };
            view! { <Note kind=NoteKind::Accent title=title><LinkButton label=words href=href class="sm"/></Note> }
        })
    };
    let asked = "request for a model waits in its teams.";
    view! {
        {matter(waiting, asked, "requests for models wait in its teams.", format!("{address}/requests"), "Open requests")}
        {matter(reviews, "model is to review.", "models are to review.", format!("{address}/models"), "Review models")}
    }
    .into_any()
}

fn table(teams: Vec<OrganizationTeamLine>) -> AnyView {
    let heads = vec![
        head("Team", ""),
        head("Budget", ""),
        head("Spend this month", "n"),
        head("Change", "n"),
        head("Success", "n"),
        head("Requests", "n"),
        head("Members", "n"),
        head("Last call", ""),
        actions_head(),
    ];
    let rows = teams.into_iter().map(row).collect_view().into_any();
    view! {
        <StackTable heads=heads rows=rows named_by="teams-h"/>
    }
    .into_any()
}

fn row(team: OrganizationTeamLine) -> AnyView {
    let lost = team.owner_lost.then(|| view! { " "<Badge text="Owner suspended" tone="warn" icon="alert"/> });
    let address = format!("/t/{}", team.slug);
    let recover =
        (!team.recover.is_empty()).then(|| view! { <hr/> <a href=team.recover><Icon name="shield"/>"Recover ownership"</a> });
    let budget = team.budget.percent.map(|_| format!("{} budget, ", team.budget.text));
    let members = format!("{address}/members");
    let success = if team.success.is_empty() { String::new() } else { format!(", {} success", team.success) };
    let summary = format!("{} requests{success}, members: {}", team.requests, team.members);
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who">
                    <Tile name=team.name.clone() id=team.id.clone()/>
                    <span>
                        <a class="name" href=address>{team.name.clone()}</a>
                        <small>{team.owner_name}{lost}</small>
                    </span>
                </span>
            </td>
            <td role="cell" class="spend drop">{budget_meter(&team.name, team.budget)}</td>
            <td role="cell" class="n drop">{team.spent.clone()}" "<small class="mute">{team.share}</small></td>
            <td role="cell" class="n drop change">{change_cell(team.change)}</td>
            <td role="cell" class="n drop">{success_cell(team.success, team.failing)}</td>
            <td role="cell" class="n drop">{team.requests}</td>
            <td role="cell" class="n drop">{team.members}</td>
            <td role="cell" class="drop sub cap" title=team.last_call_title>{team.last_call}</td>
            <td role="cell" class="meta only-m">{team.spent}" this month, "{budget}{summary}</td>
            <td role="cell" class="act">
                <Menu
                    id=format!("team-{}", team.id)
                    label=format!("Actions for {}", team.name)
                    class="end"
                    button=|| view! { <Icon name="dots"/> }
                >
                    <a href=members><Icon name="users"/>"Members"</a>
                    {recover}
                </Menu>
            </td>
        </tr>
    }
    .into_any()
}
