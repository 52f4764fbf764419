use super::{Template, delivery::Mailer, templates::Letter, *};
use crate::service::{Random, Settings, vault::Secret};

fn mail(recipient: &str) -> OutboxMail {
    OutboxMail {
        id: Random::seeded(1).id_at(UnixMs(1_795_302_180_000)),
        recipient: recipient.into(),
        subject: Template::PasswordReset.subject().into(),
        template: Template::PasswordReset.as_str().into(),
        payload: "{}".into(),
        attempts: 0,
        created_at: UnixMs(1_795_302_180_000),
    }
}

fn letter(name: &str) -> Letter {
    Template::PasswordReset.render("https://gate.example", name, Some(&Secret::new("canary".into())))
}

#[test]
fn what_people_typed_is_text_in_both_parts() {
    let letter = letter("<script>\"Ada\" & 'Bo'</script>");
    assert!(letter.text.contains("Hello <script>\"Ada\" & 'Bo'</script>,"));
    assert!(letter.html.contains("Hello &lt;script&gt;&quot;Ada&quot; &amp; &#39;Bo&#39;&lt;/script&gt;,"));
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("https://gate.example/reset/canary"));
    }
}

#[tokio::test]
async fn nothing_adds_a_header_or_a_recipient() {
    let mailer = Mailer::memory();
    for bad in ["a@x.example\r\nBcc: v@y.example", "a@x.example, v@y.example", "a@x.example\nv@y.example", ""] {
        assert!(mailer.send(&mail(bad), letter("Ada"), "https://gate.example").await.is_err(), "{bad:?}");
    }
    mailer.send(&mail("ada@x.example"), letter("Ada\r\nBcc: v@y.example"), "https://gate.example").await.unwrap();
    let raw = mailer.sent()[0].raw.clone();
    let head = raw.split("\r\n\r\n").next().unwrap();
    assert!(!head.contains("Bcc"), "{head}");
    assert!(head.contains("To: ada@x.example\r\n") && head.contains("@gate.example>"), "{head}");
    assert!(raw.contains("multipart/alternative") && raw.contains("text/html"));
}

#[tokio::test]
async fn without_a_mail_server_mails_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::new(&Settings { data_dir: folder.path().into(), ..Settings::default() }).unwrap();
    mailer.send(&mail("ada@x.example"), letter("Ada"), "https://gate.example").await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path().join("mail")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert!(files[0].extension().is_some_and(|end| end == "eml"));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn pauses_grow_to_an_hour() {
    let pauses: Vec<i64> = (1..=10).map(|n| pause_after(n) / SECOND_MS).collect();
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
    assert_eq!(pause_after(MOST_ATTEMPTS), LONGEST_PAUSE_MS);
}
