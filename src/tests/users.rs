//! Accounts in the hands of platform admins: suspending, resets, the last admin, owners that are lost, the platform's settings.

use axum::http::StatusCode;

use super::support::{
    TestApp,
    accounts::{Visit, first_admin, mailed_token, sign_up, with_settings},
    invariants, on_each_database,
    people::{db_join, db_person, model, simulated, team},
};
use crate::{
    domain::{
        accounts::SignUpPolicy,
        api_keys::{KeyKind, NewApiKey},
        management_tokens::NewManagementToken,
        page::PageRequest,
        platform::{PersonalModels, SignUpRules},
        roles::Role,
    },
    service::{
        Caller, ServiceError, Services,
        accounts::{sessions::AskedBy, sign_up::SignedUp},
        platform::users::UserQuery,
    },
    storage,
};

fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
    match result {
        Err(ServiceError::Conflict(code, _)) => code,
        other => panic!("{other:?}"),
    }
}

fn problem<T: std::fmt::Debug>(result: Result<T, ServiceError>, field: &str) -> bool {
    matches!(&result, Err(ServiceError::Invalid(fields)) if fields.get(field).is_some())
}

#[tokio::test]
async fn a_suspended_account_stops_at_its_next_request_and_keeps_its_teams() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        db_join(&services, &atlas, &noor, Role::Member).await;
        services.create_provider(&maya, simulated("simulator")).await.unwrap();
        services.create_model(&maya, model("small", "simulator")).await.unwrap();
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&noor, "atlas-search", new).await.unwrap();
        let token = NewManagementToken::parse("ci", "write", None, services.clock.now()).unwrap();
        let (_, token) = services.create_token(&noor, token).await.unwrap();
        let visit = Visit::from("192.0.2.1");
        let session = visit.session(&services);
        services.open_session(&session, Some(&noor.user), &visit).await.unwrap();
        let app = TestApp::new(&services);
        let calls = async |status: StatusCode| {
            assert_eq!(app.key(&key.key).get("/v1/models").await.status, status);
            assert_eq!(app.key(token.expose()).get("/api/v1/me").await.status, status);
        };
        calls(StatusCode::OK).await;

        services.suspend_user(&maya, noor.user.id, "a test").await.unwrap();
        calls(StatusCode::UNAUTHORIZED).await;
        assert!(services.find_session_user(&visit.again(&services, &session), AskedBy::Person).await.unwrap().is_none());
        assert_eq!(code(services.suspend_user(&maya, noor.user.id, "a test").await), "suspended");
        assert_eq!(code(services.start_password_reset(&maya, noor.user.id).await), "suspended");
        assert_eq!(services.get_team(&maya, "atlas-search").await.unwrap().members, 2, "memberships stay");
        let row = services.get_user(&maya, noor.user.id).await.unwrap();
        assert_eq!((row.disabled_at.is_some(), row.teams, row.sessions), (true, 1, 0));

        services.unsuspend_user(&maya, noor.user.id, "").await.unwrap();
        calls(StatusCode::OK).await;
        assert!(
            services.find_session_user(&visit.again(&services, &session), AskedBy::Person).await.unwrap().is_none(),
            "sessions do not come back"
        );
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn sessions_are_ended_and_resets_begun_but_never_a_password_set() {
    on_each_database(|services| async move {
        let user = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        let admin = db_person(&services, "Root", true).await;
        let session = visit.session(&services);
        services.open_session(&session, Some(&user), &visit).await.unwrap();
        assert_eq!(services.get_user(&admin, user.id).await.unwrap().sessions, 1);
        services.end_user_sessions(&admin, user.id).await.unwrap();
        assert!(services.find_session_user(&visit.again(&services, &session), AskedBy::Person).await.unwrap().is_none());
        services.start_password_reset(&admin, user.id).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "maya@northwind.example", "/reset/");
        assert!(services.is_reset_token_good(&token).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn for_everybody_else_the_platform_does_not_exist() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        team(&services, &maya).await;
        let not_found = |result: Result<(), ServiceError>| assert!(matches!(result, Err(ServiceError::NotFound)), "{result:?}");
        let id = maya.user.id;
        not_found(services.list_users(&noor, UserQuery::default()).await.map(drop));
        not_found(services.get_user(&noor, id).await.map(drop));
        not_found(services.suspend_user(&noor, id, "a test").await);
        not_found(services.unsuspend_user(&noor, id, "").await);
        not_found(services.end_user_sessions(&noor, id).await);
        not_found(services.start_password_reset(&noor, id).await);
        not_found(services.set_platform_admin(&noor, noor.user.id, true).await);
        not_found(services.platform_settings(&noor).await.map(drop));
        not_found(services.update_platform_settings(&noor, None, Some(PersonalModels::General)).await.map(drop));
        not_found(services.recover_ownership(&noor, "atlas-search", noor.user.id, "mine").await);
        // A token that may only read changes nothing either.
        let reading = Caller { read_only: true, ..maya.clone() };
        assert!(matches!(services.suspend_user(&reading, noor.user.id, "a test").await, Err(ServiceError::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn one_platform_admin_always_stays_whatever_two_do_at_once() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        assert_eq!(code(services.suspend_user(&maya, maya.user.id, "a test").await), "own_account");
        assert_eq!(code(services.set_platform_admin(&maya, maya.user.id, false).await), "last_platform_admin");
        let jonas = db_person(&services, "Jonas", false).await;
        services.set_platform_admin(&maya, jonas.user.id, true).await.unwrap();
        let jonas = Caller { user: find(&services, &jonas).await, ..jonas };
        let (a, b) = tokio::join!(
            services.suspend_user(&maya, jonas.user.id, "a test"),
            services.suspend_user(&jonas, maya.user.id, "a test"),
        );
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "{a:?} {b:?}");
        let left = storage::users::lock_platform_admins(&mut services.store.begin().await.unwrap()).await.unwrap();
        assert_eq!(left, 1);
    })
    .await;
}

async fn find(services: &Services, person: &Caller) -> crate::domain::accounts::User {
    storage::users::find(&mut services.store.reader().await.unwrap(), person.user.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn accounts_are_found_by_name_and_address_in_pages() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        for name in ["Ada", "Bo", "Cy", "Percent"] {
            db_person(&services, name, false).await;
        }
        let (mut seen, mut cursor) = (vec![], None);
        loop {
            let query = UserQuery { page: PageRequest { limit: Some(2), cursor }, ..UserQuery::default() };
            let page = services.list_users(&maya, query).await.unwrap();
            seen.extend(page.items.into_iter().map(|row| row.name));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, ["Ada", "Bo", "Cy", "Maya", "Percent"]);
        let found = async |search: &str, suspended: Option<bool>| {
            let query = UserQuery { text: search.into(), suspended, ..UserQuery::default() };
            let page = services.list_users(&maya, query).await.unwrap();
            page.items.into_iter().map(|row| row.name).collect::<Vec<_>>()
        };
        assert_eq!(found("bO@north", None).await, ["Bo"]);
        assert!(found("%", None).await.is_empty(), "wildcards are text");
        assert!(found("", Some(true)).await.is_empty());
        assert_eq!(found("", Some(false)).await.len(), 5);
        let admins = UserQuery { platform_admin: Some(true), ..UserQuery::default() };
        let admins = services.list_users(&maya, admins).await.unwrap().items;
        assert_eq!(admins.into_iter().map(|row| row.name).collect::<Vec<_>>(), ["Maya"]);
        let page = PageRequest { limit: None, cursor: Some("' OR 1=1".into()) };
        assert!(problem(services.list_users(&maya, UserQuery { page, ..UserQuery::default() }).await, "cursor"));
    })
    .await;
}

#[tokio::test]
async fn a_lost_owner_is_replaced_with_a_reason_that_both_read() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let outsider = db_person(&services, "Vera", false).await;
        let atlas = team(&services, &maya).await;
        db_join(&services, &atlas, &noor, Role::Viewer).await;
        let recover =
            async |to: &Caller, reason: &str| services.recover_ownership(&maya, "atlas-search", to.user.id, reason).await;
        assert!(problem(recover(&noor, " ").await, "reason"));
        assert!(problem(recover(&noor, &"x".repeat(501)).await, "reason"));
        assert_eq!(code(recover(&maya, "because").await), "owner_already");
        services.suspend_user(&maya, outsider.user.id, "a test").await.unwrap();
        assert!(problem(recover(&outsider, "because").await, "to"));
        services.unsuspend_user(&maya, outsider.user.id, "").await.unwrap();
        assert!(matches!(services.recover_ownership(&maya, "me", noor.user.id, "because").await, Err(ServiceError::NotFound)));

        recover(&noor, "The owner left.").await.unwrap();
        let role = async |who: &Caller| services.get_team(who, "atlas-search").await.unwrap().standing.role;
        assert_eq!((role(&noor).await, role(&maya).await), (Some(Role::Owner), Some(Role::Admin)));
        recover(&outsider, "So did the next one.").await.unwrap();
        assert_eq!((role(&outsider).await, role(&noor).await), (Some(Role::Owner), Some(Role::Admin)));
        services.deliver_mails_once().await.unwrap();
        let mails = services.mailer.sent();
        assert_eq!(mails.len(), 4);
        assert!(mails.iter().any(|mail| mail.recipient.starts_with("vera") && mail.subject == "You own Atlas Search now"));
        assert!(mails.iter().any(|mail| mail.recipient.starts_with("noor") && mail.text.contains("> So did the next one.")));
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn who_may_sign_up_is_what_was_set_last() {
    on_each_database(|services| async move {
        let maya = Visit::from("192.0.2.1").caller(&first_admin(&services).await);
        let services = with_settings(services, |settings| settings.sign_up = SignUpPolicy::Open);
        let visit = Visit::from("192.0.2.5");
        let configured = services.platform_settings(&maya).await.unwrap();
        assert_eq!((configured.sign_up.policy, configured.sign_up_from_configuration), (SignUpPolicy::Open, true));
        assert!(matches!(sign_up(&services, &visit, "a@labs.example", None).await, Ok(SignedUp::CheckMail)));

        let rules = SignUpRules::parse("domain", "northwind.example").unwrap();
        let set = services.update_platform_settings(&maya, Some(rules), None).await.unwrap();
        assert!(!set.sign_up_from_configuration);
        assert!(problem(sign_up(&services, &visit, "b@labs.example", None).await, "email"));
        assert!(matches!(sign_up(&services, &visit, "b@northwind.example", None).await, Ok(SignedUp::CheckMail)));
        services.update_platform_settings(&maya, Some(SignUpRules::default()), None).await.unwrap();
        assert!(matches!(sign_up(&services, &visit, "c@northwind.example", None).await, Err(ServiceError::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn the_default_policy_of_personal_spaces_acts_at_once() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        services.create_provider(&maya, simulated("simulator")).await.unwrap();
        services.create_model(&maya, model("small", "simulator")).await.unwrap();
        assert_eq!(services.example_model(maya.user.personal_team, maya.user.id), None, "installed: nothing is open");
        services.update_platform_settings(&maya, None, Some(PersonalModels::General)).await.unwrap();
        assert_eq!(services.example_model(maya.user.personal_team, maya.user.id).as_deref(), Some("small"));
        services.update_platform_settings(&maya, None, Some(PersonalModels::None)).await.unwrap();
        assert_eq!(services.example_model(maya.user.personal_team, maya.user.id), None);
    })
    .await;
}
