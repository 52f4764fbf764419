//! A request of any kind that models are called with.

use bytes::Bytes;

use super::{
    chat_request::{ChatRequest, Target},
    embeddings_request::EmbeddingsRequest,
    object::Invalid,
    prompt, prompt_bound,
};
use crate::domain::{catalog::Modality, tokenizer::Tokenizer};

/// What models are called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /v1/chat/completions`.
    Chat,
    /// `POST /v1/embeddings`.
    Embeddings,
}

impl Endpoint {
    /// Its path, as usage events name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat/completions",
            Self::Embeddings => "embeddings",
        }
    }

    /// Its path at a provider.
    pub fn upstream_path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Embeddings => "/embeddings",
        }
    }
}

/// A request that was read.
#[derive(Clone, Debug)]
pub enum Request {
    /// For chat completions.
    Chat(ChatRequest),
    /// For embeddings.
    Embeddings(EmbeddingsRequest),
}

impl Request {
    /// Reads a body.
    pub fn parse(endpoint: Endpoint, body: &[u8]) -> Result<Self, Invalid> {
        match endpoint {
            Endpoint::Chat => ChatRequest::parse(body).map(Self::Chat),
            Endpoint::Embeddings => EmbeddingsRequest::parse(body).map(Self::Embeddings),
        }
    }

    /// What it was sent to.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::Chat(_) => Endpoint::Chat,
            Self::Embeddings(_) => Endpoint::Embeddings,
        }
    }

    /// Model asked for.
    pub fn model(&self) -> &str {
        match self {
            Self::Chat(request) => &request.model,
            Self::Embeddings(request) => &request.model,
        }
    }

    /// A stream is wanted.
    pub fn stream(&self) -> bool {
        matches!(self, Self::Chat(request) if request.stream)
    }

    /// The client wants the usage chunk of its stream.
    pub fn include_usage(&self) -> bool {
        matches!(self, Self::Chat(request) if request.include_usage)
    }

    /// Checks what depends on the model that was found.
    pub fn check(&self, modality: Modality, max_output: u64) -> Result<(), Invalid> {
        let other = |what: &str| Invalid::new(Some("model"), format!("The model `{}` {what}.", self.model()));
        match self {
            Self::Chat(_) if !modality.chats() => Err(other("takes no chat completions")),
            Self::Chat(request) => request.check_output(max_output),
            Self::Embeddings(_) if modality != Modality::Embedding => Err(other("makes no embeddings")),
            Self::Embeddings(_) => Ok(()),
        }
    }

    /// Prompt tokens as far as the length tells, which costs nothing.
    pub fn estimate(&self, body: &[u8], context_window: u64) -> u64 {
        match self {
            // Four bytes are about a token; pictures make bodies long, but no prompt longer than the context window.
            Self::Chat(_) => (body.len() as u64).div_ceil(4).min(context_window),
            Self::Embeddings(request) => request.estimate(),
        }
    }

    /// Prompt tokens at most.
    pub fn prompt_bound(&self, body: &[u8], context_window: u64) -> u64 {
        match self {
            Self::Chat(_) => prompt_bound::chat(body, context_window),
            Self::Embeddings(request) => prompt_bound::embeddings(request.inputs.len() as u64, request.length(), context_window),
        }
    }

    /// The same, counted by the model's own tokenizer: less, and slower.
    pub fn counted_bound(&self, body: &[u8], context_window: u64, tokenizer: Tokenizer) -> u64 {
        match self {
            Self::Chat(_) => prompt_bound::counted_chat(body, context_window, tokenizer),
            Self::Embeddings(request) => {
                prompt_bound::embeddings(request.inputs.len() as u64, request.counted_length(body, tokenizer), context_window)
            }
        }
    }

    /// Completion tokens of one choice at most; `unnamed` where the call names no maximum.
    pub fn output_bound(&self, unnamed: u64) -> u64 {
        match self {
            Self::Chat(request) => request.largest_output().unwrap_or(unnamed),
            Self::Embeddings(_) => 0,
        }
    }

    /// Choices wanted.
    pub fn choices(&self) -> u64 {
        match self {
            Self::Chat(request) => request.choices,
            Self::Embeddings(_) => 1,
        }
    }

    /// A call that may use more than can be charged.
    pub fn unpriceable(&self) -> Invalid {
        Invalid::new(None, "This call may use more than can be charged for one; ask for less.")
    }

    /// Prompt tokens, counted.
    pub fn count(&self, body: &[u8]) -> u64 {
        match self {
            Self::Chat(_) => prompt::count(body),
            Self::Embeddings(request) => request.count(body),
        }
    }

    /// The body for a deployment.
    pub fn render(&self, body: &Bytes, target: Target<'_>) -> Bytes {
        match self {
            Self::Chat(request) => request.render(body, target),
            Self::Embeddings(request) => request.render(body, target.model),
        }
    }
}
