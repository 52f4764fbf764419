//! `/me` and what is below it, apart from management tokens: name, address, password, sessions, the account's end.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use utoipa::ToSchema;

use super::{
    accounts::MeBody,
    body::{Asked, Sent},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::sessions::SessionRow,
    service::{Services, vault::Secret},
};

/// A change of the own account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MePatchBody {
    /// Display name.
    name: String,
}

/// Input of another address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmailBody {
    /// The address that the account is to have.
    email: String,
    /// The account's password.
    #[schema(format = Password)]
    password: String,
}

/// Input of another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasswordBody {
    /// The present password.
    #[schema(format = Password)]
    current_password: String,
    /// The new one.
    #[schema(format = Password)]
    password: String,
}

/// What a deletion of the account needs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMeBody {
    /// The account's address, typed once more.
    confirm: String,
    /// The account's password.
    #[schema(format = Password)]
    password: String,
}

/// A signed-in browser.
#[derive(Serialize, ToSchema)]
pub struct SessionBody {
    /// What it is ended by; opens nothing.
    id: String,
    /// The browser in words.
    device: String,
    /// Where it came from when it began.
    address: String,
    /// Signed in at.
    created_at: i64,
    /// Last use, to the minute.
    last_seen_at: i64,
    /// The session that asks.
    this: bool,
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
pub struct EndedBody {
    /// So many.
    ended: usize,
}

/// Change the own name.
#[utoipa::path(patch, path = "/me", tag = "Account", request_body = MePatchBody, responses(
    (status = 200, body = MeBody), (status = 400, body = ProblemBody), (status = 422, body = ProblemBody),
))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<MePatchBody>,
) -> Answer<Json<MeBody>> {
    services.change_name(&caller, &body.name).await?;
    let mut me = services.me(&caller).await?;
    body.name.trim().clone_into(&mut me.name);
    Ok(Json(me.into()))
}

/// Delete the own account.
///
/// Refused to the owner of a shared team, and to the only admin of an organization or of the platform.
#[utoipa::path(delete, path = "/me", tag = "Account", request_body = DeleteMeBody, responses(
    (status = 204, description = "The account is gone."), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
))]
pub async fn remove(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<DeleteMeBody>,
) -> Answer<StatusCode> {
    services.delete_account(&caller, &body.confirm, Secret::new(body.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for another address.
///
/// It is the account's once the link in the new mailbox was opened; the answer is the same for an address that has an account.
#[utoipa::path(post, path = "/me/email", tag = "Account", request_body = NewEmailBody, responses(
    (status = 202, description = "A mail with a link is on its way."), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
))]
pub async fn change_email(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewEmailBody>,
) -> Answer<StatusCode> {
    services.change_email(&caller, &body.email, Secret::new(body.password)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Change the own password; all other sessions end.
#[utoipa::path(post, path = "/me/password", tag = "Account", request_body = NewPasswordBody, responses(
    (status = 204, description = "It is changed."), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
))]
pub async fn change_password(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    session: Session,
    Sent(body): Sent<NewPasswordBody>,
) -> Answer<StatusCode> {
    // With a token the cookie is not looked at, so no session is the caller's.
    let own = caller.session.as_ref().map(|_| &session);
    let (current, new) = (Secret::new(body.current_password), Secret::new(body.password));
    services.change_password(&caller, own, current, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Own sessions.
#[utoipa::path(get, path = "/me/sessions", tag = "Account", params(ListQuery), responses((status = 200, body = List<SessionBody>)))]
pub async fn list_sessions(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<SessionBody>>> {
    let sessions = services.list_sessions(&caller).await?.into_iter().map(SessionBody::from).collect();
    Ok(Json(List::cut(sessions, query, |session| session.id.clone())?))
}

/// End all own sessions except the one that asks.
#[utoipa::path(delete, path = "/me/sessions", tag = "Account", responses((status = 200, body = EndedBody)))]
pub async fn end_other_sessions(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<EndedBody>> {
    Ok(Json(EndedBody { ended: services.end_other_sessions(&caller).await? }))
}

/// End one of the own sessions.
#[utoipa::path(delete, path = "/me/sessions/{session}", tag = "Account", params(("session" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is over."), (status = 404, body = ProblemBody)))]
pub async fn end_session(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(session): Path<String>,
) -> Answer<StatusCode> {
    services.end_session(&caller, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SessionRow> for SessionBody {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, device, address, created_at, last_seen_at, this } = row;
        Self { id, device, address, created_at: created_at.0, last_seen_at: last_seen_at.0, this }
    }
}
