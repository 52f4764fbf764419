//! `/organizations/{org}` and its members.

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
    users::parse,
};
use crate::{
    domain::{
        page::PageRequest,
        platform::{OrganizationMemberRow, OrganizationMemberSort, OrganizationView},
    },
    service::{
        Services,
        organizations::{OrganizationPatch, members::OrganizationMemberQuery},
    },
};

/// An organization with its settings.
#[derive(Serialize, ToSchema)]
pub struct OrganizationSettingsBody {
    /// Identifier.
    id: String,
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// Own role: `admin` or `member`; none for platform admins who do not belong to it.
    role: Option<&'static str>,
    /// Members may create teams.
    members_create_teams: bool,
    /// Unrestricted models become callable as soon as they are in the catalog.
    open_unrestricted_models: bool,
    /// Teams without plan and without spending limit may call.
    allow_unbilled: bool,
    /// Days that single calls are kept; 0 for ever.
    call_log_days: i64,
    /// Made at.
    created_at: i64,
}

/// A change of an organization; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationPatchBody {
    /// Name.
    name: Option<String>,
    /// Members may create teams.
    members_create_teams: Option<bool>,
    /// Unrestricted models become callable as soon as they are in the catalog.
    open_unrestricted_models: Option<bool>,
    /// Teams without plan and without spending limit may call. Platform admins only.
    allow_unbilled: Option<bool>,
    /// Days that single calls are kept: 30 to 3,650, or 0 for ever. Older ones are deleted; statistics and statements stay.
    call_log_days: Option<i64>,
}

/// A member of an organization.
#[derive(Serialize, ToSchema)]
pub struct OrganizationMemberBody {
    /// Identifier of the account.
    user: String,
    /// Name.
    name: String,
    /// Address.
    email: String,
    /// `admin` or `member`.
    role: &'static str,
    /// Member since.
    joined_at: i64,
    /// Teams of the organization that this person is in.
    teams: i64,
    /// Suspended.
    suspended: bool,
    /// Own keys in its teams that work.
    active_keys: i64,
    /// Spent in its teams since the start of the month.
    spent: i64,
    /// Part of what all its teams spent since then, in hundredths of a percent.
    share: i64,
    /// Last call in its teams this month.
    last_active_at: Option<i64>,
}

/// Input of a new member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganizationMemberBody {
    /// Address of an account.
    email: String,
    /// `admin` or `member`.
    role: String,
}

/// Who was added.
#[derive(Serialize, ToSchema)]
pub struct AddedBody {
    /// Identifier of the account.
    user: String,
}

/// A change of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationRoleBody {
    /// `admin` or `member`.
    role: String,
}

/// Which members are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Part of a name or an address.
    search: Option<String>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An organization.
#[utoipa::path(get, path = "/organizations/{org}", tag = "Organizations", params(("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = OrganizationSettingsBody), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
) -> Answer<Json<OrganizationSettingsBody>> {
    Ok(Json(services.get_organization(&caller, &org).await?.into()))
}

/// Change an organization. For its admins and platform admins.
#[utoipa::path(patch, path = "/organizations/{org}", tag = "Organizations", request_body = OrganizationPatchBody,
    params(("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = OrganizationSettingsBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Sent(body): Sent<OrganizationPatchBody>,
) -> Answer<Json<OrganizationSettingsBody>> {
    let OrganizationPatchBody { name, members_create_teams, open_unrestricted_models, allow_unbilled, call_log_days } = body;
    let patch = OrganizationPatch { name, members_create_teams, open_unrestricted_models, allow_unbilled, call_log_days };
    Ok(Json(services.update_organization(&caller, &org, patch).await?.into()))
}

/// Members of an organization. For its admins and platform admins.
#[utoipa::path(get, path = "/organizations/{org}/members", tag = "Organizations",
    params(("org" = String, Path, description = "Short name or id"), MembersQuery),
    responses((status = 200, body = List<OrganizationMemberBody>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<MembersQuery>,
) -> Answer<Json<List<OrganizationMemberBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let search = query.search.unwrap_or_default();
    // Those who joined last come first.
    let query = OrganizationMemberQuery { text: search, sort: OrganizationMemberSort::Joined, descending: true, page };
    let members = services.list_organization_members(&caller, &org, query).await?;
    Ok(Json(List::of(members.page, OrganizationMemberBody::from)))
}

/// Make the account of an address a member. For admins of the organization and platform admins.
#[utoipa::path(post, path = "/organizations/{org}/members", tag = "Organizations", request_body = NewOrganizationMemberBody,
    params(("org" = String, Path, description = "Short name or id")),
    responses((status = 201, body = AddedBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn add(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Sent(body): Sent<NewOrganizationMemberBody>,
) -> Answer<(StatusCode, Json<AddedBody>)> {
    let user = services.add_organization_member(&caller, &org, &body.email, &body.role).await?;
    Ok((StatusCode::CREATED, Json(AddedBody { user: user.to_string() })))
}

/// Change a member's role. An organization keeps at least one admin.
#[utoipa::path(patch, path = "/organizations/{org}/members/{user}", tag = "Organizations", request_body = OrganizationRoleBody,
    params(("org" = String, Path, description = "Short name or id"), ("user" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is changed."), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn set_role(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, user)): Path<(String, String)>,
    Sent(body): Sent<OrganizationRoleBody>,
) -> Answer<StatusCode> {
    services.set_organization_role(&caller, &org, parse(&user)?, &body.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take somebody out of an organization who is in none of its teams.
#[utoipa::path(delete, path = "/organizations/{org}/members/{user}", tag = "Organizations",
    params(("org" = String, Path, description = "Short name or id"), ("user" = String, Path, description = "Identifier")),
    responses((status = 204, description = "They are out."), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn remove(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.remove_organization_member(&caller, &org, parse(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<OrganizationView> for OrganizationSettingsBody {
    fn from(org: OrganizationView) -> Self {
        Self {
            id: org.id.to_string(),
            slug: org.slug,
            name: org.name,
            role: org.role.map(|role| role.as_str()),
            members_create_teams: org.members_create_teams,
            open_unrestricted_models: org.open_unrestricted_models,
            allow_unbilled: org.allow_unbilled,
            call_log_days: org.call_log_days,
            created_at: org.created_at.0,
        }
    }
}

impl From<OrganizationMemberRow> for OrganizationMemberBody {
    fn from(row: OrganizationMemberRow) -> Self {
        Self {
            user: row.user.to_string(),
            name: row.name,
            email: row.email,
            role: row.role.as_str(),
            joined_at: row.joined_at.0,
            teams: row.teams,
            suspended: row.disabled,
            active_keys: row.active_keys,
            spent: row.spent,
            share: row.share_bp,
            last_active_at: row.last_active_at.map(|at| at.0),
        }
    }
}
