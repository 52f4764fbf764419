//! `/teams/{team}/members`, `/transfer` and `/leave`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, RoleWord, Sent, nullable},
    invitations::NothingBody,
    limit_bodies::{LimitsBody, bounds},
    list::List,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        ids::UserId,
        members::{MemberRow, MemberSort, RemovalPreview, StoppingKey},
        page::PageRequest,
    },
    service::{
        ServiceError, Services,
        limits::{How, LimitsOf},
        members::{MemberQuery, ownership::Transfer},
        vault::Secret,
    },
};

/// Which members are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Name or address contain this.
    q: Option<String>,
    /// `name`, `role`, `joined`, `keys`, `spent` or `last_active`.
    sort: Option<String>,
    /// `asc` or `desc`.
    order: Option<String>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before, with the same order.
    cursor: Option<String>,
}

/// A member.
#[derive(Serialize, ToSchema)]
pub struct MemberBody {
    /// Identifier of the account.
    user: String,
    /// Name.
    name: String,
    /// Address.
    email: String,
    /// `owner`, `admin`, `member` or `viewer`.
    role: &'static str,
    /// Joined at.
    joined_at: i64,
    /// Keys that work; application keys belong to the team and do not count.
    active_keys: i64,
    /// The account is disabled.
    disabled: bool,
    /// Spent since the start of the month; none where the caller may not know.
    spent: Option<i64>,
    /// Part of what the team spent since then, in hundredths of a percent.
    share: Option<i64>,
    /// Last call in this team.
    last_active_at: Option<i64>,
}

/// A change of a member; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatchBody {
    /// `admin`, `member` or `viewer`.
    #[schema(value_type = Option<String>)]
    role: Option<RoleWord>,
    /// Models that the member is narrowed to; `null` for all of the team's.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    models: Option<Option<Vec<String>>>,
    /// Limits and a budget of all the member's keys in this team; `null` takes the limits away.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LimitsBody>)]
    limits: Option<Option<LimitsBody>>,
}

/// What happened to the keys of who was removed.
#[derive(Serialize, ToSchema)]
pub struct RemovedBody {
    /// Keys that stopped.
    keys_revoked: i64,
}

/// What a removal would do.
#[derive(Serialize, ToSchema)]
pub struct RemovalBody {
    /// Identifier of the account.
    user: String,
    /// Name.
    name: String,
    /// Role.
    role: &'static str,
    /// Keys that stop.
    keys: Vec<StoppingKeyBody>,
    /// Application keys that this person made; they go on.
    application_keys: Vec<StoppingKeyBody>,
    /// Invitations that are withdrawn.
    invitations: i64,
}

/// A key of somebody who may be removed.
#[derive(Serialize, ToSchema)]
pub struct StoppingKeyBody {
    /// Identifier.
    id: String,
    /// Name.
    name: String,
    /// First and last characters.
    masked: String,
    /// Last call.
    last_used_at: Option<i64>,
}

/// Input of a transfer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    /// Identifier of the new owner's account: an admin or member of the team.
    to: String,
    /// The team's name.
    confirm_name: String,
    /// The owner's password. Not needed in a session within ten minutes of entering it.
    #[schema(format = Password)]
    password: Option<String>,
}

/// Members of a team.
#[utoipa::path(get, path = "/teams/{team}/members", tag = "Members", params(("team" = String, Path, description = "Short name, id, or `me`"), MembersQuery),
    responses((status = 200, body = List<MemberBody>), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<MembersQuery>,
) -> Answer<Json<List<MemberBody>>> {
    let words = || ServiceError::field("sort", "Sort by name, role, joined, keys, spent or last_active.");
    let sort = query.sort.as_deref().map_or(Ok(MemberSort::Name), |text| MemberSort::parse(text).ok_or_else(words))?;
    let descending = match query.order.as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(ServiceError::field("order", "Order is asc or desc.").into()),
    };
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let query = MemberQuery { text: query.q.unwrap_or_default(), sort, descending, page };
    let members = services.list_members(&caller, &team, query).await?;
    Ok(Json(List::of(members.page, MemberBody::from)))
}

/// Change a member's role, the models that they are narrowed to, or their limits and budget. The owner's role changes by a transfer alone.
#[utoipa::path(patch, path = "/teams/{team}/members/{user}", tag = "Members", request_body = MemberPatchBody,
    params(("team" = String, Path, description = "Short name or id"), ("user" = String, Path, description = "Identifier of the account")),
    responses((status = 204, description = "It holds from the next request on."), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody, description = "`last_owner` or `personal_space`.")))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, user)): Path<(String, String)>,
    Sent(body): Sent<MemberPatchBody>,
) -> Answer<StatusCode> {
    let user = parse_user(&user)?;
    if body.role.is_none() && body.models.is_none() && body.limits.is_none() {
        return Err(ServiceError::field("role", "Say a role, models or limits.").into());
    }
    let change = bounds(body.limits, None, None)?;
    if !change.is_nothing() {
        let how = How { clamp: false, version: body.limits.flatten().and_then(|limits| limits.version()) };
        services.put_limits(&caller, &team, LimitsOf::Member(user), change, how).await?;
    }
    if let Some(models) = body.models {
        services.set_member_models(&caller, &team, user, models).await?;
    }
    if let Some(role) = body.role {
        services.set_member_role(&caller, &team, user, role.0).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What removing this member would do, or leaving.
#[utoipa::path(get, path = "/teams/{team}/members/{user}/removal", tag = "Members",
    params(("team" = String, Path, description = "Short name or id"), ("user" = String, Path, description = "Identifier of the account")),
    responses((status = 200, body = RemovalBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn preview(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, user)): Path<(String, String)>,
) -> Answer<Json<RemovalBody>> {
    Ok(Json(services.preview_removal(&caller, &team, parse_user(&user)?).await?.into()))
}

/// Remove a member: their keys of the team stop with the next call.
#[utoipa::path(delete, path = "/teams/{team}/members/{user}", tag = "Members",
    params(("team" = String, Path, description = "Short name or id"), ("user" = String, Path, description = "Identifier of the account")),
    responses((status = 200, body = RemovedBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "`last_owner` or `personal_space`.")))]
pub async fn remove(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, user)): Path<(String, String)>,
) -> Answer<Json<RemovedBody>> {
    let keys_revoked = services.remove_member(&caller, &team, parse_user(&user)?).await?;
    Ok(Json(RemovedBody { keys_revoked }))
}

/// Leave a team: the own keys of it stop with the next call.
#[utoipa::path(post, path = "/teams/{team}/leave", tag = "Members", request_body = NothingBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 204, description = "No member any more."), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "`last_owner`, `not_a_member` or `personal_space`.")))]
pub async fn leave(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(NothingBody {}): Sent<NothingBody>,
) -> Answer<StatusCode> {
    services.leave_team(&caller, &team).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Transfer the ownership; the old owner becomes admin.
#[utoipa::path(post, path = "/teams/{team}/transfer", tag = "Members", request_body = TransferBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 204, description = "The team has its new owner."), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn transfer(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<TransferBody>,
) -> Answer<StatusCode> {
    let unknown = || ServiceError::field("to", "Send the identifier of a member's account.");
    let transfer = Transfer {
        to: UserId::parse(&body.to).ok_or_else(unknown)?,
        confirm_name: body.confirm_name,
        password: body.password.map(Secret::new),
    };
    services.transfer_ownership(&caller, &team, transfer).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse_user(text: &str) -> Result<UserId, ServiceError> {
    UserId::parse(text).ok_or(ServiceError::NotFound)
}

impl From<MemberRow> for MemberBody {
    fn from(member: MemberRow) -> Self {
        Self {
            user: member.user.to_string(),
            name: member.name,
            email: member.email,
            role: member.role.as_str(),
            joined_at: member.joined_at.0,
            active_keys: member.active_keys,
            disabled: member.disabled,
            spent: member.spent,
            share: member.share_bp,
            last_active_at: member.last_active_at.map(|at| at.0),
        }
    }
}

impl From<RemovalPreview> for RemovalBody {
    fn from(preview: RemovalPreview) -> Self {
        Self {
            user: preview.user.to_string(),
            name: preview.name,
            role: preview.role.as_str(),
            keys: preview.keys.into_iter().map(StoppingKeyBody::from).collect(),
            application_keys: preview.application_keys.into_iter().map(StoppingKeyBody::from).collect(),
            invitations: preview.invitations,
        }
    }
}

impl From<StoppingKey> for StoppingKeyBody {
    fn from(key: StoppingKey) -> Self {
        Self { id: key.id.to_string(), name: key.name, masked: key.masked, last_used_at: key.last_used_at.map(|at| at.0) }
    }
}
