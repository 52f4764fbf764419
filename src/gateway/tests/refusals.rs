//! What is not admitted: each with its row of the table, and no byte upstream.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use super::{error, in_a_world, request, value};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::Modality,
        usage::Outcome,
    },
    service::metering::Meter,
    tests::support::people,
};

#[tokio::test]
async fn keys_are_refused_by_the_table() {
    in_a_world(async |mut world| {
        let good = world.key.clone();
        for header in [
            ("authorization", format!("bearer {good}")),
            ("authorization", format!("Bearer  {good}")),
            ("authorization", format!("Bearer {good}x")),
            ("authorization", "Bearer tg_' OR 1=1--".into()),
            ("authorization", format!("Bearer {}", "x".repeat(10_000))),
            ("x-api-key", "tg_ü".into()),
            ("cookie", format!("key={good}")),
        ] {
            let started = Instant::now();
            let call = world.request(reqwest::Method::POST, &format!("/v1/chat/completions?key={good}"));
            let response = call.header(header.0, header.1.as_bytes()).body(request("gpt", false)).send().await.unwrap();
            assert_eq!(error(response).await, (401, "invalid_api_key".into()), "{header:?}");
            assert!(started.elapsed() < Duration::from_secs(1));
        }
        let by_other_header = world.request(reqwest::Method::POST, "/v1/chat/completions").header("x-api-key", &good);
        assert_eq!(by_other_header.body(request("sim", false)).send().await.unwrap().status(), 200);

        let end = world.services.clock.now().plus(1_000);
        let new = NewApiKey { name: "short".into(), kind: KeyKind::Person, expires_at: Some(end) };
        world.key = world.services.create_key(&world.maya, "atlas-search", new).await.unwrap().key;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        world.services.clock.advance(1_000);
        assert_eq!(error(world.ask("sim", false).await).await, (401, "api_key_expired".into()));
        let new = NewApiKey { name: "gone".into(), kind: KeyKind::Person, expires_at: None };
        let created = world.services.create_key(&world.maya, "atlas-search", new).await.unwrap();
        world.services.revoke_key(&world.maya, "atlas-search", created.id).await.unwrap();
        world.key = created.key;
        assert_eq!(error(world.ask("sim", false).await).await, (401, "api_key_revoked".into()));
        assert!(world.upstream.journal().is_empty());
        world
    })
    .await;
}

#[tokio::test]
async fn bodies_and_models_are_refused_by_the_table() {
    in_a_world(async |world| {
        let mut embedding = people::model("embed", "fake");
        embedding.modality = Modality::Embedding;
        world.add_model(embedding).await;
        let mut unpriced = people::model("unpriced", "fake");
        unpriced.prices.output = None;
        world.add_model(unpriced).await;
        let mut disabled = people::model("disabled", "fake");
        disabled.enabled = false;
        world.add_model(disabled).await;
        world.add_model(people::model("closed", "fake")).await;
        world.services.set_model_state(&world.maya, "northwind-labs", "closed", "closed").await.unwrap();
        world.add_model(people::model("costly", "fake")).await;
        world.services.set_model_state(&world.maya, "northwind-labs", "costly", "approval").await.unwrap();

        let mut bodies = vec![];
        for unknown in ["nope", "GPT", "gpt ", "unpriced", "disabled", "closed"] {
            let response = world.ask(unknown, false).await;
            assert_eq!(response.headers()["x-tallygate-context"], "atlas-search");
            assert_eq!(response.status(), 404, "{unknown}");
            bodies.push(response.text().await.unwrap().replace(unknown, "…"));
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "nothing tells one from the other: {bodies:?}");

        let response: Value = value(world.ask("costly", true).await).await;
        let expected = json!({"model": "costly", "state": "approval", "decided_by": "organization", "request_url": "http://127.0.0.1:3000/t/atlas-search/models/requests?dialog=request&model=costly"});
        assert_eq!((&response["error"]["code"], &response["error"]["access"]), (&json!("model_requires_approval"), &expected));

        for (body, param) in [
            ("nope".to_owned(), Value::Null),
            (r#"{"messages":[{}]}"#.into(), json!("model")),
            (r#"{"model":"gpt","messages":[{}],"model":"sim"}"#.into(), json!("model")),
            (r#"{"model":"gpt","messages":[{}],"max_tokens":16001}"#.into(), json!("max_tokens")),
            (r#"{"model":"gpt","messages":[{}],"stream":"yes"}"#.into(), json!("stream")),
            (format!(r#"{{"model":"gpt","messages":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000)), Value::Null),
            (request("embed", false), json!("model")),
        ] {
            let response = world.chat(body.clone()).send().await.unwrap();
            assert_eq!(response.status(), 400, "{body}");
            let answer: Value = value(response).await;
            assert_eq!((&answer["error"]["code"], &answer["error"]["param"]), (&json!("invalid_request"), &param), "{answer}");
        }
        assert!(world.upstream.journal().is_empty());
        let calls = world.booked().await;
        assert_eq!(calls.len(), 14);
        assert!(calls.iter().all(|call| call.outcome == Outcome::Refused && call.cost == 0 && call.status >= 400));
        world
    })
    .await;
}

#[tokio::test]
async fn large_slow_and_compressed_bodies_are_refused() {
    in_a_world(async |mut world| {
        let large = "x".repeat(50 << 20);
        assert_eq!(error(world.chat(large.clone()).send().await.unwrap()).await, (413, "request_too_large".into()));
        let pieces = || stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 20]))));
        let chunked = world.chat(reqwest::Body::wrap_stream(pieces())).send().await.unwrap();
        assert_eq!(error(chunked).await, (413, "request_too_large".into()));

        let slowly = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        let slow = world.chat(reqwest::Body::wrap_stream(slowly)).send().await.unwrap();
        assert_eq!(error(slow).await, (408, "request_timeout".into()));

        let zipped = world.chat(vec![0x1f, 0x8b, 8, 0]).header("content-encoding", "gzip").send().await.unwrap();
        assert_eq!(error(zipped).await, (415, "unsupported_content_encoding".into()));

        // The size comes first, whoever asks.
        world.key = "tg_nobody".into();
        assert_eq!(error(world.chat(large).send().await.unwrap()).await, (413, "request_too_large".into()));
        let chunked = world.chat(reqwest::Body::wrap_stream(pieces())).send().await.unwrap();
        assert_eq!(error(chunked).await, (413, "request_too_large".into()));
        assert_eq!(error(world.chat("x".repeat(9 << 20)).send().await.unwrap()).await, (401, "invalid_api_key".into()));
        world
    })
    .await;
}

#[tokio::test]
async fn other_paths_and_methods_answer_in_the_same_shape() {
    in_a_world(async |world| {
        for path in ["/v1", "/v1/", "/v1/audio/speech", "/v1/chat/completions/x", "/v1/chat/completions/"] {
            assert_eq!(error(world.get(path).await).await, (404, "unknown_url".into()), "{path}");
        }
        for (method, path) in [
            ("GET", "/v1/chat/completions"),
            ("DELETE", "/v1/models/gpt"),
            ("POST", "/v1/models"),
            ("OPTIONS", "/v1/chat/completions"),
        ] {
            let response =
                world.request(method.parse().unwrap(), path).header("origin", "https://evil.test").send().await.unwrap();
            assert!(response.headers().contains_key("allow") && !response.headers().contains_key("access-control-allow-origin"));
            assert_eq!(error(response).await, (405, "method_not_allowed".into()), "{method} {path}");
        }
        world
    })
    .await;
}

#[tokio::test]
async fn without_a_spool_nothing_is_let_through() {
    in_a_world(async |world| {
        let services = world.services.clone().with_meter(Meter::closed());
        let router = super::super::router(services);
        let call = axum::http::Request::post("/v1/chat/completions")
            .header("authorization", format!("Bearer {}", world.key))
            .body(axum::body::Body::from(request("gpt", false)))
            .unwrap();
        let response = tower::ServiceExt::oneshot(router, call).await.unwrap();
        assert_eq!(response.status(), 503);
        assert!(world.upstream.journal().is_empty());
        world
    })
    .await;
}
