//! Plans, and what waits of them, for platform admins.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// A plan of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    pub id: String,
    pub name: String,
    /// Price and usage as they are shown.
    pub price: String,
    pub usage: String,
    /// The same as they are typed.
    pub price_typed: String,
    pub usage_typed: String,
    pub self_service: bool,
    pub active: bool,
    pub teams: String,
}

/// A change that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingPlan {
    pub id: String,
    pub team: String,
    /// Address of the team's billing.
    pub href: String,
    pub wanted: String,
    pub asked: String,
}

/// What was typed into a plain form that failed just now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedPlan {
    pub name: String,
    pub seat_price: String,
    pub included_usage: String,
    pub reason: String,
}

/// The page of plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlansPage {
    pub plans: Vec<PlanLine>,
    pub waiting: Vec<WaitingPlan>,
    /// "Books balanced at 12:03"; empty before the first comparison.
    pub books: String,
    /// What the books disagree on.
    pub differences: Vec<String>,
    pub typed: TypedPlan,
}

/// Plans, what waits, and the comparison of the books.
#[server(prefix = "/fn", endpoint = "get_plans", output = PageAnswer)]
pub async fn get_plans() -> Result<PlansPage, AppError> {
    use crate::domain::{billing::seats_words, format};

    let (services, caller) = super::context::signed_in().await?;
    caller.check_platform_admin()?;
    let now = services.clock.now();
    let plans = services.list_plans(&caller).await?;
    let waiting = services.list_plan_requests(&caller).await?;
    let books = services.get_book_check(&caller)?;
    Ok(PlansPage {
        plans: plans
            .into_iter()
            .map(|row| PlanLine {
                id: row.plan.id.to_string(),
                price: format::money(row.plan.seat_price),
                usage: format::money(row.plan.included_usage),
                price_typed: row.plan.seat_price.plain(),
                usage_typed: row.plan.included_usage.plain(),
                self_service: row.plan.self_service,
                active: row.plan.active,
                teams: row.teams.unwrap_or_default().to_string(),
                name: row.plan.name,
            })
            .collect(),
        waiting: waiting
            .into_iter()
            .map(|request| WaitingPlan {
                id: request.id.to_string(),
                href: super::billing::billing_address(&request.team_slug),
                team: request.team_name,
                wanted: format!("{} with {}", request.wanted.plan, seats_words(request.wanted.seats)),
                asked: format!("{} asked {}", request.asked_by, format::ago(request.asked_at, now)),
            })
            .collect(),
        books: books_words(&books),
        differences: books.differences,
        typed: super::context::typed_form(TYPED).unwrap_or_default(),
    })
}

/// Changes a plan, or adds one where no id is given.
#[server(prefix = "/fn", endpoint = "save_plan", output = PageAnswer)]
pub async fn save_plan(
    #[server(default)] id: String,
    #[server(default)] name: String,
    #[server(default)] seat_price: String,
    #[server(default)] included_usage: String,
    #[server(default)] self_service: bool,
    #[server(default)] active: bool,
) -> Result<(), AppError> {
    use super::context;
    use crate::{
        domain::{money::NanoUsd, plans::NewPlan},
        service::ServiceError,
    };

    let (services, caller) = context::signed_in().await?;
    caller.check_platform_admin()?;
    let (price, usage) = (NanoUsd::parse(&seat_price), NanoUsd::parse(&included_usage));
    let saved = match NewPlan::check(&name, price, usage, self_service, active) {
        Err(fields) => Err(ServiceError::from(fields)),
        Ok(new) if id.is_empty() => services.create_plan(&caller, new).await.map(|_| ()),
        Ok(new) => services.update_plan(&caller, &id, new).await.map(|_| ()),
    };
    saved.map_err(|error| {
        let typed = TypedPlan { name, seat_price, included_usage, ..TypedPlan::default() };
        context::keep_typed_form(error, TYPED, &typed)
    })?;
    context::go_to("/admin/plans?done=saved");
    Ok(())
}

/// Approves or declines what waits.
#[server(prefix = "/fn", endpoint = "decide_plan_request", output = PageAnswer)]
pub async fn decide_plan_request(
    id: String,
    #[server(default)] approve: bool,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    use super::context;
    use crate::domain::ids::PlanRequestId;

    let (services, caller) = context::signed_in().await?;
    caller.check_platform_admin()?;
    let request = PlanRequestId::parse(&id).ok_or(AppError::NotFound)?;
    let decided = services.decide_plan_request(&caller, request, approve, &reason).await;
    decided.map_err(|error| context::keep_typed_form(error, TYPED, &TypedPlan { reason, ..TypedPlan::default() }))?;
    context::go_to(if approve { "/admin/plans?done=approved" } else { "/admin/plans?done=declined" });
    Ok(())
}

/// "Books balanced at 12:03", or that they do not; empty before the first comparison.
#[cfg(feature = "ssr")]
pub(super) fn books_words(check: &crate::domain::plan_changes::BookCheck) -> String {
    let Some(at) = check.at else { return String::new() };
    let (hour, minute, _) = at.clock();
    let balanced = if check.differences.is_empty() { "balanced" } else { "do not balance, compared" };
    format!("Books {balanced} at {hour:02}:{minute:02} UTC")
}

/// The name that the forms are kept under.
#[cfg(feature = "ssr")]
const TYPED: &str = "plans";
