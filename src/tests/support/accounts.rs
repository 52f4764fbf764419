//! Browsers and people with passwords.

use std::{ops::Deref, sync::Arc};

use tower_sessions::Session;

use super::app::{Client, TestApp};
use crate::{
    domain::accounts::User,
    service::{
        Caller, Door, RequestFacts, ServiceError, Services, Settings,
        accounts::{
            session_store::DatabaseSessions,
            sign_up::{SignUp, SignedUp},
        },
        vault::Secret,
    },
};

/// The password of everybody in these tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A browser at an address.
#[derive(Clone, Debug)]
pub(crate) struct Visit(RequestFacts);

impl Visit {
    pub(crate) fn from(address: &str) -> Self {
        Self(RequestFacts {
            request_id: "test".into(),
            address: address.into(),
            user_agent: "Test/1.0".into(),
            ..RequestFacts::default()
        })
    }

    /// A browser without a cookie.
    pub(crate) fn session(&self, services: &Services) -> Session {
        Session::new(None, Arc::new(DatabaseSessions::new(services.clone())), None)
    }

    /// The same browser at its next request: all it has is the cookie.
    pub(crate) fn again(&self, services: &Services, session: &Session) -> Session {
        Session::new(session.id(), Arc::new(DatabaseSessions::new(services.clone())), None)
    }

    pub(crate) fn caller(&self, user: &User) -> Caller {
        Caller::new(user.clone(), Door::Page, false, &self.0)
    }
}

impl Deref for Visit {
    type Target = RequestFacts;

    fn deref(&self) -> &RequestFacts {
        &self.0
    }
}

/// A browser that somebody signed in with.
pub(crate) async fn browser(app: &TestApp, person: &Caller) -> Client {
    let browser = app.browser();
    let visit = Visit::from("127.0.0.1");
    let session = visit.session(&app.services);
    app.services.open_session(&session, Some(&person.user), &visit).await.expect("a session");
    browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
    browser
}

/// The same services with other settings.
pub(crate) fn with_settings(mut services: Services, change: impl FnOnce(&mut Settings)) -> Services {
    let mut settings = Settings::clone(&services.settings);
    change(&mut settings);
    services.settings = Arc::new(settings);
    services
}

pub(crate) async fn sign_up(
    services: &Services,
    visit: &Visit,
    email: &str,
    setup_token: Option<&str>,
) -> Result<SignedUp, ServiceError> {
    let form = SignUp {
        email: email.into(),
        password: Secret::new(PASSWORD.into()),
        name: "Maya Okafor".into(),
        setup_token: setup_token.map(str::to_owned),
    };
    services.sign_up(visit, Door::Page, form).await
}

/// Maya, who set the platform up.
pub(crate) async fn first_admin(services: &Services) -> User {
    let token = services.issue_setup_token().await.expect("an empty platform");
    let visit = Visit::from("203.0.113.250");
    match sign_up(services, &visit, "maya@northwind.example", token.as_deref()).await.expect("the first account") {
        SignedUp::SignedIn(user) => user,
        other => panic!("the first account is signed in, not {other:?}"),
    }
}

/// The token of the newest mail to somebody with such a link.
pub(crate) fn mailed_token(services: &Services, recipient: &str, path: &str) -> String {
    let start = format!("{}{path}", services.settings.public_url);
    let mails = services.mailer.sent();
    let link = mails
        .iter()
        .rev()
        .filter(|mail| mail.recipient == recipient)
        .find_map(|mail| mail.text.split_whitespace().find_map(|word| word.strip_prefix(start.as_str())));
    link.expect("a mail with such a link").to_owned()
}
