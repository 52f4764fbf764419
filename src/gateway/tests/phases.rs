//! What is kept of a call besides its figures: when it went upstream, and what its client was told.

use std::{sync::Arc, time::Duration};

use reqwest::Response;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    Act, CANARY, FakeUpstream, World, in_a_world,
    limits::Scopes,
    provider, request,
    upstream::{answer, stream},
};
use crate::{
    domain::{
        catalog::Deployment,
        ids::CallId,
        limit_scopes::Scope,
        usage::{Outcome, UsageEvent},
    },
    tests::support::{
        limits::{db_limit, rpm},
        people,
    },
};

const JSON: &str = "content-type: application/json\r\n";
const GOOD: &str =
    r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
const CHUNK: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";

/// The call of an answer, as it is booked once the answer was read, and the sentence of its error.
async fn kept(world: &World, response: Response) -> (UsageEvent, String) {
    let id = CallId::parse(response.headers()["x-request-id"].to_str().unwrap()).unwrap();
    let text = response.text().await.unwrap();
    // Of a stream the error is the last event.
    let last = text.trim_end().rsplit("data: ").next().unwrap();
    let body: Value = serde_json::from_str(last).unwrap_or_default();
    while world.services.book_ended_calls().await.unwrap() > 0 {}
    let event = world.services.get_call(&world.maya, "atlas-search", id).await.unwrap();
    (event, body["error"]["message"].as_str().unwrap_or_default().to_owned())
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("it takes too long until {what}");
}

#[tokio::test]
async fn an_attempt_that_failed_is_part_of_the_queue() {
    in_a_world(async |world| {
        let second = FakeUpstream::start().await;
        world.services.create_provider(&world.maya, provider("second", &second.url)).await.unwrap();
        let mut model = people::model("both", "fake");
        model.deployments.push(Deployment { provider: "second".into(), model: "second-upstream".into() });
        world.add_model(model).await;
        for (nth, streamed) in [(1, false), (2, true)] {
            let (fail, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            world.upstream.will([Act::Wait(fail.clone()), Act::Write(answer(500, JSON, "{}"))]);
            let answered = if streamed { stream([CHUNK, "data: [DONE]\n\n"]) } else { vec![Act::Write(answer(200, JSON, GOOD))] };
            second.will([Act::Wait(go_on.clone())].into_iter().chain(answered));
            let call = tokio::spawn(world.chat(request("both", streamed)).send());
            until("the first one is asked", || world.upstream.journal().len() == nth).await;
            world.services.clock.advance(700);
            fail.notify_one();
            until("the second one is asked", || second.journal().len() == nth).await;
            world.services.clock.advance(300);
            go_on.notify_one();
            let (event, error) = kept(&world, call.await.unwrap().unwrap()).await;
            let end = event.end;
            assert_eq!((end.outcome, end.attempts, error), (Outcome::Completed, 2, String::new()));
            assert_eq!((end.upstream_ms, end.first_token_ms, end.latency_ms), (Some(700), Some(1_000), 1_000), "{streamed}");
            assert_eq!(end.message, "", "who was answered was told of no error");
            // The one that failed has rested.
            world.services.clock.advance(60_000);
        }
        world.upstream.will_answer(200, JSON, GOOD);
        let (event, _) = kept(&world, world.ask("both", false).await).await;
        assert_eq!((event.end.attempts, event.end.upstream_ms), (1, Some(0)), "nothing before the first attempt");
        let (event, _) = kept(&world, world.ask("nope", false).await).await;
        assert_eq!((event.end.attempts, event.end.upstream_ms), (0, None), "nobody was asked");
        world
    })
    .await;
}

#[tokio::test]
async fn a_call_keeps_the_sentence_that_its_client_was_sent() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        let same = async |response: Response, part: &str| {
            let (event, told) = kept(&world, response).await;
            assert!(told.contains(part) && event.end.message == told, "{told:?} is not {:?}", event.end.message);
        };
        same(world.ask("nope", false).await, "The model `nope` does not exist").await;
        same(world.chat(r#"{"messages":[{}]}"#).send().await.unwrap(), "The body has no `model`.").await;
        same(world.chat("nope").send().await.unwrap(), "The body is not JSON").await;
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), rpm(0)).await;
        same(world.ask("sim", true).await, "is limited to 0 requests per minute").await;
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), Default::default()).await;

        world.upstream.will_answer(500, JSON, &format!(r#"{{"error":{{"message":"{CANARY}"}}}}"#));
        for streamed in [false, true] {
            same(world.ask("gpt", streamed).await, "The provider of this model failed").await;
        }
        world.upstream.will_stream([CHUNK]);
        same(world.ask("gpt", true).await, "The provider of this model failed").await;
        world.upstream.will_answer(400, JSON, "<html>canary</html>");
        same(world.ask("gpt", false).await, "The provider refused this request.").await;
        world
    })
    .await;
}

#[tokio::test]
async fn no_words_of_others_are_kept() {
    in_a_world(async |world| {
        world.upstream.will_answer(400, JSON, r#"{"error":{"message":"You wrote: canary of a prompt"}}"#);
        let (event, told) = kept(&world, world.ask("gpt", false).await).await;
        assert_eq!((told.as_str(), event.end.message.as_str()), ("You wrote: canary of a prompt", ""));
        assert_eq!(event.end.outcome, Outcome::UpstreamRejected);

        // A prompt in the place of the model, and a name that nobody can have given.
        for model in ["Tell me of the canary", "\u{202e}ü", &"x".repeat(101)] {
            let response = world.chat(json!({"model": model, "messages": [{}]}).to_string()).send().await.unwrap();
            let (event, told) = kept(&world, response).await;
            assert!(told.contains(&model[..model.floor_char_boundary(20)]), "{told}");
            assert_eq!(event.end.message, "The model `…` does not exist, or this key has no access to it.");
            assert_eq!((event.call.model_name.as_str(), event.end.code.as_str()), ("", "model_not_found"));
        }
        world
    })
    .await;
}
