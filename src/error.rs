//! What a browser may learn of a failure. Without WebAssembly a failed form carries this in its address, so it holds nothing private.

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::{domain::field_errors::FieldErrors, wire::PageText};

/// A refusal or failure, as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppError {
    /// Nothing here, or nothing that this person may know of.
    #[error("This page does not exist, or you have no access to it.")]
    NotFound,
    /// Nobody is signed in.
    #[error("Sign in to go on.")]
    SignedOut,
    /// E-mail or password is not right; which of them stays unsaid.
    #[error("Email or password is not right.")]
    WrongCredentials,
    /// Known here, but not allowed to do this.
    #[error("{message}")]
    Forbidden {
        /// Names the permission and who has it.
        message: String,
    },
    /// Inputs with problems.
    #[error("Check the marked fields.")]
    Invalid {
        /// The problems, by field.
        fields: FieldErrors,
    },
    /// The state of things does not allow it now.
    #[error("{message}")]
    Conflict {
        /// What happened and what to do.
        message: String,
    },
    /// Too many attempts.
    #[error("Too many attempts. Try again in {}.", wait(*retry_after_s))]
    TooManyAttempts {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// More of something than a stated limit gives.
    #[error("{message}")]
    Limited {
        /// Which limit, and when it fits again.
        message: String,
    },
    /// Overloaded, or storage is away.
    #[error("Tallygate is busy. Nothing was changed; try again in a moment.")]
    Unavailable,
    /// A fault of this program, logged under the reference.
    #[error("This did not work. Nothing was changed. Reference: {reference}")]
    Internal {
        /// What to search the log for.
        reference: String,
    },
    /// The request did not reach the server, or its answer was not understood.
    #[error("No answer from the server. Check the connection and try again.")]
    Connection,
    /// The page is of another build than the server. Only pages find this out.
    #[error("Tallygate was updated. Reload the page.")]
    Updated,
}

impl AppError {
    /// The problem of one field.
    pub fn field(&self, name: &str) -> Option<String> {
        match self {
            Self::Invalid { fields } => fields.get(name).map(str::to_owned),
            _ => None,
        }
    }

    /// What stands above a form: everything that is not a field's problem.
    pub fn summary(&self) -> Option<String> {
        match self {
            Self::Invalid { fields } => fields.get("").map(str::to_owned),
            other => Some(other.to_string()),
        }
    }

    /// The same, each sentence of its own.
    pub fn summaries(&self) -> Vec<String> {
        match self {
            Self::Invalid { fields } => fields.unnamed().map(str::to_owned).collect(),
            other => vec![other.to_string()],
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::SignedOut | Self::WrongCredentials => 401,
            Self::Forbidden { .. } => 403,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } | Self::Updated => 409,
            Self::TooManyAttempts { .. } | Self::Limited { .. } => 429,
            Self::Unavailable => 503,
            Self::Internal { .. } => 500,
            Self::Connection => 502,
        }
    }
}

/// A wait in words: "12 s", "4 min 30 s", "2 h 5 min".
fn wait(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, _) => format!("{rest} s"),
        (0, _, 0) => format!("{minutes} min"),
        (0, _, _) => format!("{minutes} min {rest} s"),
        (_, 0, _) => format!("{hours} h"),
        _ => format!("{hours} h {minutes} min"),
    }
}

impl FromServerFnError for AppError {
    type Encoder = PageText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // What could not be read as the function's arguments is the sender's mistake; its text stays inside.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Invalid { fields: FieldErrors::one("", "The form was not complete. Reload the page and try again.") }
            }
            _ => Self::Connection,
        }
    }
}
