//! Limits as programs send and read them. What a number can not be is a problem of its field, not of the whole body.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::nullable;
use crate::{
    domain::{
        field_errors::FieldErrors,
        limit_forms::{AllowanceChange, wrong_budget},
        limit_scopes::{Allowance, BudgetPer},
        limits::{Limits, Window},
        money::NanoUsd,
    },
    service::limits::LimitsView,
};

/// What was sent as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// A whole one.
    Whole(i64),
    /// Something else.
    Wrong,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sent = Value::deserialize(deserializer)?;
        Ok(sent.as_i64().map_or(Self::Wrong, Self::Whole))
    }
}

/// The number of a field; what is none is noted.
pub fn number(field: &str, sent: Option<Number>, wrong: impl FnOnce() -> String, errors: &mut FieldErrors) -> Option<i64> {
    match sent {
        None => None,
        Some(Number::Whole(value)) => Some(value),
        Some(Number::Wrong) => {
            errors.add(field, wrong());
            None
        }
    }
}

/// Limits: all five windows at once. What is left out or `null` is not limited; 0 allows nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsBody {
    /// Requests per minute.
    #[schema(value_type = Option<i64>)]
    rpm: Option<Number>,
    /// Tokens per minute.
    #[schema(value_type = Option<i64>)]
    tpm: Option<Number>,
    /// Requests per hour.
    #[schema(value_type = Option<i64>)]
    rph: Option<Number>,
    /// Requests per day.
    #[schema(value_type = Option<i64>)]
    rpd: Option<Number>,
    /// Tokens per day.
    #[schema(value_type = Option<i64>)]
    tpd: Option<Number>,
    /// Budget in nano-dollars; `null` for none. Left out it stays. A team's is its spending limit, for its owner and platform admins.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    budget: Option<Option<Number>>,
    /// `period` for each billing month (unless asked otherwise), or `total`.
    #[schema(value_type = Option<String>)]
    budget_period: Option<PeriodWord>,
    /// The version that the change was made from; refused with 409 if there is another one by now.
    version: Option<i64>,
}

/// `period` or `total`, exactly as the product writes it.
#[derive(Clone, Copy, Debug)]
pub struct PeriodWord(pub BudgetPer);

impl<'de> Deserialize<'de> for PeriodWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BudgetPer::parse(&text).map(Self).ok_or_else(|| serde::de::Error::custom("a budget is per period or total"))
    }
}

impl LimitsBody {
    /// What is to be changed.
    pub fn parse(&self) -> Result<AllowanceChange, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut limits = Limits::default();
        for (window, sent) in Window::ALL.into_iter().zip([self.rpm, self.tpm, self.rph, self.rpd, self.tpd]) {
            limits.set(window, number(window.as_str(), sent, || window.wrong(), &mut errors));
        }
        let budget = self.budget.map(|sent| budget("budget", sent, &mut errors));
        errors.into_result()?;
        Ok(AllowanceChange { limits: Some(limits), budget, per: self.budget_period.map(|word| word.0), raise: None })
    }

    /// The version that the change was made from.
    pub fn version(&self) -> Option<i64> {
        self.version
    }
}

/// An amount of money; what is none is noted.
pub fn budget(field: &str, sent: Option<Number>, errors: &mut FieldErrors) -> Option<NanoUsd> {
    number(field, sent, wrong_budget, errors).map(NanoUsd)
}

/// What `limits`, `budget` and `budget_period` of a member or a key mean together. `limits: null` takes all windows away.
pub fn bounds(
    limits: Option<Option<LimitsBody>>,
    sent: Option<Option<Number>>,
    per: Option<PeriodWord>,
) -> Result<AllowanceChange, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut change = match limits {
        None => AllowanceChange::default(),
        Some(None) => AllowanceChange { limits: Some(Limits::default()), ..AllowanceChange::default() },
        Some(Some(body)) => body.parse()?,
    };
    if let Some(sent) = sent {
        change.budget = Some(budget("budget", sent, &mut errors));
    }
    if let Some(PeriodWord(per)) = per {
        change.per = Some(per);
    }
    errors.into_result()?;
    Ok(change)
}

/// What is set.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AllowanceBody {
    /// Requests per minute.
    rpm: Option<i64>,
    /// Tokens per minute.
    tpm: Option<i64>,
    /// Requests per hour.
    rph: Option<i64>,
    /// Requests per day.
    rpd: Option<i64>,
    /// Tokens per day.
    tpd: Option<i64>,
    /// Budget, without a temporary raise.
    budget: Option<i64>,
    /// `period` or `total`.
    budget_period: &'static str,
    /// A temporary raise of the budget.
    raise: Option<RaiseBody>,
}

/// More money for a while.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct RaiseBody {
    /// How much more.
    by: i64,
    /// Until when.
    until: i64,
}

impl From<Allowance> for AllowanceBody {
    fn from(set: Allowance) -> Self {
        let Limits { rpm, tpm, rph, rpd, tpd } = set.limits;
        Self {
            rpm,
            tpm,
            rph,
            rpd,
            tpd,
            budget: set.budget.map(|amount| amount.0),
            budget_period: set.per.as_str(),
            raise: set.raise.map(|raise| RaiseBody { by: raise.by.0, until: raise.until.0 }),
        }
    }
}

/// Limits of a scope.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsAnswer {
    /// `organization`, `team`, `team_model`, `grant`, `member` or `key`.
    scope: &'static str,
    /// Identifier of what it is: of the member's account, of the model.
    id: String,
    /// Its name.
    name: String,
    #[serde(flatten)]
    set: AllowanceBody,
    /// Another one after each change; 0 where nothing is set.
    version: i64,
    /// Whose limits it lies within; none for the outermost.
    parent: Option<String>,
    /// What is set there.
    ceiling: Option<AllowanceBody>,
    /// What is set on the scopes right below, added up; it may be more than there is.
    promised: AllowanceBody,
    /// Start of the present billing month.
    period_start: i64,
    /// Its end.
    period_end: i64,
}

impl From<LimitsView> for LimitsAnswer {
    fn from(view: LimitsView) -> Self {
        use crate::domain::limit_scopes::Scope;

        let id = match view.scope {
            Scope::Organization(id) => id.to_string(),
            Scope::Team(id) => id.to_string(),
            Scope::TeamModel(_, id) => id.to_string(),
            Scope::Member(_, id) => id.to_string(),
            Scope::Key(id) => id.to_string(),
            Scope::Grant(id) => id.to_string(),
        };
        let promised = Allowance { limits: view.promised.limits, budget: view.promised.budget, ..Allowance::default() };
        Self {
            scope: view.scope.as_str(),
            id,
            name: view.name,
            set: view.allowance.into(),
            version: view.version,
            parent: view.ceiling.as_ref().map(|ceiling| ceiling.name.clone()),
            ceiling: view.ceiling.map(|ceiling| ceiling.allowance.into()),
            promised: promised.into(),
            period_start: view.period.start.0,
            period_end: view.period.end.0,
        }
    }
}
