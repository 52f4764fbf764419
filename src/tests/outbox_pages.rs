//! The platform's outbox, as its page shows it.

use super::support::{
    TestApp,
    accounts::{Visit, first_admin, with_settings},
    app::Client,
    on_each_database,
    people::db_person,
    smtp::{Manner, SmtpSink},
};
use crate::{
    domain::{
        accounts::User,
        mails::MailFilter,
        page::PageRequest,
        time::{HOUR_MS, MINUTE_MS},
    },
    service::{Services, Settings, mail::delivery::Mailer, vault::Secret},
};

const OUTBOX: &str = "/admin/outbox";

async fn browser(services: &Services, app: &TestApp, user: &User) -> Client {
    let browser = app.browser();
    let visit = Visit::from("127.0.0.1");
    let session = visit.session(services);
    services.open_session(&session, Some(user), &visit).await.unwrap();
    browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
    browser
}

fn mailing_to(url: String) -> Mailer {
    Mailer::new(&Settings { smtp_url: Some(Secret::new(url)), ..Settings::default() }).unwrap()
}

#[tokio::test]
async fn texts_are_shown_only_while_somebody_has_to_pass_them_on() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let mut services = with_settings(services, |settings| settings.data_dir = folder.path().into());
        services.mailer = Mailer::new(&services.settings).unwrap();
        let user = first_admin(&services).await;
        services.deliver_mails_once().await.unwrap();
        let app = TestApp::new(&services);
        let maya = browser(&services, &app, &user).await;
        let page = maya.page(OUTBOX).await;
        assert_eq!(page.status, 200);
        let text = page.text();
        assert!(text.contains("Outbox, Platform · Tallygate") && text.contains("No mail server is set up"), "{text}");
        assert!(text.contains("maya@northwind.example") && text.contains("Sent"));
        let visit = Visit::from("127.0.0.1").caller(&user);
        let mail = services.list_mails(&visit, &MailFilter::default(), &PageRequest::default()).await.unwrap().items.remove(0);
        let opened = maya.page(&format!("{OUTBOX}?mail={}", mail.id)).await.text();
        assert!(opened.contains("<dialog") && opened.contains("/confirm/"), "{opened}");
        let none = maya.page(&format!("{OUTBOX}?q=nobody&state=failed")).await.text();
        assert!(none.contains("No mail fits") && none.contains("Clear filters"), "{none}");
        assert!(maya.page(&format!("{OUTBOX}?q=MAYA%40&state=sent")).await.text().contains("1 mail<"));

        services.mailer = mailing_to("smtp://127.0.0.1:1".into());
        let app = TestApp::new(&services);
        let maya = browser(&services, &app, &user).await;
        let text = maya.page(&format!("{OUTBOX}?mail={}", mail.id)).await.text();
        assert!(text.contains("Mails leave through the mail server."), "{text}");
        assert!(!text.contains("/confirm/") && !text.contains("<dialog"), "{text}");

        let noor = browser(&services, &app, &db_person(&services, "Noor", false).await.user).await;
        let hidden = noor.page(OUTBOX).await;
        assert_eq!(hidden.status, 404);
        assert!(!hidden.text().contains("maya@"));
        let signed_out = app.browser().page(OUTBOX).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/admin/outbox"));
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_tried_again_at_once_and_leaves_once() {
    on_each_database(|mut services| async move {
        let user = first_admin(&services).await;
        services.mailer = mailing_to("smtp://canary-user:canary@127.0.0.1:1?tls=none".into());
        let app = TestApp::new(&services);
        // Long enough that the next try is far away.
        for _ in 0..8 {
            services.clock.advance(HOUR_MS);
            services.deliver_mails_once().await.unwrap();
        }
        let maya = browser(&services, &app, &user).await;
        let text = maya.page(OUTBOX).await.text();
        assert!(text.contains("1 mail waits for another try.") && text.contains("Try now"), "{text}");
        assert!(text.contains("no connection to the mail server") && text.contains("The first is tried in 21 min."), "{text}");
        assert!(!text.contains("canary") && !text.contains("/confirm/"), "no secret");

        let sink = SmtpSink::start(Manner::Takes).await;
        services.mailer = mailing_to(format!("smtp://{}", sink.address));
        let app = TestApp::new(&services);
        let maya = browser(&services, &app, &user).await;
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0, "it waits");
        assert_eq!(maya.form("/fn/retry_mails", &[], false).await.status, 200);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 1);
        assert_eq!(maya.form("/fn/retry_mails", &[], true).await.status, 302, "nothing is left to try");
        services.clock.advance(MINUTE_MS);
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
        assert_eq!(sink.mails().len(), 1);
        let log = maya.page("/admin/audit?action=mail").await.text();
        assert_eq!(log.matches(">Tried waiting mails again").count(), 1, "{log}");
        assert!(!maya.page(OUTBOX).await.text().contains("Try now"));
    })
    .await;
}
