//! Gateway keys: create, list, rename, rotate, revoke. The secret leaves this file once, in the answer to creation or rotation.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::check_name,
        api_keys::{
            ApiKey, CreatedKey, KEY_NAME_MAX, KeyKind, KeyState, KeyStatus, KeyView, NewApiKey, ROTATION_OVERLAP_MS, check_expiry,
        },
        ids::{KeyId, UserId},
        limit_forms::AllowanceChange,
        limit_scopes::{Allowance, Scope},
        page::{Page, PageRequest},
        roles::{Action, Standing},
        teams::Team,
        time::UnixMs,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        key_secrets::{make_secret, shown_parts},
        limits::{How, Place},
        self_service::Planned,
        vault::sha256_hex,
    },
    storage::{
        self,
        api_keys::{KeyFilter, ListedKey},
    },
};

/// A change of a key; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct KeyPatch {
    /// Name.
    pub name: Option<String>,
    /// When it ends; `Some(None)` for never.
    pub expires_at: Option<Option<UnixMs>>,
    /// What it is narrowed to; `Some(None)` for nothing of its own.
    pub models: Option<Option<Vec<String>>>,
    /// Its limits and its budget.
    pub allowance: AllowanceChange,
}

/// What a new key is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct KeyBounds {
    /// Models; none for all that its owner may call.
    pub models: Option<Vec<String>>,
    /// Limits and a budget.
    pub allowance: AllowanceChange,
}

/// Which keys a list shows.
#[derive(Clone, Debug, Default)]
pub struct KeyQuery {
    /// Name, prefix or owner contain this.
    pub text: String,
    /// Only the caller's own.
    pub mine: bool,
    /// Only those of this status.
    pub status: Option<KeyStatus>,
    /// Page.
    pub page: PageRequest,
}

impl Services {
    /// Creates a key in a team or personal space (`me`) and gives its secret, this once.
    pub async fn create_key(&self, caller: &Caller, team: &str, new: NewApiKey) -> Result<CreatedKey, ServiceError> {
        self.create_bounded_key(caller, team, new, KeyBounds::default()).await
    }

    /// The same, narrowed to some models, or to none at all, if names are given.
    pub async fn create_narrowed_key(
        &self,
        caller: &Caller,
        team: &str,
        new: NewApiKey,
        models: Option<Vec<String>>,
    ) -> Result<CreatedKey, ServiceError> {
        self.create_bounded_key(caller, team, new, KeyBounds { models, ..KeyBounds::default() }).await
    }

    /// The same, with limits and a budget of its own, too.
    pub async fn create_bounded_key(
        &self,
        caller: &Caller,
        team: &str,
        new: NewApiKey,
        KeyBounds { models, allowance: change }: KeyBounds,
    ) -> Result<CreatedKey, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        // Under the lock that a removal takes: no key comes to be after its person has left.
        let (team, standing) = self.lock_context_for(&mut tx, caller, team, Action::OwnKeys).await?;
        if new.kind == KeyKind::Application && !standing.may(Action::ManageAnyKey) {
            return Err(self.denied(caller, &team, Action::ManageAnyKey));
        }
        let allowance = change.applied_to(Allowance::default());
        let (kind, expires_at) = (new.kind, new.expires_at);
        let planned = Planned { id: None, user: caller.user.id, kind, expires_at, allowance, works: false };
        self.check_self_service(&mut tx, &team, standing, planned).await?;
        let at = self.clock.now();
        let secret = make_secret("tg_", self.random.bytes());
        let (prefix, suffix) = shown_parts(&secret);
        let key = ApiKey {
            id: self.random.id_at(at),
            team: team.id,
            user: caller.user.id,
            kind: new.kind,
            name: new.name,
            prefix,
            suffix,
            expires_at: new.expires_at,
            revoked_at: None,
            old_secret_until: None,
            created_at: at,
            last_used_at: None,
        };
        storage::api_keys::insert(&mut tx, &key, &sha256_hex(&secret)).await?;
        let mut after = json!({"name": key.name, "kind": key.kind, "expires_at": key.expires_at, "prefix": key.prefix});
        if let Some(names) = models {
            let ids = self.check_key_models(&team, holder(&key), &names, &[])?;
            storage::model_access::subsets::put_key(&mut tx, key.id, Some(&ids)).await?;
            after["models"] = json!(self.model_names(Some(&ids)));
        }
        self.audit_key(&mut tx, caller, &team, &key, ("key.create", json!({}), after)).await?;
        self.put_allowance(&mut tx, caller, &place(&team, &key), change, How::default()).await?;
        self.commit(tx, Touched::key(key.id)).await?;
        Ok(created(key, secret))
    }

    /// Keys of a team, newest first: everybody's for those who may see them, else the caller's own.
    pub async fn list_keys(&self, caller: &Caller, team: &str, query: KeyQuery) -> Result<Page<KeyView>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        if !standing.may(Action::ViewAnyKey) && !standing.may(Action::OwnKeys) {
            return Err(ServiceError::Denied(Action::OwnKeys));
        }
        let before = match query.page.cursor.as_deref() {
            None | Some("") => None,
            Some(cursor) => Some(KeyId::parse(cursor).ok_or_else(|| ServiceError::field("cursor", "This cursor is not valid."))?),
        };
        let now = self.clock.now();
        let (year, month, _) = now.civil();
        let limit = query.page.limit();
        let filter = KeyFilter {
            user: (query.mine || !standing.may(Action::ViewAnyKey)).then_some(caller.user.id),
            text: &query.text,
            status: query.status.map(|status| (status, now)),
            before,
            limit: limit + 1,
            month_start: UnixMs::from_civil(year, month, 1),
        };
        let rows = storage::api_keys::list(&mut c, team.id, &filter).await?;
        let page = Page::cut(rows, limit, |row| row.key.id.to_string());
        Ok(page.map(|row| view(row, caller.user.id, standing, now)))
    }

    /// How many keys of a team work now, as far as the caller may see them.
    pub async fn count_active_keys(&self, caller: &Caller, team: &str) -> Result<i64, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let user = (!standing.may(Action::ViewAnyKey)).then_some(caller.user.id);
        Ok(storage::api_keys::count_active(&mut c, team.id, user, self.clock.now()).await?)
    }

    /// Renames a key, changes its expiry, its models, its limits or its budget. What it is afterwards must be within the team's
    /// self-service policy.
    pub async fn update_key(&self, caller: &Caller, team: &str, id: KeyId, patch: KeyPatch) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing, key) = self.key_for(&mut tx, caller, team, id, Action::ManageAnyKey).await?;
        check_not_revoked(&key)?;
        let stood = storage::limits::find(&mut tx, Scope::Key(key.id)).await?.map(|row| row.allowance).unwrap_or_default();
        let planned = Planned {
            allowance: patch.allowance.applied_to(stood),
            expires_at: patch.expires_at.unwrap_or(key.expires_at),
            ..planned(&key, self.clock.now())
        };
        self.check_self_service(&mut tx, &team, standing, planned).await?;
        let mut after = json!({});
        if let Some(name) = patch.name {
            let name = check_name(&name, "a name", KEY_NAME_MAX).map_err(|m| ServiceError::field("name", m))?;
            storage::api_keys::rename(&mut tx, key.id, &name).await?;
            after["name"] = json!(name);
        }
        if let Some(expires_at) = patch.expires_at {
            check_expiry(expires_at, self.clock.now()).map_err(|m| ServiceError::field("expires_at", m))?;
            storage::api_keys::set_expiry(&mut tx, key.id, expires_at).await?;
            after["expires_at"] = json!(expires_at);
        }
        let mut before = json!({"name": key.name, "expires_at": key.expires_at});
        if let Some(models) = patch.models {
            let stood = storage::model_access::subsets::find_key(&mut tx, key.id).await?;
            let ids = match models {
                Some(names) => Some(self.check_key_models(&team, holder(&key), &names, stood.as_deref().unwrap_or_default())?),
                None => None,
            };
            storage::model_access::subsets::put_key(&mut tx, key.id, ids.as_deref()).await?;
            before["models"] = json!(self.model_names(stood.as_deref()));
            after["models"] = json!(self.model_names(ids.as_deref()));
        }
        if after.as_object().is_some_and(|after| !after.is_empty()) {
            self.audit_key(&mut tx, caller, &team, &key, ("key.update", before, after)).await?;
        }
        self.put_allowance(&mut tx, caller, &place(&team, &key), patch.allowance, How::default()).await?;
        self.commit(tx, Touched::key(key.id)).await
    }

    /// Gives a key a new secret; the present one works for another 24 hours.
    pub async fn rotate_key(&self, caller: &Caller, team: &str, id: KeyId) -> Result<CreatedKey, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing, mut key) = self.key_for(&mut tx, caller, team, id, Action::ManageAnyKey).await?;
        check_not_revoked(&key)?;
        let now = self.clock.now();
        if key.expires_at.is_some_and(|end| end <= now) {
            return Err(ServiceError::Conflict("key_expired", "This key has expired. Create a new one.".into()));
        }
        let allowance = storage::limits::find(&mut tx, Scope::Key(key.id)).await?.map(|row| row.allowance).unwrap_or_default();
        self.check_self_service(&mut tx, &team, standing, Planned { allowance, ..planned(&key, now) }).await?;
        let secret = make_secret("tg_", self.random.bytes());
        let old_prefix = key.prefix.clone();
        (key.prefix, key.suffix) = shown_parts(&secret);
        let until = now.plus(ROTATION_OVERLAP_MS);
        if !storage::api_keys::rotate(&mut tx, &key, &sha256_hex(&secret), until).await? {
            return Err(revoked_meanwhile());
        }
        let after = json!({"prefix": key.prefix, "old_secret_until": until});
        self.audit_key(&mut tx, caller, &team, &key, ("key.rotate", json!({"prefix": old_prefix}), after)).await?;
        self.commit(tx, Touched::key(key.id)).await?;
        Ok(created(key, secret))
    }

    /// Revokes a key: the next call with it is refused. Revoking twice changes nothing.
    pub async fn revoke_key(&self, caller: &Caller, team: &str, id: KeyId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _, key) = self.key_for(&mut tx, caller, team, id, Action::RevokeAnyKey).await?;
        let now = self.clock.now();
        if storage::api_keys::revoke(&mut tx, key.id, now).await? {
            let change = ("key.revoke", json!({"revoked_at": null}), json!({"revoked_at": now}));
            self.audit_key(&mut tx, caller, &team, &key, change).await?;
        }
        self.commit(tx, Touched::key(key.id)).await
    }

    /// A key that is the caller's own, or that the action lets the caller touch, under the lock of its team: of several who change keys
    /// at once each sees what the one before did. Other keys do not exist for those who may not see them.
    async fn key_for(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        id: KeyId,
        action: Action,
    ) -> Result<(Team, Standing, ApiKey), ServiceError> {
        let (team, standing) = self.lock_context_for(c, caller, team, Action::ViewTeam).await?;
        let key = storage::api_keys::find(c, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        let own = is_own(&key, caller.user.id) && standing.may(Action::OwnKeys);
        if own || standing.may(action) {
            return Ok((team, standing, key));
        }
        let denied = self.denied(caller, &team, action);
        // Whoever may not see the key learns nothing of it.
        if standing.may(Action::ViewAnyKey) { Err(denied) } else { Err(ServiceError::NotFound) }
    }

    async fn audit_key(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        key: &ApiKey,
        (action, before, after): (&str, serde_json::Value, serde_json::Value),
    ) -> Result<(), ServiceError> {
        let change = Change {
            action,
            target_kind: "key",
            target_id: key.id.to_string(),
            target_name: &key.name,
            team: Some(team.id),
            organization: team.organization,
            before,
            after,
        };
        self.audit(c, caller, change).await
    }
}

/// Whose grants and subset count for a key.
fn holder(key: &ApiKey) -> Option<UserId> {
    (!key.is_the_teams()).then_some(key.user)
}

/// Where a key's limits stand.
fn place(team: &Team, key: &ApiKey) -> Place {
    Place::of_team(team, Scope::Key(key.id), key.name.clone())
}

/// A key as it is, for the self-service policy.
fn planned(key: &ApiKey, now: UnixMs) -> Planned {
    Planned {
        id: Some(key.id),
        user: key.user,
        kind: key.kind,
        expires_at: key.expires_at,
        allowance: Allowance::default(),
        works: key.expires_at.is_none_or(|end| end > now),
    }
}

fn check_not_revoked(key: &ApiKey) -> Result<(), ServiceError> {
    if key.revoked_at.is_some() { Err(revoked_meanwhile()) } else { Ok(()) }
}

fn revoked_meanwhile() -> ServiceError {
    ServiceError::Conflict("key_revoked", "This key was revoked. Nothing was changed; create a new one.".into())
}

/// An application key belongs to the team, not to who made it.
fn is_own(key: &ApiKey, user: UserId) -> bool {
    key.user == user && !key.is_the_teams()
}

fn view(row: ListedKey, viewer: UserId, standing: Standing, now: UnixMs) -> KeyView {
    let key = row.key;
    let state = KeyState::at(now, key.expires_at, key.revoked_at);
    let alive = key.revoked_at.is_none();
    let own = is_own(&key, viewer) && standing.may(Action::OwnKeys);
    KeyView {
        may_manage: alive && (own || standing.may(Action::ManageAnyKey)),
        may_revoke: alive && (own || standing.may(Action::RevokeAnyKey)),
        masked: format!("{}…{}", key.prefix, key.suffix),
        old_secret_until: key.old_secret_until.filter(|until| *until > now),
        id: key.id,
        name: key.name,
        kind: key.kind,
        user: key.user,
        user_name: row.user_name,
        state,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        spent: row.spent,
    }
}

fn created(key: ApiKey, secret: String) -> CreatedKey {
    CreatedKey { id: key.id, key: secret, prefix: key.prefix, name: key.name, kind: key.kind, expires_at: key.expires_at }
}
