//! Asking for models, deciding about it, and the access that came of it: of a team, and of all teams of an organization.

#[cfg(feature = "ssr")]
mod words;

use leptos::server;
use serde::{Deserialize, Serialize};

use super::quotas::{AllowanceForm, TypedLimits};
use crate::{error::AppError, wire::PageAnswer};

/// A model to ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskChoice {
    pub name: String,
    /// Who decides, a sentence.
    pub decides: String,
    /// One's own request waits already.
    pub waits: bool,
    /// Only the organization can give it, so it can be given to the whole team.
    pub to_team: bool,
}

/// What the dialog "Request access" shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskView {
    pub team: String,
    /// The model that the address names; empty where one is to be chosen.
    pub model: String,
    pub choices: Vec<AskChoice>,
    /// There are more than are offered: then the name is typed.
    pub too_many: bool,
    pub may_ask_for_team: bool,
    /// Why there is nothing to ask for.
    pub refused: String,
    /// What was typed into the form that failed just now.
    pub typed_model: String,
    pub typed_reason: String,
    pub typed_until: String,
    /// Tomorrow and the like: the first day that can be chosen.
    pub first_day: String,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLine {
    pub id: String,
    /// Short name of its team.
    pub team: String,
    pub team_name: String,
    pub user: String,
    pub user_name: String,
    pub model: String,
    pub for_team: bool,
    pub reason: String,
    /// `until 30 Nov 2026`, `with no end date`.
    pub wanted: String,
    /// The last day that was asked for, as date inputs write it.
    pub wanted_day: String,
    pub asked: String,
    pub asked_title: String,
    /// `Waiting`, `Approved`, …
    pub state: String,
    /// Tone of its badge.
    pub tone: String,
    /// Who decided, and until when; or who can.
    pub detail: String,
    /// A word of who decided.
    pub note: String,
    pub may_decide: bool,
    pub may_withdraw: bool,
    /// What is given can be the whole team's.
    pub to_team: bool,
}

/// Access that counts now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantLine {
    pub id: String,
    pub team: String,
    pub team_name: String,
    /// Empty for the whole team.
    pub user: String,
    pub user_name: String,
    pub model: String,
    /// `by Maya Okafor, 3 Nov`.
    pub given: String,
    pub given_title: String,
    /// `until 30 Nov 2026`, `no end date`.
    pub ends: String,
    /// `$20.00 in total, 60 RPM`; empty where it sets none.
    pub limits: String,
    pub soon: bool,
    pub may_end: bool,
}

/// A view of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsTab {
    pub word: String,
    pub label: String,
}

/// The page of the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestsPage {
    /// The team's or the organization's name.
    pub context: String,
    /// An organization's: rows name their team.
    pub of_organization: bool,
    /// Who decides sees everybody's; others their own.
    pub decides: bool,
    pub may_ask: bool,
    pub tabs: Vec<RequestsTab>,
    /// The view that is shown: `waiting`, `given` or `all`.
    pub show: String,
    pub rows: Vec<RequestLine>,
    pub grants: Vec<GrantLine>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// What was typed into the decision that failed just now.
    pub typed_note: String,
    pub typed_until: String,
    /// Limits of what is approved.
    pub form: AllowanceForm,
}

/// What one can ask for in a team; nothing where the dialog is closed.
#[server(prefix = "/fn", endpoint = "get_ask_form", output = PageAnswer)]
pub async fn get_ask_form(
    team: String,
    #[server(default)] model: String,
    #[server(default)] open: bool,
) -> Result<Option<AskView>, AppError> {
    if !open {
        return Ok(None);
    }
    let (services, caller) = super::context::signed_in().await?;
    let form = services.get_ask_form(&caller, &team).await?;
    let typed = super::context::typed;
    let known = services.snapshot().find(&model).map(|model| model.name.clone());
    Ok(Some(words::ask(form, known.unwrap_or(model), services.clock.now(), [typed("model"), typed("reason"), typed("until")])))
}

/// Asks for a model, and leads back to `back`, or to the list of requests. Gives the sentence that says who can decide.
#[server(prefix = "/fn", endpoint = "request_access", output = PageAnswer)]
pub async fn request_access(
    team: String,
    model: String,
    reason: String,
    #[server(default)] until: String,
    #[server(default)] for_team: bool,
    #[server(default)] back: String,
) -> Result<String, AppError> {
    use crate::{
        domain::access_requests::parse_last_day,
        service::{ServiceError, model_access::NewAccessRequest},
    };

    let (services, caller) = super::context::signed_in().await?;
    // Before the form is read: whoever may not ask learns that first.
    let form = services.get_ask_form(&caller, &team).await?;
    let ask = async || {
        let until = parse_last_day(&until).map_err(|message| ServiceError::field("until", message))?;
        let new = NewAccessRequest { model: model.trim().into(), reason: reason.clone(), until, for_team };
        services.request_access(&caller, &team, new).await
    };
    let keep = |error| super::context::keep_typed(error, &[("model", &model), ("reason", &reason), ("until", &until)]);
    let request = ask().await.map_err(keep)?;
    super::context::go_to(&if back.is_empty() { team_requests(&team) } else { back });
    let decides = request.approver.map(|level| words::decides(&form, level)).unwrap_or_default();
    Ok(format!("Request sent. {decides}"))
}

/// Requests and access of a place: `t/{team}` or `o/{organization}`. `show` is a view, `waiting`, `given` or `all`.
#[server(prefix = "/fn", endpoint = "list_requests", output = PageAnswer)]
pub async fn list_requests(
    place: String,
    #[server(default)] show: String,
    #[server(default)] cursor: String,
) -> Result<RequestsPage, AppError> {
    let (services, caller) = match place.strip_prefix("t/") {
        Some(team) => super::context::viewer(team).await?,
        None => super::context::signed_in().await?,
    };
    words::load(&services, &caller, &place, &show, cursor).await
}

/// Approves a request or declines it. It comes from a dialog, which closes.
#[server(prefix = "/fn", endpoint = "decide_request", output = PageAnswer)]
pub async fn decide_request(
    team: String,
    id: String,
    approve: bool,
    #[server(default)] until: String,
    #[server(default)] only_asker: bool,
    #[server(default)] note: String,
    #[server(default)] typed: TypedLimits,
    #[server(default)] back: String,
) -> Result<(), AppError> {
    use crate::{
        domain::{
            access_requests::{decided_end, parse_last_day},
            ids::RequestId,
            limit_forms::AllowanceChange,
        },
        service::{ServiceError, model_access::Decision},
    };

    let (services, caller) = super::context::signed_in().await?;
    let id = RequestId::parse(&id).ok_or(AppError::NotFound)?;
    let decide = async || {
        let wanted = services.get_access_request(&caller, &team, id).await?.wanted_until;
        let last = parse_last_day(&until).map_err(|message| ServiceError::field("until", message))?;
        let allowance = if approve { super::quotas::new_change(&typed)? } else { AllowanceChange::default() };
        let decision = Decision { approve, until: decided_end(last, wanted), only_asker, note: note.clone(), allowance };
        services.decide_request(&caller, &team, id, decision).await
    };
    let limits = serde_json::to_string(&typed).unwrap_or_default();
    let kept = [("note", note.as_str()), ("until", &until), (TYPED_LIMITS, &limits)];
    decide().await.map_err(|error| super::context::keep_typed(error, &kept))?;
    super::context::go_to(&if back.is_empty() { team_requests(&team) } else { back });
    Ok(())
}

/// Takes an own request back. The page stays.
#[server(prefix = "/fn", endpoint = "withdraw_request", output = PageAnswer)]
pub async fn withdraw_request(team: String, id: String) -> Result<(), AppError> {
    use crate::domain::ids::RequestId;

    let (services, caller) = super::context::signed_in().await?;
    services.withdraw_request(&caller, &team, RequestId::parse(&id).ok_or(AppError::NotFound)?).await?;
    Ok(())
}

/// Takes access back: the next call is refused. It comes from a dialog, which closes.
#[server(prefix = "/fn", endpoint = "end_grant", output = PageAnswer)]
pub async fn end_grant(team: String, id: String, #[server(default)] back: String) -> Result<(), AppError> {
    use crate::domain::ids::GrantId;

    let (services, caller) = super::context::signed_in().await?;
    services.end_grant(&caller, &team, GrantId::parse(&id).ok_or(AppError::NotFound)?).await?;
    if !back.is_empty() {
        super::context::go_to(&back);
    }
    Ok(())
}

/// The name that typed limits are kept under.
#[cfg(feature = "ssr")]
const TYPED_LIMITS: &str = "grant_limits";

/// The address of a team's requests.
pub fn team_requests(team: &str) -> String {
    format!("/t/{team}/models/requests")
}

/// The address of the requests of a place.
pub fn requests_address(place: &str) -> String {
    if place.starts_with("t/") { format!("/{place}/models/requests") } else { format!("/{place}/requests") }
}

#[cfg(feature = "ssr")]
pub(super) use words::waiting;
