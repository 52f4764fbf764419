//! What the page's dialogs show: the effects of a change before it is made, and what can be chosen.

use super::{DialogAsked, DialogView, LinkLine, PickLine, list_address, view::group_line, words};
use crate::{
    domain::{
        authorization::TeamState,
        catalog::Tier,
        ids::{GroupId, UserId},
        members::MemberSort,
        model_access::AccessPreview,
        page::PageRequest,
        team_models::{AccessEdit, NarrowingPreview, StartFrom, TeamModelQuery},
    },
    server_fns::quotas::{AllowanceForm, TypedLimits, form},
    service::{Caller, ServiceError, Services, limits::LimitsOf, members::MemberQuery},
};

/// Models that are ticked one by one; more of them are typed.
const TICKED_MAX: usize = 100;
/// Teams whose effects are told one by one.
const TEAMS_TOLD: usize = 20;

/// The change that an address or a form speaks of.
pub(super) fn edit(what: &str, name: &str, to: &str, way: &str) -> Result<AccessEdit, ServiceError> {
    let wrong = || ServiceError::field("", "Open this dialog from the page.");
    // Nothing where the state is taken away, and a group or a tier decides.
    let state = || if to == "unset" { Ok(None) } else { TeamState::parse(to).map(Some).ok_or_else(wrong) };
    match what {
        "model" => Ok(AccessEdit::Model(name.to_owned(), state()?)),
        "tier" => Ok(AccessEdit::Tier(Tier::parse(name).ok_or_else(wrong)?, state()?)),
        "group" => match to {
            "add" => Ok(AccessEdit::Group(name.to_owned(), true)),
            "remove" => Ok(AccessEdit::Group(name.to_owned(), false)),
            _ => Err(wrong()),
        },
        "mode" if to == "inherit" => Ok(AccessEdit::Inherit),
        "mode" if to == "restrict" => Ok(AccessEdit::Restrict(StartFrom::parse(way).unwrap_or_default())),
        "review" => Ok(AccessEdit::Reviewed),
        _ => Err(wrong()),
    }
}

/// The heading.
pub(super) fn title(asked: &DialogAsked) -> String {
    let DialogAsked { dialog, what, name, to, .. } = asked;
    match (dialog.as_str(), what.as_str()) {
        ("limit", _) => "Limit a member".into(),
        ("limits", _) => format!("Limits of {name}"),
        ("groups", _) => "Access groups".into(),
        ("as", _) => "View as a member".into(),
        ("apply", _) => "Apply to other teams".into(),
        (_, "mode") if to == "inherit" => "Inherit from the organization?".into(),
        (_, "mode") => "Restrict models?".into(),
        (_, "tier") => match (Tier::parse(name), TeamState::parse(to)) {
            (Some(tier), Some(state)) => format!("Set {} models to {}?", words::tier_in_sentence(tier), words::state(state)),
            (Some(tier), None) => format!("Remove the rule of {} models?", words::tier_in_sentence(tier)),
            _ => "Change a tier".into(),
        },
        (_, "group") => {
            let verb = if to == "add" { "Add" } else { "Remove" };
            let name = if GroupId::parse(name).is_some() { "the access group" } else { name.as_str() };
            format!("{verb} {name}?")
        }
        (_, "review") => "Mark as reviewed?".into(),
        _ => match TeamState::parse(to) {
            Some(TeamState::Direct) => format!("Open {name} to all members?"),
            Some(TeamState::Approval) => format!("Ask for an approval of {name}?"),
            Some(TeamState::Closed) => format!("Close {name}?"),
            None => format!("Take away the team's own setting of {name}?"),
        },
    }
}

pub(super) async fn open(
    services: &Services,
    caller: &Caller,
    team: &str,
    asked: DialogAsked,
) -> Result<Option<DialogView>, ServiceError> {
    let view = DialogView { title: title(&asked), asked: asked.clone(), ..DialogView::default() };
    match asked.dialog.as_str() {
        "change" => change(services, caller, team, view).await.map(Some),
        "limits" => limits(services, caller, team, view).await.map(Some),
        "groups" => groups(services, caller, team, view).await,
        "limit" => limit(services, caller, team, view).await.map(Some),
        "apply" => apply(services, caller, team, view).await.map(Some),
        "as" => view_as(services, caller, team, view).await.map(Some),
        _ => Ok(None),
    }
}

async fn change(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<DialogView, ServiceError> {
    let DialogAsked { what, name, to, .. } = view.asked.clone();
    let edit = edit(&what, &name, &to, "")?;
    if matches!(edit, AccessEdit::Restrict(_)) {
        return restrict(services, caller, team, view).await;
    }
    let preview = services.preview_access_edit(caller, team, &edit).await?;
    let verb = match &edit {
        AccessEdit::Inherit => "Inherit",
        AccessEdit::Model(_, Some(TeamState::Direct)) => "Open model",
        AccessEdit::Model(_, Some(TeamState::Approval)) => "Ask for approval",
        AccessEdit::Model(_, Some(TeamState::Closed)) => "Close model",
        AccessEdit::Model(_, None) => "Take away",
        AccessEdit::Tier(_, Some(_)) => "Set rule",
        AccessEdit::Tier(_, None) => "Remove rule",
        AccessEdit::Group(_, true) => "Add group",
        AccessEdit::Group(_, false) => "Remove group",
        AccessEdit::Restrict(_) | AccessEdit::Reviewed => "Mark as reviewed",
    };
    let lead = match &edit {
        AccessEdit::Inherit => {
            "Members get everything that the organization gives. What the team named rests until it restricts again."
        }
        AccessEdit::Tier(_, Some(_)) => {
            "For models of this tier, of today and later, that have no setting of their own and are in no access group."
        }
        AccessEdit::Group(_, true) => {
            "Its models become direct, also those that join it later. A model's own setting goes first."
        }
        AccessEdit::Reviewed => "The note goes away. The new models stay closed to this team.",
        _ => "",
    };
    let effects = if edit == AccessEdit::Reviewed { vec![] } else { words::effects(&preview) };
    // What is closed needs no limits.
    let form = match &edit {
        AccessEdit::Model(name, Some(TeamState::Direct | TeamState::Approval)) => {
            Some(limits_form(services, caller, team, name).await?)
        }
        _ => None,
    };
    Ok(DialogView {
        form,
        lead: lead.into(),
        effects,
        confirm: words::confirmation(preview.costly.len()),
        danger: !preview.lost.is_empty(),
        verb: verb.into(),
        ..view
    })
}

async fn limits_form(services: &Services, caller: &Caller, team: &str, model: &str) -> Result<AllowanceForm, ServiceError> {
    let set = services.get_cap(caller, team, LimitsOf::Model(model)).await?;
    Ok(form(&set, crate::server_fns::context::typed_form::<TypedLimits>(super::TYPED)))
}

/// What the team may use of one model.
async fn limits(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<DialogView, ServiceError> {
    let form = limits_form(services, caller, team, &view.asked.name).await?;
    let lead = "All keys of the team share them. They hold beside the limits of the team, its members and its keys.";
    Ok(DialogView { lead: lead.into(), form: Some(form), verb: "Save limits".into(), ..view })
}

/// The groups that the team names or may name.
async fn groups(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<Option<DialogView>, ServiceError> {
    let about = services.get_team(caller, team).await?;
    let listed = services.list_team_models(caller, team, &TeamModelQuery::default()).await?;
    if !listed.may_manage {
        return Ok(None);
    }
    let link = |group: super::GroupLine| {
        let (to, label) = if group.named { ("remove", "Remove") } else { ("add", "Add") };
        let name = url::form_urlencoded::byte_serialize(group.id.as_bytes()).collect::<String>();
        LinkLine {
            href: format!("{}?dialog=change&what=group&name={name}&to={to}", list_address(team)),
            label: label.into(),
            title: format!("{label} {}", group.name),
            name: group.name,
            detail: group.detail,
            more: group.purpose,
            ..LinkLine::default()
        }
    };
    let links: Vec<_> = listed.groups.iter().map(|group| link(group_line(group, &listed.groups, &about))).collect();
    let lead = if links.is_empty() {
        "Neither the platform nor the organization has an access group yet."
    } else {
        "What a group holds is direct for this team, also what joins it later. A model's own setting goes first."
    };
    Ok(Some(DialogView { lead: lead.into(), links, ..view }))
}

/// Three ways to begin, each with what it would take away.
async fn restrict(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<DialogView, ServiceError> {
    let mut ways = vec![];
    for start in StartFrom::ALL {
        let preview = services.preview_access_edit(caller, team, &AccessEdit::Restrict(start)).await?;
        let hint = words::effects(&preview).into_iter().map(|effect| effect.text).collect::<Vec<_>>().join(" ");
        let label = match start {
            StartFrom::Present => "Today's models",
            StartFrom::Former => "What the team named before",
            StartFrom::Nothing => "Nothing",
        };
        let hint = match start {
            StartFrom::Nothing => format!("{hint} Nobody can call a model until somebody opens one."),
            _ => hint,
        };
        ways.push(PickLine { value: start.as_str().into(), label: label.into(), hint, picked: start == StartFrom::Present });
    }
    let lead =
        "The team then has only what is set here. Models that the organization opens later stay closed until someone decides.";
    Ok(DialogView { lead: lead.into(), ways, verb: "Restrict".into(), ..view })
}

/// Whoever the team can be seen as.
async fn view_as(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<DialogView, ServiceError> {
    let own = services.get_team(caller, team).await?.standing.role;
    let page = PageRequest { limit: Some(100), cursor: None };
    let query = MemberQuery { sort: MemberSort::Name, page, ..MemberQuery::default() };
    let members = services.list_members(caller, team, query).await?.page.items;
    let seen = members.into_iter().filter(|member| !member.is_self && own.is_some_and(|own| own.may_view_as(member.role)));
    let base = list_address(team);
    let links: Vec<LinkLine> = seen
        .map(|member| LinkLine {
            href: format!("{base}?as={}", member.user),
            label: "View".into(),
            title: format!("View as {}", member.name),
            // From there on everything is asked for as that member.
            whole: true,
            user: member.user.to_string(),
            name: member.name,
            detail: format!("{}, {}", member.role.label(), member.email),
            more: String::new(),
        })
        .collect();
    let refused = if links.is_empty() { "There is no member whose pages you may see.".into() } else { String::new() };
    let lead = "You see what they see of this team, and change nothing. The audit log notes it.";
    Ok(DialogView { lead: lead.into(), refused, links, ..view })
}

async fn limit(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<DialogView, ServiceError> {
    if view.asked.user.is_empty() {
        let query = MemberQuery {
            sort: MemberSort::Name,
            page: PageRequest { limit: Some(100), cursor: None },
            text: view.asked.name.clone(),
            ..MemberQuery::default()
        };
        let members = services.list_members(caller, team, query).await?.page.items;
        let base = list_address(team);
        let links = members
            .into_iter()
            .map(|member| LinkLine {
                href: format!("{base}?dialog=limit&user={}", member.user),
                label: "Choose".into(),
                title: format!("Choose {}", member.name),
                user: member.user.to_string(),
                name: member.name,
                detail: member.email,
                ..LinkLine::default()
            })
            .collect();
        return Ok(DialogView { lead: "A member can be limited to some of the team's models.".into(), links, ..view });
    }
    let user = UserId::parse(&view.asked.user).ok_or(ServiceError::NotFound)?;
    let chosen: Vec<String> =
        view.asked.chosen.iter().flat_map(|names| names.lines()).map(|name| name.trim().to_owned()).collect();
    let chosen: Vec<String> = chosen.into_iter().filter(|name| !name.is_empty()).collect();
    let lifts = view.asked.step == "lift";
    let preview = services.preview_member_models(caller, team, user, (!lifts).then(|| chosen.clone())).await?;
    let NarrowingPreview { name, now, choices, .. } = &preview;
    if lifts || view.asked.step == "show" {
        let asked = DialogAsked { chosen, ..view.asked.clone() };
        let verb = if lifts { "End limit" } else { "Limit member" };
        let title = if lifts { format!("End the limit of {name}?") } else { format!("Limit {name}?") };
        return Ok(DialogView {
            asked,
            title,
            effects: narrowing(&preview, lifts),
            danger: !preview.lost.is_empty(),
            verb: verb.into(),
            ..view
        });
    }
    let picked = |model: &String| now.as_ref().is_none_or(|now| now.contains(model));
    let stands = match now {
        None => format!("{name} calls and asks for everything that the team has."),
        Some(now) => format!("{name} is limited to {}.", words::many(now.len(), "model", "models")),
    };
    let (picks, typed) = if choices.len() > TICKED_MAX {
        (vec![], Some(now.clone().unwrap_or_default().join("\n")))
    } else {
        let pick =
            |model: &String| PickLine { value: model.clone(), label: model.clone(), hint: String::new(), picked: picked(model) };
        (choices.iter().map(pick).collect(), None)
    };
    let refused = if choices.is_empty() { format!("{name} can call nothing here that could be limited.") } else { String::new() };
    Ok(DialogView { title: format!("Limit {name}"), lead: stands, picks, typed, lifts: now.is_some(), refused, ..view })
}

fn narrowing(preview: &NarrowingPreview, lifts: bool) -> Vec<super::Effect> {
    let NarrowingPreview { name, lost, gained, left, .. } = preview;
    let mut effects = vec![];
    if !lost.is_empty() {
        let calls: i64 = lost.iter().map(|(_, calls)| calls).sum();
        let calls = words::many(usize::try_from(calls).unwrap_or_default(), "call", "calls");
        let models = words::names(lost.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().into_iter());
        effects.push(words::effect(
            "lock",
            format!("{name} loses {models} ({calls} in 7 days). Their keys get 404 for it from now."),
        ));
    }
    if !gained.is_empty() {
        let models = words::names(gained.iter().map(String::as_str).collect::<Vec<_>>().into_iter());
        effects.push(words::effect("okc", format!("{name} can call {models} in addition.")));
    }
    if lost.is_empty() && gained.is_empty() {
        effects.push(words::effect("okc", format!("{name} loses and gains nothing today.")));
    }
    effects.push(match (left, lifts) {
        (0, false) => words::effect("alert", format!("{name} can call no model of this team then.")),
        (n, _) => words::effect("cube", format!("{} can be called then.", words::many(*n, "model", "models"))),
    });
    if !lifts {
        effects.push(words::effect("info", "It narrows only: models that the team loses are lost here, too.".into()));
    }
    effects
}

async fn apply(services: &Services, caller: &Caller, team: &str, view: DialogView) -> Result<DialogView, ServiceError> {
    let targets = services.list_apply_targets(caller, team).await?;
    if targets.is_empty() {
        return Err(ServiceError::Conflict("no_targets", "You set the models of no other team of this organization.".into()));
    }
    let from = services.get_team(caller, team).await?.name;
    if view.asked.step == "show" && !view.asked.chosen.is_empty() {
        let previews = services.apply_team_access(caller, team, &view.asked.chosen, (false, false)).await?;
        let costly = previews.iter().map(|preview| preview.costly.len()).max().unwrap_or_default();
        let told = previews.iter().take(TEAMS_TOLD).map(|preview| words::effect("users", of_team(preview)));
        let mut effects: Vec<_> = told.collect();
        if previews.len() > TEAMS_TOLD {
            effects.push(words::effect("info", of_rest(&previews[TEAMS_TOLD..])));
        }
        return Ok(DialogView {
            title: format!("Give {} the models of {from}?", words::many(previews.len(), "team", "teams")),
            lead: "What these teams have set is replaced, all of them or none.".into(),
            confirm: words::confirmation(costly),
            danger: previews.iter().any(|preview| !preview.lost.is_empty()),
            effects,
            verb: "Apply".into(),
            ..view
        });
    }
    let picks =
        targets.into_iter().map(|team| PickLine { value: team.slug, label: team.name, hint: String::new(), picked: false });
    let lead =
        format!("Mode, models, tiers and access groups of {from} are copied. Choose teams; you see what each would lose first.");
    Ok(DialogView { lead, picks: picks.collect(), ..view })
}

fn of_team(preview: &AccessPreview) -> String {
    let effects: Vec<String> = words::effects(preview).into_iter().map(|effect| effect.text).collect();
    format!("{}: {}", preview.name, effects.join(" "))
}

fn of_rest(previews: &[AccessPreview]) -> String {
    let lost: usize = previews.iter().map(|preview| preview.lost.len()).sum();
    let members: usize = previews.iter().map(|preview| preview.members).sum();
    format!(
        "{} more teams: {} closed in all, {} affected.",
        previews.len(),
        words::many(lost, "model", "models"),
        words::many(members, "member", "members")
    )
}
