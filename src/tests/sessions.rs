//! Sessions and management tokens: told over both databases.

use super::support::{
    TestApp,
    accounts::{PASSWORD, Visit, first_admin},
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        management_tokens::{NewManagementToken, TokenScope},
        roles::Role,
        time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs},
    },
    service::{
        Door, ServiceError, Services,
        accounts::sessions::{AskedBy, caller_of},
        vault::Secret,
    },
    storage::{self, RowExt},
};
use serde_json::json;
use tower_sessions::Session;

async fn is_signed_in(services: &Services, visit: &Visit, session: &Session) -> bool {
    services.find_session_user(&visit.again(services, session), AskedBy::Person).await.unwrap().is_some()
}

async fn signed_in(services: &Services, visit: &Visit) -> Session {
    let user = services.sign_in(visit, Door::Page, "maya@northwind.example", Secret::new(PASSWORD.into())).await.unwrap();
    let session = visit.session(services);
    services.open_session(&session, Some(&user), visit).await.unwrap();
    session
}

#[tokio::test]
async fn signing_in_changes_the_id_whatever_cookie_was_there() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let first = signed_in(&services, &visit).await;
        let again = visit.again(&services, &first);
        services.open_session(&again, Some(&user), &visit).await.unwrap();
        assert_ne!(again.id(), first.id());
        assert!(is_signed_in(&services, &visit, &again).await);
        assert!(!is_signed_in(&services, &visit, &first).await, "the old id is dead");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ended_stays_dead() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let session = signed_in(&services, &visit).await;
        // Another request of the same browser is under way, and writes at its end.
        let slow = visit.again(&services, &session);
        slow.insert("draft", "text").await.unwrap();
        let leaving = visit.again(&services, &session);
        services.close_session(&leaving, None).await.unwrap();
        slow.save().await.unwrap();
        assert!(!is_signed_in(&services, &visit, &session).await);
        let rows = sqlx::query("SELECT 1 FROM sessions").fetch_all(&mut *services.store.reader().await.unwrap()).await.unwrap();
        assert!(rows.is_empty());
    })
    .await;
}

#[tokio::test]
async fn sessions_end_without_use_and_in_any_case() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let unused = signed_in(&services, &visit).await;
        let used = signed_in(&services, &visit).await;
        services.clock.advance(12 * HOUR_MS - 1);
        assert!(is_signed_in(&services, &visit, &used).await);
        services.clock.advance(1);
        assert!(!is_signed_in(&services, &visit, &unused).await);
        // A page that is left open asks for news by itself: nobody may sit before it.
        let left_open = signed_in(&services, &visit).await;
        for _ in 0..12 {
            let found = services.find_session_user(&visit.again(&services, &left_open), AskedBy::Page).await.unwrap();
            assert!(found.is_some());
            assert!(is_signed_in(&services, &visit, &used).await);
            services.clock.advance(HOUR_MS);
        }
        assert!(!is_signed_in(&services, &visit, &left_open).await);
        while is_signed_in(&services, &visit, &used).await {
            services.clock.advance(HOUR_MS);
        }
        assert!(services.clock.now().since(super::support::START) <= 7 * DAY_MS + HOUR_MS);
        assert!(services.clock.now().since(super::support::START) >= 7 * DAY_MS);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let own = signed_in(&services, &visit).await;
        let others = [signed_in(&services, &visit).await, signed_in(&services, &visit).await];
        let caller = visit.caller(&user);
        let (current, new) = (|| Secret::new(PASSWORD.into()), || Secret::new("completely different words".into()));
        let wrong = services.change_password(&caller, Some(&own), Secret::new("not it at all".into()), new()).await;
        assert!(matches!(&wrong, Err(ServiceError::Invalid(fields)) if fields.get("current_password").is_some()), "{wrong:?}");
        let same = services.change_password(&caller, Some(&own), current(), current()).await;
        assert!(matches!(&same, Err(ServiceError::Invalid(fields)) if fields.get("password").is_some()), "{same:?}");
        services.change_password(&caller, Some(&own), current(), new()).await.unwrap();
        assert!(is_signed_in(&services, &visit, &own).await);
        for other in &others {
            assert!(!is_signed_in(&services, &visit, other).await);
        }
        services.deliver_mails_once().await.unwrap();
        assert!(services.mailer.sent().iter().any(|mail| mail.subject == "Your password was changed"));
    })
    .await;
}

#[tokio::test]
async fn a_reset_and_a_disabled_account_end_all_sessions() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let session = signed_in(&services, &visit).await;
        let link = services.create_admin("maya@northwind.example").await.unwrap();
        let token = link.rsplit('/').next().unwrap();
        services.reset_password(&visit, Door::Page, token, Secret::new("completely different words".into())).await.unwrap();
        assert!(!is_signed_in(&services, &visit, &session).await);
        let again = visit.session(&services);
        let user = storage::users::find(&mut services.store.reader().await.unwrap(), user.id).await.unwrap().unwrap();
        services.open_session(&again, Some(&user), &visit).await.unwrap();
        assert!(is_signed_in(&services, &visit, &again).await);
        let mut tx = services.store.begin().await.unwrap();
        sqlx::query("UPDATE users SET disabled_at = 1").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!is_signed_in(&services, &visit, &again).await);
        let refused = services
            .sign_in(&visit, Door::Page, "maya@northwind.example", Secret::new("completely different words".into()))
            .await;
        assert!(matches!(refused, Err(ServiceError::WrongCredentials)));
    })
    .await;
}

#[tokio::test]
async fn one_person_has_at_most_twenty_sessions() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let mut sessions = vec![];
        for _ in 0..22 {
            sessions.push(signed_in(&services, &visit).await);
            services.clock.advance(1_000);
        }
        let mut alive = 0;
        for session in &sessions {
            alive += usize::from(is_signed_in(&services, &visit, session).await);
        }
        assert_eq!(alive, 20);
        assert!(!is_signed_in(&services, &visit, &sessions[1]).await && is_signed_in(&services, &visit, &sessions[2]).await);
    })
    .await;
}

#[tokio::test]
async fn the_database_holds_no_session_id() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let session = signed_in(&services, &visit).await;
        let id = session.id().unwrap().to_string();
        let rows = sqlx::query("SELECT id_hash, data FROM sessions")
            .fetch_all(&mut *services.store.reader().await.unwrap())
            .await
            .unwrap();
        use storage::RowExt;
        for row in rows {
            assert!(!row.text("id_hash").unwrap().contains(&id) && !row.text("data").unwrap().contains(&id));
        }
    })
    .await;
}

#[tokio::test]
async fn management_tokens_act_as_their_person_until_they_end() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let caller = visit.caller(&user);
        let expires_at = services.clock.now().plus(DAY_MS);
        let new = |scope| NewManagementToken { name: "ci".into(), scope, expires_at: Some(expires_at) };
        let (reading, secret) = services.create_token(&caller, new(TokenScope::Read)).await.unwrap();
        let (writing, write_secret) = services.create_token(&caller, new(TokenScope::Write)).await.unwrap();
        assert!(secret.expose().starts_with("tgm_") && secret.expose().ends_with(&reading.suffix));
        let as_reader = services.authenticate_token(&visit, secret.expose()).await.unwrap();
        assert_eq!((as_reader.user.id, as_reader.read_only), (user.id, true));
        assert!(matches!(services.change_name(&as_reader, "Eve").await, Err(ServiceError::Forbidden(_))));
        assert!(matches!(services.create_token(&as_reader, new(TokenScope::Write)).await, Err(ServiceError::Forbidden(_))));
        let as_writer = services.authenticate_token(&visit, write_secret.expose()).await.unwrap();
        services.change_name(&as_writer, "Maya O.").await.unwrap();
        let listed = services.list_tokens(&caller).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|token| token.last_used_at.is_some()));
        let one_off = format!("{}x", &secret.expose()[..secret.expose().len() - 1]);
        for bad in ["", "tgm_", "tg_abc", &one_off, "tgm_🦀"] {
            assert!(matches!(services.authenticate_token(&visit, bad).await, Err(ServiceError::SignedOut)), "{bad:?}");
        }
        services.revoke_token(&caller, writing.id).await.unwrap();
        assert!(matches!(services.authenticate_token(&visit, write_secret.expose()).await, Err(ServiceError::SignedOut)));
        assert!(matches!(services.revoke_token(&caller, writing.id).await, Err(ServiceError::NotFound)));
        services.clock.advance(DAY_MS);
        assert!(matches!(services.authenticate_token(&visit, secret.expose()).await, Err(ServiceError::SignedOut)));
        assert!(NewManagementToken::parse("ci", "write", Some(UnixMs(1)), services.clock.now()).is_err());
    })
    .await;
}

#[tokio::test]
async fn an_entered_password_gives_the_session_another_id_and_no_longer_life() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("127.0.0.1");
        let atlas = team(&services, &visit.caller(&user)).await;
        let ada = db_person(&services, "Ada", false).await;
        db_join(&services, &atlas, &ada, Role::Admin).await;
        let session = signed_in(&services, &visit).await;
        let began = services.clock.now();
        let old = session.id().unwrap().to_string();
        let app = TestApp::new(&services);
        let browser = app.browser();
        browser.set_cookie("sid", &old);
        services.clock.advance(11 * MINUTE_MS);
        let path = "/api/v1/teams/atlas-search/transfer";
        let form = |password: &str| json!({"to": ada.user.id, "confirm_name": "Atlas Search", "password": password});
        for wrong in ["", "not the password"] {
            browser.post(path, form(wrong)).await.expect(422);
            assert_eq!(browser.cookie("sid").as_deref(), Some(old.as_str()));
        }
        let done = browser.post(path, form(PASSWORD)).await;
        assert!(done.status.is_success(), "{}", done.text());
        assert_ne!(browser.cookie("sid").as_deref(), Some(old.as_str()));
        browser.get("/api/v1/me").await.expect(200);
        let thief = app.browser();
        thief.set_cookie("sid", &old);
        thief.get("/api/v1/me").await.expect(401);
        let mut c = services.store.reader().await.unwrap();
        let row =
            sqlx::query("SELECT created_at, absolute_expires_at, verified_at FROM sessions").fetch_one(&mut *c).await.unwrap();
        assert_eq!(row.time("created_at").unwrap(), began);
        assert_eq!(row.time("absolute_expires_at").unwrap(), began.plus(7 * DAY_MS));
        assert_eq!(row.time("verified_at").unwrap(), services.clock.now());
    })
    .await;
}

#[tokio::test]
async fn sessions_do_not_outlive_a_change_of_the_platform_role() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let jonas = db_person(&services, "Jonas", false).await;
        let of_jonas = visit.session(&services);
        services.open_session(&of_jonas, Some(&jonas.user), &visit).await.unwrap();
        services.set_platform_admin(&visit.caller(&user), jonas.user.id, true).await.unwrap();
        assert!(!is_signed_in(&services, &visit, &of_jonas).await, "he signs in anew, as an admin");

        let (own, other) = (signed_in(&services, &visit).await, signed_in(&services, &visit).await);
        let request = visit.again(&services, &own);
        let maya = caller_of(&services, &request, Door::Page, &visit).await.unwrap().unwrap();
        services.set_platform_admin(&maya, user.id, false).await.unwrap();
        assert_ne!(request.id(), own.id());
        assert!(is_signed_in(&services, &visit, &request).await, "who gave the right up stays signed in");
        for over in [&own, &other] {
            assert!(!is_signed_in(&services, &visit, over).await);
        }
    })
    .await;
}
