//! Invitations: who may send them, what becomes of each address, what a link shows, and who can join with it.

use serde_json::json;

use super::support::{
    TestApp,
    accounts::{PASSWORD, Visit, mailed_token},
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        invitations::{InvitationState, InviteOutcome, LinkState},
        mails::MailState,
        roles::{Action, Role},
        teams::TeamView,
        time::{DAY_MS, HOUR_MS},
    },
    service::{Caller, Door, RequestFacts, ServiceError, Services, accounts::invited::InvitedSignUp, vault::Secret},
};

/// Invites one address and gives the token of its mail and the one of its link.
pub(super) async fn invite(services: &Services, by: &Caller, team: &TeamView, email: &str, role: Role) -> (String, String) {
    let results = services.invite_members(by, &team.slug, vec![(email.into(), role)], "").await.unwrap();
    let InviteOutcome::Sent { link, .. } = results.into_iter().next().unwrap().outcome else { panic!("{email} was not invited") };
    services.deliver_mails_once().await.unwrap();
    (mailed_token(services, email, "/invite/"), link.rsplit('/').next().unwrap().to_owned())
}

fn visit() -> RequestFacts {
    (*Visit::from("192.0.2.7")).clone()
}

fn outcome_of(results: &[crate::domain::invitations::InviteResult], email: &str) -> InviteOutcome {
    results.iter().find(|result| result.email == email).unwrap_or_else(|| panic!("a result for {email}")).outcome.clone()
}

fn sign_up(token: &str, email: Option<&str>) -> InvitedSignUp {
    InvitedSignUp {
        token: token.into(),
        email: email.map(str::to_owned),
        name: "Hannah".into(),
        password: Secret::new(PASSWORD.into()),
    }
}

/// What the database holds must not tell tokens.
async fn db_texts(services: &Services) -> String {
    let mut c = services.store.reader().await.unwrap();
    let mut all = String::new();
    for sql in [
        "SELECT mail_token_hash || link_token_hash || email AS text FROM invitations",
        "SELECT payload || subject || recipient || last_error AS text FROM mails",
        "SELECT before_value || after_value || target_name AS text FROM audit_log",
    ] {
        for row in sqlx::query(sql).fetch_all(&mut *c).await.unwrap() {
            all.push_str(&crate::storage::RowExt::text(&row, "text").unwrap());
        }
    }
    all
}

#[tokio::test]
async fn every_address_gets_its_own_answer() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        db_join(&services, &atlas, &noor, Role::Member).await;
        let list = [
            "Hannah@x.example",
            " hannah@X.example ",
            "noor@northwind.example",
            "MAYA@northwind.example",
            "nonsense",
            "a@x.example\r\nBcc: v@y.example",
            "lena@x.example",
        ];
        let invitees = list.iter().map(|email| ((*email).to_owned(), Role::Member)).collect();
        let results = services.invite_members(&maya, "atlas-search", invitees, "").await.unwrap();
        assert_eq!(results.len(), list.len());
        assert!(matches!(outcome_of(&results, "Hannah@x.example"), InviteOutcome::Sent { .. }));
        assert_eq!(outcome_of(&results, "hannah@X.example"), InviteOutcome::Repeated);
        assert_eq!(outcome_of(&results, "noor@northwind.example"), InviteOutcome::AlreadyMember);
        assert_eq!(outcome_of(&results, "MAYA@northwind.example"), InviteOutcome::Yourself);
        assert!(matches!(outcome_of(&results, "nonsense"), InviteOutcome::Malformed { .. }));
        assert!(matches!(&results[5].outcome, InviteOutcome::Malformed { .. }));

        // I12: again, in other letters.
        let again =
            services.invite_members(&maya, "atlas-search", vec![("HANNAH@x.example".into(), Role::Admin)], "").await.unwrap();
        let listed = services.list_invitations(&maya, "atlas-search").await.unwrap();
        assert_eq!(listed.len(), 2);
        let hannah = listed.iter().find(|row| row.email == "Hannah@x.example").unwrap();
        assert_eq!(again[0].outcome, InviteOutcome::AlreadyInvited { id: hannah.id });
        assert_eq!((hannah.role, hannah.inviter_name.as_str()), (Role::Member, "Maya"));
        assert_eq!(hannah.mail.state, MailState::Queued);
        services.deliver_mails_once().await.unwrap();
        assert!(
            services.list_invitations(&maya, "atlas-search").await.unwrap().iter().all(|row| row.mail.state == MailState::Sent)
        );
        assert_eq!(services.mailer.sent().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn only_who_manages_members_invites_and_nobody_becomes_owner_by_it() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let hannah = || vec![("hannah@x.example".to_owned(), Role::Member)];
        for (name, role) in [("Ada", Role::Admin), ("Mo", Role::Member), ("Vera", Role::Viewer)] {
            let person = db_person(&services, name, false).await;
            db_join(&services, &atlas, &person, role).await;
            let owner = services.invite_members(&person, "atlas-search", vec![("x@x.example".into(), Role::Owner)], "").await;
            match role {
                Role::Admin => assert!(matches!(owner, Err(ServiceError::Forbidden(_)))),
                _ => {
                    let refused = services.invite_members(&person, "atlas-search", hannah(), "").await;
                    assert!(matches!(refused, Err(ServiceError::Denied(Action::ManageMembers))), "{name}");
                    let refused = services.list_invitations(&person, "atlas-search").await;
                    assert!(matches!(refused, Err(ServiceError::Denied(Action::ManageMembers))), "{name}");
                }
            }
        }
        let stranger = db_person(&services, "Sam", false).await;
        assert!(matches!(services.invite_members(&stranger, "atlas-search", hannah(), "").await, Err(ServiceError::NotFound)));
        assert!(matches!(
            services.invite_members(&maya, "me", hannah(), "").await,
            Err(ServiceError::Conflict("personal_space", _))
        ));
        assert!(services.list_invitations(&maya, "atlas-search").await.unwrap().is_empty());
    })
    .await;
}

/// I10, I19: the token stands in the mail and nowhere else; looking is no answer.
#[tokio::test]
async fn a_newcomer_signs_up_with_the_mailed_link_and_is_in_the_team() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let (mailed, link) = invite(&services, &maya, &atlas, "Hannah@x.example", Role::Member).await;
        assert_ne!(mailed, link);
        for _ in 0..5 {
            let view = services.invitation_by_token(&visit(), None, &mailed).await.unwrap();
            assert_eq!((view.state, view.team.as_str(), view.inviter.as_str()), (LinkState::SignUp, "Atlas Search", "Maya"));
            assert_eq!((view.email.as_str(), view.role), ("Hannah@x.example", Role::Member));
        }
        let stored = db_texts(&services).await;
        assert!(stored.contains("Hannah@x.example"));
        assert!(!stored.contains(&mailed) && !stored.contains(&link));

        let wrong = services.sign_up_invited(&visit(), Door::Page, sign_up(&mailed, Some("lena@x.example"))).await;
        assert!(matches!(wrong, Err(ServiceError::ForbiddenAs("invite_email_mismatch", _))));
        let form = sign_up(&mailed, Some("hannah@X.example"));
        let (user, joined) = services.sign_up_invited(&visit(), Door::Page, form).await.unwrap();
        assert!(user.email_confirmed_at.is_some(), "the link came by mail");
        assert_eq!(joined.unwrap().slug, "atlas-search");
        let hannah = Caller::system(user);
        let seen = services.get_team(&hannah, "atlas-search").await.unwrap();
        assert_eq!((seen.standing.role, seen.members), (Some(Role::Member), 2));
        assert_eq!(services.me(&hannah).await.unwrap().organizations.len(), 1);

        // I03: used once.
        let again = services.accept_invitation(&hannah, &visit(), &mailed).await;
        assert!(matches!(again, Err(ServiceError::Gone(_))));
        assert!(matches!(services.sign_up_invited(&visit(), Door::Page, sign_up(&link, None)).await, Err(ServiceError::Gone(_))));
        let view = services.invitation_by_token(&visit(), Some(&hannah), &link).await.unwrap();
        assert_eq!(view.state, LinkState::AlreadyMember);
        assert_eq!(services.invitation_by_token(&visit(), None, &link).await.unwrap().state, LinkState::Used);
    })
    .await;
}

#[tokio::test]
async fn a_copied_link_proves_nothing_about_the_mailbox() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let (_, link) = invite(&services, &maya, &atlas, "hannah@x.example", Role::Viewer).await;
        let (user, joined) = services.sign_up_invited(&visit(), Door::Page, sign_up(&link, None)).await.unwrap();
        assert!(user.email_confirmed_at.is_none() && joined.is_none());
        let hannah = Caller::system(user.clone());
        let view = services.invitation_by_token(&visit(), Some(&hannah), &link).await.unwrap();
        assert_eq!(view.state, LinkState::ConfirmFirst);
        let early = services.accept_invitation(&hannah, &visit(), &link).await;
        assert!(matches!(early, Err(ServiceError::ForbiddenAs("email_not_confirmed", _))));
        services.deliver_mails_once().await.unwrap();
        services.confirm_email(None, &mailed_token(&services, "hannah@x.example", "/confirm/")).await.unwrap();
        let mut c = services.store.reader().await.unwrap();
        let hannah = Caller::system(crate::storage::users::find(&mut c, user.id).await.unwrap().unwrap());
        drop(c);
        assert_eq!(services.invitation_by_token(&visit(), Some(&hannah), &link).await.unwrap().state, LinkState::Ready);
        assert_eq!(services.accept_invitation(&hannah, &visit(), &link).await.unwrap().role, Role::Viewer);
    })
    .await;
}

/// I01, and who has an account already.
#[tokio::test]
async fn somebody_else_can_not_use_the_link() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let lena = db_person(&services, "Lena", false).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        let (mailed, _) = invite(&services, &maya, &atlas, "NOOR@northwind.example", Role::Admin).await;
        assert_eq!(services.invitation_by_token(&visit(), None, &mailed).await.unwrap().state, LinkState::SignIn);
        let view = services.invitation_by_token(&visit(), Some(&lena), &mailed).await.unwrap();
        assert_eq!((view.state, view.viewer_email.as_str()), (LinkState::OtherAccount, "lena@northwind.example"));
        let refused = services.accept_invitation(&lena, &visit(), &mailed).await;
        assert!(matches!(refused, Err(ServiceError::ForbiddenAs("invite_email_mismatch", _))));
        let refused = services.decline_invitation(&visit(), Door::Page, Some(&lena), &mailed).await;
        assert!(matches!(refused, Err(ServiceError::ForbiddenAs("invite_email_mismatch", _))));
        assert!(matches!(services.get_team(&lena, "atlas-search").await, Err(ServiceError::NotFound)));
        let taken = services.sign_up_invited(&visit(), Door::Page, sign_up(&mailed, None)).await;
        assert!(matches!(taken, Err(ServiceError::Conflict("email_taken", _))));

        assert_eq!(services.accept_invitation(&noor, &visit(), &mailed).await.unwrap().role, Role::Admin);
        assert_eq!(services.get_team(&noor, "atlas-search").await.unwrap().standing.role, Some(Role::Admin));
    })
    .await;
}

/// I05, I23, and asking for a new link.
#[tokio::test]
async fn an_invitation_ends_after_seven_days_and_can_be_sent_anew() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        let (mailed, link) = invite(&services, &maya, &atlas, "noor@northwind.example", Role::Member).await;
        services.clock.advance(7 * DAY_MS);
        let late = services.accept_invitation(&noor, &visit(), &mailed).await;
        assert!(matches!(late, Err(ServiceError::Gone(_))));
        let view = services.invitation_by_token(&visit(), None, &link).await.unwrap();
        assert_eq!((view.state, view.may_ask), (LinkState::Expired, true));
        assert_eq!(services.ask_about_invitation(&visit(), Door::Page, None, &link).await.unwrap(), "Maya");
        services.deliver_mails_once().await.unwrap();
        let mail = services.mailer.sent().pop().unwrap();
        assert_eq!(
            (mail.recipient.as_str(), mail.subject.as_str()),
            ("maya@northwind.example", "noor@northwind.example asks for a new link to Atlas Search")
        );
        assert!(matches!(
            services.ask_about_invitation(&visit(), Door::Page, None, &link).await,
            Err(ServiceError::Limited(_, 86_400))
        ));
        let listed = services.list_invitations(&maya, "atlas-search").await.unwrap();
        assert_eq!(listed[0].state, InvitationState::Expired);

        let sent_before = services.mailer.sent().len();
        let (renewed, new_link) = services.resend_invitation(&maya, "atlas-search", listed[0].id).await.unwrap();
        assert_eq!(renewed.expires_at, services.clock.now().plus(7 * DAY_MS));
        services.deliver_mails_once().await.unwrap();
        assert_eq!(services.mailer.sent().len(), sent_before + 1, "one mail");
        for dead in [&mailed, &link] {
            assert!(matches!(services.accept_invitation(&noor, &visit(), dead).await, Err(ServiceError::NotFound)));
        }
        let copied = services.copy_invitation_link(&maya, "atlas-search", renewed.id).await.unwrap();
        assert_eq!(copied, new_link);
        let fresh = mailed_token(&services, "noor@northwind.example", "/invite/");
        services.accept_invitation(&noor, &visit(), &fresh).await.unwrap();
        assert!(matches!(
            services.resend_invitation(&maya, "atlas-search", renewed.id).await,
            Err(ServiceError::Conflict("invitation_closed", _))
        ));
    })
    .await;
}

#[tokio::test]
async fn a_revoked_invitation_tells_nothing_and_a_declined_one_is_over() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        let (mailed, _) = invite(&services, &maya, &atlas, "noor@northwind.example", Role::Member).await;
        let id = services.list_invitations(&maya, "atlas-search").await.unwrap()[0].id;
        services.revoke_invitation(&maya, "atlas-search", id).await.unwrap();
        let view = services.invitation_by_token(&visit(), Some(&noor), &mailed).await.unwrap();
        assert_eq!((view.state, view.team.as_str(), view.email.as_str()), (LinkState::Revoked, "", ""));
        assert!(matches!(services.accept_invitation(&noor, &visit(), &mailed).await, Err(ServiceError::Gone(_))));
        assert!(matches!(
            services.revoke_invitation(&maya, "atlas-search", id).await,
            Err(ServiceError::Conflict("invitation_closed", _))
        ));
        let (mailed, link) = invite(&services, &maya, &atlas, "noor@northwind.example", Role::Member).await;
        services.decline_invitation(&visit(), Door::Page, None, &mailed).await.unwrap();
        assert_eq!(services.invitation_by_token(&visit(), Some(&noor), &link).await.unwrap().state, LinkState::Declined);
        assert!(matches!(services.accept_invitation(&noor, &visit(), &link).await, Err(ServiceError::Gone(_))));

        // A mail that was not sent yet is taken back with its invitation.
        services.invite_members(&maya, "atlas-search", vec![("lena@x.example".into(), Role::Member)], "").await.unwrap();
        let id = services.list_invitations(&maya, "atlas-search").await.unwrap()[0].id;
        services.revoke_invitation(&maya, "atlas-search", id).await.unwrap();
        assert_eq!(services.deliver_mails_once().await.unwrap(), 0);
    })
    .await;
}

/// I16 and the limits of a day.
#[tokio::test]
async fn invitations_are_limited_and_the_refusal_says_when() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let many =
            |from: usize, n: usize| (from..from + n).map(|i| (format!("p{i}@x.example"), Role::Member)).collect::<Vec<_>>();
        services.invite_members(&maya, "atlas-search", many(0, 30), "").await.unwrap();
        services.clock.advance(HOUR_MS);
        let refused = services.invite_members(&maya, "atlas-search", many(30, 30), "").await;
        let Err(ServiceError::Limited(sentence, seconds)) = refused else { panic!("{refused:?}") };
        assert_eq!(seconds, 23 * 3_600);
        assert!(sentence.contains("30 of 50 invitations to Atlas Search") && sentence.contains("Sun 22 Nov 2026"), "{sentence}");
        assert_eq!(services.list_invitations(&maya, "atlas-search").await.unwrap().len(), 30, "all or none");
        services.invite_members(&maya, "atlas-search", many(30, 20), "").await.unwrap();
        services.clock.advance(23 * HOUR_MS);
        services.invite_members(&maya, "atlas-search", many(50, 30), "").await.unwrap();
        let refused = services.invite_members(&maya, "atlas-search", many(100, 51), "").await;
        assert!(matches!(refused, Err(ServiceError::Limited(..))));
        let refused = services.invite_members(&maya, "atlas-search", many(100, 1_001), "").await;
        assert!(matches!(refused, Err(ServiceError::Invalid(_))));
        let on_page = Caller { door: Door::Page, ..maya.clone() };
        let refused = services.invite_members(&on_page, "atlas-search", many(100, 21), "").await;
        assert!(matches!(refused, Err(ServiceError::Invalid(_))));
    })
    .await;
}

/// I09, I11: whatever is no token gets the same answer, and soon none.
#[tokio::test]
async fn guessing_tokens_is_slow_and_tells_nothing() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let (mailed, link) = invite(&services, &maya, &atlas, "hannah@x.example", Role::Member).await;
        let app = TestApp::new(&services);
        let other = if mailed.starts_with('A') { "B" } else { "A" };
        let guesses = [format!("{other}{}", &mailed[1..]), mailed[..42].into(), format!("{link}A"), "x".into(), "%01".into()];
        let mut answers = vec![];
        for guess in &guesses {
            let reply = app.program().get(&format!("/api/v1/invitations/{guess}")).await;
            answers.push((reply.status.as_u16(), reply.text()));
        }
        assert_eq!(answers[0].0, 404);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        for _ in 0..30 {
            app.program().get(&format!("/api/v1/invitations/{mailed}")).await.expect(200);
        }
        let statuses: Vec<u16> = {
            let mut all = vec![];
            for i in 0..20 {
                all.push(app.program().get(&format!("/api/v1/invitations/{i:043}")).await.status.as_u16());
            }
            all
        };
        assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 15);
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 5);
        app.program().post(&format!("/api/v1/invitations/{mailed}/accept"), json!({})).await.expect(401);
    })
    .await;
}
