//! `/teams`: the teams one may see, and `/teams/new`: making one.

mod invitations;
mod new;

use leptos::prelude::*;

pub use new::NewTeamPage;

use self::invitations::{Forms, waiting};
use crate::{
    app::Session,
    components::{Empty, LinkButton, PageHead, RolePill, SkeletonTable, StackTable, Tile, budget_meter, head, use_toaster},
    pages::{data::PageData, form::FormAction},
    server_fns::{
        own_invitations::{AcceptOwnInvitation, DeclineOwnInvitation},
        teams::{ListTeams, TeamRow, TeamsPage as Teams},
    },
};

#[component]
pub fn TeamsPage() -> impl IntoView {
    let forms = Forms { accept: FormAction::to::<AcceptOwnInvitation>(), decline: FormAction::to::<DeclineOwnInvitation>() };
    announce(forms);
    let teams = PageData::load_again(move || forms.accept.version() + forms.decline.version(), || ListTeams {});
    view! {
        {forms.accept.problems().note()}
        {forms.decline.problems().note()}
        {teams.page(skeleton, move |page| list(page, forms))}
    }
}

/// Says that an answer arrived; the switcher lists the new team, too.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    let session = expect_context::<Session>();
    Effect::new(move |_| {
        if forms.decline.worked() {
            toaster.show("Invitation declined. The sender sees it in the team's list.");
        }
    });
    Effect::new(move |_| {
        if forms.accept.worked() {
            session.refresh();
        }
    });
}

fn skeleton() -> AnyView {
    view! { <div class="card"><SkeletonTable/></div> }.into_any()
}

fn list(page: Teams, forms: Forms) -> AnyView {
    let create = || view! { <LinkButton label="Create team" href="/teams/new" class="primary" icon="plus"/> };
    let lead = match page.rows.len() {
        0 => String::new(),
        1 => "1 team. Calls with a team's keys are charged to that team.".to_owned(),
        n => format!("{n} teams. Calls with a team's keys are charged to that team."),
    };
    let head_action = (page.may_create && !page.rows.is_empty()).then(create);
    let body = if page.rows.is_empty() {
        let text = if !page.invitations.is_empty() {
            "A team has its own members, keys and statistics. Join the one that you are invited to."
        } else if page.may_create {
            "A team has its own members, keys and statistics. Create one, or open the link in your invitation email."
        } else {
            "Open the link in your invitation email, or ask an organization admin for a team."
        };
        let action = page.may_create.then(create);
        view! { <Empty title="You are not in a team yet" text=text>{action}</Empty> }.into_any()
    } else {
        table(page.rows)
    };
    view! {
        <PageHead title="Teams" lead=lead>{head_action}</PageHead>
        {waiting(page.invitations, forms)}
        <section class="card" aria-label="Teams">{body}</section>
    }
    .into_any()
}

fn table(rows: Vec<TeamRow>) -> AnyView {
    let rows = rows.into_iter().map(row).collect_view().into_any();
    let heads = vec![
        head("Team", ""),
        head("Your role", ""),
        head("Budget", ""),
        head("Spend this month", "n"),
        head("Members", "n"),
        head("Last call", ""),
    ];
    view! {
        <StackTable heads=heads rows=rows/>
    }
    .into_any()
}

fn row(team: TeamRow) -> AnyView {
    let budget = team.budget.percent.map(|_| format!("{} budget, ", team.budget.text));
    let role = match team.role.as_str() {
        "" => view! { <span class="mute">"Not a member"</span> }.into_any(),
        _ => view! { <RolePill role=team.role/> }.into_any(),
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who">
                    <Tile name=team.name.clone() id=team.id/>
                    <span>
                        <a class="name" href=format!("/t/{}", team.slug)>{team.name.clone()}</a>
                        <small>{team.organization}</small>
                    </span>
                </span>
            </td>
            <td role="cell">{role}</td>
            <td role="cell" class="spend drop">{budget_meter(&team.name, team.budget)}</td>
            <td role="cell" class="n drop">{team.spent.clone()}</td>
            <td role="cell" class="n drop">{team.members}</td>
            <td role="cell" class="meta sub cap" title=team.last_call_title>
                <span class="only-m">{team.spent}" this month, "{budget}" last call "</span>
                {team.last_call}
            </td>
        </tr>
    }
    .into_any()
}
