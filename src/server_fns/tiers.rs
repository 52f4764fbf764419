//! The tiers of the catalog, for the platform's page about them.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierLine {
    pub name: String,
    pub purpose: String,
    /// Its models come in by approval, not open.
    pub restricted_by_default: bool,
    /// What that means to organizations, a sentence.
    pub how: String,
    pub models: String,
    pub restricted: String,
    pub dearest: String,
    /// Whose that price is.
    pub dearest_model: String,
    /// Where its models are listed.
    pub models_address: String,
}

/// The page of the tiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiersPage {
    pub tiers: Vec<TierLine>,
    /// Dollars per million tokens above which models are restricted; empty for no such rule. What was typed, where it failed just now.
    pub threshold: String,
}

/// The tiers in their order, and the threshold.
#[server(prefix = "/fn", endpoint = "list_tiers", output = PageAnswer)]
pub async fn list_tiers() -> Result<TiersPage, AppError> {
    use super::context;
    use crate::domain::{catalog::Tier, format, money::NanoUsd};

    let (services, caller) = context::signed_in().await?;
    let threshold = services.price_threshold(&caller).await?;
    let tiers = services.sum_up_tiers(&caller)?;
    let line = |sum: crate::domain::prices::TierSum| {
        let (purpose, how) = match sum.tier {
            Tier::General => {
                ("For everyday work", "Where an organization opens unrestricted models by itself, else after its review.")
            }
            Tier::HighPerformance => {
                ("High cost, for hard questions", "Restricted: an organization's admins approve who calls them.")
            }
            Tier::Specialized => {
                ("For one purpose, such as vectors or video", "As general ones, unless their price restricts them.")
            }
        };
        let count = |n: usize| format::grouped(n as u64);
        let dearest = sum.dearest.clone();
        TierLine {
            name: sum.tier.label().into(),
            purpose: purpose.into(),
            restricted_by_default: sum.tier == Tier::HighPerformance,
            how: how.into(),
            models: count(sum.models),
            restricted: count(sum.restricted),
            dearest: dearest.as_ref().map_or_else(|| "–".into(), |(price, _)| format::price(price.0)),
            dearest_model: dearest.map(|(_, name)| name).unwrap_or_default(),
            models_address: format!("/admin/models?tier={}", sum.tier.as_str()),
        }
    };
    let typed = context::typed("restricted_above");
    let now = threshold.map(|price| NanoUsd(price.0).plain()).unwrap_or_default();
    Ok(TiersPage { tiers: tiers.into_iter().map(line).collect(), threshold: if typed.is_empty() { now } else { typed } })
}
