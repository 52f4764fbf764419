//! `/platform/*` and what else only platform admins do: settings, the outbox, owners that are lost.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, Sent},
    list::List,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        ids::UserId,
        mails::{MailFilter, MailState, OutboxRow},
        page::PageRequest,
        platform::{PersonalModels, PlatformSettings, SignUpRules},
    },
    service::{ServiceError, Services},
};

/// The platform's settings.
#[derive(Serialize, ToSchema)]
pub struct SettingsBody {
    /// Who may sign up: `invite`, `domain` or `open`.
    sign_up: &'static str,
    /// Mail domains that may sign up where `sign_up` is `domain`.
    sign_up_domains: Vec<String>,
    /// Whether both are what the configuration says, because nobody set them here.
    sign_up_from_configuration: bool,
    /// What personal spaces may call: `none` or `general`, every model of that tier.
    personal_models: &'static str,
    /// Whether mails leave through a mail server.
    mail_server: bool,
}

/// A change of the platform's settings; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatchBody {
    /// `invite`, `domain` or `open`; from then on the configuration's value does not count.
    sign_up: Option<String>,
    /// Mail domains that may sign up where `sign_up` is `domain`.
    sign_up_domains: Option<Vec<String>>,
    /// `none` or `general`.
    personal_models: Option<String>,
}

/// A mail in the outbox.
#[derive(Serialize, ToSchema)]
pub struct MailBody {
    /// Identifier; part of the Message-ID.
    id: String,
    /// Whom it goes to.
    recipient: String,
    /// Subject.
    subject: String,
    /// Kind, such as `invitation`.
    kind: String,
    /// Queued at.
    created_at: i64,
    /// `queued`, `sent` or `failed`.
    state: &'static str,
    /// Attempts so far.
    attempts: i64,
    /// Why the last attempt failed; empty when none did.
    problem: String,
    /// When the next attempt is made, while the mail is queued.
    next_attempt_at: Option<i64>,
    /// When it was sent.
    sent_at: Option<i64>,
    /// What it says; only where no mail server is configured.
    text: Option<String>,
}

/// Which mails are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MailQuery {
    /// `queued`, `sent` or `failed`.
    state: Option<String>,
    /// A part of the recipient or of the subject.
    search: Option<String>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What is tried again.
#[derive(Serialize, ToSchema)]
pub struct RetriedBody {
    /// How many mails.
    mails: i64,
}

/// Input of another owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// Identifier of the account that is to own the team.
    to: String,
    /// Why; the old and the new owner read it.
    reason: String,
}

/// The platform's settings. Platform admins only.
#[utoipa::path(get, path = "/platform/settings", tag = "Platform", responses((status = 200, body = SettingsBody)))]
pub async fn settings(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<SettingsBody>> {
    Ok(Json(services.platform_settings(&caller).await?.into()))
}

/// Change the platform's settings. Platform admins only.
#[utoipa::path(patch, path = "/platform/settings", tag = "Platform", request_body = SettingsPatchBody, responses(
    (status = 200, body = SettingsBody), (status = 422, body = ProblemBody),
))]
pub async fn update_settings(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<SettingsPatchBody>,
) -> Answer<Json<SettingsBody>> {
    let now = services.platform_settings(&caller).await?.sign_up;
    let sign_up = match (body.sign_up, body.sign_up_domains) {
        (None, None) => None,
        (policy, domains) => {
            let policy = policy.unwrap_or_else(|| now.policy.as_str().to_owned());
            Some(SignUpRules::parse(&policy, &domains.unwrap_or(now.domains).join(","))?)
        }
    };
    let wrong = || ServiceError::field("personal_models", "Choose none or general.");
    let personal = body.personal_models.map(|text| PersonalModels::parse(&text).ok_or_else(wrong)).transpose()?;
    Ok(Json(services.update_platform_settings(&caller, sign_up, personal).await?.into()))
}

/// Mails, newest first. Platform admins only.
#[utoipa::path(get, path = "/platform/mails", tag = "Platform", params(MailQuery),
    responses((status = 200, body = List<MailBody>), (status = 422, body = ProblemBody)))]
pub async fn mails(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<MailQuery>,
) -> Answer<Json<List<MailBody>>> {
    caller.check_platform_admin()?;
    let wrong = || ServiceError::field("state", "Choose queued, sent or failed.");
    let state = query.state.map(|word| MailState::parse(&word).ok_or_else(wrong)).transpose()?;
    let filter = MailFilter { state, text: query.search.unwrap_or_default() };
    let page = services.list_mails(&caller, &filter, &PageRequest { limit: query.limit, cursor: query.cursor }).await?;
    Ok(Json(List::of(page, MailBody::from)))
}

/// Try mails again at once that wait for another try in more than two minutes. Platform admins only.
#[utoipa::path(post, path = "/platform/mails/retry", tag = "Platform", responses((status = 200, body = RetriedBody)))]
pub async fn retry_mails(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<RetriedBody>> {
    Ok(Json(RetriedBody { mails: services.retry_mails(&caller).await? }))
}

/// Make somebody the owner of a team whose owner is out of reach. Platform admins only.
#[utoipa::path(post, path = "/teams/{team}/recover", tag = "Platform", request_body = RecoverBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 204, description = "The team has another owner."), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn recover(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<RecoverBody>,
) -> Answer<StatusCode> {
    caller.check_platform_admin()?;
    let to = UserId::parse(&body.to).ok_or_else(|| ServiceError::field("to", "There is no such account."))?;
    services.recover_ownership(&caller, &team, to, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<PlatformSettings> for SettingsBody {
    fn from(settings: PlatformSettings) -> Self {
        Self {
            sign_up: settings.sign_up.policy.as_str(),
            sign_up_domains: settings.sign_up.domains,
            sign_up_from_configuration: settings.sign_up_from_configuration,
            personal_models: settings.personal_models.as_str(),
            mail_server: settings.mail_server,
        }
    }
}

impl From<OutboxRow> for MailBody {
    fn from(row: OutboxRow) -> Self {
        let queued = row.delivery.state == MailState::Queued;
        Self {
            id: row.id.to_string(),
            recipient: row.recipient,
            subject: row.subject,
            kind: row.kind,
            created_at: row.created_at.0,
            state: row.delivery.state.as_str(),
            attempts: row.delivery.attempts,
            problem: row.delivery.problem,
            next_attempt_at: queued.then_some(row.delivery.next_attempt_at.0),
            sent_at: row.delivery.sent_at.map(|at| at.0),
            text: row.text,
        }
    }
}
