//! What the demo's audit log tells: who joined, who made which key, and a few changes of the last weeks.

use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::AnyConnection;

use super::cast::{INVITED, PEOPLE, TEAMS};
use crate::{
    domain::{
        accounts::User,
        audit::AuditOutcome,
        ids::{OrgId, TeamId},
        roles::{Action, Role},
        time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs},
    },
    service::{Caller, Door, ServiceError, Services, audit::Change},
    storage::{self, api_keys::KeyFilter},
};

/// Changes of the first team: minutes ago, who, what, fields before and after.
const LATELY: [(i64, &str, &str, &str, &str); 4] = [
    (30 * 1_440, "Maya Okafor", "team.update", r#"{"seats":12}"#, r#"{"seats":20}"#),
    (9 * 1_440, "Jonas Lindqvist", "team.update", r#"{"ranking_open":false}"#, r#"{"ranking_open":true}"#),
    (2 * 1_440, "Priya Raman", "audit.export", "{}", "{}"),
    (95, "Maya Okafor", "team.update", r#"{"ranking_open":true}"#, r#"{"ranking_open":false}"#),
];
/// Roles that were given: minutes ago, by whom, to whom, what they were.
const PROMOTIONS: [(i64, &str, &str, Role); 2] =
    [(140 * 1_440, "Maya Okafor", "Priya Raman", Role::Member), (41 * 1_440, "Maya Okafor", "Jonas Lindqvist", Role::Member)];

/// Writes entries as if they had been written then. `past` has a clock that can be moved.
pub(super) struct Record<'a> {
    pub(super) past: &'a Services,
    pub(super) now: UnixMs,
    pub(super) organization: OrgId,
    pub(super) people: &'a HashMap<&'static str, User>,
}

impl Record<'_> {
    pub(super) async fn write(&self, c: &mut AnyConnection, teams: &[TeamId]) -> Result<(), ServiceError> {
        for (cast, &team) in TEAMS.iter().zip(teams) {
            let id = team.to_string();
            for (at, (name, role)) in cast.members.iter().enumerate() {
                let days = PEOPLE.iter().find(|(known, ..)| known == name).map_or(0, |(_, days, _)| *days);
                let joined = self.now.plus(-days * DAY_MS + at as i64 * 7 * MINUTE_MS);
                let user = &self.people[name];
                let (action, kind, id, target, after) = if *role == Role::Owner {
                    ("team.create", "team", id.clone(), cast.name, json!({"name": cast.name, "slug": cast.slug}))
                } else {
                    let after = json!({"state": "accepted", "role": role});
                    ("invitation.accept", "invitation", user.id.to_string(), user.email.as_str(), after)
                };
                self.entry(c, joined, name, team, change(action, kind, id, target, (json!({}), after))).await?;
            }
            let filter = KeyFilter { user: None, text: "", status: None, before: None, limit: 1_000, month_start: UnixMs(0) };
            for listed in storage::api_keys::list(c, team, &filter).await? {
                let (key, by) = (listed.key, listed.user_name);
                let id = key.id.to_string();
                let after = json!({"name": key.name, "kind": key.kind, "expires_at": key.expires_at, "prefix": key.prefix});
                let made = change("key.create", "key", id.clone(), &key.name, (json!({}), after));
                self.entry(c, key.created_at, &by, team, made).await?;
                if let Some(at) = key.revoked_at {
                    let values = (json!({"revoked_at": null}), json!({"revoked_at": at}));
                    self.entry(c, at, &by, team, change("key.revoke", "key", id, &key.name, values)).await?;
                }
            }
        }
        self.write_lately(c, teams[0]).await?;
        self.write_invitations(c).await
    }

    /// Invitations that wait, as their inviters sent them.
    async fn write_invitations(&self, c: &mut AnyConnection) -> Result<(), ServiceError> {
        let Some(team) = storage::teams::find(c, TEAMS[0].slug).await? else { return Ok(()) };
        for (address, by, role, minutes) in INVITED {
            let Some(caller) = self.caller(by) else { continue };
            let ago = minutes * MINUTE_MS;
            self.past.clock.advance(-ago);
            let sent = self.past.send_new(c, &caller, &team, (address, address.to_owned()), (role, "")).await;
            self.past.clock.advance(ago);
            sent?;
        }
        Ok(())
    }

    /// Somebody at their browser.
    fn caller(&self, name: &str) -> Option<Caller> {
        // An address of the range for documentation, the same for the same person.
        let host = PEOPLE.iter().position(|(known, ..)| *known == name)? + 20;
        let user = self.people.get(name)?.clone();
        Some(Caller { door: Door::Page, address: format!("203.0.113.{host}"), ..Caller::system(user) })
    }

    async fn write_lately(&self, c: &mut AnyConnection, team: TeamId) -> Result<(), ServiceError> {
        let name = TEAMS[0].name;
        let fields = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        for (minutes, by, action, before, after) in LATELY {
            let kind = if action == "audit.export" { "audit" } else { "team" };
            let target = if kind == "audit" { "Audit log" } else { name };
            let change = change(action, kind, team.to_string(), target, (fields(before), fields(after)));
            self.entry(c, self.now.plus(-minutes * MINUTE_MS), by, team, change).await?;
        }
        for (minutes, by, whom, before) in PROMOTIONS {
            let values = (json!({"role": before}), json!({"role": Role::Admin}));
            let change = change("member.set_role", "member", self.people[whom].id.to_string(), whom, values);
            self.entry(c, self.now.plus(-minutes * MINUTE_MS), by, team, change).await?;
        }
        let change = change(Action::ManageLimits.word(), "team", team.to_string(), name, (json!({}), json!({})));
        self.tell(c, self.now.plus(-5 * HOUR_MS), "Daniel Cho", team, change, AuditOutcome::Denied).await
    }

    async fn entry(
        &self,
        c: &mut AnyConnection,
        at: UnixMs,
        by: &str,
        team: TeamId,
        change: Change<'_>,
    ) -> Result<(), ServiceError> {
        self.tell(c, at, by, team, change, AuditOutcome::Done).await
    }

    async fn tell(
        &self,
        c: &mut AnyConnection,
        at: UnixMs,
        by: &str,
        team: TeamId,
        change: Change<'_>,
        outcome: AuditOutcome,
    ) -> Result<(), ServiceError> {
        let Some(caller) = self.caller(by) else { return Ok(()) };
        let change = Change { team: Some(team), organization: Some(self.organization), ..change };
        let back = self.past.clock.now();
        self.past.clock.advance(at.0 - back.0);
        let written = self.past.insert_audit(c, &caller, change, outcome).await;
        self.past.clock.advance(back.0 - at.0);
        written
    }
}

fn change<'a>(
    action: &'a str,
    target_kind: &'a str,
    target_id: String,
    target_name: &'a str,
    (before, after): (Value, Value),
) -> Change<'a> {
    Change { action, target_kind, target_id, target_name, before, after, ..Change::default() }
}
