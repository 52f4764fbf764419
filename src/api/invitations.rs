//! `/teams/{team}/invitations` and `/invitations/{token}`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{Asked, RoleWord, Sent},
    list::{List, ListQuery},
    problem::{Answer, Problem, ProblemBody},
    signed_in::{Facts, MaybeSignedIn, SignedIn},
};
use crate::{
    domain::{
        ids::InvitationId,
        invitations::{InvitationView, InviteOutcome, InviteResult, Joined, LinkState, MOST_AT_ONCE, PendingInvitation},
        roles::Role,
    },
    service::{Door, ServiceError, Services},
};

/// Whom to invite: one address, or a list of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteBody {
    /// Address.
    email: Option<String>,
    /// `admin`, `member` or `viewer`.
    #[schema(value_type = Option<String>)]
    role: Option<RoleWord>,
    /// A word to who is invited; up to 500 characters.
    note: Option<String>,
    /// Up to 1,000 addresses with their roles, in place of the two fields above.
    invitations: Option<Vec<InviteeBody>>,
}

/// One of many to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteeBody {
    /// Address.
    email: String,
    /// `admin`, `member` or `viewer`.
    #[schema(value_type = String)]
    role: RoleWord,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub struct InvitationBody {
    /// Identifier.
    id: String,
    /// Invited address.
    email: String,
    /// Offered role.
    role: &'static str,
    /// `pending` or `expired`.
    state: &'static str,
    /// Name of who sent it last.
    inviter: String,
    /// Sent at.
    sent_at: i64,
    /// Good until.
    expires_at: i64,
    /// `queued`, `sent` or `failed`.
    delivery: &'static str,
    /// Attempts to deliver its mail that failed.
    failed_attempts: i64,
    /// Whether a seat is kept for it.
    holds_seat: bool,
    /// What to hand over where no mail arrives; only in the answer to sending.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// What became of an address.
#[derive(Serialize, ToSchema)]
pub struct InviteResultBody {
    /// The address, as sent.
    email: String,
    /// `sent`, `already_member`, `already_invited`, `yourself`, `malformed`, `repeated` or `no_free_seat`.
    result: &'static str,
    /// The same for people.
    detail: String,
    /// The invitation, where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationBody>,
    /// The invitation that waits, where there is one; it can be sent anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<String>,
}

/// What became of each address, in the order they were sent in.
#[derive(Serialize, ToSchema)]
pub struct InviteResultsBody {
    /// One per address.
    results: Vec<InviteResultBody>,
}

/// A link to hand over.
#[derive(Serialize, ToSchema)]
pub struct LinkBody {
    /// The address to open.
    link: String,
}

/// An invitation as its link shows it.
#[derive(Serialize, ToSchema)]
pub struct OpenedBody {
    /// `pending`, `confirm_first`, `other_account`, `no_seat`, `already_member`, `accepted`, `declined`, `expired` or `revoked`.
    state: &'static str,
    /// Team; empty where it was taken back.
    team: String,
    /// Organization.
    organization: String,
    /// Who invites.
    inviter: String,
    /// Offered role; none where it was taken back.
    role: Option<&'static str>,
    /// Invited address.
    email: String,
    /// Good until.
    expires_at: i64,
}

/// What was joined.
#[derive(Serialize, ToSchema)]
pub struct JoinedBody {
    /// Short name of the team.
    team: String,
    /// Identifier of the team.
    id: String,
    /// Name of the team.
    name: String,
    /// Own role in it.
    role: &'static str,
}

/// Who was asked by mail.
#[derive(Serialize, ToSchema)]
pub struct AskedBody {
    /// Name.
    asked: String,
}

/// Nothing to say: who joins, and as what, stands in the invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingBody {}

/// Invitations that wait or have ended without an answer, newest first. Their links are not in it.
#[utoipa::path(get, path = "/teams/{team}/invitations", tag = "Members", params(("team" = String, Path, description = "Short name or id"), ListQuery),
    responses((status = 200, body = List<InvitationBody>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<InvitationBody>>> {
    let rows = services.list_invitations(&caller, &team).await?.into_iter().map(|row| body(row, None)).collect();
    Ok(Json(List::cut(rows, query, |row: &InvitationBody| newest_first(&row.id))?))
}

/// Invite somebody, or many at once.
///
/// One address answers 201 with the invitation, and refuses what can not be invited. A list answers 200 and says of each address what
/// became of it. More than the limits give (50 in 24 hours per team, 500 per organization, 100 per sender) is refused as a whole.
#[utoipa::path(post, path = "/teams/{team}/invitations", tag = "Members", request_body = InviteBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses(
        (status = 201, body = InvitationBody), (status = 200, body = InviteResultsBody, description = "For a list."),
        (status = 400, body = ProblemBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "`already_member`, `already_invited`, `no_free_seat` or `personal_space`."),
        (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
    ))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<InviteBody>,
) -> Response {
    let note = body.note.unwrap_or_default();
    let answer = match (body.email, body.role, body.invitations) {
        (Some(email), Some(role), None) => {
            let results = services.invite_members(&caller, &team, vec![(email, role.0)], &note).await;
            results.map_err(Problem).and_then(one).map(|invitation| (StatusCode::CREATED, Json(invitation)).into_response())
        }
        (None, None, Some(many)) if many.len() > MOST_AT_ONCE => {
            return Problem::malformed(format!("Send at most {MOST_AT_ONCE} addresses in one request."));
        }
        (None, None, Some(many)) => {
            let invitees = many.into_iter().map(|invitee| (invitee.email, invitee.role.0)).collect();
            let results = services.invite_members(&caller, &team, invitees, &note).await;
            let results = results.map(|all| all.into_iter().map(result).collect());
            results.map(|results| Json(InviteResultsBody { results }).into_response()).map_err(Problem)
        }
        _ => return Problem::malformed("Send either email and role, or invitations.".into()),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// Take an invitation back.
#[utoipa::path(delete, path = "/teams/{team}/invitations/{invitation}", tag = "Members",
    params(("team" = String, Path, description = "Short name or id"), ("invitation" = String, Path, description = "Identifier")),
    responses((status = 204, description = "Its links are over."), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "It was answered already.")))]
pub async fn revoke(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, id)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.revoke_invitation(&caller, &team, parse_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an invitation anew: another seven days, a new link, and the old ones are dead.
#[utoipa::path(post, path = "/teams/{team}/invitations/{invitation}/resend", tag = "Members",
    params(("team" = String, Path, description = "Short name or id"), ("invitation" = String, Path, description = "Identifier")),
    responses((status = 200, body = InvitationBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn resend(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, id)): Path<(String, String)>,
) -> Answer<Json<InvitationBody>> {
    let (invitation, link) = services.resend_invitation(&caller, &team, parse_id(&id)?).await?;
    Ok(Json(body(invitation, Some(link))))
}

/// The link of an invitation, to hand it over by other ways than mail.
#[utoipa::path(post, path = "/teams/{team}/invitations/{invitation}/link", tag = "Members",
    params(("team" = String, Path, description = "Short name or id"), ("invitation" = String, Path, description = "Identifier")),
    responses((status = 200, body = LinkBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn copy_link(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, id)): Path<(String, String)>,
) -> Answer<Json<LinkBody>> {
    Ok(Json(LinkBody { link: services.copy_invitation_link(&caller, &team, parse_id(&id)?).await? }))
}

/// What an invitation's link shows. Looking changes nothing.
#[utoipa::path(get, path = "/invitations/{token}", tag = "Invitations", security((), ("token" = []), ("session" = [])),
    params(("token" = String, Path, description = "Last part of the link")),
    responses((status = 200, body = OpenedBody), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn open(
    State(services): State<Services>,
    MaybeSignedIn(viewer): MaybeSignedIn,
    Facts(request): Facts,
    Path(token): Path<String>,
) -> Answer<Json<OpenedBody>> {
    Ok(Json(services.invitation_by_token(&request, viewer.as_ref(), &token).await?.into()))
}

/// Join the team. The account must be the one of the invited address, and that address confirmed.
#[utoipa::path(post, path = "/invitations/{token}/accept", tag = "Invitations", request_body = NothingBody,
    params(("token" = String, Path, description = "Last part of the link")),
    responses((status = 200, body = JoinedBody),
        (status = 403, body = ProblemBody, description = "`invite_email_mismatch` or `email_not_confirmed`; nothing is used up."),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody, description = "`already_member` or `no_free_seat`."),
        (status = 410, body = ProblemBody, description = "Used, declined, withdrawn or over.")))]
pub async fn accept(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Facts(request): Facts,
    Path(token): Path<String>,
    Sent(NothingBody {}): Sent<NothingBody>,
) -> Answer<Json<JoinedBody>> {
    Ok(Json(services.accept_invitation(&caller, &request, &token).await?.into()))
}

/// Decline an invitation. Whoever holds the link can, signed in or not; another account can not.
#[utoipa::path(post, path = "/invitations/{token}/decline", tag = "Invitations", request_body = NothingBody,
    security((), ("token" = []), ("session" = [])), params(("token" = String, Path, description = "Last part of the link")),
    responses((status = 204, description = "It is over."), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 410, body = ProblemBody)))]
pub async fn decline(
    State(services): State<Services>,
    MaybeSignedIn(caller): MaybeSignedIn,
    Facts(request): Facts,
    Path(token): Path<String>,
    Sent(NothingBody {}): Sent<NothingBody>,
) -> Answer<StatusCode> {
    services.decline_invitation(&request, Door::Api, caller.as_ref(), &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask by mail for a new link, where an invitation has ended; or for a seat, where none is free. Once a day.
#[utoipa::path(post, path = "/invitations/{token}/ask", tag = "Invitations", request_body = NothingBody,
    security((), ("token" = []), ("session" = [])), params(("token" = String, Path, description = "Last part of the link")),
    responses((status = 200, body = AskedBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 429, body = ProblemBody)))]
pub async fn ask(
    State(services): State<Services>,
    MaybeSignedIn(caller): MaybeSignedIn,
    Facts(request): Facts,
    Path(token): Path<String>,
    Sent(NothingBody {}): Sent<NothingBody>,
) -> Answer<Json<AskedBody>> {
    let asked = services.ask_about_invitation(&request, Door::Api, caller.as_ref(), &token).await?;
    Ok(Json(AskedBody { asked }))
}

/// Identifiers sort by time; their complements the other way round.
pub(super) fn newest_first(id: &str) -> String {
    InvitationId::parse(id).map_or_else(String::new, |id| format!("{:032x}", !id.0.as_u128()))
}

pub(super) fn parse_id(text: &str) -> Result<InvitationId, ServiceError> {
    InvitationId::parse(text).ok_or(ServiceError::NotFound)
}

/// The answer about a single address: what can not be invited is a refusal.
fn one(results: Vec<InviteResult>) -> Result<InvitationBody, Problem> {
    let Some(InviteResult { outcome, .. }) = results.into_iter().next() else { return Err(Problem(ServiceError::NotFound)) };
    let sentence = outcome.sentence("this team");
    Err(Problem(match outcome {
        InviteOutcome::Sent { invitation, link } => return Ok(body(invitation, Some(link))),
        InviteOutcome::Malformed { message } => ServiceError::field("email", message),
        InviteOutcome::Yourself | InviteOutcome::Repeated => ServiceError::field("email", sentence),
        InviteOutcome::AlreadyMember => ServiceError::Conflict("already_member", sentence),
        InviteOutcome::AlreadyInvited { id } => {
            ServiceError::Conflict("already_invited", format!("{sentence} POST …/invitations/{id}/resend does that."))
        }
        InviteOutcome::NoSeat => ServiceError::Conflict("no_free_seat", sentence),
    }))
}

fn result(result: InviteResult) -> InviteResultBody {
    let detail = result.outcome.sentence("this team");
    let (word, invitation, waiting) = match result.outcome {
        InviteOutcome::Sent { invitation, link } => ("sent", Some(body(invitation, Some(link))), None),
        InviteOutcome::AlreadyMember => ("already_member", None, None),
        InviteOutcome::AlreadyInvited { id } => ("already_invited", None, Some(id.to_string())),
        InviteOutcome::Yourself => ("yourself", None, None),
        InviteOutcome::Malformed { .. } => ("malformed", None, None),
        InviteOutcome::Repeated => ("repeated", None, None),
        InviteOutcome::NoSeat => ("no_free_seat", None, None),
    };
    InviteResultBody { email: result.email, result: word, detail, invitation, waiting }
}

fn body(invitation: PendingInvitation, link: Option<String>) -> InvitationBody {
    InvitationBody {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role.as_str(),
        state: invitation.state.as_str(),
        inviter: invitation.inviter_name,
        sent_at: invitation.sent_at.0,
        expires_at: invitation.expires_at.0,
        delivery: invitation.mail.state.as_str(),
        failed_attempts: if invitation.mail.problem.is_empty() { 0 } else { invitation.mail.attempts },
        holds_seat: invitation.holds_seat,
        link,
    }
}

impl From<InvitationView> for OpenedBody {
    fn from(view: InvitationView) -> Self {
        let told = view.state != LinkState::Revoked;
        Self {
            state: view.state.as_str(),
            team: view.team,
            organization: view.organization,
            inviter: view.inviter,
            role: told.then(|| view.role.as_str()),
            email: view.email,
            expires_at: view.expires_at.0,
        }
    }
}

impl From<Joined> for JoinedBody {
    fn from(joined: Joined) -> Self {
        let role: Role = joined.role;
        Self { team: joined.slug, id: joined.team.to_string(), name: joined.name, role: role.as_str() }
    }
}
