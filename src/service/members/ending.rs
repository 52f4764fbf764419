//! What ends with a membership, in the transaction that ends it.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{api_keys::ApiKey, ids::UserId, roles::Role, teams::Team},
    service::{
        Caller, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
    },
    storage,
};

impl Services {
    /// Takes a member out: revokes their keys of the team, withdraws their invitations, writes the audit entries, and mails them if
    /// somebody else did it. Gives how many keys stopped.
    pub(super) async fn take_out(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        user: UserId,
        role: Role,
    ) -> Result<i64, ServiceError> {
        let member = storage::users::find(c, user).await?.ok_or(ServiceError::NotFound)?;
        let own = user == caller.user.id;
        let keys = self.revoke_keys_of(c, caller, team, user).await?;
        self.end_access_of(c, team, user).await?;
        storage::members::delete(c, team.id, user).await?;
        let invitations = self.withdraw_invitations_without_right(c, caller, user).await?;
        let change = Change {
            action: if own { "member.leave" } else { "member.remove" },
            target_kind: "member",
            target_id: user.to_string(),
            target_name: &member.name,
            team: Some(team.id),
            organization: team.organization,
            before: json!({"role": role}),
            after: json!({"role": null, "keys_revoked": keys, "invitations_withdrawn": invitations}),
        };
        self.audit(c, caller, change).await?;
        if !own {
            let template = Template::MemberRemoved { team: team.name.clone(), by: caller.user.name.clone(), keys };
            self.queue_mail(c, NewMail { template, recipient: &member.email, name: &member.name, token: None }).await?;
        }
        Ok(keys)
    }

    /// Revokes all keys that a person has in a team. Application keys belong to the team and stay.
    pub(super) async fn revoke_keys_of(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        user: UserId,
    ) -> Result<i64, ServiceError> {
        let keys = storage::api_keys::list_unrevoked(c, team.id, Some(user)).await?;
        self.revoke_each(c, caller, team, keys.into_iter().filter(|key| !key.is_the_teams())).await
    }

    /// Revokes all keys of a team.
    pub(super) async fn revoke_keys_of_team(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
    ) -> Result<i64, ServiceError> {
        let keys = storage::api_keys::list_unrevoked(c, team.id, None).await?;
        self.revoke_each(c, caller, team, keys.into_iter()).await
    }

    /// Revokes keys, with an audit entry for each; gives how many of them worked until now.
    async fn revoke_each(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        keys: impl Iterator<Item = ApiKey>,
    ) -> Result<i64, ServiceError> {
        let now = self.clock.now();
        let mut stopped = 0;
        for key in keys {
            storage::api_keys::revoke(c, key.id, now).await?;
            stopped += i64::from(key.expires_at.is_none_or(|end| end > now));
            let change = Change {
                action: "key.revoke",
                target_kind: "key",
                target_id: key.id.to_string(),
                target_name: &key.name,
                team: Some(team.id),
                organization: team.organization,
                before: json!({"revoked_at": null}),
                after: json!({"revoked_at": now}),
            };
            self.audit(c, caller, change).await?;
        }
        Ok(stopped)
    }
}
