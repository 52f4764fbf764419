//! Accounts, as platform admins manage them. Suspending keeps memberships: sessions, tokens and keys rest until it ends.

use serde_json::{Value, json};
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::User,
        audit::AuditFilter,
        email,
        ids::UserId,
        page::{Page, PageRequest},
        platform::{UserDetail, UserRow},
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        mail::{NewMail, Template},
        platform::check_reason,
    },
    storage::{
        self,
        audit::AuditScope,
        single_use_tokens::Purpose,
        users::{ListedUser, UserFilter},
    },
};

/// The action of a suspension in the audit log, which keeps its reason.
const SUSPEND: &str = "account.suspend";

/// Which accounts are asked for.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Name or address contain this.
    pub text: String,
    /// Only those that are suspended, or are not.
    pub suspended: Option<bool>,
    /// Only those that run the platform, or do not.
    pub platform_admin: Option<bool>,
    /// Page.
    pub page: PageRequest,
}

impl Services {
    /// Accounts, newest first.
    pub async fn list_users(&self, caller: &Caller, query: UserQuery) -> Result<Page<UserRow>, ServiceError> {
        caller.check_platform_admin()?;
        let UserQuery { text, suspended, platform_admin, page } = query;
        let before = page.cursor_id(UserId::parse).map_err(ServiceError::Invalid)?;
        let limit = page.limit() + 1;
        let filter = UserFilter { text: &text, suspended, platform_admin, before, limit, now: self.clock.now() };
        let mut c = self.store.reader().await?;
        let users = storage::users::list(&mut c, &filter).await?;
        Ok(Page::cut(users, page.limit(), |listed| listed.user.id.to_string()).map(|listed| row(caller, listed)))
    }

    /// One account with what it belongs to.
    pub async fn get_user_detail(&self, caller: &Caller, id: UserId) -> Result<UserDetail, ServiceError> {
        let row = self.get_user(caller, id).await?;
        let now = self.clock.now();
        let mut c = self.store.reader().await?;
        let mut suspended_for = String::new();
        if row.disabled_at.is_some() {
            let filter = AuditFilter { action: SUSPEND.into(), target_id: id.to_string(), ..AuditFilter::default() };
            let entries = storage::audit::list(&mut c, AuditScope::Platform, &filter, None, 1).await?;
            let reason = entries.into_iter().flat_map(|entry| entry.changes).find(|change| change.field == "reason");
            suspended_for = reason.map(|change| change.new).unwrap_or_default();
        }
        Ok(UserDetail {
            suspended_for,
            active_keys: storage::api_keys::count_active_of(&mut c, id, now).await?,
            teams: storage::teams::list_of(&mut c, id).await?,
            organizations: storage::organizations::list_of(&mut c, id).await?,
            row,
        })
    }

    /// The account of an address.
    pub async fn find_user_by_email(&self, caller: &Caller, typed: &str) -> Result<UserId, ServiceError> {
        caller.check_platform_admin()?;
        let normalized = email::normalize(typed).map_err(|message| ServiceError::field("email", message))?;
        let found = storage::users::find_credentials(&mut *self.store.reader().await?, &normalized).await?;
        found.map(|found| found.user.id).ok_or_else(|| ServiceError::field("email", "No account has this address."))
    }

    /// One account.
    pub async fn get_user(&self, caller: &Caller, id: UserId) -> Result<UserRow, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        let listed = storage::users::find_listed(&mut c, id, self.clock.now()).await?.ok_or(ServiceError::NotFound)?;
        Ok(row(caller, listed))
    }

    /// Suspends an account: its sessions are over, its tokens and keys fail from the next request on. Memberships stay. Platform admins
    /// read the reason, its person does not.
    pub async fn suspend_user(&self, caller: &Caller, id: UserId, reason: &str) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "suspend an account")?;
        if caller.user.id == id {
            let message = "You can not suspend yourself. Another platform admin can.";
            return Err(ServiceError::Conflict("own_account", message.into()));
        }
        let reason = check_reason(reason, "a reason, which other platform admins will read")?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        storage::users::lock_platform_admins(&mut tx).await?;
        self.check_still_admin(&mut tx, caller).await?;
        let user = find(&mut tx, id).await?;
        if user.disabled_at.is_some() {
            return Err(ServiceError::Conflict("suspended", format!("{} is suspended already.", user.name)));
        }
        storage::users::set_disabled(&mut tx, id, Some(now)).await?;
        self.withdraw_invitations_without_right(&mut tx, caller, id).await?;
        storage::sessions::delete_others(&mut tx, id, "").await?;
        storage::single_use_tokens::delete_all_of(&mut tx, id).await?;
        let states = (json!({"suspended": false}), json!({"suspended": true, "reason": reason}));
        self.audit(&mut tx, caller, change(SUSPEND, &user, states)).await?;
        self.commit(tx, Touched::user(id)).await
    }

    /// Ends a suspension, for a reason or without one: keys and tokens work again, the person signs in anew.
    pub async fn unsuspend_user(&self, caller: &Caller, id: UserId, reason: &str) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "end a suspension")?;
        let reason = match reason.trim() {
            "" => Value::Null,
            reason => check_reason(reason, "a reason")?.into(),
        };
        let mut tx = self.store.begin().await?;
        let user = find(&mut tx, id).await?;
        if user.disabled_at.is_none() {
            return Err(ServiceError::Conflict("not_suspended", format!("{} is not suspended.", user.name)));
        }
        storage::users::set_disabled(&mut tx, id, None).await?;
        let states = (json!({"suspended": true}), json!({"suspended": false, "reason": reason}));
        self.audit(&mut tx, caller, change("account.unsuspend", &user, states)).await?;
        self.commit(tx, Touched::user(id)).await
    }

    /// Ends all sessions of an account; its person signs in anew.
    pub async fn end_user_sessions(&self, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "end the sessions of an account")?;
        let mut tx = self.store.begin().await?;
        let user = find(&mut tx, id).await?;
        let ended = storage::sessions::list_of(&mut tx, id, self.clock.now()).await?.len();
        storage::users::raise_epoch(&mut tx, id).await?;
        storage::sessions::delete_others(&mut tx, id, "").await?;
        self.audit(&mut tx, caller, change("account.end_sessions", &user, (json!({"sessions": ended}), json!({"sessions": 0}))))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Mails somebody a link for a new password; links sent before stop working. The password itself is theirs alone.
    pub async fn start_password_reset(&self, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "begin a password reset")?;
        let mut tx = self.store.begin().await?;
        let user = find(&mut tx, id).await?;
        if user.disabled_at.is_some() {
            let message = format!("{} is suspended. End the suspension first.", user.name);
            return Err(ServiceError::Conflict("suspended", message));
        }
        storage::single_use_tokens::delete_of(&mut tx, Purpose::PasswordReset, Some(id)).await?;
        let token = self.insert_reset_token(&mut tx, id).await?;
        let mail = NewMail { template: Template::PasswordReset, recipient: &user.email, name: &user.name, token: Some(&token) };
        self.queue_mail(&mut tx, mail).await?;
        self.audit(&mut tx, caller, change("account.start_reset", &user, (Value::Null, Value::Null))).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// Makes somebody platform admin, or takes that back: they sign in anew. One always stays.
    pub async fn set_platform_admin(&self, caller: &Caller, id: UserId, admin: bool) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "change who is platform admin")?;
        let mut tx = self.store.begin().await?;
        let admins = storage::users::lock_platform_admins(&mut tx).await?;
        self.check_still_admin(&mut tx, caller).await?;
        let user = find(&mut tx, id).await?;
        if user.platform_admin == admin {
            return Ok(());
        }
        if admin && user.disabled_at.is_some() {
            let message = format!("{} is suspended. End the suspension first.", user.name);
            return Err(ServiceError::Conflict("suspended", message));
        }
        if !admin && user.disabled_at.is_none() && admins <= 1 {
            let message = "The platform keeps at least one admin. Make somebody else one first.";
            return Err(ServiceError::Conflict("last_platform_admin", message.into()));
        }
        storage::users::set_platform_admin(&mut tx, id, admin).await?;
        // No session goes on with more or less behind it than when its person signed in; the own one goes on under another id.
        let own = caller.session.as_ref().filter(|_| caller.user.id == id);
        let kept = own.map_or("", |session| session.id_hash.as_str());
        let epoch = storage::users::raise_epoch(&mut tx, id).await?;
        storage::sessions::delete_others(&mut tx, id, kept).await?;
        storage::sessions::set_epoch(&mut tx, kept, epoch).await?;
        let action = if admin { "account.make_platform_admin" } else { "account.end_platform_admin" };
        let states = (json!({"platform_admin": !admin}), json!({"platform_admin": admin}));
        self.audit(&mut tx, caller, change(action, &user, states)).await?;
        tx.commit().await?;
        match own.and_then(|session| session.handle.as_ref()) {
            Some(session) => self.rotate_session(session, id, epoch).await,
            None => Ok(()),
        }
    }

    /// Of two admins who act against each other at once, the second one may be none any more.
    async fn check_still_admin(&self, c: &mut AnyConnection, caller: &Caller) -> Result<(), ServiceError> {
        let now = storage::users::find(c, caller.user.id).await?;
        if now.is_some_and(|user| user.platform_admin && user.disabled_at.is_none()) {
            Ok(())
        } else {
            Err(ServiceError::NotFound)
        }
    }
}

async fn find(c: &mut AnyConnection, id: UserId) -> Result<User, ServiceError> {
    // One change of an account at a time.
    storage::users::lock(c, Some(id)).await?;
    storage::users::find_undeleted(c, id).await?.ok_or(ServiceError::NotFound)
}

fn change<'a>(action: &'a str, user: &'a User, (before, after): (Value, Value)) -> Change<'a> {
    Change {
        action,
        target_kind: "account",
        target_id: user.id.to_string(),
        target_name: &user.name,
        before,
        after,
        ..Change::default()
    }
}

fn row(caller: &Caller, listed: ListedUser) -> UserRow {
    let ListedUser { user, teams, owned_teams, sessions, last_seen_at } = listed;
    UserRow {
        id: user.id,
        email_confirmed: user.email_confirmed_at.is_some(),
        is_self: user.id == caller.user.id,
        name: user.name,
        email: user.email,
        platform_admin: user.platform_admin,
        disabled_at: user.disabled_at,
        created_at: user.created_at,
        teams,
        owned_teams,
        sessions,
        last_seen_at,
    }
}
