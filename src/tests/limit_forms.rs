//! Limits and budgets as other forms ask for them, too: the dialogs of models, of decisions and of keys. They hold for the next call.

use serde_json::{Value, json};

use super::{
    member_pages::{browser, place_with_models},
    support::{TestApp, app::Client, invariants, limits::set_rpm, on_each_database, people::model},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        authorization::TeamState,
        limit_scopes::BudgetPer,
        money::NanoUsd,
        page::PageRequest,
        time::DAY_MS,
    },
    service::{
        Caller, Services,
        limits::{How, LimitsOf},
        model_access::NewAccessRequest,
    },
};

const SLUG: &str = "atlas-search";
const MODELS: &str = "/t/atlas-search/models";
const CALL: &str = "/v1/chat/completions";

/// Maya owns the team, whose limit is 600 RPM, Ada is an admin, Mo a member: everybody can call `plain`, nobody `guarded`.
async fn scene(services: &Services, guarded: TeamState) -> (TestApp, Vec<Caller>) {
    let models = ["plain", "guarded"].map(|name| model(name, "sim"));
    let states = [("plain", TeamState::Direct), ("guarded", guarded)];
    let (app, people, _) = place_with_models(services, &models, SLUG, &states).await;
    services.put_limits(&people[0], SLUG, LimitsOf::Team, set_rpm(600), How::default()).await.unwrap();
    (app, people)
}

async fn key(services: &Services, app: &TestApp, of: &Caller) -> Client {
    let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
    app.key(&services.create_key(of, SLUG, new).await.unwrap().key)
}

fn call(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 1})
}

const TOO_MANY: &str = "RPM must be 600 or less, the limit of Atlas Search; 601 is more.";

#[tokio::test]
async fn a_models_dialog_sets_what_the_team_may_use_of_it() {
    on_each_database(|services| async move {
        let (app, people) = scene(&services, TeamState::Closed).await;
        let maya = browser(&app, &people[0]).await;
        let dialog = format!("{MODELS}?dialog=limits&what=limits&name=plain");
        let text = maya.page(&dialog).await.text();
        assert!(text.contains("Limits of plain") && text.contains("typed[rpm]") && text.contains("At most 600."), "{text}");
        let fields = |rpm: &'static str| {
            let typed = [("typed[rpm]", rpm), ("typed[budget]", "20"), ("typed[per]", "total"), ("version", "0")];
            [vec![("team", SLUG), ("what", "limits"), ("name", "plain")], typed.to_vec()].concat()
        };
        let back = maya.refused_form(&dialog, "/fn/change_team_models", &fields("601")).await;
        assert!(back.contains(TOO_MANY) && back.contains("value=\"601\"") && back.contains("value=\"20\""), "{back}");
        let mo = browser(&app, &people[2]).await;
        assert_eq!(mo.form("/fn/change_team_models", &fields("60"), false).await.status, 403);
        assert!(!mo.page(&dialog).await.text().contains("typed[rpm]"));
        let saved = maya.form("/fn/change_team_models", &fields("60"), true).await;
        assert_eq!((saved.status.as_u16(), saved.header("location")), (302, MODELS), "{}", saved.text());
        let page = maya.page(MODELS).await.text();
        assert!(page.contains("$20.00 in total, 60 RPM"), "the row says so: {page}");
        let stale = maya.form("/fn/change_team_models", &fields("50"), false).await;
        assert_eq!(stale.status, 409, "somebody else changed it meanwhile: {}", stale.text());
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_models_state_and_its_limits_are_changed_together_or_not_at_all() {
    on_each_database(|services| async move {
        let (app, people) = scene(&services, TeamState::Closed).await;
        let ada = browser(&app, &people[1]).await;
        let dialog = |to: &str| format!("{MODELS}?dialog=change&what=model&name=guarded&to={to}");
        assert!(ada.page(&dialog("direct")).await.text().contains("Limits and budget"));
        assert!(!ada.page(&dialog("closed")).await.text().contains("typed[rpm]"), "what is closed needs no limits");
        let fields = |rpm: &'static str| {
            [("team", SLUG), ("what", "model"), ("name", "guarded"), ("to", "direct"), ("version", "0"), ("typed[rpm]", rpm)]
        };
        let mos = key(&services, &app, &people[2]).await;
        for wrong in ["many", "601"] {
            assert_eq!(ada.form("/fn/change_team_models", &fields(wrong), false).await.status, 422, "{wrong}");
            mos.post(CALL, call("guarded")).await.expect(404);
        }
        assert_eq!(ada.form("/fn/change_team_models", &fields("1"), true).await.status, 302);
        mos.post(CALL, call("guarded")).await.expect(200);
        let refused = mos.post(CALL, call("guarded")).await.expect(429);
        assert_eq!(refused["error"]["limit"]["scope"], "team_model", "{refused}");
        mos.post(CALL, call("plain")).await.expect(200);
        let audit = ada.page("/t/atlas-search/audit").await.text();
        assert!(audit.contains("Changed access to a model") && audit.contains("guarded"), "{audit}");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn an_approval_sets_the_limits_of_what_it_gives() {
    on_each_database(|services| async move {
        let (app, people) = scene(&services, TeamState::Approval).await;
        let new = NewAccessRequest { model: "guarded".into(), reason: "Contracts.".into(), ..NewAccessRequest::default() };
        let id = services.request_access(&people[2], SLUG, new).await.unwrap().id.to_string();
        let ada = browser(&app, &people[1]).await;
        let dialog = format!("{MODELS}/requests?dialog=approve&id={id}");
        let text = ada.page(&dialog).await.text();
        assert!(text.contains("Limits and budget") && text.contains("typed[rpm]"), "{text}");
        let fields = |rpm: &'static str, approve: &'static str| {
            let decided = [("team", SLUG), ("approve", approve), ("note", "Go on.")];
            [decided.to_vec(), vec![("typed[rpm]", rpm), ("typed[budget]", "20"), ("typed[per]", "total")]].concat()
        };
        let with_id = |fields: Vec<(&'static str, &'static str)>| {
            let id: &'static str = id.clone().leak();
            [fields, vec![("id", id)]].concat()
        };
        let back = ada.refused_form(&dialog, "/fn/decide_request", &with_id(fields("601", "true"))).await;
        assert!(back.contains(TOO_MANY) && back.contains("value=\"601\"") && back.contains("Go on."), "{back}");
        let waiting = services.list_access_requests(&people[1], SLUG, true, &PageRequest::default()).await.unwrap();
        assert_eq!(waiting.items.len(), 1, "all or nothing");
        assert!(services.list_grants(&people[1], SLUG).await.unwrap().is_empty());
        assert_eq!(ada.form("/fn/decide_request", &with_id(fields("1", "true")), true).await.status, 302);
        let given = ada.page(&format!("{MODELS}/requests?show=given")).await.text();
        assert!(given.contains("$20.00 in total, 1 RPM"), "{given}");
        let mos = key(&services, &app, &people[2]).await;
        mos.post(CALL, call("guarded")).await.expect(200);
        let refused = mos.post(CALL, call("guarded")).await.expect(429);
        assert_eq!(refused["error"]["limit"]["scope"], "grant", "{refused}");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_budget_in_total_counts_what_was_spent_before_and_does_not_reset() {
    on_each_database(|services| async move {
        let (app, people) = scene(&services, TeamState::Closed).await;
        let mo = people[2].user.id.to_string();
        key(&services, &app, &people[2]).await.post(CALL, call("plain")).await.expect(200);
        while app.services.book_ended_calls().await.unwrap() > 0 {}
        services.clock.advance(40 * DAY_MS);
        let maya = browser(&app, &people[0]).await;
        let spent = async || {
            let caps = services.list_member_caps(&people[0], SLUG).await.unwrap();
            caps.into_iter().find(|cap| cap.id == mo).unwrap().spent
        };
        assert_eq!(spent().await, NanoUsd(0), "another month");
        let fields = |per: &'static str| {
            [
                ("team", SLUG),
                ("kind", "member"),
                ("id", mo.as_str()),
                ("version", "0"),
                ("typed[budget]", "25"),
                ("typed[per]", per),
            ]
        };
        let quotas = "/t/atlas-search/quotas";
        let dialog = format!("{quotas}?tab=members&dialog=cap&id={mo}");
        let back = maya.refused_form(&dialog, "/fn/save_cap", &fields("week")).await;
        assert!(back.contains("A budget runs over each billing month, or in total.") && back.contains("value=\"25\""), "{back}");
        assert_eq!(maya.form("/fn/save_cap", &fields("total"), true).await.status, 302);
        assert!(maya.page(&format!("{quotas}?tab=members")).await.text().contains("$25.00 in total"));
        assert!(spent().await > NanoUsd(0), "all that was spent");

        // The team's: what was spent before counts when it is set, too.
        let version = services.get_team_limits(&people[0], SLUG).await.unwrap().version.to_string();
        let of_team = |amount: &'static str| {
            let typed = [("typed[rpm]", "600"), ("typed[budget]", amount), ("typed[per]", "total")];
            [vec![("team", SLUG), ("budget", "true"), ("version", version.as_str())], typed.to_vec()].concat()
        };
        let below = maya.form("/fn/save_limits", &of_team("0"), false).await;
        assert!(
            below.status == 422 && below.text().contains("Calls stop at once until it is raised. To set"),
            "{}",
            below.text()
        );
        assert_eq!(maya.form("/fn/save_limits", &of_team("5"), true).await.status, 302);
        let page = maya.page(quotas).await.text();
        assert!(page.contains("In total") && !page.contains("Resets "), "{page}");

        // A key's.
        let made = [("team", SLUG), ("name", "ci"), ("typed[budget]", "3"), ("typed[per]", "total")];
        let adas = browser(&app, &people[1]).await;
        assert_eq!(adas.form("/fn/create_key", &made, false).await.status, 200);
        assert!(adas.page("/t/atlas-search/keys").await.text().contains("$0.00 of $3.00 in total"));
        let set = services.list_key_allowances(&people[1], SLUG).await.unwrap();
        assert!(set.values().all(|key| key.allowance.per == BudgetPer::Total && key.in_all == Some(NanoUsd(0))), "{set:?}");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn over_what_a_spending_limit_runs_is_its_owners_to_say() {
    on_each_database(|services| async move {
        let (app, people) = scene(&services, TeamState::Closed).await;
        let limits = "/api/v1/teams/atlas-search/limits";
        let put = async |by: &Caller, body: Value| app.api(by).await.json(axum::http::Method::PUT, limits, body).await;
        put(&people[0], json!({"budget": 5_000_000_000_i64})).await.expect(200);
        put(&people[1], json!({"rpm": 10, "budget_period": "total"})).await.expect(403);
        put(&people[1], json!({"rpm": 10})).await.expect(200);
        let set = put(&people[0], json!({"rpm": 10, "budget_period": "total"})).await.expect(200);
        assert_eq!((&set["budget_period"], &set["rpm"]), (&json!("total"), &json!(10)));
    })
    .await;
}
