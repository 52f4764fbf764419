//! Access groups: an organization's, with the platform's to look at; and on the platform's page its own.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLine {
    pub id: String,
    pub name: String,
    pub purpose: String,
    /// `12 models, tier General`.
    pub holds: String,
    /// Some of its models by name.
    pub names: String,
    /// `3 teams`.
    pub teams: String,
    pub teams_title: String,
    /// The reader's to change; else it is the platform's.
    pub own: bool,
}

/// The page of the groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupsPage {
    /// The organization's name, or `Platform`.
    pub context: String,
    pub of_platform: bool,
    pub rows: Vec<GroupLine>,
}

/// What a group is made of, as its form has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupForm {
    pub name: String,
    pub purpose: String,
    /// Whole tiers.
    pub tiers: Vec<String>,
    /// Models that were ticked.
    pub models: Vec<String>,
    /// Models that were typed, one on each line.
    pub names: String,
}

/// The form of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFormView {
    /// Empty for a new one.
    pub id: String,
    pub form: GroupForm,
    /// Models to tick; none where they are too many, and are typed.
    pub catalog: Vec<String>,
    /// Teams name it: a change reaches them.
    pub in_use: bool,
}

/// What removing a group would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRemovalView {
    pub id: String,
    pub name: String,
    /// Sentences.
    pub effects: Vec<String>,
}

/// The groups of a place: `o/{organization}`, or `admin`.
#[server(prefix = "/fn", endpoint = "list_access_groups", output = PageAnswer)]
pub async fn list_access_groups(place: String) -> Result<GroupsPage, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let org = words::org(&place)?;
    let context = match org {
        Some(org) => services.get_organization_settings(&caller, org).await?.name,
        None => "Platform".into(),
    };
    let groups = services.list_groups_in_use(&caller, org).await?;
    let rows = groups.into_iter().map(|(group, teams)| words::line(&services, group, &teams, org.is_none())).collect();
    Ok(GroupsPage { context, of_platform: org.is_none(), rows })
}

/// The form of a group; `id` is `new` for one that is to be made. Nothing where none is asked for: the dialog is closed.
#[server(prefix = "/fn", endpoint = "get_group_form", output = PageAnswer)]
pub async fn get_group_form(place: String, #[server(default)] id: String) -> Result<Option<GroupFormView>, AppError> {
    use super::context;
    use crate::domain::ids::GroupId;

    let (services, caller) = context::signed_in().await?;
    let org = words::org(&place)?;
    // Whoever has no groups to change learns that, whatever is open.
    let groups = services.list_groups_in_use(&caller, org).await?;
    if id.is_empty() {
        return Ok(None);
    }
    let (form, in_use) = if id == "new" {
        (GroupForm::default(), false)
    } else {
        let group = services.get_group(&caller, org, GroupId::parse(&id).ok_or(AppError::NotFound)?).await?;
        let in_use = groups.iter().any(|(known, teams)| known.id == group.id && !teams.is_empty());
        (words::form(&services, &group), in_use)
    };
    let catalog = words::catalog(&services);
    let form = context::typed_form("group").unwrap_or(form);
    Ok(Some(GroupFormView { id: if id == "new" { String::new() } else { id }, form, catalog, in_use }))
}

/// Makes a group, or replaces the one of this id. What that does to teams has to be confirmed.
#[server(prefix = "/fn", endpoint = "save_access_group", output = PageAnswer)]
pub async fn save_access_group(
    place: String,
    #[server(default)] id: String,
    #[server(default)] form: GroupForm,
    #[server(default)] confirmed: bool,
) -> Result<(), AppError> {
    use super::context;
    use crate::{domain::ids::GroupId, service::ServiceError};

    let (services, caller) = context::signed_in().await?;
    let org = words::org(&place)?;
    let known = GroupId::parse(&id);
    if known.is_none() && !id.is_empty() {
        return Err(AppError::NotFound);
    }
    let save = async || {
        // Before the form is read: to others this door does not exist, whatever they fill in.
        services.list_groups(&caller, org).await?;
        let input = words::input(&form)?;
        let Some(id) = known else {
            services.create_group(&caller, org, input).await?;
            return Ok(());
        };
        let effects = services.preview_group(&caller, org, id, Some(&input)).await?;
        if !effects.is_empty() && !confirmed {
            let says = effects.iter().map(words::effect).collect::<Vec<_>>().join(" ");
            return Err(ServiceError::field("confirmed", says));
        }
        services.update_group(&caller, org, id, input).await?;
        Ok::<_, ServiceError>(())
    };
    save().await.map_err(|error| context::keep_typed_form(error, "group", &form))?;
    leptos_axum::redirect(&groups_address(&place));
    Ok(())
}

/// What removing a group would do. Nothing where none is asked for: the dialog is closed.
#[server(prefix = "/fn", endpoint = "preview_group_removal", output = PageAnswer)]
pub async fn preview_group_removal(place: String, #[server(default)] id: String) -> Result<Option<GroupRemovalView>, AppError> {
    use crate::domain::ids::GroupId;

    let (services, caller) = super::context::signed_in().await?;
    let org = words::org(&place)?;
    services.list_groups(&caller, org).await?;
    if id.is_empty() {
        return Ok(None);
    }
    let known = GroupId::parse(&id).ok_or(AppError::NotFound)?;
    let group = services.get_group(&caller, org, known).await?;
    let mut effects: Vec<String> = services.preview_group(&caller, org, known, None).await?.iter().map(words::effect).collect();
    if effects.is_empty() {
        effects.push("No team loses anything by it.".into());
    }
    effects.push("Its models stay in the catalog, and past usage stays.".into());
    Ok(Some(GroupRemovalView { id, name: group.name, effects }))
}

/// Removes a group.
#[server(prefix = "/fn", endpoint = "delete_access_group", output = PageAnswer)]
pub async fn delete_access_group(place: String, id: String) -> Result<(), AppError> {
    use crate::domain::ids::GroupId;

    let (services, caller) = super::context::signed_in().await?;
    let org = words::org(&place)?;
    services.list_groups(&caller, org).await?;
    services.delete_group(&caller, org, GroupId::parse(&id).ok_or(AppError::NotFound)?).await?;
    leptos_axum::redirect(&groups_address(&place));
    Ok(())
}

/// The address of the groups of a place.
pub fn groups_address(place: &str) -> String {
    format!("/{place}/groups")
}

#[cfg(feature = "ssr")]
mod words {
    use super::{GroupForm, GroupLine};
    use crate::{
        domain::{
            asset_sets::names_and,
            catalog::Tier,
            format,
            model_access::{AccessGroup, GroupEffect},
        },
        error::AppError,
        service::{ServiceError, Services, model_access::GroupInput},
    };

    /// Models that are offered to tick.
    const TICKED_MAX: usize = 100;
    /// Names that a row tells.
    const NAMED: usize = 4;

    /// The organization of a place; none for the platform.
    pub(super) fn org(place: &str) -> Result<Option<&str>, AppError> {
        match place.split_once('/') {
            Some(("o", org)) => Ok(Some(org)),
            None if place == "admin" => Ok(None),
            _ => Err(AppError::NotFound),
        }
    }

    fn many(n: usize, one: &str, more: &str) -> String {
        if n == 1 { format!("1 {one}") } else { format!("{} {more}", format::grouped(n as u64)) }
    }

    fn names(services: &Services, group: &AccessGroup) -> Vec<String> {
        let snapshot = services.snapshot();
        let mut names: Vec<String> = group.models.iter().filter_map(|id| Some(snapshot.find_id(*id)?.name.clone())).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn line(services: &Services, group: AccessGroup, teams: &[String], of_platform: bool) -> GroupLine {
        let names = names(services, &group);
        let tiers = group.tiers.iter().map(|tier| format!("all of {}", tier.label()));
        let models = (!names.is_empty() || group.tiers.is_empty()).then(|| many(names.len(), "model", "models"));
        let holds = models.into_iter().chain(tiers).collect::<Vec<_>>().join(", ");
        GroupLine {
            own: of_platform || group.organization.is_some(),
            id: group.id.to_string(),
            name: group.name,
            purpose: group.description,
            holds,
            names: names_and(&names, names.len(), NAMED),
            teams: if teams.is_empty() { "No team".into() } else { many(teams.len(), "team", "teams") },
            teams_title: names_and(teams, teams.len(), 10),
        }
    }

    pub(super) fn catalog(services: &Services) -> Vec<String> {
        let snapshot = services.snapshot();
        let all = snapshot.models();
        if all.len() > TICKED_MAX { vec![] } else { all.iter().map(|model| model.name.clone()).collect() }
    }

    pub(super) fn form(services: &Services, group: &AccessGroup) -> GroupForm {
        let models = names(services, group);
        GroupForm {
            name: group.name.clone(),
            purpose: group.description.clone(),
            tiers: group.tiers.iter().map(|tier| tier.as_str().to_owned()).collect(),
            names: models.join("\n"),
            models,
        }
    }

    pub(super) fn input(form: &GroupForm) -> Result<GroupInput, ServiceError> {
        let wrong = || ServiceError::field("tiers", "There is no such tier.");
        let tiers = form.tiers.iter().filter(|word| !word.is_empty());
        let tiers = tiers.map(|word| Tier::parse(word).ok_or_else(wrong)).collect::<Result<_, _>>()?;
        // A name stands as it is typed: those that differ by a blank at the end are two names.
        let typed = form.names.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.trim().is_empty());
        let models = form.models.iter().map(String::as_str).chain(typed).map(str::to_owned).collect();
        Ok(GroupInput { name: form.name.clone(), description: form.purpose.clone(), models, tiers })
    }

    pub(super) fn effect(effect: &GroupEffect) -> String {
        let cut = effect.lost + effect.to_approval;
        let mut says = vec![];
        if effect.lost > 0 && effect.to_approval == 0 {
            says.push(format!("loses {}", names_and(&effect.cut, cut, NAMED)));
        } else if cut > 0 {
            says.push(format!("loses or needs an approval for {}", names_and(&effect.cut, cut, NAMED)));
        }
        if effect.gained > 0 {
            says.push(format!("gains {}", names_and(&effect.gains, effect.gained, NAMED)));
        }
        format!("{} {}.", effect.team, says.join(" and "))
    }
}
