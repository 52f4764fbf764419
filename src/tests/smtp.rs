//! Mail over a real connection: to a server that is away, refuses, hangs, falls, or asks for a password.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::support::{
    accounts::{Visit, first_admin, with_settings},
    on_each_database,
    smtp::{Manner, SmtpSink},
};
use crate::{
    domain::{
        mails::{MailFilter, MailState},
        page::PageRequest,
        time::HOUR_MS,
    },
    service::{Services, Settings, mail::delivery::Mailer, vault::Secret},
};

fn mailing_to(url: &str) -> Mailer {
    Mailer::new(&Settings { smtp_url: Some(Secret::new(url.into())), ..Settings::default() }).unwrap()
}

fn url(address: SocketAddr) -> String {
    format!("smtp://{address}")
}

/// Sends whatever becomes due within hours.
async fn deliver_for_hours(services: &Services) -> usize {
    let mut sent = 0;
    for _ in 0..6 {
        services.clock.advance(HOUR_MS);
        loop {
            match services.deliver_mails_once().await.unwrap() {
                0 => break,
                n => sent += n,
            }
        }
    }
    sent
}

#[tokio::test]
async fn mails_of_a_whole_outage_arrive_once_each_when_the_server_is_back() {
    on_each_database(|mut services| async move {
        let sink = SmtpSink::start(Manner::Takes).await;
        let address = sink.address;
        drop(sink);
        services.mailer = mailing_to(&url(address));
        let maya = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        for _ in 0..3 {
            services.deliver_mails_once().await.unwrap();
            services.forgot_password(&visit, "maya@northwind.example").await.unwrap();
            services.clock.advance(HOUR_MS);
        }
        services.resend_confirmation(&visit.caller(&maya)).await.unwrap();
        let rows =
            services.list_mails(&visit.caller(&maya), &MailFilter::default(), &PageRequest::default()).await.unwrap().items;
        assert!(rows.iter().any(|row| row.delivery.words().starts_with("Failed")), "{rows:?}");
        assert!(rows.iter().all(|row| row.delivery.state == MailState::Queued && row.text.is_none()), "{rows:?}");

        // The aborted listener gives its port back as soon as its task is gone.
        tokio::task::yield_now().await;
        let sink = SmtpSink::start_at(address, Manner::Takes).await;
        assert_eq!(deliver_for_hours(&services).await, rows.len());
        let mails = sink.mails();
        assert_eq!(mails.len(), rows.len());
        let mut ids: Vec<String> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), rows.len(), "each once");
        for mail in &mails {
            assert_eq!(mail.recipients, ["<maya@northwind.example>"]);
            assert!(
                mail.data.contains("multipart/alternative")
                    && mail.data.contains("text/plain")
                    && mail.data.contains("text/html")
            );
        }
        let rows =
            services.list_mails(&visit.caller(&maya), &MailFilter::default(), &PageRequest::default()).await.unwrap().items;
        assert!(rows.iter().all(|row| row.delivery.words() == "Sent"), "{rows:?}");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_was_taken_without_an_answer_comes_once_more_with_the_same_id() {
    on_each_database(|mut services| async move {
        let falling = SmtpSink::start(Manner::TakesAndFalls).await;
        services.mailer = mailing_to(&url(falling.address));
        first_admin(&services).await;
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        let sink = SmtpSink::start(Manner::Takes).await;
        services.mailer = mailing_to(&url(sink.address));
        assert_eq!(deliver_for_hours(&services).await, 1);
        let (first, second) = (&falling.mails()[0], &sink.mails()[0]);
        assert_eq!((falling.mails().len(), sink.mails().len()), (1, 1));
        assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
        assert_eq!(first.header("Date"), second.header("Date"));
    })
    .await;
}

#[tokio::test]
async fn a_process_that_was_killed_while_it_sent_leaves_the_mail_to_the_next() {
    on_each_database(|mut services| async move {
        let hanging = SmtpSink::start(Manner::Hangs).await;
        services.mailer = mailing_to(&url(hanging.address));
        first_admin(&services).await;
        let dying = services.clone();
        let task = tokio::spawn(async move { dying.deliver_mails_once().await });
        while hanging_claims(&services).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        task.abort();
        let _ = task.await;
        let sink = SmtpSink::start(Manner::Takes).await;
        services.mailer = mailing_to(&url(sink.address));
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0, "the other process may still be at it");
        assert_eq!(deliver_for_hours(&services).await, 1);
        assert_eq!(sink.mails().len(), 1);
    })
    .await;
}

async fn hanging_claims(services: &Services) -> i64 {
    use crate::storage::RowExt;

    let mut c = services.store.reader().await.unwrap();
    let row = sqlx::query("SELECT COUNT(*) AS n FROM mails WHERE attempts = 1").fetch_one(&mut *c).await.unwrap();
    row.int("n").unwrap()
}

#[tokio::test]
async fn a_server_that_hangs_or_refuses_holds_nobody_up_and_is_named_without_secrets() {
    on_each_database(|mut services| async move {
        let maya = first_admin(&services).await;
        let visit = Visit::from("192.0.2.1");
        for (manner, words) in [
            (Manner::Hangs, "the mail server did not answer in time"),
            (Manner::Refuses, "the mail server answered 550 no such mailbox here"),
        ] {
            let sink = SmtpSink::start(manner).await;
            services.mailer = mailing_to(&url(sink.address)).with_patience(Duration::from_millis(300));
            let asked = Instant::now();
            services.forgot_password(&visit, "maya@northwind.example").await.unwrap();
            assert!(asked.elapsed() < Duration::from_secs(1));
            services.clock.advance(HOUR_MS);
            assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
            let rows =
                services.list_mails(&visit.caller(&maya), &MailFilter::default(), &PageRequest::default()).await.unwrap().items;
            let tried: Vec<&str> =
                rows.iter().map(|row| row.delivery.problem.as_str()).filter(|problem| *problem == words).collect();
            assert!(!tried.is_empty(), "{rows:?}");
            if manner == Manner::Hangs {
                assert_eq!(tried.len(), 1, "one mail finds out for all");
            }
            assert!(!serde_json::to_string(&rows).unwrap().contains("/reset/"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_password_of_the_mail_server_is_used_and_never_sent_in_the_clear() {
    on_each_database(|mut services| async move {
        first_admin(&services).await;
        let sink = SmtpSink::start(Manner::TakesSignedIn).await;
        let address = sink.address;
        // A server that offers no TLS gets neither password nor mail where TLS is asked for.
        services.mailer = mailing_to(&format!("smtp://user:pass%20word@{address}?tls=required"));
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        assert!(sink.lines().iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")), "{:?}", sink.lines());
        services.mailer = mailing_to(&format!("smtps://user:pass%20word@{address}")).with_patience(Duration::from_millis(500));
        services.clock.advance(HOUR_MS);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);

        services.mailer = mailing_to(&format!("smtp://user:wrong@{address}"));
        services.clock.advance(HOUR_MS);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        services.mailer = mailing_to(&format!("smtp://user:pass%20word@{address}"));
        services.clock.advance(HOUR_MS);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 1);
        assert_eq!(sink.mails().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_outbox_shows_what_mails_say_only_while_there_is_no_mail_server() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let mut services = with_settings(services, |settings| settings.data_dir = folder.path().into());
        services.mailer = Mailer::new(&services.settings).unwrap();
        let maya = Visit::from("192.0.2.1").caller(&first_admin(&services).await);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 1);
        let rows = services.list_mails(&maya, &MailFilter::default(), &PageRequest::default()).await.unwrap().items;
        assert!(rows[0].text.as_deref().unwrap().contains("/confirm/"), "{rows:?}");
        let stranger = super::support::people::db_person(&services, "Noor", false).await;
        let refused = services.list_mails(&stranger, &MailFilter::default(), &PageRequest::default()).await;
        assert!(matches!(refused, Err(crate::service::ServiceError::NotFound)));

        // With a mail server, nothing of it is left, neither on the page nor in the database.
        let sink = SmtpSink::start(Manner::Takes).await;
        services.mailer = mailing_to(&url(sink.address));
        let rows = services.list_mails(&maya, &MailFilter::default(), &PageRequest::default()).await.unwrap().items;
        assert_eq!(rows[0].text, None);
        let cancel = tokio_util::sync::CancellationToken::new();
        cancel.cancel();
        services.run_mail_delivery(cancel).await;
        let mut c = services.store.reader().await.unwrap();
        let left = sqlx::query("SELECT 1 FROM mails WHERE payload <> '{}'").fetch_all(&mut *c).await.unwrap();
        assert!(left.is_empty());
    })
    .await;
}
