//! Signing up and in, forgotten passwords, addresses: told over both databases.

use super::support::{
    accounts::{PASSWORD, Visit, first_admin, mailed_token, sign_up, with_settings},
    on_each_database,
};
use crate::{
    domain::{
        accounts::SignUpPolicy,
        time::{DAY_MS, HOUR_MS, MINUTE_MS},
    },
    service::{
        Door, ServiceError,
        accounts::{sessions::AskedBy, sign_up::SignedUp},
        vault::Secret,
    },
    storage,
};

#[tokio::test]
async fn the_first_account_needs_the_set_up_token_and_runs_the_platform() {
    on_each_database(|services| async move {
        let visit = Visit::from("192.0.2.1");
        let token = services.issue_setup_token().await.unwrap().expect("an empty platform has a token");
        for wrong in [None, Some(""), Some("guess"), Some(&token[..42])] {
            let refused = sign_up(&services, &visit, "maya@northwind.example", wrong).await.unwrap_err();
            assert!(matches!(&refused, ServiceError::Invalid(fields) if fields.get("setup_token").is_some()), "{refused:?}");
            services.clock.advance(HOUR_MS / 3);
        }
        services.clock.advance(HOUR_MS);
        assert!(sign_up(&services, &visit, "maya@northwind.example", Some(&token)).await.is_err(), "its hour is over");
        let older = services.issue_setup_token().await.unwrap().unwrap();
        let token = services.issue_setup_token().await.unwrap().unwrap();
        let visit = Visit::from("192.0.2.2");
        assert!(sign_up(&services, &visit, "maya@northwind.example", Some(&older)).await.is_err(), "only the newest is good");
        let SignedUp::SignedIn(user) = sign_up(&services, &visit, "maya@northwind.example", Some(&token)).await.unwrap() else {
            panic!("the first account is signed in");
        };
        assert!(user.platform_admin);
        assert_eq!(services.issue_setup_token().await.unwrap(), None);
        let refused = sign_up(&services, &visit, "other@northwind.example", Some(&token)).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Forbidden(ref text) if text.contains("invitation")), "{refused:?}");
        let mut c = services.store.reader().await.unwrap();
        let space = storage::teams::find(&mut c, &user.personal_team.to_string()).await.unwrap().expect("a personal space");
        assert_eq!((space.owner, storage::teams::count_members(&mut c, space.id).await.unwrap()), (user.id, 1));
    })
    .await;
}

#[tokio::test]
async fn two_first_accounts_at_once_have_one_winner() {
    on_each_database(|services| async move {
        let services = with_settings(services, |settings| settings.demo = true);
        let visits = ["192.0.2.1", "192.0.2.2"].map(Visit::from);
        let (a, b) = tokio::join!(
            sign_up(&services, &visits[0], "a@northwind.example", None),
            sign_up(&services, &visits[1], "b@northwind.example", None)
        );
        let admins = [a, b].into_iter().filter(|end| matches!(end, Ok(SignedUp::SignedIn(user)) if user.platform_admin)).count();
        assert_eq!(admins, 1);
    })
    .await;
}

#[tokio::test]
async fn where_strangers_sign_up_only_the_mailbox_tells_whether_an_address_is_taken() {
    on_each_database(|services| async move {
        let services = with_settings(services, |settings| settings.sign_up = SignUpPolicy::Open);
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.7");
        let taken = sign_up(&services, &visit, "Maya@Northwind.example", None).await.unwrap();
        let free = sign_up(&services, &visit, "new@elsewhere.example", None).await.unwrap();
        assert!(matches!((taken, free), (SignedUp::CheckMail, SignedUp::CheckMail)));
        services.deliver_mails_once().await.unwrap();
        let subjects: Vec<_> = services.mailer.sent().into_iter().map(|mail| (mail.recipient, mail.subject)).collect();
        assert!(subjects.contains(&("maya@northwind.example".into(), "You already have an account".into())), "{subjects:?}");
        assert!(subjects.contains(&("new@elsewhere.example".into(), "Finish signing up".into())), "{subjects:?}");

        let refused = services.sign_in(&visit, Door::Page, "new@elsewhere.example", Secret::new(PASSWORD.into())).await;
        assert!(matches!(refused, Err(ServiceError::WrongCredentials)), "no account before the link is used");
        let token = mailed_token(&services, "new@elsewhere.example", "/signup/");
        let wrong = services.finish_sign_up(&visit, Door::Page, &token, Secret::new("something else entirely".into())).await;
        assert!(matches!(wrong, Err(ServiceError::Invalid(_))), "whoever opens the mail must know the password");
        let user = services.finish_sign_up(&visit, Door::Page, &token, Secret::new(PASSWORD.into())).await.unwrap();
        assert!(user.email_confirmed_at.is_some() && !user.platform_admin);
        let again = services.finish_sign_up(&visit, Door::Page, &token, Secret::new(PASSWORD.into())).await;
        assert!(matches!(again, Err(ServiceError::Conflict("email_taken", _))));
        services.sign_in(&visit, Door::Page, "NEW@elsewhere.example", Secret::new(PASSWORD.into())).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_sign_up_link_ends_after_a_day_and_can_not_be_forged() {
    on_each_database(|services| async move {
        let services = with_settings(services, |settings| {
            settings.sign_up = SignUpPolicy::Domain;
            settings.sign_up_domains = vec!["northwind.example".into()];
        });
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.7");
        let elsewhere = sign_up(&services, &visit, "eve@elsewhere.example", None).await.unwrap_err();
        assert!(matches!(&elsewhere, ServiceError::Invalid(fields) if fields.get("email").is_some_and(|m| m.contains("northwind.example"))));
        sign_up(&services, &visit, "new@northwind.example", None).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "new@northwind.example", "/signup/");
        let mut forged = token.clone().into_bytes();
        forged[60] = if forged[60] == b'A' { b'B' } else { b'A' };
        for bad in [String::from_utf8(forged).unwrap(), token[..token.len() - 4].to_owned(), "x".into(), String::new()] {
            let refused = services.finish_sign_up(&visit, Door::Page, &bad, Secret::new(PASSWORD.into())).await;
            assert!(matches!(refused, Err(ServiceError::Gone(_))));
        }
        assert!(services.find_pending_sign_up(&token).is_some());
        services.clock.advance(DAY_MS);
        let refused = services.finish_sign_up(&visit, Door::Page, &token, Secret::new(PASSWORD.into())).await;
        assert!(matches!(refused, Err(ServiceError::Gone(_))));
        assert!(services.find_pending_sign_up(&token).is_none());
    })
    .await;
}

#[tokio::test]
async fn the_demo_answers_a_taken_address_like_a_new_one() {
    on_each_database(|services| async move {
        let services = with_settings(services, |settings| settings.demo = true);
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.7");
        let SignedUp::SignedIn(new) = sign_up(&services, &visit, "new@northwind.example", None).await.unwrap() else { panic!() };
        let SignedUp::Nobody(made_up) = sign_up(&services, &visit, "maya@northwind.example", None).await.unwrap() else {
            panic!()
        };
        assert_eq!((new.platform_admin, new.email_confirmed_at), (made_up.platform_admin, made_up.email_confirmed_at));
        let session = visit.session(&services);
        services.open_session(&session, None, &visit).await.unwrap();
        assert!(session.id().is_some() && services.find_session_user(&session, AskedBy::Person).await.unwrap().is_none());
        services.deliver_mails_once().await.unwrap();
        assert!(services.mailer.sent().iter().any(|mail| mail.subject == "You already have an account"));
    })
    .await;
}

#[tokio::test]
async fn sign_up_names_every_problem_beside_its_field() {
    on_each_database(|services| async move {
        let services = with_settings(services, |settings| settings.demo = true);
        let visit = Visit::from("192.0.2.1");
        let form = |email: &str, password: &str, name: &str| crate::service::accounts::sign_up::SignUp {
            email: email.into(),
            password: Secret::new(password.into()),
            name: name.into(),
            setup_token: None,
        };
        let all = services.sign_up(&visit, Door::Page, form("a@x\nb@y", "short", "a\u{202e}b")).await.unwrap_err();
        let ServiceError::Invalid(fields) = all else { panic!("{all:?}") };
        for name in ["email", "password", "name"] {
            assert!(fields.get(name).is_some(), "{name}");
        }
        for bad in ["password123456", "tallygate1", "mayaokafor", "northwind", &"x".repeat(1 << 20)] {
            let refused =
                services.sign_up(&visit, Door::Page, form("maya@northwind.example", bad, "Maya Okafor")).await.unwrap_err();
            assert!(matches!(&refused, ServiceError::Invalid(fields) if fields.get("password").is_some()), "{refused:?}");
        }
        assert!(services.is_empty_platform().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn log_in_says_the_same_for_an_unknown_address_and_a_wrong_password() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        for round in 0..4 {
            let visit = Visit::from(&format!("198.51.100.{round}"));
            for email in ["maya@northwind.example", "nobody@northwind.example"] {
                let refused = services.sign_in(&visit, Door::Page, email, Secret::new("not the password".into())).await;
                assert!(matches!(refused, Err(ServiceError::WrongCredentials)));
            }
            services.clock.advance(HOUR_MS);
        }
        services.clock.advance(DAY_MS);
        let visit = Visit::from("203.0.113.1");
        assert_eq!(
            services.sign_in(&visit, Door::Page, "Maya@Northwind.example", Secret::new(PASSWORD.into())).await.unwrap().id,
            user.id
        );
    })
    .await;
}

#[tokio::test]
async fn weak_hashes_are_renewed_at_log_in() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let hash = services.passwords.hash_weakly_for_tests(PASSWORD);
        let mut tx = services.store.begin().await.unwrap();
        storage::users::update_password_hash(&mut tx, user.id, &hash).await.unwrap();
        tx.commit().await.unwrap();
        services.sign_in(&visit, Door::Page, "maya@northwind.example", Secret::new(PASSWORD.into())).await.unwrap();
        let renewed =
            storage::users::find_password_hash(&mut services.store.reader().await.unwrap(), user.id).await.unwrap().unwrap();
        assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
        services.sign_in(&visit, Door::Page, "maya@northwind.example", Secret::new(PASSWORD.into())).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn forgotten_passwords_are_reset_once_with_the_newest_link() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        services.forgot_password(&visit, "nobody@northwind.example").await.unwrap();
        for bad in ["a@x\nb@y", "a@x.example,b@y.example", ""] {
            assert!(matches!(services.forgot_password(&visit, bad).await, Err(ServiceError::Invalid(_))), "{bad:?}");
        }
        services.forgot_password(&visit, "MAYA@northwind.example").await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let first = mailed_token(&services, "maya@northwind.example", "/reset/");
        services.forgot_password(&visit, "maya@northwind.example").await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let second = mailed_token(&services, "maya@northwind.example", "/reset/");
        assert_eq!(services.mailer.sent().iter().filter(|mail| mail.recipient.starts_with("nobody")).count(), 0);
        let password = || Secret::new("completely different words".into());
        let reset = |token: String| {
            let (services, visit) = (services.clone(), visit.clone());
            async move { services.reset_password(&visit, Door::Page, &token, password()).await }
        };
        assert!(matches!(reset(first).await, Err(ServiceError::Gone(_))), "an older link");
        assert!(services.is_reset_token_good(&second).await.unwrap());
        let weak = services.reset_password(&visit, Door::Page, &second, Secret::new("password123456".into())).await;
        assert!(matches!(weak, Err(ServiceError::Invalid(_))), "a refused password does not use the link up");
        let results = futures::future::join_all((0..10).map(|_| reset(second.clone()))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(ServiceError::Gone(_)))), "{results:?}");
        services.sign_in(&visit, Door::Page, "maya@northwind.example", password()).await.unwrap();
        let old = services.sign_in(&visit, Door::Page, "maya@northwind.example", Secret::new(PASSWORD.into())).await;
        assert!(matches!(old, Err(ServiceError::WrongCredentials)));
    })
    .await;
}

#[tokio::test]
async fn reset_links_end_after_half_an_hour_and_are_throttled() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        services.forgot_password(&visit, "maya@northwind.example").await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "maya@northwind.example", "/reset/");
        services.clock.advance(30 * MINUTE_MS);
        let late = services.reset_password(&visit, Door::Page, &token, Secret::new("completely different words".into())).await;
        assert!(matches!(late, Err(ServiceError::Gone(_))));
        for email in ["maya@northwind.example", "nobody@northwind.example"] {
            let mut refused = 0;
            for round in 0..4 {
                let asked = services.forgot_password(&Visit::from(&format!("198.51.100.{round}")), email).await;
                refused += usize::from(matches!(asked, Err(ServiceError::TooManyAttempts(_))));
            }
            assert!(refused >= 1, "{email} is throttled whether or not it is known");
        }
    })
    .await;
}

#[tokio::test]
async fn addresses_are_confirmed_by_the_newest_link_once() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        services.deliver_mails_once().await.unwrap();
        let first = mailed_token(&services, "maya@northwind.example", "/confirm/");
        let caller = visit.caller(&user);
        services.resend_confirmation(&caller).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let second = mailed_token(&services, "maya@northwind.example", "/confirm/");
        assert!(matches!(services.confirm_email(None, &first).await, Err(ServiceError::Gone(_))));
        services.confirm_email(None, &second).await.unwrap();
        assert!(matches!(services.confirm_email(None, &second).await, Err(ServiceError::Gone(_))));
        let now = storage::users::find(&mut services.store.reader().await.unwrap(), user.id).await.unwrap().unwrap();
        assert!(now.email_confirmed_at.is_some());
        let again = services.resend_confirmation(&visit.caller(&now)).await;
        assert!(matches!(again, Err(ServiceError::Conflict("confirmed", _))));
    })
    .await;
}

#[tokio::test]
async fn an_admin_made_at_the_command_line_sets_the_password_alone() {
    on_each_database(|services| async move {
        let link = services.create_admin("Root@northwind.example").await.unwrap();
        let token = link.rsplit('/').next().unwrap().to_owned();
        assert_eq!(services.issue_setup_token().await.unwrap(), None, "the platform is not empty any more");
        let visit = Visit::from("192.0.2.1");
        for guess in ["!", "", "Root"] {
            assert!(services.sign_in(&visit, Door::Page, "root@northwind.example", Secret::new(guess.into())).await.is_err());
        }
        services.reset_password(&visit, Door::Page, &token, Secret::new(PASSWORD.into())).await.unwrap();
        let user = services.sign_in(&visit, Door::Page, "root@northwind.example", Secret::new(PASSWORD.into())).await.unwrap();
        assert!(user.platform_admin);
        services.create_admin("root@northwind.example").await.unwrap();
    })
    .await;
}

/// A05: of links asked for at the same moment over several connections, one works in the end.
#[tokio::test]
async fn of_resets_asked_for_at_once_the_newest_alone_works() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        for round in 0..8 {
            services.clock.advance(HOUR_MS);
            let visits = (0..3).map(|n| Visit::from(&format!("192.0.2.{}", round * 3 + n)));
            let asked = visits.map(|visit| {
                let services = services.clone();
                tokio::spawn(async move { services.forgot_password(&visit, "maya@northwind.example").await })
            });
            for asked in futures::future::join_all(asked).await {
                asked.unwrap().unwrap();
            }
            let mut c = services.store.reader().await.unwrap();
            let live = "SELECT 1 AS one FROM single_use_tokens WHERE purpose = 'password_reset' AND used_at IS NULL";
            let live = sqlx::query(live).fetch_all(&mut *c).await.unwrap().len();
            assert_eq!(live, 1, "round {round}");
        }
    })
    .await;
}

/// A04: ten at once with one link: one password is set. Asking for another link meanwhile leads to no deadlock.
#[tokio::test]
async fn one_link_sets_one_password_however_many_try() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        services.forgot_password(&visit, "maya@northwind.example").await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "maya@northwind.example", "/reset/");
        let tries = (0..10).map(|n| {
            let (services, visit, token) = (services.clone(), visit.clone(), token.clone());
            let password = Secret::new(format!("completely different words {n}"));
            tokio::spawn(async move { services.reset_password(&visit, Door::Page, &token, password).await })
        });
        let again = {
            let services = services.clone();
            tokio::spawn(async move { services.forgot_password(&Visit::from("192.0.2.9"), "maya@northwind.example").await })
        };
        let tries = futures::future::join_all(tries).await;
        again.await.unwrap().unwrap();
        let mut set = 0;
        for result in tries {
            match result.unwrap() {
                Ok(()) => set += 1,
                Err(ServiceError::Gone(_) | ServiceError::Busy) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert!(set <= 1, "{set} passwords were set");
        let epoch = "SELECT auth_epoch FROM users";
        let row = sqlx::query(epoch).fetch_one(&mut *services.store.reader().await.unwrap()).await.unwrap();
        assert_eq!(crate::storage::RowExt::int(&row, "auth_epoch").unwrap(), set);
    })
    .await;
}
