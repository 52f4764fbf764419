use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    dialogs::{AskDialog, RecoverDialog, Sure},
    status,
};
use crate::{
    app::Session,
    components::{
        Badge, Icon, Note, NoteKind, PageHead, RolePill, SkeletonBlock, StackTable, Tile, actions_head, head, noscroll,
        use_toaster,
    },
    domain::roles::Role,
    pages::{
        data::{PageData, nothing},
        form::FormAction,
        query_param,
    },
    server_fns::users::{
        EndUserSessions, GetUserDetail, PreviewRecovery, RecoverOwnership, SetPlatformAdmin, StartPasswordReset, SuspendUser,
        UnsuspendUser, UserPage as Detail, UserTeamLine, user_address,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    suspend: FormAction,
    unsuspend: FormAction,
    sessions: FormAction,
    reset: FormAction,
    admin: FormAction,
    recover: FormAction,
}

#[component]
pub fn UserPage() -> impl IntoView {
    let params = use_params_map();
    let user = Memo::new(move |_| params.read().get("user").unwrap_or_default());
    let (dialog, team) = (query_param("dialog"), query_param("team"));
    let forms = Forms {
        suspend: FormAction::to::<SuspendUser>(),
        unsuspend: FormAction::to::<UnsuspendUser>(),
        sessions: FormAction::to::<EndUserSessions>(),
        reset: FormAction::to::<StartPasswordReset>(),
        admin: FormAction::to::<SetPlatformAdmin>(),
        recover: FormAction::to::<RecoverOwnership>(),
    };
    let changes = move || {
        let Forms { suspend, unsuspend, sessions, reset, admin, recover } = forms;
        [suspend, unsuspend, sessions, reset, admin, recover].into_iter().map(FormAction::version).sum()
    };
    let detail = PageData::load_again(changes, move || GetUserDetail { user: user.get() });
    let lost = Memo::new(move |_| if dialog.get() == "recover" { team.get() } else { String::new() });
    let recovery = PageData::load(move || PreviewRecovery { team: lost.get() });
    announce(forms);
    view! {
        {detail.page(
            || view! { <SkeletonBlock height=420/> }.into_any(),
            content,
        )}
        {detail.dialog(move || dialog.track(), move |page| opened(page, &dialog.get_untracked(), forms))}
        {recovery.part(
            nothing,
            |_| nothing(),
            move |view| {
                let Some(view) = view else { return nothing() };
                (move || {
                    (lost.get() == view.slug)
                        .then(|| view! { <RecoverDialog user=user.get_untracked() view=view.clone() action=forms.recover/> })
                })
                .into_any()
            },
        )}
    }
}

/// Says that a change worked; its dialog closes.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    let session = expect_context::<Session>();
    let says = [
        (forms.suspend, "Account suspended. Its keys and sessions stop with their next request."),
        (forms.unsuspend, "Suspension ended. Keys work again; the person signs in anew."),
        (forms.sessions, "All browsers are signed out."),
        (forms.reset, "A link for a new password is on its way. Older ones do not work any more."),
        (forms.admin, "Role changed. It counts from the next action on."),
        (forms.recover, "The team has another owner. Both get a mail."),
    ];
    for (form, words) in says {
        Effect::new(move |_| {
            if form.worked() {
                toaster.show(words);
            }
        });
    }
    // The frame shows what oneself is.
    Effect::new(move |_| {
        if forms.admin.worked() || forms.recover.worked() {
            session.refresh();
        }
    });
}

fn content(page: Detail) -> AnyView {
    let address = user_address(&page.line.id);
    let role = page.line.platform_admin.then(|| view! { <Badge text="Platform admin" tone="inkb" icon="shield"/> });
    let suspended = page.line.suspended.then(|| {
        let text = match page.suspended_for.as_str() {
            "" => "Sessions, tokens and keys rest; memberships stay.".to_owned(),
            reason => format!("“{reason}” Sessions, tokens and keys rest; memberships stay."),
        };
        view! { <Note kind=NoteKind::Warn title=page.suspended_since.clone() text=text/> }
    });
    let (name, email, state) = (page.line.name.clone(), page.line.email.clone(), status(&page.line));
    view! {
        <PageHead title=name context="Users" lead=email>
            {role}
            {state}
        </PageHead>
        {suspended}
        <div class="grid g-21">
            <div class="grid start">{teams(&page, &address)} {organizations(&page)}</div>
            {actions(&page, &address)}
        </div>
    }
    .into_any()
}

fn teams(page: &Detail, address: &str) -> AnyView {
    let body = if page.teams.is_empty() {
        view! { <p class="body mute">"In no team."</p> }.into_any()
    } else {
        let rows = page.teams.iter().map(|team| team_row(team, address)).collect_view().into_any();
        let heads = vec![head("Team", ""), head("Role", ""), actions_head()];
        view! { <StackTable heads=heads rows=rows named_by="teams-h"/> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="teams-h">
            <header><h2 id="teams-h">"Teams"</h2></header>
            {body}
        </section>
    }
    .into_any()
}

fn team_row(team: &UserTeamLine, address: &str) -> AnyView {
    let recover = (team.role == Role::Owner).then(|| {
        let href = format!("{address}?dialog=recover&team={}", team.slug);
        view! { <a href=href class="btn sm" {..noscroll()}>"Recover ownership"</a> }
    });
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who">
                    <Tile name=team.name.clone() id=team.id.clone()/>
                    <span>
                        <a class="name" href=format!("/t/{}", team.slug)>{team.name.clone()}</a>
                        <small>{team.organization.clone()}</small>
                    </span>
                </span>
            </td>
            <td role="cell" class="beside"><RolePill role=team.role.as_str()/></td>
            <td role="cell" class="act">{recover}</td>
        </tr>
    }
    .into_any()
}

fn organizations(page: &Detail) -> Option<AnyView> {
    if page.organizations.is_empty() {
        return None;
    }
    let rows = page
        .organizations
        .iter()
        .map(|(slug, name, role)| {
            view! {
                <li>
                    <Icon name="org"/>
                    <span><a class="link" href=format!("/o/{slug}")>{name.clone()}</a>", "{role.to_lowercase()}</span>
                </li>
            }
        })
        .collect_view();
    let view = view! {
        <section class="card" aria-labelledby="orgs-h">
            <header><h2 id="orgs-h">"Organizations"</h2></header>
            <div class="body"><ul class="facts">{rows}</ul></div>
        </section>
    };
    Some(view.into_any())
}

/// What a platform admin can do, each with what it means.
fn actions(page: &Detail, address: &str) -> AnyView {
    let line = &page.line;
    let own = line.is_self;
    let ask = |dialog: &'static str, title: &'static str, text: String, label: &'static str| {
        let href = format!("{address}?dialog={dialog}");
        view! {
            <li>
                <div class="grow"><h3>{title}</h3><p>{text}</p></div>
                <a href=href class="btn sm" {..noscroll()}>{label}</a>
            </li>
        }
        .into_any()
    };
    let mut rows = vec![];
    if own {
        rows.push(
            view! {
                <li>
                    <div class="grow"><h3>"Your account"</h3><p>{page.sessions.clone()}" Name, password and browsers are yours to change."</p></div>
                    <a class="btn sm" href="/account">"Open account"</a>
                </li>
            }
            .into_any(),
        );
    } else {
        rows.push(ask("sessions", "Sessions", page.sessions.clone(), "End all sessions"));
    }
    if !line.suspended && !own {
        rows.push(ask("reset", "Password", "Mails a link for a new one. Nobody else can set it.".into(), "Begin reset"));
    }
    match (line.platform_admin, line.suspended) {
        (true, _) => rows.push(ask("unmake-admin", "Platform admin", "Runs the whole installation.".into(), "Take role back")),
        (false, false) => {
            rows.push(ask("make-admin", "Platform admin", "Would run the whole installation.".into(), "Make platform admin"));
        }
        (false, true) => {}
    }
    if line.suspended {
        rows.push(ask("reinstate", "Suspension", page.suspended_since.clone(), "End suspension"));
    } else if !own {
        rows.push(ask("suspend", "Suspension", "Keys and sessions rest until it ends.".into(), "Suspend account"));
    }
    view! {
        <section class="card start" aria-labelledby="actions-h">
            <header><h2 id="actions-h">"Account"</h2><p class="end" title=line.joined_title.clone()>"Joined "{line.joined.clone()}</p></header>
            <ul class="asks">{rows}</ul>
        </section>
    }
    .into_any()
}

/// The dialog that the address opens.
fn opened(page: Detail, dialog: &str, forms: Forms) -> Option<AnyView> {
    let name = page.line.name.clone();
    let own = page.line.is_self;
    let ask = |sure: Sure, action: FormAction| {
        let reason = page.typed_reason.clone();
        Some(view! { <AskDialog user=page.line.id.clone() sure=sure typed=reason action=action/> }.into_any())
    };
    let sure = |title: String, label: &'static str, facts: Vec<(&'static str, String)>| Sure::new(title, label, facts);
    match dialog {
        "suspend" if !page.line.suspended && !own => {
            let mut facts = vec![("lock", page.sessions.clone() + " All are signed out now.")];
            if !page.keys.is_empty() {
                facts.push(("key", page.keys.clone()));
            }
            facts.push(("mail", "Invitations that wait and were sent by this person are withdrawn.".into()));
            if page.owned > 0 {
                let teams = if page.owned == 1 { "1 team has".to_owned() } else { format!("{} teams have", page.owned) };
                facts.push(("alert", format!("{teams} this owner. Recover ownership where somebody has to act.")));
            }
            facts.push(("okc", "Memberships and usage stay. The suspension can be ended.".into()));
            ask(sure(format!("Suspend {name}?"), "Suspend account", facts).danger().reason("Reason", true), forms.suspend)
        }
        "reinstate" if page.line.suspended => {
            let facts = vec![
                ("key", "Keys and tokens that did not expire work again with their next request.".into()),
                ("user", "The person signs in anew.".into()),
            ];
            ask(sure(format!("End the suspension of {name}?"), "End suspension", facts).reason("Reason", false), forms.unsuspend)
        }
        "sessions" if !own => {
            let facts = vec![
                ("out", page.sessions.clone() + " The next action in each leads to the sign-in."),
                ("key", "API keys and management tokens go on.".into()),
            ];
            ask(sure(format!("End all sessions of {name}?"), "End all sessions", facts).danger(), forms.sessions)
        }
        "reset" if !page.line.suspended => {
            let facts = vec![
                ("mail", format!("A link goes to {}. Links sent before stop working.", page.line.email)),
                ("lock", "The present password works until a new one is set.".into()),
            ];
            ask(sure(format!("Begin a password reset for {name}?"), "Mail link", facts), forms.reset)
        }
        "make-admin" if !page.line.platform_admin && !page.line.suspended => {
            let facts = vec![
                ("shield", "Platform admins run providers, models, prices, organizations and users.".into()),
                ("users", "They see every team, and may recover its ownership.".into()),
            ];
            let sure = sure(format!("Make {name} a platform admin?"), "Make platform admin", facts).field("admin", "true");
            ask(sure, forms.admin)
        }
        "unmake-admin" if page.line.platform_admin => {
            let title = if own { "Give up being platform admin?".into() } else { format!("Take the role back from {name}?") };
            let facts = vec![
                ("lock", "The platform's pages close with the next action.".into()),
                ("okc", "Teams and organizations stay as they are.".into()),
            ];
            ask(sure(title, "Take role back", facts).danger().field("admin", "false"), forms.admin)
        }
        _ => None,
    }
}
