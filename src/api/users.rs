//! `/users`: accounts, for platform admins.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, Sent},
    list::List,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{ids::UserId, page::PageRequest, platform::UserRow},
    service::{ServiceError, Services, platform::users::UserQuery},
};

/// Which accounts are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// Part of a name or an address.
    search: Option<String>,
    /// Only those that are suspended, or only those that are not.
    suspended: Option<bool>,
    /// Only those that run the platform, or only those that do not.
    platform_admin: Option<bool>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An account, as platform admins see it.
#[derive(Serialize, ToSchema)]
pub struct AccountBody {
    /// Identifier.
    id: String,
    /// Display name.
    name: String,
    /// Address, as typed.
    email: String,
    /// Whether the address is confirmed.
    email_confirmed: bool,
    /// Runs the platform.
    platform_admin: bool,
    /// Suspended since.
    suspended_at: Option<i64>,
    /// Made at.
    created_at: i64,
    /// Shared teams.
    teams: i64,
    /// Shared teams that this person owns.
    owned_teams: i64,
    /// Live sessions.
    sessions: i64,
    /// Last use of a live session, to the minute.
    last_seen_at: Option<i64>,
}

/// A change of an account; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatchBody {
    /// Suspend the account, or end that.
    suspended: Option<bool>,
    /// Make its person platform admin, or take that back.
    platform_admin: Option<bool>,
    /// Why it is suspended, which other platform admins will read; asked for when it is. May say, too, why that ends.
    reason: Option<String>,
}

/// Accounts, newest first. Platform admins only.
#[utoipa::path(get, path = "/users", tag = "Platform", params(UsersQuery), responses((status = 200, body = List<AccountBody>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<UsersQuery>,
) -> Answer<Json<List<AccountBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let search = query.search.unwrap_or_default();
    let query = UserQuery { text: search, suspended: query.suspended, platform_admin: query.platform_admin, page };
    let users = services.list_users(&caller, query).await?;
    Ok(Json(List::of(users, AccountBody::from)))
}

/// One account. Platform admins only.
#[utoipa::path(get, path = "/users/{user}", tag = "Platform", params(("user" = String, Path, description = "Identifier")),
    responses((status = 200, body = AccountBody), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(user): Path<String>,
) -> Answer<Json<AccountBody>> {
    Ok(Json(services.get_user(&caller, parse(&user)?).await?.into()))
}

/// Suspend an account or end that, make its person platform admin or take that back. Platform admins only.
#[utoipa::path(patch, path = "/users/{user}", tag = "Platform", request_body = AccountPatchBody,
    params(("user" = String, Path, description = "Identifier")),
    responses((status = 200, body = AccountBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(user): Path<String>,
    Sent(body): Sent<AccountPatchBody>,
) -> Answer<Json<AccountBody>> {
    let id = parse(&user)?;
    // A suspension that is there already is no problem of a program that asks for it once more.
    let suspended = services.get_user(&caller, id).await?.disabled_at.is_some();
    if let Some(admin) = body.platform_admin {
        services.set_platform_admin(&caller, id, admin).await?;
    }
    let reason = body.reason.unwrap_or_default();
    match body.suspended {
        Some(true) if !suspended => services.suspend_user(&caller, id, &reason).await?,
        Some(false) if suspended => services.unsuspend_user(&caller, id, &reason).await?,
        _ => {}
    }
    Ok(Json(services.get_user(&caller, id).await?.into()))
}

/// End all sessions of an account. Platform admins only.
#[utoipa::path(delete, path = "/users/{user}/sessions", tag = "Platform", params(("user" = String, Path, description = "Identifier")),
    responses((status = 204, description = "They are over."), (status = 404, body = ProblemBody)))]
pub async fn end_sessions(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(user): Path<String>,
) -> Answer<StatusCode> {
    services.end_user_sessions(&caller, parse(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mail somebody a link for a new password. Platform admins only.
#[utoipa::path(post, path = "/users/{user}/password-reset", tag = "Platform", params(("user" = String, Path, description = "Identifier")),
    responses((status = 202, description = "A mail with a link is on its way."), (status = 404, body = ProblemBody)))]
pub async fn start_reset(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(user): Path<String>,
) -> Answer<StatusCode> {
    services.start_password_reset(&caller, parse(&user)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Reads an account's identifier.
pub(super) fn parse(user: &str) -> Result<UserId, ServiceError> {
    UserId::parse(user).ok_or(ServiceError::NotFound)
}

impl From<UserRow> for AccountBody {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            email: row.email,
            email_confirmed: row.email_confirmed,
            platform_admin: row.platform_admin,
            suspended_at: row.disabled_at.map(|at| at.0),
            created_at: row.created_at.0,
            teams: row.teams,
            owned_teams: row.owned_teams,
            sessions: row.sessions,
            last_seen_at: row.last_seen_at.map(|at| at.0),
        }
    }
}
