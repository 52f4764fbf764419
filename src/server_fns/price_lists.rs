//! Importing a price list, for the platform's page.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// Most rows that a page shows.
#[cfg(feature = "ssr")]
const SHOWN_MAX: usize = 200;

/// A row of the preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceListLine {
    pub name: String,
    /// Prices that hold now; empty where there are none.
    pub before: String,
    /// Prices of the list; empty where it was not understood.
    pub after: String,
    pub note: String,
    /// It becomes restricted.
    pub restricts: bool,
}

/// A kind of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceListTab {
    pub word: String,
    pub label: String,
    pub here: bool,
}

/// The page of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceListPage {
    /// Empty before a list was uploaded.
    pub id: String,
    pub tabs: Vec<PriceListTab>,
    /// The kind of rows that is shown.
    pub effect: String,
    /// Its rows can be applied.
    pub can_apply: bool,
    /// They are new models, which need a provider.
    pub is_new: bool,
    pub rows: Vec<PriceListLine>,
    /// How many there are, the shown ones included.
    pub found: usize,
    /// Names of the providers.
    pub providers: Vec<String>,
}

/// What a list would change: rows of one kind, whose names contain a text.
#[server(prefix = "/fn", endpoint = "get_price_list", output = PageAnswer)]
pub async fn get_price_list(list: String, effect: String, text: String) -> Result<PriceListPage, AppError> {
    use crate::domain::{format, ids::PriceListId, price_list::EntryEffect, prices::Prices};

    let (services, caller) = super::context::signed_in().await?;
    let providers = services.list_providers(&caller).await?.into_iter().map(|provider| provider.name).collect();
    if list.is_empty() {
        return Ok(PriceListPage { providers, ..PriceListPage::default() });
    }
    let id = PriceListId::parse(&list).ok_or(AppError::NotFound)?;
    let rows = services.preview_price_list(&caller, id).await?;
    let count = |effect: EntryEffect| rows.iter().filter(|row| row.effect == effect).count();
    let first = EntryEffect::ALL.into_iter().find(|effect| count(*effect) > 0).unwrap_or_default();
    let effect = EntryEffect::parse(&effect).unwrap_or(first);
    let tab = |kind: EntryEffect| PriceListTab {
        word: kind.as_str().into(),
        label: format!("{} {}", kind.label(), format::grouped(count(kind) as u64)),
        here: kind == effect,
    };
    let tabs = EntryEffect::ALL.into_iter().map(tab).collect();
    let prices = |prices: &Prices| {
        if prices.dearest().is_none() {
            return String::new();
        }
        let word =
            |price: Option<crate::domain::money::Price>| price.map_or_else(|| "–".to_owned(), |price| format::price(price.0));
        let cached = prices.cached.map(|price| format!(", cached {}", format::price(price.0))).unwrap_or_default();
        format!("{} / {}{cached}", word(prices.input), word(prices.output))
    };
    let wanted = text.trim().to_lowercase();
    let mut found: Vec<_> = rows.iter().filter(|row| row.effect == effect && row.name.to_lowercase().contains(&wanted)).collect();
    let all = found.len();
    found.truncate(SHOWN_MAX);
    let line = |row: &&crate::domain::price_list::ListRow| PriceListLine {
        name: row.name.clone(),
        before: prices(&row.before),
        after: prices(&row.after),
        note: row.note.clone(),
        restricts: row.restricts,
    };
    Ok(PriceListPage {
        id: list,
        tabs,
        effect: effect.as_str().into(),
        can_apply: matches!(effect, EntryEffect::Changed | EntryEffect::New),
        is_new: effect == EntryEffect::New,
        rows: found.iter().map(line).collect(),
        found: all,
        providers,
    })
}

/// Reads a list and leads to its preview.
#[server(prefix = "/fn", endpoint = "upload_price_list", output = PageAnswer)]
pub async fn upload_price_list(#[server(default)] price_list: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let id = services.upload_price_list(&caller, &price_list).await?;
    leptos_axum::redirect(&format!("/admin/models/import?list={id}"));
    Ok(())
}

/// Applies the chosen rows of a list.
#[server(prefix = "/fn", endpoint = "apply_price_list", output = PageAnswer)]
pub async fn apply_price_list(
    list: String,
    #[server(default)] models: Vec<String>,
    #[server(default)] provider: String,
    #[server(default)] from: String,
) -> Result<(), AppError> {
    use crate::{
        domain::{ids::PriceListId, prices::parse_day},
        service::{ServiceError, price_list::Choice},
    };

    let (services, caller) = super::context::signed_in().await?;
    caller.check_platform_admin()?;
    let id = PriceListId::parse(&list).ok_or(AppError::NotFound)?;
    let from = parse_day(&from, services.clock.now()).map_err(|message| ServiceError::field("from", message))?;
    services.apply_price_list(&caller, id, Choice { models, provider, from }).await?;
    leptos_axum::redirect("/admin/models");
    Ok(())
}
