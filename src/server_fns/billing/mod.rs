//! The money of a team: balance, plan and seats, ledger, statements.

#[cfg(feature = "ssr")]
mod statement;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub(in crate::server_fns) use view::discount_words;

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// What the address asks for; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerAsked {
    pub kind: String,
    /// Start of the period, in milliseconds.
    pub period: String,
    pub cursor: String,
    /// The line that is opened into its models.
    pub open: String,
}

/// An amount as it is read, and exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub text: String,
    pub exact: String,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub number: String,
    pub time: String,
    pub time_title: String,
    pub rfc3339: String,
    pub kind: String,
    pub description: String,
    pub by: String,
    pub amount: Amount,
    pub balance: Amount,
    /// Whether it opens into models.
    pub opens: bool,
    /// The models, where it is opened: name, calls, amount.
    pub models: Vec<(String, String, Amount)>,
}

/// A label and what stands beside it.
pub type Fact = (String, String);

/// A value and its label.
pub type Pick = (String, String);

/// The billing page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingPage {
    pub name: String,
    pub slug: String,
    pub lead: String,
    /// None for a team that never had a plan.
    pub balance: Option<Amount>,
    /// What expires when.
    pub balance_note: String,
    /// Why calls are refused; empty while they are not.
    pub empty: String,
    /// Empty without a plan.
    pub plan: String,
    pub facts: Vec<Fact>,
    /// What the next period begins with; empty where that is the same.
    pub next: String,
    /// What waits for a platform admin; empty where nothing does.
    pub request: String,
    /// Spent of the spending limit, and how much of it in percent; none without one.
    pub limit: Option<(String, u32)>,
    pub limit_note: String,
    pub discount: String,
    pub discount_percent: String,
    /// Who can change plan and seats, where the reader can not.
    pub set_by: String,
    pub may_change: bool,
    pub may_adjust: bool,
    pub may_end: bool,
    /// Plans to choose from.
    pub plans: Vec<Pick>,
    pub chosen_plan: String,
    pub seats: String,
    pub rows: Vec<LedgerRow>,
    pub kinds: Vec<Pick>,
    pub periods: Vec<Pick>,
    pub summary: String,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub filtered: bool,
    /// Address of the file.
    pub export: String,
    pub typed: TypedMoney,
}

/// What was typed into a plain form that failed just now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedMoney {
    pub amount: String,
    pub reason: String,
    pub percent: String,
}

/// What a change of plan and seats would do, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    pub title: String,
    pub facts: Vec<String>,
    /// Addresses whose invitation loses its seat, newest first.
    pub without_seat: Vec<String>,
    /// What is wrong with it; then it can not be saved.
    pub problem: String,
    pub nothing: bool,
    pub button: String,
    pub plan: String,
    pub seats: String,
}

/// A row of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRow {
    pub date: String,
    pub what: String,
    pub amount: Amount,
    /// Empty where it is none of the balance.
    pub balance: Amount,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementPage {
    pub name: String,
    pub slug: String,
    pub organization: String,
    pub title: String,
    pub span: String,
    /// Of a period that is not over.
    pub so_far: bool,
    pub sums: Vec<(String, Amount)>,
    pub lines: Vec<StatementRow>,
    pub fees: Vec<StatementRow>,
    pub fee: Amount,
    /// Model, calls, amount.
    pub models: Vec<(String, String, Amount)>,
    pub export: String,
    /// Address and title of the other statements.
    pub others: Vec<Pick>,
}

/// Balance, plan, seats and ledger of a context.
#[server(prefix = "/fn", endpoint = "get_billing", output = PageAnswer)]
pub async fn get_billing(team: String, #[server(default)] asked: LedgerAsked) -> Result<BillingPage, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    Ok(view::load(&services, &caller, &team, asked).await?)
}

/// What a change would do; none where no plan is named.
#[server(prefix = "/fn", endpoint = "preview_plan_change", output = PageAnswer)]
pub async fn preview_plan_change(
    team: String,
    #[server(default)] plan: String,
    #[server(default)] seats: String,
) -> Result<Option<ChangeView>, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    if plan.is_empty() {
        return Ok(None);
    }
    Ok(Some(view::preview(&services, &caller, &team, plan, seats).await?))
}

/// Changes plan and seats, or asks for it.
#[server(prefix = "/fn", endpoint = "change_plan", output = PageAnswer)]
pub async fn change_plan(
    team: String,
    #[server(default)] plan: String,
    #[server(default)] seats: String,
) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let changed = services.change_plan(&caller, &team, &view::wanted(&plan, &seats)?).await?;
    let done = match (changed.waits, plan == END) {
        (true, _) => "asked",
        (false, true) => "ended",
        (false, false) => "changed",
    };
    super::context::go_to(&format!("{}?done={done}", billing_address(&team)));
    Ok(())
}

/// Takes back what waits for a platform admin.
#[server(prefix = "/fn", endpoint = "withdraw_plan_request", output = PageAnswer)]
pub async fn withdraw_plan_request(team: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.withdraw_plan_request(&caller, &team).await?;
    super::context::go_to(&format!("{}?done=withdrawn", billing_address(&team)));
    Ok(())
}

/// Adjusts a balance: dollars, with a minus to take away.
#[server(prefix = "/fn", endpoint = "adjust_balance", output = PageAnswer)]
pub async fn adjust_balance(
    team: String,
    #[server(default)] amount: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    caller.check_platform_admin()?;
    let adjusted = match view::signed(&amount) {
        Ok(nano) => services.adjust_balance(&caller, &team, nano, &reason).await,
        Err(error) => Err(error),
    };
    adjusted.map_err(|error| {
        let typed = TypedMoney { amount, reason, ..TypedMoney::default() };
        context::keep_typed_form(error, TYPED, &typed)
    })?;
    context::go_to(&format!("{}?done=adjusted", billing_address(&team)));
    Ok(())
}

/// Sets a discount, in percent.
#[server(prefix = "/fn", endpoint = "set_discount", output = PageAnswer)]
pub async fn set_discount(team: String, #[server(default)] percent: String) -> Result<(), AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    caller.check_platform_admin()?;
    let set = match view::basis_points(&percent) {
        Ok(discount) => services.set_discount(&caller, &team, discount).await,
        Err(error) => Err(error),
    };
    set.map_err(|error| context::keep_typed_form(error, TYPED, &TypedMoney { percent, ..TypedMoney::default() }))?;
    context::go_to(&format!("{}?done=discount", billing_address(&team)));
    Ok(())
}

/// A statement, by the start of its period in milliseconds.
#[server(prefix = "/fn", endpoint = "get_statement", output = PageAnswer)]
pub async fn get_statement(team: String, start: String) -> Result<StatementPage, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    Ok(statement::statement(&services, &caller, &team, &start).await?)
}

/// The word for ending a plan, where a plan is named otherwise.
pub const END: &str = "none";

/// The address of a context's billing.
pub fn billing_address(team: &str) -> String {
    if team == "me" { "/me/billing".to_owned() } else { format!("/t/{team}/billing") }
}

/// The name that the forms are kept under.
#[cfg(feature = "ssr")]
const TYPED: &str = "billing";
