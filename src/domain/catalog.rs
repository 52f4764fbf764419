//! The catalog: providers and models, their validated input, and what admin pages see.

use serde::{Deserialize, Serialize};

pub use super::prices::Prices;
use super::{
    field_errors::FieldErrors,
    ids::{ModelId, ProviderId},
    prices::PriceEntry,
    time::UnixMs,
    tokenizer::Tokenizer,
};

/// What protocol an upstream speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// OpenAI's, and everything compatible with it.
    Openai,
    /// Answers inside this process, for tests and demos.
    Simulated,
}

impl ProviderKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Openai, Self::Simulated];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Simulated => "simulated",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Openai => "OpenAI-compatible",
            Self::Simulated => "Simulated",
        }
    }
}

/// How costly and how special a model is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// For everyday work.
    #[default]
    General,
    /// Costly; restricted unless said otherwise.
    HighPerformance,
    /// For one purpose.
    Specialized,
}

impl Tier {
    /// All tiers.
    pub const ALL: [Self; 3] = [Self::General, Self::HighPerformance, Self::Specialized];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::HighPerformance => "high_performance",
            Self::Specialized => "specialized",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == text)
    }

    /// The words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::HighPerformance => "High performance",
            Self::Specialized => "Specialized",
        }
    }
}

/// What a model takes and gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Text to text.
    #[default]
    Chat,
    /// Text and pictures to text.
    Vision,
    /// Text to vectors.
    Embedding,
    /// Text to pictures.
    Image,
    /// Speech.
    Audio,
    /// Video.
    Video,
}

impl Modality {
    /// All modalities.
    pub const ALL: [Self; 6] = [Self::Chat, Self::Vision, Self::Embedding, Self::Image, Self::Audio, Self::Video];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Vision => "vision",
            Self::Embedding => "embedding",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|modality| modality.as_str() == text)
    }

    /// What it takes, for people: who sees can talk, too.
    pub fn kinds(self) -> &'static str {
        if self == Self::Vision { "chat, vision" } else { self.as_str() }
    }

    /// Whether chat completions can be asked of it.
    pub fn chats(self) -> bool {
        matches!(self, Self::Chat | Self::Vision)
    }
}

/// What an organization lets its teams do with a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// May be called.
    Open,
    /// May be called with a grant.
    Approval,
    /// Not in the asset set.
    #[default]
    Closed,
}

impl ModelState {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Approval, Self::Closed].into_iter().find(|state| state.as_str() == text)
    }
}

/// How the simulated provider answers. All of it is set on its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Simulation {
    /// Milliseconds until the first token.
    pub first_token_ms: u32,
    /// Milliseconds between tokens.
    pub per_token_ms: u32,
    /// Tokens of an answer, where the call does not cap it lower.
    pub output_tokens: u32,
    /// Calls of a thousand that fail with a 500.
    pub failure_per_mille: u32,
    /// Calls of a thousand that end in the middle of a stream.
    pub cut_per_mille: u32,
}

impl Default for Simulation {
    fn default() -> Self {
        Self { first_token_ms: 120, per_token_ms: 8, output_tokens: 48, failure_per_mille: 0, cut_per_mille: 0 }
    }
}

impl Simulation {
    /// Checks the bounds of each number.
    pub fn check(&self) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut bound = |field: &str, value: u32, max: u32| {
            if value > max {
                errors.add(field, format!("Use a number from 0 to {max}."));
            }
        };
        bound("first_token_ms", self.first_token_ms, 120_000);
        bound("per_token_ms", self.per_token_ms, 10_000);
        bound("output_tokens", self.output_tokens, 100_000);
        bound("failure_per_mille", self.failure_per_mille, 1_000);
        bound("cut_per_mille", self.cut_per_mille, 1_000);
        errors.into_result()
    }
}

/// A provider as services and the gateway know it; the secret is kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Identifier.
    pub id: ProviderId,
    /// Name, unique.
    pub name: String,
    /// Protocol.
    pub kind: ProviderKind,
    /// Where calls go; empty for the simulated one.
    pub base_url: String,
    /// Last characters of the secret, for people; empty without one.
    pub secret_hint: String,
    /// Behaviour of the simulated one.
    pub simulation: Simulation,
    /// Made at.
    pub created_at: UnixMs,
}

/// A provider as admin pages and REST show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    /// Identifier.
    pub id: ProviderId,
    /// Name.
    pub name: String,
    /// Protocol.
    pub kind: ProviderKind,
    /// Where calls go.
    pub base_url: String,
    /// Whether a secret is stored.
    pub has_secret: bool,
    /// Last four characters of it.
    pub secret_hint: String,
    /// Behaviour of the simulated one.
    pub simulation: Simulation,
    /// Models with a deployment here.
    pub models: i64,
}

/// Where a model's calls go, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Provider, by name or id.
    pub provider: String,
    /// The provider's name for the model.
    pub model: String,
}

/// A model as admin pages and REST show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelView {
    /// Identifier.
    pub id: ModelId,
    /// Public name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Tier.
    pub tier: Tier,
    /// Modality.
    pub modality: Modality,
    /// Prices that hold now.
    pub prices: Prices,
    /// The next change of them.
    pub next_prices: Option<PriceEntry>,
    /// Prompt and completion together, in tokens.
    pub context_window: i64,
    /// Largest completion, in tokens.
    pub max_output: i64,
    /// Completion bound where the call names none.
    pub default_output: Option<i64>,
    /// Its own tokenizer, where it is known.
    pub tokenizer: Option<Tokenizer>,
    /// Taken in as `approval` rather than `open`.
    pub restricted: bool,
    /// Can be called.
    pub enabled: bool,
    /// Where calls go, in order; provider by name.
    pub deployments: Vec<Deployment>,
    /// Organizations that have it open.
    pub open_in: i64,
}

/// Validated input of "create model" and "edit model".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewModel {
    /// Public name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Tier.
    pub tier: Tier,
    /// Modality.
    pub modality: Modality,
    /// Prices.
    pub prices: Prices,
    /// From when on; none for at once.
    pub prices_from: Option<UnixMs>,
    /// Prompt and completion together, in tokens.
    pub context_window: i64,
    /// Largest completion, in tokens.
    pub max_output: i64,
    /// Completion bound where the call names none.
    pub default_output: Option<i64>,
    /// Its own tokenizer, where it is known.
    pub tokenizer: Option<Tokenizer>,
    /// Taken in as `approval` rather than `open`; none leaves it as it is, for a new model it follows from tier and prices.
    pub restricted: Option<bool>,
    /// Can be called.
    pub enabled: bool,
    /// Where calls go, in order.
    pub deployments: Vec<Deployment>,
}

/// Most deployments and aliases of one model.
pub const LIST_MAX: usize = 20;
/// Output maximum of a model that completes nothing.
pub const NO_OUTPUT: i64 = 1;
/// Largest context window that is believed.
pub const TOKENS_MAX: i64 = 100_000_000;

/// Checks a public model name or alias: 1 to 100 of letters, digits and `-_.:/@`. Names are compared exactly.
pub fn check_model_name(typed: &str) -> Result<String, String> {
    let shape = !typed.is_empty()
        && typed.len() <= 100
        && typed.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/@".contains(&b))
        && typed.starts_with(|c: char| c.is_ascii_alphanumeric());
    if shape { Ok(typed.to_owned()) } else { Err("Use 1 to 100 letters, digits and - _ . : / @, without blanks.".into()) }
}

impl NewModel {
    /// Checks everything that needs no database.
    pub fn check(self) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        errors.check("name", check_model_name(&self.name));
        for (at, alias) in self.aliases.iter().enumerate() {
            if let Err(message) = check_model_name(alias) {
                errors.add("aliases", message);
                break;
            }
            if *alias == self.name || self.aliases[..at].contains(alias) {
                errors.add("aliases", format!("“{alias}” stands here twice."));
                break;
            }
        }
        self.prices.check(&mut errors);
        let tokens = |value: i64| (1..=TOKENS_MAX).contains(&value);
        if !tokens(self.context_window) {
            errors.add("context_window", format!("Use 1 to {TOKENS_MAX} tokens."));
        }
        if !tokens(self.max_output) {
            errors.add("max_output", format!("Use 1 to {TOKENS_MAX} tokens."));
        }
        if self.default_output.is_some_and(|value| !tokens(value) || value > self.max_output) {
            errors.add("default_output", "Use at least 1 token and at most the output maximum.");
        }
        if self.deployments.is_empty() {
            errors.add("deployments", "Name at least one provider that serves this model.");
        }
        if self.deployments.len() > LIST_MAX || self.aliases.len() > LIST_MAX {
            errors.add("deployments", format!("At most {LIST_MAX} deployments and aliases."));
        }
        if self.deployments.iter().any(|d| d.model.is_empty() || d.model.len() > 200 || d.model.chars().any(char::is_control)) {
            errors.add("deployments", "Enter the provider's name for the model, at most 200 characters.");
        }
        errors.into_result().map(|()| self)
    }
}

/// The result of "test connection".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTest {
    /// Whether the provider answered as expected.
    pub ok: bool,
    /// What happened, in one sentence; names no secret.
    pub message: String,
    /// How long it took.
    pub latency_ms: i64,
}
