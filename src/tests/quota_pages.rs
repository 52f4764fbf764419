//! The pages of limits: what each role sees, and that the forms work without script.

use super::support::{
    TestApp, accounts,
    limits::set_rpm as rpm,
    on_each_database,
    people::{Place, new_team},
};
use crate::{
    domain::money::{DOLLAR, NanoUsd},
    service::{
        Caller,
        limits::{How, LimitsOf},
    },
};

const PAGE: &str = "/t/atlas-search/quotas";

#[tokio::test]
async fn everybody_sees_the_limits_and_those_who_may_set_them() {
    on_each_database(|services| async move {
        let Place { maya, ada, noor, .. } = Place::new(&services).await;
        services.put_organization_limits(&maya, "northwind-labs", rpm(2_000), How::default()).await.unwrap();
        services.put_limits(&maya, "atlas-search", LimitsOf::Team, rpm(600), How::default()).await.unwrap();
        let app = TestApp::new(&services);
        let page = async |person: &Caller, path: &str| accounts::browser(&app, person).await.page(path).await.text();
        let (owners, admins, members) = (page(&maya, PAGE).await, page(&ada, PAGE).await, page(&noor, PAGE).await);
        for text in [&owners, &admins, &members] {
            assert!(text.contains("600") && text.contains("2,000"), "limit and ceiling are shown");
        }
        assert!(owners.contains("typed[budget]") && owners.contains("typed[rpm]"));
        assert!(!admins.contains("typed[budget]") && admins.contains("typed[rpm]"), "the budget is the owner's");
        assert!(admins.contains("The budget is set by the owner, Maya."));
        assert!(!members.contains("typed[rpm]") && members.contains("Set by Maya (owner) and the admins of the team."));
        let card = page(&noor, "/t/atlas-search/quotas?tab=keys").await;
        assert!(!card.contains("max_keys_per_user"), "the card is not theirs to see");
        assert!(page(&ada, "/t/atlas-search/quotas?tab=keys").await.contains("max_keys_per_user"));
        assert!(page(&ada, "/t/atlas-search/quotas?tab=members").await.contains("Noor"));
        let own = page(&noor, "/t/atlas-search/quotas?tab=members").await;
        assert!(own.contains("What you may use") && !own.contains("ada@"), "one's own row alone");
        assert!(page(&ada, "/t/atlas-search/quotas?tab=models").await.contains("labs/chat"));
        assert!(page(&noor, "/me/quotas").await.contains("whoever runs Tallygate"));
    })
    .await;
}

#[tokio::test]
async fn a_plain_form_saves_all_or_nothing_and_keeps_what_was_typed() {
    on_each_database(|services| async move {
        let Place { maya, .. } = Place::new(&services).await;
        let browser = accounts::browser(&TestApp::new(&services), &maya).await;
        let fields = |rpm: &'static str, budget: &'static str| {
            [("team", "atlas-search"), ("budget", "true"), ("version", "0"), ("typed[rpm]", rpm), ("typed[budget]", budget)]
        };
        let text = browser.refused_form(PAGE, "/fn/save_limits", &fields("many", "5,000")).await;
        assert!(text.contains("RPM is a whole number") && text.contains("5,000"), "{text}");
        assert_eq!(services.get_team_limits(&maya, "atlas-search").await.unwrap().version, 0, "nothing was set");
        let saved = browser.form("/fn/save_limits", &fields("600", "5,000"), true).await;
        assert_eq!(saved.header("location"), "/t/atlas-search/quotas?done=saved");
        let set = services.get_team_limits(&maya, "atlas-search").await.unwrap().allowance;
        assert_eq!((set.limits.rpm, set.budget), (Some(600), Some(NanoUsd(5_000 * DOLLAR))));
        let stale = browser.form("/fn/save_limits", &fields("700", "5,000"), false).await;
        assert_eq!(stale.status, 409, "{}", stale.text());
    })
    .await;
}

#[tokio::test]
async fn an_organization_sees_what_it_has_promised() {
    on_each_database(|services| async move {
        let Place { maya, .. } = Place::new(&services).await;
        services.create_team(&maya, new_team("Beta", "northwind-labs")).await.unwrap();
        services.put_organization_limits(&maya, "northwind-labs", rpm(100), How::default()).await.unwrap();
        for team in ["atlas-search", "beta"] {
            services.put_limits(&maya, team, LimitsOf::Team, rpm(59), How::default()).await.unwrap();
        }
        let browser = accounts::browser(&TestApp::new(&services), &maya).await;
        let page = browser.page("/o/northwind-labs/limits").await.text();
        assert!(page.contains("118 promised, 118%") && page.contains("Beta"), "{page}");
        let lower = [("org", "northwind-labs"), ("typed[rpm]", "50")];
        let version = services.get_organization_limits(&maya, "northwind-labs").await.unwrap().version.to_string();
        let lower: Vec<_> = lower.into_iter().chain([("version", version.as_str())]).collect();
        let refused = browser.form("/fn/save_organization_limits", &lower, false).await;
        assert!(refused.status == 422 && refused.text().contains("Atlas Search (59) and Beta (59)"), "{}", refused.text());
        let along: Vec<_> = lower.iter().copied().chain([("clamp", "true")]).collect();
        assert_eq!(browser.form("/fn/save_organization_limits", &along, true).await.status, 302);
        assert_eq!(services.get_team_limits(&maya, "beta").await.unwrap().allowance.limits.rpm, Some(50));
    })
    .await;
}
