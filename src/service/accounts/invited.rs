//! Signing up with an invitation: whatever the sign-up policy, whoever holds the link may make the account of its address.

use crate::{
    domain::{
        accounts::{NAME_MAX, User, check_name, check_password_length},
        email,
        field_errors::FieldErrors,
        invitations::Joined,
    },
    service::{
        Caller, Door, RequestFacts, ServiceError, Services, Touched,
        invitations::{
            join::{came_by_mail, check_open, mismatch},
            open::Named,
        },
        vault::Secret,
    },
};

use super::new_account::NewAccount;

/// A filled-in form of somebody who was invited.
#[derive(Clone, Debug)]
pub struct InvitedSignUp {
    /// Token of the link.
    pub token: String,
    /// Address, where the form has one: it must be the invited one.
    pub email: Option<String>,
    /// Display name; empty for the address' first part.
    pub name: String,
    /// Password, as typed.
    pub password: Secret,
}

impl Services {
    /// Makes the account of an invited address. With a link that came by mail the address is proven, and its person joins the team in
    /// the same transaction. A copied link proves nothing: then the account must be confirmed first, and the invitation waits (`None`).
    /// Open a session for the account either way.
    pub async fn sign_up_invited(
        &self,
        request: &RequestFacts,
        door: Door,
        form: InvitedSignUp,
    ) -> Result<(User, Option<Joined>), ServiceError> {
        let mut c = self.store.reader().await?;
        let (invitation, _) = self.look_up_invitation(&mut c, request, &form.token).await?;
        drop(c);
        check_open(&invitation, self.clock.now())?;
        if let Some(typed) = &form.email
            && email::normalize(typed).map_err(|message| ServiceError::field("email", message))? != invitation.email_normalized
        {
            return Err(mismatch(&invitation));
        }
        let normalized = invitation.email_normalized.clone();
        let mut problems = FieldErrors::default();
        let typed = if form.name.trim().is_empty() { normalized.split('@').next().unwrap_or_default() } else { &form.name };
        let name = problems.check("name", check_name(typed, "your name", NAME_MAX)).unwrap_or_default();
        problems.check("password", check_password_length(form.password.expose()));
        problems.into_result()?;
        let known = self.guessable_words(&name, &normalized).await?;
        self.passwords.judge(form.password.clone(), known).await?;
        // Many of one office may follow their invitations in an hour; each has a link of its own.
        self.throttles.count_sign_up(&normalized, request.ip(), true, self.clock.now())?;
        let password_hash = self.passwords.hash(form.password, &self.random).await?;
        let proven = came_by_mail(&invitation, &form.token);
        let new = NewAccount {
            email: invitation.email.clone(),
            email_normalized: normalized.clone(),
            name,
            password_hash,
            platform_admin: false,
            email_confirmed: proven,
            at: self.clock.now(),
        };
        let mut tx = self.store.begin().await?;
        let user = self.insert_account(&mut tx, &new).await?;
        self.audit_new_account(&mut tx, &user, door, request).await?;
        let joined = if proven {
            let caller = Caller::new(user.clone(), door, false, request);
            Some(self.join(&mut tx, &caller, Named::Token(&form.token)).await?)
        } else {
            self.queue_confirmation(&mut tx, &user, &normalized).await?;
            None
        };
        let teams = joined.iter().map(|joined| joined.team).chain([user.personal_team]);
        self.commit(tx, Touched::teams(teams).and(Touched::user(user.id))).await?;
        self.mailer.wake();
        Ok((user, joined))
    }
}
