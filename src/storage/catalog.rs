//! Providers and models.

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};

use super::{RowExt, among};
use crate::domain::{
    catalog::{Deployment, Modality, ModelView, NewModel, Provider, ProviderKind, ProviderView, Tier},
    ids::{ModelId, ProviderId},
    time::UnixMs,
    tokenizer::Tokenizer,
};

fn provider_from_row(row: &AnyRow) -> Result<Provider, sqlx::Error> {
    Ok(Provider {
        id: row.id("id")?,
        name: row.text("name")?,
        kind: row.word("kind", ProviderKind::parse)?,
        base_url: row.text("base_url")?,
        secret_hint: row.text("secret_hint")?,
        simulation: row.json("simulation")?,
        created_at: row.time("created_at")?,
    })
}

/// Writes a new provider. Fails with `providers_name_key` where the name is taken.
pub async fn insert_provider(c: &mut AnyConnection, provider: &Provider, sealed_secret: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO providers (id, name, kind, base_url, secret, secret_hint, simulation, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(provider.id.to_string())
    .bind(&provider.name)
    .bind(provider.kind.as_str())
    .bind(&provider.base_url)
    .bind(sealed_secret)
    .bind(&provider.secret_hint)
    .bind(json(&provider.simulation))
    .bind(provider.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Changes a provider; the kind stays.
pub async fn update_provider(c: &mut AnyConnection, provider: &Provider, sealed_secret: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE providers SET name = $2, base_url = $3, secret = $4, secret_hint = $5, simulation = $6 WHERE id = $1")
        .bind(provider.id.to_string())
        .bind(&provider.name)
        .bind(&provider.base_url)
        .bind(sealed_secret)
        .bind(&provider.secret_hint)
        .bind(json(&provider.simulation))
        .execute(c)
        .await?;
    Ok(())
}

/// The provider of a name or an id, with its sealed secret.
pub async fn find_provider(c: &mut AnyConnection, name_or_id: &str) -> Result<Option<(Provider, String)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, name, kind, base_url, secret, secret_hint, simulation, created_at FROM providers WHERE name = $1 OR id = $1",
    )
    .bind(name_or_id)
    .fetch_optional(c)
    .await?;
    row.map(|row| Ok((provider_from_row(&row)?, row.text("secret")?))).transpose()
}

/// Removes a provider that no model uses; whether it did.
pub async fn delete_provider(c: &mut AnyConnection, id: ProviderId) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("DELETE FROM providers WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM deployments WHERE provider_id = $1)")
            .bind(id.to_string())
            .execute(c)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// All providers with their sealed secrets, by name.
pub async fn list_providers(c: &mut AnyConnection) -> Result<Vec<(Provider, String)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT id, name, kind, base_url, secret, secret_hint, simulation, created_at FROM providers ORDER BY name")
            .fetch_all(c)
            .await?;
    rows.iter().map(|row| Ok((provider_from_row(row)?, row.text("secret")?))).collect()
}

/// All providers as pages show them, by name.
pub async fn list_provider_views(c: &mut AnyConnection) -> Result<Vec<ProviderView>, sqlx::Error> {
    let counts = sqlx::query("SELECT provider_id, COUNT(DISTINCT model_id) AS models FROM deployments GROUP BY provider_id")
        .fetch_all(&mut *c)
        .await?;
    let counts: HashMap<ProviderId, i64> =
        counts.iter().map(|row| Ok((row.id("provider_id")?, row.int("models")?))).collect::<Result<_, sqlx::Error>>()?;
    let providers = list_providers(c).await?;
    Ok(providers
        .into_iter()
        .map(|(provider, secret)| ProviderView {
            id: provider.id,
            name: provider.name,
            kind: provider.kind,
            base_url: provider.base_url,
            has_secret: !secret.is_empty(),
            secret_hint: provider.secret_hint,
            simulation: provider.simulation,
            models: counts.get(&provider.id).copied().unwrap_or(0),
        })
        .collect())
}

/// Writes a new model, without its names, prices and deployments.
pub async fn insert_model(
    c: &mut AnyConnection,
    id: ModelId,
    model: &NewModel,
    restricted: bool,
    at: UnixMs,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO models (id, name, tier, modality, context_window, max_output, default_output, restricted, enabled,
             created_at, tokenizer)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id.to_string())
    .bind(&model.name)
    .bind(model.tier.as_str())
    .bind(model.modality.as_str())
    .bind(model.context_window)
    .bind(model.max_output)
    .bind(model.default_output)
    .bind(i64::from(restricted))
    .bind(i64::from(model.enabled))
    .bind(at.0)
    .bind(model.tokenizer.map_or("", Tokenizer::as_str))
    .execute(c)
    .await?;
    Ok(())
}

/// Changes a model, and locks its row until the transaction ends.
pub async fn update_model(c: &mut AnyConnection, id: ModelId, model: &NewModel, restricted: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE models SET name = $2, tier = $3, modality = $4, context_window = $5, max_output = $6, default_output = $7,
             restricted = $8, enabled = $9, tokenizer = $10 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(&model.name)
    .bind(model.tier.as_str())
    .bind(model.modality.as_str())
    .bind(model.context_window)
    .bind(model.max_output)
    .bind(model.default_output)
    .bind(i64::from(restricted))
    .bind(i64::from(model.enabled))
    .bind(model.tokenizer.map_or("", Tokenizer::as_str))
    .execute(c)
    .await?;
    Ok(())
}

/// Locks a model until the transaction ends: others that change it or its prices wait.
pub async fn lock_model(c: &mut AnyConnection, id: ModelId) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE models SET name = name WHERE id = $1").bind(id.to_string()).execute(c).await?;
    Ok(())
}

/// Marks a model as restricted.
pub async fn restrict_model(c: &mut AnyConnection, id: ModelId) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE models SET restricted = 1 WHERE id = $1").bind(id.to_string()).execute(c).await?;
    Ok(())
}

/// Replaces a model's names and aliases. Fails with `model_names_pkey` where one of them is taken.
pub async fn put_names(c: &mut AnyConnection, id: ModelId, name: &str, aliases: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM model_names WHERE model_id = $1").bind(id.to_string()).execute(&mut *c).await?;
    let names = std::iter::once((name, 0)).chain(aliases.iter().map(|alias| (alias.as_str(), 1)));
    for (name, is_alias) in names {
        sqlx::query("INSERT INTO model_names (name, model_id, is_alias) VALUES ($1, $2, $3)")
            .bind(name)
            .bind(id.to_string())
            .bind(i64::from(is_alias))
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// Replaces a model's deployments, in order.
pub async fn put_deployments(c: &mut AnyConnection, id: ModelId, deployments: &[(ProviderId, &str)]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM deployments WHERE model_id = $1").bind(id.to_string()).execute(&mut *c).await?;
    for (position, (provider, upstream_model)) in (0i64..).zip(deployments) {
        sqlx::query("INSERT INTO deployments (model_id, position, provider_id, upstream_model) VALUES ($1, $2, $3, $4)")
            .bind(id.to_string())
            .bind(position)
            .bind(provider.to_string())
            .bind(*upstream_model)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// All models, by name, with aliases, deployments, and the prices of a time.
pub async fn list_models(c: &mut AnyConnection, at: UnixMs) -> Result<Vec<ModelView>, sqlx::Error> {
    read_models(c, at, None).await
}

/// Those of some ids.
pub async fn list_models_of(c: &mut AnyConnection, ids: &[ModelId], at: UnixMs) -> Result<Vec<ModelView>, sqlx::Error> {
    read_models(c, at, Some(ids)).await
}

/// The model of a public name or an id.
pub async fn find_model(c: &mut AnyConnection, name_or_id: &str, at: UnixMs) -> Result<Option<ModelView>, sqlx::Error> {
    let row = sqlx::query("SELECT id FROM models WHERE deleted_at IS NULL AND (name = $1 OR id = $1)")
        .bind(name_or_id)
        .fetch_optional(&mut *c)
        .await?;
    match row {
        Some(row) => Ok(read_models(c, at, Some(&[row.id("id")?])).await?.pop()),
        None => Ok(None),
    }
}

/// The name of the model that a name or alias belongs to, unless it is that one.
pub async fn find_name_elsewhere(c: &mut AnyConnection, name: &str, than: ModelId) -> Result<Option<String>, sqlx::Error> {
    let row =
        sqlx::query("SELECT m.name FROM model_names n JOIN models m ON m.id = n.model_id WHERE n.name = $1 AND n.model_id <> $2")
            .bind(name)
            .bind(than.to_string())
            .fetch_optional(c)
            .await?;
    row.map(|row| row.text("name")).transpose()
}

/// Takes a model out of the catalog; its names are free again.
pub async fn delete_model(c: &mut AnyConnection, id: ModelId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE models SET deleted_at = $2 WHERE id = $1").bind(id.to_string()).bind(at.0).execute(&mut *c).await?;
    sqlx::query("DELETE FROM model_names WHERE model_id = $1").bind(id.to_string()).execute(&mut *c).await?;
    sqlx::query("DELETE FROM deployments WHERE model_id = $1").bind(id.to_string()).execute(c).await?;
    Ok(())
}

/// All models, or those of some ids.
async fn read_models(c: &mut AnyConnection, at: UnixMs, only: Option<&[ModelId]>) -> Result<Vec<ModelView>, sqlx::Error> {
    let prices = super::prices::list_from(c, at, only).await?;
    let mut aliases: HashMap<ModelId, Vec<String>> = HashMap::new();
    let those = among("model_id", only);
    let sql = format!("SELECT model_id, name FROM model_names WHERE is_alias = 1 AND {those} ORDER BY name");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *c).await?;
    for row in rows {
        aliases.entry(row.id("model_id")?).or_default().push(row.text("name")?);
    }
    let mut deployments: HashMap<ModelId, Vec<Deployment>> = HashMap::new();
    let sql = format!(
        "SELECT d.model_id, d.upstream_model, p.name FROM deployments d JOIN providers p ON p.id = d.provider_id
         WHERE {those} ORDER BY d.position"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *c).await?;
    for row in rows {
        let deployment = Deployment { provider: row.text("name")?, model: row.text("upstream_model")? };
        deployments.entry(row.id("model_id")?).or_default().push(deployment);
    }
    let those = among("m.id", only);
    let sql = format!(
        "SELECT m.id, m.name, m.tier, m.modality, m.context_window, m.max_output,
             m.default_output, m.tokenizer, m.restricted, m.enabled,
             (SELECT COUNT(*) FROM organization_models o WHERE o.model_id = m.id AND o.state = 'open') AS open_in
         FROM models m WHERE m.deleted_at IS NULL AND {those} ORDER BY m.name, m.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter()
        .map(|row| {
            let id: ModelId = row.id("id")?;
            Ok(ModelView {
                id,
                name: row.text("name")?,
                aliases: aliases.remove(&id).unwrap_or_default(),
                tier: row.word("tier", Tier::parse)?,
                modality: row.word("modality", Modality::parse)?,
                prices: prices.get(&id).map(|history| history.at(at)).unwrap_or_default(),
                next_prices: prices.get(&id).and_then(|history| history.next(at)).cloned(),
                context_window: row.int("context_window")?,
                max_output: row.int("max_output")?,
                default_output: row.int_opt("default_output")?,
                tokenizer: row.word("tokenizer", |name| Tokenizer::parse(name).ok())?,
                restricted: row.flag("restricted")?,
                enabled: row.flag("enabled")?,
                deployments: deployments.remove(&id).unwrap_or_default(),
                open_in: row.int("open_in")?,
            })
        })
        .collect()
}

fn json(value: &impl serde::Serialize) -> String {
    // Plain structs of numbers: writing them can not fail.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".into())
}
