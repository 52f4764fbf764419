//! Accounts, as platform admins manage them. Suspending keeps memberships: sessions, tokens and keys rest until it ends.

use serde_json::{Value, json};
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::User,
        ids::UserId,
        page::{Page, PageRequest},
        platform::UserRow,
    },
    service::{
        Caller, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
    },
    storage::{
        self,
        single_use_tokens::Purpose,
        users::{ListedUser, UserFilter},
    },
};

impl Services {
    /// Accounts, newest first; `search` looks into names and addresses, `suspended` keeps those that are or are not.
    pub async fn list_users(
        &self,
        caller: &Caller,
        search: &str,
        suspended: Option<bool>,
        page: &PageRequest,
    ) -> Result<Page<UserRow>, ServiceError> {
        caller.check_platform_admin()?;
        let before = page.cursor_id(UserId::parse).map_err(ServiceError::Invalid)?;
        let filter = UserFilter { text: search, suspended, before, limit: page.limit() + 1, now: self.clock.now() };
        let mut c = self.store.reader().await?;
        let users = storage::users::list(&mut c, &filter).await?;
        Ok(Page::cut(users, page.limit(), |listed| listed.user.id.to_string()).map(|listed| row(caller, listed)))
    }

    /// One account.
    pub async fn get_user(&self, caller: &Caller, id: UserId) -> Result<UserRow, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        let listed = storage::users::find_listed(&mut c, id, self.clock.now()).await?.ok_or(ServiceError::NotFound)?;
        Ok(row(caller, listed))
    }

    /// Suspends an account: its sessions are over, its tokens and keys fail from the next request on. Memberships stay.
    pub async fn suspend_user(&self, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
        check_admin(caller)?;
        if caller.user.id == id {
            let message = "You can not suspend yourself. Another platform admin can.";
            return Err(ServiceError::Conflict("own_account", message.into()));
        }
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
        let states = (json!({"suspended": false}), json!({"suspended": true}));
        self.audit(&mut tx, caller, change("account.suspend", &user, states)).await?;
        tx.commit().await?;
        self.refresh_snapshot().await
    }

    /// Ends a suspension: keys and tokens work again, the person signs in anew.
    pub async fn unsuspend_user(&self, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
        check_admin(caller)?;
        let mut tx = self.store.begin().await?;
        let user = find(&mut tx, id).await?;
        if user.disabled_at.is_none() {
            return Err(ServiceError::Conflict("not_suspended", format!("{} is not suspended.", user.name)));
        }
        storage::users::set_disabled(&mut tx, id, None).await?;
        let states = (json!({"suspended": true}), json!({"suspended": false}));
        self.audit(&mut tx, caller, change("account.unsuspend", &user, states)).await?;
        tx.commit().await?;
        self.refresh_snapshot().await
    }

    /// Ends all sessions of an account; its person signs in anew.
    pub async fn end_user_sessions(&self, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
        check_admin(caller)?;
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
        check_admin(caller)?;
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

    /// Makes somebody platform admin, or takes that back. One always stays.
    pub async fn set_platform_admin(&self, caller: &Caller, id: UserId, admin: bool) -> Result<(), ServiceError> {
        check_admin(caller)?;
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
        let action = if admin { "account.make_platform_admin" } else { "account.end_platform_admin" };
        let states = (json!({"platform_admin": !admin}), json!({"platform_admin": admin}));
        self.audit(&mut tx, caller, change(action, &user, states)).await?;
        tx.commit().await?;
        Ok(())
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

fn check_admin(caller: &Caller) -> Result<(), ServiceError> {
    caller.check_platform_admin()?;
    caller.check_may_write()
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
