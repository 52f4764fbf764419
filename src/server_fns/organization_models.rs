//! What an organization takes in of the catalog: its models, what is to be looked at, and changes with their effect.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::catalog::ModelState, error::AppError, wire::PageAnswer};

/// What the address of the page asks for; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelsAsked {
    /// A part of the name.
    pub text: String,
    pub tier: String,
    pub modality: String,
    /// Identifier of an access group.
    pub group: String,
    /// `open`, `approval`, `closed`, or `review` for those to look at.
    pub state: String,
    pub cursor: String,
}

/// A model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationModelLine {
    pub name: String,
    pub tier: String,
    /// What it takes: `chat, vision`.
    pub kinds: String,
    /// `$3.00`.
    pub price: String,
    /// `/ $15.00`.
    pub price_more: String,
    pub state: ModelState,
    /// An open review holds it back.
    pub blocked: bool,
    pub restricted: bool,
    pub disabled: bool,
    /// `12 of 14`.
    pub have: String,
    /// Teams that called it of late.
    pub used: String,
    pub used_title: String,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewLine {
    pub model: String,
    pub why: String,
    pub opened: String,
    pub opened_title: String,
    /// Which teams would gain it, or what holds now.
    pub teams: String,
    pub restricted: bool,
}

/// The page of an organization's models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationModelsPage {
    pub organization: String,
    /// How many are open, by approval and closed: `412`.
    pub counts: [String; 3],
    pub open_unrestricted: bool,
    pub found: String,
    /// More than one of them can be set at once.
    pub bulk: bool,
    /// The address narrows the list.
    pub filtered: bool,
    pub rows: Vec<OrganizationModelLine>,
    pub next: Option<String>,
    /// The oldest ones.
    pub reviews: Vec<ReviewLine>,
    pub all_reviews: usize,
    /// Access groups: identifier and name.
    pub groups: Vec<(String, String)>,
}

/// A team that a change reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamEffectLine {
    pub name: String,
    pub says: String,
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatesView {
    /// `Close gpt-4.1?`
    pub title: String,
    /// What changes, in sentences.
    pub changes: Vec<String>,
    /// Nothing changes.
    pub nothing: bool,
    /// What cutting off means, a sentence; empty where nobody is.
    pub warning: String,
    /// Teams that are cut off.
    pub cut: Vec<TeamEffectLine>,
    /// Teams that gain something, a sentence.
    pub gains: String,
    /// Some of the models are restricted, and would be open only if that is said.
    pub asks_for_restricted: bool,
    pub open_restricted: bool,
    /// `Close model`.
    pub button: String,
    pub lowers: bool,
}

/// The models of an organization.
#[server(prefix = "/fn", endpoint = "list_organization_models", output = PageAnswer)]
pub async fn list_organization_models(
    org: String,
    #[server(default)] asked: ModelsAsked,
) -> Result<OrganizationModelsPage, AppError> {
    use crate::domain::{asset_sets::OrganizationModelQuery, page::PageRequest};

    let (services, caller) = super::context::signed_in().await?;
    let page = PageRequest { limit: Some(words::SHOWN), cursor: Some(asked.cursor.clone()).filter(|cursor| !cursor.is_empty()) };
    let query = OrganizationModelQuery { choice: words::choice(&asked, ""), page };
    let groups = services.list_groups(&caller, Some(&org)).await?;
    let models = services.get_organization_models(&caller, &org, &query).await?;
    Ok(words::page(models, groups, query.choice.narrows(), services.clock.now()))
}

/// What setting a state would do, of one model or of all that the address asks for. Nothing where no state is to be set: the dialog is
/// closed.
#[server(prefix = "/fn", endpoint = "preview_model_states", output = PageAnswer)]
pub async fn preview_model_states(
    org: String,
    #[server(default)] asked: ModelsAsked,
    #[server(default)] model: String,
    #[server(default)] to: String,
    #[server(default)] open_restricted: bool,
) -> Result<Option<StatesView>, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let Some(bulk) = words::bulk(&asked, &model, &to, open_restricted) else { return Ok(None) };
    let preview = services.preview_model_states(&caller, &org, &bulk).await?;
    Ok(Some(words::preview(preview, &bulk, &model)))
}

/// Sets a state. It comes from the dialog that showed what it does, which closes.
#[server(prefix = "/fn", endpoint = "set_model_states", output = PageAnswer)]
pub async fn set_model_states(
    org: String,
    #[server(default)] asked: ModelsAsked,
    #[server(default)] model: String,
    to: String,
    #[server(default)] open_restricted: bool,
    #[server(default)] back: String,
) -> Result<String, AppError> {
    use crate::{domain::field_errors::FieldErrors, server_fns::context};

    let (services, caller) = context::signed_in().await?;
    let wrong = || AppError::Invalid { fields: FieldErrors::one("", "Choose open, approval or closed.") };
    let bulk = words::bulk(&asked, &model, &to, open_restricted).ok_or_else(wrong)?;
    let changed = services.set_model_states(&caller, &org, bulk, true).await?.len();
    context::go_to(&if back.is_empty() { models_address(&org) } else { back });
    Ok(match changed {
        0 => "Nothing was to change.".into(),
        1 => "1 model changed. It counts from the next call on.".into(),
        n => format!("{n} models changed. It counts from the next call on."),
    })
}

/// Sets whether unrestricted models open by themselves. The page stays.
#[server(prefix = "/fn", endpoint = "set_open_unrestricted", output = PageAnswer)]
pub async fn set_open_unrestricted(org: String, #[server(default)] open_unrestricted: bool) -> Result<(), AppError> {
    use crate::service::organizations::OrganizationPatch;

    let (services, caller) = super::context::signed_in().await?;
    let patch = OrganizationPatch { open_unrestricted_models: Some(open_unrestricted), ..OrganizationPatch::default() };
    services.update_organization(&caller, &org, patch).await?;
    leptos_axum::redirect(&models_address(&org));
    Ok(())
}

/// The address of an organization's models.
pub fn models_address(org: &str) -> String {
    format!("/o/{org}/models")
}

#[cfg(feature = "ssr")]
mod words {
    use super::{ModelsAsked, OrganizationModelLine, OrganizationModelsPage, ReviewLine, StatesView, TeamEffectLine};
    use crate::{
        domain::{
            asset_sets::{ModelChoice, OrganizationModelRow, OrganizationModels, StatesPreview, TeamEffect, names_and},
            catalog::{Modality, ModelState, Tier},
            format,
            model_access::{AccessGroup, ReviewItem, ReviewKind},
            time::UnixMs,
        },
        service::model_access::BulkStates,
    };

    /// Models of one page.
    pub(super) const SHOWN: u32 = 50;
    /// Reviews of the card.
    const REVIEWS: usize = 10;
    /// Names that a sentence tells.
    const NAMED: usize = 3;

    pub(super) fn choice(asked: &ModelsAsked, model: &str) -> ModelChoice {
        if !model.is_empty() {
            return ModelChoice { models: Some(vec![model.to_owned()]), ..ModelChoice::default() };
        }
        ModelChoice {
            models: None,
            text: asked.text.clone(),
            tier: Tier::parse(&asked.tier),
            modality: Modality::parse(&asked.modality),
            group: Some(asked.group.clone()).filter(|group| !group.is_empty()),
            now: ModelState::parse(&asked.state),
            in_review: asked.state == "review",
        }
    }

    pub(super) fn bulk(asked: &ModelsAsked, model: &str, to: &str, open_restricted: bool) -> Option<BulkStates> {
        let state = ModelState::parse(to)?;
        // Whoever opens one model by its name means that one, restricted or not.
        let open_restricted = open_restricted || !model.is_empty();
        Some(BulkStates { choice: choice(asked, model), state, open_restricted })
    }

    fn named(names: &[String], all: usize) -> String {
        names_and(names, all, NAMED)
    }

    fn many(n: usize, one: &str, more: &str) -> String {
        if n == 1 { format!("1 {one}") } else { format!("{} {more}", format::grouped(n as u64)) }
    }

    pub(super) fn page(
        models: OrganizationModels,
        groups: Vec<AccessGroup>,
        filtered: bool,
        now: UnixMs,
    ) -> OrganizationModelsPage {
        let teams = models.teams;
        let all_reviews = models.reviews.len();
        OrganizationModelsPage {
            organization: models.name,
            counts: models.counts.map(|count| format::grouped(count as u64)),
            open_unrestricted: models.open_unrestricted,
            found: many(models.found, "model", "models"),
            bulk: models.found > 1,
            filtered,
            rows: models.rows.into_iter().map(|row| line(row, teams)).collect(),
            next: models.next,
            reviews: models.reviews.into_iter().take(REVIEWS).map(|item| review(item, now)).collect(),
            all_reviews,
            groups: groups.into_iter().map(|group| (group.id.to_string(), group.name)).collect(),
        }
    }

    fn line(row: OrganizationModelRow, teams: usize) -> OrganizationModelLine {
        let OrganizationModelRow { model, have, used_by } = row;
        let (price, price_more) = model.prices.in_words(model.modality);
        OrganizationModelLine {
            name: model.name,
            tier: model.tier.label().into(),
            kinds: model.modality.kinds().into(),
            price,
            price_more,
            state: model.state,
            blocked: model.blocked,
            restricted: model.restricted,
            disabled: !model.enabled,
            have: format!("{have} of {teams}"),
            used: match used_by.len() {
                0 => "–".into(),
                n => n.to_string(),
            },
            used_title: if used_by.is_empty() { "No calls in 28 days".into() } else { named(&used_by, used_by.len()) },
        }
    }

    fn review(item: ReviewItem, now: UnixMs) -> ReviewLine {
        let gain = match item.teams.len() {
            0 if item.blocks => "No team would gain it.".into(),
            0 => "Its teams keep what they have until you decide.".into(),
            1 => format!("{} would gain it.", item.teams[0]),
            n => format!("{n} teams would gain it: {}.", named(&item.teams, n)),
        };
        ReviewLine {
            model: item.model_name,
            why: match item.kind {
                ReviewKind::NewModel if item.blocks => "New in the catalog; nobody may call it yet".into(),
                ReviewKind::NewModel => "New in the catalog".into(),
                ReviewKind::Price => "Its price crossed the threshold".into(),
            },
            opened: format::ago(item.opened_at, now),
            opened_title: format::full(item.opened_at),
            teams: gain,
            restricted: item.kind == ReviewKind::Price,
        }
    }

    fn state_word(state: ModelState) -> &'static str {
        match state {
            ModelState::Open => "open",
            ModelState::Approval => "by approval",
            ModelState::Closed => "closed",
        }
    }

    pub(super) fn preview(preview: StatesPreview, bulk: &BulkStates, model: &str) -> StatesView {
        let (verb, past) = match bulk.state {
            ModelState::Open => ("Open", "open"),
            ModelState::Approval => ("Ask for approval of", "by approval"),
            ModelState::Closed => ("Close", "closed"),
        };
        let count = preview.changes.len();
        let what = if model.is_empty() { many(count, "model", "models") } else { model.to_owned() };
        let mut changes = vec![];
        for (before, after) in pairs(&preview) {
            let names: Vec<String> =
                preview.changes.iter().filter(|(_, b, a)| (*b, *a) == (before, after)).map(|(name, ..)| name.clone()).collect();
            let verb = if names.len() == 1 { "becomes" } else { "become" };
            changes.push(format!("{} {verb} {}, from {}.", named(&names, names.len()), state_word(after), state_word(before)));
        }
        match preview.reviews {
            0 => {}
            1 => changes.push("1 review is done with it.".into()),
            n => changes.push(format!("{} reviews are done with it.", format::grouped(n as u64))),
        }
        let cut: Vec<&TeamEffect> = preview.teams.iter().filter(|team| team.cuts()).collect();
        let members: i64 = cut.iter().map(|team| team.members).sum();
        let keys: i64 = cut.iter().map(|team| team.keys).sum();
        let warning = match cut.len() {
            0 => String::new(),
            n => format!(
                "{} with {} and {} {} cut off from the next call on.",
                many(n, "team", "teams"),
                many(usize::try_from(members).unwrap_or_default(), "member", "members"),
                many(usize::try_from(keys).unwrap_or_default(), "key", "keys"),
                if n == 1 { "is" } else { "are" },
            ),
        };
        let gaining: Vec<String> = preview.teams.iter().filter(|team| team.gained > 0).map(|team| team.name.clone()).collect();
        let gains = match gaining.len() {
            0 => String::new(),
            1 => format!("{} gains it.", gaining[0]),
            n => format!("{n} teams gain it: {}.", named(&gaining, n)),
        };
        StatesView {
            title: if count == 0 && preview.reviews == 0 {
                format!("{what}: nothing changes")
            } else {
                format!("{verb} {what}?")
            },
            nothing: count == 0 && preview.reviews == 0,
            changes,
            warning,
            cut: cut.into_iter().map(cut_line).collect(),
            gains,
            asks_for_restricted: model.is_empty() && bulk.state == ModelState::Open,
            open_restricted: bulk.open_restricted,
            button: if model.is_empty() { format!("Make {what} {past}") } else { format!("Make it {past}") },
            lowers: preview.teams.iter().any(TeamEffect::cuts),
        }
    }

    /// The different changes, in the order in which they come.
    fn pairs(preview: &StatesPreview) -> Vec<(ModelState, ModelState)> {
        let mut pairs = vec![];
        for (_, before, after) in &preview.changes {
            if !pairs.contains(&(*before, *after)) {
                pairs.push((*before, *after));
            }
        }
        pairs
    }

    fn cut_line(team: &TeamEffect) -> TeamEffectLine {
        let names = named(&team.cut, team.lost + team.to_approval);
        let how = match (team.lost, team.to_approval) {
            (_, 0) => format!("loses {names}"),
            (0, _) => format!("needs an approval for {names}"),
            (lost, asks) => format!("loses {lost} and needs an approval for {asks}: {names}"),
        };
        let calls = match team.calls {
            0 => "no calls".to_owned(),
            1 => "1 call".to_owned(),
            n => format!("{} calls", format::grouped(n.unsigned_abs())),
        };
        TeamEffectLine { name: team.name.clone(), says: format!("{how} ({calls} in 7 days)") }
    }
}
