//! Statistics as files: what the chart of the usage page shows.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::UsageQuery;
use crate::{
    api::{
        body::Asked,
        problem::{Answer, ProblemBody},
        signed_in::SignedIn,
    },
    domain::{
        usage_asked::UsageGroup,
        usage_files::{ranking_csv, usage_csv},
        usage_filter::Dimension,
    },
    service::{
        Caller, Services,
        usage::{
            asked::{parse_group, parse_order},
            statistics::UsageOf,
        },
    },
};

/// Most groups of a file; the others are added up.
const GROUPS: usize = 20;

/// Figures of a range by interval as CSV; with `group_by` also of the largest twenty groups, and of the others together.
#[utoipa::path(get, path = "/teams/{team}/usage.csv", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), UsageQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_team(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    file(&services, &caller, UsageOf::Team(&team), &query).await
}

/// The same of all teams of an organization. For its admins.
#[utoipa::path(get, path = "/organizations/{org}/usage.csv", tag = "Usage",
    params(("org" = String, Path, description = "Short name or id"), UsageQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn of_organization(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    file(&services, &caller, UsageOf::Organization(&org), &query).await
}

/// The same of everybody. For platform admins.
#[utoipa::path(get, path = "/usage.csv", tag = "Usage", params(UsageQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv")))]
pub async fn of_platform(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    file(&services, &caller, UsageOf::Platform, &query).await
}

/// Sums by member, or by what `group_by` names, as CSV, largest first.
#[utoipa::path(get, path = "/teams/{team}/usage/ranking.csv", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), UsageQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn ranking_of_team(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    ranking(&services, &caller, UsageOf::Team(&team), &query).await
}

/// The same of all teams of an organization. For its admins.
#[utoipa::path(get, path = "/organizations/{org}/usage/ranking.csv", tag = "Usage",
    params(("org" = String, Path, description = "Short name or id"), UsageQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn ranking_of_organization(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    ranking(&services, &caller, UsageOf::Organization(&org), &query).await
}

/// The same of everybody. For platform admins.
#[utoipa::path(get, path = "/usage/ranking.csv", tag = "Usage", params(UsageQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv")))]
pub async fn ranking_of_platform(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    ranking(&services, &caller, UsageOf::Platform, &query).await
}

async fn ranking(services: &Services, caller: &Caller, of: UsageOf<'_>, query: &UsageQuery) -> Answer<Response> {
    let asked = query.asked();
    let statistics = services.usage_query(caller, of, &asked).await?;
    let by = parse_group(&asked)?.unwrap_or(Dimension::Member.into());
    let text = ranking_csv(&services.usage_ranking(caller, of, by, parse_order(&asked)?, &statistics).await?);
    let name = "attachment; filename=\"ranking.csv\"";
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

async fn file(services: &Services, caller: &Caller, of: UsageOf<'_>, query: &UsageQuery) -> Answer<Response> {
    let asked = query.asked();
    let statistics = services.usage_query(caller, of, &asked).await?;
    let by = parse_group(&asked)?;
    // Without groups the model's are read and left out.
    let group = by.unwrap_or(UsageGroup::Of(Dimension::Model));
    let series = services.usage_series(caller, of, group, parse_order(&asked)?, GROUPS, &statistics).await?;
    let text = usage_csv(&series, by.is_some());
    let name = "attachment; filename=\"usage.csv\"";
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
