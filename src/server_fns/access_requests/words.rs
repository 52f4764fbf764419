//! What services answer, in the words of the pages.

use std::collections::BTreeMap;

use super::{AskChoice, AskView, GrantLine, RequestLine, RequestsPage, RequestsTab};
use crate::{
    domain::{
        access_requests::{AccessRequest, AskForm, RequestStanding, last_day, last_day_value, names_or},
        accounts::{Me, MyOrganization},
        authorization::GrantLevel,
        format,
        model_access::Grant,
        page::{Page, PageRequest},
        roles::{Action, OrgRole, Role},
        teams::TeamKind,
        time::{DAY_MS, UnixMs},
    },
    error::AppError,
    server_fns::{
        context::typed_form,
        quotas::{AllowanceForm, set_words},
    },
    service::{Caller, ServiceError, Services},
};

/// Models that a list offers; beyond it a name is typed.
const CHOICES_MAX: usize = 200;
/// Of a budget that goes with an approval.
const BUDGET_HINT: &str = "Of this access alone. Empty: no limit of its own.";
/// Waiting requests on one page.
const WAITING_MAX: u32 = 100;

/// Who can decide.
pub(super) fn decides(form: &AskForm, level: GrantLevel) -> String {
    match level {
        GrantLevel::Organization if form.organization_name.is_empty() => "A platform admin can decide it.".into(),
        GrantLevel::Organization => format!("An admin of {} can decide it.", form.organization_name),
        GrantLevel::Team => format!("{} can decide it.", names_or(&form.team_approvers)),
    }
}

pub(super) fn ask(form: AskForm, model: String, now: UnixMs, typed: [String; 3]) -> AskView {
    let [typed_model, typed_reason, typed_until] = typed;
    let choice = |askable: &crate::domain::access_requests::AskableModel| AskChoice {
        name: askable.name.clone(),
        decides: decides(&form, askable.approver),
        waits: askable.waits,
        to_team: askable.approver == GrantLevel::Organization,
    };
    let named = form.models.iter().find(|askable| askable.name == model);
    let refused = match named {
        Some(askable) if askable.waits && !form.may_ask_for_team => {
            format!("Your request for {model} is waiting. {}", decides(&form, askable.approver))
        }
        None if !model.is_empty() && !form.may_ask_for_team => {
            format!("{model} is not there to be asked for: you can call it already, or {} can not have it.", form.team_name)
        }
        None if model.is_empty() && form.models.is_empty() && !form.may_ask_for_team => {
            format!("Nothing in {} waits for an approval: you can call all of its models.", form.team_name)
        }
        _ => String::new(),
    };
    let too_many = form.models.len() > CHOICES_MAX;
    let choices = match (model.is_empty(), too_many) {
        (true, true) => vec![],
        (true, false) => form.models.iter().map(choice).collect(),
        (false, _) => named.map(choice).into_iter().collect(),
    };
    AskView {
        choices,
        too_many,
        refused,
        model,
        may_ask_for_team: form.may_ask_for_team,
        typed_model,
        typed_reason,
        typed_until,
        first_day: last_day_value(now.floor_to(DAY_MS).plus(DAY_MS)),
        team: form.team_name,
    }
}

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    place: &str,
    show: &str,
    cursor: String,
) -> Result<RequestsPage, AppError> {
    let now = services.clock.now();
    let (kind, name) = place.split_once('/').ok_or(AppError::NotFound)?;
    let of_organization = match kind {
        "t" => false,
        "o" => true,
        _ => return Err(AppError::NotFound),
    };
    let (context, decides, may_ask, speaks) = if of_organization {
        (services.get_organization_settings(caller, name).await?.name, true, false, true)
    } else {
        let team = services.get_team(caller, name).await?;
        if team.kind == TeamKind::Personal {
            return Err(AppError::NotFound);
        }
        let speaks = team.standing.org_admin || team.standing.platform_admin;
        (
            team.name,
            team.standing.may(Action::ManageLimits),
            team.standing.may(Action::RequestAccess) && caller.viewing.is_none(),
            speaks,
        )
    };
    let list = async |pending: bool, page: PageRequest| {
        if of_organization {
            services.list_organization_requests(caller, name, pending, &page).await
        } else {
            services.list_access_requests(caller, name, pending, &page).await
        }
    };
    let waiting = list(true, PageRequest { limit: Some(WAITING_MAX), cursor: None }).await?;
    let show = match show {
        "waiting" | "given" | "all" => show,
        _ if decides => "waiting",
        _ => "all",
    };
    let (rows, grants) = match show {
        "given" if of_organization => {
            (Page { items: vec![], next_cursor: None }, services.list_organization_grants(caller, name).await?)
        }
        "given" => (Page { items: vec![], next_cursor: None }, services.list_grants(caller, name).await?),
        "waiting" if cursor.is_empty() => (waiting.clone(), vec![]),
        _ => {
            let limit = (show == "waiting").then_some(WAITING_MAX);
            (list(show == "waiting", PageRequest { limit, cursor: Some(cursor) }).await?, vec![])
        }
    };
    let count = match (waiting.items.len(), &waiting.next_cursor) {
        (0, _) => "Waiting".to_owned(),
        (n, None) => format!("Waiting {n}"),
        (n, Some(_)) => format!("Waiting {n}+"),
    };
    let tab = |word: &str, label: String| RequestsTab { word: word.into(), label };
    let tabs = if decides {
        vec![tab("waiting", count), tab("given", "Access given".into()), tab("all", "All requests".into())]
    } else {
        vec![tab("all", "Your requests".into()), tab("given", "Your access".into())]
    };
    Ok(RequestsPage {
        context,
        of_organization,
        decides,
        may_ask,
        tabs,
        show: show.into(),
        rows: rows.items.into_iter().map(|row| line(row, caller, decides, now)).collect(),
        grants: grants.into_iter().map(|grant| given(grant, decides, speaks, now)).collect(),
        next: rows.next_cursor,
        typed_note: crate::server_fns::context::typed("note"),
        typed_until: crate::server_fns::context::typed("until"),
        form: AllowanceForm {
            typed: typed_form(super::TYPED_LIMITS),
            hints: vec![BUDGET_HINT.into()],
            ..AllowanceForm::default()
        },
    })
}

fn line(request: AccessRequest, caller: &Caller, decides: bool, now: UnixMs) -> RequestLine {
    let standing = request.standing(now);
    let tone = match standing {
        RequestStanding::Waiting => "warn",
        RequestStanding::Approved => "ok",
        RequestStanding::Declined => "danger",
        RequestStanding::Expired | RequestStanding::Ended | RequestStanding::Withdrawn => "",
    };
    let by = |verb: &str| match (request.decided_by.as_str(), request.decided_at) {
        ("", _) | (_, None) => String::new(),
        (by, Some(at)) => format!("{verb} by {by}, {}", format::ago(at, now)),
    };
    let until = request.given.and_then(|given| given.ends_at).map(last_day);
    let detail = match standing {
        RequestStanding::Waiting => match request.approver {
            _ if request.may_decide => String::new(),
            Some(GrantLevel::Organization) => "Waits for an admin of the organization".into(),
            Some(GrantLevel::Team) => "Waits for the team's owner or an admin".into(),
            None => "Nothing is left to approve".into(),
        },
        RequestStanding::Approved => {
            let until = until.map_or_else(|| "no end date".to_owned(), |day| format!("until {day}"));
            let whom = if request.given.is_some_and(|given| given.for_team) { "For the team, " } else { "" };
            capital(format!("{whom}{until}. {}", by("Approved")))
        }
        RequestStanding::Expired => format!("On {}. {}", until.unwrap_or_default(), by("Approved")),
        RequestStanding::Ended => by("Approved"),
        RequestStanding::Declined => by("Declined"),
        RequestStanding::Withdrawn => request.decided_at.map(|at| capital(format::ago(at, now))).unwrap_or_default(),
    };
    RequestLine {
        id: request.id.to_string(),
        may_decide: decides && request.may_decide && standing == RequestStanding::Waiting,
        may_withdraw: request.user == caller.user.id && standing == RequestStanding::Waiting,
        to_team: request.for_team,
        team: request.team_slug,
        team_name: request.team_name,
        user: request.user.to_string(),
        user_name: request.user_name,
        model: request.model_name,
        for_team: request.for_team,
        reason: request.reason,
        wanted: request.wanted_until.map_or_else(|| "no end date".to_owned(), |at| format!("until {}", last_day(at))),
        wanted_day: request.wanted_until.map(last_day_value).unwrap_or_default(),
        asked: format::ago(request.created_at, now),
        asked_title: format::full(request.created_at),
        state: standing.label().into(),
        tone: tone.into(),
        detail,
        note: request.note,
    }
}

/// As a sentence begins.
fn capital(mut words: String) -> String {
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn given(grant: Grant, decides: bool, speaks: bool, now: UnixMs) -> GrantLine {
    GrantLine {
        id: grant.id.to_string(),
        team: grant.team_slug,
        team_name: grant.team_name,
        user: grant.user.map(|id| id.to_string()).unwrap_or_default(),
        user_name: grant.user_name,
        model: grant.model_name,
        given: format!("By {}, {}", grant.granted_by, format::ago(grant.created_at, now)),
        given_title: format::full(grant.created_at),
        limits: set_words(&grant.allowance, now),
        ends: grant.ends_at.map_or_else(|| "No end date".to_owned(), |at| format!("Until {}", last_day(at))),
        soon: grant.ends_at.is_some_and(|at| at.since(now) < DAY_MS),
        may_end: decides && (speaks || grant.level == GrantLevel::Team),
    }
}

/// Where requests wait for somebody's decision, and how many, for the navigation.
pub async fn waiting(services: &Services, caller: &Caller, me: &Me) -> Result<Vec<(String, u32)>, ServiceError> {
    let run = |organization: &MyOrganization| organization.role == OrgRole::Admin;
    let decides = me.teams.iter().any(|team| matches!(team.role, Role::Owner | Role::Admin)) || me.organizations.iter().any(run);
    if !decides {
        return Ok(vec![]);
    }
    let mut places = BTreeMap::<String, u32>::new();
    for request in services.list_requests_to_decide(caller).await? {
        *places.entry(format!("t/{}", request.team_slug)).or_default() += 1;
        let organization = me.organizations.iter().find(|org| run(org) && Some(org.id) == request.organization);
        if let Some(organization) = organization {
            *places.entry(format!("o/{}", organization.slug)).or_default() += 1;
        }
    }
    for request in services.list_budget_requests_to_decide(caller).await? {
        *places.entry(format!("quotas/t/{}", request.team_slug)).or_default() += 1;
    }
    Ok(places.into_iter().collect())
}
