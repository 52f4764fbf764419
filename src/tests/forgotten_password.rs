//! A03, A07: asking for a new password tells nobody whether an address has an account, and sends to the account's own address alone.

use std::time::{Duration, Instant};

use super::support::{
    TestApp,
    accounts::{Visit, first_admin},
    on_each_database,
};
use crate::domain::time::HOUR_MS;

const MAYA: &str = "maya@northwind.example";
const NOBODY: &str = "nobo@northwind.example";

#[tokio::test]
async fn the_answer_is_the_same_with_and_without_an_account() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let app = TestApp::new(&services);
        for plain in [false, true] {
            let mut seen = vec![];
            for email in [MAYA, NOBODY] {
                let reply = app.browser().form("/fn/forgot_password", &[("email", email)], plain).await;
                assert_eq!(reply.status.as_u16(), if plain { 302 } else { 200 }, "{}", reply.text());
                let id = reply.header("x-request-id").to_owned();
                let mut headers: Vec<String> = reply.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
                headers.retain(|line| !line.contains(&id) && !line.contains("nonce"));
                seen.push((reply.text(), headers));
            }
            assert_eq!(seen[0], seen[1]);
        }
        assert!(services.mailer.sent().is_empty(), "mails leave from their queue, not while somebody waits");
        services.deliver_mails_once().await.unwrap();
        let sent = services.mailer.sent();
        assert!(!sent.is_empty() && sent.iter().all(|mail| mail.recipient == MAYA));
    })
    .await;
}

#[tokio::test]
async fn the_answer_takes_as_long_with_and_without_an_account() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let (mut known, mut unknown) = (vec![], vec![]);
        for round in 0..40 {
            let visit = Visit::from(&format!("198.51.100.{round}"));
            for (email, times) in [(MAYA, &mut known), (NOBODY, &mut unknown)] {
                let started = Instant::now();
                services.forgot_password(&visit, email).await.unwrap();
                times.push(started.elapsed());
            }
            services.clock.advance(HOUR_MS);
        }
        // The fastest of forty each: what else the machine does only makes some slower. Without the same work the unknown address is
        // answered in a fraction of the time.
        let (known, unknown) = (known.into_iter().min().unwrap(), unknown.into_iter().min().unwrap());
        assert!(known.abs_diff(unknown) < (known / 2).max(Duration::from_millis(5)), "{known:?} and {unknown:?}");
    })
    .await;
}

#[tokio::test]
async fn a_list_of_addresses_is_none() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let app = TestApp::new(&services);
        let evil = "thief@evil.test";
        for fields in [
            vec![("email", MAYA), ("email", evil)],
            vec![("email", evil), ("email", MAYA)],
            vec![("email[]", MAYA), ("email[]", evil)],
            vec![("email[0]", MAYA), ("email[1]", evil)],
            vec![("email", "maya@northwind.example,thief@evil.test")],
            vec![("email", "maya@northwind.example\nthief@evil.test")],
            vec![("email", "maya@northwind.example\r\nBcc: thief@evil.test")],
            vec![("email", "<maya@northwind.example> thief@evil.test")],
            vec![],
        ] {
            let status = app.browser().form("/fn/forgot_password", &fields, false).await.status.as_u16();
            assert!((400..500).contains(&status), "{status} for {fields:?}");
        }
        services.deliver_mails_once().await.unwrap();
        let sent = services.mailer.sent();
        assert!(sent.iter().all(|mail| mail.recipient == MAYA && !mail.text.contains("/reset/")), "{sent:?}");
    })
    .await;
}
