//! Calls without a stream, and the list of models.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    Act, CANARY, create_key, error, in_a_world, request,
    upstream::{FakeUpstream, answer},
    value,
};
use crate::{
    domain::{api_keys::KeyKind, money::DOLLAR, usage::Outcome},
    service::tokens,
    tests::support::people,
};

const ANSWER: &str = r#"{"id":"x","object":"chat.completion","new_field":{"a":[1.50]},"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":20}}}"#;

#[tokio::test]
async fn a_simulated_call_is_answered_and_metered() {
    in_a_world(async |world| {
        let response = world.ask("sim", false).await;
        assert_eq!(response.status(), 200);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(response.headers()["x-tallygate-context"], "atlas-search");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let answer: Value = value(response).await;
        let prompt = answer["usage"]["prompt_tokens"].as_i64().unwrap();
        assert_eq!(answer["usage"]["completion_tokens"], 48);
        assert_eq!(answer["choices"][0]["message"]["content"].as_str().unwrap().split(' ').count(), 48);

        let call = world.only_call().await;
        assert_eq!((call.id.to_string(), call.outcome, call.status, call.model.as_str()), (id, Outcome::Completed, 200, "sim"));
        assert_eq!((call.prompt_tokens, call.completion_tokens, call.estimated), (prompt, 48, false));
        assert_eq!(call.cost, prompt * DOLLAR / 1_000_000 + 48 * 2 * DOLLAR / 1_000_000);
        world
    })
    .await;
}

#[tokio::test]
async fn bodies_pass_through_and_nothing_else_does() {
    in_a_world(async |world| {
        let headers = "content-type: application/json\r\nset-cookie: a=b\r\nserver: nginx\r\nx-canary: 1\r\nlocation: /x\r\n";
        world.upstream.will_answer(200, headers, ANSWER);
        let body = r#"{"temperature": 0.70,"model":"gpt","messages":[{"role":"user","content":"Hi \u00fc"}],"future":{"x":1e2},"max_tokens":7}"#;
        let response = world.chat(body).header("x-portkey-provider", "evil").header("cookie", "sid=1").send().await.unwrap();
        for relayed in ["set-cookie", "server", "x-canary", "location"] {
            assert!(!response.headers().contains_key(relayed), "{relayed}");
        }
        assert_eq!(response.text().await.unwrap(), ANSWER);
        let [sent] = world.upstream.journal().try_into().unwrap();
        assert_eq!(sent.body, body.replace("\"gpt\"", "\"gpt-upstream\""));
        assert!(sent.head.starts_with("post /v1/chat/completions http/1.1"), "{}", sent.head);
        assert!(sent.head.contains(&format!("authorization: bearer {CANARY}")));
        assert!(!sent.head.contains("portkey") && !sent.head.contains("cookie") && !sent.head.contains("tg_"), "{}", sent.head);

        let call = world.only_call().await;
        assert_eq!((call.prompt_tokens, call.completion_tokens, call.estimated), (100, 5, false));
        // Without a price for cached tokens they count as any.
        assert_eq!(call.cost, 100 * 1_000 + 5 * 2_000);
        world
    })
    .await;
}

/// U09: what a call points to is the provider's to fetch.
#[tokio::test]
async fn the_gateway_fetches_nothing_that_a_call_points_to() {
    in_a_world(async |world| {
        let inside = FakeUpstream::start().await;
        world.upstream.will_answer(200, "content-type: application/json\r\n", ANSWER);
        for part in [
            json!({"type": "image_url", "image_url": {"url": format!("{}/image.png", inside.url)}}),
            json!({"type": "file", "file": {"file_url": format!("{}/file", inside.url), "file_id": inside.url}}),
            json!({"type": "input_audio", "input_audio": {"url": inside.url}}),
        ] {
            let body = json!({"model": "gpt", "messages": [{"role": "user", "content": [part]}]});
            let status = world.chat(body.to_string()).send().await.unwrap().status();
            assert!(matches!(status.as_u16(), 200 | 400), "{status}");
        }
        assert!(inside.journal().is_empty());
        assert!(!world.upstream.journal().is_empty());
        world
    })
    .await;
}

#[tokio::test]
async fn without_usage_from_the_provider_tokens_are_counted() {
    in_a_world(async |world| {
        tokens::load();
        let text = r#"{"choices":[{"message":{"content":"Hello, world!"},"finish_reason":"stop"}]}"#;
        world.upstream.will_answer(200, "content-type: application/json\r\n", text);
        assert_eq!(world.ask("gpt", false).await.text().await.unwrap(), text);
        let call = world.only_call().await;
        assert_eq!((call.outcome, call.completion_tokens, call.estimated), (Outcome::Completed, 4, true));
        assert!((5..15).contains(&call.prompt_tokens), "{}", call.prompt_tokens);
        world
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_is_charged_for_the_whole_answer() {
    in_a_world(async |world| {
        let gate = Arc::new(Notify::new());
        world.upstream.will([Act::Wait(gate.clone()), Act::Write(answer(200, "content-type: application/json\r\n", ANSWER))]);
        let pending = tokio::spawn(world.chat(request("gpt", false)).send());
        while world.upstream.journal().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        pending.abort();
        // Its connection is closed now; the gateway hears of that before the answer arrives.
        assert!(pending.await.is_err());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        gate.notify_one();
        let call = world.only_call().await;
        assert_eq!(
            (call.outcome, call.prompt_tokens, call.completion_tokens, call.estimated),
            (Outcome::Cancelled, 100, 5, false)
        );
        world
    })
    .await;
}

#[tokio::test]
async fn models_are_those_that_the_key_may_call() {
    in_a_world(async |world| {
        let mut model = people::model("vendor/name:v1", "simulator");
        model.aliases = vec!["short".into()];
        world.add_model(model).await;
        world.services.set_model_state(&world.maya, "northwind-labs", "sim", "closed").await.unwrap();
        world.services.set_model_state(&world.maya, "northwind-labs", "gpt", "approval").await.unwrap();
        let list: Value = value(world.get("/v1/models").await).await;
        let created = list["data"][0]["created"].as_i64().unwrap();
        let expected = json!({"id": "vendor/name:v1", "object": "model", "created": created, "owned_by": "tallygate"});
        assert_eq!(list, json!({"object": "list", "data": [expected]}));
        for path in ["/v1/models/vendor/name:v1", "/v1/models/vendor%2Fname:v1"] {
            assert_eq!(value(world.get(path).await).await, expected, "{path}");
        }
        assert_eq!(value(world.get("/v1/models/short").await).await["id"], "short");
        for path in ["/v1/models/sim", "/v1/models/gpt", "/v1/models/nope", "/v1/models/VENDOR/name:v1"] {
            assert_eq!(error(world.get(path).await).await, (404, "model_not_found".into()), "{path}");
        }
        let unsigned = world.request(reqwest::Method::GET, "/v1/models").header("cookie", "sid=x").send().await.unwrap();
        assert_eq!(error(unsigned).await, (401, "invalid_api_key".into()));
        world
    })
    .await;
}

#[tokio::test]
async fn a_test_key_calls_simulated_models_for_free() {
    in_a_world(async |mut world| {
        world.key = create_key(&world.services, &world.maya, KeyKind::Test).await;
        assert_eq!(error(world.ask("gpt", false).await).await, (403, "model_not_in_key_scope".into()));
        assert_eq!(world.ask("sim", false).await.status(), 200);
        assert!(world.upstream.journal().is_empty());
        let calls = world.booked().await;
        let answered = calls.iter().find(|call| call.outcome == Outcome::Completed).unwrap();
        assert_eq!((answered.cost, answered.completion_tokens, answered.test), (0, 48, true));
        world
    })
    .await;
}

#[tokio::test]
async fn the_output_bound_is_written_where_the_call_names_none() {
    in_a_world(async |world| {
        world.upstream.will_answer(200, "content-type: application/json\r\n", ANSWER);
        world.ask("gpt", false).await;
        let sent: Value = serde_json::from_str(&world.upstream.journal()[0].body).unwrap();
        assert_eq!(sent["max_tokens"], 1_000);
        let short = json!({"model": "sim", "messages": [{}], "max_completion_tokens": 5}).to_string();
        let answer: Value = value(world.chat(short).send().await.unwrap()).await;
        assert_eq!(
            (&answer["usage"]["completion_tokens"], &answer["choices"][0]["finish_reason"]),
            (&json!(5), &json!("length"))
        );
        world
    })
    .await;
}
