//! Refusals as problem+json (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::ServiceError;

/// A service's refusal on its way to the client.
#[derive(Debug)]
pub struct Problem(pub ServiceError);

/// What a handler gives back.
pub type Answer<T> = Result<T, Problem>;

/// The body of a refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: the code says more.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What happened and what to do, for people.
    detail: String,
    /// What happened, for programs.
    code: &'static str,
    /// Problems by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// A problem of one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Name of the field; empty where the problem is not one field's.
    field: String,
    /// The problem, for people.
    message: String,
}

impl<E: Into<ServiceError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Problem {
    /// The path is served, but not with this method.
    pub fn method_not_allowed() -> Response {
        render(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not take this method.".into(), vec![])
    }

    /// What was sent can not be read.
    pub fn malformed(detail: String) -> Response {
        render(StatusCode::BAD_REQUEST, "malformed", detail, vec![])
    }

    /// What was sent is not JSON.
    pub fn not_json() -> Response {
        let detail = "Send the body as JSON, with Content-Type: application/json.";
        render(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail.into(), vec![])
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, detail) = match &self.0 {
            ServiceError::SignedOut => (
                StatusCode::UNAUTHORIZED,
                "signed_out",
                "Sign in, or send a valid management token as Authorization: Bearer.".into(),
            ),
            ServiceError::WrongCredentials => {
                (StatusCode::UNAUTHORIZED, "wrong_credentials", AppErrorText::of(ServiceError::WrongCredentials))
            }
            ServiceError::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "Nothing is here, or nothing that you have access to.".into())
            }
            ServiceError::Denied(action) => {
                (StatusCode::FORBIDDEN, "not_allowed", format!("Your role does not let you {}.", action.name()))
            }
            ServiceError::Forbidden(sentence) => (StatusCode::FORBIDDEN, "not_allowed", sentence.clone()),
            ServiceError::ForbiddenAs(code, sentence) => (StatusCode::FORBIDDEN, *code, sentence.clone()),
            ServiceError::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some fields are not valid.".into()),
            ServiceError::Conflict(code, sentence) => (StatusCode::CONFLICT, *code, sentence.clone()),
            ServiceError::Gone(sentence) => (StatusCode::GONE, "gone", sentence.clone()),
            ServiceError::TooManyAttempts(seconds) => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", format!("Too many attempts. Try again in {seconds} s."))
            }
            ServiceError::Limited(sentence, _) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", sentence.clone()),
            ServiceError::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "Tallygate is busy. Nothing was changed; try again in a moment.".into())
            }
            ServiceError::Internal(cause) => {
                // Logged once, here; the line carries the request's id, which the client has in x-request-id.
                tracing::error!(cause, "a request to the management API failed");
                let detail = "This did not work. Nothing was changed. The header x-request-id names it in the server's log.";
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", detail.into())
            }
        };
        let retry_after = match &self.0 {
            ServiceError::TooManyAttempts(seconds) | ServiceError::Limited(_, seconds) => Some(*seconds),
            _ => None,
        };
        let errors = match self.0 {
            ServiceError::Invalid(fields) => {
                fields.0.into_iter().map(|(field, message)| FieldProblem { field, message }).collect()
            }
            _ => vec![],
        };
        let mut response = render(status, code, detail, errors);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The words that pages use for the same refusal.
struct AppErrorText;

impl AppErrorText {
    fn of(error: ServiceError) -> String {
        let error = crate::error::AppError::from(error);
        error.summary().unwrap_or_else(|| error.to_string())
    }
}

fn render(status: StatusCode, code: &'static str, detail: String, errors: Vec<FieldProblem>) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = ProblemBody { r#type: "about:blank", title, status: status.as_u16(), detail, code, errors };
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
