//! Upstreams that fail before the first byte: each mapped by the table, charged nothing, and silent about what they said.

use std::time::Duration;

use serde_json::Value;

use super::{Act, CANARY, FakeUpstream, error, in_a_world, provider, request, upstream::answer};
use crate::{
    domain::{catalog::Deployment, usage::Outcome},
    service::catalog::ProviderInput,
    tests::support::people,
};

const JSON: &str = "content-type: application/json\r\n";
const GOOD: &str =
    r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;

/// What the upstream does, and the row that it is mapped to.
type Case = (&'static str, Vec<Act>, (u16, &'static str, Outcome));

#[tokio::test]
async fn failures_are_mapped_and_cost_nothing() {
    in_a_world(async |world| {
        let said = format!(r#"{{"error":{{"message":"Incorrect API key provided: {CANARY} canary"}}}}"#);
        let write = |text: &str| vec![Act::Write(text.as_bytes().to_vec())];
        let reply = |status: u16, body: &str| vec![Act::Write(answer(status, JSON, body))];
        let error_502 = (502, "upstream_error", Outcome::UpstreamError);
        let table: Vec<Case> = vec![
            ("closes at once", vec![], error_502),
            ("no HTTP", write("canary\r\n\r\n"), error_502),
            ("401", reply(401, &said), error_502),
            ("402", reply(402, &said), error_502),
            ("403", reply(403, &said), error_502),
            ("404", reply(404, &said), error_502),
            ("500", reply(500, &said), error_502),
            ("503", reply(503, "<html>canary</html>"), error_502),
            (
                "redirect",
                vec![Act::Write(answer(302, &format!("location: {}/elsewhere\r\n", world.upstream.url), ""))],
                error_502,
            ),
            ("HTML", vec![Act::Write(answer(200, "content-type: text/html\r\n", "<html>canary</html>"))], error_502),
            ("broken JSON", reply(200, r#"{"choices":[{"message":{"content":"canary"#), error_502),
            ("error with 200", reply(200, &said), error_502),
            (
                "shorter than said",
                write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{\"a\":"),
                error_502,
            ),
            ("429", reply(429, &said), (429, "upstream_rate_limited", Outcome::UpstreamError)),
            ("hangs", vec![Act::Hang], (504, "upstream_timeout", Outcome::UpstreamTimeout)),
            (
                "stalls",
                vec![
                    Act::Write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n{".to_vec()),
                    Act::Hang,
                ],
                (504, "upstream_timeout", Outcome::UpstreamTimeout),
            ),
            (
                "endless",
                vec![
                    Act::Write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"choices\":[".to_vec()),
                    Act::Repeat(vec![b'0'; 1 << 20]),
                ],
                error_502,
            ),
        ];
        let cases = table.len() * 2;
        for (name, acts, (status, code, _)) in &table {
            world.upstream.will(acts.clone());
            for stream in [false, true] {
                assert_eq!(error(world.ask("gpt", stream).await).await, (*status, (*code).to_owned()), "{name} {stream}");
            }
        }
        let mut calls = vec![];
        for _ in 0..500 {
            calls = world.booked().await;
            let more = calls.len();
            if more >= 25 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(calls.len() >= 25 && cases > 25, "a page of {cases}");
        for call in calls {
            assert!(table.iter().any(|(_, _, row)| *row == (call.status, call.code.as_str(), call.outcome)), "{call:?}");
            assert_eq!((call.cost, call.prompt_tokens, call.completion_tokens), (0, 0, 0));
        }
        world.upstream.stop();
        world.services.clock.advance(1);
        assert_eq!(error(world.ask("gpt", false).await).await, (502, "upstream_error".into()), "nobody listens");
        world
    })
    .await;
}

#[tokio::test]
async fn a_providers_refusal_passes_as_it_is_unless_it_names_the_secret() {
    in_a_world(async |world| {
        let refusal = r#"{"error":{"message":"This model's maximum context length is 8 tokens.","type":"invalid_request_error","param":"messages","code":null},"x":1}"#;
        for status in [400, 413, 422] {
            for stream in [false, true] {
                world.upstream.will_answer(status, JSON, refusal);
                let response = world.ask("gpt", stream).await;
                assert_eq!(response.status(), status);
                assert_eq!(response.text().await.unwrap(), refusal);
            }
        }
        for body in [format!(r#"{{"error":{{"message":"bad key {CANARY}"}}}}"#), "<html>canary</html>".to_owned()] {
            world.upstream.will_answer(400, JSON, &body);
            assert_eq!(error(world.ask("gpt", false).await).await, (400, "upstream_rejected".into()));
        }
        let calls = world.booked().await;
        assert_eq!(calls.len(), 8);
        assert!(calls.iter().all(|call| call.outcome == Outcome::UpstreamRejected && call.cost == 0));
        world
    })
    .await;
}

#[tokio::test]
async fn waits_are_passed_on_up_to_a_minute() {
    in_a_world(async |world| {
        world.upstream.will_answer(429, "retry-after: 7\r\n", "");
        assert_eq!(world.ask("gpt", false).await.headers()["retry-after"], "7");
        world.upstream.will_answer(429, "retry-after: 3600\r\n", "");
        let response = world.ask("gpt", true).await;
        assert!(!response.headers().contains_key("retry-after"));
        assert_eq!(response.headers()["x-should-retry"], "false");
        world
    })
    .await;
}

#[tokio::test]
async fn the_next_deployment_answers_and_the_failing_one_rests() {
    in_a_world(async |world| {
        let second = FakeUpstream::start().await;
        second.will_answer(200, JSON, GOOD);
        world.services.create_provider(&world.maya, provider("second", &second.url)).await.unwrap();
        let mut model = people::model("both", "fake");
        model.deployments.push(Deployment { provider: "second".into(), model: "second-upstream".into() });
        world.add_model(model).await;

        world.upstream.will_answer(500, JSON, "{}");
        assert_eq!(world.ask("both", false).await.text().await.unwrap(), GOOD);
        assert_eq!((world.upstream.journal().len(), second.journal().len()), (1, 1));
        let sent: Value = serde_json::from_str(&second.journal()[0].body).unwrap();
        assert_eq!(sent["model"], "second-upstream");
        world.ask("both", false).await;
        assert_eq!((world.upstream.journal().len(), second.journal().len()), (1, 2), "the first one rests");
        world.services.clock.advance(60_000);
        world.upstream.will_answer(200, JSON, GOOD);
        world.ask("both", false).await;
        assert_eq!((world.upstream.journal().len(), second.journal().len()), (2, 2), "and comes back");

        // A refusal is an answer: nobody else is asked.
        world.upstream.will_answer(400, JSON, "{}");
        assert_eq!(world.ask("both", false).await.status(), 400);
        assert_eq!((world.upstream.journal().len(), second.journal().len()), (3, 2));
        let calls = world.booked().await;
        assert_eq!(
            calls.iter().filter(|call| call.outcome == Outcome::Completed && call.cost == 5_000).count(),
            3,
            "charged once each"
        );
        world
    })
    .await;
}

#[tokio::test]
async fn providers_inside_are_refused_when_saved_and_when_called() {
    in_a_world(async |mut world| {
        for url in
            ["http://127.0.0.2:1", "https://10.0.0.1", "https://localhost", "http://[::1]:80", "http://example.com", "file:///x"]
        {
            let input = ProviderInput { base_url: url.into(), ..provider("inside", "") };
            assert!(world.services.create_provider(&world.maya, input).await.is_err(), "{url}");
        }
        // Saved while the operator allowed it; the list is shorter now.
        world.services.upstream =
            crate::service::upstream::UpstreamClient::new(Default::default(), world.services.upstream.timeouts).unwrap();
        let router = super::super::router(world.services.clone());
        let call = axum::http::Request::post("/v1/chat/completions")
            .header("x-api-key", &world.key)
            .body(axum::body::Body::from(request("gpt", false)))
            .unwrap();
        assert_eq!(tower::ServiceExt::oneshot(router, call).await.unwrap().status(), 502);
        let test = world.services.test_connection(&world.maya, "fake").await.unwrap();
        assert!(!test.ok && test.message.contains("TALLYGATE_ALLOWED_UPSTREAMS"), "{}", test.message);
        assert!(world.upstream.journal().is_empty());
        world
    })
    .await;
}

#[tokio::test]
async fn a_connection_is_tested_with_a_real_call() {
    in_a_world(async |world| {
        for (status, body, ok, part) in [
            (200, r#"{"data":[{"id":"a"},{"id":"b"}]}"#, true, "2 models"),
            (200, "<html>canary</html>", false, "list of models"),
            (401, "canary", false, "secret"),
            (404, "canary", false, "/v1"),
            (302, "", false, "Redirects"),
            (500, "canary", false, "500"),
        ] {
            world.upstream.will_answer(status, JSON, body);
            let test = world.services.test_connection(&world.maya, "fake").await.unwrap();
            assert_eq!(test.ok, ok, "{test:?}");
            assert!(test.message.contains(part) && !test.message.contains("canary"), "{test:?}");
        }
        assert!(world.upstream.journal()[0].head.starts_with("get /v1/models "));
        assert!(world.services.test_connection(&world.maya, "simulator").await.unwrap().ok);
        let noor = people::db_person(&world.services, "Noor", false).await;
        assert!(world.services.test_connection(&noor, "fake").await.is_err());
        world
    })
    .await;
}
