//! Outgoing mail.

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{ConfigError, Source, source::wrong};
use crate::service::vault::Secret;

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct Mail {
    /// `TALLYGATE_SMTP_URL`: `smtps://user:password@host`, or `smtp://host:port` with `?tls=required` (STARTTLS), `opportunistic` or `none`.
    /// Where a password is sent to another machine, TLS is required unless the URL says otherwise. Default: none, mails become files in
    /// the data directory.
    pub smtp_url: Option<Secret>,
    /// `TALLYGATE_SMTP_CA`: a file with the certificates (PEM) of authorities that the mail server's may be signed by, besides the public
    /// ones. Default: none.
    pub smtp_roots: Vec<Vec<u8>>,
    /// `TALLYGATE_MAIL_FROM`: sender, such as `Tallygate <noreply@tallygate.example>`. Default: `Tallygate <tallygate@localhost>`.
    pub from: String,
}

fn read_certificates(path: &str) -> Option<Vec<Vec<u8>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).ok()?.collect();
    let found: Vec<Vec<u8>> = found.ok()?.into_iter().map(|certificate| certificate.to_vec()).collect();
    // What is no certificate is found now, and not with the first mail.
    let mut roots = rustls::RootCertStore::empty();
    let all = found.iter().all(|certificate| roots.add(certificate.clone().into()).is_ok());
    (all && !found.is_empty()).then_some(found)
}

impl Mail {
    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        // The value holds a password: the sentence must not repeat it.
        let smtp_url = source.text("smtp_url")?;
        let fits = |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host());
        if smtp_url.as_deref().is_some_and(|text| !fits(text)) {
            return Err(wrong("smtp_url", "…", "a URL such as smtps://user:password@mail.example"));
        }
        let roots =
            source.parsed("smtp_ca", "a file with at least one certificate in PEM format that can be read", read_certificates)?;
        let mailbox = |text: &str| text.parse::<lettre::message::Mailbox>().ok().map(|_| text.to_owned());
        let from = source.parsed("mail_from", "a sender such as Tallygate <noreply@tallygate.example>", mailbox)?;
        if smtp_url.is_some() && from.is_none() {
            return Err(ConfigError("TALLYGATE_MAIL_FROM is missing: with TALLYGATE_SMTP_URL, mails need a sender.".into()));
        }
        Ok(Self {
            smtp_roots: roots.unwrap_or_default(),
            smtp_url: smtp_url.map(Secret::new),
            from: from.unwrap_or_else(|| "Tallygate <tallygate@localhost>".into()),
        })
    }
}
