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
    /// The cheapest of those: where nothing else is chosen, nothing costly is.
    pub cheapest: bool,
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
    /// The first of many, with the cheapest.
    pub models: Vec<PlayModel>,
    /// There are more than are offered: then a name is typed.
    pub more: bool,
    /// Where programs call, without a slash at the end.
    pub base_url: String,
    /// Where the page's program calls; empty where it is only looked at.
    pub door: String,
    /// Where access is asked for, a dialog of the page; empty where nobody could give it.
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
    let price = |model: &crate::service::access::snapshot::ModelEntry| model.prices.at(now).dearest();
    let chats = models.iter().filter(|model| model.modality.chats());
    let cheapest = chats.min_by_key(|model| (price(model), model.name.clone())).map(|model| model.name.clone());
    let played = use_context::<Parts>().and_then(|request| request.extensions.get::<Played>().cloned());
    Ok(PlaygroundPage {
        personal,
        more: models.len() > OFFERED,
        models: models
            .iter()
            .enumerate()
            .filter(|(at, model)| *at < OFFERED || cheapest.as_ref() == Some(&model.name))
            .map(|(_, model)| words::model(model, cheapest.as_deref(), now))
            .collect(),
        base_url: services.settings.public_url.clone(),
        // Calls are one's own.
        door: if caller.viewing.is_some() { String::new() } else { door(&team) },
        requests: if personal || caller.viewing.is_some() {
            String::new()
        } else {
            format!("/t/{}/playground?dialog=request", view.slug)
        },
        context: view.name,
        played,
    })
}

/// What a call of one's own came to; nothing as long as it is not booked. Asked after a stop: the answer's own end did not come.
#[server(prefix = "/fn", endpoint = "get_call_figures", output = PageAnswer)]
pub async fn get_call_figures(team: String, call: String) -> Result<Option<PlayFigures>, AppError> {
    use crate::domain::ids::CallId;

    let (services, caller) = super::context::signed_in().await?;
    let call = CallId::parse(&call).ok_or(AppError::NotFound)?;
    Ok(services.find_own_call(&caller, &team, call).await?.map(|row| words::booked(&row)))
}

/// Models that a list offers.
#[cfg(feature = "ssr")]
const OFFERED: usize = 300;

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
        domain::{
            format,
            money::NanoUsd,
            time::UnixMs,
            usage::{CallEnd, CallRow},
        },
        service::access::snapshot::ModelEntry,
    };

    pub(super) fn model(model: &ModelEntry, cheapest: Option<&str>, now: UnixMs) -> PlayModel {
        let prices = model.prices.at(now);
        let one =
            |price: Option<crate::domain::money::Price>| price.map_or_else(|| "–".to_owned(), |price| format::price(price.0));
        PlayModel {
            name: model.name.clone(),
            price: format!("{} in, {} out per 1M tokens", one(prices.input), one(prices.output)),
            chats: model.modality.chats(),
            cheapest: cheapest == Some(model.name.as_str()),
            max_output: format::grouped(u64::try_from(model.max_output).unwrap_or(0)),
        }
    }

    /// The same as [`read_figures`](super::read_figures) reads it.
    pub(crate) fn figures_text(end: &CallEnd) -> String {
        crate::wire::write(&figures(end))
    }

    /// What a call came to.
    pub(crate) fn figures(end: &CallEnd) -> PlayFigures {
        PlayFigures {
            tokens: tokens(end.tokens.prompt, end.tokens.completion),
            estimated: end.estimated,
            cost: format::money(NanoUsd(end.cost.0)),
            first_token: first_token(end.first_token_ms),
            total: format::latency(end.latency_ms),
        }
    }

    /// The same, as it is booked.
    pub(super) fn booked(row: &CallRow) -> PlayFigures {
        PlayFigures {
            tokens: tokens(row.prompt_tokens.unsigned_abs(), row.completion_tokens.unsigned_abs()),
            estimated: row.estimated,
            cost: format::money(NanoUsd(row.cost)),
            first_token: first_token(row.first_token_ms),
            total: format::latency(row.latency_ms),
        }
    }

    fn tokens(prompt: u64, completion: u64) -> String {
        format!("{} in, {} out", format::grouped(prompt), format::grouped(completion))
    }

    fn first_token(ms: Option<i64>) -> String {
        ms.map_or_else(|| "–".to_owned(), format::latency)
    }
}
