//! Asking for a higher budget, and deciding.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// A request for a higher budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRequestLine {
    pub id: String,
    pub user: String,
    pub user_name: String,
    /// Whose budget: `Noor Haddad`, `key ci`, `Atlas Search`.
    pub whose: String,
    /// `$50.00 instead of $10.00`
    pub wanted: String,
    /// As it stands in the input.
    pub amount: String,
    /// `for good`, `until 30 Nov 2026`
    pub until: String,
    /// As it stands in the date input; empty for good.
    pub until_day: String,
    pub reason: String,
    pub asked: String,
    pub asked_title: String,
    pub state: String,
    /// `warn`, `ok`, `danger` or nothing.
    pub tone: String,
    /// Who decided and what, or who will.
    pub detail: String,
    pub note: String,
    pub may_decide: bool,
    pub may_withdraw: bool,
}

/// The requests of a team, and what can be asked for. None where the page shows something else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRequests {
    pub rows: Vec<BudgetRequestLine>,
    pub may_ask: bool,
    /// What can be raised: value and words.
    pub choices: Vec<(String, String)>,
    /// `of`, amount, reason, until: what was typed last.
    pub typed: Vec<String>,
}

/// The newest requests of a team: everybody's for those who decide, else one's own.
#[server(prefix = "/fn", endpoint = "list_budget_requests", output = PageAnswer)]
pub async fn list_budget_requests(team: String, #[server(default)] shown: bool) -> Result<Option<BudgetRequests>, AppError> {
    use crate::domain::{limit_scopes::Scope, page::PageRequest, roles::Action};

    let (services, caller) = super::context::viewer(&team).await?;
    let view = services.get_team(&caller, &team).await?;
    if !shown {
        return Ok(None);
    }
    let page = services.list_budget_requests(&caller, &team, &PageRequest { limit: Some(100), cursor: None }).await?;
    let now = services.clock.now();
    let may_ask = view.standing.may(Action::RequestAccess);
    let mut choices = vec![];
    if may_ask {
        let teams = services.get_limits_page(&caller, &team).await?.view.allowance.budget_at(now);
        for cap in services.list_caps(&caller, &team).await? {
            let Some(budget) = cap.allowance.budget_at(now) else { continue };
            let money = crate::domain::format::money(budget.amount);
            match cap.scope {
                Scope::Member(_, user) if user == caller.user.id => {
                    choices.insert(0, ("member".into(), format!("Your own, now {money}")))
                }
                Scope::Key(id) => choices.push((id.to_string(), format!("{}, now {money}", cap.name))),
                _ => {}
            }
        }
        if let Some(budget) = teams {
            choices.push(("team".into(), format!("{}, now {}", view.name, crate::domain::format::money(budget.amount))));
        }
    }
    let typed = ["of", "amount", "reason", "until"].map(super::context::typed).to_vec();
    let rows = page.items.into_iter().map(|request| words::line(request, caller.user.id, now)).collect();
    Ok(Some(BudgetRequests { rows, may_ask, choices, typed }))
}

/// Asks for a higher budget. `of` is `member`, `team` or the identifier of an own key.
#[server(prefix = "/fn", endpoint = "request_budget", output = PageAnswer)]
pub async fn request_budget(
    team: String,
    #[server(default)] of: String,
    #[server(default)] amount: String,
    #[server(default)] reason: String,
    #[server(default)] until: String,
) -> Result<(), AppError> {
    use crate::{
        domain::{access_requests::parse_last_day, ids::KeyId, money::NanoUsd},
        service::{
            ServiceError,
            budget_requests::{BudgetOf, NewBudgetRequest},
        },
    };

    let (services, caller) = super::context::signed_in().await?;
    let ask = async || {
        let of = match of.as_str() {
            "member" | "" => BudgetOf::Member,
            "team" => BudgetOf::Team,
            key => BudgetOf::Key(KeyId::parse(key).ok_or_else(|| ServiceError::field("of", "Choose one of the budgets."))?),
        };
        let until = parse_last_day(&until).map_err(|message| ServiceError::field("until", message))?;
        // What is no amount is refused as zero is, after the rights.
        let amount = NanoUsd::parse(&amount).unwrap_or_default();
        services.request_budget(&caller, &team, NewBudgetRequest { of, amount, until, reason: reason.clone() }).await
    };
    let typed = [("of", of.as_str()), ("amount", &amount), ("reason", &reason), ("until", &until)];
    ask().await.map_err(|error| super::context::keep_typed(error, &typed))?;
    super::context::go_to(&requests_address(&team));
    Ok(())
}

/// Approves a request or declines it. It comes from a dialog, which closes.
#[server(prefix = "/fn", endpoint = "decide_budget_request", output = PageAnswer)]
pub async fn decide_budget_request(
    team: String,
    id: String,
    approve: bool,
    #[server(default)] amount: String,
    #[server(default)] until: String,
    #[server(default)] note: String,
) -> Result<(), AppError> {
    use crate::{
        domain::{access_requests::parse_last_day, ids::RequestId, limit_forms::wrong_budget, money::NanoUsd},
        service::{ServiceError, budget_requests::BudgetDecision},
    };

    let (services, caller) = super::context::signed_in().await?;
    let id = RequestId::parse(&id).ok_or(AppError::NotFound)?;
    let decide = async || {
        let until = parse_last_day(&until).map_err(|message| ServiceError::field("until", message))?;
        let amount = match amount.trim() {
            "" => None,
            typed => Some(NanoUsd::parse(typed).ok_or_else(|| ServiceError::field("amount", wrong_budget()))?),
        };
        services.decide_budget_request(&caller, &team, id, BudgetDecision { approve, amount, until, note: note.clone() }).await
    };
    decide().await.map_err(|error| super::context::keep_typed(error, &[("reason", &note)]))?;
    super::context::go_to(&requests_address(&team));
    Ok(())
}

/// Takes an own request back. The page stays.
#[server(prefix = "/fn", endpoint = "withdraw_budget_request", output = PageAnswer)]
pub async fn withdraw_budget_request(team: String, id: String) -> Result<(), AppError> {
    use crate::domain::ids::RequestId;

    let (services, caller) = super::context::signed_in().await?;
    services.withdraw_budget_request(&caller, &team, RequestId::parse(&id).ok_or(AppError::NotFound)?).await?;
    Ok(())
}

/// The address of a team's requests for higher budgets.
pub fn requests_address(team: &str) -> String {
    format!("{}?tab=requests", super::quotas::quotas_address(team))
}

#[cfg(feature = "ssr")]
mod words {
    use super::BudgetRequestLine;
    use crate::domain::{
        access_requests::{RequestState, last_day, last_day_value},
        budget_requests::{BudgetApprover, BudgetRequest},
        format,
        ids::UserId,
        money::NanoUsd,
        time::UnixMs,
    };

    pub(super) fn line(request: BudgetRequest, viewer: UserId, now: UnixMs) -> BudgetRequestLine {
        let (state, tone) = match request.state {
            RequestState::Pending => ("Waiting", "warn"),
            RequestState::Approved => ("Approved", "ok"),
            RequestState::Rejected => ("Declined", "danger"),
            RequestState::Withdrawn => ("Withdrawn", ""),
        };
        let waits = request.state == RequestState::Pending;
        let until = |until: Option<UnixMs>| until.map_or_else(|| "for good".to_owned(), |at| format!("until {}", last_day(at)));
        let when = request.decided_at.map_or_else(String::new, |at| format::ago(at, now));
        let detail = match (request.state, request.approver) {
            (RequestState::Pending, _) if request.may_decide => String::new(),
            (RequestState::Pending, Some(BudgetApprover::Owner)) => "Waits for the owner of the team".into(),
            (RequestState::Pending, Some(BudgetApprover::Organization)) => {
                "Waits for the organization, whose budget is in the way".into()
            }
            (RequestState::Pending, _) => "Waits for the team's owner or an admin".into(),
            (RequestState::Approved, _) => {
                let (amount, end) = request.given.unwrap_or((request.wanted, None));
                format!("{} {} by {}, {when}", format::money(amount), until(end), request.decided_by)
            }
            (RequestState::Rejected, _) => format!("by {}, {when}", request.decided_by),
            (RequestState::Withdrawn, _) => when,
        };
        let instead = request.present.map_or_else(String::new, |present| format!(" instead of {}", format::money(present)));
        BudgetRequestLine {
            id: request.id.to_string(),
            user: request.user.to_string(),
            user_name: request.user_name,
            whose: request.scope_name,
            wanted: format!("{}{instead}", format::money(request.wanted)),
            amount: NanoUsd::plain(request.wanted),
            until: until(request.wanted_until),
            until_day: request.wanted_until.map(last_day_value).unwrap_or_default(),
            reason: request.reason,
            asked: format::ago(request.created_at, now),
            asked_title: format::full(request.created_at),
            state: state.into(),
            tone: tone.into(),
            detail,
            note: request.note,
            may_decide: waits && request.may_decide,
            may_withdraw: waits && request.user == viewer,
        }
    }
}
