//! Embeddings: every form of input, counted and priced like any other call; and that prices are those of admission.

use serde_json::{Value, json};

use super::{World, error, in_a_world, request, value};
use crate::{
    domain::{
        catalog::{Deployment, Modality, ModelState, NO_OUTPUT, NewModel, Prices},
        money::{DOLLAR, Price},
        time::DAY_MS,
        usage::Outcome,
    },
    tests::support::people,
};

/// A model at $1 per million tokens, and nothing for completions.
fn vectors(name: &str, provider: &str) -> NewModel {
    NewModel {
        modality: Modality::Embedding,
        prices: Prices { input: Some(Price(DOLLAR)), ..Prices::default() },
        context_window: 8_192,
        max_output: NO_OUTPUT,
        default_output: None,
        tokenizer: None,
        ..people::model(name, provider)
    }
}

async fn embed(world: &World, body: &Value) -> reqwest::Response {
    let request = world.request(reqwest::Method::POST, "/v1/embeddings").bearer_auth(&world.key);
    request.body(body.to_string()).send().await.unwrap()
}

#[tokio::test]
async fn a_simulated_embedding_is_answered_counted_and_priced() {
    in_a_world(async |world| {
        world.add_model(vectors("vec", "simulator")).await;
        let body = json!({"model": "vec", "input": ["Hello, world!", "again", "again"], "dimensions": 8});
        let answer = value(embed(&world, &body).await).await;
        let data = answer["data"].as_array().unwrap();
        assert_eq!(data.len(), 3);
        assert_eq!((&answer["object"], &data[2]["index"], &data[2]["object"]), (&json!("list"), &json!(2), &json!("embedding")));
        let vector =
            |at: usize| data[at]["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
        assert_eq!(vector(1), vector(2), "the same text has the same vector");
        assert_ne!(vector(0), vector(1));
        let length: f64 = vector(0).iter().map(|x| x * x).sum();
        assert!(vector(0).len() == 8 && (length - 1.0).abs() < 1e-3);
        // 23 bytes of text are about 6 tokens.
        assert_eq!(answer["usage"], json!({"prompt_tokens": 6, "total_tokens": 6}));

        let call = world.only_call().await;
        assert_eq!((call.outcome, call.status, call.model.as_str(), call.stream), (Outcome::Completed, 200, "vec", false));
        assert_eq!(
            (call.prompt_tokens, call.completion_tokens, call.cost, call.estimated),
            (6, 0, 6 * DOLLAR / 1_000_000, false)
        );
        world
    })
    .await;
}

#[tokio::test]
async fn tokens_and_base64_say_the_same_as_texts_and_numbers() {
    in_a_world(async |world| {
        world.add_model(vectors("vec", "simulator")).await;
        let batch: Vec<Value> = (0..2_048).map(|n| json!([n, n + 1])).collect();
        let answer = value(embed(&world, &json!({"model": "vec", "input": batch, "encoding_format": "base64"})).await).await;
        assert_eq!(answer["data"].as_array().unwrap().len(), 2_048);
        assert_eq!(answer["usage"]["prompt_tokens"], 4_096);
        assert_eq!(world.only_call().await.prompt_tokens, 4_096);

        let one = json!({"model": "vec", "input": [1, 2, 3], "dimensions": 4});
        let floats = value(embed(&world, &one).await).await;
        let packed = value(
            embed(&world, &json!({"model": "vec", "input": [1, 2, 3], "dimensions": 4, "encoding_format": "base64"})).await,
        )
        .await;
        let packed = packed["data"][0]["embedding"].as_str().unwrap();
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, packed).unwrap();
        let unpacked = bytes.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let plain = floats["data"][0]["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
        assert_eq!(bytes.len(), 16);
        assert!(unpacked.zip(plain).all(|(a, b)| (f64::from(a) - b).abs() < 1e-6));
        world
    })
    .await;
}

#[tokio::test]
async fn embeddings_pass_through_to_the_provider_and_back() {
    in_a_world(async |world| {
        world.add_model(vectors("vec", "fake")).await;
        const ANSWER: &str = r#"{"object":"list","new":[1.50],"data":[{"object":"embedding","index":0,"embedding":[0.1,-0.2]}],"model":"x","usage":{"prompt_tokens":7,"total_tokens":7}}"#;
        world.upstream.will_answer(200, "content-type: application/json\r\n", ANSWER);
        let body = r#"{"future":{"x":1e2},"input":"Hi","model":"vec","dimensions":2,"user":"u-1"}"#;
        let send = || {
            // Calls of one moment have no order in the log.
            world.services.clock.advance(1_000);
            world.request(reqwest::Method::POST, "/v1/embeddings").bearer_auth(&world.key).body(body).send()
        };
        assert_eq!(send().await.unwrap().text().await.unwrap(), ANSWER);
        let [sent] = world.upstream.journal().try_into().unwrap();
        assert!(sent.head.starts_with("post /v1/embeddings http/1.1"), "{}", sent.head);
        assert_eq!(sent.body, body.replace("\"vec\"", "\"vec-upstream\""), "no output bound is written into it");
        let call = world.only_call().await;
        assert_eq!((call.prompt_tokens, call.completion_tokens, call.cost), (7, 0, 7 * DOLLAR / 1_000_000));

        // Without usage from the provider the prompt is counted; garbage is no answer.
        world.upstream.will_answer(200, "content-type: application/json\r\n", r#"{"data":[]}"#);
        assert_eq!(send().await.unwrap().status(), 200);
        let counted = world.booked().await.remove(0);
        assert!(counted.estimated && counted.prompt_tokens >= 1, "{counted:?}");
        world.upstream.will_answer(200, "content-type: text/html\r\n", "<html>");
        assert_eq!(error(send().await.unwrap()).await, (502, "upstream_error".into()));
        world.upstream.will_answer(500, "", "sk-canary");
        assert_eq!(error(send().await.unwrap()).await, (502, "upstream_error".into()));
        assert_eq!(world.booked().await[0].cost, 0);
        world
    })
    .await;
}

#[tokio::test]
async fn a_second_deployment_makes_the_embeddings_when_the_first_fails() {
    in_a_world(async |world| {
        let mut model = vectors("vec", "fake");
        model.deployments.push(Deployment { provider: "simulator".into(), model: "v".into() });
        world.add_model(model).await;
        world.upstream.will_answer(503, "", "");
        let answer = value(embed(&world, &json!({"model": "vec", "input": "Hi"})).await).await;
        assert_eq!(answer["data"].as_array().unwrap().len(), 1);
        let calls = world.booked().await;
        assert_eq!((calls.len(), calls[0].outcome), (1, Outcome::Completed), "one call, charged once");
        world
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_is_refused_as_the_table_says() {
    in_a_world(async |world| {
        world.add_model(vectors("vec", "simulator")).await;
        world.add_model(vectors("closed", "simulator")).await;
        world.services.set_model_state(&world.maya, "northwind-labs", "closed", ModelState::Closed.as_str()).await.unwrap();
        let too_many: Vec<&str> = vec!["a"; 2_049];
        for (body, expected) in [
            (json!({"model": "vec"}), (400, "invalid_request")),
            (json!({"model": "vec", "input": too_many}), (400, "invalid_request")),
            (json!({"model": "vec", "input": ""}), (400, "invalid_request")),
            (json!({"model": "vec", "input": "a", "base_url": "http://x"}), (400, "invalid_request")),
            (json!({"model": "vec", "input": "a", "dimensions": 2_000}), (400, "invalid_request")),
            (json!({"model": "sim", "input": "a"}), (400, "invalid_request")),
            (json!({"model": "closed", "input": "a"}), (404, "model_not_found")),
            (json!({"model": "nope", "input": "a"}), (404, "model_not_found")),
            (json!({"model": "Vec", "input": "a"}), (404, "model_not_found")),
            (json!({"model": "vec ", "input": "a"}), (404, "model_not_found")),
        ] {
            let answer = error(embed(&world, &body).await).await;
            assert_eq!(answer, (expected.0, expected.1.to_owned()), "{body}");
        }
        let chat = world.ask("vec", false).await;
        assert_eq!(error(chat).await, (400, "invalid_request".into()), "vectors complete nothing");
        let get = world.get("/v1/embeddings").await;
        assert_eq!(error(get).await, (405, "method_not_allowed".into()));
        let unsigned = world.request(reqwest::Method::POST, "/v1/embeddings").body("{}").send().await.unwrap();
        assert_eq!(error(unsigned).await, (401, "invalid_api_key".into()));
        assert!(world.upstream.journal().is_empty());
        world
    })
    .await;
}

#[tokio::test]
async fn a_call_is_priced_with_what_holds_when_it_is_admitted() {
    in_a_world(async |world| {
        let dear = |n: i64| Prices { input: Some(Price(n * DOLLAR)), cached: None, output: Some(Price(0)) };
        world.services.set_prices(&world.maya, "sim", dear(1), None).await.unwrap();
        let tomorrow = world.services.clock.now().plus(DAY_MS);
        world.services.set_prices(&world.maya, "sim", dear(7), Some(tomorrow)).await.unwrap();
        let cost_per_token = async || {
            let answer = value(world.chat(request("sim", false)).send().await.unwrap()).await;
            let prompt = answer["usage"]["prompt_tokens"].as_i64().unwrap();
            world.booked().await[0].cost / prompt
        };
        assert_eq!(cost_per_token().await, 1_000);
        world.services.clock.advance(DAY_MS);
        assert_eq!(cost_per_token().await, 7_000, "nothing was rebuilt in between");
        world
    })
    .await;
}
