//! The forms of the catalog's pages: texts as people type them, read into validated input on both sides.

use serde::{Deserialize, Serialize};

use super::{
    catalog::{Deployment, LIST_MAX, Modality, ModelView, NO_OUTPUT, NewModel, Prices, ProviderView, Simulation, Tier},
    field_errors::FieldErrors,
    money::Price,
    prices::parse_day,
    time::UnixMs,
    tokenizer::Tokenizer,
};

/// "Add provider" and "Edit provider".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderForm {
    /// Name.
    pub name: String,
    /// `openai` or `simulated`.
    pub kind: String,
    /// Where calls go.
    pub base_url: String,
    /// New secret; empty keeps the stored one.
    pub secret: String,
    /// Milliseconds until the first token.
    pub first_token_ms: String,
    /// Milliseconds between tokens.
    pub per_token_ms: String,
    /// Tokens of an answer.
    pub output_tokens: String,
    /// Calls of a thousand that fail.
    pub failure_per_mille: String,
    /// Streams of a thousand that break.
    pub cut_per_mille: String,
}

impl ProviderForm {
    /// The form of a provider as it is.
    pub fn of(provider: &ProviderView) -> Self {
        let simulation = &provider.simulation;
        Self {
            name: provider.name.clone(),
            kind: provider.kind.as_str().into(),
            base_url: provider.base_url.clone(),
            secret: String::new(),
            first_token_ms: simulation.first_token_ms.to_string(),
            per_token_ms: simulation.per_token_ms.to_string(),
            output_tokens: simulation.output_tokens.to_string(),
            failure_per_mille: simulation.failure_per_mille.to_string(),
            cut_per_mille: simulation.cut_per_mille.to_string(),
        }
    }

    /// The behaviour of the simulated provider; empty fields take the installed values.
    pub fn simulation(&self) -> Result<Simulation, FieldErrors> {
        let mut errors = FieldErrors::default();
        let installed = Simulation::default();
        let mut read = |field: &str, text: &str, default: u32| match text.trim() {
            "" => default,
            text => errors.check(field, text.parse().map_err(|_| "Enter a whole number.".to_owned())).unwrap_or(default),
        };
        let simulation = Simulation {
            first_token_ms: read("first_token_ms", &self.first_token_ms, installed.first_token_ms),
            per_token_ms: read("per_token_ms", &self.per_token_ms, installed.per_token_ms),
            output_tokens: read("output_tokens", &self.output_tokens, installed.output_tokens),
            failure_per_mille: read("failure_per_mille", &self.failure_per_mille, installed.failure_per_mille),
            cut_per_mille: read("cut_per_mille", &self.cut_per_mille, installed.cut_per_mille),
        };
        errors.into_result()?;
        simulation.check()?;
        Ok(simulation)
    }
}

/// How many deployments the model form begins with rows for.
pub const DEPLOYMENT_ROWS: usize = 3;

/// "Add model" and "Edit model".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelForm {
    /// Public name.
    pub name: String,
    /// Other names, separated by commas or blanks.
    pub aliases: String,
    /// Tier.
    pub tier: String,
    /// Modality.
    pub modality: String,
    /// Dollars per million tokens; empty for no price.
    pub input_price: String,
    /// Dollars per million cached tokens.
    pub cached_price: String,
    /// Dollars per million tokens; empty for no price.
    pub output_price: String,
    /// The day from which these prices hold; empty for at once.
    pub prices_from: String,
    /// Tokens.
    pub context_window: String,
    /// Tokens; embeddings have none.
    pub max_output: String,
    /// Tokens; empty for the maximum.
    pub default_output: String,
    /// Name of its tokenizer; empty for none.
    pub tokenizer: String,
    /// Taken in with approval: `yes`, `no`, or empty for what follows from tier and prices.
    pub restricted: String,
    /// Can not be called; a box that is off by default needs no hidden field beside it.
    pub disabled: bool,
    /// Providers of the deployments, in order; empty rows do not count.
    pub providers: Vec<String>,
    /// Their names for the model.
    pub upstream_models: Vec<String>,
}

impl ModelForm {
    /// How many rows for deployments the form shows.
    pub fn rows(&self) -> usize {
        self.providers.len().clamp(DEPLOYMENT_ROWS, LIST_MAX)
    }

    /// The same form with an empty row more.
    #[must_use]
    pub fn with_another_row(mut self) -> Self {
        let rows = (self.rows() + 1).min(LIST_MAX);
        self.providers.resize(rows, String::new());
        self.upstream_models.resize(rows, String::new());
        self
    }

    /// The form of a model as it is.
    pub fn of(model: &ModelView) -> Self {
        let price = |price: Option<Price>| price.map(|p| super::money::NanoUsd(p.0).plain()).unwrap_or_default();
        Self {
            name: model.name.clone(),
            aliases: model.aliases.join(", "),
            tier: model.tier.as_str().into(),
            modality: model.modality.as_str().into(),
            input_price: price(model.prices.input),
            cached_price: price(model.prices.cached),
            output_price: price(model.prices.output),
            prices_from: String::new(),
            context_window: model.context_window.to_string(),
            max_output: model.max_output.to_string(),
            default_output: model.default_output.map(|n| n.to_string()).unwrap_or_default(),
            tokenizer: model.tokenizer.map(|tokenizer| tokenizer.as_str().into()).unwrap_or_default(),
            restricted: if model.restricted { "yes" } else { "no" }.into(),
            disabled: !model.enabled,
            providers: model.deployments.iter().map(|d| d.provider.clone()).collect(),
            upstream_models: model.deployments.iter().map(|d| d.model.clone()).collect(),
        }
    }

    /// Reads the texts and checks everything that needs no database.
    pub fn parse(&self, now: UnixMs) -> Result<NewModel, FieldErrors> {
        let mut errors = FieldErrors::default();
        let tier = errors.check("tier", Tier::parse(&self.tier).ok_or_else(|| "Choose a tier.".to_owned()));
        let modality = errors.check("modality", Modality::parse(&self.modality).ok_or_else(|| "Choose a modality.".to_owned()));
        let mut price = |field: &str, text: &str| match text.trim() {
            "" => None,
            text => errors
                .check(field, Price::parse(text).ok_or_else(|| "Enter dollars such as 3 or 0.15, up to 100,000.".to_owned())),
        };
        let prices = Prices {
            input: price("input_price", &self.input_price),
            cached: price("cached_price", &self.cached_price),
            output: price("output_price", &self.output_price),
        };
        let prices_from = errors.check("prices_from", parse_day(&self.prices_from, now));
        let restricted = match self.restricted.as_str() {
            "" => None,
            word => errors
                .check("restricted", ["yes", "no"].contains(&word).then(|| word == "yes").ok_or_else(|| "Choose one.".into())),
        };
        let mut tokens = |field: &str, text: &str| {
            let plain = text.trim().replace([',', '_', ' '], "");
            errors.check(field, plain.parse::<i64>().map_err(|_| "Enter a whole number of tokens.".to_owned()))
        };
        let context_window = tokens("context_window", &self.context_window);
        let max_output = match self.max_output.trim() {
            "" if modality == Some(Modality::Embedding) => Some(NO_OUTPUT),
            text => tokens("max_output", text),
        };
        let default_output = match self.default_output.trim() {
            "" => Some(None),
            text => tokens("default_output", text).map(Some),
        };
        let tokenizer = errors.check("tokenizer", Tokenizer::parse(&self.tokenizer)).flatten();
        let rows = self.providers.iter().zip(self.upstream_models.iter().map(String::as_str).chain(std::iter::repeat("")));
        let deployments = rows
            .filter(|(provider, _)| !provider.is_empty())
            .map(|(provider, model)| Deployment { provider: provider.clone(), model: model.trim().to_owned() })
            .collect();
        let (Some(tier), Some(modality), Some(prices_from), Some(context_window), Some(max_output), Some(default_output)) =
            (tier, modality, prices_from, context_window, max_output, default_output)
        else {
            return Err(errors);
        };
        let model = NewModel {
            name: self.name.clone(),
            aliases: self.aliases.split([',', ' ', '\n']).filter(|a| !a.is_empty()).map(str::to_owned).collect(),
            tier,
            modality,
            prices,
            prices_from,
            context_window,
            max_output,
            default_output,
            tokenizer,
            restricted,
            enabled: !self.disabled,
            deployments,
        };
        match model.check() {
            Ok(model) if errors.0.is_empty() => Ok(model),
            Ok(_) => Err(errors),
            Err(more) => {
                errors.0.extend(more.0);
                Err(errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_302_180_000);

    fn form() -> ModelForm {
        ModelForm {
            name: "small".into(),
            aliases: "tiny, s-1".into(),
            tier: "general".into(),
            modality: "chat".into(),
            input_price: "0.15".into(),
            output_price: "$0.60".into(),
            context_window: "128,000".into(),
            max_output: "16000".into(),
            providers: vec!["one".into(), String::new(), "two".into()],
            upstream_models: vec!["small-2026".into(), String::new(), "small".into()],
            ..ModelForm::default()
        }
    }

    #[test]
    fn a_model_is_read_as_people_type_it_and_written_back_the_same() {
        let model = form().parse(NOW).unwrap();
        assert_eq!(model.aliases, ["tiny", "s-1"]);
        assert_eq!(model.prices.output, Some(Price(600_000_000)));
        assert_eq!((model.context_window, model.deployments.len(), model.enabled), (128_000, 2, true));
    }

    #[test]
    fn an_embedding_model_needs_no_output() {
        let form = ModelForm { modality: "embedding".into(), output_price: String::new(), max_output: String::new(), ..form() };
        let model = form.parse(NOW).unwrap();
        assert_eq!((model.max_output, model.prices.output, model.restricted), (NO_OUTPUT, None, None));
        assert!(ModelForm { modality: "chat".into(), ..form }.parse(NOW).unwrap_err().get("max_output").is_some());
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let bad = ModelForm { name: " small".into(), input_price: "-1".into(), max_output: "many".into(), ..form() };
        let errors = bad.parse(NOW).unwrap_err();
        assert!(errors.get("max_output").is_some() && errors.get("input_price").is_some(), "{errors:?}");
        assert!(ModelForm { name: "a b".into(), ..form() }.parse(NOW).unwrap_err().get("name").is_some());
        let dated = ModelForm { prices_from: "2020-01-01".into(), restricted: "maybe".into(), ..form() }.parse(NOW).unwrap_err();
        assert!(dated.get("prices_from").is_some() && dated.get("restricted").is_some(), "{dated:?}");
        assert!(ModelForm { providers: vec![], ..form() }.parse(NOW).unwrap_err().get("deployments").is_some());
    }

    #[test]
    fn simulation_bounds_are_checked() {
        assert_eq!(ProviderForm::default().simulation(), Ok(Simulation::default()));
        let bad = ProviderForm { failure_per_mille: "1001".into(), ..ProviderForm::default() };
        assert!(bad.simulation().unwrap_err().get("failure_per_mille").is_some());
        let bad = ProviderForm { per_token_ms: "fast".into(), ..ProviderForm::default() };
        assert!(bad.simulation().is_err());
    }
}
