//! Calls without a key: the same models, the same refusals and the same books as with one, for as long as the person may make them.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::support::{
    TestApp,
    accounts::browser,
    app::{Client, Reply},
    invariants, on_each_database,
    people::{self, db_join, db_person},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::{Modality, Simulation},
        roles::{OrgRole, Role},
        teams::TeamView,
        usage::{CallRow, TestCalls},
        usage_filter::{Dimension, UsageFilter},
        usage_statistics::RankBy,
    },
    server_fns::playground::{PlayFigures, PlaygroundPage},
    service::{
        Caller, Services,
        catalog::ProviderInput,
        usage::{
            CallQuery,
            statistics::{RangeWords, StatisticsQuery, UsageOf},
        },
    },
    storage::{self, RowExt},
    wire,
};

fn door(team: &TeamView) -> String {
    format!("/play/{}/chat/completions", team.slug)
}

fn call(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "max_tokens": 40, "messages": [{"role": "user", "content": "Hello"}]})
}

/// Maya's team with a quick model, a slow one, and one that does not chat.
async fn a_team(services: &Services, maya: &Caller) -> TeamView {
    let quick = Simulation { first_token_ms: 0, per_token_ms: 0, output_tokens: 30, ..Simulation::default() };
    let slow = Simulation { first_token_ms: 0, per_token_ms: 20, output_tokens: 1_000, ..Simulation::default() };
    for (name, simulation) in [("quick", quick), ("slow", slow)] {
        services.create_provider(maya, ProviderInput { simulation, ..people::simulated(name) }).await.unwrap();
        services.create_model(maya, people::model(name, name)).await.unwrap();
    }
    let mut embedding = people::model("vectors", "quick");
    (embedding.modality, embedding.prices.output) = (Modality::Embedding, None);
    services.create_model(maya, embedding).await.unwrap();
    people::team(services, maya).await
}

async fn booked(app: &TestApp, maya: &Caller, team: &TeamView) -> Vec<CallRow> {
    while app.services.book_ended_calls().await.unwrap() > 0 {}
    app.services.list_calls(maya, &team.slug, CallQuery { test: TestCalls::Include, ..CallQuery::default() }).await.unwrap().items
}

async fn page_of(browser: &Client, team: &str) -> PlaygroundPage {
    let reply = browser.form("/fn/get_playground", &[("team", team)], false).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    wire::read(&reply.text()).unwrap()
}

/// The figures behind a stream's end.
fn figures(stream: &str) -> PlayFigures {
    let event = stream.split("\n\n").find(|event| event.starts_with("event: figures\n")).expect("the figures");
    wire::read(event.trim_start_matches("event: figures\ndata: ")).unwrap()
}

#[tokio::test]
async fn a_stream_ends_with_what_the_books_say() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = db_person(&services, "Maya", true).await;
        let team = a_team(&services, &maya).await;
        let maya_here = browser(&app, &maya).await;
        let reply = maya_here.post(&door(&team), call("quick", true)).await;
        assert_eq!((reply.status.as_u16(), reply.header("x-tallygate-context")), (200, "atlas-search"));
        let id = reply.header("x-request-id").to_owned();
        let text = reply.text();
        assert!(text.find("data: [DONE]").unwrap() < text.find("event: figures").unwrap(), "behind the answer's own end");
        let figures = figures(&text);
        let calls = booked(&app, &maya, &team).await;
        let [row] = calls.as_slice() else { panic!("one call, not {calls:?}") };
        assert_eq!(
            (row.id.to_string(), row.user, row.key, row.key_name.as_str()),
            (id.clone(), maya.user.id, None, "Playground")
        );
        assert_eq!(figures.tokens, format!("{} in, {} out", row.prompt_tokens, row.completion_tokens));
        assert!(row.cost > 0 && row.stream && figures.cost.starts_with('$') && figures.total.ends_with("ms"), "{figures:?}");

        let words = RangeWords { range: "24h", ..RangeWords::default() };
        let day = StatisticsQuery::parse(words, UsageFilter::of(TestCalls::Include), app.services.clock.now()).unwrap();
        let of = UsageOf::Team(&team.slug);
        let by_key = app.services.usage_ranking(&maya, of, Dimension::Key, RankBy::Cost, &day).await.unwrap();
        assert_eq!((by_key[0].id.as_str(), by_key[0].name.as_str()), ("", "Playground"));
        let by_member = app.services.usage_ranking(&maya, of, Dimension::Member, RankBy::Cost, &day).await.unwrap();
        assert_eq!((by_member[0].id.clone(), by_member[0].sums.cost), (maya.user.id.to_string(), row.cost));

        // Whoever stopped an answer asks for its figures: the caller, and nobody else.
        let asked = [("team", team.slug.as_str()), ("call", id.as_str())];
        let told = maya_here.form("/fn/get_call_figures", &asked, false).await;
        assert_eq!(wire::read::<Option<PlayFigures>>(&told.text()).unwrap(), Some(figures.clone()));
        let ada = db_person(&services, "Ada", false).await;
        db_join(&services, &team, &ada, Role::Admin).await;
        let others = browser(&app, &ada).await.form("/fn/get_call_figures", &asked, false).await;
        assert_eq!(wire::read::<Option<PlayFigures>>(&others.text()).unwrap(), None);

        let whole = maya_here.post(&door(&team), call("quick", false)).await.expect(200);
        assert_eq!(whole["object"], "chat.completion", "as a key gets it");
        invariants::check(&app.services).await;
    })
    .await;
}

#[tokio::test]
async fn who_makes_no_calls_here_is_told_so_and_nothing_goes_upstream() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = db_person(&services, "Maya", true).await;
        let team = a_team(&services, &maya).await;
        let mut people = vec![];
        for (name, role) in [("Noor", Some(Role::Member)), ("Vera", Some(Role::Viewer)), ("Sam", None), ("Olga", None)] {
            let person = db_person(&services, name, name == "Sam").await;
            if let Some(role) = role {
                db_join(&services, &team, &person, role).await;
            }
            people.push(person);
        }
        let mut tx = services.store.begin().await.unwrap();
        let org = storage::organizations::find(&mut tx, "northwind-labs").await.unwrap().unwrap();
        let at = services.clock.now();
        storage::organizations::put_member(&mut tx, org.id, people[3].user.id, OrgRole::Admin, at).await.unwrap();
        tx.commit().await.unwrap();
        let stranger = db_person(&services, "Stranger", false).await;

        let code = |reply: Reply| (reply.status.as_u16(), reply.value()["error"]["code"].as_str().unwrap_or_default().to_owned());
        let expected = [
            (app.browser(), 401, "signed_out"),
            (browser(&app, &stranger).await, 404, "context_not_found"),
            (browser(&app, &people[1]).await, 403, "role_makes_no_calls"),
            (browser(&app, &people[2]).await, 403, "role_makes_no_calls"),
            (browser(&app, &people[3]).await, 403, "role_makes_no_calls"),
        ];
        for (client, status, word) in expected {
            assert_eq!(code(client.post(&door(&team), call("quick", true)).await), (status, word.to_owned()));
        }
        // A key is no session, and a cookie from elsewhere is not believed.
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = app.services.create_key(&people[0], &team.slug, new).await.unwrap().key;
        assert_eq!(app.key(&key).post(&door(&team), call("quick", false)).await.status, 403);
        let noor = browser(&app, &people[0]).await;
        let request = noor.request(axum::http::Method::POST, &door(&team)).header("sec-fetch-site", "cross-site");
        assert_eq!(noor.send(request.body(call("quick", false).to_string().into()).unwrap()).await.status, 403);
        let foreign = app.program();
        foreign.set_cookie("sid", &noor.cookie("sid").unwrap());
        let request = foreign.request(axum::http::Method::POST, &door(&team)).header("origin", "https://evil.test");
        assert_eq!(foreign.send(request.body(call("quick", false).to_string().into()).unwrap()).await.status, 403);
        assert_eq!(foreign.post("/v1/chat/completions", call("quick", false)).await.status, 401, "the gateway reads no cookies");
        assert!(booked(&app, &maya, &team).await.is_empty());
        noor.post(&door(&team), call("quick", false)).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn the_picker_offers_what_the_person_may_call_and_refusals_come_as_they_are() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = db_person(&services, "Maya", true).await;
        let team = a_team(&services, &maya).await;
        let noor = db_person(&services, "Noor", false).await;
        db_join(&services, &team, &noor, Role::Member).await;
        services.create_model(&maya, people::model("costly", "quick")).await.unwrap();
        services.create_model(&maya, people::model("hidden", "quick")).await.unwrap();
        services.set_model_state(&maya, "northwind-labs", "costly", "approval").await.unwrap();
        services.set_model_state(&maya, "northwind-labs", "hidden", "closed").await.unwrap();
        let here = browser(&app, &noor).await;
        let page = page_of(&here, &team.slug).await;
        assert_eq!((page.context.as_str(), page.door.as_str()), ("Atlas Search", door(&team).as_str()));
        let names: BTreeSet<&str> = page.models.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["quick", "slow", "vectors"]));
        assert_eq!(page.models.iter().filter(|model| model.chats).count(), 2);
        assert_eq!(page.models[0].price, "$1.00 in, $2.00 out per 1M tokens");
        let own = page_of(&here, "me").await;
        assert!(own.personal && own.models.is_empty() && own.requests.is_empty());

        let refused = here.post(&door(&team), call("costly", true)).await.expect(403);
        assert_eq!(refused["error"]["code"], "model_requires_approval");
        for hidden in ["hidden", "nothing", "Quick"] {
            assert_eq!(here.post(&door(&team), call(hidden, true)).await.expect(404)["error"]["code"], "model_not_found");
        }
        let wrong = here.post(&door(&team), json!({"model": "quick"})).await.expect(400);
        assert_eq!(wrong["error"]["code"], "invalid_request");
        let calls = booked(&app, &maya, &team).await;
        assert_eq!(calls.len(), 5, "refusals stand in the log");
        assert!(calls.iter().all(|call| call.key.is_none() && call.user == noor.user.id && call.cost == 0));
    })
    .await;
}

/// A stream of which something was forwarded already.
async fn running(app: &TestApp, client: Client, team: &TeamView) -> tokio::task::JoinHandle<(Client, Reply)> {
    let (before, door) = (app.services.calls.len(), door(team));
    let body = json!({"model": "slow", "stream": true, "messages": [{"role": "user", "content": "Hello"}]});
    let stream = tokio::spawn(async move {
        let reply = client.post(&door, body).await;
        (client, reply)
    });
    while app.services.calls.len() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream
}

async fn has_ended(app: &TestApp, stream: tokio::task::JoinHandle<(Client, Reply)>, team: &TeamView, code: &str) {
    let (client, reply) = tokio::time::timeout(Duration::from_secs(5), stream).await.expect("within five seconds").unwrap();
    let text = reply.text();
    assert!(reply.status == 200 && text.starts_with("data: {\"id\"") && !text.contains("[DONE]"), "{text}");
    let error = text.split("\n\n").find(|event| event.contains("\"error\"")).expect("an error event");
    let error: Value = serde_json::from_str(error.trim_start_matches("data: ")).unwrap();
    assert_eq!(error["error"]["code"], code);
    let next = client.post(&door(team), call("quick", false)).await;
    assert_eq!(next.value()["error"]["code"], code, "the next call");
    while app.services.book_ended_calls().await.unwrap() > 0 {}
    let mut c = app.services.store.reader().await.unwrap();
    let newest = "SELECT outcome, cost, completion_tokens, key_id FROM usage_events WHERE code = $1 ORDER BY at DESC";
    let row = sqlx::query(newest).bind(code).fetch_one(&mut *c).await.unwrap();
    assert_eq!((row.text("outcome").unwrap().as_str(), row.text_opt("key_id").unwrap()), ("cancelled", None));
    let tokens = row.int("completion_tokens").unwrap();
    assert!((2..500).contains(&tokens) && row.int("cost").unwrap() > tokens * 2_000, "{tokens} tokens");
    drop(c);
    invariants::check(&app.services).await;
    // What watched this stream looks once more before it goes; the next one is known by coming besides the undisturbed one.
    while app.services.calls.len() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_loses_the_right_to_call_loses_the_running_stream() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = db_person(&services, "Maya", true).await;
        let team = a_team(&app.services, &maya).await;
        let other = browser(&app, &maya).await;
        let undisturbed = running(&app, other, &team).await;
        let noor = db_person(&services, "Noor", false).await;

        db_join(&app.services, &team, &noor, Role::Member).await;
        let stream = running(&app, browser(&app, &noor).await, &team).await;
        app.services.set_member_role(&maya, &team.slug, noor.user.id, Role::Viewer).await.unwrap();
        has_ended(&app, stream, &team, "role_makes_no_calls").await;

        app.services.set_member_role(&maya, &team.slug, noor.user.id, Role::Member).await.unwrap();
        let stream = running(&app, browser(&app, &noor).await, &team).await;
        app.services.remove_member(&maya, &team.slug, noor.user.id).await.unwrap();
        has_ended(&app, stream, &team, "context_not_found").await;

        db_join(&app.services, &team, &noor, Role::Member).await;
        let stream = running(&app, browser(&app, &noor).await, &team).await;
        // Elsewhere: this process hears of it at its next look.
        let mut tx = app.services.store.begin().await.unwrap();
        sqlx::query("UPDATE users SET disabled_at = 1 WHERE id = $1")
            .bind(noor.user.id.to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        has_ended(&app, stream, &team, "signed_out").await;

        assert!(!undisturbed.is_finished());
        undisturbed.abort();
    })
    .await;
}

#[tokio::test]
async fn a_plain_form_brings_the_page_with_the_whole_answer() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = db_person(&services, "Maya", true).await;
        let team = a_team(&services, &maya).await;
        let here = browser(&app, &maya).await;
        let address = format!("/t/{}/playground", team.slug);
        let fields = [
            ("message", "first <b>question</b>"),
            ("message", "first answer"),
            ("model", "quick"),
            ("system", "Be brief."),
            ("max_tokens", "20"),
            ("prompt", "second question"),
        ];
        let reply = here.form(&address, &fields, true).await;
        let text = reply.text();
        assert_eq!(reply.status, 200, "{text}");
        for words in ["first &lt;b&gt;question&lt;/b&gt;", "first answer", "second question", "First token", "Be brief."] {
            assert!(text.contains(words), "{words} in {text}");
        }
        let calls = booked(&app, &maya, &team).await;
        assert!(calls.len() == 1 && text.contains(&calls[0].id.to_string()) && calls[0].completion_tokens <= 20, "{calls:?}");
        assert_eq!(text.matches("name=\"message\"").count(), 4, "the conversation goes on");

        let refused = here.form(&address, &[("model", "nothing"), ("prompt", "third question")], true).await.text();
        assert!(refused.contains("does not exist") && refused.contains("model_not_found") && refused.contains("third question"));
        assert!(!here.page(&address).await.text().contains("second question"), "nothing is kept");

        let viewer = db_person(&services, "Vera", false).await;
        db_join(&services, &team, &viewer, Role::Viewer).await;
        assert_eq!(browser(&app, &viewer).await.form(&address, &fields, true).await.status, 403);
        let signed_out = app.browser().form(&address, &fields, true).await;
        assert!(signed_out.header("location").starts_with("/login"), "{}", signed_out.status);
        assert_eq!(booked(&app, &maya, &team).await.len(), 2);
    })
    .await;
}
