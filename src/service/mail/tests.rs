use super::{Letter, Template, delivery::Mailer, *};
use crate::{
    domain::{roles::Role, time::UnixMs},
    service::{Random, Settings, vault::Secret},
};

fn mail(recipient: &str) -> OutboxMail {
    OutboxMail {
        id: Random::seeded(1).id_at(UnixMs(1_795_302_180_000)),
        recipient: recipient.into(),
        subject: Template::PasswordReset.subject(),
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

/// One of each kind, with markup, line ends and quotes in everything that people type.
fn one_of_each() -> Vec<Template> {
    let odd = || "<b>Ada</b> & \"Bo\"\r\nBcc: v@y.example".to_owned();
    let slug = || "atlas".to_owned();
    let transferred =
        |to_new_owner| Template::OwnershipTransferred { team: odd(), slug: slug(), from: odd(), to: odd(), to_new_owner };
    let recovered = |to_new_owner| Template::OwnershipRecovered {
        team: odd(),
        slug: slug(),
        from: odd(),
        to: odd(),
        by: odd(),
        reason: odd(),
        to_new_owner,
    };
    vec![
        Template::ConfirmEmail,
        Template::FinishSignUp,
        Template::AccountExists,
        Template::PasswordReset,
        Template::PasswordChanged,
        Template::ChangeEmail,
        Template::EmailChanged { to: odd() },
        Template::AccountDeleted,
        Template::Invitation {
            team: odd(),
            organization: odd(),
            inviter: odd(),
            role: Role::Member,
            note: odd(),
            expires_at: UnixMs(1_795_906_980_000),
            invitation: Random::seeded(3).id_at(UnixMs(0)),
            generation: 1,
            token_hash: String::new(),
        },
        Template::LinkWanted { team: odd(), slug: slug(), email: odd() },
        Template::SeatWanted { team: odd(), slug: slug(), email: odd(), seats: 5 },
        Template::TeamDeleted { team: odd(), by: odd() },
        Template::RoleChanged { team: odd(), slug: slug(), by: odd(), before: Role::Member, after: Role::Admin },
        Template::MemberRemoved { team: odd(), by: odd(), keys: 2 },
        transferred(true),
        transferred(false),
        recovered(true),
        recovered(false),
        Template::OrganizationRole { organization: odd(), by: odd(), admin: true },
        Template::LimitNear { name: odd(), path: "/t/atlas/quotas".into(), sentence: odd(), reached: true },
        Template::LimitNear { name: odd(), path: "/t/atlas/quotas".into(), sentence: odd(), reached: false },
        Template::LimitNear { name: odd(), path: String::new(), sentence: odd(), reached: true },
        Template::BudgetWanted { team: odd(), slug: slug(), whose: odd(), amount: odd(), by: odd(), reason: odd() },
        Template::BudgetDecided {
            team: odd(),
            slug: slug(),
            whose: odd(),
            amount: odd(),
            by: odd(),
            approved: true,
            until: Some(UnixMs(1_795_302_180_000)),
            note: odd(),
        },
        Template::AccessWanted { team: odd(), slug: slug(), model: odd(), by: odd(), reason: odd() },
        Template::AccessDecided {
            team: odd(),
            slug: slug(),
            model: odd(),
            by: odd(),
            approved: true,
            until: Some(UnixMs(1_795_302_180_000)),
            note: odd(),
        },
        Template::AccessDecided { team: odd(), slug: slug(), model: odd(), by: odd(), approved: false, until: None, note: odd() },
        Template::AccessEnded { team: odd(), slug: slug(), model: odd() },
        Template::PlanWanted { team: odd(), by: odd(), plan: odd(), seats: 1 },
        Template::PlanDecided { team: odd(), slug: slug(), by: odd(), plan: odd(), seats: 20, approved: true, note: odd() },
        Template::PlanDecided { team: odd(), slug: slug(), by: odd(), plan: odd(), seats: 2, approved: false, note: odd() },
    ]
}

#[tokio::test]
async fn every_kind_shows_what_people_typed_as_text_and_adds_no_header() {
    let mailer = Mailer::memory();
    for template in one_of_each() {
        let letter = template.render("https://gate.example", "<i>Cy</i>", Some(&Secret::new("token".into())));
        assert!(letter.text.starts_with("Hello <i>Cy</i>,\n\n"), "{template:?}");
        assert!(!letter.html.contains("<i>") && !letter.html.contains("<b>"), "{template:?}");
        let with_token = ["confirm_email", "finish_sign_up", "password_reset", "change_email", "invitation"];
        let expected = with_token.contains(&template.as_str());
        for part in [&letter.text, &letter.html] {
            assert_eq!(part.contains("/token"), expected, "{template:?}");
        }
        let outgoing = OutboxMail { subject: template.subject(), template: template.as_str().into(), ..mail("ada@x.example") };
        mailer.send(&outgoing, letter, "https://gate.example").await.unwrap();
        let raw = mailer.sent().last().unwrap().raw.clone();
        let head = raw.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated\r\n"), "{head}");
    }
}

#[test]
fn every_kind_comes_back_from_the_outbox_as_it_went_in() {
    for template in one_of_each() {
        assert_eq!(Template::parse(template.as_str(), template.facts().unwrap()), Some(template));
    }
    assert_eq!(Template::parse("password_reset", Map::new()), Some(Template::PasswordReset), "as earlier versions queued it");
    assert_eq!(Template::parse("unheard_of", Map::new()), None);
    assert_eq!(Template::parse("invitation", Map::new()), None, "a kind without its facts");
}

#[test]
fn an_invitation_reads_as_a_person_would_write_it() {
    let invitation = Template::Invitation {
        team: "Atlas Search".into(),
        organization: "Northwind Labs".into(),
        inviter: "Maya Okafor".into(),
        role: Role::Member,
        note: "See you on Monday!\nMaya".into(),
        expires_at: UnixMs(1_795_906_980_000),
        invitation: Random::seeded(3).id_at(UnixMs(0)),
        generation: 1,
        token_hash: String::new(),
    };
    assert_eq!(invitation.subject(), "Maya Okafor invites you to Atlas Search");
    let letter = invitation.render("https://gate.example", "", Some(&Secret::new("abc".into())));
    assert_eq!(
        letter.text,
        "Hello,\n\nMaya Okafor invites you to the team Atlas Search of Northwind Labs, as a member. The link is for you alone, works once, \
         and is valid until Sat 28 Nov 2026, 23:03:00 UTC.\n\n> See you on Monday!\n> Maya\n\nOpen invitation:\n\
         https://gate.example/invite/abc\n\nYou do not know the sender? Then ignore this mail, and nothing happens.\n\n-- \nTallygate\n"
    );
}
