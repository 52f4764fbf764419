//! A call without a stream. It runs as a task of its own: should the client leave, the answer is read to its end and charged. Should
//! this process have to end before, the call is interrupted: its client pays nothing, and what it used is the platform's loss.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use futures::StreamExt;
use tokio::{sync::oneshot, time::Instant};

use super::{
    Gateway,
    admission::Admitted,
    dispatch::{Ending, Progress, warn},
    error::GatewayError,
    wire::answer,
};
use crate::{
    domain::usage::{Outcome, Tokens},
    service::{
        metering::AdmittedCall,
        tokens,
        upstream::{UpstreamAnswer, UpstreamFault},
    },
};

/// Largest answer.
const ANSWER_MAX: usize = 32 << 20;

/// Makes the call and waits for its answer.
pub async fn answer(gateway: &Arc<Gateway>, admitted: Admitted) -> Result<Response<Body>, GatewayError> {
    let (client, answer) = oneshot::channel();
    let gateway = gateway.clone();
    let calls = gateway.services.calls.clone();
    calls.spawn(async move { gateway.run(admitted, client).await });
    // The task ends without an answer only by a panic; the call is booked all the same, when it is dropped.
    answer.await.unwrap_or(Err(GatewayError::Internal))
}

type Client = oneshot::Sender<Result<Response<Body>, GatewayError>>;

impl Gateway {
    async fn run(&self, admitted: Admitted, client: Client) {
        let mut progress = Progress::default();
        // Who gives up first: the upstream, or this process when it ends.
        let result = tokio::select! {
            biased;
            result = self.fetch(&admitted, &mut progress) => Some(result),
            () = self.services.cut.cancelled() => None,
        };
        let result = match result {
            None => {
                let end = progress.interrupted(&admitted.call);
                admitted.call.finish(end);
                Err(GatewayError::Unavailable)
            }
            Some(Ok(whole)) => self.finish(admitted, &progress, whole, &client),
            Some(Err(error)) => {
                let end = progress.end(&admitted.call, Ending::failed(&error), Tokens::default(), false);
                admitted.call.finish(end);
                Err(error)
            }
        };
        // A client that left does not hear of it; the call is finished.
        let _gone = client.send(result);
    }

    async fn fetch(&self, admitted: &Admitted, progress: &mut Progress) -> Result<Vec<u8>, GatewayError> {
        let answer = self.open(admitted, progress).await?;
        self.read_answer(answer, &admitted.call, progress).await
    }

    async fn read_answer(
        &self,
        mut answer: UpstreamAnswer,
        call: &AdmittedCall,
        progress: &mut Progress,
    ) -> Result<Vec<u8>, GatewayError> {
        let timeouts = self.services.upstream.timeouts;
        let end = Instant::now() + timeouts.total;
        let mut whole = vec![];
        loop {
            let patience = end.min(Instant::now() + timeouts.idle);
            let piece = match tokio::time::timeout_at(patience, answer.body.next()).await {
                Err(_) | Ok(Some(Err(UpstreamFault::TimedOut))) => return Err(GatewayError::UpstreamTimedOut),
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => return Ok(whole),
                Ok(Some(Err(_))) => return Err(GatewayError::UpstreamError),
            };
            progress.first_token_ms.get_or_insert_with(|| call.age_ms());
            whole.extend_from_slice(&piece);
            if whole.len() > ANSWER_MAX {
                return Err(GatewayError::UpstreamError);
            }
        }
    }

    /// Charges an answer, and hands it on as it came.
    fn finish(
        &self,
        admitted: Admitted,
        progress: &Progress,
        whole: Vec<u8>,
        client: &Client,
    ) -> Result<Response<Body>, GatewayError> {
        let call = admitted.call;
        let mut text = String::new();
        let reading = std::str::from_utf8(&whole).map_err(|_| answer::Garbage).and_then(|json| answer::read(json, &mut text));
        let Ok(reading) = reading else {
            if let Some(provider) = &progress.provider {
                warn(call.facts().id, provider, "sent what is no answer", 200);
            }
            let error = GatewayError::UpstreamError;
            let end = progress.end(&call, Ending::failed(&error), Tokens::default(), false);
            call.finish(end);
            return Err(error);
        };
        let estimate = || Tokens { prompt: admitted.request.count(&admitted.body), cached: 0, completion: tokens::count(&text) };
        // A report of nothing is none.
        let usage = reading.usage.filter(|usage| usage.prompt > 0 || usage.completion > 0);
        let used = usage.unwrap_or_else(estimate);
        let ending = if client.is_closed() { Ending::silent(Outcome::Cancelled, 499) } else { Ending::COMPLETED };
        let end = progress.end(&call, ending, used, usage.is_none());
        // From here on the event is in the spool, so the answer may leave.
        call.finish(end);
        let mut response = Response::new(Body::from(whole));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}
