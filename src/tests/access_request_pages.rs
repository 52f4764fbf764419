//! Asking for models and deciding, as people do it on the pages, with and without script.

use serde_json::{Value, json};

use super::{
    member_pages::{browser, place_with_models},
    support::{TestApp, app::Client, on_each_database, people},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        authorization::TeamState,
        page::PageRequest,
        time::DAY_MS,
    },
    service::{Caller, Services},
};

const PAGE: &str = "/t/atlas-search/models/requests";
const INBOX: &str = "/o/northwind-labs/requests";

/// Maya owns the team and runs the platform and the organization, Ada is an admin of the team, Mo a member, Vera a viewer; Olga runs the
/// organization. `costly` needs the organization's approval, `guarded` the team's.
struct Scene {
    app: TestApp,
    people: Vec<Caller>,
    olga: Caller,
}

impl Scene {
    async fn new(services: &Services) -> Self {
        let models = ["costly", "guarded", "plain"].map(|name| people::model(name, "sim"));
        let states = [("costly", TeamState::Direct), ("guarded", TeamState::Approval), ("plain", TeamState::Direct)];
        let (app, people, olga) = place_with_models(services, &models, "atlas-search", &states).await;
        services.set_model_state(&people[0], "northwind-labs", "costly", "approval").await.unwrap();
        Self { app, people, olga }
    }

    async fn as_(&self, at: usize) -> Client {
        browser(&self.app, &self.people[at]).await
    }

    /// The only request that waits.
    async fn waiting(&self, services: &Services) -> String {
        let page = services.list_access_requests(&self.people[0], "atlas-search", true, &PageRequest::default()).await.unwrap();
        assert_eq!(page.items.len(), 1, "{:?}", page.items);
        page.items[0].id.to_string()
    }
}

async fn ask(by: &Client, model: &str, plain: bool) -> super::support::app::Reply {
    let fields = [("team", "atlas-search"), ("model", model), ("reason", "Long <contracts>."), ("until", "")];
    by.form("/fn/request_access", &fields, plain).await
}

fn call(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 1})
}

#[tokio::test]
async fn a_member_asks_is_approved_for_a_while_calls_and_reads_that_it_is_over() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = scene.app.key(&services.create_key(&scene.people[2], "atlas-search", new).await.unwrap().key);
        for plain in [true, false] {
            let done = if plain { 302 } else { 200 };
            // Sessions of the first round are over in the second.
            let (mo, olga) = (scene.as_(2).await, browser(&scene.app, &scene.olga).await);
            // The refusal leads to the dialog, with the model in it.
            let refused = key.post("/v1/chat/completions", call("costly")).await.expect(403);
            let url = refused["error"]["access"]["request_url"].as_str().unwrap().to_owned();
            let path = url.trim_start_matches(services.settings.public_url.as_str());
            assert_eq!(path, "/t/atlas-search/models/requests?dialog=request&model=costly");
            let dialog = mo.page(path).await.text();
            assert!(dialog.contains("<dialog") && dialog.contains("An admin of Northwind Labs can decide it."), "{dialog}");
            assert!(dialog.contains("name=\"model\" value=\"costly\"") && !dialog.contains("For the whole team"));

            let sent = ask(&mo, "costly", plain).await;
            assert_eq!((sent.status.as_u16(), sent.header("location")), (done, PAGE), "{}", sent.text());
            if !plain {
                assert!(sent.text().contains("Request sent. An admin of Northwind Labs can decide it."), "{}", sent.text());
            }
            let own = mo.page(PAGE).await.text();
            assert!(own.contains("Waits for an admin of the organization") && own.contains("Long &lt;contracts&gt;."), "{own}");
            assert!(own.contains("Withdraw") && !own.contains("dialog=approve") && own.contains("Your requests"));
            let again = ask(&mo, "costly", false).await;
            assert_eq!(again.status, 409);
            assert!(mo.page(path).await.text().contains("Your request for costly is waiting."));

            let id = scene.waiting(&services).await;
            // A team's admin sees it, and who decides.
            let ada = scene.as_(1).await;
            let seen = ada.page(PAGE).await.text();
            assert!(seen.contains("Waits for an admin of the organization") && !seen.contains("dialog=approve"), "{seen}");
            assert!(!ada.page(&format!("{PAGE}?dialog=approve&id={id}")).await.text().contains("<dialog"));
            let fields = [("team", "atlas-search"), ("id", id.as_str()), ("approve", "true")];
            assert_eq!(ada.form("/fn/decide_request", &fields, false).await.status, 403);

            let inbox = olga.page(INBOX).await.text();
            assert!(
                inbox.contains("Waiting 1")
                    && inbox.contains("Atlas Search")
                    && inbox.contains(&format!("dialog=approve&amp;id={id}")),
                "{inbox}"
            );
            let open = olga.page(&format!("{INBOX}?dialog=approve&id={id}")).await.text();
            assert!(open.contains("Approve costly?") && open.contains("Mo asked now, no end date."), "{open}");
            let (year, month, day) = services.clock.now().civil();
            let today = format!("{year:04}-{month:02}-{day:02}");
            for (until, says) in
                [("yesterday", "Enter a day such as 2026-11-21."), ("2020-01-01", "Choose an expiry in the future.")]
            {
                let fields =
                    [("team", "atlas-search"), ("id", &id), ("approve", "true"), ("until", until), ("note", "Go ahead.")];
                let back = olga.refused_form(&format!("{INBOX}?dialog=approve&id={id}"), "/fn/decide_request", &fields).await;
                assert!(back.contains(says) && back.contains("Go ahead."), "{back}");
            }
            let back = format!("{INBOX}?show=waiting");
            let fields = [
                ("team", "atlas-search"),
                ("id", &*id),
                ("approve", "true"),
                ("until", &*today),
                ("note", "Go on."),
                ("back", &*back),
            ];
            let decided = olga.form("/fn/decide_request", &fields, plain).await;
            assert_eq!((decided.status.as_u16(), decided.header("location")), (done, &*back), "{}", decided.text());
            key.post("/v1/chat/completions", call("costly")).await.expect(200);
            let own = mo.page(PAGE).await.text();
            assert!(own.contains("Approved by Olga, now") && own.contains("Go on.") && own.contains("Until "), "{own}");
            assert!(mo.page(&format!("{PAGE}?show=given")).await.text().contains("By Olga, now"));
            // Whoever comes second learns who was first.
            let maya = scene.as_(0).await;
            let late = maya.form("/fn/decide_request", &fields, false).await;
            assert_eq!(late.status, 409);
            assert!(late.text().contains("Olga approved this request already. Nothing was changed."), "{}", late.text());

            services.clock.advance(DAY_MS);
            key.post("/v1/chat/completions", call("costly")).await.expect(403);
            services.expire_grants().await.unwrap();
            let mo = scene.as_(2).await;
            assert!(mo.page(PAGE).await.text().contains(">Expired<"), "{}", mo.page(PAGE).await.text());
        }
    })
    .await;
}

#[tokio::test]
async fn a_team_decides_what_is_its_own_and_takes_it_back() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let [ada, mo, vera] = [scene.as_(1).await, scene.as_(2).await, scene.as_(3).await];
        // Looking on is not asking.
        assert_eq!(vera.page(PAGE).await.status, 403);
        assert!(!vera.page("/t/atlas-search").await.text().contains("Access requests"));
        assert_eq!(ask(&vera, "guarded", false).await.status, 403);
        let stranger = browser(&scene.app, &people::db_person(&services, "Sam", false).await).await;
        assert_eq!((stranger.page(PAGE).await.status.as_u16(), stranger.page(INBOX).await.status.as_u16()), (404, 404));
        assert_eq!(mo.page(INBOX).await.status, 403);

        let choose = mo.page(&format!("{PAGE}?dialog=request")).await.text();
        assert!(
            choose.contains("value=\"guarded\"") && choose.contains("value=\"costly\"") && !choose.contains("value=\"plain\"")
        );
        let named = mo.page(&format!("{PAGE}?dialog=request&model=guarded")).await.text();
        assert!(named.contains("Maya or Ada can decide it."), "{named}");
        let no_use = mo.page(&format!("{PAGE}?dialog=request&model=plain")).await.text();
        assert!(no_use.contains("you can call it already"), "{no_use}");
        for (model, reason, until, says) in [
            ("guarded", " ", "", "Say in a sentence what it is for."),
            ("guarded", "x", "2020-01-01", "Choose an expiry in the future."),
            ("nonsense", "x", "", "There is no such model that Atlas Search could have."),
            ("Guarded", "x", "", "There is no such model that Atlas Search could have."),
        ] {
            let fields = [("team", "atlas-search"), ("model", model), ("reason", reason), ("until", until)];
            let back = mo.refused_form(&format!("{PAGE}?dialog=request"), "/fn/request_access", &fields).await;
            assert!(back.contains(says) && back.contains("<dialog"), "{model}: {back}");
        }
        assert_eq!(ask(&mo, "plain", false).await.status, 409);
        let for_team = [("team", "atlas-search"), ("model", "costly"), ("reason", "x"), ("for_team", "true")];
        assert_eq!(mo.form("/fn/request_access", &for_team, false).await.status, 403);

        // Asked, taken back, asked again; the badge counts what waits.
        assert!(!ada.page(PAGE).await.text().contains(" waiting</span>"));
        assert_eq!(ask(&mo, "guarded", true).await.status, 302);
        let badge = "1<!><span class=\"vh\"> waiting</span>";
        let seen = ada.page("/t/atlas-search/members").await.text();
        assert!(seen.contains(badge) || seen.contains("1<span class=\"vh\"> waiting</span>"), "{seen}");
        assert!(!mo.page(PAGE).await.text().contains(" waiting</span>"), "not who asks");
        let id = scene.waiting(&services).await;
        let fields = [("team", "atlas-search"), ("id", &*id)];
        assert_eq!(ada.form("/fn/withdraw_request", &fields, false).await.status, 404, "it is not theirs");
        assert_eq!(mo.form("/fn/withdraw_request", &fields, false).await.status, 200);
        assert!(mo.page(PAGE).await.text().contains(">Withdrawn<"));
        let late = [("team", "atlas-search"), ("id", &*id), ("approve", "true")];
        assert!(
            ada.form("/fn/decide_request", &late, false).await.text().contains("Mo took this request back. Nothing was changed.")
        );

        ask(&mo, "guarded", false).await;
        let id = scene.waiting(&services).await;
        let decline = |note: &'static str| [("team", "atlas-search"), ("id", id.as_str()), ("approve", "false"), ("note", note)];
        let back = ada.refused_form(&format!("{PAGE}?dialog=decline&id={id}"), "/fn/decide_request", &decline(" ")).await;
        assert!(back.contains("Say in a sentence what it is for."), "{back}");
        assert_eq!(ada.form("/fn/decide_request", &decline("Use plain."), true).await.header("location"), PAGE);
        let own = mo.page(PAGE).await.text();
        assert!(own.contains(">Declined<") && own.contains("Declined by Ada, now") && own.contains("Use plain."), "{own}");

        ask(&mo, "guarded", false).await;
        let id = scene.waiting(&services).await;
        ada.form("/fn/decide_request", &[("team", "atlas-search"), ("id", &*id), ("approve", "true")], false).await;
        let given = ada.page(&format!("{PAGE}?show=given")).await.text();
        let grant = services.list_grants(&scene.people[1], "atlas-search").await.unwrap()[0].id.to_string();
        assert!(given.contains(&format!("dialog=end&amp;id={grant}")) && given.contains("No end date"), "{given}");
        let ends = ada.page(&format!("{PAGE}?show=given&dialog=end&id={grant}")).await.text();
        assert!(ends.contains("End access to guarded?") && ends.contains("gets 403 with the next call"), "{ends}");
        assert!(!mo.page(&format!("{PAGE}?show=given")).await.text().contains("dialog=end"));
        let fields = [("team", "atlas-search"), ("id", &*grant), ("back", "/t/atlas-search/models/requests?show=given")];
        assert_eq!(mo.form("/fn/end_grant", &fields, false).await.status, 403);
        let ended = ada.form("/fn/end_grant", &fields, true).await;
        assert_eq!((ended.status.as_u16(), ended.header("location")), (302, fields[2].1));
        assert!(mo.page(PAGE).await.text().contains(">Ended<"));
        assert_eq!(ada.form("/fn/end_grant", &fields, false).await.status, 404, "once");
        let elsewhere = [("team", "atlas-search"), ("id", &*grant), ("back", "https://elsewhere.example/")];
        assert!(!ada.form("/fn/end_grant", &elsewhere, true).await.header("location").contains("//elsewhere"));
    })
    .await;
}

#[tokio::test]
async fn an_admin_asks_for_the_team_and_the_organization_gives_it_to_one() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let (ada, olga) = (scene.as_(1).await, browser(&scene.app, &scene.olga).await);
        let dialog = ada.page(&format!("{PAGE}?dialog=request&model=costly")).await.text();
        assert!(dialog.contains("For the whole team"), "{dialog}");
        let fields = [("team", "atlas-search"), ("model", "costly"), ("reason", "A project."), ("for_team", "true")];
        assert_eq!(ada.form("/fn/request_access", &fields, true).await.status, 302);
        let id = scene.waiting(&services).await;
        assert!(olga.page("/o/northwind-labs").await.text().contains(" waiting</span>"), "the badge of the organization");
        let open = olga.page(&format!("{INBOX}?dialog=approve&id={id}")).await.text();
        assert!(
            open.contains("for the whole team") && open.contains("The whole team") && open.contains("And nobody else."),
            "{open}"
        );
        let fields = [("team", "atlas-search"), ("id", &*id), ("approve", "true"), ("only_asker", "true")];
        assert_eq!(olga.form("/fn/decide_request", &fields, false).await.status, 200);
        let grants = services.list_grants(&scene.people[0], "atlas-search").await.unwrap();
        assert_eq!(grants[0].user, Some(scene.people[1].user.id), "narrowed to who asked");
        let given = olga.page(&format!("{INBOX}?show=given")).await.text();
        assert!(given.contains("Atlas Search") && given.contains("dialog=end") && given.contains(">Ada<"), "{given}");
        // The team can not take back what the organization gave, and is not offered to.
        assert!(!ada.page(&format!("{PAGE}?show=given")).await.text().contains("dialog=end"));
        let all = olga.page(&format!("{INBOX}?show=all")).await.text();
        assert!(all.contains("Approved by Olga, now") && all.contains("A project."), "{all}");
    })
    .await;
}
