//! Tokenizers that the product can count with itself.

use serde::{Deserialize, Serialize};

/// A model's own tokenizer, where the catalog names it: prompts are counted with it when their length alone would refuse a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokenizer {
    /// Of OpenAI's models since GPT-4o.
    #[serde(rename = "o200k_base")]
    O200k,
    /// Of OpenAI's models before, and of its embeddings.
    #[serde(rename = "cl100k_base")]
    Cl100k,
}

impl Tokenizer {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::O200k, Self::Cl100k];

    /// Its name, for storage, interfaces and people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
        }
    }

    /// Reads the name; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        match text {
            "" => Ok(None),
            name => match Self::ALL.into_iter().find(|tokenizer| tokenizer.as_str() == name) {
                Some(known) => Ok(Some(known)),
                None => Err("Use o200k_base or cl100k_base, or none.".into()),
            },
        }
    }
}
