//! From the service's list to the page's rows.

use std::collections::HashMap;

use super::{GroupLine, LinkLine, ModelLine, NarrowLine, StateChoice, TeamModelsPage, WaitingLine, list_address, words};
use crate::{
    domain::{
        authorization::TeamState,
        catalog::{ModelState, Tier},
        format,
        model_access::{AccessRequest, SetBy, TeamModel},
        money::NanoUsd,
        page::PageRequest,
        roles::{Action, Role},
        team_models::{ModelCounts, ModelFilter, TeamGroup, TeamModelQuery, TeamModels},
        teams::{AccessMode, TeamKind, TeamView},
        time::UnixMs,
    },
    server_fns::quotas::set_words,
    service::{Caller, ServiceError, Services},
};

/// Requests that the page shows; the rest stands on a page of its own.
const WAITING_SHOWN: u32 = 3;

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    team: &str,
    query: &TeamModelQuery,
) -> Result<TeamModelsPage, ServiceError> {
    let view = services.get_team(caller, team).await?;
    let mut listed = services.list_team_models(caller, team, query).await?;
    // Nobody asks in another's name.
    listed.may_request &= caller.viewing.is_none();
    let now = services.clock.now();
    let personal = view.kind == TeamKind::Personal;
    let (mut waiting, mut waiting_count, mut may_apply) = (vec![], String::new(), false);
    if listed.may_manage {
        let first = PageRequest { limit: Some(WAITING_SHOWN), cursor: None };
        let page = services.list_access_requests(caller, team, true, &first).await?;
        let more = if page.next_cursor.is_some() { "+" } else { "" };
        waiting_count = format!("{}{more}", page.items.len());
        waiting = page.items.into_iter().map(|request| waits(request, now)).collect();
        may_apply = !services.list_apply_targets(caller, team).await?.is_empty();
    }
    let set = if listed.may_manage { services.list_model_allowances(caller, team).await? } else { HashMap::new() };
    let row = |model: &TeamModel| {
        let mut row = line(model, &listed, &view, now);
        let cap = set.get(&model.id).map(|set| set_words(set, now));
        let parts: Vec<String> =
            [std::mem::take(&mut row.set_detail)].into_iter().chain(cap).filter(|part| !part.is_empty()).collect();
        row.set_detail = parts.join(", ");
        row
    };
    let rows = listed.page.items.iter().map(row).collect();
    let (news, news_more) = news(&listed, now);
    let everything = query.text.trim().is_empty() && query.tier.is_none() && query.filter == ModelFilter::All;
    Ok(TeamModelsPage {
        lead: lead(&view, listed.may_manage),
        personal,
        may_manage: listed.may_manage,
        may_apply,
        // While it is seen as somebody, that is over first.
        may_view_as: !personal && caller.viewing.is_none() && matches!(view.standing.role, Some(Role::Owner | Role::Admin)),
        may_explain: view.standing.may(Action::OwnKeys) || view.standing.may(Action::ViewAnyKey),
        mode: listed.mode,
        news,
        news_more,
        new: listed.new,
        direct: listed.counts.direct,
        approval: listed.counts.approval,
        closed: listed.counts.closed,
        tiers: Tier::ALL.map(|tier| (tier, rule(&listed, tier))).to_vec(),
        narrowing: narrowing(&listed.counts, &view),
        nothing: nothing(&listed, &view, everything),
        groups: listed.groups.iter().map(|group| group_line(group, &listed.groups, &view)).collect(),
        narrowed: listed
            .narrowed
            .into_iter()
            .map(|member| LinkLine {
                user: member.user.to_string(),
                href: format!("{}?dialog=limit&user={}", list_address(team), member.user),
                label: "Change".into(),
                title: format!("Change the limit of {}", member.name),
                name: member.name,
                detail: format!("Limited to {}", words::many(member.models, "model", "models")),
                ..LinkLine::default()
            })
            .collect(),
        waiting,
        waiting_count,
        found: listed.found,
        next: listed.page.next_cursor,
        rows,
        context: view.name,
    })
}

fn lead(view: &TeamView, may_manage: bool) -> String {
    match (view.kind, may_manage) {
        (TeamKind::Personal, _) => "What your personal space can call. The platform decides what that is.".into(),
        (TeamKind::Team, true) => {
            format!("What {} can call. Roles decide who manages this page; they never grant a model.", view.name)
        }
        (TeamKind::Team, false) => format!("What you can call in {}, and what you can ask for.", view.name),
    }
}

fn rule(listed: &TeamModels, tier: Tier) -> Option<TeamState> {
    listed.tiers.iter().find(|(of, _)| *of == tier).map(|(_, state)| *state)
}

fn news(listed: &TeamModels, now: UnixMs) -> (String, String) {
    if listed.new == 0 {
        return Default::default();
    }
    let were = if listed.new == 1 { "model was" } else { "models were" };
    let since = if listed.reviewed_at.0 == 0 {
        "since this team restricts".to_owned()
    } else {
        format!("since your last review on {}", format::short_date(listed.reviewed_at, now))
    };
    let stay = if listed.new == 1 { "It stays" } else { "They stay" };
    (
        format!("{} {were} added {since}.", format::grouped(listed.new as u64)),
        format!("{stay} closed to this team until someone decides."),
    )
}

/// Why nothing can be called.
fn nothing(listed: &TeamModels, view: &TeamView, everything: bool) -> String {
    let counts = &listed.counts;
    if !everything || counts.direct + counts.approval > 0 {
        return String::new();
    }
    match (listed.may_manage, view.kind) {
        (_, TeamKind::Personal) => "No model is open to personal spaces.".into(),
        (false, _) if listed.found > 0 => String::new(),
        (false, _) => "No model is open to you in this team.".into(),
        (true, _) if counts.organization_open + counts.organization_approval == 0 => {
            format!("{} opens no model to its teams.", view.organization)
        }
        (true, _) => "No model is open to this team. Add an access group or open one model.".into(),
    }
}

fn narrowing(counts: &ModelCounts, view: &TeamView) -> Vec<NarrowLine> {
    let level = |name: &str, words: String, open: usize, approval: usize| NarrowLine {
        name: name.to_owned(),
        words,
        open,
        approval,
        rest: counts.platform.saturating_sub(open + approval),
    };
    let count = |n: usize| format::grouped(n as u64);
    let given = counts.organization_open + counts.organization_approval;
    vec![
        level("Platform", format!("{} in the catalog", count(counts.platform)), counts.platform, 0),
        level(
            &view.organization,
            format!("{} open to teams", count(given)),
            counts.organization_open,
            counts.organization_approval,
        ),
        level(
            &view.name,
            format!("{} direct, {} by approval", count(counts.direct), count(counts.approval)),
            counts.direct,
            counts.approval,
        ),
    ]
}

pub(super) fn group_line(group: &TeamGroup, all: &[TeamGroup], view: &TeamView) -> GroupLine {
    let from = if group.own { view.organization.as_str() } else { "the platform" };
    // A name says more in an address, where only one group has it.
    let alone = all.iter().filter(|other| other.name == group.name).count() == 1;
    GroupLine {
        id: if alone { group.name.clone() } else { group.id.to_string() },
        detail: format!("{}, from {from}", words::many(group.models, "model", "models")),
        name: group.name.clone(),
        purpose: group.description.clone(),
        named: group.named,
    }
}

fn waits(request: AccessRequest, now: UnixMs) -> WaitingLine {
    let whom = if request.for_team { "for the team" } else { "for themselves" };
    let until =
        request.wanted_until.map_or_else(|| "no end date".to_owned(), |at| format!("until {}", format::short_date(at, now)));
    WaitingLine {
        id: request.id.to_string(),
        may_decide: request.may_decide,
        user: request.user.to_string(),
        name: request.user_name,
        what: format!("{}, {}", request.model_name, format::ago(request.created_at, now)),
        reason: request.reason,
        wanted: format!("Asks {whom}, {until}"),
    }
}

fn line(model: &TeamModel, listed: &TeamModels, view: &TeamView, now: UnixMs) -> ModelLine {
    let (price, price_more) = model.prices.in_words(model.modality);
    let kinds = model.modality.kinds();
    let state = if listed.may_manage {
        model.team.within(model.organization)
    } else if model.refusal.is_none() {
        TeamState::Direct
    } else {
        TeamState::Approval
    };
    let (set_by, set_detail) = if listed.may_manage { set_by(model, view, now) } else { own_access(model, state) };
    let has_row = model.set_by == SetBy::Row;
    ModelLine {
        id: model.id.to_string(),
        name: model.name.clone(),
        detail: if model.provider.is_empty() { kinds.to_owned() } else { format!("{}, {kinds}", model.provider) },
        tier: model.tier,
        price,
        price_more,
        is_new: model.is_new,
        costly: model.restricted,
        state,
        choices: if listed.may_manage && listed.mode == AccessMode::Restrict { choices(model, view) } else { vec![] },
        set_by,
        set_detail,
        has_row,
        spent: match model.cost {
            Some(0) if model.calls == 0 => "–".into(),
            Some(cost) => format::money(NanoUsd(cost)),
            None => String::new(),
        },
        calls: format!("{} in 28 days", words::many(usize::try_from(model.calls).unwrap_or_default(), "call", "calls")),
        callable: model.refusal.is_none(),
        may_request: listed.may_request && model.approver.is_some() && !model.requested,
        requested: model.requested,
    }
}

/// How a member comes to a model.
fn own_access(model: &TeamModel, state: TeamState) -> (String, String) {
    let granted = model.team == TeamState::Approval || model.organization == ModelState::Approval;
    match state {
        TeamState::Direct if granted => ("Approved".into(), String::new()),
        TeamState::Direct => ("Direct".into(), String::new()),
        _ => (String::new(), String::new()),
    }
}

/// The three states, and why one of them is beyond what the organization gives.
fn choices(model: &TeamModel, view: &TeamView) -> Vec<StateChoice> {
    let refused = |state| match (model.organization, state) {
        (ModelState::Closed, TeamState::Direct | TeamState::Approval) => format!("Closed by {}", view.organization),
        (ModelState::Approval, TeamState::Direct) => format!("{} allows this model only with its approval", view.organization),
        _ => String::new(),
    };
    TeamState::ALL.map(|state| StateChoice { state, refused: refused(state) }).to_vec()
}

/// Who set what members meet: where the organization gives less than the team would, the organization.
fn set_by(model: &TeamModel, view: &TeamView, now: UnixMs) -> (String, String) {
    let organization = view.organization.clone();
    match (model.organization, model.team) {
        (ModelState::Closed, _) => return (organization, "Not open to teams".into()),
        (ModelState::Approval, TeamState::Direct) => return (organization, approved(model, "Needs its approval")),
        _ => {}
    }
    match model.set_by {
        SetBy::Inherit => (organization, "Inherited".into()),
        SetBy::Row => ("This team".into(), approved(model, "")),
        SetBy::Group => (model.group.clone(), "Access group".into()),
        SetBy::Tier => ("Rule of the tier".into(), approved(model, "")),
        SetBy::Nothing => ("Nobody yet".into(), format!("Added {}", format::short_date(model.created_at, now))),
    }
}

fn approved(model: &TeamModel, otherwise: &str) -> String {
    let asks = model.team == TeamState::Approval || model.organization == ModelState::Approval;
    match model.granted {
        0 if asks && otherwise.is_empty() => "Nobody approved".into(),
        n if n > 0 && asks => format!("{} approved", words::many(n, "person", "people")),
        _ => otherwise.to_owned(),
    }
}
