//! Providers and models, for the platform's pages.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        catalog::{ConnectionTest, ModelView, ProviderView},
        catalog_forms::{ModelForm, ProviderForm},
    },
    error::AppError,
    wire::PageAnswer,
};

/// The page of the providers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProvidersPage {
    pub providers: Vec<ProviderView>,
    /// What was typed into the form that a plain browser sent just now and that was refused.
    pub typed: Option<ProviderForm>,
}

/// All providers.
#[server(prefix = "/fn", endpoint = "list_providers", output = PageAnswer)]
pub async fn list_providers() -> Result<ProvidersPage, AppError> {
    use super::context;
    let (services, caller) = context::signed_in().await?;
    Ok(ProvidersPage { providers: services.list_providers(&caller).await?, typed: context::typed_form("provider") })
}

/// Adds a provider, or changes the one of this id.
#[server(prefix = "/fn", endpoint = "save_provider", output = PageAnswer)]
pub async fn save_provider(#[server(default)] id: String, form: ProviderForm) -> Result<(), AppError> {
    use super::context::{keep_typed_form, signed_in};
    use crate::service::{ServiceError, catalog::ProviderInput};
    let (services, caller) = signed_in().await?;
    let save = async |form: ProviderForm| {
        let simulation = form.simulation()?;
        let input = ProviderInput { name: form.name, kind: form.kind, base_url: form.base_url, secret: form.secret, simulation };
        match id.as_str() {
            "" => services.create_provider(&caller, input).await?,
            id => services.update_provider(&caller, id, input).await?,
        };
        Ok::<_, ServiceError>(())
    };
    let shown = ProviderForm { secret: String::new(), ..form.clone() };
    save(form).await.map_err(|error| keep_typed_form(error, "provider", &shown))?;
    leptos_axum::redirect("/admin/providers");
    Ok(())
}

/// Removes a provider that no model uses.
#[server(prefix = "/fn", endpoint = "delete_provider", output = PageAnswer)]
pub async fn delete_provider(id: String, confirm_name: String) -> Result<(), AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    services.delete_provider(&caller, &id, Some(&confirm_name)).await?;
    leptos_axum::redirect("/admin/providers");
    Ok(())
}

/// Makes a real call to a provider.
#[server(prefix = "/fn", endpoint = "test_provider", output = PageAnswer)]
pub async fn test_provider(id: String) -> Result<ConnectionTest, AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    Ok(services.test_connection(&caller, &id).await?)
}

/// The page of the models.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelsPage {
    /// One page of those that are searched for, by tier and name.
    pub models: Vec<ModelView>,
    pub found: usize,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// More than the search finds are in the catalog.
    pub any: bool,
    /// The one that a dialog is about from the first moment, wherever in the list it is.
    pub opened: Option<ModelView>,
    /// Names of the providers that a deployment may have.
    pub providers: Vec<String>,
    /// What was typed into the form that a plain browser sent just now and that was refused.
    pub typed: Option<ModelForm>,
}

/// Models of the catalog: those of a tier, and whose name contains a text. `opened` is the id that a dialog is about.
#[server(prefix = "/fn", endpoint = "list_catalog_models", output = PageAnswer)]
pub async fn list_catalog_models(
    #[server(default)] text: String,
    #[server(default)] tier: String,
    #[server(default)] cursor: String,
    #[server(default)] opened: String,
) -> Result<ModelsPage, AppError> {
    use super::context;
    use crate::{
        domain::{catalog::Tier, page::PageRequest},
        service::ServiceError,
    };
    let (services, caller) = context::signed_in().await?;
    let providers = services.list_providers(&caller).await?.into_iter().map(|provider| provider.name).collect();
    let page = PageRequest { limit: Some(50), cursor: Some(cursor).filter(|cursor| !cursor.is_empty()) };
    let (found, page) = services.find_models(&caller, &text, Tier::parse(&tier), &page).await?;
    let opened = match opened.as_str() {
        "" => None,
        id => match services.get_model(&caller, id).await {
            Err(ServiceError::NotFound) => None,
            model => Some(model?),
        },
    };
    Ok(ModelsPage {
        models: page.items,
        found,
        next: page.next_cursor,
        any: !services.snapshot().models().is_empty(),
        opened,
        providers,
        typed: context::typed_form("model"),
    })
}

/// Adds a model, or changes the one of this id.
#[server(prefix = "/fn", endpoint = "save_model", output = PageAnswer)]
pub async fn save_model(
    #[server(default)] id: String,
    form: ModelForm,
    #[server(default)] add_row: bool,
) -> Result<(), AppError> {
    use super::context::{keep_typed_form, signed_in};
    use crate::service::ServiceError;
    let (services, caller) = signed_in().await?;
    // Before the form is read: to others this door does not exist, whatever they fill in.
    caller.check_platform_admin()?;
    if add_row {
        // The form is not sent yet; it comes back as it was, with an empty row more.
        return Err(keep_typed_form(ServiceError::field("add_row", "One row more."), "model", &form.with_another_row()));
    }
    let save = async || {
        let model = form.parse(services.clock.now())?;
        match id.as_str() {
            "" => services.create_model(&caller, model).await?,
            id => services.update_model(&caller, id, model).await?,
        };
        Ok::<_, ServiceError>(())
    };
    save().await.map_err(|error| keep_typed_form(error, "model", &form))?;
    leptos_axum::redirect("/admin/models");
    Ok(())
}

/// Takes a model out of the catalog.
#[server(prefix = "/fn", endpoint = "delete_model", output = PageAnswer)]
pub async fn delete_model(id: String) -> Result<(), AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    services.delete_model(&caller, &id).await?;
    leptos_axum::redirect("/admin/models");
    Ok(())
}

/// Prices of a model that hold from a time on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// Name of the model.
    pub model: String,
    pub from: String,
    pub prices: String,
    pub cached: String,
    /// `Announced`, `Now`, or empty for what held before.
    pub state: String,
    /// Who entered it, and when.
    pub entered: String,
}

/// A model's prices, the newest first. Nothing where the page has no such dialog open.
#[server(prefix = "/fn", endpoint = "list_model_prices", output = PageAnswer)]
pub async fn list_model_prices(id: String) -> Result<Vec<PriceLine>, AppError> {
    use super::context::signed_in;
    use crate::domain::{format, money::Price};
    let (services, caller) = signed_in().await?;
    caller.check_platform_admin()?;
    if id.is_empty() {
        return Ok(vec![]);
    }
    let model = services.get_model(&caller, &id).await?.name;
    let history = services.list_prices(&caller, &id).await?;
    let now = services.clock.now();
    let begun = history.0.partition_point(|entry| entry.from <= now);
    let price = |price: Option<Price>| price.map_or_else(|| "–".to_owned(), |price| format::price(price.0));
    let line = |(at, entry): (usize, crate::domain::prices::PriceEntry)| PriceLine {
        model: model.clone(),
        from: format::full(entry.from),
        prices: format!("{} / {}", price(entry.prices.input), price(entry.prices.output)),
        cached: entry.prices.cached.map(|price| format::price(price.0)).unwrap_or_default(),
        state: if at >= begun {
            "Announced"
        } else if at + 1 == begun {
            "Now"
        } else {
            ""
        }
        .into(),
        entered: if entry.created_by.is_empty() {
            format::date(entry.created_at)
        } else {
            format!("{}, {}", entry.created_by, format::date(entry.created_at))
        },
    };
    Ok(history.0.into_iter().enumerate().map(line).rev().collect())
}

/// Sets the price above which models are restricted; nothing for no such rule.
#[server(prefix = "/fn", endpoint = "save_price_threshold", output = PageAnswer)]
pub async fn save_price_threshold(#[server(default)] restricted_above: String) -> Result<(), AppError> {
    use super::context::signed_in;
    use crate::{domain::money::Price, service::ServiceError};
    let (services, caller) = signed_in().await?;
    caller.check_platform_admin()?;
    let wrong = || ServiceError::field("restricted_above", "Enter dollars such as 20 or 7.5, up to 100,000.");
    let keep = |error| super::context::keep_typed(error, &[("restricted_above", &restricted_above)]);
    let threshold = match restricted_above.trim() {
        "" => None,
        text => Some(Price::parse(text).ok_or_else(|| keep(wrong()))?),
    };
    services.set_price_threshold(&caller, threshold).await.map_err(keep)?;
    leptos_axum::redirect("/admin/tiers");
    Ok(())
}
