//! A call with a stream. Events are forwarded as they come, several at once where several are ready; the last one, `[DONE]`, only when
//! the usage event is in the spool. A stream is cut when its client leaves or its upstream fails, and then charged for its prompt
//! and what was produced.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Gateway,
    admission::Admitted,
    dispatch::{Ending, Progress, warn},
    error::GatewayError,
    sse::{Event, Splitter},
    standing::Standing,
    stream_meter::{Charge, StreamMeter},
    wire::answer,
};
use crate::{
    domain::usage::Outcome,
    service::upstream::{UpstreamBody, UpstreamFault, UpstreamTimeouts},
};

/// As much as is gathered before it is written.
const WRITE_MAX: usize = 64 << 10;
/// How long the upstream may take to close a stream behind its `[DONE]`, so that its connection can be used again.
const CLOSING: Duration = Duration::from_secs(1);
const DONE: &[u8] = b"data: [DONE]\n\n";

/// Makes the call and waits for its first event, so that what fails before has a status of its own.
pub async fn answer(gateway: &Gateway, admitted: Admitted) -> Result<Response<Body>, GatewayError> {
    let begun = Instant::now();
    let mut progress = Progress::default();
    let opened = gateway.open(&admitted, &mut progress).await.and_then(|answer| {
        if answer.content_type == "text/event-stream" {
            return Ok(answer.body);
        }
        if let Some(provider) = &progress.provider {
            warn(admitted.call.facts().id, provider, "sent no event stream", answer.status);
        }
        Err(GatewayError::UpstreamError)
    });
    let include_usage = admitted.request.include_usage();
    let standing = Standing::new(&gateway.services, admitted.permit.bearer());
    let meter = StreamMeter::new(admitted.call, admitted.body, progress);
    let upstream = match opened {
        Ok(body) => body,
        Err(error) => {
            meter.finish(Ending::failed(&error), Charge::Reported);
            return Err(error);
        }
    };
    let timeouts = gateway.services.upstream.timeouts;
    let mut events = EventStream {
        upstream: Some(upstream),
        splitter: Splitter::default(),
        meter: meter.clone(),
        standing,
        include_usage,
        ready: vec![],
        ready_len: 0,
        has_finished_choice: false,
        first: None,
        is_answered: false,
        failure: None,
        calls: gateway.services.calls.clone(),
        cut: gateway.services.cut.clone(),
        deadline: Box::pin(sleep_until(begun + timeouts.first_byte)),
        last_chunk: begun,
        begun,
        timeouts,
    };
    let watching = events.standing.beside();
    events.wait_for_first().await?;
    gateway.services.calls.spawn(StreamMeter::watch(Arc::downgrade(&meter), watching));
    let mut response = Response::new(Body::new(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The client's side of a stream. Dropped before its end, the client has left.
struct EventStream {
    /// None once the stream has ended, for whatever reason.
    upstream: Option<UpstreamBody>,
    splitter: Splitter,
    meter: Arc<StreamMeter>,
    standing: Standing,
    /// The client asked for the usage chunk.
    include_usage: bool,
    /// What can be written.
    ready: Vec<Bytes>,
    ready_len: usize,
    has_finished_choice: bool,
    /// What was ready when the answer began.
    first: Option<Bytes>,
    /// The client was sent a status.
    is_answered: bool,
    /// Why the stream ended before that.
    failure: Option<GatewayError>,
    calls: TaskTracker,
    /// This process ends what is in flight.
    cut: CancellationToken,
    deadline: Pin<Box<Sleep>>,
    last_chunk: Instant,
    begun: Instant,
    timeouts: UpstreamTimeouts,
}

impl EventStream {
    async fn wait_for_first(&mut self) -> Result<(), GatewayError> {
        self.first = poll_fn(|cx| self.poll_bytes(cx)).await;
        self.is_answered = true;
        self.failure.take().map_or(Ok(()), Err)
    }

    /// The next bytes for the client; `None` at the end.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.meter.wake_when_stopped(cx);
        loop {
            if self.upstream.is_some()
                && let Err(refusal) = ready!(self.standing.poll_check(cx))
            {
                self.stop(&refusal);
            }
            self.take_events();
            if self.upstream.is_none() || self.ready_len >= WRITE_MAX {
                return Poll::Ready(self.gather());
            }
            let Some(upstream) = &mut self.upstream else { return Poll::Ready(None) };
            match upstream.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    self.last_chunk = Instant::now();
                    if self.last_chunk >= self.begun + self.timeouts.total {
                        self.fail(GatewayError::UpstreamTimedOut, "sent no end");
                    }
                    self.splitter.push(&chunk);
                }
                Poll::Ready(Some(Err(UpstreamFault::TimedOut))) => self.fail(GatewayError::UpstreamTimedOut, "stalled"),
                Poll::Ready(Some(Err(_))) => self.fail(GatewayError::UpstreamError, "broke off"),
                Poll::Ready(None) => self.upstream_ended(),
                Poll::Pending if self.ready_len > 0 => return Poll::Ready(self.gather()),
                Poll::Pending => {
                    if self.poll_deadline(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.fail(GatewayError::UpstreamTimedOut, "stalled");
                }
            }
        }
    }

    /// Ready when nothing came for too long. The timer is set anew only when it rings, not for each chunk.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.deadline.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let patience = if self.meter.has_begun() { self.timeouts.idle } else { self.timeouts.first_byte };
            let end = (self.last_chunk + patience).min(self.begun + self.timeouts.total);
            if end <= Instant::now() {
                return Poll::Ready(());
            }
            self.deadline.as_mut().reset(end);
        }
    }

    fn take_events(&mut self) {
        while self.upstream.is_some() && self.ready_len < WRITE_MAX {
            match self.splitter.next_event() {
                Ok(Some(event)) => self.take(event),
                Ok(None) => return,
                Err(_) => self.fail(GatewayError::UpstreamError, "sent an endless line"),
            }
        }
    }

    fn take(&mut self, event: Event) {
        let Some(data) = event.data() else {
            return self.write(event.raw);
        };
        if data == b"[DONE]" {
            return self.complete();
        }
        let reading = std::str::from_utf8(data).map_err(|_| answer::Garbage).and_then(|json| self.meter.read(json));
        match reading {
            Ok(reading) => {
                self.has_finished_choice |= reading.is_finished;
                if !reading.is_usage_only || self.include_usage {
                    self.write(event.raw);
                }
            }
            Err(_) => self.fail(GatewayError::UpstreamError, "sent what is no answer"),
        }
    }

    fn upstream_ended(&mut self) {
        if let Some(rest) = self.splitter.rest() {
            self.take(rest);
        }
        // Some servers close behind the last choice without a word.
        match self.upstream {
            Some(_) if self.has_finished_choice => self.complete(),
            Some(_) => self.fail(GatewayError::UpstreamError, "broke off"),
            None => {}
        }
    }

    fn complete(&mut self) {
        self.meter.finish(Ending::COMPLETED, Charge::Produced);
        self.write(Bytes::from_static(DONE));
        if let Some(mut upstream) = self.upstream.take() {
            // Usually the end is here already; else it is waited for, but not by the client.
            let mut nobody = Context::from_waker(std::task::Waker::noop());
            if upstream.as_mut().poll_next(&mut nobody).is_pending() {
                self.calls.spawn(tokio::time::timeout(CLOSING, async move { while let Some(Ok(_)) = upstream.next().await {} }));
            }
        }
    }

    fn fail(&mut self, error: GatewayError, what: &str) {
        if self.upstream.take().is_none() {
            return;
        }
        self.meter.warn(what);
        if self.is_answered || self.ready_len > 0 {
            // The status was sent, or is about to be; the error is the last event.
            self.meter.finish(Ending { status: 200, ..Ending::failed(&error) }, Charge::ProducedIfAny);
            self.write(error.event());
        } else {
            self.meter.finish(Ending::failed(&error), Charge::Reported);
            self.failure = Some(error);
        }
    }

    /// Key or person have fallen: what was handed on so far is all that they get.
    fn stop(&mut self, error: &GatewayError) {
        self.upstream = None;
        let ending = Ending { outcome: Outcome::Cancelled, ..Ending::failed(error) };
        if self.is_answered || self.ready_len > 0 {
            self.meter.finish(Ending { status: 200, ..ending }, Charge::Produced);
            self.write(error.event());
        } else {
            self.meter.finish(ending, Charge::Reported);
            self.failure = Some(error.clone());
        }
    }

    fn write(&mut self, bytes: Bytes) {
        self.ready_len += bytes.len();
        self.ready.push(bytes);
    }

    fn gather(&mut self) -> Option<Bytes> {
        let length = std::mem::take(&mut self.ready_len);
        match self.ready.len() {
            0 => None,
            1 => self.ready.pop(),
            _ => {
                let mut all = BytesMut::with_capacity(length);
                self.ready.drain(..).for_each(|bytes| all.extend_from_slice(&bytes));
                Some(all.freeze())
            }
        }
    }
}

impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.poll_bytes(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.upstream.is_none() && self.first.is_none() && self.ready.is_empty()
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        if self.upstream.is_some() {
            self.meter.cut(if self.cut.is_cancelled() { Outcome::Interrupted } else { Outcome::Cancelled });
        }
    }
}
