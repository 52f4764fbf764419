//! Sentences of errors that clients of the gateway are sent, where others than the gateway say them, too.

/// No provider gave an answer that makes sense.
pub const PROVIDER_FAILED: &str = "The provider of this model failed. Try again.";
/// The provider took too long.
pub const PROVIDER_TIMED_OUT: &str = "The provider of this model did not answer in time.";

/// The model is unknown, or must not be known.
pub fn no_such_model(model: &str) -> String {
    format!("The model `{model}` does not exist, or this key has no access to it.")
}

/// The model is there for those who were given it.
pub fn needs_approval(model: &str) -> String {
    format!("The model `{model}` needs an approval. Ask for it in the dashboard.")
}
