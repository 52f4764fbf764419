//! What an API client gets instead of an answer: the table of spec.md §6.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use serde::Serialize;

use super::wire::object::Invalid;
use crate::{
    domain::{
        call_words,
        catalog::check_model_name,
        time::UnixMs,
        usage::{Outcome, kept_sentence},
    },
    service::{
        access::decide::{KeyRefusal, ModelRefusal},
        playground::PlayerRefusal,
        quota::LimitHit,
    },
};

/// Longest wait that a client is asked to sit out; beyond it is told not to retry.
const RETRY_MAX_S: u64 = 60;

/// Why a call has no answer. The text of causes stays in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayError {
    /// The body is over the size limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body did not arrive in time, or broke off.
    BodyTimedOut,
    /// The body is compressed.
    ContentEncoding,
    /// The key is not accepted.
    Key(KeyRefusal),
    /// Nobody who may call without a key; the playground's alone.
    Player(PlayerRefusal),
    /// The body is not a request.
    Invalid(Invalid),
    /// The model can not be called with this key.
    Model(ModelRefusal, ModelAccess),
    /// A limit, a budget or a balance does not let it through.
    Limit(Box<LimitHit>),
    /// The spool takes no call: nothing is let through unmetered.
    Unavailable,
    /// The provider refused what was asked; its own words.
    UpstreamRejected {
        /// Its status: 400, 413 or 422.
        status: u16,
        /// Its JSON, where it sent some.
        body: Option<Bytes>,
    },
    /// No provider gave an answer that makes sense.
    UpstreamError,
    /// All providers have too much to do.
    UpstreamRateLimited {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// The provider did not answer in time.
    UpstreamTimedOut,
    /// There is nothing under this path.
    UnknownPath,
    /// Not with this method.
    MethodNotAllowed {
        /// The right one.
        allow: &'static str,
    },
    /// A fault of this program.
    Internal,
}

/// The model that a refusal is about, and where more can be had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelAccess {
    /// As asked for.
    pub model: String,
    /// What the organization lets be done with it.
    pub state: &'static str,
    /// Who can change that.
    pub decided_by: &'static str,
    /// Where to ask.
    pub request_url: String,
}

const INVALID: &str = "invalid_request_error";
const API: &str = "api_error";
const PERMISSION: &str = "permission_error";

impl GatewayError {
    /// Status, type and code: a row of the table.
    pub fn row(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::TooLarge { .. } => (413, INVALID, "request_too_large"),
            Self::BodyTimedOut => (408, INVALID, "request_timeout"),
            Self::ContentEncoding => (415, INVALID, "unsupported_content_encoding"),
            Self::Key(KeyRefusal::Unknown) => (401, INVALID, "invalid_api_key"),
            Self::Key(KeyRefusal::Revoked) => (401, INVALID, "api_key_revoked"),
            Self::Key(KeyRefusal::Expired) => (401, INVALID, "api_key_expired"),
            Self::Player(PlayerRefusal::SignedOut) => (401, INVALID, "signed_out"),
            Self::Player(PlayerRefusal::Stranger) => (404, INVALID, "context_not_found"),
            Self::Player(PlayerRefusal::RoleMakesNone) => (403, PERMISSION, "role_makes_no_calls"),
            Self::Invalid(_) => (400, INVALID, "invalid_request"),
            Self::Model(ModelRefusal::NotFound, _) => (404, INVALID, "model_not_found"),
            Self::Model(ModelRefusal::RequiresApproval, _) => (403, PERMISSION, "model_requires_approval"),
            Self::Model(ModelRefusal::NotInKeyScope, _) => (403, PERMISSION, "model_not_in_key_scope"),
            Self::Limit(hit) => (429, hit.kind, hit.code),
            Self::Unavailable => (503, API, "service_unavailable"),
            Self::UpstreamRejected { status, .. } => (*status, INVALID, "upstream_rejected"),
            Self::UpstreamError => (502, API, "upstream_error"),
            Self::UpstreamRateLimited { .. } => (429, API, "upstream_rate_limited"),
            Self::UpstreamTimedOut => (504, API, "upstream_timeout"),
            Self::UnknownPath => (404, INVALID, "unknown_url"),
            Self::MethodNotAllowed { .. } => (405, INVALID, "method_not_allowed"),
            Self::Internal => (500, API, "internal_error"),
        }
    }

    /// What the table calls it.
    pub fn code(&self) -> &'static str {
        self.row().2
    }

    /// How a call that was admitted ends with this.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::UpstreamRejected { .. } => Outcome::UpstreamRejected,
            Self::UpstreamTimedOut => Outcome::UpstreamTimeout,
            Self::UpstreamError | Self::UpstreamRateLimited { .. } | Self::Internal => Outcome::UpstreamError,
            _ => Outcome::Refused,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::TooLarge { limit } => format!("The body is larger than {} MiB.", limit >> 20),
            Self::BodyTimedOut => "The body did not arrive in time.".into(),
            Self::ContentEncoding => "Send the body without Content-Encoding.".into(),
            Self::Key(KeyRefusal::Unknown) => {
                "No valid API key. Send one as `Authorization: Bearer tg_…` or `x-api-key: tg_…`.".into()
            }
            Self::Key(KeyRefusal::Revoked) => "This API key was revoked. Create a new one.".into(),
            Self::Key(KeyRefusal::Expired) => "This API key has expired. Create a new one or extend it.".into(),
            Self::Player(PlayerRefusal::SignedOut) => "You are signed out. Sign in to go on.".into(),
            Self::Player(PlayerRefusal::Stranger) => "This team does not exist, or you have no access to it.".into(),
            Self::Player(PlayerRefusal::RoleMakesNone) => {
                "Your role does not let you make calls here. Ask an owner or admin of the team.".into()
            }
            Self::Invalid(problem) => problem.message.clone(),
            Self::Model(ModelRefusal::NotFound, access) => call_words::no_such_model(&access.model),
            Self::Model(ModelRefusal::RequiresApproval, access) => call_words::needs_approval(&access.model),
            Self::Model(ModelRefusal::NotInKeyScope, access) => {
                format!("The model `{}` is outside this key's own models.", access.model)
            }
            Self::Limit(hit) => hit.sentence.clone(),
            Self::Unavailable => "The gateway can not record calls at the moment, so it makes none. Try again.".into(),
            Self::UpstreamRejected { .. } => "The provider refused this request.".into(),
            Self::UpstreamError => call_words::PROVIDER_FAILED.into(),
            Self::UpstreamRateLimited { .. } => "The provider of this model has too many requests. Try again later.".into(),
            Self::UpstreamTimedOut => call_words::PROVIDER_TIMED_OUT.into(),
            Self::UnknownPath => "There is nothing under this path.".into(),
            Self::MethodNotAllowed { allow } => format!("Use {allow} here."),
            Self::Internal => "Something went wrong inside the gateway. The x-request-id helps to find out what.".into(),
        }
    }

    /// What is kept with a call of the sentence that its client is sent: none of a provider's words, and nothing in the place of a
    /// model's name that can not be one, because it may be anything.
    pub fn kept_sentence(&self) -> String {
        match self {
            Self::UpstreamRejected { body: Some(_), .. } => String::new(),
            Self::Model(refusal, access) if check_model_name(&access.model).is_err() => {
                Self::Model(*refusal, ModelAccess { model: "…".into(), ..ModelAccess::default() }).message()
            }
            _ => kept_sentence(&self.message()),
        }
    }

    /// The error in OpenAI's shape: all four fields, whatever they hold.
    pub fn body(&self) -> Bytes {
        #[derive(Serialize)]
        struct Body<'a> {
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            message: String,
            r#type: &'a str,
            param: Option<&'a str>,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            access: Option<&'a ModelAccess>,
            #[serde(skip_serializing_if = "Option::is_none")]
            limit: Option<Limit<'a>>,
        }
        #[derive(Serialize)]
        struct Limit<'a> {
            scope: &'a str,
            window: &'a str,
            limit: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            used: Option<i64>,
            resets_at: Option<UnixMs>,
            manage_url: &'a str,
        }
        if let Self::UpstreamRejected { body: Some(body), .. } = self {
            return body.clone();
        }
        let (_, kind, code) = self.row();
        let param = match self {
            Self::Invalid(problem) => problem.param,
            Self::Model(..) => Some("model"),
            _ => None,
        };
        let access = match self {
            Self::Model(ModelRefusal::RequiresApproval, access) => Some(access),
            _ => None,
        };
        let limit = match self {
            Self::Limit(hit) => Some(Limit {
                scope: hit.scope,
                window: hit.window,
                limit: hit.limit,
                used: hit.used,
                resets_at: hit.resets_at,
                manage_url: &hit.manage_url,
            }),
            _ => None,
        };
        let body = Body { error: Inner { message: self.message(), r#type: kind, param, code, access, limit } };
        serde_json::to_vec(&body).unwrap_or_default().into()
    }

    /// The error as an event, for a stream that has begun.
    pub fn event(&self) -> Bytes {
        [b"data: ".as_slice(), &self.body(), b"\n\n"].concat().into()
    }

    /// The error as an answer.
    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body()));
        let (status, _, code) = self.row();
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self {
            Self::Key(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::MethodNotAllowed { allow } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            // What is left of the body is not wanted.
            Self::TooLarge { .. } | Self::BodyTimedOut => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Self::UpstreamRateLimited { retry_after_s } => ask_to_wait(headers, Some(*retry_after_s)),
            Self::Limit(hit) => ask_to_wait(headers, hit.wait_s.and_then(|wait| u64::try_from(wait).ok())),
            _ => {}
        }
        tracing::debug!(status, code, "a gateway call was answered with an error");
        response
    }
}

/// Asks a client to sit out a wait, or not to try again by itself.
fn ask_to_wait(headers: &mut HeaderMap, wait_s: Option<u64>) {
    match wait_s.filter(|wait| *wait <= RETRY_MAX_S) {
        Some(wait) => headers.insert(header::RETRY_AFTER, HeaderValue::from(wait)),
        None => headers.insert("x-should-retry", HeaderValue::from_static("false")),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_row() {
        let invalid = Invalid { message: "`n` is wrong.".into(), param: Some("n") };
        let access = ModelAccess {
            model: "m".into(),
            state: "approval",
            decided_by: "organization",
            request_url: "http://x/teams/a".into(),
        };
        let model = |refusal| GatewayError::Model(refusal, access.clone());
        let table = [
            (GatewayError::TooLarge { limit: 10 << 20 }, 413, INVALID, "request_too_large"),
            (GatewayError::BodyTimedOut, 408, INVALID, "request_timeout"),
            (GatewayError::ContentEncoding, 415, INVALID, "unsupported_content_encoding"),
            (GatewayError::Key(KeyRefusal::Unknown), 401, INVALID, "invalid_api_key"),
            (GatewayError::Key(KeyRefusal::Revoked), 401, INVALID, "api_key_revoked"),
            (GatewayError::Key(KeyRefusal::Expired), 401, INVALID, "api_key_expired"),
            (GatewayError::Player(PlayerRefusal::SignedOut), 401, INVALID, "signed_out"),
            (GatewayError::Player(PlayerRefusal::Stranger), 404, INVALID, "context_not_found"),
            (GatewayError::Player(PlayerRefusal::RoleMakesNone), 403, PERMISSION, "role_makes_no_calls"),
            (GatewayError::Invalid(invalid), 400, INVALID, "invalid_request"),
            (model(ModelRefusal::NotFound), 404, INVALID, "model_not_found"),
            (model(ModelRefusal::RequiresApproval), 403, PERMISSION, "model_requires_approval"),
            (model(ModelRefusal::NotInKeyScope), 403, PERMISSION, "model_not_in_key_scope"),
            (GatewayError::Unavailable, 503, API, "service_unavailable"),
            (GatewayError::UpstreamRejected { status: 422, body: None }, 422, INVALID, "upstream_rejected"),
            (GatewayError::UpstreamError, 502, API, "upstream_error"),
            (GatewayError::UpstreamRateLimited { retry_after_s: 7 }, 429, API, "upstream_rate_limited"),
            (GatewayError::UpstreamTimedOut, 504, API, "upstream_timeout"),
            (GatewayError::UnknownPath, 404, INVALID, "unknown_url"),
            (GatewayError::MethodNotAllowed { allow: "POST" }, 405, INVALID, "method_not_allowed"),
            (GatewayError::Internal, 500, API, "internal_error"),
        ];
        for (error, status, kind, code) in table {
            assert_eq!(error.response().status().as_u16(), status, "{error:?}");
            let body: serde_json::Value = serde_json::from_slice(&error.body()).unwrap();
            let fields = body["error"].as_object().unwrap();
            assert_eq!((&fields["type"], &fields["code"]), (&kind.into(), &code.into()), "{error:?}");
            assert!(fields["message"].as_str().unwrap().ends_with('.') && fields.contains_key("param"), "{error:?}");
            assert_eq!(fields.contains_key("access"), code == "model_requires_approval");
            assert_eq!(error.outcome() == Outcome::Refused, !(code.starts_with("upstream") || status == 500), "{error:?}");
        }
    }

    #[test]
    fn waits_beyond_a_minute_are_not_asked_of_clients() {
        let headers = |retry_after_s| GatewayError::UpstreamRateLimited { retry_after_s }.response().headers().clone();
        assert_eq!(headers(60)["retry-after"], "60");
        assert!(!headers(61).contains_key("retry-after"));
        assert_eq!(headers(61)["x-should-retry"], "false");
    }

    #[test]
    fn a_providers_own_refusal_passes_as_it_is() {
        let body = Bytes::from_static(br#"{"error":{"message":"too long","x":1}}"#);
        let error = GatewayError::UpstreamRejected { status: 400, body: Some(body.clone()) };
        assert_eq!(error.body(), body);
    }
}
