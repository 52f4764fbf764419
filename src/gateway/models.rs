//! `GET /v1/models` and `GET /v1/models/{id}`: what this key may call, and nothing else.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Response, header},
};
use serde::Serialize;

use super::{
    Gateway, Head,
    admission::shortened,
    authenticate::authenticate,
    error::{GatewayError, ModelAccess},
};
use crate::service::access::{
    decide::{Holder, ModelRefusal},
    snapshot::ModelEntry,
};

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'static str,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

fn model<'a>(entry: &ModelEntry, id: &'a str) -> Model<'a> {
    Model { id, object: "model", created: entry.created_at.0 / 1_000, owned_by: "tallygate" }
}

/// `GET /v1/models`.
pub async fn list(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response<Body> {
    let mut head = Head::new(&gateway);
    let answer = authenticate(&gateway.services, &headers).map(|key| {
        head.name_context(&key.team);
        let models = gateway.services.snapshot().callable(&Holder::of_key(&key), head.at);
        json(&List { object: "list", data: models.iter().map(|entry| model(entry, &entry.name)).collect() })
    });
    head.complete(answer)
}

/// `GET /v1/models/{id}`; the id may hold slashes, and may be an alias.
pub async fn find(State(gateway): State<Arc<Gateway>>, Path(id): Path<String>, headers: HeaderMap) -> Response<Body> {
    let mut head = Head::new(&gateway);
    let answer = authenticate(&gateway.services, &headers).and_then(|key| {
        head.name_context(&key.team);
        let permit = gateway.services.snapshot().authorize(&key, &id, head.at).map_err(|_| {
            let access = ModelAccess { model: shortened(&id), ..ModelAccess::default() };
            GatewayError::Model(ModelRefusal::NotFound, access)
        })?;
        Ok(json(&model(permit.model(), &id)))
    });
    head.complete(answer)
}

fn json(value: &impl Serialize) -> Response<Body> {
    let mut response = Response::new(Body::from(serde_json::to_vec(value).unwrap_or_default()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
