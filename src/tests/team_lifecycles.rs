//! Random sequences of everything that can happen to a team, by random people, against a reference that is written from the table of
//! spec.md §2 alone: nothing beyond the table succeeds, nothing within it is refused, and what must always hold does.

use std::collections::BTreeMap;

use super::{
    members::verified,
    support::{
        accounts::Visit,
        invariants, on_each_database,
        people::{db_person, new_team},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        ids::{InvitationId, KeyId},
        invitations::InviteOutcome,
        roles::{OrgRole, Role},
        time::{DAY_MS, MINUTE_MS, UnixMs},
    },
    service::{Caller, Random, ServiceError, Services, members::ownership::Transfer, teams::TeamPatch},
    storage::{self, RowExt},
};

/// Olga runs the platform, Otto the organization; the others are nobody until they are invited.
const PEOPLE: [&str; 7] = ["Olga", "Otto", "Ada", "Ben", "Cleo", "Dan", "Eve"];
const PLATFORM_ADMIN: usize = 0;
const ORG_ADMIN: usize = 1;
const SLUG: &str = "atlas-search";

#[derive(Clone, Debug)]
struct Waiting {
    id: InvitationId,
    link: String,
    for_whom: usize,
    role: Role,
    inviter: usize,
    expires_at: UnixMs,
}

#[derive(Clone, Debug)]
struct Key {
    id: KeyId,
    of: usize,
    kind: KeyKind,
}

/// What the table says, in the simplest form.
#[derive(Clone, Debug, Default)]
struct Reference {
    roles: BTreeMap<usize, Role>,
    waiting: Vec<Waiting>,
    keys: Vec<Key>,
}

impl Reference {
    fn role(&self, who: usize) -> Option<Role> {
        self.roles.get(&who).copied()
    }

    fn is_owner(&self, who: usize) -> bool {
        self.role(who) == Some(Role::Owner)
    }

    fn owner_or_admin(&self, who: usize) -> bool {
        matches!(self.role(who), Some(Role::Owner | Role::Admin))
    }

    /// "invite, revoke or resend invitations, remove members, set roles up to own": owner, admin, organization admin.
    fn manages(&self, who: usize) -> bool {
        self.owner_or_admin(who) || who == ORG_ADMIN
    }

    fn has_keys(&self, who: usize) -> bool {
        self.owner_or_admin(who) || self.role(who) == Some(Role::Member)
    }

    /// What ends when somebody's right to invite, or to have keys, may have ended.
    fn settle(&mut self, who: usize) {
        if !self.manages(who) {
            self.waiting.retain(|invitation| invitation.inviter != who);
        }
        if !self.has_keys(who) {
            self.keys.retain(|key| key.of != who || key.kind == KeyKind::Application);
        }
    }

    fn strength(role: Role) -> u8 {
        match role {
            Role::Owner => 3,
            Role::Admin => 2,
            Role::Member => 1,
            Role::Viewer => 0,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Invite { by: usize, whom: usize, role: Role },
    Resend { by: usize, which: usize },
    Revoke { by: usize, which: usize },
    Accept { by: usize, which: usize },
    Decline { by: usize, which: usize },
    SetRole { by: usize, whom: usize, role: Role },
    Remove { by: usize, whom: usize },
    Leave { by: usize },
    Transfer { by: usize, to: usize },
    Rename { by: usize },
    SetSeats { by: usize },
    CreateKey { by: usize, kind: KeyKind },
    RevokeKey { by: usize, which: usize },
    Delete { by: usize },
}

fn random_step(random: &Random, reference: &Reference) -> Step {
    let pick = |n: usize| random.below(u32::try_from(n.max(1)).unwrap()) as usize;
    let who = || pick(PEOPLE.len());
    // Three times of four somebody who can do something, else most steps would be refused.
    let insiders: Vec<usize> = reference.roles.keys().copied().chain([ORG_ADMIN]).collect();
    let by = || if pick(4) > 0 { insiders[pick(insiders.len())] } else { who() };
    let strong = || reference.roles.iter().find(|(_, role)| **role == Role::Owner).map_or_else(who, |(owner, _)| *owner);
    let role = || Role::ALL[pick(4)];
    let which = pick(reference.waiting.len());
    // Often the person that the invitation is for, else nobody would ever join.
    let invited = reference.waiting.get(which).map(|invitation| invitation.for_whom).filter(|_| pick(3) > 0);
    match pick(40) {
        0..=7 => Step::Invite { by: by(), whom: who(), role: role() },
        8..=9 => Step::Resend { by: by(), which },
        10 => Step::Revoke { by: by(), which },
        11..=16 => Step::Accept { by: invited.unwrap_or_else(who), which },
        17 => Step::Decline { by: invited.unwrap_or_else(who), which },
        18..=22 => Step::SetRole { by: by(), whom: by(), role: role() },
        23..=25 => Step::Remove { by: by(), whom: by() },
        26..=27 => Step::Leave { by: by() },
        28..=30 => Step::Transfer { by: if pick(2) > 0 { strong() } else { by() }, to: by() },
        31 => Step::Rename { by: by() },
        32 => Step::SetSeats { by: by() },
        33..=36 => Step::CreateKey { by: by(), kind: KeyKind::ALL[pick(3)] },
        37..=38 => Step::RevokeKey { by: by(), which: pick(reference.keys.len()) },
        _ => Step::Delete { by: if pick(4) == 0 { strong() } else { who() } },
    }
}

/// A team, what it should be, and who plays.
struct Play {
    services: Services,
    people: Vec<Caller>,
    reference: Reference,
}

impl Play {
    async fn start(services: &Services) -> Self {
        let mut people = vec![];
        for (at, name) in PEOPLE.iter().enumerate() {
            people.push(db_person(services, name, at == PLATFORM_ADMIN).await);
        }
        let org = services.create_organization(&people[PLATFORM_ADMIN], "Northwind Labs", "").await.unwrap();
        let mut tx = services.store.begin().await.unwrap();
        let at = services.clock.now();
        storage::organizations::put_member(&mut tx, org.id, people[ORG_ADMIN].user.id, OrgRole::Admin, at).await.unwrap();
        // The platform's admin runs the platform, and is nothing in this organization.
        storage::organizations::put_member(&mut tx, org.id, people[PLATFORM_ADMIN].user.id, OrgRole::Member, at).await.unwrap();
        tx.commit().await.unwrap();
        let mut play = Self { services: services.clone(), people, reference: Reference::default() };
        play.found_team().await;
        play
    }

    async fn found_team(&mut self) {
        self.services.create_team(&self.people[ORG_ADMIN], new_team("Atlas Search", "northwind-labs")).await.unwrap();
        self.reference = Reference::default();
        self.reference.roles.insert(ORG_ADMIN, Role::Owner);
    }

    /// Does a step; whether it succeeded, and whether it should have. The reference follows what should be.
    async fn act(&mut self, step: &Step) -> (Result<(), ServiceError>, bool) {
        let now = self.services.clock.now();
        let services = self.services.clone();
        let people = self.people.clone();
        let reference = &mut self.reference;
        match *step {
            Step::Invite { by, whom, role } => {
                let live = reference.waiting.iter().any(|invitation| invitation.for_whom == whom && invitation.expires_at > now);
                let listed = vec![(people[whom].user.email.clone(), role)];
                let allowed =
                    reference.manages(by) && role != Role::Owner && by != whom && reference.role(whom).is_none() && !live;
                let result = services.invite_members(&people[by], SLUG, listed, "").await;
                let result = result.and_then(|mut results| match results.remove(0).outcome {
                    InviteOutcome::Sent { invitation, link } => Ok((invitation, link)),
                    _ => Err(ServiceError::Conflict("refused", String::new())),
                });
                if let Ok((invitation, link)) = &result {
                    reference.waiting.retain(|other| other.for_whom != whom);
                    let (id, expires_at, link) = (invitation.id, invitation.expires_at, token(link));
                    reference.waiting.push(Waiting { id, link, for_whom: whom, role, inviter: by, expires_at });
                }
                (result.map(|_| ()), allowed)
            }
            Step::Resend { by, which } => {
                let Some(invitation) = reference.waiting.get(which).cloned() else { return nothing() };
                let allowed = reference.manages(by) && reference.role(invitation.for_whom).is_none();
                let result = services.resend_invitation(&people[by], SLUG, invitation.id).await;
                if let Ok((renewed, link)) = &result {
                    let waiting = &mut reference.waiting[which];
                    (waiting.link, waiting.inviter, waiting.expires_at) = (token(link), by, renewed.expires_at);
                }
                (result.map(|_| ()), allowed)
            }
            Step::Revoke { by, which } => {
                let Some(invitation) = reference.waiting.get(which).cloned() else { return nothing() };
                let allowed = reference.manages(by);
                if allowed {
                    reference.waiting.remove(which);
                }
                (services.revoke_invitation(&people[by], SLUG, invitation.id).await, allowed)
            }
            Step::Accept { by, which } => {
                let Some(invitation) = reference.waiting.get(which).cloned() else { return nothing() };
                let allowed = by == invitation.for_whom && invitation.expires_at > now && reference.role(by).is_none();
                if allowed {
                    reference.roles.insert(by, invitation.role);
                    reference.waiting.remove(which);
                }
                let visit = Visit::from("192.0.2.7");
                (services.accept_invitation(&people[by], &visit, &invitation.link).await.map(|_| ()), allowed)
            }
            Step::Decline { by, which } => {
                let Some(invitation) = reference.waiting.get(which).cloned() else { return nothing() };
                let allowed = by == invitation.for_whom && invitation.expires_at > now;
                if allowed {
                    reference.waiting.remove(which);
                }
                let (visit, door) = (Visit::from("192.0.2.7"), people[by].door);
                (services.decline_invitation(&visit, door, Some(&people[by]), &invitation.link).await, allowed)
            }
            Step::SetRole { by, whom, role } => {
                let before = reference.role(whom);
                let raises_self =
                    before.is_some_and(|before| by == whom && Reference::strength(role) > Reference::strength(before));
                let touches_owner = before == Some(Role::Owner) || role == Role::Owner;
                let allowed = reference.manages(by) && before.is_some() && !touches_owner && !raises_self;
                if allowed {
                    reference.roles.insert(whom, role);
                    reference.settle(whom);
                }
                (services.set_member_role(&people[by], SLUG, people[whom].user.id, role).await, allowed)
            }
            Step::Remove { by, whom } => {
                let known = reference.role(whom).is_some() && reference.role(whom) != Some(Role::Owner);
                let allowed = known && (by == whom || reference.manages(by));
                if allowed {
                    reference.roles.remove(&whom);
                    reference.settle(whom);
                }
                (services.remove_member(&people[by], SLUG, people[whom].user.id).await.map(|_| ()), allowed)
            }
            Step::Leave { by } => {
                let allowed = reference.role(by).is_some() && !reference.is_owner(by);
                if allowed {
                    reference.roles.remove(&by);
                    reference.settle(by);
                }
                (services.leave_team(&people[by], SLUG).await, allowed)
            }
            Step::Transfer { by, to } => {
                let fits = matches!(reference.role(to), Some(Role::Admin | Role::Member));
                let allowed = reference.is_owner(by) && fits;
                if allowed {
                    reference.roles.insert(by, Role::Admin);
                    reference.roles.insert(to, Role::Owner);
                }
                let form = Transfer { to: people[to].user.id, confirm_name: "Atlas Search".into(), password: None };
                (services.transfer_ownership(&verified(&services, &people[by]), SLUG, form).await, allowed)
            }
            Step::Rename { by } => {
                let allowed = reference.manages(by) || by == PLATFORM_ADMIN;
                let patch = TeamPatch { name: Some("Atlas Search".into()), ..TeamPatch::default() };
                (services.update_team(&people[by], SLUG, patch).await.map(|_| ()), allowed)
            }
            Step::SetSeats { by } => {
                let allowed = reference.is_owner(by) || by == PLATFORM_ADMIN;
                let patch = TeamPatch { seats: Some(Some(50)), ..TeamPatch::default() };
                (services.update_team(&people[by], SLUG, patch).await.map(|_| ()), allowed)
            }
            Step::CreateKey { by, kind } => {
                let allowed = if kind == KeyKind::Application { reference.owner_or_admin(by) } else { reference.has_keys(by) };
                let new = NewApiKey { name: "key".into(), kind, expires_at: None };
                let result = services.create_key(&people[by], SLUG, new).await;
                if let Ok(key) = &result {
                    reference.keys.push(Key { id: key.id, of: by, kind });
                }
                (result.map(|_| ()), allowed)
            }
            Step::RevokeKey { by, which } => {
                let Some(key) = reference.keys.get(which).cloned() else { return nothing() };
                let own = key.of == by && key.kind != KeyKind::Application && reference.has_keys(by);
                let allowed = own || reference.owner_or_admin(by) || by == PLATFORM_ADMIN;
                if allowed {
                    reference.keys.remove(which);
                }
                (services.revoke_key(&people[by], SLUG, key.id).await, allowed)
            }
            Step::Delete { by } => {
                let allowed = reference.is_owner(by);
                (services.delete_team(&people[by], SLUG, "Atlas Search").await, allowed)
            }
        }
    }

    /// The team in the database is the one of the reference.
    async fn compare(&self, trace: &str) {
        let mut c = self.services.store.reader().await.unwrap();
        let team = storage::teams::find(&mut c, SLUG).await.unwrap().unwrap_or_else(|| panic!("the team is there: {trace}"));
        for (at, person) in self.people.iter().enumerate() {
            let role = storage::teams::find_role(&mut c, team.id, person.user.id).await.unwrap();
            assert_eq!(role, self.reference.role(at), "{}: {trace}", PEOPLE[at]);
        }
        let owners = self.reference.roles.values().filter(|role| **role == Role::Owner).count();
        assert_eq!(owners, 1, "{trace}");
        let mut keys: Vec<KeyId> =
            storage::api_keys::list_unrevoked(&mut c, team.id, None).await.unwrap().into_iter().map(|key| key.id).collect();
        let mut expected: Vec<KeyId> = self.reference.keys.iter().map(|key| key.id).collect();
        keys.sort_unstable();
        expected.sort_unstable();
        assert_eq!(keys, expected, "keys: {trace}");
        let mut open: Vec<InvitationId> =
            storage::invitations::list_open(&mut c, team.id).await.unwrap().into_iter().map(|row| row.invitation.id).collect();
        let mut waiting: Vec<InvitationId> = self.reference.waiting.iter().map(|invitation| invitation.id).collect();
        open.sort_unstable();
        waiting.sort_unstable();
        assert_eq!(open, waiting, "invitations: {trace}");
    }
}

/// A step about something that is not there: nothing to try.
fn nothing() -> (Result<(), ServiceError>, bool) {
    (Err(ServiceError::NotFound), false)
}

fn token(link: &str) -> String {
    link.rsplit('/').next().unwrap_or_default().to_owned()
}

async fn audit_entries(services: &Services) -> i64 {
    let mut c = services.store.reader().await.unwrap();
    sqlx::query("SELECT COUNT(*) AS n FROM audit_log WHERE outcome = 'done'").fetch_one(&mut *c).await.unwrap().int("n").unwrap()
}

/// `TALLYGATE_TEST_LONG=1` plays ten times as many games.
#[tokio::test]
async fn no_sequence_of_actions_leaves_the_table() {
    let long = std::env::var("TALLYGATE_TEST_LONG").is_ok_and(|value| value == "1");
    on_each_database(|services| async move {
        let mut play = Play::start(&services).await;
        let (mut done, mut refused) = (0, 0);
        for seed in 0..if long { 20_u64 } else { 2 } {
            let random = Random::seeded(seed);
            for number in 0..200 {
                let step = random_step(&random, &play.reference);
                let trace = format!("seed {seed}, step {number}: {step:?}");
                let before = audit_entries(&services).await;
                let same_role = matches!(step, Step::SetRole { whom, role, .. } if play.reference.role(whom) == Some(role));
                let (result, allowed) = play.act(&step).await;
                assert_eq!(result.is_ok(), allowed, "{trace}: {result:?} in {:?}", play.reference);
                let written = audit_entries(&services).await - before;
                match &result {
                    Ok(()) if same_role => assert_eq!(written, 0, "nothing changed: {trace}"),
                    Ok(()) => assert!(written >= 1, "no audit entry: {trace}"),
                    Err(ServiceError::Internal(cause)) => panic!("{trace}: {cause}"),
                    Err(_) => assert_eq!(written, 0, "a refusal changes nothing: {trace}"),
                }
                if allowed && matches!(step, Step::Delete { .. }) {
                    play.found_team().await;
                }
                (done, refused) = if allowed { (done + 1, refused) } else { (done, refused + 1) };
                play.compare(&trace).await;
                services.clock.advance(40 * MINUTE_MS);
            }
            services.clock.advance(DAY_MS);
        }
        assert!(done > 100 && refused > 100, "{done} done, {refused} refused: the sequences say little");
        invariants::check(&services).await;
    })
    .await;
}
