//! The playground: which models somebody may call in a context, and what became of a call.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::playground::Message,
    error::AppError,
    wire::{self, PageAnswer},
};

/// A model that may be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayModel {
    pub name: String,
    /// In and out, per million tokens.
    pub price: String,
    /// Can be talked to; others are called by programs alone.
    pub chats: bool,
    /// Largest answer, in tokens.
    pub max_output: String,
}

/// What a call came to, once it has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayFigures {
    /// In and out.
    pub tokens: String,
    /// Tokens were counted here.
    pub estimated: bool,
    pub cost: String,
    pub first_token: String,
    pub total: String,
}

/// Why a call has no answer, or not all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayRefusal {
    pub message: String,
    /// What programs know it by.
    pub code: String,
    /// The body as it came.
    pub raw: String,
}

/// A call that a plain form made, and the conversation before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    /// With the answer, if there is one.
    pub messages: Vec<Message>,
    pub call: String,
    pub figures: Option<PlayFigures>,
    pub refusal: Option<PlayRefusal>,
    /// What was typed, so that it stands there again.
    pub model: String,
    pub system: String,
    pub max_tokens: String,
    /// Only where the call was refused.
    pub prompt: String,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaygroundPage {
    /// Who pays.
    pub context: String,
    pub personal: bool,
    pub models: Vec<PlayModel>,
    /// Where programs call, without a slash at the end.
    pub base_url: String,
    /// Where the page's program calls; empty where it is only looked at.
    pub door: String,
    /// Where access is asked for; empty where nobody could give it.
    pub requests: String,
    pub played: Option<Played>,
}

/// What the caller may call in a context; with what a plain form has just asked, if this is its answer.
#[server(prefix = "/fn", endpoint = "get_playground", output = PageAnswer)]
pub async fn get_playground(team: String) -> Result<PlaygroundPage, AppError> {
    use axum::http::request::Parts;
    use leptos::prelude::use_context;

    use crate::domain::teams::TeamKind;

    let (services, caller) = super::context::viewer(&team).await?;
    let models = services.list_callable(&caller, &team).await?;
    let now = services.clock.now();
    let view = services.get_team(&caller, &team).await?;
    let personal = view.kind == TeamKind::Personal;
    let played = use_context::<Parts>().and_then(|request| request.extensions.get::<Played>().cloned());
    Ok(PlaygroundPage {
        personal,
        models: models.iter().map(|model| words::model(model, now)).collect(),
        base_url: services.settings.public_url.clone(),
        // Calls are one's own.
        door: if caller.viewing.is_some() { String::new() } else { door(&team) },
        requests: if personal { String::new() } else { format!("/t/{}/models/requests?dialog=request", view.slug) },
        context: view.name,
        played,
    })
}

/// Where a context's calls without a key are made.
pub fn door(team: &str) -> String {
    format!("/play/{team}/chat/completions")
}

/// Reads the event behind a stream's own end.
pub fn read_figures(text: &str) -> Option<PlayFigures> {
    wire::read(text).ok()
}

#[cfg(feature = "ssr")]
pub(crate) mod words {
    use super::{PlayFigures, PlayModel};
    use crate::{
        domain::{format, money::NanoUsd, time::UnixMs, usage::CallEnd},
        service::access::snapshot::ModelEntry,
    };

    pub(super) fn model(model: &ModelEntry, now: UnixMs) -> PlayModel {
        let prices = model.prices.at(now);
        let one =
            |price: Option<crate::domain::money::Price>| price.map_or_else(|| "–".to_owned(), |price| format::price(price.0));
        PlayModel {
            name: model.name.clone(),
            price: format!("{} in, {} out per 1M tokens", one(prices.input), one(prices.output)),
            chats: model.modality.chats(),
            max_output: format::grouped(u64::try_from(model.max_output).unwrap_or(0)),
        }
    }

    /// The same as [`read_figures`](super::read_figures) reads it.
    pub(crate) fn figures_text(end: &CallEnd) -> String {
        crate::wire::write(&figures(end))
    }

    /// What a call came to.
    pub(crate) fn figures(end: &CallEnd) -> PlayFigures {
        let count = |tokens: u64| format::grouped(tokens);
        PlayFigures {
            tokens: format!("{} in, {} out", count(end.tokens.prompt), count(end.tokens.completion)),
            estimated: end.estimated,
            cost: format::money(NanoUsd(end.cost.0)),
            first_token: end.first_token_ms.map_or_else(|| "–".to_owned(), format::latency),
            total: format::latency(end.latency_ms),
        }
    }
}
