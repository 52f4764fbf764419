//! Importing a price list: it is read and kept, shown as a diff against the catalog, and applied row by row as somebody chooses.
//! Nothing changes before. Platform admins only.

mod read;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use crate::{
    domain::{
        catalog::{Deployment, Modality, ModelView, NewModel, Prices, Tier},
        field_errors::FieldErrors,
        ids::PriceListId,
        price_list::{Applied, EntryEffect, ListEntry, ListRow, ListedModel, PRICE_LIST_MAX},
        prices::is_above,
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change},
    storage,
};

/// What somebody chose from a list.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Names of the entries.
    pub models: Vec<String>,
    /// Provider that serves the new ones among them.
    pub provider: String,
    /// When the prices begin; at once without it.
    pub from: Option<UnixMs>,
}

impl Services {
    /// Reads a list and keeps it for a day. Changes nothing in the catalog.
    pub async fn upload_price_list(&self, caller: &Caller, text: &str) -> Result<PriceListId, ServiceError> {
        self.check_platform_change(caller, "upload a price list")?;
        if text.len() > PRICE_LIST_MAX {
            let message = format!("The list is larger than {} MiB.", PRICE_LIST_MAX >> 20);
            return Err(ServiceError::field("price_list", message));
        }
        let entries = read::read(text).map_err(|message| ServiceError::field("price_list", message))?;
        let entries =
            serde_json::to_string(&entries).map_err(|error| ServiceError::Internal(format!("a price list: {error}")))?;
        let now = self.clock.now();
        let id: PriceListId = self.random.id_at(now);
        let mut tx = self.store.begin().await?;
        storage::price_lists::insert(&mut tx, id, caller.user.id, &entries, (now, now.plus(-DAY_MS))).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// What each entry of an own list would change now, by name.
    pub async fn preview_price_list(&self, caller: &Caller, id: PriceListId) -> Result<Vec<ListRow>, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        let entries = storage::price_lists::find(&mut c, id, caller.user.id).await?.ok_or(ServiceError::NotFound)?;
        let models = storage::catalog::list_models(&mut c, self.clock.now()).await?;
        let threshold = self.read_threshold(&mut c).await?;
        let known = by_name(&models);
        let row = |entry: ListEntry| {
            let before = known.get(entry.name.as_str()).map(|model| model.prices);
            let mut row = row(entry, before);
            let crosses = is_above(&row.after, threshold) && !before.is_some_and(|before| is_above(&before, threshold));
            row.restricts = crosses && matches!(row.effect, EntryEffect::Changed | EntryEffect::New);
            row
        };
        let mut rows: Vec<ListRow> = entries.into_iter().map(row).collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(rows)
    }

    /// Applies the chosen entries of an own list, all or none.
    pub async fn apply_price_list(&self, caller: &Caller, id: PriceListId, choice: Choice) -> Result<Applied, ServiceError> {
        self.check_platform_change(caller, "apply a price list")?;
        if choice.models.is_empty() {
            return Err(ServiceError::field("models", "Choose at least one row."));
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let entries = storage::price_lists::find(&mut tx, id, caller.user.id).await?.ok_or(ServiceError::NotFound)?;
        let mut entries: HashMap<String, ListedModel> =
            entries.into_iter().filter_map(|entry| Some((entry.name, entry.read.ok()?))).collect();
        let models = storage::catalog::list_models(&mut tx, now).await?;
        let known = by_name(&models);
        let (mut applied, mut touched) = (Applied::default(), BTreeSet::new());
        let chosen: HashSet<&String> = choice.models.iter().collect();
        let mut chosen: Vec<&String> = chosen.into_iter().collect();
        chosen.sort();
        for name in &chosen {
            let Some(listed) = entries.remove(*name) else {
                return Err(ServiceError::field("models", format!("“{name}” is no row of this list that can be applied.")));
            };
            if let Some(model) = known.get(name.as_str()) {
                let prices = merged(&listed, model.prices);
                self.enter_prices(&mut tx, caller, model, prices, choice.from).await?;
                touched.insert(model.id);
                applied.changed += 1;
            } else {
                let model = new_model(name, listed, &choice)?;
                touched.insert(self.insert_model(&mut tx, caller, model).await?.id);
                applied.created += 1;
            }
        }
        let change = Change {
            action: "catalog.import_prices",
            target_kind: "platform",
            target_id: "platform".into(),
            target_name: "Platform",
            after: json!({"changed": applied.changed, "created": applied.created, "models": chosen}),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        self.commit(tx, Touched::models(touched)).await?;
        Ok(applied)
    }
}

fn by_name(models: &[ModelView]) -> HashMap<&str, &ModelView> {
    models
        .iter()
        .flat_map(|model| std::iter::once(&model.name).chain(&model.aliases).map(move |name| (name.as_str(), model)))
        .collect()
}

/// A list that says nothing of cached tokens takes no price of theirs away.
fn merged(listed: &ListedModel, before: Prices) -> Prices {
    Prices {
        input: listed.prices.input,
        cached: listed.prices.cached.or(before.cached),
        output: listed.prices.output.or(before.output),
    }
}

fn row(entry: ListEntry, before: Option<Prices>) -> ListRow {
    let mut row = ListRow {
        name: entry.name,
        effect: EntryEffect::Unreadable,
        before: before.unwrap_or_default(),
        after: Prices::default(),
        modality: None,
        restricts: false,
        note: String::new(),
    };
    match entry.read {
        Err(sentence) => row.note = sentence,
        Ok(listed) => {
            row.after = merged(&listed, row.before);
            row.modality = Some(listed.modality);
            row.effect = match before {
                None => EntryEffect::New,
                Some(before) if before == row.after => EntryEffect::Unchanged,
                Some(_) => EntryEffect::Changed,
            };
            if !listed.left_out.is_empty() {
                row.note = format!("Left out: {}.", listed.left_out.join(", "));
            }
        }
    }
    row
}

fn new_model(name: &str, listed: ListedModel, choice: &Choice) -> Result<NewModel, FieldErrors> {
    if choice.provider.is_empty() {
        return Err(FieldErrors::one("provider", "Choose the provider that serves the new models."));
    }
    let special = listed.modality == Modality::Embedding;
    NewModel {
        name: name.to_owned(),
        aliases: vec![],
        tier: if special { Tier::Specialized } else { Tier::General },
        modality: listed.modality,
        prices: listed.prices,
        prices_from: choice.from,
        context_window: listed.context_window,
        max_output: listed.max_output,
        default_output: None,
        tokenizer: None,
        restricted: None,
        enabled: true,
        deployments: vec![Deployment { provider: choice.provider.clone(), model: name.to_owned() }],
    }
    .check()
}
