//! Sends an admitted call upstream: deployment after deployment until one answers, or the last has failed. What a provider says about
//! its failures stays in the log.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;

use super::{
    Gateway,
    admission::Admitted,
    error::GatewayError,
    simulated, simulated_embeddings,
    wire::{
        chat_request::{ChatRequest, Target},
        request::Request,
    },
};
use crate::{
    domain::{
        catalog::ProviderKind,
        ids::CallId,
        money::NanoUsd,
        usage::{CallEnd, Outcome, Tokens},
    },
    service::{
        access::snapshot::{DeploymentEntry, ModelEntry, ProviderEntry},
        metering::{AdmittedCall, charge},
        upstream::{UpstreamAnswer, UpstreamFault, UpstreamRequest},
    },
};

/// Largest refusal of a provider that is passed on.
const REFUSAL_MAX: usize = 1 << 20;
/// What a client is asked to wait where the providers did not say.
const DEFAULT_WAIT_S: u64 = 5;

/// How far a call got.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Providers asked.
    pub attempts: u32,
    /// The last of them.
    pub provider: Option<Arc<ProviderEntry>>,
    /// Admission to when it was asked.
    pub upstream_ms: Option<i64>,
    /// Admission to first byte.
    pub first_token_ms: Option<i64>,
}

/// How a call ended, for the client.
#[derive(Clone, Debug)]
pub struct Ending {
    /// How it ended.
    pub outcome: Outcome,
    /// Status that the client got.
    pub status: u16,
    /// Error code that the client got.
    pub code: &'static str,
    /// What is kept of the error's sentence.
    pub message: String,
}

impl Ending {
    /// With the whole answer.
    pub const COMPLETED: Self = Self::silent(Outcome::Completed, 200);

    /// Without a word about an error.
    pub const fn silent(outcome: Outcome, status: u16) -> Self {
        Self { outcome, status, code: "", message: String::new() }
    }

    /// With an error instead of an answer.
    pub fn failed(error: &GatewayError) -> Self {
        let (status, _, code) = error.row();
        Self { outcome: error.outcome(), status, code, message: error.kept_sentence() }
    }
}

impl Progress {
    /// The end of a call, charged for its tokens.
    pub fn end(&self, call: &AdmittedCall, ending: Ending, tokens: Tokens, estimated: bool) -> CallEnd {
        let (cost, list_cost) = charge(call.facts(), tokens);
        CallEnd {
            outcome: ending.outcome,
            status: ending.status,
            code: ending.code.into(),
            tokens,
            estimated,
            provider: self.provider.as_ref().map(|provider| provider.id),
            provider_name: self.provider.as_ref().map_or_else(String::new, |provider| provider.name.clone()),
            attempts: self.attempts,
            upstream_ms: self.upstream_ms,
            first_token_ms: self.first_token_ms,
            latency_ms: call.age_ms(),
            cost,
            list_cost,
            loss: NanoUsd(0),
            message: ending.message,
        }
    }

    /// The end of a call that this process has to end.
    pub fn interrupted(&self, call: &AdmittedCall) -> CallEnd {
        CallEnd {
            provider: self.provider.as_ref().map(|provider| provider.id),
            provider_name: self.provider.as_ref().map_or_else(String::new, |provider| provider.name.clone()),
            attempts: self.attempts,
            upstream_ms: self.upstream_ms,
            first_token_ms: self.first_token_ms,
            ..call.interrupted()
        }
    }
}

/// Why a deployment gave no answer.
struct Failure {
    error: GatewayError,
    /// Another deployment may do better.
    try_next: bool,
    /// Seconds that the provider asked to wait.
    wait_s: Option<u64>,
}

impl Failure {
    fn of(error: GatewayError) -> Self {
        Self { error, try_next: true, wait_s: None }
    }
}

impl Gateway {
    /// Asks the model's deployments in turn; the answer has status 200.
    pub async fn open(&self, admitted: &Admitted, progress: &mut Progress) -> Result<UpstreamAnswer, GatewayError> {
        let model = admitted.permit.model();
        let clock = &self.services.clock;
        let mut last = GatewayError::UpstreamError;
        for deployment in self.routing.order(&model.deployments, clock.now()) {
            progress.attempts += 1;
            progress.provider = Some(deployment.provider.clone());
            progress.upstream_ms = Some(admitted.call.age_ms());
            match self.attempt(admitted, deployment).await {
                Ok(answer) => {
                    self.routing.succeeded(deployment);
                    return Ok(answer);
                }
                Err(failure) => {
                    last = failure.error;
                    if matches!(last, GatewayError::UpstreamRejected { .. }) {
                        break;
                    }
                    self.routing.failed(deployment, clock.now(), failure.wait_s);
                    if !failure.try_next {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    async fn attempt(&self, admitted: &Admitted, deployment: &DeploymentEntry) -> Result<UpstreamAnswer, Failure> {
        let call = admitted.call.facts().id;
        let provider = &deployment.provider;
        let target = target(admitted.permit.model(), deployment);
        let mut answer = match provider.kind {
            ProviderKind::Simulated => match &admitted.request {
                Request::Chat(request) => simulated::answer(provider, request, admitted.body.len(), &target, call),
                Request::Embeddings(request) => {
                    simulated_embeddings::answer(provider, request, &admitted.body, target.model, call)
                }
            },
            ProviderKind::Openai => {
                let request = UpstreamRequest {
                    base_url: &provider.base_url,
                    path: admitted.request.endpoint().upstream_path(),
                    secret: provider.secret.as_ref(),
                    body: Some(admitted.request.render(&admitted.body, target)),
                    stream: admitted.request.stream(),
                    call: Some(call),
                };
                self.services.upstream.send(request).await.map_err(|fault| failed(call, provider, fault))?
            }
        };
        match answer.status {
            200 => Ok(answer),
            status @ (400 | 413 | 422) => {
                let body = self.read_refusal(&mut answer, provider).await;
                Err(Failure { try_next: false, ..Failure::of(GatewayError::UpstreamRejected { status, body }) })
            }
            429 => {
                let wait_s = answer.retry_after_s;
                warn(call, provider, "has too many requests", 429);
                let error = GatewayError::UpstreamRateLimited { retry_after_s: wait_s.unwrap_or(DEFAULT_WAIT_S) };
                Err(Failure { wait_s, ..Failure::of(error) })
            }
            status => {
                warn(call, provider, "answered with an error", status);
                Err(Failure::of(GatewayError::UpstreamError))
            }
        }
    }

    /// A provider's own words about a request that it does not take: JSON, and without the secret that was sent to it.
    async fn read_refusal(&self, answer: &mut UpstreamAnswer, provider: &ProviderEntry) -> Option<Bytes> {
        let mut text = vec![];
        let reading = async {
            while let Some(piece) = answer.body.next().await {
                text.extend_from_slice(&piece.ok()?);
                if text.len() > REFUSAL_MAX {
                    return None;
                }
            }
            Some(())
        };
        tokio::time::timeout(self.services.upstream.timeouts.idle, reading).await.ok()??;
        let is_object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&text).is_ok();
        let names_secret = provider.secret.as_ref().is_some_and(|secret| {
            let secret = secret.expose().as_bytes();
            !secret.is_empty() && memchr::memmem::find(&text, secret).is_some()
        });
        (is_object && !names_secret).then(|| text.into())
    }
}

fn failed(call: CallId, provider: &ProviderEntry, fault: UpstreamFault) -> Failure {
    tracing::warn!(call.id = %call, provider.id = %provider.id, %fault, "a provider gave no answer");
    match fault {
        // It may be at work on the call still: asking another would do the work twice.
        UpstreamFault::TimedOut => Failure { try_next: false, ..Failure::of(GatewayError::UpstreamTimedOut) },
        UpstreamFault::NotAllowed | UpstreamFault::NoConnection | UpstreamFault::Broken => {
            Failure::of(GatewayError::UpstreamError)
        }
    }
}

/// Logs what a provider did; the platform's admins look here.
pub fn warn(call: CallId, provider: &ProviderEntry, what: &str, status: u16) {
    tracing::warn!(call.id = %call, provider.id = %provider.id, status, "a provider {what}");
}

fn target<'a>(model: &ModelEntry, deployment: &'a DeploymentEntry) -> Target<'a> {
    let output = model.default_output.unwrap_or(model.max_output);
    Target {
        model: &deployment.upstream_model,
        output: u64::try_from(output).unwrap_or(1),
        output_field: output_field(&deployment.provider.base_url),
    }
}

/// OpenAI's newer models refuse `max_tokens`; many compatible servers know nothing else.
fn output_field(base_url: &str) -> &'static str {
    let host = base_url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    if host == "api.openai.com" || host.ends_with(".openai.azure.com") { "max_completion_tokens" } else { "max_tokens" }
}

/// The output bound that goes upstream.
pub fn output_bound(request: &ChatRequest, target: &Target<'_>) -> u64 {
    request.output().unwrap_or(target.output)
}
