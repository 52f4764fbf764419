//! What a service answers when it does not do what was asked. One type for all use cases: doors translate it
//! (`From<ServiceError> for AppError` for pages, `api::problem` for REST), and a table test walks all variants.

use crate::{
    domain::{field_errors::FieldErrors, roles::Action},
    error::AppError,
};

/// A refusal, or a fault of this program.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Nobody is signed in, or the credential is not valid any more.
    #[error("not signed in")]
    SignedOut,
    /// E-mail or password is not right; which of them stays unsaid.
    #[error("email or password is not right")]
    WrongCredentials,
    /// Does not exist, or not for this caller.
    #[error("not found")]
    NotFound,
    /// The caller's role lacks a permission.
    #[error("not allowed to {}", .0.name())]
    Denied(Action),
    /// Only for platform admins, or another fixed sentence.
    #[error("{0}")]
    Forbidden(String),
    /// The same with a code that programs know the case by.
    #[error("{1}")]
    ForbiddenAs(&'static str, String),
    /// Inputs with problems.
    #[error("invalid input")]
    Invalid(FieldErrors),
    /// The state of things does not allow it; a code for programs and a sentence for people.
    #[error("{1}")]
    Conflict(&'static str, String),
    /// Was there once, and is used up or over.
    #[error("{0}")]
    Gone(String),
    /// Too many attempts; seconds to wait.
    #[error("too many attempts")]
    TooManyAttempts(i64),
    /// More of something than a stated limit gives: a sentence that says when it fits again, and seconds until then.
    #[error("{0}")]
    Limited(String, i64),
    /// Overloaded, or storage is away.
    #[error("busy")]
    Busy,
    /// A fault of this program.
    #[error("internal: {0}")]
    Internal(String),
}

impl ServiceError {
    /// A problem of one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::one(field, message))
    }
}

impl From<FieldErrors> for ServiceError {
    fn from(fields: FieldErrors) -> Self {
        Self::Invalid(fields)
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed => Self::Busy,
            // A null byte, which PostgreSQL takes in no text; where it matters to a field, that field's check has said so before.
            sqlx::Error::Database(error) if error.code().as_deref() == Some("22021") => {
                Self::field("", "A character in it can not be stored.")
            }
            other => Self::Internal(format!("storage: {other}")),
        }
    }
}

impl From<ServiceError> for AppError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::SignedOut => Self::SignedOut,
            ServiceError::WrongCredentials => Self::WrongCredentials,
            ServiceError::NotFound => Self::NotFound,
            ServiceError::Denied(action) => Self::Forbidden {
                message: format!("Your role does not let you {}. Ask an owner or admin of the team.", action.name()),
            },
            ServiceError::Forbidden(message) | ServiceError::ForbiddenAs(_, message) => Self::Forbidden { message },
            ServiceError::Invalid(fields) => Self::Invalid { fields },
            ServiceError::Conflict(_, message) | ServiceError::Gone(message) => Self::Conflict { message },
            ServiceError::TooManyAttempts(retry_after_s) => Self::TooManyAttempts { retry_after_s },
            ServiceError::Limited(message, _) => Self::Limited { message },
            ServiceError::Busy => Self::Unavailable,
            ServiceError::Internal(cause) => {
                // Logged once, here, where it is handled; the visitor gets the reference alone.
                let reference = format!("{:08x}", crc32fast::hash(cause.as_bytes()));
                tracing::error!(reference, cause, "a page's request failed");
                Self::Internal { reference }
            }
        }
    }
}
