//! What travels over the wire: requests as far as the gateway reads them, and answers as far as it meters them.

pub mod answer;
pub mod chat_request;
pub mod embeddings_request;
mod fields;
pub mod object;
pub mod prompt;
pub mod prompt_bound;
pub mod request;
mod shape;
