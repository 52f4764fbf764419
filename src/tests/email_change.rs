//! Another address for an account, its sessions, and its end.

use tower_sessions::Session;

use super::support::{
    accounts::{PASSWORD, Visit, first_admin, mailed_token, sign_up, with_settings},
    invariants, on_each_database,
    people::{db_join, team},
};
use crate::{
    domain::{
        accounts::User,
        api_keys::{KeyKind, NewApiKey},
        management_tokens::NewManagementToken,
        roles::{OrgRole, Role},
        time::{DAY_MS, HOUR_MS},
    },
    service::{
        Caller, Door, ServiceError, Services,
        access::decide::KeyRefusal,
        accounts::{sessions::caller_of, sign_up::SignedUp},
        vault::Secret,
    },
    storage,
};

fn password() -> Secret {
    Secret::new(PASSWORD.into())
}

async fn session_of(services: &Services, visit: &Visit, user: &User) -> Session {
    let user = storage::users::find(&mut services.store.reader().await.unwrap(), user.id).await.unwrap().unwrap();
    let session = visit.session(services);
    services.open_session(&session, Some(&user), visit).await.unwrap();
    session
}

async fn caller(services: &Services, visit: &Visit, session: &Session) -> Option<Caller> {
    caller_of(services, &visit.again(services, session), Door::Page, visit).await.unwrap()
}

/// Somebody who signed up on a demo.
async fn newcomer(services: &Services, email: &str) -> User {
    let demo = with_settings(services.clone(), |settings| settings.demo = true);
    match sign_up(&demo, &Visit::from("198.51.100.9"), email, None).await.unwrap() {
        SignedUp::SignedIn(user) => user,
        other => panic!("{other:?}"),
    }
}

fn problem<T: std::fmt::Debug>(result: Result<T, ServiceError>, field: &str) -> bool {
    matches!(&result, Err(ServiceError::Invalid(fields)) if fields.get(field).is_some())
}

fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
    match result {
        Err(ServiceError::Conflict(code, _)) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_address_needs_the_password_and_its_own_mailbox_and_the_old_one_is_told() {
    on_each_database(|services| async move {
        let (visit, other) = (Visit::from("192.0.2.1"), Visit::from("192.0.2.2"));
        let user = first_admin(&services).await;
        let (own, elsewhere) = (session_of(&services, &visit, &user).await, session_of(&services, &other, &user).await);
        let maya = caller(&services, &visit, &own).await.unwrap();
        let wrong = services.change_email(&maya, "maya@labs.example", Secret::new("not the password".into())).await;
        assert!(problem(wrong, "password"));
        assert!(problem(services.change_email(&maya, "maya@labs.example", Secret::new(String::new())).await, "password"));
        assert!(problem(services.change_email(&maya, "MAYA@northwind.example", password()).await, "email"));
        assert!(problem(services.change_email(&maya, "a@x.example\r\nBcc: v@y.example", password()).await, "email"));

        services.forgot_password(&visit, "maya@northwind.example").await.unwrap();
        services.change_email(&maya, "Maya@labs.example", password()).await.unwrap();
        // An entered password gives the session another id.
        let own = maya.session.and_then(|session| session.handle).expect("a session");
        services.deliver_mails_once().await.unwrap();
        let (reset, confirm) = (
            mailed_token(&services, "maya@northwind.example", "/reset/"),
            mailed_token(&services, "Maya@labs.example", "/confirm/"),
        );
        assert!(services.is_reset_token_good(&reset).await.unwrap());
        let before = caller(&services, &visit, &own).await.unwrap();
        assert_eq!(before.user.email, "maya@northwind.example", "nothing changes before the link is opened");

        services.confirm_email(Some(&before), &confirm).await.unwrap();
        let after = caller(&services, &visit, &own).await.expect("this session goes on");
        assert_eq!((after.user.email.as_str(), after.user.email_confirmed_at.is_some()), ("Maya@labs.example", true));
        assert!(caller(&services, &other, &elsewhere).await.is_none(), "the other one does not");
        assert!(!services.is_reset_token_good(&reset).await.unwrap(), "links to the old address are dead");
        assert!(matches!(services.confirm_email(None, &confirm).await, Err(ServiceError::Gone(_))));
        services.deliver_mails_once().await.unwrap();
        let told = services.mailer.sent().into_iter().rfind(|mail| mail.recipient == "maya@northwind.example").unwrap();
        assert_eq!(told.subject, "Your email address was changed");
        assert!(told.text.contains("Maya@labs.example"));
        services.sign_in(&visit, Door::Page, "maya@LABS.example", password()).await.unwrap();
        let old = services.sign_in(&visit, Door::Page, "maya@northwind.example", password()).await;
        assert!(matches!(old, Err(ServiceError::WrongCredentials)));
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_taken_tells_its_mailbox_alone() {
    on_each_database(|services| async move {
        let visit = Visit::from("192.0.2.1");
        let user = first_admin(&services).await;
        let maya = visit.caller(&user);
        newcomer(&services, "ben@northwind.example").await;
        services.change_email(&maya, "ben@northwind.example", password()).await.unwrap();
        services.change_email(&maya, "later@northwind.example", password()).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let to_ben: Vec<_> = services.mailer.sent().into_iter().filter(|mail| mail.recipient.starts_with("ben")).collect();
        assert!(to_ben.iter().any(|mail| mail.subject == "You already have an account"), "{to_ben:?}");
        assert!(to_ben.iter().all(|mail| mail.subject != "Confirm your new email address"), "{to_ben:?}");
        // Somebody else takes the address before the link is opened.
        let token = mailed_token(&services, "later@northwind.example", "/confirm/");
        newcomer(&services, "later@northwind.example").await;
        assert_eq!(code(services.confirm_email(None, &token).await), "email_taken");
        let now = storage::users::find(&mut services.store.reader().await.unwrap(), user.id).await.unwrap().unwrap();
        assert_eq!((now.email.as_str(), now.auth_epoch), ("maya@northwind.example", 0), "nothing is half-done");

        services.change_email(&maya, "third@northwind.example", password()).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "third@northwind.example", "/confirm/");
        services.clock.advance(DAY_MS);
        assert!(matches!(services.confirm_email(None, &token).await, Err(ServiceError::Gone(_))), "after a day");
    })
    .await;
}

#[tokio::test]
async fn a_new_password_stops_a_change_of_the_address_that_somebody_else_asked_for() {
    on_each_database(|services| async move {
        let visit = Visit::from("192.0.2.1");
        let maya = visit.caller(&first_admin(&services).await);
        services.change_email(&maya, "thief@elsewhere.example", password()).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "thief@elsewhere.example", "/confirm/");
        services.change_password(&maya, None, password(), Secret::new("completely different words".into())).await.unwrap();
        assert!(matches!(services.confirm_email(None, &token).await, Err(ServiceError::Gone(_))));
    })
    .await;
}

#[tokio::test]
async fn own_sessions_are_listed_and_ended_one_by_one_or_all_others() {
    on_each_database(|services| async move {
        let visit = Visit::from("192.0.2.1");
        let user = first_admin(&services).await;
        let own = session_of(&services, &visit, &user).await;
        services.clock.advance(HOUR_MS);
        let others = [
            session_of(&services, &Visit::from("192.0.2.2"), &user).await,
            session_of(&services, &Visit::from("192.0.2.3"), &user).await,
        ];
        let maya = caller(&services, &visit, &own).await.unwrap();
        let rows = services.list_sessions(&maya).await.unwrap();
        assert_eq!(rows.len(), 3);
        let this: Vec<_> = rows.iter().filter(|row| row.this).collect();
        assert_eq!((this.len(), this[0].address.as_str(), this[0].device.as_str()), (1, "192.0.2.1", "Unknown device"));
        let id = &rows.iter().find(|row| row.address == "192.0.2.2").unwrap().id;

        let ben = newcomer(&services, "ben@northwind.example").await;
        assert!(matches!(services.end_session(&visit.caller(&ben), id).await, Err(ServiceError::NotFound)), "not Ben's");
        assert!(!services.end_session(&maya, id).await.unwrap());
        assert!(caller(&services, &visit, &others[0]).await.is_none());
        assert!(caller(&services, &visit, &others[1]).await.is_some());
        assert!(matches!(services.end_session(&maya, id).await, Err(ServiceError::NotFound)));
        assert_eq!(services.end_other_sessions(&maya).await.unwrap(), 1);
        assert!(caller(&services, &visit, &others[1]).await.is_none());
        assert!(caller(&services, &visit, &own).await.is_some());
        assert!(services.end_session(&maya, &this[0].id).await.unwrap(), "the own one, too");
        assert!(caller(&services, &visit, &own).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn an_account_is_deleted_when_nobody_depends_on_it_and_everything_it_could_do_ends() {
    on_each_database(|services| async move {
        let visit = Visit::from("192.0.2.1");
        let user = first_admin(&services).await;
        let maya = visit.caller(&user);
        let atlas = team(&services, &maya).await;
        let ben = visit.caller(&newcomer(&services, "ben@northwind.example").await);
        db_join(&services, &atlas, &ben, Role::Member).await;
        let delete = |who: Caller, confirm: &'static str| {
            let services = services.clone();
            async move { services.delete_account(&who, confirm, password()).await }
        };
        assert!(problem(delete(maya.clone(), "wrong@northwind.example").await, "confirm"));
        assert_eq!(code(delete(maya.clone(), "maya@northwind.example").await), "last_platform_admin");
        services.set_platform_admin(&maya, ben.user.id, true).await.unwrap();
        assert_eq!(code(delete(maya.clone(), "maya@northwind.example").await), "last_organization_admin");
        services.set_organization_role(&maya, "northwind-labs", ben.user.id, OrgRole::Admin.as_str()).await.unwrap();
        match delete(maya.clone(), "maya@northwind.example").await {
            Err(ServiceError::Conflict("last_owner", message)) => assert!(message.contains("Atlas Search"), "{message}"),
            other => panic!("{other:?}"),
        }
        services.recover_ownership(&maya, "atlas-search", ben.user.id, "Maya leaves the company.").await.unwrap();

        let key = |name: &str| NewApiKey { name: name.into(), kind: KeyKind::Person, expires_at: None };
        let in_team = services.create_key(&maya, "atlas-search", key("team")).await.unwrap();
        let app = NewApiKey { kind: KeyKind::Application, ..key("app") };
        let app = services.create_key(&maya, "atlas-search", app).await.unwrap();
        let own = services.create_key(&maya, "me", key("own")).await.unwrap();
        let token = NewManagementToken::parse("ci", "write", None, services.clock.now()).unwrap();
        let (_, token) = services.create_token(&maya, token).await.unwrap();
        let session = session_of(&services, &visit, &user).await;

        delete(maya.clone(), "MAYA@northwind.example").await.unwrap();
        assert!(caller(&services, &visit, &session).await.is_none());
        assert!(matches!(services.authenticate_token(&visit, token.expose()).await, Err(ServiceError::SignedOut)));
        let now = services.clock.now();
        assert_eq!(services.snapshot().authenticate(&in_team.key, now).unwrap_err(), KeyRefusal::Revoked);
        assert!(services.snapshot().authenticate(&own.key, now).is_err());
        assert!(services.snapshot().authenticate(&app.key, now).is_ok(), "application keys belong to the team");
        assert_eq!(services.get_team(&ben, "atlas-search").await.unwrap().members, 1);
        assert!(matches!(
            services.sign_in(&visit, Door::Page, "maya@northwind.example", password()).await,
            Err(ServiceError::WrongCredentials)
        ));
        let ben = storage::users::find(&mut services.store.reader().await.unwrap(), ben.user.id).await.unwrap().unwrap();
        let ben = visit.caller(&ben);
        assert!(services.list_users(&ben, Default::default()).await.unwrap().items.iter().all(|row| row.id != user.id));
        let mut c = services.store.reader().await.unwrap();
        let rows = sqlx::query("SELECT 1 FROM audit_log WHERE actor_name = 'Maya Okafor' AND action = 'account.delete'");
        assert_eq!(rows.fetch_all(&mut *c).await.unwrap().len(), 1, "the name stays");
        drop(c);
        let again = newcomer(&services, "maya@northwind.example").await;
        assert_ne!(again.id, user.id, "the address is free");
        invariants::check(&services).await;
    })
    .await;
}
