//! Streams: forwarded as they come, metered to the end, cut by either side.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Act, World, error, in_a_world, request, upstream};
use crate::{domain::usage::Outcome, service::tokens};

fn delta(text: &str) -> String {
    format!("data: {}\n\n", json!({"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}))
}

const FINISH: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

async fn read(world: &World, body: String) -> String {
    let response = world.chat(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    response.text().await.unwrap()
}

#[tokio::test]
async fn usage_is_asked_for_and_hidden_unless_the_client_wants_it() {
    in_a_world(async |world| {
        let events = [delta("Hel"), delta("lo \u{1f980}"), FINISH.into(), USAGE.into(), DONE.into()];
        world.upstream.will_stream(events.clone());
        let hidden = read(&world, request("gpt", true)).await;
        assert_eq!(hidden, [&events[..3], &events[4..]].concat().concat());
        let sent: Value = serde_json::from_str(&world.upstream.journal()[0].body).unwrap();
        assert_eq!(sent["stream_options"], json!({"include_usage": true}));
        let wanted = json!({"model": "gpt", "messages": [{}], "stream": true, "stream_options": {"include_usage": true}});
        assert_eq!(read(&world, wanted.to_string()).await, events.concat());
        for call in world.booked().await {
            assert_eq!(
                (call.outcome, call.prompt_tokens, call.completion_tokens, call.estimated),
                (Outcome::Completed, 7, 2, false)
            );
            assert!(call.stream && call.cost == 7 * 1_000 + 2 * 2_000);
        }
        world
    })
    .await;
}

#[tokio::test]
async fn events_survive_any_cut_of_the_network() {
    in_a_world(async |world| {
        let tricky = delta("\n\ndata: [DONE]\n\nevent: x\u{0}\r");
        let events = [": hello\n\n".into(), delta("grüße \u{1f980}"), tricky, FINISH.into(), USAGE.into(), DONE.into()];
        let whole = events.concat();
        let expected = whole.replace(USAGE, "");
        world.upstream.will_stream(whole.as_bytes().chunks(1));
        assert_eq!(read(&world, request("gpt", true)).await, expected);
        for line_end in ["\r", "\r\n"] {
            world.upstream.will_stream(whole.replace('\n', line_end).as_bytes().chunks(3));
            assert_eq!(read(&world, request("gpt", true)).await, expected, "{line_end:?}");
        }
        // All at once, and without the last line ends.
        world.upstream.will_stream([whole.trim_end()]);
        assert_eq!(read(&world, request("gpt", true)).await, expected);
        // No [DONE], but a complete choice.
        world.upstream.will_stream([delta("a"), FINISH.into(), USAGE.into()]);
        assert!(read(&world, request("gpt", true)).await.ends_with(DONE));
        assert!(world.booked().await.iter().all(|call| call.outcome == Outcome::Completed && !call.estimated));
        world
    })
    .await;
}

#[tokio::test]
async fn the_usage_event_is_written_before_the_end_is_sent() {
    in_a_world(async |world| {
        for model in ["gpt", "sim"] {
            world.upstream.will_stream([delta("a"), FINISH.into(), USAGE.into(), DONE.into()]);
            let response = world.ask(model, true).await;
            let mut seen = vec![];
            let mut pieces = response.bytes_stream();
            while let Some(piece) = pieces.next().await {
                seen.extend_from_slice(&piece.unwrap());
                if seen.ends_with(DONE.as_bytes()) {
                    // Nothing is waited for: it is there.
                    assert_eq!(world.services.book_ended_calls().await.unwrap(), 1);
                }
            }
            assert!(seen.ends_with(DONE.as_bytes()));
        }
        let calls = world.booked().await;
        let simulated = calls.iter().find(|call| call.model == "sim").unwrap();
        assert_eq!((simulated.completion_tokens, simulated.estimated), (48, false));
        world
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_event_and_is_charged_for_what_was_produced() {
    in_a_world(async |world| {
        tokens::load();
        let begun =
            |rest: Vec<Act>| [vec![upstream::stream_head(), upstream::chunk(delta("Hello, world!").as_bytes())], rest].concat();
        let piece = |text: &str| upstream::chunk(text.as_bytes());
        let long = format!("data: {}", "x".repeat(2 << 20));
        let table: Vec<(&str, Vec<Act>, Outcome)> = vec![
            ("closes", begun(vec![]), Outcome::UpstreamError),
            ("ends without a finished choice", upstream::stream([delta("Hello, world!")]), Outcome::UpstreamError),
            ("stalls", begun(vec![Act::Hang]), Outcome::UpstreamTimeout),
            ("garbage", begun(vec![piece("data: {\"choices\": canary\n\n"), Act::Hang]), Outcome::UpstreamError),
            ("HTML", begun(vec![piece("data: <html>canary</html>\n\n"), Act::Hang]), Outcome::UpstreamError),
            ("error", begun(vec![piece("data: {\"error\":{\"message\":\"canary\"}}\n\n"), Act::Hang]), Outcome::UpstreamError),
            ("no UTF-8", begun(vec![upstream::chunk(b"data: {\"a\":\"\xff\"}\n\n"), Act::Hang]), Outcome::UpstreamError),
            ("endless line", begun(vec![piece(&long), Act::Hang]), Outcome::UpstreamError),
        ];
        let count = table.len();
        for (name, acts, outcome) in table {
            world.upstream.will(acts);
            let text = read(&world, request("gpt", true)).await;
            assert!(
                text.starts_with(&delta("Hello, world!")) && !text.contains("canary") && !text.contains("[DONE]"),
                "{name}: {text}"
            );
            let last: Value = serde_json::from_str(text.trim_end().rsplit("data: ").next().unwrap()).unwrap();
            let code = if outcome == Outcome::UpstreamTimeout { "upstream_timeout" } else { "upstream_error" };
            assert_eq!(last["error"]["code"], code, "{name}");
        }
        let calls = world.booked().await;
        assert_eq!(calls.len(), count);
        for call in calls {
            assert!(call.outcome.is_failure() && call.estimated && call.status == 200, "{call:?}");
            assert_eq!(call.completion_tokens, 4);
            assert!((5..15).contains(&call.prompt_tokens) && call.cost == call.prompt_tokens * 1_000 + 8_000);
        }
        world
    })
    .await;
}

#[tokio::test]
async fn what_is_no_stream_is_an_error_with_a_status_and_costs_nothing() {
    in_a_world(async |world| {
        let piece = |text: &str| vec![upstream::stream_head(), upstream::chunk(text.as_bytes()), Act::Hang];
        for (acts, expected) in [
            (piece("data: {\"error\":{\"message\":\"canary\"}}\n\n"), (502, "upstream_error")),
            (piece("data: <html>\n\n"), (502, "upstream_error")),
            (vec![upstream::stream_head()], (502, "upstream_error")),
            (upstream::stream::<&str>([]), (502, "upstream_error")),
            (vec![upstream::stream_head(), Act::Hang], (504, "upstream_timeout")),
            (
                vec![Act::Write(upstream::answer(200, "content-type: application/json\r\n", "{\"choices\":[]}"))],
                (502, "upstream_error"),
            ),
        ] {
            world.upstream.will(acts);
            assert_eq!(error(world.ask("gpt", true).await).await, (expected.0, expected.1.to_owned()));
        }
        assert!(world.booked().await.iter().all(|call| call.cost == 0 && call.outcome.is_failure()));
        world
    })
    .await;
}

#[tokio::test]
async fn an_endless_stream_is_cut_at_its_maximum() {
    in_a_world(async |world| {
        let mut piece = vec![];
        if let Act::Write(bytes) = upstream::chunk(delta("word ").as_bytes()) {
            piece = bytes;
        }
        let slowly: Vec<Act> =
            (0..1_000).flat_map(|_| [Act::Write(piece.clone()), Act::Pause(Duration::from_millis(20))]).collect();
        world.upstream.will([vec![upstream::stream_head()], slowly].concat());
        let started = Instant::now();
        let text = read(&world, request("gpt", true)).await;
        assert!(text.contains("upstream_timeout") && started.elapsed() < Duration::from_secs(10));
        let call = world.only_call().await;
        assert!(call.outcome == Outcome::UpstreamTimeout && call.completion_tokens > 50, "{call:?}");
        world
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_pays_for_what_was_produced() {
    in_a_world(async |world| {
        tokens::load();
        // Before the first byte it pays nothing.
        world.upstream.will([Act::Hang]);
        let pending = tokio::spawn(world.chat(request("gpt", true)).send());
        while world.upstream.journal().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        pending.abort();
        let call = world.only_call().await;
        assert_eq!((call.outcome, call.cost, call.status), (Outcome::Cancelled, 0, 499));

        // In the middle it pays for its prompt and what came.
        let gate = Arc::new(Notify::new());
        let text = "The tally is kept at the gate. ".repeat(20);
        world.upstream.will([upstream::stream_head(), upstream::chunk(delta(&text).as_bytes()), Act::Wait(gate), Act::Hang]);
        world.services.clock.advance(1_000);
        let response = world.ask("gpt", true).await;
        let mut pieces = response.bytes_stream();
        assert!(pieces.next().await.unwrap().is_ok());
        drop(pieces);
        let mut calls = vec![];
        for _ in 0..1_000 {
            calls = world.booked().await;
            if calls.len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let call = calls.iter().find(|call| call.completion_tokens > 0).unwrap();
        assert_eq!((call.outcome, call.estimated, call.status), (Outcome::Cancelled, true, 200));
        assert_eq!(call.completion_tokens, i64::try_from(tokens::count(&text)).unwrap());
        assert!((5..15).contains(&call.prompt_tokens));
        world
    })
    .await;
}

#[tokio::test]
async fn checkpoints_follow_a_stream_within_a_second() {
    in_a_world(async |world| {
        tokens::load();
        let gate = Arc::new(Notify::new());
        world.upstream.will([
            upstream::stream_head(),
            upstream::chunk(delta("Hello, world!").as_bytes()),
            Act::Pause(Duration::from_millis(200)),
            Act::Wait(gate),
        ]);
        let mut world = world;
        // As long as this stream needs to be looked at.
        world.services.upstream.timeouts.idle = Duration::from_secs(30);
        let router = super::super::router(world.services.clone());
        let call = axum::http::Request::post("/v1/chat/completions")
            .header("x-api-key", &world.key)
            .body(axum::body::Body::from(request("gpt", true)))
            .unwrap();
        let response = tower::ServiceExt::oneshot(router, call).await.unwrap();
        assert_eq!(response.status(), 200);
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        // The process "dies": another one finds the spool as it is. What it finds is the checkpoint.
        let spool = world.spool_folder();
        let copy = tempfile::tempdir().unwrap();
        let target = copy.path().join("spool");
        std::fs::create_dir(&target).unwrap();
        for file in std::fs::read_dir(spool).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), target.join(file.file_name())).unwrap();
        }
        let meter = crate::service::metering::Meter::open(copy.path(), world.services.clock.clone()).unwrap();
        let other = world.services.clone().with_meter(meter);
        assert_eq!(other.recover_calls().await.unwrap().interrupted, 1);
        let call = world.only_call().await;
        assert_eq!((call.outcome, call.completion_tokens, call.estimated), (Outcome::Interrupted, 4, true));
        drop(response);
        world
    })
    .await;
}

#[tokio::test]
async fn a_revoked_key_and_a_stopping_process_end_running_streams() {
    in_a_world(async |mut world| {
        tokens::load();
        world.services.upstream.timeouts.idle = Duration::from_secs(30);
        let router = super::super::router(world.services.clone());
        let begun = [upstream::stream_head(), upstream::chunk(delta("Hello, world!").as_bytes()), Act::Hang];
        world.upstream.will(begun);
        let open = async || {
            let call = axum::http::Request::post("/v1/chat/completions")
                .header("x-api-key", &world.key)
                .body(axum::body::Body::from(request("gpt", true)))
                .unwrap();
            tower::ServiceExt::oneshot(router.clone(), call).await.unwrap()
        };
        let response = open().await;
        let keys = world.services.list_keys(&world.maya, "atlas-search", Default::default()).await.unwrap().items;
        let cut = open().await;
        world.services.cut.cancel();
        drop(cut);
        let call = world.only_call().await;
        assert_eq!((call.outcome, call.completion_tokens, call.estimated), (Outcome::Interrupted, 4, true));

        world.services.revoke_key(&world.maya, "atlas-search", keys[0].id).await.unwrap();
        let whole = axum::body::to_bytes(response.into_body(), 1 << 20);
        let text = tokio::time::timeout(Duration::from_secs(5), whole).await.expect("within five seconds").unwrap();
        assert!(String::from_utf8_lossy(&text).contains("api_key_revoked"));
        let calls = world.booked().await;
        assert_eq!(calls.len(), 2);
        assert!(calls.iter().all(|call| call.completion_tokens == 4 && call.cost > 8_000));
        world
    })
    .await;
}

#[tokio::test]
async fn nothing_is_held_back_between_events() {
    in_a_world(async |world| {
        let acts: Vec<Act> = (0..200)
            .flat_map(|_| [upstream::chunk(delta("a").as_bytes()), Act::Pause(Duration::from_millis(3))])
            .chain([upstream::chunk(FINISH.as_bytes()), upstream::chunk(DONE.as_bytes()), Act::Write(b"0\r\n\r\n".to_vec())])
            .collect();
        world.upstream.will([vec![upstream::stream_head()], acts].concat());
        let mut pieces = world.ask("gpt", true).await.bytes_stream();
        let (mut last, mut gaps) = (Instant::now(), vec![]);
        while let Some(piece) = pieces.next().await {
            piece.unwrap();
            gaps.push(last.elapsed());
            last = Instant::now();
        }
        // Nagle's algorithm against delayed acknowledgements shows as a gap of 40 ms again and again; a busy machine, once.
        let held = gaps.iter().filter(|gap| (35..=45).contains(&gap.as_millis())).count();
        assert!(gaps.len() > 100 && held <= 2, "{held} of {}", gaps.len());
        world
    })
    .await;
}
