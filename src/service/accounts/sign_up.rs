//! Signing up. What the answer may reveal stands in [`super`].

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::new_account::NewAccount;
use crate::{
    domain::{
        accounts::{NAME_MAX, SignUpPolicy, User, check_name, check_password_length},
        email,
        field_errors::FieldErrors,
        time::{DAY_MS, UnixMs},
    },
    service::{
        Door, RequestFacts, ServiceError, Services, Touched,
        mail::{NewMail, Template},
        vault::{Secret, sha256_hex},
    },
    storage::{self, single_use_tokens::Purpose},
};

/// A filled-in sign-up form.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Address, as typed.
    pub email: String,
    /// Password, as typed.
    pub password: Secret,
    /// Display name; empty for the address' first part.
    pub name: String,
    /// On an empty platform: the token that the server printed.
    pub setup_token: Option<String>,
}

/// How a sign-up ended.
#[derive(Clone, Debug)]
pub enum SignedUp {
    /// The account exists. Open a session for it.
    SignedIn(User),
    /// Demo mode, and the address was taken: open a session for nobody, and answer as for this made-up account.
    Nobody(User),
    /// The link in the mail goes on from here.
    CheckMail,
}

/// A sign-up that waits for its link. It lives in the link alone, sealed; nothing is stored before the address is proven.
#[derive(Serialize, Deserialize)]
struct Pending {
    email: String,
    name: String,
    password_hash: String,
    expires_at: UnixMs,
}

/// What a pending sign-up is sealed for.
const PENDING_PLACE: &str = "sign-up";
const PENDING_LIFE_MS: i64 = DAY_MS;
/// Organization names that a password may not be made of.
const MOST_NAMES: usize = 50;
/// Setting that the first account writes: of two that come at once, one is first.
const FIRST_ACCOUNT: &str = "first_account";

impl Services {
    /// Makes an account, or starts making it.
    pub async fn sign_up(&self, request: &RequestFacts, door: Door, form: SignUp) -> Result<SignedUp, ServiceError> {
        let (normalized, name) = check_form(&form)?;
        let first = self.is_empty_platform().await?;
        let setup_hash = if first { self.check_setup_token(form.setup_token.as_deref()).await? } else { None };
        if !first {
            self.check_policy(&normalized).await?;
        }
        let known = self.guessable_words(&name, &normalized).await?;
        self.passwords.judge(form.password.clone(), known).await?;
        // Counted only now: whoever corrects a form is not throttled.
        self.throttles.count_sign_up(&normalized, request.ip(), self.settings.demo, self.clock.now())?;
        let password_hash = self.passwords.hash(form.password, &self.random).await?;
        let new = NewAccount {
            email: form.email.trim().to_owned(),
            email_normalized: normalized,
            name,
            password_hash,
            platform_admin: first,
            email_confirmed: false,
            at: self.clock.now(),
        };
        let outcome = if first {
            self.sign_up_first(request, door, &new, setup_hash).await
        } else if self.settings.demo {
            self.sign_up_at_once(request, door, &new).await
        } else {
            self.start_sign_up(&new).await
        };
        self.mailer.wake();
        outcome
    }

    /// Makes the account that a mailed link stands for. The password proves that whoever opened the mail also filled in the form.
    pub async fn finish_sign_up(
        &self,
        request: &RequestFacts,
        door: Door,
        token: &str,
        password: Secret,
    ) -> Result<User, ServiceError> {
        let over =
            || ServiceError::Gone("This link is not valid, or its 24 hours are over. Sign up once more to get a new one.".into());
        let sealed = self.vault.open(PENDING_PLACE, token).map_err(|_| over())?;
        let pending: Pending = serde_json::from_str(sealed.expose()).map_err(|_| over())?;
        if pending.expires_at <= self.clock.now() {
            return Err(over());
        }
        let normalized = email::normalize(&pending.email).map_err(|_| over())?;
        self.check_policy(&normalized).await?;
        let attempt = self.throttles.begin_login(&normalized, request.ip(), self.clock.now())?;
        let wrong = || ServiceError::field("password", "This is not the password that you chose when you signed up.");
        check_password_length(password.expose()).map_err(|_| wrong())?;
        if self.passwords.verify(password, Some(pending.password_hash.clone())).await? == super::passwords::Verdict::Wrong {
            return Err(wrong());
        }
        attempt.succeed();
        let new = NewAccount {
            email: pending.email,
            email_normalized: normalized,
            name: pending.name,
            password_hash: pending.password_hash,
            platform_admin: false,
            email_confirmed: true,
            at: self.clock.now(),
        };
        let mut tx = self.store.begin().await?;
        let user = self.insert_account(&mut tx, &new).await?;
        self.audit_new_account(&mut tx, &user, door, request).await?;
        self.commit(tx, Touched::team(user.personal_team)).await?;
        Ok(user)
    }

    /// The address and name of a mailed link, for its page. None where the link is over.
    pub fn find_pending_sign_up(&self, token: &str) -> Option<(String, String)> {
        let sealed = self.vault.open(PENDING_PLACE, token).ok()?;
        let pending: Pending = serde_json::from_str(sealed.expose()).ok()?;
        (pending.expires_at > self.clock.now()).then_some((pending.email, pending.name))
    }

    async fn sign_up_first(
        &self,
        request: &RequestFacts,
        door: Door,
        new: &NewAccount,
        setup_hash: Option<String>,
    ) -> Result<SignedUp, ServiceError> {
        let mut tx = self.store.begin().await?;
        if let Some(hash) = &setup_hash {
            let used = storage::single_use_tokens::consume(&mut tx, hash, Purpose::Setup, new.at).await?;
            used.ok_or_else(wrong_setup_token)?;
        }
        if !storage::settings::insert_if_absent(&mut tx, FIRST_ACCOUNT, "made", new.at).await? {
            return Err(ServiceError::Conflict("set_up", "Somebody has just set this platform up. Reload the page.".into()));
        }
        let user = self.insert_account(&mut tx, new).await?;
        self.audit_new_account(&mut tx, &user, door, request).await?;
        self.queue_confirmation(&mut tx, &user, &new.email_normalized).await?;
        self.commit(tx, Touched::team(user.personal_team)).await?;
        Ok(SignedUp::SignedIn(user))
    }

    async fn sign_up_at_once(&self, request: &RequestFacts, door: Door, new: &NewAccount) -> Result<SignedUp, ServiceError> {
        let mut tx = self.store.begin().await?;
        let written = match storage::users::find_credentials(&mut tx, &new.email_normalized).await? {
            Some(_) => Err(ServiceError::Conflict("email_taken", String::new())),
            None => self.insert_account(&mut tx, new).await,
        };
        match written {
            Ok(user) => {
                self.audit_new_account(&mut tx, &user, door, request).await?;
                self.queue_confirmation(&mut tx, &user, &new.email_normalized).await?;
                self.commit(tx, Touched::team(user.personal_team)).await?;
                Ok(SignedUp::SignedIn(user))
            }
            Err(ServiceError::Conflict("email_taken", _)) => {
                // A transaction that met the other account may be over.
                drop(tx);
                self.tell_account_exists(&new.email_normalized).await?;
                Ok(SignedUp::Nobody(self.made_up_user(new)))
            }
            Err(other) => Err(other),
        }
    }

    /// One mail either way; only the mailbox tells which.
    async fn start_sign_up(&self, new: &NewAccount) -> Result<SignedUp, ServiceError> {
        let pending = Pending {
            email: new.email.clone(),
            name: new.name.clone(),
            password_hash: new.password_hash.clone(),
            expires_at: new.at.plus(PENDING_LIFE_MS),
        };
        let pending =
            serde_json::to_string(&pending).map_err(|error| ServiceError::Internal(format!("a pending sign-up: {error}")))?;
        let token = self.vault.seal(&self.random, PENDING_PLACE, &pending)?;
        let mut tx = self.store.begin().await?;
        match storage::users::find_credentials(&mut tx, &new.email_normalized).await? {
            Some(known) => queue_account_exists(self, &mut tx, &known.user).await?,
            None => {
                let mail =
                    NewMail { template: Template::FinishSignUp, recipient: &new.email, name: &new.name, token: Some(&token) };
                self.queue_mail(&mut tx, mail).await?;
            }
        }
        tx.commit().await?;
        Ok(SignedUp::CheckMail)
    }

    async fn tell_account_exists(&self, normalized: &str) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        if let Some(known) = storage::users::find_credentials(&mut tx, normalized).await? {
            queue_account_exists(self, &mut tx, &known.user).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The hash of a good set-up token; none in demo mode, where none is needed.
    async fn check_setup_token(&self, typed: Option<&str>) -> Result<Option<String>, ServiceError> {
        if self.settings.demo {
            return Ok(None);
        }
        let typed = typed.map(str::trim).unwrap_or_default();
        if typed.is_empty() {
            return Err(ServiceError::field("setup_token", "Enter the set-up token that the server printed when it started."));
        }
        let hash = sha256_hex(typed);
        let mut c = self.store.reader().await?;
        let live = storage::single_use_tokens::find_live(&mut c, &hash, Purpose::Setup, self.clock.now()).await?;
        if live.is_some() { Ok(Some(hash)) } else { Err(wrong_setup_token()) }
    }

    async fn check_policy(&self, normalized: &str) -> Result<(), ServiceError> {
        if self.settings.demo {
            return Ok(());
        }
        let rules = self.sign_up_rules().await?;
        match rules.policy {
            SignUpPolicy::Open => Ok(()),
            SignUpPolicy::Invite => Err(ServiceError::Forbidden("Accounts on this server are created by invitation.".into())),
            SignUpPolicy::Domain if rules.domains.iter().any(|domain| domain == email::domain(normalized)) => Ok(()),
            SignUpPolicy::Domain => Err(ServiceError::field(
                "email",
                format!("Accounts on this server need an address at {}.", rules.domains.join(" or ")),
            )),
        }
    }

    /// Words that somebody who attacks this account would try first.
    pub(super) async fn guessable_words(&self, name: &str, normalized: &str) -> Result<Vec<String>, ServiceError> {
        let mut c = self.store.reader().await?;
        let organizations = storage::organizations::list(&mut c).await?;
        let names = organizations.into_iter().take(MOST_NAMES).map(|organization| organization.name);
        Ok([name.to_owned(), normalized.to_owned()].into_iter().chain(names).collect())
    }

    fn made_up_user(&self, new: &NewAccount) -> User {
        User {
            id: self.random.id_at(new.at),
            email: new.email.clone(),
            email_confirmed_at: None,
            name: new.name.clone(),
            platform_admin: false,
            personal_team: self.random.id_at(new.at),
            disabled_at: None,
            auth_epoch: 0,
            created_at: new.at,
        }
    }
}

async fn queue_account_exists(services: &Services, c: &mut AnyConnection, user: &User) -> Result<(), ServiceError> {
    let mail = NewMail { template: Template::AccountExists, recipient: &user.email, name: &user.name, token: None };
    services.queue_mail(c, mail).await?;
    Ok(())
}

fn check_form(form: &SignUp) -> Result<(String, String), FieldErrors> {
    let mut problems = FieldErrors::default();
    let normalized = problems.check("email", email::normalize(&form.email)).unwrap_or_default();
    let typed = if form.name.trim().is_empty() { normalized.split('@').next().unwrap_or_default() } else { &form.name };
    let name = if normalized.is_empty() && form.name.trim().is_empty() {
        Some(String::new())
    } else {
        problems.check("name", check_name(typed, "your name", NAME_MAX))
    };
    problems.check("password", check_password_length(form.password.expose()));
    problems.into_result()?;
    Ok((normalized, name.unwrap_or_default()))
}

fn wrong_setup_token() -> ServiceError {
    ServiceError::field("setup_token", "This token is not right, or its hour is over. Restart the server to get a new one.")
}
