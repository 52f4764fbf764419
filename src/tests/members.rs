//! Members: roles, removal, leaving, handing over, deleting, seats.

use super::{
    invitations::invite,
    support::{
        TestApp,
        accounts::{PASSWORD, Visit, first_admin},
        on_each_database,
        people::{db_join, db_person, team},
    },
};
use crate::{
    domain::{
        api_keys::{CreatedKey, KeyKind, NewApiKey},
        invitations::LinkState,
        members::MemberSort,
        page::PageRequest,
        roles::{Action, Role},
        time::MINUTE_MS,
    },
    service::{
        Caller, CallerSession, ServiceError, Services,
        members::{MemberQuery, ownership::Transfer},
        teams::TeamPatch,
        vault::Secret,
    },
};

/// Somebody who entered the password just now.
pub(super) fn verified(services: &Services, person: &Caller) -> Caller {
    let session = CallerSession { id_hash: "none".into(), verified_at: Some(services.clock.now()), handle: None };
    person.clone().in_session(session)
}

pub(super) fn transfer(to: &Caller, name: &str) -> Transfer {
    Transfer { to: to.user.id, confirm_name: name.into(), password: None }
}

async fn key(services: &Services, person: &Caller, kind: KeyKind) -> CreatedKey {
    let new = NewApiKey { name: format!("{}'s {}", person.user.name, kind.as_str()), kind, expires_at: None };
    services.create_key(person, "atlas-search", new).await.unwrap()
}

/// The error codes and actions of the audit log, newest last.
pub(super) async fn db_audit(services: &Services) -> Vec<String> {
    let mut c = services.store.reader().await.unwrap();
    let rows = sqlx::query("SELECT action || ' ' || target_name || ' ' || after_value AS text FROM audit_log ORDER BY at, id");
    rows.fetch_all(&mut *c).await.unwrap().iter().map(|row| crate::storage::RowExt::text(row, "text").unwrap()).collect()
}

#[tokio::test]
async fn roles_change_within_the_table_and_are_mailed() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let mut people = vec![];
        for (name, role) in [("Ada", Role::Admin), ("Mo", Role::Member), ("Vera", Role::Viewer)] {
            let person = db_person(&services, name, false).await;
            db_join(&services, &atlas, &person, role).await;
            people.push(person);
        }
        let [ada, mo, vera] = [&people[0], &people[1], &people[2]];
        let slug = "atlas-search";
        // R02, R03.
        for role in [Role::Admin, Role::Viewer] {
            let refused = services.set_member_role(ada, slug, maya.user.id, role).await;
            assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
        }
        assert!(matches!(services.remove_member(ada, slug, maya.user.id).await, Err(ServiceError::Forbidden(_))));
        assert!(matches!(services.set_member_role(ada, slug, ada.user.id, Role::Owner).await, Err(ServiceError::Forbidden(_))));
        for person in [mo, vera] {
            let refused = services.set_member_role(person, slug, person.user.id, Role::Admin).await;
            assert!(matches!(refused, Err(ServiceError::Denied(Action::ManageMembers))));
            let refused = services.remove_member(person, slug, ada.user.id).await;
            assert!(matches!(refused, Err(ServiceError::Denied(Action::ManageMembers))));
        }
        let refused = services.set_member_role(&maya, slug, maya.user.id, Role::Admin).await;
        assert!(matches!(refused, Err(ServiceError::Conflict("last_owner", _))));
        let stranger = db_person(&services, "Sam", false).await;
        assert!(matches!(services.set_member_role(&stranger, slug, mo.user.id, Role::Viewer).await, Err(ServiceError::NotFound)));
        assert!(matches!(
            services.set_member_role(&maya, slug, stranger.user.id, Role::Viewer).await,
            Err(ServiceError::NotFound)
        ));

        services.set_member_role(ada, slug, mo.user.id, Role::Admin).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let mail = services.mailer.sent().pop().unwrap();
        assert_eq!(mail.subject, "You are an admin of Atlas Search now");
        assert!(
            mail.text.contains("Ada changed your role in the team Atlas Search: you were a member, you are an admin now."),
            "{}",
            mail.text
        );
        // R09: the next request has the new role.
        assert_eq!(services.get_team(mo, slug).await.unwrap().standing.role, Some(Role::Admin));
        let audit = db_audit(&services).await;
        assert!(audit.iter().any(|entry| entry.starts_with("member.set_role Mo") && entry.contains("\"admin\"")), "{audit:?}");

        // A viewer has no keys.
        let keys = [key(&services, mo, KeyKind::Person).await, key(&services, mo, KeyKind::Application).await];
        services.set_member_role(&maya, slug, mo.user.id, Role::Viewer).await.unwrap();
        let app = TestApp::new(&services);
        app.key(&keys[0].key).get("/v1/models").await.expect(401);
        app.key(&keys[1].key).get("/v1/models").await.expect(200);
    })
    .await;
}

/// R10, R12, I18.
#[tokio::test]
async fn a_removal_stops_the_keys_and_says_so_before() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let daniel = db_person(&services, "Daniel", false).await;
        let (mailed, _) = invite(&services, &maya, &atlas, "daniel@northwind.example", Role::Admin).await;
        services.accept_invitation(&daniel, &Visit::from("192.0.2.7"), &mailed).await.unwrap();
        let keys = [
            key(&services, &daniel, KeyKind::Person).await,
            key(&services, &daniel, KeyKind::Person).await,
            key(&services, &daniel, KeyKind::Test).await,
        ];
        let application = key(&services, &daniel, KeyKind::Application).await;
        let personal = NewApiKey { name: "own".into(), kind: KeyKind::Person, expires_at: None };
        let personal = services.create_key(&daniel, "me", personal).await.unwrap();
        let (waiting, _) = invite(&services, &daniel, &atlas, "hannah@x.example", Role::Member).await;
        let app = TestApp::new(&services);
        app.key(&keys[0].key).get("/v1/models").await.expect(200);

        let preview = services.preview_removal(&maya, "atlas-search", daniel.user.id).await.unwrap();
        assert_eq!((preview.keys.len(), preview.application_keys.len(), preview.invitations), (3, 1, 1));
        assert_eq!((preview.name.as_str(), preview.role, preview.is_self), ("Daniel", Role::Admin, false));
        assert_eq!(services.remove_member(&maya, "atlas-search", daniel.user.id).await.unwrap(), 3);
        for key in &keys {
            let answer = app.key(&key.key).get("/v1/models").await.expect(401);
            assert_eq!(answer["error"]["code"], "api_key_revoked");
        }
        app.key(&application.key).get("/v1/models").await.expect(200);
        app.key(&personal.key).get("/v1/models").await.expect(200);
        assert!(matches!(services.get_team(&daniel, "atlas-search").await, Err(ServiceError::NotFound)));
        // The invitations that he sent went with the right to send them.
        let view = services.invitation_by_token(&Visit::from("192.0.2.7"), None, &waiting).await.unwrap();
        assert_eq!(view.state, LinkState::Revoked);
        assert!(services.list_invitations(&maya, "atlas-search").await.unwrap().is_empty());
        services.deliver_mails_once().await.unwrap();
        let mail = services.mailer.sent().pop().unwrap();
        assert_eq!(
            (mail.recipient.as_str(), mail.subject.as_str()),
            ("daniel@northwind.example", "You were removed from Atlas Search")
        );
        assert!(mail.text.contains("Your 3 keys of that team have stopped."));

        let reopened = services.accept_invitation(&daniel, &Visit::from("192.0.2.7"), &mailed).await;
        assert!(matches!(reopened, Err(ServiceError::Gone(_))));
        let (again, _) = invite(&services, &maya, &atlas, "daniel@northwind.example", Role::Member).await;
        services.accept_invitation(&daniel, &Visit::from("192.0.2.7"), &again).await.unwrap();
        app.key(&keys[0].key).get("/v1/models").await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn members_leave_and_the_owner_can_not() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let olga = db_person(&services, "Olga", true).await;
        let atlas = team(&services, &maya).await;
        let mo = db_person(&services, "Mo", false).await;
        db_join(&services, &atlas, &mo, Role::Member).await;
        let secret = key(&services, &mo, KeyKind::Person).await;
        for refused in [
            services.leave_team(&maya, "atlas-search").await,
            services.remove_member(&maya, "atlas-search", maya.user.id).await.map(|_| ()),
        ] {
            assert!(matches!(refused, Err(ServiceError::Conflict("last_owner", _))), "R04");
        }
        assert!(matches!(services.leave_team(&olga, "atlas-search").await, Err(ServiceError::Conflict("not_a_member", _))));
        assert!(matches!(services.leave_team(&mo, "me").await, Err(ServiceError::Conflict("personal_space", _))));
        services.leave_team(&mo, "atlas-search").await.unwrap();
        TestApp::new(&services).key(&secret.key).get("/v1/models").await.expect(401);
        assert!(matches!(services.leave_team(&mo, "atlas-search").await, Err(ServiceError::NotFound)));
        assert!(db_audit(&services).await.iter().any(|entry| entry.starts_with("member.leave Mo")));
    })
    .await;
}

#[tokio::test]
async fn a_transfer_needs_a_member_the_name_and_the_password() {
    on_each_database(|services| async move {
        let maya = Visit::from("203.0.113.1").caller(&first_admin(&services).await);
        let atlas = team(&services, &maya).await;
        let (ada, vera) = (db_person(&services, "Ada", false).await, db_person(&services, "Vera", false).await);
        let sam = db_person(&services, "Sam", false).await;
        db_join(&services, &atlas, &ada, Role::Admin).await;
        db_join(&services, &atlas, &vera, Role::Viewer).await;
        let name = "Atlas Search";
        let fresh = verified(&services, &maya);
        for (to, what) in [(&vera, "a viewer"), (&sam, "no member"), (&maya, "oneself")] {
            let refused = services.transfer_ownership(&fresh, "atlas-search", transfer(to, name)).await;
            assert!(matches!(&refused, Err(ServiceError::Invalid(fields)) if fields.get("to").is_some()), "{what}: {refused:?}");
        }
        let refused = services.transfer_ownership(&fresh, "atlas-search", transfer(&ada, "atlas search")).await;
        assert!(matches!(&refused, Err(ServiceError::Invalid(fields)) if fields.get("confirm_name").is_some()));
        for person in [&ada, &vera] {
            let refused = services.transfer_ownership(&verified(&services, person), "atlas-search", transfer(&ada, name)).await;
            assert!(matches!(refused, Err(ServiceError::Denied(Action::OwnTeam))));
        }
        let refused = services.transfer_ownership(&verified(&services, &sam), "atlas-search", transfer(&ada, name)).await;
        assert!(matches!(refused, Err(ServiceError::NotFound)));

        // Ten minutes after the password was entered it is asked for again.
        let stale = verified(&services, &maya);
        services.clock.advance(10 * MINUTE_MS);
        for password in [None, Some(""), Some("wrong password")] {
            let password = password.map(|text| Secret::new(text.into()));
            let form = Transfer { password, ..transfer(&ada, name) };
            let refused = services.transfer_ownership(&stale, "atlas-search", form).await;
            assert!(matches!(&refused, Err(ServiceError::Invalid(fields)) if fields.get("password").is_some()), "{refused:?}");
        }
        assert_eq!(services.get_team(&maya, "atlas-search").await.unwrap().owner, maya.user.id);
        let form = Transfer { password: Some(Secret::new(PASSWORD.into())), ..transfer(&ada, name) };
        services.transfer_ownership(&stale, "atlas-search", form).await.unwrap();
        assert_eq!(services.get_team(&ada, "atlas-search").await.unwrap().standing.role, Some(Role::Owner));
        assert_eq!(services.get_team(&maya, "atlas-search").await.unwrap().standing.role, Some(Role::Admin));
        let again = services.transfer_ownership(&verified(&services, &maya), "atlas-search", transfer(&vera, name)).await;
        assert!(matches!(again, Err(ServiceError::Denied(Action::OwnTeam))));
        services.deliver_mails_once().await.unwrap();
        let subjects: Vec<String> = services.mailer.sent().into_iter().map(|mail| mail.subject).collect();
        assert!(subjects.contains(&"Ada owns Atlas Search now".into()) && subjects.contains(&"You own Atlas Search now".into()));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_team_is_gone_and_its_address_is_free() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let mo = db_person(&services, "Mo", false).await;
        db_join(&services, &atlas, &mo, Role::Admin).await;
        let keys = [key(&services, &mo, KeyKind::Person).await, key(&services, &mo, KeyKind::Application).await];
        let (mailed, _) = invite(&services, &maya, &atlas, "hannah@x.example", Role::Member).await;
        assert!(matches!(
            services.delete_team(&mo, "atlas-search", "Atlas Search").await,
            Err(ServiceError::Denied(Action::OwnTeam))
        ));
        assert!(matches!(services.delete_team(&maya, "atlas-search", "Atlas").await, Err(ServiceError::Invalid(_))));
        assert!(matches!(services.delete_team(&mo, "me", "Personal").await, Err(ServiceError::Conflict("personal_space", _))));
        services.delete_team(&maya, "atlas-search", "Atlas Search").await.unwrap();
        let app = TestApp::new(&services);
        for key in &keys {
            app.key(&key.key).get("/v1/models").await.expect(401);
        }
        for person in [&maya, &mo] {
            assert!(matches!(services.get_team(person, "atlas-search").await, Err(ServiceError::NotFound)));
            assert!(services.list_teams(person).await.unwrap().is_empty() && services.me(person).await.unwrap().teams.is_empty());
        }
        let view = services.invitation_by_token(&Visit::from("192.0.2.7"), None, &mailed).await.unwrap();
        assert_eq!((view.state, view.team.as_str()), (LinkState::Revoked, ""));
        let second =
            services.create_team(&maya, super::support::people::new_team("Atlas Search", "northwind-labs")).await.unwrap();
        assert_eq!(second.slug, "atlas-search");
        assert!(services.get_team(&mo, "atlas-search").await.is_err(), "the members of the old one are not in the new one");
    })
    .await;
}

#[tokio::test]
async fn seats_are_counted_with_the_invitations_that_wait() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", false).await;
        let olga = db_person(&services, "Olga", true).await;
        let atlas = team(&services, &olga).await;
        db_join(&services, &atlas, &maya, Role::Admin).await;
        let set = |by: Caller, seats: Option<i64>| {
            let services = services.clone();
            async move {
                let patch = TeamPatch { seats: Some(seats), ..TeamPatch::default() };
                services.update_team(&by, "atlas-search", patch).await
            }
        };
        assert!(matches!(set(maya.clone(), Some(9)).await, Err(ServiceError::Denied(Action::ManageBilling))));
        set(olga.clone(), Some(4)).await.unwrap();
        let (first, _) = invite(&services, &maya, &atlas, "noor@northwind.example", Role::Member).await;
        services.clock.advance(1_000);
        let (second, _) = invite(&services, &maya, &atlas, "lena@northwind.example", Role::Member).await;
        let full = services.invite_members(&maya, "atlas-search", vec![("p@x.example".into(), Role::Viewer)], "").await.unwrap();
        assert_eq!(full[0].outcome, crate::domain::invitations::InviteOutcome::NoSeat);

        for too_few in [1, 0, -1] {
            assert!(matches!(set(olga.clone(), Some(too_few)).await, Err(ServiceError::Invalid(_))), "{too_few}");
        }
        let (_, without) = set(olga.clone(), Some(3)).await.unwrap();
        assert_eq!(without.iter().map(|invitation| invitation.email.as_str()).collect::<Vec<_>>(), ["lena@northwind.example"]);
        let listed = services.list_invitations(&maya, "atlas-search").await.unwrap();
        assert_eq!(listed.iter().map(|row| row.holds_seat).collect::<Vec<_>>(), [false, true]);

        let (noor, lena) = (db_person(&services, "Noor", false).await, db_person(&services, "Lena", false).await);
        let visit = Visit::from("192.0.2.7");
        let refused = services.accept_invitation(&lena, &visit, &second).await;
        assert!(matches!(refused, Err(ServiceError::Conflict("no_free_seat", _))));
        let view = services.invitation_by_token(&visit, Some(&lena), &second).await.unwrap();
        assert_eq!((view.state, view.seats, view.owner.as_str(), view.may_ask), (LinkState::NoSeat, Some(3), "Olga", true));
        services.accept_invitation(&noor, &visit, &first).await.unwrap();
        set(olga.clone(), None).await.unwrap();
        services.accept_invitation(&lena, &visit, &second).await.unwrap();
        assert_eq!(services.get_seats(&lena, "atlas-search").await.unwrap().members, 4);
    })
    .await;
}

#[tokio::test]
async fn the_list_of_members_is_searched_sorted_and_paged() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        for i in 0..6 {
            let person = db_person(&services, &format!("P{i}"), false).await;
            db_join(&services, &atlas, &person, if i == 0 { Role::Member } else { Role::Viewer }).await;
        }
        let (mut names, mut cursor) = (vec![], None);
        loop {
            let query = MemberQuery { descending: true, page: PageRequest { limit: Some(2), cursor }, ..MemberQuery::default() };
            let listed = services.list_members(&maya, "atlas-search", query).await.unwrap();
            assert_eq!((listed.found, listed.seats.members), (7, 7));
            names.extend(listed.page.items.iter().map(|row| row.name.clone()));
            cursor = listed.page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(names, ["P5", "P4", "P3", "P2", "P1", "P0", "Maya"]);
        let query = |text: &str, sort| MemberQuery { text: text.into(), sort, ..MemberQuery::default() };
        let by_role = services.list_members(&maya, "atlas-search", query("", MemberSort::Role)).await.unwrap();
        let owner = &by_role.page.items[0];
        assert_eq!((owner.role, owner.is_self, owner.may_remove, owner.roles.len()), (Role::Owner, true, false, 0));
        let member = &by_role.page.items[1];
        assert_eq!((member.name.as_str(), member.may_remove), ("P0", true));
        assert_eq!(member.roles, [Role::Admin, Role::Member, Role::Viewer]);
        for (text, found) in [("p3", 1), ("NORTHWIND.example", 7), ("%", 0), ("_", 0)] {
            assert_eq!(services.list_members(&maya, "atlas-search", query(text, MemberSort::Name)).await.unwrap().found, found);
        }
        let p0 = db_caller(&services, member.user).await;
        let seen = services.list_members(&p0, "atlas-search", query("", MemberSort::Spent)).await.unwrap();
        assert!(!seen.shows_spending);
        for row in seen.page.items {
            assert_eq!(row.spent.is_some(), row.is_self, "what others spend is theirs");
            assert!(row.roles.is_empty() && !row.may_remove);
        }
        let wrong = MemberQuery { page: PageRequest { limit: None, cursor: Some("%".into()) }, ..MemberQuery::default() };
        assert!(matches!(services.list_members(&maya, "atlas-search", wrong).await, Err(ServiceError::Invalid(_))));
    })
    .await;
}

/// Somebody as they are now.
pub(super) async fn db_caller(services: &Services, id: crate::domain::ids::UserId) -> Caller {
    let mut c = services.store.reader().await.unwrap();
    Caller::system(crate::storage::users::find(&mut c, id).await.unwrap().unwrap())
}
