//! Embeddings of the simulated provider: unit vectors that follow from the input, so that the same text always gets the same one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    simulated::{Dice, pause, respond},
    wire::embeddings_request::EmbeddingsRequest,
};
use crate::{
    domain::ids::CallId,
    service::{
        access::snapshot::ProviderEntry,
        upstream::{UpstreamAnswer, UpstreamFault},
    },
};

/// Length of a vector where the call names none.
const DIMENSIONS: u64 = 256;
/// The longest vectors: with the most inputs they still fit into an answer.
const DIMENSIONS_MAX: u64 = 1_024;

#[derive(Serialize)]
struct Answer<'a> {
    object: &'static str,
    data: Vec<Embedding>,
    model: &'a str,
    usage: Usage,
}

#[derive(Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector {
    Floats(Vec<f32>),
    Base64(String),
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Answers a call.
pub fn answer(provider: &ProviderEntry, request: &EmbeddingsRequest, body: &Bytes, model: &str, call: CallId) -> UpstreamAnswer {
    let simulation = &provider.simulation;
    let mut dice = Dice::of(provider, call);
    if dice.roll(1_000) < u64::from(simulation.failure_per_mille) {
        return respond(500, Box::pin(stream::empty()), false);
    }
    let is_cut = dice.roll(1_000) < u64::from(simulation.cut_per_mille);
    let dimensions = request.dimensions.unwrap_or(DIMENSIONS);
    if dimensions > DIMENSIONS_MAX {
        let message = format!("The simulated provider makes vectors of at most {DIMENSIONS_MAX} dimensions.");
        let error = serde_json::json!({"error": {
            "message": message, "type": "invalid_request_error", "param": "dimensions", "code": "invalid_request",
        }});
        return respond(400, Box::pin(stream::once(async move { Ok(Bytes::from(error.to_string())) })), false);
    }
    let (request, body, model) = (request.clone(), body.clone(), model.to_owned());
    let wait_ms = u64::from(simulation.first_token_ms);
    let whole = stream::once(async move {
        pause(wait_ms).await;
        if is_cut {
            return Err(UpstreamFault::Broken);
        }
        let embedding = |(index, at): (usize, &std::ops::Range<usize>)| {
            let vector = vector(body.get(at.clone()).unwrap_or_default(), dimensions);
            let embedding = if request.base64 { Vector::Base64(packed(&vector)) } else { Vector::Floats(vector) };
            Embedding { object: "embedding", index, embedding }
        };
        let data = request.inputs.iter().enumerate().map(embedding).collect();
        let usage = Usage { prompt_tokens: request.estimate(), total_tokens: request.estimate() };
        let answer = Answer { object: "list", data, model: &model, usage };
        Ok(Bytes::from(serde_json::to_vec(&answer).unwrap_or_default()))
    });
    respond(200, whole.boxed(), false)
}

fn vector(input: &[u8], dimensions: u64) -> Vec<f32> {
    let seed: [u8; 32] = Sha256::digest(input).into();
    let mut dice = Dice(u64::from_le_bytes([seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7]]));
    let mut vector: Vec<f32> = (0..dimensions).map(|_| dice.roll(2_000_001) as f32 / 1_000_000.0 - 1.0).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    for x in &mut vector {
        *x /= length;
    }
    vector
}

fn packed(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}
