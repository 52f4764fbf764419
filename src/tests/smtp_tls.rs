//! Mail over TLS to a server whose certificate a private authority signed.

use super::support::{
    accounts::{Visit, first_admin},
    certificates::{EXPIRED, GOOD, KEY, OF_ANOTHER_HOST, ROOT, SELF_SIGNED, decode},
    on_each_database,
    smtp_tls::{Begins, SafeSink},
};
use crate::{
    domain::{mails::MailFilter, page::PageRequest, time::HOUR_MS},
    service::{Settings, mail::delivery::Mailer, vault::Secret},
};

const UNKNOWN: &str =
    "the certificate of the mail server is signed by nobody known here; a private authority is named in TALLYGATE_SMTP_CA";
const BY_ITSELF: &str = "the mail server shows a certificate that is none for servers, such as one signed by itself; let a private \
     authority sign one, and name the authority in TALLYGATE_SMTP_CA";
const OTHER_NAME: &str = "the certificate of the mail server is for another name";
const OVER: &str = "the certificate of the mail server has expired";

#[tokio::test]
async fn a_private_authority_is_believed_where_it_is_named_and_nowhere_else() {
    on_each_database(|mut services| async move {
        let maya = Visit::from("192.0.2.1").caller(&first_admin(&services).await);
        let own = [decode(ROOT)];
        let table = [
            (&own[..0], (GOOD, KEY), Some(UNKNOWN)),
            (&own[..], SELF_SIGNED, Some(BY_ITSELF)),
            (&own[..], (OF_ANOTHER_HOST, KEY), Some(OTHER_NAME)),
            (&own[..], (EXPIRED, KEY), Some(OVER)),
            (&own[..], (GOOD, KEY), None),
        ];
        for (roots, (certificate, key), refused) in table {
            for begins in [Begins::Safe, Begins::Plain] {
                let sink = SafeSink::start(begins, certificate, key);
                let url = match begins {
                    Begins::Safe => format!("smtps://user:canary@{}", sink.address),
                    Begins::Plain => format!("smtp://{}?tls=required", sink.address),
                };
                let settings = Settings { smtp_url: Some(Secret::new(url)), smtp_roots: roots.to_vec(), ..Settings::default() };
                services.mailer = Mailer::new(&settings).unwrap();
                services.clock.advance(2 * HOUR_MS);
                let sent = services.deliver_mails_once().await.unwrap();
                // The connection is kept for the next mail; it ends with the mailer.
                services.mailer = Mailer::memory();
                let heard = sink.heard().await;
                let row =
                    services.list_mails(&maya, &MailFilter::default(), &PageRequest::default()).await.unwrap().items.remove(0);
                match refused {
                    Some(sentence) => {
                        assert_eq!((sent, row.delivery.problem.as_str()), (0, sentence), "{begins:?}");
                        let told = |line: &String| line.starts_with("MAIL") || line.starts_with("AUTH");
                        assert!(!heard.iter().any(told), "nothing is told to whom nobody knows: {heard:?}");
                    }
                    None => {
                        assert_eq!((sent, row.delivery.words().as_str()), (1, "Sent"), "{begins:?}");
                        assert!(heard.iter().any(|line| line == "RCPT TO:<maya@northwind.example>"), "{heard:?}");
                        services.forgot_password(&Visit::from("192.0.2.9"), "maya@northwind.example").await.unwrap();
                    }
                }
            }
        }
    })
    .await;
}
