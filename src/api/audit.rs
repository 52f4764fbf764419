//! `/teams/{team}/audit`, `/organizations/{org}/audit`, `/audit`: the audit log in pages, or as CSV.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, in_pieces},
    list::List,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        audit::{AuditFilter, AuditOutcome, AuditRow, CSV_HEAD, csv_row},
        ids::UserId,
        page::{Page, PageRequest},
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, audit::AuditOf},
};

/// Which entries are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Identifier of who did it.
    actor: Option<String>,
    /// A part of the name of who did it.
    person: Option<String>,
    /// What: `key.create`, or `key` for all of a noun.
    action: Option<String>,
    /// `done` or `denied`.
    outcome: Option<String>,
    /// Kind of the object, such as `key`.
    target_kind: Option<String>,
    /// Identifier of the object.
    target_id: Option<String>,
    /// A part of the object's name.
    object: Option<String>,
    /// From this time on.
    from: Option<i64>,
    /// Before this time.
    to: Option<i64>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise; an export has all.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditBody {
    /// Identifier.
    id: String,
    /// When.
    at: i64,
    /// Identifier of who did it; none for what the product did by itself.
    actor: Option<String>,
    /// Name of who did it, as it was then.
    actor_name: String,
    /// What, such as `key.create`.
    action: String,
    /// `done` or `denied`.
    outcome: &'static str,
    /// Kind of the object.
    target_kind: String,
    /// Identifier of the object.
    target_id: String,
    /// Name of the object, as it was then.
    target_name: String,
    /// Identifier of the team that it happened in.
    team: Option<String>,
    /// Identifier of the organization that it happened in.
    organization: Option<String>,
    /// What changed.
    changes: Vec<ChangeBody>,
    /// `page`, `api` or `system`.
    source: String,
    /// Client's address.
    address: String,
    /// Request.
    request_id: String,
}

/// A field that changed; empty for what was or is not there.
#[derive(Serialize, ToSchema)]
pub struct ChangeBody {
    /// Name of the field.
    field: String,
    /// What it was.
    old: String,
    /// What it is.
    new: String,
}

/// A team's audit log, newest first. For its owner and admins, admins of its organization, platform admins.
#[utoipa::path(get, path = "/teams/{team}/audit", tag = "Audit log",
    params(("team" = String, Path, description = "Short name, id, or `me`"), AuditQuery),
    responses((status = 200, body = List<AuditBody>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_team(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Json<List<AuditBody>>> {
    list(&services, &caller, AuditOf::Team(team), query).await
}

/// The same as CSV, all of it.
#[utoipa::path(get, path = "/teams/{team}/audit.csv", tag = "Audit log",
    params(("team" = String, Path, description = "Short name, id, or `me`"), AuditQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_team_csv(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Response> {
    export(services, caller, AuditOf::Team(team), query).await
}

/// The audit log of an organization and its teams, newest first. For its admins and platform admins.
#[utoipa::path(get, path = "/organizations/{org}/audit", tag = "Audit log",
    params(("org" = String, Path, description = "Short name or id"), AuditQuery),
    responses((status = 200, body = List<AuditBody>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_organization(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Json<List<AuditBody>>> {
    list(&services, &caller, AuditOf::Organization(org), query).await
}

/// The same as CSV, all of it.
#[utoipa::path(get, path = "/organizations/{org}/audit.csv", tag = "Audit log",
    params(("org" = String, Path, description = "Short name or id"), AuditQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_organization_csv(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Response> {
    export(services, caller, AuditOf::Organization(org), query).await
}

/// The whole audit log, newest first. Platform admins only.
#[utoipa::path(get, path = "/audit", tag = "Audit log", params(AuditQuery), responses((status = 200, body = List<AuditBody>)))]
pub async fn of_platform(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Json<List<AuditBody>>> {
    list(&services, &caller, AuditOf::Platform, query).await
}

/// The same as CSV, all of it.
#[utoipa::path(get, path = "/audit.csv", tag = "Audit log", params(AuditQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv")))]
pub async fn of_platform_csv(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<AuditQuery>,
) -> Answer<Response> {
    export(services, caller, AuditOf::Platform, query).await
}

async fn list(services: &Services, caller: &Caller, of: AuditOf, query: AuditQuery) -> Answer<Json<List<AuditBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor.clone() };
    let found = services.list_audit(caller, &of, &filter(query)?, &page).await?;
    Ok(Json(List::of(found, AuditBody::from)))
}

/// Reads piece by piece while the client takes it, so an export needs no more memory than one piece.
async fn export(services: Services, caller: Caller, of: AuditOf, query: AuditQuery) -> Answer<Response> {
    let filter = filter(query)?;
    let first = services.start_audit_export(&caller, &of, &filter).await?;
    let pieces = futures::stream::unfold(Some((CSV_HEAD.to_owned(), first)), move |state| {
        let (services, caller, of, filter) = (services.clone(), caller.clone(), of.clone(), filter.clone());
        async move {
            let (mut text, Page { items, next_cursor }) = state?;
            text.extend(items.iter().map(csv_row));
            let next = match next_cursor {
                None => None,
                cursor => match services.continue_audit_export(&caller, &of, &filter, cursor).await {
                    Ok(page) => Some((String::new(), page)),
                    // The connection breaks off: a file that looks whole and is not would be worse.
                    Err(error) => return Some((Err(std::io::Error::other(error.to_string())), None)),
                },
            };
            Some((Ok(text), next))
        }
    });
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\"")];
    Ok((headers, in_pieces(pieces)).into_response())
}

fn filter(query: AuditQuery) -> Result<AuditFilter, ServiceError> {
    let actor = match query.actor.as_deref() {
        None | Some("") => None,
        Some(id) => Some(UserId::parse(id).ok_or_else(|| ServiceError::field("actor", "This is not an account's id."))?),
    };
    let outcome = match query.outcome.as_deref() {
        None | Some("") => None,
        Some(word) => Some(AuditOutcome::parse(word).ok_or_else(|| ServiceError::field("outcome", "Choose done or denied."))?),
    };
    Ok(AuditFilter {
        actor,
        outcome,
        person: query.person.unwrap_or_default(),
        object: query.object.unwrap_or_default(),
        action: query.action.unwrap_or_default(),
        target_kind: query.target_kind.unwrap_or_default(),
        target_id: query.target_id.unwrap_or_default(),
        from: query.from.map(UnixMs),
        to: query.to.map(UnixMs),
    })
}

impl From<AuditRow> for AuditBody {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id.to_string(),
            at: row.at.0,
            actor: row.actor.map(|id| id.to_string()),
            actor_name: row.actor_name,
            action: row.action,
            outcome: row.outcome.as_str(),
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            team: row.team.map(|id| id.to_string()),
            organization: row.organization.map(|id| id.to_string()),
            changes: row.changes.into_iter().map(|c| ChangeBody { field: c.field, old: c.old, new: c.new }).collect(),
            source: row.source,
            address: row.address,
            request_id: row.request_id,
        }
    }
}
