//! Accounts, as platform admins manage them, and owners that are lost.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::roles::Role, error::AppError, wire::PageAnswer};

/// A row of the list of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLine {
    pub id: String,
    pub name: String,
    pub email: String,
    pub email_confirmed: bool,
    pub platform_admin: bool,
    pub suspended: bool,
    /// `3, owns 1`.
    pub teams: String,
    pub last_seen: String,
    pub last_seen_title: String,
    pub joined: String,
    pub joined_title: String,
    pub is_self: bool,
}

/// The list of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsersPage {
    pub rows: Vec<UserLine>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// A team of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTeamLine {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub organization: String,
    pub role: Role,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPage {
    pub line: UserLine,
    /// `Suspended 14 Nov 2026, 15:42`; empty where it is not.
    pub suspended_since: String,
    pub suspended_for: String,
    /// `2 browsers are signed in.`
    pub sessions: String,
    /// `3 keys pause with the next call.`; empty where there are none.
    pub keys: String,
    /// How many teams it owns.
    pub owned: i64,
    pub teams: Vec<UserTeamLine>,
    /// Slug, name and role.
    pub organizations: Vec<(String, String, String)>,
    /// What was typed into the form that failed just now.
    pub typed_reason: String,
}

/// A team whose owner is out of reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryView {
    pub slug: String,
    pub team: String,
    pub owner: String,
    /// Identifier, and name with role.
    pub candidates: Vec<(String, String)>,
    /// Sentences: what happens.
    pub effects: Vec<String>,
    /// What was typed into the form that failed just now.
    pub typed_reason: String,
    pub typed_email: String,
}

/// Accounts, newest first. `show` is `active`, `suspended`, `admins` or empty for all.
#[server(prefix = "/fn", endpoint = "list_users", output = PageAnswer)]
pub async fn list_users(text: String, show: String, cursor: String) -> Result<UsersPage, AppError> {
    use crate::{domain::page::PageRequest, service::platform::users::UserQuery};

    let (services, caller) = super::context::signed_in().await?;
    let query = UserQuery {
        text,
        suspended: match show.as_str() {
            "active" => Some(false),
            "suspended" => Some(true),
            _ => None,
        },
        platform_admin: (show == "admins").then_some(true),
        page: PageRequest { limit: None, cursor: Some(cursor) },
    };
    let page = services.list_users(&caller, query).await?;
    let now = services.clock.now();
    Ok(UsersPage { rows: page.items.into_iter().map(|row| words::line(row, now)).collect(), next: page.next_cursor })
}

/// One account with its teams.
#[server(prefix = "/fn", endpoint = "get_user_detail", output = PageAnswer)]
pub async fn get_user_detail(user: String) -> Result<UserPage, AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    let detail = services.get_user_detail(&caller, words::parse(&user)?).await?;
    let mut page = words::page(detail, services.clock.now());
    page.typed_reason = context::typed("reason");
    Ok(page)
}

/// Suspends an account.
#[server(prefix = "/fn", endpoint = "suspend_user", output = PageAnswer)]
pub async fn suspend_user(user: String, #[server(default)] reason: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let id = words::parse(&user)?;
    let done = services.suspend_user(&caller, id, &reason).await;
    done.map_err(|error| super::context::keep_typed(error, &[("reason", &reason)]))?;
    leptos_axum::redirect(&user_address(&user));
    Ok(())
}

/// Ends a suspension.
#[server(prefix = "/fn", endpoint = "unsuspend_user", output = PageAnswer)]
pub async fn unsuspend_user(user: String, #[server(default)] reason: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let id = words::parse(&user)?;
    let done = services.unsuspend_user(&caller, id, &reason).await;
    done.map_err(|error| super::context::keep_typed(error, &[("reason", &reason)]))?;
    leptos_axum::redirect(&user_address(&user));
    Ok(())
}

/// Ends all sessions of an account.
#[server(prefix = "/fn", endpoint = "end_user_sessions", output = PageAnswer)]
pub async fn end_user_sessions(user: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.end_user_sessions(&caller, words::parse(&user)?).await?;
    leptos_axum::redirect(&user_address(&user));
    Ok(())
}

/// Mails somebody a link for a new password.
#[server(prefix = "/fn", endpoint = "start_password_reset", output = PageAnswer)]
pub async fn start_password_reset(user: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.start_password_reset(&caller, words::parse(&user)?).await?;
    leptos_axum::redirect(&user_address(&user));
    Ok(())
}

/// Makes somebody platform admin, or takes that back.
#[server(prefix = "/fn", endpoint = "set_platform_admin", output = PageAnswer)]
pub async fn set_platform_admin(user: String, #[server(default)] admin: bool) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let id = words::parse(&user)?;
    services.set_platform_admin(&caller, id, admin).await?;
    // Whoever gives up the role has no page here any more.
    leptos_axum::redirect(&if id == caller.user.id && !admin { "/teams".to_owned() } else { user_address(&user) });
    Ok(())
}

/// What another owner of a team means. Nothing for no team: the dialog is closed.
#[server(prefix = "/fn", endpoint = "preview_recovery", output = PageAnswer)]
pub async fn preview_recovery(team: String) -> Result<Option<RecoveryView>, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    if team.is_empty() {
        return Ok(None);
    }
    Ok(Some(words::recovery(services.preview_recovery(&caller, &team).await?)))
}

/// Makes a member of a team its owner, or with an empty `to` the account of an address. Leads back to the page of `user`, the old owner.
#[server(prefix = "/fn", endpoint = "recover_ownership", output = PageAnswer)]
pub async fn recover_ownership(
    user: String,
    team: String,
    #[server(default)] to: String,
    #[server(default)] email: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    use crate::{domain::ids::UserId, service::ServiceError};

    let (services, caller) = super::context::signed_in().await?;
    let by_address = to.is_empty();
    let recover = async || {
        caller.check_platform_admin()?;
        if !by_address && !email.trim().is_empty() {
            return Err(ServiceError::field("email", "Choose another account above for this one, or leave it empty."));
        }
        let to = match by_address {
            true => services.find_user_by_email(&caller, &email).await?,
            false => UserId::parse(&to).ok_or_else(|| ServiceError::field("to", "There is no such account."))?,
        };
        services.recover_ownership(&caller, &team, to, &reason).await
    };
    recover().await.map_err(|error| {
        // Its words stand where the choice was made.
        let error = match error {
            ServiceError::Invalid(fields) if by_address => ServiceError::Invalid(fields.renamed("to", "email")),
            error => error,
        };
        super::context::keep_typed(error, &[("reason", &reason), ("email", &email)])
    })?;
    leptos_axum::redirect(&user_address(&user));
    Ok(())
}

/// The address of the list of accounts.
pub const USERS: &str = "/admin/users";

/// The address of an account.
pub fn user_address(user: &str) -> String {
    format!("{USERS}/{user}")
}

#[cfg(feature = "ssr")]
mod words {
    use super::{RecoveryView, UserLine, UserPage, UserTeamLine};
    use crate::{
        domain::{
            format,
            ids::UserId,
            platform::{RecoveryPreview, UserDetail, UserRow},
            roles::OrgRole,
            time::{MINUTE_MS, UnixMs},
        },
        error::AppError,
        server_fns::context,
    };

    pub(super) fn parse(user: &str) -> Result<UserId, AppError> {
        UserId::parse(user).ok_or(AppError::NotFound)
    }

    pub(super) fn line(row: UserRow, now: UnixMs) -> UserLine {
        let teams = match (row.teams, row.owned_teams) {
            (0, _) => "None".to_owned(),
            (teams, 0) => teams.to_string(),
            (teams, owned) => format!("{teams}, owns {owned}"),
        };
        let last_seen = match row.last_seen_at {
            Some(at) if now.since(at) < 2 * MINUTE_MS => "Now".to_owned(),
            Some(at) => format::ago(at, now),
            None => "Signed out".to_owned(),
        };
        UserLine {
            id: row.id.to_string(),
            name: row.name,
            email: row.email,
            email_confirmed: row.email_confirmed,
            platform_admin: row.platform_admin,
            suspended: row.disabled_at.is_some(),
            teams,
            last_seen,
            last_seen_title: row.last_seen_at.map_or_else(|| "In no browser".to_owned(), format::full),
            joined: format::date(row.created_at),
            joined_title: format::full(row.created_at),
            is_self: row.is_self,
        }
    }

    pub(super) fn page(detail: UserDetail, now: UnixMs) -> UserPage {
        let UserDetail { row, suspended_for, active_keys, teams, organizations } = detail;
        let sessions = match row.sessions {
            0 => "No browser is signed in.".to_owned(),
            1 => "1 browser is signed in.".to_owned(),
            n => format!("{n} browsers are signed in."),
        };
        let keys = match active_keys {
            0 => String::new(),
            1 => "1 key pauses with its next call.".to_owned(),
            n => format!("{n} keys pause with their next calls."),
        };
        let team = |team: crate::domain::accounts::MyTeam| UserTeamLine {
            id: team.id.to_string(),
            slug: team.slug,
            name: team.name,
            organization: team.organization,
            role: team.role,
        };
        let role = |role: OrgRole| if role == OrgRole::Admin { "Admin" } else { "Member" };
        UserPage {
            suspended_since: row.disabled_at.map_or_else(String::new, |at| format!("Suspended since {}.", format::full(at))),
            suspended_for,
            sessions,
            keys,
            owned: row.owned_teams,
            teams: teams.into_iter().map(team).collect(),
            organizations: organizations.into_iter().map(|org| (org.slug, org.name, role(org.role).to_owned())).collect(),
            line: line(row, now),
            typed_reason: String::new(),
        }
    }

    pub(super) fn recovery(preview: RecoveryPreview) -> RecoveryView {
        let RecoveryPreview { slug, team, owner, owner_name, owner_gets_mail, candidates } = preview;
        let mails =
            if owner_gets_mail { "Both get a mail with your reason." } else { "The new owner gets a mail with your reason." };
        RecoveryView {
            effects: vec![
                format!("The new owner runs {team} from now on: its members, keys, limits and money."),
                format!("{owner_name} becomes admin of it. Whoever is no member yet joins the team and its organization."),
                "Keys, limits and invitations stay as they are.".to_owned(),
                format!("{mails} It stands in the audit log."),
            ],
            slug,
            team,
            owner: owner.to_string(),
            candidates: candidates
                .into_iter()
                .map(|person| (person.user.to_string(), format!("{} ({})", person.name, person.role.as_str())))
                .collect(),
            typed_reason: context::typed("reason"),
            typed_email: context::typed("email"),
        }
    }
}
