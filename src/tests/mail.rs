//! The outbox: what happens to mails while the mail server is away, and to the secrets in them.

use super::support::{
    accounts::{Visit, first_admin, mailed_token},
    on_each_database,
};
use crate::{
    domain::time::SECOND_MS,
    service::{Services, Settings, mail::delivery::Mailer, vault::Secret},
    storage::RowExt,
};

async fn outbox(services: &Services) -> Vec<(String, i64, String)> {
    let mut c = services.store.reader().await.unwrap();
    let rows = sqlx::query("SELECT state, attempts, payload FROM mails ORDER BY id").fetch_all(&mut *c).await.unwrap();
    rows.iter().map(|row| (row.text("state").unwrap(), row.int("attempts").unwrap(), row.text("payload").unwrap())).collect()
}

#[tokio::test]
async fn an_outage_of_the_mail_server_loses_no_mail() {
    on_each_database(|mut services| async move {
        let memory = services.mailer.clone();
        // Nothing listens there.
        let away = Settings { smtp_url: Some(Secret::new("smtp://127.0.0.1:1".into())), ..Settings::default() };
        services.mailer = Mailer::new(&away).unwrap();
        first_admin(&services).await;
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0, "not due again yet");
        let queued = outbox(&services).await;
        assert_eq!((queued.len(), queued[0].0.as_str(), queued[0].1), (1, "queued", 1));
        services.mailer = memory;
        services.clock.advance(9 * SECOND_MS);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        services.clock.advance(SECOND_MS);
        let (a, b) = tokio::join!(services.deliver_mails_once(), services.deliver_mails_once());
        assert_eq!(a.unwrap() + b.unwrap(), 1, "two processes send it once");
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        assert_eq!(services.mailer.sent().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_database_never_holds_a_mailed_token() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        services.deliver_mails_once().await.unwrap();
        services.forgot_password(&Visit::from("192.0.2.1"), "maya@northwind.example").await.unwrap();
        let waiting = outbox(&services).await;
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "maya@northwind.example", "/reset/");
        assert!(waiting.iter().all(|(_, _, payload)| !payload.contains(&token)));
        assert!(outbox(&services).await.iter().all(|(state, _, payload)| state == "sent" && payload == "{}"));
        let mut c = services.store.reader().await.unwrap();
        let rows = sqlx::query("SELECT token_hash FROM single_use_tokens").fetch_all(&mut *c).await.unwrap();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.text("token_hash").unwrap() != token));
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_can_not_be_read_does_not_hold_up_the_others() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        services.forgot_password(&Visit::from("192.0.2.1"), "maya@northwind.example").await.unwrap();
        let mut tx = services.store.begin().await.unwrap();
        sqlx::query("UPDATE mails SET payload = 'garbage' WHERE template = 'confirm_email'").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(services.deliver_mails_once().await.unwrap(), 1);
        assert_eq!(services.mailer.sent()[0].subject, "Set a new password");
    })
    .await;
}
