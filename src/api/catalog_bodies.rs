//! What `/catalog` takes and gives.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::nullable, prices::PriceEntryBody};
use crate::{
    domain::{
        catalog::{ConnectionTest, Deployment, Modality, ModelView, NO_OUTPUT, NewModel, Prices, ProviderView, Simulation, Tier},
        field_errors::FieldErrors,
        money::Price,
        time::UnixMs,
        tokenizer::Tokenizer,
    },
    service::catalog::ProviderInput,
};

/// How the simulated provider behaves.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimulationBody {
    /// Wait before the first token.
    first_token_ms: Option<u32>,
    /// Wait before each further token.
    per_token_ms: Option<u32>,
    /// Tokens of an answer.
    output_tokens: Option<u32>,
    /// Calls in a thousand that fail.
    failure_per_mille: Option<u32>,
    /// Streams in a thousand that are cut.
    cut_per_mille: Option<u32>,
}

/// Input of a new provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProviderBody {
    /// Name.
    name: String,
    /// `openai` (every OpenAI-compatible server) or `simulated`.
    kind: String,
    /// Where calls go; not for `simulated`.
    base_url: Option<String>,
    /// Credential; stored encrypted, never shown again.
    #[schema(format = Password)]
    secret: Option<String>,
    /// Behaviour of `simulated`.
    simulation: Option<SimulationBody>,
}

/// A change of a provider; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderPatchBody {
    /// Name.
    name: Option<String>,
    /// Where calls go.
    base_url: Option<String>,
    /// Credential.
    #[schema(format = Password)]
    secret: Option<String>,
    /// Behaviour of `simulated`.
    simulation: Option<SimulationBody>,
}

/// A provider.
#[derive(Serialize, ToSchema)]
pub struct ProviderBody {
    /// Identifier.
    pub(super) id: String,
    /// Name.
    pub(super) name: String,
    /// `openai` or `simulated`.
    kind: &'static str,
    /// Where calls go.
    base_url: String,
    /// Whether there is a credential.
    has_secret: bool,
    /// Its last characters.
    secret_hint: String,
    /// Behaviour of `simulated`.
    simulation: SimulationBody,
    /// Models that use it.
    models: i64,
}

/// What a call to a provider showed.
#[derive(Serialize, ToSchema)]
pub struct ConnectionTestBody {
    /// It works.
    ok: bool,
    /// In words.
    message: String,
    /// How long it took.
    latency_ms: i64,
}

/// One way to a model.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentBody {
    /// Name of the provider.
    provider: String,
    /// The provider's name for the model.
    model: String,
}

/// Input of a new model. Prices are nano-dollars per million tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewModelBody {
    /// Public name.
    name: String,
    /// Other public names.
    #[serde(default)]
    aliases: Vec<String>,
    /// `general`, `high_performance` or `specialized`.
    tier: String,
    /// `chat`, `vision`, `embedding`, `image`, `audio` or `video`; `chat` unless asked otherwise.
    modality: Option<String>,
    /// Price of prompt tokens; without one the model can not be called.
    input_price: Option<i64>,
    /// Price of prompt tokens that the provider had cached; that of prompt tokens without one.
    cached_price: Option<i64>,
    /// Price of completion tokens; without one the model can not be called.
    output_price: Option<i64>,
    /// When these prices begin; at once without it.
    prices_from: Option<i64>,
    /// Most tokens of prompt and answer.
    context_window: i64,
    /// Most tokens of an answer; may be left out for embeddings.
    max_output: Option<i64>,
    /// Tokens of an answer where the call names no maximum.
    default_output: Option<i64>,
    /// Its own tokenizer, `o200k_base` or `cl100k_base`, where it is one of these.
    tokenizer: Option<String>,
    /// Organizations take it in with approval; unless asked otherwise true for `high_performance` and above the platform's price.
    restricted: Option<bool>,
    /// Can be called; true unless asked otherwise.
    enabled: Option<bool>,
    /// Ways to the model, in the order in which they are tried.
    deployments: Vec<DeploymentBody>,
}

/// A change of a model; what is left out stays, `null` unsets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPatchBody {
    /// Public name.
    name: Option<String>,
    /// Other public names.
    aliases: Option<Vec<String>>,
    /// `general`, `high_performance` or `specialized`.
    tier: Option<String>,
    /// `chat`, `vision`, `embedding`, `image`, `audio` or `video`.
    modality: Option<String>,
    /// Price of prompt tokens.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    input_price: Option<Option<i64>>,
    /// Price of prompt tokens that the provider had cached.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    cached_price: Option<Option<i64>>,
    /// Price of completion tokens.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    output_price: Option<Option<i64>>,
    /// When these prices begin; at once without it.
    prices_from: Option<i64>,
    /// Most tokens of prompt and answer.
    context_window: Option<i64>,
    /// Most tokens of an answer.
    max_output: Option<i64>,
    /// Tokens of an answer where the call names no maximum.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    default_output: Option<Option<i64>>,
    /// Its own tokenizer.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    tokenizer: Option<Option<String>>,
    /// Organizations take it in with approval.
    restricted: Option<bool>,
    /// Can be called.
    enabled: Option<bool>,
    /// Ways to the model.
    deployments: Option<Vec<DeploymentBody>>,
}

/// A model.
#[derive(Serialize, ToSchema)]
pub struct ModelBody {
    /// Identifier.
    pub(super) id: String,
    /// Public name.
    pub(super) name: String,
    /// Other public names.
    aliases: Vec<String>,
    /// `general`, `high_performance` or `specialized`.
    tier: &'static str,
    /// `chat`, `vision`, `embedding`, `image`, `audio` or `video`.
    modality: &'static str,
    /// Price of prompt tokens, in nano-dollars per million.
    input_price: Option<i64>,
    /// Price of prompt tokens that the provider had cached.
    cached_price: Option<i64>,
    /// Price of completion tokens.
    output_price: Option<i64>,
    /// The next change of the prices.
    next_prices: Option<PriceEntryBody>,
    /// Most tokens of prompt and answer.
    context_window: i64,
    /// Most tokens of an answer.
    max_output: i64,
    /// Tokens of an answer where the call names no maximum.
    default_output: Option<i64>,
    /// Its own tokenizer, `o200k_base` or `cl100k_base`, where it is one of these.
    tokenizer: Option<String>,
    /// Organizations take it in with approval.
    restricted: bool,
    /// Can be called.
    enabled: bool,
    /// Ways to the model, in the order in which they are tried.
    deployments: Vec<DeploymentBody>,
    /// Organizations in which it is open.
    open_in: i64,
}

impl SimulationBody {
    fn onto(self, before: &Simulation) -> Simulation {
        Simulation {
            first_token_ms: self.first_token_ms.unwrap_or(before.first_token_ms),
            per_token_ms: self.per_token_ms.unwrap_or(before.per_token_ms),
            output_tokens: self.output_tokens.unwrap_or(before.output_tokens),
            failure_per_mille: self.failure_per_mille.unwrap_or(before.failure_per_mille),
            cut_per_mille: self.cut_per_mille.unwrap_or(before.cut_per_mille),
        }
    }
}

impl From<NewProviderBody> for ProviderInput {
    fn from(body: NewProviderBody) -> Self {
        Self {
            name: body.name,
            kind: body.kind,
            base_url: body.base_url.unwrap_or_default(),
            secret: body.secret.unwrap_or_default(),
            simulation: body.simulation.unwrap_or_default().onto(&Simulation::default()),
        }
    }
}

impl ProviderPatchBody {
    /// The provider as it is to be.
    pub(super) fn onto(self, before: ProviderView) -> ProviderInput {
        ProviderInput {
            name: self.name.unwrap_or(before.name),
            kind: before.kind.as_str().to_owned(),
            base_url: self.base_url.unwrap_or(before.base_url),
            secret: self.secret.unwrap_or_default(),
            simulation: self.simulation.unwrap_or_default().onto(&before.simulation),
        }
    }
}

impl NewModelBody {
    /// The model, with words that are not known told by field.
    pub(super) fn parse(self) -> Result<NewModel, FieldErrors> {
        let (tier, modality) = parse_kind(&self.tier, self.modality.as_deref().unwrap_or("chat"))?;
        Ok(NewModel {
            name: self.name,
            aliases: self.aliases,
            tier,
            modality,
            prices: Prices {
                input: self.input_price.map(Price),
                cached: self.cached_price.map(Price),
                output: self.output_price.map(Price),
            },
            prices_from: self.prices_from.map(UnixMs),
            context_window: self.context_window,
            max_output: match (self.max_output, modality) {
                (Some(tokens), _) => tokens,
                (None, Modality::Embedding) => NO_OUTPUT,
                (None, _) => return Err(FieldErrors::one("max_output", "Say how long an answer may be.")),
            },
            default_output: self.default_output,
            tokenizer: parse_tokenizer(self.tokenizer.as_deref().unwrap_or_default())?,
            restricted: self.restricted,
            enabled: self.enabled.unwrap_or(true),
            deployments: self.deployments.into_iter().map(Deployment::from).collect(),
        })
    }
}

impl ModelPatchBody {
    /// The model as it is to be.
    pub(super) fn onto(self, before: ModelView) -> Result<NewModel, FieldErrors> {
        let tier = self.tier.as_deref().unwrap_or(before.tier.as_str());
        let (tier, modality) = parse_kind(tier, self.modality.as_deref().unwrap_or(before.modality.as_str()))?;
        let price = |patch: Option<Option<i64>>, before| patch.map_or(before, |price| price.map(Price));
        Ok(NewModel {
            name: self.name.unwrap_or(before.name),
            aliases: self.aliases.unwrap_or(before.aliases),
            tier,
            modality,
            prices: Prices {
                input: price(self.input_price, before.prices.input),
                cached: price(self.cached_price, before.prices.cached),
                output: price(self.output_price, before.prices.output),
            },
            prices_from: self.prices_from.map(UnixMs),
            context_window: self.context_window.unwrap_or(before.context_window),
            max_output: self.max_output.unwrap_or(before.max_output),
            default_output: self.default_output.unwrap_or(before.default_output),
            tokenizer: match self.tokenizer {
                Some(name) => parse_tokenizer(name.as_deref().unwrap_or_default())?,
                None => before.tokenizer,
            },
            restricted: self.restricted,
            enabled: self.enabled.unwrap_or(before.enabled),
            deployments: self.deployments.map_or(before.deployments, |all| all.into_iter().map(Deployment::from).collect()),
        })
    }
}

fn parse_tokenizer(name: &str) -> Result<Option<Tokenizer>, FieldErrors> {
    Tokenizer::parse(name).map_err(|message| FieldErrors::one("tokenizer", message))
}

fn parse_kind(tier: &str, modality: &str) -> Result<(Tier, Modality), FieldErrors> {
    let mut errors = FieldErrors::default();
    let tier = Tier::parse(tier).ok_or_else(|| "Use general, high_performance or specialized.".to_owned());
    let modality = Modality::parse(modality).ok_or_else(|| "Use chat, vision, embedding, image, audio or video.".to_owned());
    match (errors.check("tier", tier), errors.check("modality", modality)) {
        (Some(tier), Some(modality)) => Ok((tier, modality)),
        _ => Err(errors),
    }
}

impl From<DeploymentBody> for Deployment {
    fn from(body: DeploymentBody) -> Self {
        Self { provider: body.provider, model: body.model }
    }
}

impl From<ProviderView> for ProviderBody {
    fn from(provider: ProviderView) -> Self {
        let simulation = provider.simulation;
        Self {
            id: provider.id.to_string(),
            name: provider.name,
            kind: provider.kind.as_str(),
            base_url: provider.base_url,
            has_secret: provider.has_secret,
            secret_hint: provider.secret_hint,
            simulation: SimulationBody {
                first_token_ms: Some(simulation.first_token_ms),
                per_token_ms: Some(simulation.per_token_ms),
                output_tokens: Some(simulation.output_tokens),
                failure_per_mille: Some(simulation.failure_per_mille),
                cut_per_mille: Some(simulation.cut_per_mille),
            },
            models: provider.models,
        }
    }
}

impl From<ConnectionTest> for ConnectionTestBody {
    fn from(test: ConnectionTest) -> Self {
        Self { ok: test.ok, message: test.message, latency_ms: test.latency_ms }
    }
}

impl From<ModelView> for ModelBody {
    fn from(model: ModelView) -> Self {
        let deployments = model.deployments.into_iter();
        Self {
            id: model.id.to_string(),
            name: model.name,
            aliases: model.aliases,
            tier: model.tier.as_str(),
            modality: model.modality.as_str(),
            input_price: model.prices.input.map(|price| price.0),
            cached_price: model.prices.cached.map(|price| price.0),
            output_price: model.prices.output.map(|price| price.0),
            next_prices: model.next_prices.map(PriceEntryBody::from),
            context_window: model.context_window,
            max_output: model.max_output,
            default_output: model.default_output,
            tokenizer: model.tokenizer.map(|tokenizer| tokenizer.as_str().to_owned()),
            restricted: model.restricted,
            enabled: model.enabled,
            deployments: deployments.map(|d| DeploymentBody { provider: d.provider, model: d.model }).collect(),
            open_in: model.open_in,
        }
    }
}
