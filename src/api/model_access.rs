//! `/teams/{team}/access` and `/organizations/{org}/access`: what teams make of their organization's models.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::Sent,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        authorization::TeamState,
        catalog::Tier,
        field_errors::FieldErrors,
        model_access::{AccessDraft, AccessPreview, TeamAccess, TeamModel},
        teams::AccessMode,
    },
    service::{ServiceError, Services},
};

/// What a team is to make of its organization's models. Restricting without `models`, `groups` and `tiers` starts from the present set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessBody {
    /// `inherit` or `restrict`.
    mode: String,
    /// `direct`, `approval` or `closed` by model.
    models: Option<BTreeMap<String, String>>,
    /// Access groups, by id or name: direct.
    groups: Option<Vec<String>>,
    /// `direct`, `approval` or `closed` by tier.
    tiers: Option<BTreeMap<String, String>>,
    /// Needed where members would gain costly models.
    confirm: Option<bool>,
}

/// The same for several teams.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAccessBody {
    /// Short names or ids of teams of this organization.
    teams: Vec<String>,
    /// What they are to make of its models.
    access: AccessBody,
    /// Only say what it would do.
    preview: Option<bool>,
}

/// What a team makes of its organization's models.
#[derive(Serialize, ToSchema)]
pub struct TeamAccessBody {
    /// `inherit` or `restrict`.
    mode: &'static str,
    /// `direct`, `approval` or `closed` by model with a row of its own.
    models: BTreeMap<String, &'static str>,
    /// Ids of access groups.
    groups: Vec<String>,
    /// By tier.
    tiers: BTreeMap<&'static str, &'static str>,
    /// Every model that the caller may know of.
    items: Vec<TeamModelBody>,
    /// Opened by the organization since this restricting team last looked, and closed in it.
    opened_since: Vec<String>,
}

/// A model as a team sees it.
#[derive(Serialize, ToSchema)]
pub struct TeamModelBody {
    /// Public name.
    name: String,
    /// Tier.
    tier: &'static str,
    /// Modality.
    modality: &'static str,
    /// `open`, `approval` or `closed`.
    organization: &'static str,
    /// `direct`, `approval` or `closed`.
    team: &'static str,
    /// What says so: `inherit`, `row`, `group`, `tier` or `nothing`.
    set_by: &'static str,
    /// Costly.
    restricted: bool,
    /// Whether the caller may call it.
    callable: bool,
    /// Who could approve it for the caller: `organization` or `team`.
    approver: Option<&'static str>,
    /// A request of the caller waits.
    requested: bool,
    /// Calls of the team in the last 28 days.
    calls: i64,
    /// Their cost; none where the caller may not know.
    cost: Option<i64>,
}

/// What a change does to a team.
#[derive(Serialize, ToSchema)]
pub struct AccessPreviewBody {
    /// Team.
    team: String,
    /// Models that members lose, with the team's calls of the last 7 days.
    lost: BTreeMap<String, i64>,
    /// Models that need an approval from then on.
    to_approval: Vec<String>,
    /// Models that members gain.
    gained: Vec<String>,
    /// Costly ones of them.
    costly: Vec<String>,
    /// Members who could call something before and not after, or the reverse.
    members: usize,
    /// Keys that could, or can then.
    keys: usize,
}

/// What a team makes of its organization's models, and what of it the caller may call.
#[utoipa::path(get, path = "/teams/{team}/access", tag = "Model access", params(("team" = String, Path, description = "Short name, id, or `me`")),
    responses((status = 200, body = TeamAccessBody), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<TeamAccessBody>> {
    Ok(Json(services.get_team_access(&caller, &team).await?.into()))
}

/// Set it.
#[utoipa::path(put, path = "/teams/{team}/access", tag = "Model access", request_body = AccessBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = AccessPreviewBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn put(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<AccessBody>,
) -> Answer<Json<AccessPreviewBody>> {
    let confirmed = body.confirm.unwrap_or(false);
    Ok(Json(services.set_team_access(&caller, &team, &body.parse()?, confirmed).await?.into()))
}

/// What setting it would do.
#[utoipa::path(post, path = "/teams/{team}/access/preview", tag = "Model access", request_body = AccessBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = AccessPreviewBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn preview(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<AccessBody>,
) -> Answer<Json<AccessPreviewBody>> {
    Ok(Json(services.preview_team_access(&caller, &team, &body.parse()?).await?.into()))
}

/// Set it for several teams of an organization, all or none, or preview that.
#[utoipa::path(post, path = "/organizations/{org}/access", tag = "Model access", request_body = BulkAccessBody,
    params(("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = Vec<AccessPreviewBody>), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn put_many(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Sent(body): Sent<BulkAccessBody>,
) -> Answer<Json<Vec<AccessPreviewBody>>> {
    let how = (!body.preview.unwrap_or(false), body.access.confirm.unwrap_or(false));
    let previews = services.set_access_of_teams(&caller, &org, &body.teams, &body.access.parse()?, how).await?;
    Ok(Json(previews.into_iter().map(AccessPreviewBody::from).collect()))
}

impl AccessBody {
    fn parse(&self) -> Result<AccessDraft, ServiceError> {
        let mut errors = FieldErrors::default();
        let words = "Choose direct, approval or closed.".to_owned();
        let mode = errors.check("mode", AccessMode::parse(&self.mode).ok_or_else(|| "Choose inherit or restrict.".to_owned()));
        let mut state = |field: &str, word: &str| errors.check(field, TeamState::parse(word).ok_or_else(|| words.clone()));
        let models = self.models.as_ref().map(|all| {
            all.iter().filter_map(|(name, word)| Some((name.clone(), state("models", word)?))).collect::<BTreeMap<_, _>>()
        });
        let tiers = self
            .tiers
            .as_ref()
            .map(|all| all.iter().map(|(tier, word)| (Tier::parse(tier), state("tiers", word))).collect::<Vec<_>>());
        let tiers = tiers.map(|all| {
            let named: Option<Vec<_>> = all.into_iter().map(|(tier, state)| Some((tier?, state?))).collect();
            errors
                .check("tiers", named.ok_or_else(|| "A tier is general, high_performance or specialized.".to_owned()))
                .unwrap_or_default()
        });
        match mode {
            Some(mode) if errors.0.is_empty() => Ok(AccessDraft { mode, models, groups: self.groups.clone(), tiers }),
            _ => Err(errors.into()),
        }
    }
}

impl From<TeamAccess> for TeamAccessBody {
    fn from(access: TeamAccess) -> Self {
        Self {
            mode: access.mode.as_str(),
            models: access.rows.into_iter().map(|(name, state)| (name, state.as_str())).collect(),
            groups: access.groups.iter().map(ToString::to_string).collect(),
            tiers: access.tiers.iter().map(|(tier, state)| (tier.as_str(), state.as_str())).collect(),
            items: access.models.into_iter().map(TeamModelBody::from).collect(),
            opened_since: access.opened_since,
        }
    }
}

impl From<TeamModel> for TeamModelBody {
    fn from(model: TeamModel) -> Self {
        Self {
            name: model.name,
            tier: model.tier.as_str(),
            modality: model.modality.as_str(),
            organization: model.organization.as_str(),
            team: model.team.as_str(),
            set_by: model.set_by.as_str(),
            restricted: model.restricted,
            callable: model.refusal.is_none(),
            approver: model.approver.map(|level| level.as_str()),
            requested: model.requested,
            calls: model.calls,
            cost: model.cost,
        }
    }
}

impl From<AccessPreview> for AccessPreviewBody {
    fn from(preview: AccessPreview) -> Self {
        let AccessPreview { slug, lost, to_approval, gained, costly, members, keys, .. } = preview;
        let to_approval = to_approval.into_iter().map(|(name, _)| name).collect();
        Self { team: slug, lost: lost.into_iter().collect(), to_approval, gained, costly, members, keys }
    }
}
