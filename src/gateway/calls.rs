//! `POST /v1/chat/completions` and `/v1/embeddings`, from the first look at the headers to the answer.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Response, header},
};
use tokio::sync::oneshot;

use super::{
    Gateway, Head,
    admission::{Admitted, Candidate},
    authenticate::authenticate,
    body,
    error::GatewayError,
    plain, streaming,
    wire::request::Endpoint,
};
use crate::{
    domain::usage::CallEnd,
    service::{Services, access::decide::Bearer},
};

/// `POST /v1/chat/completions`.
pub async fn chat(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    answer(&gateway, Endpoint::Chat, request).await
}

/// `POST /v1/embeddings`.
pub async fn embeddings(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    answer(&gateway, Endpoint::Embeddings, request).await
}

async fn answer(gateway: &Arc<Gateway>, endpoint: Endpoint, request: Request) -> Response<Body> {
    let by_key = |services: &Services, headers: &HeaderMap| authenticate(services, headers).map(Bearer::Key);
    answer_of(gateway, endpoint, request, by_key, None).await
}

/// A call of whoever `who` finds, whose end is told to `told`.
pub async fn answer_of(
    gateway: &Arc<Gateway>,
    endpoint: Endpoint,
    request: Request,
    who: impl FnOnce(&Services, &HeaderMap) -> Result<Bearer, GatewayError>,
    told: Option<oneshot::Sender<CallEnd>>,
) -> Response<Body> {
    let mut head = Head::new(gateway);
    let mut admitted = admit(gateway, &mut head, endpoint, request, who).await;
    if let (Ok(admitted), Some(told)) = (&mut admitted, told) {
        admitted.call.tell(told);
    }
    if let Ok(admitted) = &admitted {
        head.rooms = admitted.call.rooms();
    }
    let answer = match admitted {
        Ok(admitted) if admitted.request.stream() => streaming::answer(gateway, admitted).await,
        Ok(admitted) => plain::answer(gateway, admitted).await,
        Err(error) => Err(error),
    };
    head.complete(answer)
}

/// Everything that is decided before a call goes upstream, in the order of spec.md §6.
async fn admit(
    gateway: &Gateway,
    head: &mut Head,
    endpoint: Endpoint,
    request: Request,
    who: impl FnOnce(&Services, &HeaderMap) -> Result<Bearer, GatewayError>,
) -> Result<Admitted, GatewayError> {
    let services = &gateway.services;
    let (parts, body) = request.into_parts();
    let body = body::check_length(services, &parts.headers, body)?;
    let bearer = match who(services, &parts.headers) {
        Ok(bearer) => bearer,
        Err(error) => {
            body::discard(services, body).await?;
            return Err(error);
        }
    };
    head.name_context(bearer.team());
    let candidate = Candidate::new(services, bearer, head.id, head.at, endpoint);
    if parts.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        body::discard(services, body).await?;
        return Err(candidate.refuse(GatewayError::ContentEncoding));
    }
    let body = body::read(services, body).await?;
    candidate.admit(body).await
}
