//! What goes in and out of the routes of plans and of what waits for them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    plan_changes::{PlanRequestView, PlanRow},
    plans::Plan,
};

/// A change that waits.
#[derive(Serialize, ToSchema)]
pub struct PlanRequestBody {
    /// Identifier.
    id: String,
    /// Identifier of the team.
    team: String,
    /// Name of the team.
    team_name: String,
    /// Who asked.
    asked_by: String,
    /// When.
    asked_at: i64,
    /// Plan.
    plan: String,
    /// Seats.
    seats: i64,
}

impl From<PlanRequestView> for PlanRequestBody {
    fn from(request: PlanRequestView) -> Self {
        Self {
            id: request.id.to_string(),
            team: request.team.to_string(),
            team_name: request.team_name,
            asked_by: request.asked_by,
            asked_at: request.asked_at.0,
            plan: request.wanted.plan,
            seats: request.wanted.seats,
        }
    }
}

/// A decision about a change that waits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDecisionBody {
    /// Approve it, or decline it.
    pub approve: bool,
    /// Why; needed for declining.
    #[serde(default)]
    pub reason: String,
}

/// A plan. Amounts are nano-dollars.
#[derive(Serialize, ToSchema)]
pub struct PlanBody {
    /// Identifier.
    id: String,
    /// Name.
    name: String,
    /// Price of a seat per period.
    seat_price: i64,
    /// Usage that comes with a seat per period.
    included_usage: i64,
    /// Owners change to it without asking.
    self_service: bool,
    /// Can be chosen.
    active: bool,
    /// Teams that are on it; for platform admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    teams: Option<i64>,
}

impl From<PlanRow> for PlanBody {
    fn from(row: PlanRow) -> Self {
        Self { teams: row.teams, ..row.plan.into() }
    }
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            name: plan.name,
            seat_price: plan.seat_price.0,
            included_usage: plan.included_usage.0,
            self_service: plan.self_service,
            active: plan.active,
            teams: None,
        }
    }
}

/// A new plan, or a change of one; what is left out of a change stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPatchBody {
    /// Name.
    pub name: Option<String>,
    /// Price of a seat per period.
    pub seat_price: Option<i64>,
    /// Usage that comes with a seat per period.
    pub included_usage: Option<i64>,
    /// Owners change to it without asking.
    pub self_service: Option<bool>,
    /// Can be chosen.
    pub active: Option<bool>,
}
