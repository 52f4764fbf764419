//! Limits, budgets and the self-service policy of a team, and the limits of an organization.

#[cfg(feature = "ssr")]
mod view;

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::self_service::SelfServicePolicy, error::AppError, wire::PageAnswer};

/// Five windows and a budget, as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypedLimits {
    pub rpm: String,
    pub tpm: String,
    pub rph: String,
    pub rpd: String,
    pub tpd: String,
    pub budget: String,
    /// `period` or `total`; empty where a form does not ask.
    pub per: String,
    /// The day after which the former budget is back; empty for good.
    pub until: String,
}

/// One window, formatted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowLine {
    /// `rpm`
    pub field: String,
    /// `RPM`
    pub label: String,
    /// `Requests per minute`
    pub words: String,
    /// As it stands in the input; empty for no limit.
    pub value: String,
    /// As people read it.
    pub shown: String,
    /// The parent's; empty where it has none.
    pub ceiling: String,
    /// In the window now.
    pub now: String,
    /// The most in the last 24 hours; empty where it says nothing.
    pub peak: String,
    /// Used, floored; none without a limit.
    pub percent: Option<u32>,
    /// What is promised below, and how much of the limit that is.
    pub promised: String,
}

/// A budget, formatted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetLine {
    /// As it stands in the input; empty for no limit.
    pub value: String,
    /// `period` or `total`.
    pub per: String,
    /// `$5,000.00`, or empty.
    pub limit: String,
    pub spent: String,
    pub left: String,
    pub percent: Option<u32>,
    /// `Resets 1 Dec, 00:00 UTC`, or `In total`.
    pub resets: String,
    pub ceiling: String,
    /// A temporary raise, a sentence.
    pub raise: String,
    pub promised: String,
}

/// What is set on a scope and used of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsLines {
    pub name: String,
    /// Whose ceiling it is; empty for the outermost.
    pub parent: String,
    pub version: i64,
    pub windows: Vec<WindowLine>,
    pub budget: BudgetLine,
}

/// A member, a model or a team with what it may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapLine {
    pub id: String,
    pub name: String,
    pub detail: String,
    /// `$250.00 a month`, or `No cap`.
    pub cap: String,
    pub spent: String,
    pub left: String,
    pub percent: Option<u32>,
    /// `60 RPM, 5,000 RPD`, or empty.
    pub limits: String,
}

/// The page of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotasPage {
    pub team: String,
    pub personal: bool,
    pub lead: String,
    /// Sets windows and caps.
    pub may_manage: bool,
    /// Sets the spending limit.
    pub may_spend: bool,
    /// Sees requests for higher budgets: their own, or those that wait.
    pub may_request: bool,
    /// Who can, where one can not oneself.
    pub who: String,
    /// At or near a limit: a sentence, and whether it is reached.
    pub alert: String,
    pub reached: bool,
    pub own: LimitsLines,
    /// Of the view that is open: members or models.
    pub caps: Vec<CapLine>,
    /// Only for those who set it.
    pub policy: Option<SelfServicePolicy>,
    pub policy_ceiling: String,
    pub typed: Option<TypedLimits>,
}

/// The page of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationLimitsPage {
    pub own: LimitsLines,
    pub teams: Vec<CapLine>,
    pub typed: Option<TypedLimits>,
}

/// A budget and limits, for the fields of a dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowanceForm {
    /// What is set.
    pub set: TypedLimits,
    /// What was typed last, and refused.
    pub typed: Option<TypedLimits>,
    /// Below the inputs: of the budget, then of the windows in their order.
    pub hints: Vec<String>,
    /// A temporary raise, a sentence.
    pub raise: String,
    /// What the change is made from.
    pub version: i64,
}

/// What a member or a model may use, for its dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapView {
    pub id: String,
    pub name: String,
    pub form: AllowanceForm,
}

/// The address of a context's limits.
pub fn quotas_address(team: &str) -> String {
    if team == "me" { "/me/quotas".to_owned() } else { format!("/t/{team}/quotas") }
}

/// The address of an organization's limits.
pub fn limits_address(org: &str) -> String {
    format!("/o/{org}/limits")
}

/// Limits of a team. `tab` is a view: empty for its limits, `members`, `models`, `keys`.
#[server(prefix = "/fn", endpoint = "get_quotas", output = PageAnswer)]
pub async fn get_quotas(team: String, #[server(default)] tab: String) -> Result<QuotasPage, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    let page = services.get_limits_page(&caller, &team).await?;
    let caps = match tab.as_str() {
        "members" if !page.is_personal() => services.list_member_caps(&caller, &team).await?,
        "models" if !page.is_personal() => services.list_model_caps(&caller, &team).await?,
        _ => vec![],
    };
    let policy = if tab == "keys" && page.may_manage() { Some(services.get_self_service(&caller, &team).await?) } else { None };
    Ok(view::quotas(&page, &caps, policy, super::context::typed_form(TYPED)))
}

/// Limits of an organization and of its teams.
#[server(prefix = "/fn", endpoint = "get_organization_quotas", output = PageAnswer)]
pub async fn get_organization_quotas(org: String) -> Result<OrganizationLimitsPage, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let (limits, used, teams) = services.get_organization_limits_page(&caller, &org).await?;
    let typed = super::context::typed_form(TYPED);
    Ok(OrganizationLimitsPage { own: view::lines(&limits, &used), teams: teams.iter().map(view::cap).collect(), typed })
}

/// What a member (`member`) or a model (`model`) may use. None where nobody is asked for.
#[server(prefix = "/fn", endpoint = "get_cap", output = PageAnswer)]
pub async fn get_cap(
    team: String,
    #[server(default)] kind: String,
    #[server(default)] id: String,
) -> Result<Option<CapView>, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    if id.is_empty() {
        // Nothing is open; whoever may not see the team is told so all the same.
        services.get_team(&caller, &team).await?;
        return Ok(None);
    }
    let limits = services.get_cap(&caller, &team, view::target(&kind, &id)?).await?;
    let form = view::form(&limits, super::context::typed_form(TYPED));
    Ok(Some(CapView { id, name: limits.name, form }))
}

/// Sets a team's windows and, as owner, its spending limit, in one transaction.
#[server(prefix = "/fn", endpoint = "save_limits", output = PageAnswer)]
pub async fn save_limits(
    team: String,
    #[server(default)] typed: TypedLimits,
    #[server(default)] version: i64,
    /// The form has a budget.
    #[server(default)]
    budget: bool,
    /// Lowers what is set below, too.
    #[server(default)]
    clamp: bool,
    /// Sets it even below what is used now.
    #[server(default)]
    stop: bool,
) -> Result<(), AppError> {
    use crate::service::limits::{How, LimitsOf};

    let (services, caller) = super::context::signed_in().await?;
    let save = async || {
        // Whoever may not is told so, whatever was typed.
        services.get_cap(&caller, &team, LimitsOf::Team).await?;
        let page = services.get_limits_page(&caller, &team).await?;
        let change = view::change(&typed, budget, &page.view)?;
        let (before, after) = (page.view.allowance.per, change.applied_to(page.view.allowance).per);
        if !stop {
            let spent = if after == before { page.used.spent } else { services.get_team_spent(&caller, &team, after).await? };
            view::check_use(&page, &change, spent)?;
        }
        services.put_limits(&caller, &team, LimitsOf::Team, change, How { clamp, version: Some(version) }).await
    };
    save().await.map_err(|error| super::context::keep_typed_form(error, TYPED, &typed))?;
    super::context::go_to(&format!("{}?done=saved", quotas_address(&team)));
    Ok(())
}

/// Sets an organization's windows and budget, in one transaction.
#[server(prefix = "/fn", endpoint = "save_organization_limits", output = PageAnswer)]
pub async fn save_organization_limits(
    org: String,
    #[server(default)] typed: TypedLimits,
    #[server(default)] version: i64,
    #[server(default)] clamp: bool,
) -> Result<(), AppError> {
    use crate::service::limits::How;

    let (services, caller) = super::context::signed_in().await?;
    let save = async || {
        let before = services.get_organization_limits(&caller, &org).await?;
        let change = view::change(&typed, true, &before)?;
        services.put_organization_limits(&caller, &org, change, How { clamp, version: Some(version) }).await
    };
    save().await.map_err(|error| super::context::keep_typed_form(error, TYPED, &typed))?;
    super::context::go_to(&format!("{}?done=saved", limits_address(&org)));
    Ok(())
}

/// Sets what a member or a model of a team may use. It comes from a dialog, which closes.
#[server(prefix = "/fn", endpoint = "save_cap", output = PageAnswer)]
pub async fn save_cap(
    team: String,
    kind: String,
    id: String,
    #[server(default)] typed: TypedLimits,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    use crate::service::limits::How;

    let (services, caller) = super::context::signed_in().await?;
    let save = async || {
        let target = view::target(&kind, &id)?;
        let before = services.get_cap(&caller, &team, target).await?;
        let change = view::change(&typed, true, &before)?;
        services.put_limits(&caller, &team, target, change, How { clamp: false, version: Some(version) }).await
    };
    save().await.map_err(|error| super::context::keep_typed_form(error, TYPED, &typed))?;
    let tab = if kind == "member" { "members" } else { "models" };
    super::context::go_to(&format!("{}?tab={tab}&done=saved", quotas_address(&team)));
    Ok(())
}

/// Sets what members may do when they make keys.
#[server(prefix = "/fn", endpoint = "save_self_service", output = PageAnswer)]
pub async fn save_self_service(
    team: String,
    #[server(default)] enabled: bool,
    #[server(default)] max_keys_per_user: String,
    #[server(default)] budget_ceiling: String,
    #[server(default)] require_expiry: bool,
    #[server(default)] max_expiry_days: String,
) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let save = async || {
        // Whoever may not is told so, whatever was typed.
        services.get_self_service(&caller, &team).await?;
        let policy = view::policy(enabled, &max_keys_per_user, &budget_ceiling, require_expiry, &max_expiry_days)?;
        services.put_self_service(&caller, &team, policy).await
    };
    save().await?;
    super::context::go_to(&format!("{}?tab=keys&done=saved", quotas_address(&team)));
    Ok(())
}

/// What is set, as inputs hold it.
#[cfg(feature = "ssr")]
pub(super) use view::typed_of;

/// What the fields of a dialog hold, what a form changes, and what is set in words.
#[cfg(feature = "ssr")]
pub(super) use view::{change, form, set_words};

/// What the form of something new asks for, or of a key.
#[cfg(feature = "ssr")]
pub(super) use view::new_change;

/// The name that the forms are kept under.
#[cfg(feature = "ssr")]
const TYPED: &str = "quotas";
