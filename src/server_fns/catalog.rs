//! Providers and models, for the platform's pages.

use leptos::prelude::*;

use crate::{
    domain::{
        catalog::{ConnectionTest, ModelView, ProviderView},
        catalog_forms::{ModelForm, ProviderForm},
    },
    error::AppError,
};

/// All providers.
#[server(prefix = "/fn", endpoint = "list_providers")]
pub async fn list_providers() -> Result<Vec<ProviderView>, AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    Ok(services.list_providers(&caller).await?)
}

/// Adds a provider, or changes the one of this id.
#[server(prefix = "/fn", endpoint = "save_provider")]
pub async fn save_provider(#[server(default)] id: String, form: ProviderForm) -> Result<(), AppError> {
    use super::context::signed_in;
    use crate::service::catalog::ProviderInput;
    let (services, caller) = signed_in().await?;
    let simulation = form.simulation().map_err(|fields| AppError::Invalid { fields })?;
    let input = ProviderInput { name: form.name, kind: form.kind, base_url: form.base_url, secret: form.secret, simulation };
    if id.is_empty() {
        services.create_provider(&caller, input).await?;
    } else {
        services.update_provider(&caller, &id, input).await?;
    }
    leptos_axum::redirect("/admin/providers");
    Ok(())
}

/// Removes a provider that no model uses.
#[server(prefix = "/fn", endpoint = "delete_provider")]
pub async fn delete_provider(id: String) -> Result<(), AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    services.delete_provider(&caller, &id).await?;
    leptos_axum::redirect("/admin/providers");
    Ok(())
}

/// Makes a real call to a provider.
#[server(prefix = "/fn", endpoint = "test_provider")]
pub async fn test_provider(id: String) -> Result<ConnectionTest, AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    Ok(services.test_connection(&caller, &id).await?)
}

/// All models.
#[server(prefix = "/fn", endpoint = "list_catalog_models")]
pub async fn list_catalog_models() -> Result<Vec<ModelView>, AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    Ok(services.list_models(&caller).await?)
}

/// Adds a model, or changes the one of this id.
#[server(prefix = "/fn", endpoint = "save_model")]
pub async fn save_model(#[server(default)] id: String, form: ModelForm) -> Result<(), AppError> {
    use super::context::signed_in;
    let (services, caller) = signed_in().await?;
    let model = form.parse().map_err(|fields| AppError::Invalid { fields })?;
    if id.is_empty() {
        services.create_model(&caller, model).await?;
    } else {
        services.update_model(&caller, &id, model).await?;
    }
    leptos_axum::redirect("/admin/models");
    Ok(())
}
