//! What the overview of a new team leads through.

use super::{
    member_pages::{browser, invite},
    support::{
        TestApp, on_each_database,
        people::{db_join, db_person, model, simulated, team},
    },
};
use crate::domain::{
    api_keys::{KeyKind, NewApiKey},
    roles::Role,
    time::DAY_MS,
};

const OVERVIEW: &str = "/t/atlas-search";

#[tokio::test]
async fn a_new_team_is_led_from_its_creation_to_a_second_admin() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let app = TestApp::new(&services);
        let owner = browser(&app, &maya).await;
        let overview = async || owner.page(OVERVIEW).await.text();

        let page = overview().await;
        let steps =
            ["Create the team", "Invite people in their roles", "Create a key", "Models and limits", "Choose a second admin"];
        let places: Vec<usize> = steps.iter().map(|step| page.find(&format!("<h3>{step}")).expect(step)).collect();
        assert!(places.is_sorted(), "in the order of the contract: {places:?}");
        assert!(page.contains("1 of 5 done") && page.contains("dialog=invite") && page.contains("keys?dialog=create"), "{page}");

        invite(&owner, "hannah@northwind.example", false).await;
        let page = overview().await;
        assert!(page.contains("2 of 5 done") && !page.contains("members?dialog=invite"), "{page}");
        let new = NewApiKey { name: "first".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&maya, "atlas-search", new).await.unwrap();
        assert!(overview().await.contains("3 of 5 done"));
        let page = overview().await;
        assert!(page.contains("No model is open to this team yet.") && page.contains("Open models"), "{page}");
        services.create_provider(&maya, simulated("sim")).await.unwrap();
        services.create_model(&maya, model("small", "sim")).await.unwrap();
        let page = overview().await;
        assert!(page.contains("4 of 5 done") && !page.contains("Open models"), "{page}");
        // A step that is undone is open again.
        services.revoke_key(&maya, "atlas-search", key.id).await.unwrap();
        assert!(overview().await.contains("3 of 5 done"));
        let new = NewApiKey { name: "second".into(), kind: KeyKind::Person, expires_at: None };
        services.create_key(&maya, "atlas-search", new).await.unwrap();

        // Members are not led: the steps are not theirs to take.
        let mo = db_person(&services, "Mo", false).await;
        db_join(&services, &atlas, &mo, Role::Member).await;
        let member = browser(&app, &mo).await.page(OVERVIEW).await.text();
        assert!(!member.contains("Set up the team") && member.contains("Statistics start with the first call."), "{member}");
        assert!(overview().await.contains("4 of 5 done"), "a member is no second admin");
        services.set_member_role(&maya, "atlas-search", mo.user.id, Role::Admin).await.unwrap();
        let page = overview().await;
        assert!(!page.contains("Set up the team") && page.contains("Send the first call"), "all is done: {page}");
        services.set_member_role(&maya, "atlas-search", mo.user.id, Role::Member).await.unwrap();
        assert!(overview().await.contains("4 of 5 done"));
        services.clock.advance(30 * DAY_MS);
        let later = browser(&app, &maya).await.page(OVERVIEW).await.text();
        assert!(!later.contains("Set up the team"), "the team is not new any more");
        assert!(
            !browser(&app, &maya).await.page("/me").await.text().contains("Set up the team"),
            "nobody joins a personal space"
        );
    })
    .await;
}
