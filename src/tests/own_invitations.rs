//! The invitations that wait for a signed-in person, on the page of their teams and below `/me/invitations`.

use serde_json::json;

use super::{
    member_pages::{browser, invite, mailed, open, place},
    support::{app::Client, on_each_database, people::db_person},
};
use crate::{
    domain::{
        ids::{InvitationId, UserId},
        roles::Role,
        time::DAY_MS,
    },
    service::{Caller, Services, teams::TeamPatch},
};

const HANNAH: &str = "hannah@northwind.example";

async fn teams(browser: &Client) -> String {
    let page = browser.page("/teams").await;
    assert_eq!(page.status, 200);
    page.text()
}

/// The identifier of the invitation that waits.
async fn waiting(services: &Services, inviter: &Caller) -> String {
    services.list_invitations(inviter, "atlas-search").await.unwrap()[0].id.to_string()
}

async fn db_confirm(services: &Services, user: UserId, at: Option<i64>) {
    let mut tx = services.store.begin().await.unwrap();
    sqlx::query("UPDATE users SET email_confirmed_at = $2 WHERE id = $1")
        .bind(user.to_string())
        .bind(at)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn invitations_wait_on_the_page_of_the_teams_for_the_confirmed_address_alone() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let maya = browser(&app, &people[0]).await;
        let hannah = db_person(&services, "Hannah", false).await;
        let lena = browser(&app, &db_person(&services, "Lena", false).await).await;
        let browsing = browser(&app, &hannah).await;
        assert!(teams(&browsing).await.contains("You are not in a team yet"));
        for plain in [true, false] {
            invite(&maya, HANNAH, false).await;
            let id = waiting(&services, &people[0]).await;
            mailed(&app, HANNAH).await;
            let fields = [("id", id.as_str())];
            let page = teams(&browsing).await;
            assert!(page.contains("Invitations for you") && page.contains("Northwind Labs, invited by Maya"), "{page}");
            assert!(page.contains("Join team") && page.contains("Expires in 7 days"), "{page}");
            // Another account sees and touches nothing, and neither does one that only says that the address is its own.
            assert!(!teams(&lena).await.contains("Atlas Search"));
            db_confirm(&services, hannah.user.id, None).await;
            assert!(!teams(&browsing).await.contains("Atlas Search"));
            for path in ["/fn/accept_own_invitation", "/fn/decline_own_invitation"] {
                for other in [&lena, &browsing, &maya] {
                    assert_eq!(other.form(path, &fields, false).await.status, 404, "{path}");
                }
            }
            db_confirm(&services, hannah.user.id, Some(services.clock.now().0)).await;

            let joined = browsing.form("/fn/accept_own_invitation", &fields, plain).await;
            let done = if plain { 302 } else { 200 };
            assert_eq!((joined.status.as_u16(), joined.header("location")), (done, "/t/atlas-search"), "{}", joined.text());
            assert!(browsing.page("/t/atlas-search/members").await.text().contains("> (you)<"));
            assert!(!teams(&browsing).await.contains("Invitations for you"));
            let again = browsing.form("/fn/accept_own_invitation", &fields, false).await;
            assert!(again.text().contains("This invitation was used already; it works once."), "{}", again.text());
            browsing.form("/fn/leave_team", &[("team", "atlas-search")], false).await;
        }
        // Declining ends it for its link, too.
        invite(&maya, HANNAH, false).await;
        let (id, token) = (waiting(&services, &people[0]).await, mailed(&app, HANNAH).await);
        let declined = browsing.form("/fn/decline_own_invitation", &[("id", &id)], true).await;
        assert_eq!((declined.status.as_u16(), declined.header("location")), (302, "/teams"));
        assert!(!teams(&browsing).await.contains("Invitations for you"));
        assert!(open(&browsing, &token).await.contains("This invitation was declined."));
        assert!(services.list_invitations(&people[0], "atlas-search").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_stops_the_link_stops_the_list() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let (maya, ada) = (&people[0], &people[1]);
        let hannah = db_person(&services, "Hannah", false).await;
        let api = app.api(&hannah).await;
        let listed = async || api.get("/api/v1/me/invitations").await.expect(200)["items"].as_array().unwrap().clone();
        let sent = async |by: &Caller| {
            services.invite_members(by, "atlas-search", vec![(HANNAH.into(), Role::Viewer)], "").await.unwrap();
            waiting(&services, by).await
        };
        // No seat: it waits.
        let id = sent(maya).await;
        let seats = async |seats| {
            let patch = TeamPatch { seats: Some(seats), ..TeamPatch::default() };
            services.update_team(maya, "atlas-search", patch).await.unwrap();
        };
        seats(Some(4)).await;
        assert_eq!(listed().await[0]["has_seat"], false);
        let page = teams(&browser(&app, &hannah).await).await;
        assert!(page.contains("No free seat") && !page.contains("Join team") && page.contains("Decline"), "{page}");
        let accept = format!("/api/v1/me/invitations/{id}/accept");
        assert_eq!(api.post(&accept, json!({})).await.expect(409)["code"], "no_free_seat");
        seats(None).await;
        assert_eq!(listed().await[0]["has_seat"], true);
        // Over.
        services.clock.advance(7 * DAY_MS);
        let api = app.api(&hannah).await;
        assert!(listed().await.is_empty());
        assert_eq!(api.post(&accept, json!({})).await.status, 410);
        services.revoke_invitation(maya, "atlas-search", InvitationId::parse(&id).unwrap()).await.unwrap();
        assert_eq!(api.post(&accept, json!({})).await.status, 410);
        // Its sender may not invite any more.
        let id = sent(ada).await;
        services.set_member_role(maya, "atlas-search", ada.user.id, Role::Member).await.unwrap();
        assert!(listed().await.is_empty());
        assert_eq!(api.post(&format!("/api/v1/me/invitations/{id}/accept"), json!({})).await.status, 410);
        // And with a good one, as by the link.
        let id = sent(maya).await;
        assert_eq!(listed().await[0]["role"], "viewer");
        let joined = api.post(&format!("/api/v1/me/invitations/{id}/accept"), json!({})).await.expect(200);
        assert_eq!((joined["team"].as_str(), joined["role"].as_str()), (Some("atlas-search"), Some("viewer")));
        assert_eq!(api.post(&format!("/api/v1/me/invitations/{id}/decline"), json!({})).await.status, 410);
    })
    .await;
}
