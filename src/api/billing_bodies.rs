//! What goes in and out of the billing routes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::plan_bodies::PlanRequestBody;
use crate::domain::{
    billing::Fee,
    ledger::LedgerLine,
    plan_changes::{BillingView, Next, PlanAndSeats, PlanChangePreview, PlanChanged, Statement},
};

/// A plan and seats.
#[derive(Serialize, ToSchema)]
pub struct PlanAndSeatsBody {
    /// Name of the plan.
    plan: String,
    /// Seats.
    seats: i64,
}

impl From<PlanAndSeats> for PlanAndSeatsBody {
    fn from(of: PlanAndSeats) -> Self {
        Self { plan: of.plan, seats: of.seats }
    }
}

/// The money of a team. Amounts are nano-dollars.
#[derive(Serialize, ToSchema)]
pub struct BillingBody {
    /// Plan; `null` without one.
    plan: Option<String>,
    /// Price of a seat in this period.
    seat_price: i64,
    /// Usage that comes with a seat in this period.
    included_usage: i64,
    /// Seats; `null` for unlimited.
    seats: Option<i64>,
    /// Members.
    members: i64,
    /// Invitations that wait.
    pending: i64,
    /// Balance; `null` for a team that never had a plan.
    balance: Option<i64>,
    /// Of the balance, what expires with the period.
    expiring: i64,
    /// Start of the period.
    period_start: i64,
    /// Start of the next one.
    period_end: i64,
    /// Discount on all usage, in hundredths of a percent.
    discount_bp: i64,
    /// What the next period begins with, where that is something else.
    next: Option<PlanAndSeatsBody>,
    /// Whether the plan ends with the period.
    ends: bool,
    /// Spending limit; `null` where none is set.
    spending_limit: Option<i64>,
    /// Charged since the period began.
    spent: i64,
    /// A change that waits for a platform admin, for those who may ask for one.
    request: Option<PlanRequestBody>,
}

impl From<BillingView> for BillingBody {
    fn from(view: BillingView) -> Self {
        let ends = view.next == Next::End;
        Self {
            plan: view.plan,
            seat_price: view.seat_price,
            included_usage: view.included_usage,
            seats: view.seats,
            members: view.members,
            pending: view.pending,
            balance: view.balance,
            expiring: view.expiring,
            period_start: view.period.start.0,
            period_end: view.period.end.0,
            discount_bp: view.discount_bp,
            next: next(view.next),
            ends,
            spending_limit: view.spending_limit,
            spent: view.spent,
            request: view.request.map(PlanRequestBody::from),
        }
    }
}

fn next(next: Next) -> Option<PlanAndSeatsBody> {
    match next {
        Next::Change(next) => Some(next.into()),
        Next::Same | Next::End => None,
    }
}

/// The plan and seats that a team is to be on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingPutBody {
    /// Name or id of a plan; `null` ends the plan at renewal. Left out, the plan stays.
    #[serde(default, deserialize_with = "super::body::nullable")]
    #[schema(value_type = Option<String>)]
    pub plan: Option<Option<String>>,
    /// Seats; left out, as many as now.
    pub seats: Option<i64>,
    /// Only say what it would do.
    #[serde(default)]
    pub preview: bool,
}

/// What a change of plan and seats does.
#[derive(Serialize, ToSchema)]
pub struct PlanChangedBody {
    /// It waits for a platform admin: `waits`; it was done: `done`; it was only worked out: `preview`.
    state: &'static str,
    /// Whether a platform admin has to approve it.
    needs_approval: bool,
    /// What holds from now on, where that is something else.
    now: Option<PlanAndSeatsBody>,
    /// What the next period begins with, where that is something else.
    next: Option<PlanAndSeatsBody>,
    /// Whether the plan ends with the period.
    ends: bool,
    /// Credited for the rest of the period.
    credit: i64,
    /// On the statement for the rest of the period.
    fee: i64,
    /// Credited in each whole period.
    credit_per_period: i64,
    /// On the statement in each whole period.
    fee_per_period: i64,
    /// Invitations that lose their seat, newest first.
    without_seat: Vec<String>,
}

impl PlanChangedBody {
    /// What a change would do.
    pub fn preview(preview: PlanChangePreview) -> Self {
        Self::of("preview", preview)
    }

    fn of(state: &'static str, preview: PlanChangePreview) -> Self {
        let ends = preview.next == Next::End;
        Self {
            state,
            needs_approval: preview.needs_approval,
            now: preview.now.map(PlanAndSeatsBody::from),
            next: next(preview.next),
            ends,
            credit: preview.proration.credit.0,
            fee: preview.proration.fee.0,
            credit_per_period: preview.per_period.credit.0,
            fee_per_period: preview.per_period.fee.0,
            without_seat: preview.without_seat.into_iter().map(|invitation| invitation.email).collect(),
        }
    }
}

impl From<PlanChanged> for PlanChangedBody {
    fn from(changed: PlanChanged) -> Self {
        Self::of(if changed.waits { "waits" } else { "done" }, changed.preview)
    }
}

/// An adjustment of a balance.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentBody {
    /// Nano-dollars; below zero to take away.
    pub amount: i64,
    /// Why.
    pub reason: String,
}

/// A team's discount.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountBody {
    /// Hundredths of a percent, 0 to 10,000.
    pub discount_bp: i64,
}

/// Which lines of a ledger are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// `seat_credit`, `usage_charge`, `adjustment` or `expiry`.
    pub kind: Option<String>,
    /// Only of the period that begins then.
    pub period: Option<i64>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise; an export has all.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A line of a ledger: one movement, or the neighbouring charges of one day.
#[derive(Serialize, ToSchema)]
pub struct LedgerLineBody {
    /// Its number, from 1.
    line: i64,
    /// When, or of the last charge.
    at: i64,
    /// `seat_credit`, `usage_charge`, `adjustment` or `expiry`.
    kind: &'static str,
    /// Signed, in nano-dollars.
    amount: i64,
    /// In words.
    description: String,
    /// Balance after it.
    balance_after: i64,
    /// Who made an adjustment; empty for what nobody did.
    by: String,
    /// Start of its period.
    period_start: i64,
}

impl From<LedgerLine> for LedgerLineBody {
    fn from(line: LedgerLine) -> Self {
        Self {
            line: line.line,
            at: line.at.0,
            kind: line.kind.as_str(),
            amount: line.amount,
            description: line.description,
            balance_after: line.balance_after,
            by: line.actor_name,
            period_start: line.period_start.0,
        }
    }
}

/// Usage of a model.
#[derive(Serialize, ToSchema)]
pub struct ModelChargeBody {
    /// Model.
    pub model: String,
    /// Calls that cost something.
    pub calls: i64,
    /// Charged, in nano-dollars.
    pub cost: i64,
}

/// A period of a team.
#[derive(Serialize, ToSchema)]
pub struct PeriodBody {
    /// Start; also the statement's name.
    pub start: i64,
    /// End, excluded.
    pub end: i64,
}

/// A fee of seats.
#[derive(Serialize, ToSchema)]
pub struct FeeBody {
    /// When.
    at: i64,
    /// In words.
    description: String,
    /// Nano-dollars.
    amount: i64,
}

impl From<Fee> for FeeBody {
    fn from(fee: Fee) -> Self {
        Self { at: fee.at.0, description: fee.description, amount: fee.amount }
    }
}

/// A statement. Amounts are nano-dollars.
#[derive(Serialize, ToSchema)]
pub struct StatementBody {
    /// Start of the period.
    start: i64,
    /// End of the period, excluded.
    end: i64,
    /// Whether the period is over.
    over: bool,
    /// Balance before it.
    opening: i64,
    /// Included usage of seats.
    credited: i64,
    /// Charges of calls, below zero.
    charged: i64,
    /// Adjustments.
    adjusted: i64,
    /// Expired credit, below zero.
    expired: i64,
    /// Balance after it.
    closing: i64,
    /// What the seats cost.
    fee: i64,
    /// Lines of the ledger, oldest first.
    lines: Vec<LedgerLineBody>,
    /// Fees of seats.
    fees: Vec<FeeBody>,
    /// What models were charged, dearest first.
    models: Vec<ModelChargeBody>,
}

impl From<Statement> for StatementBody {
    fn from(statement: Statement) -> Self {
        let models = statement.models.iter().map(|share| ModelChargeBody {
            model: share.name.clone(),
            calls: share.figures.requests,
            cost: share.figures.cost,
        });
        Self {
            start: statement.period.start.0,
            end: statement.period.end.0,
            over: statement.over,
            opening: statement.opening,
            credited: statement.credited,
            charged: statement.charged,
            adjusted: statement.adjusted,
            expired: statement.expired,
            closing: statement.closing,
            fee: statement.fee(),
            models: models.collect(),
            lines: statement.lines.into_iter().map(LedgerLineBody::from).collect(),
            fees: statement.fees.into_iter().map(FeeBody::from).collect(),
        }
    }
}
