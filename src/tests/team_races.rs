//! Two things at once, over parallel connections: each pair has one winner, and nothing is half-done.

use super::{
    invitations::invite,
    members::{db_caller, transfer, verified},
    support::{
        accounts::Visit,
        on_each_database,
        people::{db_join, db_person, team},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        invitations::InviteOutcome,
        roles::Role,
        teams::TeamView,
    },
    service::{Caller, ServiceError, Services, teams::TeamPatch},
    storage,
};

const ROUNDS: usize = 6;
const SLUG: &str = "atlas-search";

/// Starts two pieces of work at once, on threads of their own.
async fn at_once<A: Send + 'static, B: Send + 'static>(
    a: impl Future<Output = A> + Send + 'static,
    b: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let (a, b) = tokio::join!(tokio::spawn(a), tokio::spawn(b));
    (a.unwrap(), b.unwrap())
}

struct Place {
    owner: Caller,
    team: TeamView,
}

async fn place(services: &Services) -> Place {
    let owner = db_person(services, "Maya", true).await;
    let team = team(services, &owner).await;
    Place { owner, team }
}

async fn role_of(services: &Services, place: &Place, person: &Caller) -> Option<Role> {
    let mut c = services.store.reader().await.unwrap();
    storage::teams::find_role(&mut c, place.team.id, person.user.id).await.unwrap()
}

async fn owner_of(services: &Services, place: &Place) -> crate::domain::ids::UserId {
    let mut c = services.store.reader().await.unwrap();
    storage::teams::find(&mut c, &place.team.id.to_string()).await.unwrap().unwrap().owner
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_invitation_is_accepted_once_or_revoked() {
    on_each_database(|services| async move {
        let place = place(&services).await;
        for round in 0..ROUNDS {
            let name = format!("Noor{round}");
            let noor = db_person(&services, &name, false).await;
            let email = noor.user.email.clone();
            let (mailed, link) = invite(&services, &place.owner, &place.team, &email, Role::Member).await;
            let accept = |token: String| {
                let (services, noor) = (services.clone(), noor.clone());
                async move { services.accept_invitation(&noor, &Visit::from("192.0.2.7"), &token).await }
            };
            let tries: Vec<_> = [&mailed, &link, &mailed, &link, &mailed].map(|token| tokio::spawn(accept(token.clone()))).into();
            let mut won = 0;
            for task in tries {
                match task.await.unwrap() {
                    Ok(_) => won += 1,
                    Err(ServiceError::Gone(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(won, 1);
            assert_eq!(role_of(&services, &place, &noor).await, Some(Role::Member));
            services.remove_member(&place.owner, SLUG, noor.user.id).await.unwrap();

            let (mailed, _) = invite(&services, &place.owner, &place.team, &email, Role::Member).await;
            let id = services.list_invitations(&place.owner, SLUG).await.unwrap()[0].id;
            let revoke = {
                let (services, owner) = (services.clone(), place.owner.clone());
                async move { services.revoke_invitation(&owner, SLUG, id).await }
            };
            match at_once(accept(mailed), revoke).await {
                (Ok(_), Err(ServiceError::Conflict("invitation_closed", _))) => {
                    assert_eq!(role_of(&services, &place, &noor).await, Some(Role::Member));
                }
                (Err(ServiceError::Gone(_)), Ok(())) => assert_eq!(role_of(&services, &place, &noor).await, None),
                other => panic!("not one winner: {other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_seat_and_one_address_are_given_once() {
    on_each_database(|services| async move {
        let place = place(&services).await;
        let invite_one = |email: &str| {
            let (services, owner, email) = (services.clone(), place.owner.clone(), email.to_owned());
            async move { services.invite_members(&owner, SLUG, vec![(email, Role::Member)], "").await.unwrap().remove(0).outcome }
        };
        for round in 0..ROUNDS {
            let email = format!("same{round}@x.example");
            let both = at_once(invite_one(&email), invite_one(&email)).await;
            let sent = |outcome: &InviteOutcome| matches!(outcome, InviteOutcome::Sent { .. });
            let waiting = |outcome: &InviteOutcome| matches!(outcome, InviteOutcome::AlreadyInvited { .. });
            assert!((sent(&both.0) && waiting(&both.1)) || (waiting(&both.0) && sent(&both.1)), "{both:?}");

            let seats = 2 + i64::try_from(round).unwrap() * 2 + 1;
            let patch = TeamPatch { seats: Some(Some(seats)), ..TeamPatch::default() };
            services.update_team(&place.owner, SLUG, patch).await.unwrap();
            let (a, b) = (format!("a{round}@x.example"), format!("b{round}@x.example"));
            let both = at_once(invite_one(&a), invite_one(&b)).await;
            assert!(
                (sent(&both.0) && both.1 == InviteOutcome::NoSeat) || (sent(&both.1) && both.0 == InviteOutcome::NoSeat),
                "{both:?}"
            );
            let patch = TeamPatch { seats: Some(None), ..TeamPatch::default() };
            services.update_team(&place.owner, SLUG, patch).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_transfer_and_a_leave_at_once_leave_one_owner() {
    on_each_database(|services| async move {
        let place = place(&services).await;
        let ada = db_person(&services, "Ada", false).await;
        for _ in 0..ROUNDS {
            if role_of(&services, &place, &ada).await.is_none() {
                db_join(&services, &place.team, &ada, Role::Admin).await;
            }
            let hand_over = {
                let (services, owner, form) =
                    (services.clone(), verified(&services, &place.owner), transfer(&ada, "Atlas Search"));
                async move { services.transfer_ownership(&owner, SLUG, form).await }
            };
            let leave = {
                let (services, ada) = (services.clone(), ada.clone());
                async move { services.leave_team(&ada, SLUG).await }
            };
            match at_once(hand_over, leave).await {
                (Ok(()), Err(ServiceError::Conflict("last_owner", _))) => {
                    assert_eq!(owner_of(&services, &place).await, ada.user.id);
                    let back = transfer(&place.owner, "Atlas Search");
                    services.transfer_ownership(&verified(&services, &ada), SLUG, back).await.unwrap();
                }
                (Err(ServiceError::Invalid(_)), Ok(())) => assert_eq!(owner_of(&services, &place).await, place.owner.user.id),
                other => panic!("not one winner: {other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_transfers_at_once_one_is_made() {
    on_each_database(|services| async move {
        let place = place(&services).await;
        let mut people = vec![place.owner.clone()];
        for name in ["Ada", "Ben"] {
            let person = db_person(&services, name, false).await;
            db_join(&services, &place.team, &person, Role::Member).await;
            people.push(person);
        }
        for _ in 0..ROUNDS {
            let owner = db_caller(&services, owner_of(&services, &place).await).await;
            let others: Vec<Caller> = people.iter().filter(|person| person.user.id != owner.user.id).cloned().collect();
            let hand_over = |to: &Caller| {
                let (services, owner, form) = (services.clone(), verified(&services, &owner), transfer(to, "Atlas Search"));
                async move { services.transfer_ownership(&owner, SLUG, form).await }
            };
            let winner = match at_once(hand_over(&others[0]), hand_over(&others[1])).await {
                (Ok(()), Err(ServiceError::Denied(_))) => &others[0],
                (Err(ServiceError::Denied(_)), Ok(())) => &others[1],
                other => panic!("not one winner: {other:?}"),
            };
            assert_eq!(owner_of(&services, &place).await, winner.user.id);
            assert_eq!(role_of(&services, &place, &owner).await, Some(Role::Admin));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_removed_is_out_whatever_happens_beside_it() {
    on_each_database(|services| async move {
        let place = place(&services).await;
        let mo = db_person(&services, "Mo", false).await;
        for _ in 0..ROUNDS {
            let remove = || {
                let (services, owner, user) = (services.clone(), place.owner.clone(), mo.user.id);
                async move { services.remove_member(&owner, SLUG, user).await }
            };
            db_join(&services, &place.team, &mo, Role::Member).await;
            let promote = {
                let (services, owner, user) = (services.clone(), place.owner.clone(), mo.user.id);
                async move { services.set_member_role(&owner, SLUG, user, Role::Admin).await }
            };
            match at_once(remove(), promote).await {
                (Ok(_), Ok(()) | Err(ServiceError::NotFound)) => {}
                other => panic!("{other:?}"),
            }
            assert_eq!(role_of(&services, &place, &mo).await, None);

            db_join(&services, &place.team, &mo, Role::Member).await;
            let create = {
                let (services, mo) = (services.clone(), mo.clone());
                let new = NewApiKey { name: "ci".into(), kind: KeyKind::Person, expires_at: None };
                async move { services.create_key(&mo, SLUG, new).await }
            };
            match at_once(remove(), create).await {
                (Ok(stopped), Ok(_)) => assert_eq!(stopped, 1),
                (Ok(stopped), Err(ServiceError::NotFound)) => assert_eq!(stopped, 0),
                other => panic!("{other:?}"),
            }
            let mut c = services.store.reader().await.unwrap();
            assert!(storage::api_keys::list_unrevoked(&mut c, place.team.id, Some(mo.user.id)).await.unwrap().is_empty());
        }
    })
    .await;
}
