//! Invitations: sending and taking back, and what their link's page shows and sends.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{invitations::LinkState, roles::Role},
    error::AppError,
    wire::PageAnswer,
};

/// Cookie with what became of the addresses of a plain form.
#[cfg(feature = "ssr")]
pub(super) const INVITED: &str = "invited";
/// Cookie with the link that a plain form asked for.
#[cfg(feature = "ssr")]
pub(super) const LINK: &str = "invitation_link";

/// A row of the invitations that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationRow {
    pub id: String,
    pub email: String,
    pub role: Role,
    /// Who sent it and when.
    pub sent: String,
    /// How far its mail got.
    pub delivery: String,
    pub failed: bool,
    pub expires: String,
    pub expires_title: String,
    /// Less than a day is left.
    pub soon: bool,
    pub over: bool,
    pub holds_seat: bool,
}

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteLine {
    pub email: String,
    pub sent: bool,
    pub sentence: String,
    /// To hand over where no mail arrives; empty where there is none, and after a plain form.
    pub link: String,
}

/// An invitation as its link shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitePage {
    pub state: LinkState,
    pub team: String,
    pub slug: String,
    pub organization: String,
    pub inviter: String,
    pub role: Role,
    pub email: String,
    pub viewer_email: String,
    pub expires: String,
    pub owner: String,
    pub seats: i64,
    pub may_ask: bool,
    /// What was typed as the name, after a plain form failed.
    pub typed_name: String,
}

/// Most rows of the list; a search finds the others.
#[cfg(feature = "ssr")]
const SHOWN: usize = 50;

/// The invitations of a team whose address contains a text, and how many there are in all.
#[cfg(feature = "ssr")]
pub(super) async fn pending(
    services: &crate::service::Services,
    caller: &crate::service::Caller,
    team: &str,
    text: &str,
) -> Result<(Vec<InvitationRow>, usize), AppError> {
    let text = text.trim().to_lowercase();
    let mut listed = services.list_invitations(caller, team).await?;
    listed.retain(|row| row.email.to_lowercase().contains(&text));
    let all = listed.len();
    let now = services.clock.now();
    Ok((listed.into_iter().take(SHOWN).map(|invitation| row(invitation, now)).collect(), all))
}

/// When an invitation ends, or ended.
#[cfg(feature = "ssr")]
pub(super) fn expires(at: crate::domain::time::UnixMs, now: crate::domain::time::UnixMs) -> String {
    use crate::domain::{
        format,
        time::{DAY_MS, HOUR_MS, MINUTE_MS},
    };

    let left = at.since(now);
    match left {
        ..=0 => format!("Expired {}", format::short_date(at, now)),
        1..HOUR_MS => format!("Expires in {} min", (left / MINUTE_MS).max(1)),
        HOUR_MS..DAY_MS => format!("Expires in {} h", left / HOUR_MS),
        _ => match (left + DAY_MS / 2) / DAY_MS {
            1 => "Expires in 1 day".to_owned(),
            days => format!("Expires in {days} days"),
        },
    }
}

#[cfg(feature = "ssr")]
fn row(invitation: crate::domain::invitations::PendingInvitation, now: crate::domain::time::UnixMs) -> InvitationRow {
    use crate::domain::{format, mails::MailState, time::DAY_MS};

    let left = invitation.expires_at.since(now);
    let expires = expires(invitation.expires_at, now);
    let words = invitation.mail.words();
    let mut letters = words.chars();
    let delivery = letters.next().map_or_else(String::new, |first| format!("Mail {}{}", first.to_lowercase(), letters.as_str()));
    InvitationRow {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role,
        sent: format!("Invited by {}, {}", invitation.inviter_name, format::ago(invitation.sent_at, now)),
        delivery,
        failed: invitation.mail.state == MailState::Failed || !invitation.mail.problem.is_empty(),
        expires,
        expires_title: format::full(invitation.expires_at),
        soon: (1..DAY_MS).contains(&left),
        over: left <= 0,
        holds_seat: invitation.holds_seat,
    }
}

/// Invites addresses, one a line. The page's program gets what became of each; a plain form finds it on the page that it is led to.
#[server(prefix = "/fn", endpoint = "invite_members", output = PageAnswer)]
pub async fn invite_members(
    team: String,
    emails: String,
    role: String,
    #[server(default)] note: String,
) -> Result<Vec<InviteLine>, AppError> {
    use super::{context, http, shown_once};
    use crate::{
        domain::{field_errors::FieldErrors, invitations::InviteOutcome},
        service::ServiceError,
    };

    let (services, caller) = context::signed_in().await?;
    let view = services.get_team(&caller, &team).await?;
    let keep = |error: ServiceError| context::keep_typed(error, &[("emails", &emails), ("note", &note)]);
    let role = Role::parse(&role).ok_or_else(|| keep(FieldErrors::one("role", "Choose admin, member or viewer.").into()))?;
    let addresses = emails.split(['\n', ',', ';']).map(str::trim).filter(|address| !address.is_empty());
    let invitees = addresses.map(|address| (address.to_owned(), role)).collect();
    let results = services.invite_members(&caller, &team, invitees, &note).await.map_err(keep)?;
    let mut lines: Vec<InviteLine> = results
        .into_iter()
        .map(|result| InviteLine {
            sentence: result.outcome.sentence(&view.name),
            email: result.email,
            sent: matches!(result.outcome, InviteOutcome::Sent { .. }),
            link: match result.outcome {
                InviteOutcome::Sent { link, .. } => link,
                _ => String::new(),
            },
        })
        .collect();
    if http::is_plain_form() {
        // A cookie holds little; the links are got from the list.
        for line in &mut lines {
            line.link.clear();
            line.email = line.email.chars().take(48).collect();
            line.sentence = line.sentence.chars().take(96).collect();
        }
        shown_once::put(&services, &caller, INVITED, &lines)?;
        leptos_axum::redirect(&format!("{}?dialog=invited", super::members::list_address(&team)));
    }
    Ok(lines)
}

/// Sends an invitation anew: another seven days, and its old links are dead.
#[server(prefix = "/fn", endpoint = "resend_invitation", output = PageAnswer)]
pub async fn resend_invitation(team: String, id: String) -> Result<(), AppError> {
    use crate::domain::ids::InvitationId;

    let (services, caller) = super::context::signed_in().await?;
    let id = InvitationId::parse(&id).ok_or(AppError::NotFound)?;
    Ok(services.resend_invitation(&caller, &team, id).await.map(|_| ())?)
}

/// Takes an invitation back.
#[server(prefix = "/fn", endpoint = "revoke_invitation", output = PageAnswer)]
pub async fn revoke_invitation(team: String, id: String) -> Result<(), AppError> {
    use crate::domain::ids::InvitationId;

    let (services, caller) = super::context::signed_in().await?;
    let id = InvitationId::parse(&id).ok_or(AppError::NotFound)?;
    Ok(services.revoke_invitation(&caller, &team, id).await.map(|_| ())?)
}

/// The link of an invitation, to hand it over. A plain form finds it on the page that it is led to.
#[server(prefix = "/fn", endpoint = "copy_invitation_link", output = PageAnswer)]
pub async fn copy_invitation_link(team: String, id: String) -> Result<String, AppError> {
    use super::{http, shown_once};
    use crate::domain::ids::InvitationId;

    let (services, caller) = super::context::signed_in().await?;
    let id = InvitationId::parse(&id).ok_or(AppError::NotFound)?;
    let link = services.copy_invitation_link(&caller, &team, id).await?;
    if http::is_plain_form() {
        shown_once::put(&services, &caller, LINK, &link)?;
        leptos_axum::redirect(&format!("{}?dialog=link", super::members::list_address(&team)));
    }
    Ok(link)
}

/// The invitation whose link the browser carries. [`AppError::NotFound`] for whatever is none.
#[server(prefix = "/fn", endpoint = "get_invitation", output = PageAnswer)]
pub async fn get_invitation() -> Result<InvitePage, AppError> {
    use super::context;
    use crate::domain::format;

    let (services, caller) = context::maybe_signed_in().await?;
    let (_, request, _) = context::visitor()?;
    let view = services.invitation_by_token(&request, caller.as_ref(), &carried()).await?;
    Ok(InvitePage {
        state: view.state,
        team: view.team,
        slug: view.team_slug,
        organization: view.organization,
        inviter: view.inviter,
        role: view.role,
        email: view.email,
        viewer_email: view.viewer_email,
        expires: format::full(view.expires_at),
        owner: view.owner,
        seats: view.seats.unwrap_or_default(),
        may_ask: view.may_ask,
        typed_name: context::typed("name"),
    })
}

/// The token that the browser carries.
#[cfg(feature = "ssr")]
fn carried() -> String {
    use crate::service::accounts::links::Link;

    super::http::cookie(Link::Invite.cookie()).unwrap_or_default()
}

/// The link is used up: the browser forgets it and goes to the team.
/// The page of an invitation for whoever has an account there since: another address than before, so that an open page loads anew.
#[cfg(feature = "ssr")]
const ENTERED: &str = "/invite?entered=1";

#[cfg(feature = "ssr")]
fn enter(services: &crate::service::Services, slug: &str) {
    use crate::service::accounts::links::Link;

    super::http::set_cookie(&services.forget_link(Link::Invite));
    leptos_axum::redirect(&format!("/t/{slug}"));
}

/// Joins the team as who is signed in.
#[server(prefix = "/fn", endpoint = "accept_invitation", output = PageAnswer)]
pub async fn accept_invitation() -> Result<(), AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    let (_, request, _) = context::visitor()?;
    let joined = services.accept_invitation(&caller, &request, &carried()).await?;
    enter(&services, &joined.slug);
    Ok(())
}

/// Signs in as the invited person and joins the team.
#[server(prefix = "/fn", endpoint = "sign_in_and_join", output = PageAnswer)]
pub async fn sign_in_and_join(password: String) -> Result<(), AppError> {
    use super::context;
    use crate::service::{Door, accounts::sessions::caller_of, vault::Secret};

    let (services, request, session) = context::visitor()?;
    let token = carried();
    let invitation = services.invitation_by_token(&request, None, &token).await?;
    if invitation.state != LinkState::SignIn {
        return Err(AppError::Conflict { message: "This invitation has changed meanwhile. Reload the page.".into() });
    }
    let user = services.sign_in(&request, Door::Page, &invitation.email, Secret::new(password)).await?;
    services.open_session(&session, Some(&user), &request).await?;
    let caller = caller_of(&services, &session, Door::Page, &request).await?.ok_or(AppError::SignedOut)?;
    match services.accept_invitation(&caller, &request, &token).await {
        Ok(joined) => enter(&services, &joined.slug),
        // Signed in all the same; the page says what is in the way.
        Err(_) => leptos_axum::redirect(ENTERED),
    }
    Ok(())
}

/// Makes the account of the invited address and joins the team with it.
#[server(prefix = "/fn", endpoint = "sign_up_and_join", output = PageAnswer)]
pub async fn sign_up_and_join(#[server(default)] name: String, password: String) -> Result<(), AppError> {
    use super::context;
    use crate::service::{Door, accounts::invited::InvitedSignUp, vault::Secret};

    let (services, request, session) = context::visitor()?;
    let form = InvitedSignUp { token: carried(), email: None, name: name.clone(), password: Secret::new(password) };
    let made = services.sign_up_invited(&request, Door::Page, form).await;
    let (user, joined) = made.map_err(|error| context::keep_typed(error, &[("name", &name)]))?;
    services.open_session(&session, Some(&user), &request).await?;
    match joined {
        Some(joined) => enter(&services, &joined.slug),
        // The address is to be confirmed first, which the page says.
        None => leptos_axum::redirect(ENTERED),
    }
    Ok(())
}

/// Signs out, and stays with the invitation.
#[server(prefix = "/fn", endpoint = "switch_account", output = PageAnswer)]
pub async fn switch_account() -> Result<(), AppError> {
    use super::context;

    let (services, caller) = context::maybe_signed_in().await?;
    let (_, _, session) = context::visitor()?;
    services.close_session(&session, caller.as_ref()).await?;
    leptos_axum::redirect("/invite");
    Ok(())
}

/// Declines the invitation, signed in or not.
#[server(prefix = "/fn", endpoint = "decline_invitation", output = PageAnswer)]
pub async fn decline_invitation() -> Result<(), AppError> {
    use super::{context, http};
    use crate::service::{Door, accounts::links::Link};

    let (services, caller) = context::maybe_signed_in().await?;
    let (_, request, _) = context::visitor()?;
    services.decline_invitation(&request, Door::Page, caller.as_ref(), &carried()).await?;
    http::set_cookie(&services.forget_link(Link::Invite));
    leptos_axum::redirect("/invite?declined=1");
    Ok(())
}

/// Asks by mail for a new link, or for a seat.
#[server(prefix = "/fn", endpoint = "ask_about_invitation", output = PageAnswer)]
pub async fn ask_about_invitation() -> Result<(), AppError> {
    use super::context;
    use crate::service::Door;

    let (services, caller) = context::maybe_signed_in().await?;
    let (_, request, _) = context::visitor()?;
    services.ask_about_invitation(&request, Door::Page, caller.as_ref(), &carried()).await?;
    leptos_axum::redirect("/invite");
    Ok(())
}
