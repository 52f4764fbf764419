//! What people see of a team's money, and what they ask to change.

use serde::{Deserialize, Serialize};

use super::{
    billing::Fee,
    ids::{PlanRequestId, TeamId},
    ledger::{EntryKind, LedgerLine},
    limit_scopes::BudgetPer,
    members::SeatlessInvitation,
    periods::Period,
    plans::{Plan, Proration},
    time::UnixMs,
    usage::UsageShare,
};

/// A plan by name and a number of seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAndSeats {
    /// Name of the plan.
    pub plan: String,
    /// Seats.
    pub seats: i64,
}

/// What somebody wants a team to be on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A plan, by name or id, and seats; none for as many as now.
    Plan(String, Option<i64>),
    /// No plan: it ends at renewal.
    End,
}

/// What the next period begins with, where that is something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// The same.
    Same,
    /// Another plan, or fewer seats.
    Change(PlanAndSeats),
    /// Nothing: the plan ends.
    End,
}

/// A change that waits for a platform admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequestView {
    /// Identifier.
    pub id: PlanRequestId,
    /// Team.
    pub team: TeamId,
    /// Name of the team.
    pub team_name: String,
    /// Short name of the team.
    pub team_slug: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: UnixMs,
    /// What for.
    pub wanted: PlanAndSeats,
}

/// The money of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingView {
    /// Plan; none without one.
    pub plan: Option<String>,
    /// Price of a seat in this period.
    pub seat_price: i64,
    /// Usage that comes with a seat in this period.
    pub included_usage: i64,
    /// Seats of the team; none for unlimited.
    pub seats: Option<i64>,
    /// Members.
    pub members: i64,
    /// Invitations that wait.
    pub pending: i64,
    /// Balance; none for a team that never had a plan.
    pub balance: Option<i64>,
    /// Of it, what expires with the period.
    pub expiring: i64,
    /// What was credited for seats in this period.
    pub credited: i64,
    /// What was charged to the balance in this period.
    pub charged: i64,
    /// The running period.
    pub period: Period,
    /// What comes next.
    pub next: Next,
    /// Discount on all usage, in basis points.
    pub discount_bp: i64,
    /// Spending limit; none without one.
    pub spending_limit: Option<i64>,
    /// Over what it runs.
    pub limit_per: BudgetPer,
    /// Charged in that.
    pub limit_spent: i64,
    /// Charged since the period began, to the balance or not.
    pub spent: i64,
    /// A change that waits.
    pub request: Option<PlanRequestView>,
    /// Whether the viewer may change plan and seats.
    pub may_change: bool,
    /// Whether the viewer may adjust the balance and set the discount.
    pub may_adjust: bool,
    /// Whether calls of a team without plan and spending limit are allowed.
    pub allows_unbilled: bool,
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChangePreview {
    /// What would be wanted.
    pub wanted: Option<PlanAndSeats>,
    /// What would hold from now on, where that is something else.
    pub now: Option<PlanAndSeats>,
    /// What would come next.
    pub next: Next,
    /// Money of the rest of the period.
    pub proration: Proration,
    /// The period that it is counted in.
    pub period: Period,
    /// What a whole period would be credited and cost from the next renewal on.
    pub per_period: Proration,
    /// Invitations that would lose their seat, newest first.
    pub without_seat: Vec<SeatlessInvitation>,
    /// Whether a platform admin has to approve it.
    pub needs_approval: bool,
    /// Nothing would change.
    pub nothing: bool,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChanged {
    /// What it does, or would do once approved.
    pub preview: PlanChangePreview,
    /// Whether it waits for a platform admin.
    pub waits: bool,
}

/// A plan and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    /// Plan.
    pub plan: Plan,
    /// Teams that are on it; none for those who do not run the platform.
    pub teams: Option<i64>,
}

/// A period of a team, in sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Name of the team.
    pub team_name: String,
    /// Short name of the team.
    pub team_slug: String,
    /// Name of the organization; empty for a personal space.
    pub organization: String,
    /// Which period.
    pub period: Period,
    /// Whether it is over.
    pub over: bool,
    /// Balance before it.
    pub opening: i64,
    /// Included usage of seats.
    pub credited: i64,
    /// Charges of calls, below zero.
    pub charged: i64,
    /// Adjustments.
    pub adjusted: i64,
    /// Expired credit, below zero.
    pub expired: i64,
    /// Balance after it.
    pub closing: i64,
    /// Lines of the ledger, oldest first.
    pub lines: Vec<LedgerLine>,
    /// Fees of seats.
    pub fees: Vec<Fee>,
    /// What models were charged, dearest first.
    pub models: Vec<UsageShare>,
}

impl Statement {
    /// The balance before, what changed it by kind, and the balance after: what pages and files begin with.
    pub fn sums(&self) -> [(Option<EntryKind>, &'static str, i64); 6] {
        [
            (None, "Balance before", self.opening),
            (Some(EntryKind::SeatCredit), "Included usage of seats", self.credited),
            (Some(EntryKind::UsageCharge), "Usage", self.charged),
            (Some(EntryKind::Adjustment), "Adjustments", self.adjusted),
            (Some(EntryKind::Expiry), "Expired credit", self.expired),
            (None, "Balance after", self.closing),
        ]
    }

    /// What the seats cost.
    pub fn fee(&self) -> i64 {
        self.fees.iter().map(|fee| fee.amount).sum()
    }
}

/// The comparison of the books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookCheck {
    /// When it was made; none before the first.
    pub at: Option<UnixMs>,
    /// What disagrees; empty when the books balance.
    pub differences: Vec<String>,
}
