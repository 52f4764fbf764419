//! `/teams/{team}/billing`, `/ledger`, `/statements`: the money of a team.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    billing_bodies::{
        AdjustmentBody, BillingBody, BillingPutBody, DiscountBody, LedgerLineBody, LedgerQuery, ModelChargeBody, PeriodBody,
        PlanChangedBody, StatementBody,
    },
    body::{Asked, Sent, in_pieces},
    list::List,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        ledger::{self, EntryKind, LEDGER_CSV_HEAD, LedgerFilter, ledger_csv_row},
        page::{Page, PageRequest},
        plan_changes::Wanted,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services},
};

/// Balance, plan and seats.
#[utoipa::path(get, path = "/teams/{team}/billing", tag = "Billing", params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = BillingBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<BillingBody>> {
    Ok(Json(services.get_billing(&caller, &team).await?.into()))
}

/// Change plan and seats: more acts now, less at renewal. May wait for a platform admin.
#[utoipa::path(put, path = "/teams/{team}/billing", tag = "Billing", params(("team" = String, Path, description = "Short name or id")),
    request_body = BillingPutBody, responses((status = 200, body = PlanChangedBody), (status = 202, description = "It waits for a platform admin."),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn put(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<BillingPutBody>,
) -> Answer<(StatusCode, Json<PlanChangedBody>)> {
    let plan = match body.plan {
        Some(plan) => plan,
        None => {
            let now = services.get_billing(&caller, &team).await?.plan;
            Some(now.ok_or_else(|| ServiceError::field("plan", "Choose a plan."))?)
        }
    };
    let wanted = plan.map_or(Wanted::End, |plan| Wanted::Plan(plan, body.seats));
    if body.preview {
        let preview = services.preview_plan(&caller, &team, &wanted).await?;
        return Ok((StatusCode::OK, Json(PlanChangedBody::preview(preview))));
    }
    let changed = services.change_plan(&caller, &team, &wanted).await?;
    let status = if changed.waits { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(changed.into())))
}

/// Take back the change that waits.
#[utoipa::path(delete, path = "/teams/{team}/billing/request", tag = "Billing", params(("team" = String, Path, description = "Short name or id")),
    responses((status = 204, description = "It waits no more."), (status = 404, body = ProblemBody)))]
pub async fn withdraw(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<StatusCode> {
    services.withdraw_plan_request(&caller, &team).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adjust the balance. Platform admins only.
#[utoipa::path(post, path = "/teams/{team}/adjustments", tag = "Billing", params(("team" = String, Path, description = "Short name or id")),
    request_body = AdjustmentBody, responses((status = 200, body = BillingBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn adjust(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<AdjustmentBody>,
) -> Answer<Json<BillingBody>> {
    services.adjust_balance(&caller, &team, body.amount, &body.reason).await?;
    Ok(Json(services.get_billing(&caller, &team).await?.into()))
}

/// Set the discount on usage. Platform admins only.
#[utoipa::path(put, path = "/teams/{team}/discount", tag = "Billing", params(("team" = String, Path, description = "Short name or id")),
    request_body = DiscountBody, responses((status = 200, body = DiscountBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_discount(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<DiscountBody>,
) -> Answer<Json<DiscountBody>> {
    services.set_discount(&caller, &team, body.discount_bp).await?;
    Ok(Json(body))
}

/// Movements of the balance, newest first.
#[utoipa::path(get, path = "/teams/{team}/ledger", tag = "Billing",
    params(("team" = String, Path, description = "Short name or id"), LedgerQuery),
    responses((status = 200, body = List<LedgerLineBody>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn ledger(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<LedgerQuery>,
) -> Answer<Json<List<LedgerLineBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor.clone() };
    let found = services.list_ledger(&caller, &team, &filter(&query)?, &page).await?;
    Ok(Json(List::of(found, LedgerLineBody::from)))
}

/// The same as CSV, all of it.
#[utoipa::path(get, path = "/teams/{team}/ledger.csv", tag = "Billing",
    params(("team" = String, Path, description = "Short name or id"), LedgerQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn ledger_csv(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<LedgerQuery>,
) -> Answer<Response> {
    let filter = filter(&query)?;
    export(services, caller, team, filter).await
}

/// What the models of a line of usage were charged.
#[utoipa::path(get, path = "/teams/{team}/ledger/{line}/models", tag = "Billing",
    params(("team" = String, Path, description = "Short name or id"), ("line" = i64, Path, description = "Number of the line")),
    responses((status = 200, body = [ModelChargeBody]), (status = 404, body = ProblemBody)))]
pub async fn line_models(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, line)): Path<(String, String)>,
) -> Answer<Json<Vec<ModelChargeBody>>> {
    let line = line.parse().map_err(|_| ServiceError::NotFound)?;
    let models = services.list_line_models(&caller, &team, line).await?;
    let body = |share: crate::domain::usage::UsageShare| ModelChargeBody {
        model: share.name,
        calls: share.figures.requests,
        cost: share.figures.cost,
    };
    Ok(Json(models.into_iter().map(body).collect()))
}

/// Periods that have a statement, newest first.
#[utoipa::path(get, path = "/teams/{team}/statements", tag = "Billing", params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = [PeriodBody]), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn statements(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<Vec<PeriodBody>>> {
    let periods = services.list_statements(&caller, &team).await?;
    Ok(Json(periods.into_iter().map(|period| PeriodBody { start: period.start.0, end: period.end.0 }).collect()))
}

/// The statement of a period.
#[utoipa::path(get, path = "/teams/{team}/statements/{start}", tag = "Billing",
    params(("team" = String, Path, description = "Short name or id"), ("start" = i64, Path, description = "Start of the period")),
    responses((status = 200, body = StatementBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn statement(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, start)): Path<(String, String)>,
) -> Answer<Json<StatementBody>> {
    let start = start.parse().map(UnixMs).map_err(|_| ServiceError::NotFound)?;
    Ok(Json(services.get_statement(&caller, &team, start).await?.into()))
}

/// The same as CSV: sums, fees of seats, lines of the ledger and what models were charged, in this order.
#[utoipa::path(get, path = "/teams/{team}/statements/{start}/statement.csv", tag = "Billing",
    params(("team" = String, Path, description = "Short name or id"), ("start" = i64, Path, description = "Start of the period")),
    responses((status = 200, description = "CSV", content_type = "text/csv"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn statement_csv(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, start)): Path<(String, String)>,
) -> Answer<Response> {
    let start = start.parse().map(UnixMs).map_err(|_| ServiceError::NotFound)?;
    let statement = services.get_statement(&caller, &team, start).await?;
    let (year, month, day) = statement.period.start.civil();
    let file = format!("attachment; filename=\"statement-{}-{year}-{month:02}-{day:02}.csv\"", statement.team_slug);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, ledger::statement_csv(&statement)).into_response())
}

/// Reads piece by piece while the client takes it, so an export needs no more memory than one piece.
async fn export(services: Services, caller: Caller, team: String, filter: LedgerFilter) -> Answer<Response> {
    let first = services.export_ledger(&caller, &team, &filter, None).await?;
    let file = format!("attachment; filename=\"ledger-{team}.csv\"");
    let pieces = futures::stream::unfold(Some((LEDGER_CSV_HEAD.to_owned(), first)), move |state| {
        let (services, caller, team) = (services.clone(), caller.clone(), team.clone());
        async move {
            let (mut text, Page { items, next_cursor }) = state?;
            text.extend(items.iter().map(ledger_csv_row));
            let next = match next_cursor.and_then(|cursor| cursor.parse().ok()) {
                None => None,
                cursor => match services.export_ledger(&caller, &team, &filter, cursor).await {
                    Ok(page) => Some((String::new(), page)),
                    // The connection breaks off: a file that looks whole and is not would be worse.
                    Err(error) => return Some((Err(std::io::Error::other(error.to_string())), None)),
                },
            };
            Some((Ok(text), next))
        }
    });
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, in_pieces(pieces)).into_response())
}

fn filter(query: &LedgerQuery) -> Result<LedgerFilter, ServiceError> {
    let wrong = || ServiceError::field("kind", "Choose seat_credit, usage_charge, adjustment or expiry.");
    let kind = match query.kind.as_deref() {
        None | Some("") => None,
        Some(word) => Some(EntryKind::parse(word).ok_or_else(wrong)?),
    };
    Ok(LedgerFilter { kind, period_start: query.period.map(UnixMs) })
}
