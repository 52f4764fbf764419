//! What the demo's organization, teams and people may use: set as people set it, when the usage stands that it is measured by. The first
//! team is near its budget.

use super::cast::DOMAIN;
use crate::{
    domain::{
        limit_forms::AllowanceChange,
        limits::Limits,
        money::{DOLLAR, NanoUsd},
        self_service::SelfServicePolicy,
    },
    service::{
        Caller, ServiceError, Services,
        budget_requests::{BudgetOf, NewBudgetRequest},
        limits::{How, LimitsOf},
    },
    storage,
};

/// What the near team has spent of its budget, in percent.
const NEAR: i64 = 84;

impl Services {
    /// Sets limits and budgets, and has somebody ask for more. What is set already is set again.
    pub(super) async fn write_demo_limits(&self) -> Result<(), ServiceError> {
        let person = async |name: &str| {
            let address = format!("{name}@{DOMAIN}");
            let mut c = self.store.reader().await?;
            let found = storage::users::find_credentials(&mut c, &address).await?;
            let unknown = || ServiceError::Internal(format!("{address} is not in the demo data"));
            Ok::<_, ServiceError>(Caller::system(found.ok_or_else(unknown)?.user))
        };
        let maya = person("maya.okafor").await?;
        let windows = |rpm, tpm, rpd| Limits { rpm: Some(rpm), tpm: Some(tpm), rpd: Some(rpd), ..Limits::default() };
        let organization = AllowanceChange {
            limits: Some(windows(60_000, 100_000_000, 2_000_000)),
            budget: Some(Some(NanoUsd(60_000 * DOLLAR))),
            ..AllowanceChange::default()
        };
        self.put_organization_limits(&maya, "northwind-labs", organization, How::default()).await?;
        let spent = self.get_limits_page(&maya, "atlas-search").await?.used.spent;
        // In whole dollars, so that it looks like what somebody would set.
        let budget = (spent.0 / NEAR * 100 / DOLLAR).clamp(1, 50_000) * DOLLAR;
        let team = AllowanceChange {
            limits: Some(windows(6_000, 20_000_000, 500_000)),
            budget: Some(Some(NanoUsd(budget))),
            ..AllowanceChange::default()
        };
        self.put_limits(&maya, "atlas-search", LimitsOf::Team, team, How::default()).await?;
        let cap = |share: i64| AllowanceChange { budget: Some(Some(NanoUsd(budget / share))), ..AllowanceChange::default() };
        let aiko = person("aiko.tanaka").await?;
        self.put_limits(&maya, "atlas-search", LimitsOf::Member(aiko.user.id), cap(4), How::default()).await?;
        let policy = SelfServicePolicy { max_keys_per_user: Some(3), max_expiry_days: Some(90), ..SelfServicePolicy::default() };
        self.put_self_service(&maya, "atlas-search", policy).await?;
        let more = NewBudgetRequest {
            of: BudgetOf::Member,
            amount: NanoUsd(budget / 2),
            until: None,
            reason: "The evaluation of the new ranking takes two more runs this month.".into(),
        };
        match self.request_budget(&aiko, "atlas-search", more).await {
            // A run that was cut short has asked already.
            Ok(_) | Err(ServiceError::Conflict("already_requested", _)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
