//! Prices over time, and the models that are restricted because of them. Platform admins only.

use serde_json::{Value, json};
use sqlx::AnyConnection;

use crate::{
    domain::{
        catalog::{ModelView, Prices, Tier},
        field_errors::FieldErrors,
        ids::ModelId,
        money::{DOLLAR, MAX_PRICE, Price},
        prices::{PriceEntry, PriceHistory, TierSum, check_from, is_above},
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, organizations::find_model},
    storage,
};

/// Setting: models with a price above are restricted; `none` for no such rule.
const THRESHOLD: &str = "restricted_above";
/// As installed: $20 per million tokens.
const THRESHOLD_INSTALLED: Price = Price(20 * DOLLAR);

impl Services {
    /// The price above which models are restricted unless an admin says otherwise; none for no such rule.
    pub async fn price_threshold(&self, caller: &Caller) -> Result<Option<Price>, ServiceError> {
        caller.check_platform_admin()?;
        self.read_threshold(&mut *self.store.reader().await?).await
    }

    /// Sets it. Acts on models and prices that are entered from now on; what is in the catalog stays as it is.
    pub async fn set_price_threshold(&self, caller: &Caller, threshold: Option<Price>) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "change the price from which models are restricted")?;
        if threshold.is_some_and(|price| price.0 < 0 || price > MAX_PRICE) {
            return Err(ServiceError::field("restricted_above", "Use $0 to $100,000 per million tokens."));
        }
        let mut tx = self.store.begin().await?;
        let before = self.read_threshold(&mut tx).await?;
        let text = threshold.map_or_else(|| "none".to_owned(), |price| price.0.to_string());
        storage::settings::put(&mut tx, THRESHOLD, &text, self.clock.now()).await?;
        let change = Change {
            action: "catalog.set_threshold",
            target_kind: "platform",
            target_id: "platform".into(),
            target_name: "Platform",
            before: json!({"restricted_above": before}),
            after: json!({"restricted_above": threshold}),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The tiers in their order, each with what its models come to.
    pub fn sum_up_tiers(&self, caller: &Caller) -> Result<[TierSum; 3], ServiceError> {
        caller.check_platform_admin()?;
        let (snapshot, now) = (self.snapshot(), self.clock.now());
        Ok(Tier::ALL.map(|tier| {
            let of_tier = || snapshot.models().iter().filter(|model| model.tier == tier);
            let priced = of_tier().filter_map(|model| Some((model.prices.at(now).dearest()?, model.name.clone())));
            TierSum {
                tier,
                models: of_tier().count(),
                restricted: of_tier().filter(|model| model.restricted).count(),
                // Of several, the first by name.
                dearest: priced.max_by(|(a, one), (b, other)| a.cmp(b).then_with(|| other.cmp(one))),
            }
        }))
    }

    /// A model's prices, past, present and announced, in order.
    pub async fn list_prices(&self, caller: &Caller, model: &str) -> Result<PriceHistory, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        let model = find_model(&mut c, model, self.clock.now()).await?;
        Ok(storage::prices::list(&mut c, model.id).await?)
    }

    /// Enters prices that hold from a time on, or at once. What held before stays in the history.
    pub async fn set_prices(
        &self,
        caller: &Caller,
        model: &str,
        prices: Prices,
        from: Option<UnixMs>,
    ) -> Result<PriceHistory, ServiceError> {
        self.check_platform_change(caller, "change prices")?;
        let mut errors = FieldErrors::default();
        prices.check(&mut errors);
        errors.into_result()?;
        let mut tx = self.store.begin().await?;
        let model = find_model(&mut tx, model, self.clock.now()).await?;
        self.enter_prices(&mut tx, caller, &model, prices, from).await?;
        let history = storage::prices::list(&mut tx, model.id).await?;
        self.commit(tx, Touched::model(model.id)).await?;
        Ok(history)
    }

    /// The threshold inside a transaction.
    pub(super) async fn read_threshold(&self, c: &mut AnyConnection) -> Result<Option<Price>, ServiceError> {
        match storage::settings::find(c, THRESHOLD).await?.as_deref() {
            None => Ok(Some(THRESHOLD_INSTALLED)),
            Some("none") => Ok(None),
            Some(text) => text.parse().map(|nano| Some(Price(nano))).map_err(|_| unreadable(text)),
        }
    }

    /// The first prices of a model that is made in this transaction.
    pub(super) async fn enter_first_prices(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        model: ModelId,
        prices: Prices,
        from: Option<UnixMs>,
    ) -> Result<(), ServiceError> {
        let created_at = self.clock.now();
        let from = checked_from(from, created_at)?;
        let entry = PriceEntry { from, prices, created_at, created_by: caller.user.name.clone() };
        Ok(storage::prices::insert(c, model, &entry).await?)
    }

    /// Enters prices where they differ from what holds at that time anyway. A price that crosses the threshold marks the model
    /// restricted, and organizations have it to review; what they let be done with it stays.
    pub(super) async fn enter_prices(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        model: &ModelView,
        prices: Prices,
        from: Option<UnixMs>,
    ) -> Result<(), ServiceError> {
        let created_at = self.clock.now();
        let from = checked_from(from, created_at)?;
        storage::catalog::lock_model(c, model.id).await?;
        let before = storage::prices::list(c, model.id).await?.at(from);
        if before == prices {
            return Ok(());
        }
        let entry = PriceEntry { from, prices, created_at, created_by: caller.user.name.clone() };
        storage::prices::insert(c, model.id, &entry).await?;
        let change = change(model, "model.set_prices", json!(before), json!({"prices": prices, "from": from}));
        self.audit(c, caller, change).await?;
        let threshold = self.read_threshold(c).await?;
        if is_above(&prices, threshold) && !is_above(&before, threshold) {
            self.mark_restricted(c, caller, model).await?;
        }
        Ok(())
    }

    async fn mark_restricted(&self, c: &mut AnyConnection, caller: &Caller, model: &ModelView) -> Result<(), ServiceError> {
        storage::catalog::restrict_model(c, model.id).await?;
        let change =
            change(model, "model.restrict", json!({"restricted": model.restricted}), json!({"restricted": true, "by": "price"}));
        self.audit(c, caller, change).await?;
        self.open_price_reviews(c, model.id).await
    }
}

fn change<'a>(model: &'a ModelView, action: &'a str, before: Value, after: Value) -> Change<'a> {
    let target_id = model.id.to_string();
    Change { action, target_kind: "model", target_id, target_name: &model.name, before, after, ..Change::default() }
}

fn checked_from(from: Option<UnixMs>, now: UnixMs) -> Result<UnixMs, ServiceError> {
    from.map_or(Ok(now), |from| check_from(from, now)).map_err(|message| ServiceError::field("prices_from", message))
}

fn unreadable(text: &str) -> ServiceError {
    ServiceError::Internal(format!("the setting {THRESHOLD} is not a number: {text:?}"))
}
