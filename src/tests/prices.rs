//! Prices over time: what holds when, what can not be rewritten, and which models become restricted.

use super::support::{START, on_each_database, people};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        audit::AuditFilter,
        catalog::{Modality, NO_OUTPUT, Prices, Tier},
        model_access::ReviewKind,
        money::{DOLLAR, Price},
        page::PageRequest,
        time::{DAY_MS, HOUR_MS},
    },
    service::{
        Caller, ServiceError, Services,
        access::decide::{Holder, ModelRefusal},
        audit::AuditOf,
    },
};

fn at(input: i64, output: i64) -> Prices {
    Prices { input: Some(Price(input * DOLLAR)), cached: None, output: Some(Price(output * DOLLAR)) }
}

async fn maya_with_model(services: &Services) -> Caller {
    let maya = people::db_person(services, "Maya", true).await;
    services.create_provider(&maya, people::simulated("simulator")).await.unwrap();
    people::team(services, &maya).await;
    services.create_model(&maya, people::model("small", "simulator")).await.unwrap();
    maya
}

fn refused_field(error: &ServiceError, field: &str) -> bool {
    matches!(error, ServiceError::Invalid(fields) if fields.get(field).is_some())
}

#[tokio::test]
async fn an_announced_price_begins_by_itself_and_history_stays() {
    on_each_database(|services| async move {
        let maya = maya_with_model(&services).await;
        let tomorrow = START.plus(DAY_MS);
        services.set_prices(&maya, "small", at(5, 6), Some(tomorrow)).await.unwrap();
        let snapshot = services.snapshot();
        let model = snapshot.models()[0].clone();
        assert_eq!(model.prices.at(START), at(1, 2));
        assert_eq!(model.prices.at(tomorrow.plus(-1)), at(1, 2));
        assert_eq!(model.prices.at(tomorrow), at(5, 6), "without anything being rebuilt");
        let view = services.get_model(&maya, "small").await.unwrap();
        assert_eq!((view.prices, view.next_prices.unwrap().prices), (at(1, 2), at(5, 6)));

        // A second word for the same moment replaces the announcement, and both are kept.
        services.set_prices(&maya, "small", at(4, 6), Some(tomorrow)).await.unwrap();
        assert_eq!(services.get_model(&maya, "small").await.unwrap().next_prices.unwrap().prices, at(4, 6));
        services.clock.advance(DAY_MS);
        let view = services.get_model(&maya, "small").await.unwrap();
        assert_eq!((view.prices, view.next_prices), (at(4, 6), None));
        let history = services.list_prices(&maya, "small").await.unwrap();
        assert_eq!(history.0.len(), 3);
        assert_eq!(history.at(START), at(1, 2), "what was charged can be looked up");
        assert_eq!(history.0[2].created_by, "Maya");
        // The same prices once more are no change.
        services.set_prices(&maya, "small", at(4, 6), None).await.unwrap();
        assert_eq!(services.list_prices(&maya, "small").await.unwrap().0.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn prices_of_the_past_can_not_be_written() {
    on_each_database(|services| async move {
        let maya = maya_with_model(&services).await;
        for from in [START.plus(-1), START.plus(6 * 366 * DAY_MS)] {
            let refused = services.set_prices(&maya, "small", at(9, 9), Some(from)).await.unwrap_err();
            assert!(refused_field(&refused, "prices_from"), "{refused:?}");
        }
        for absurd in [-1, 100_001 * DOLLAR, i64::MIN, i64::MAX] {
            let prices = Prices { input: Some(Price(absurd)), ..at(1, 1) };
            let refused = services.set_prices(&maya, "small", prices, None).await.unwrap_err();
            assert!(refused_field(&refused, "input_price"), "{refused:?}");
        }
        for sql in ["UPDATE model_prices SET input_price = 0", "DELETE FROM model_prices"] {
            let mut tx = services.store.begin().await.unwrap();
            assert!(sqlx::raw_sql(sql).execute(&mut *tx).await.is_err(), "{sql}");
        }
        assert_eq!(services.list_prices(&maya, "small").await.unwrap().0.len(), 1);
        let noor = people::db_person(&services, "Noor", false).await;
        for refused in [
            services.set_prices(&noor, "small", at(0, 0), None).await.map(drop),
            services.list_prices(&noor, "small").await.map(drop),
            services.price_threshold(&noor).await.map(drop),
            services.set_price_threshold(&noor, None).await,
            services.delete_model(&noor, "small").await,
        ] {
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_is_callable_as_long_as_it_has_a_price() {
    on_each_database(|services| async move {
        let maya = maya_with_model(&services).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let secret = services.create_key(&maya, "atlas-search", new).await.unwrap().key;
        let noon = START.plus(HOUR_MS);
        services.set_prices(&maya, "small", Prices::default(), Some(noon)).await.unwrap();
        let mut later = people::model("later", "simulator");
        later.prices_from = Some(noon);
        services.create_model(&maya, later).await.unwrap();
        let mut vectors = people::model("vectors", "simulator");
        (vectors.modality, vectors.prices.output, vectors.max_output, vectors.default_output) =
            (Modality::Embedding, None, NO_OUTPUT, None);
        services.create_model(&maya, vectors).await.unwrap();

        let snapshot = services.snapshot();
        let key = snapshot.authenticate(&secret, START).unwrap();
        let names =
            |now| snapshot.callable(&Holder::of_key(&key), now).iter().map(|model| model.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(START), ["small", "vectors"], "vectors need no price for completions");
        assert_eq!(names(noon), ["later", "vectors"]);
        assert_eq!(snapshot.authorize(&key, "small", noon).unwrap_err(), ModelRefusal::NotFound);
    })
    .await;
}

#[tokio::test]
async fn costly_models_become_restricted_and_stay_as_open_as_they_were() {
    on_each_database(|services| async move {
        let maya = maya_with_model(&services).await;
        services.set_price_threshold(&maya, Some(Price(10 * DOLLAR))).await.unwrap();
        let restricted = async |name: &str| services.get_model(&maya, name).await.unwrap().restricted;

        let mut dear = people::model("dear", "simulator");
        dear.prices = at(1, 11);
        services.create_model(&maya, dear.clone()).await.unwrap();
        assert!(restricted("dear").await, "above the threshold");
        (dear.name, dear.restricted) = ("dear-but-open".into(), Some(false));
        services.create_model(&maya, dear).await.unwrap();
        assert!(!restricted("dear-but-open").await, "an admin said otherwise");
        let mut tier = people::model("tier", "simulator");
        tier.tier = Tier::HighPerformance;
        services.create_model(&maya, tier).await.unwrap();
        assert!(restricted("tier").await);

        assert!(!restricted("small").await);
        services.set_prices(&maya, "small", at(1, 10), None).await.unwrap();
        assert!(!restricted("small").await, "at the threshold is not above it");
        let open_in = services.get_model(&maya, "small").await.unwrap().open_in;
        services.set_prices(&maya, "small", at(1, 11), None).await.unwrap();
        let small = services.get_model(&maya, "small").await.unwrap();
        assert!(small.restricted);
        assert_eq!(small.open_in, open_in, "no state changes by it");
        let reviews = services.list_reviews(&maya, "northwind-labs").await.unwrap();
        assert!(
            reviews.iter().any(|item| item.model == small.id && item.kind == ReviewKind::Price && !item.blocks),
            "{reviews:?}"
        );

        // Unmarked by an admin, it stays so while the price stays above.
        let mut unmarked = people::model("small", "simulator");
        (unmarked.prices, unmarked.restricted) = (at(1, 11), Some(false));
        services.update_model(&maya, "small", unmarked.clone()).await.unwrap();
        unmarked.prices = at(1, 12);
        services.update_model(&maya, "small", unmarked.clone()).await.unwrap();
        assert!(!restricted("small").await);
        // Crossing it by an edit that also says "no" marks it.
        unmarked.prices = at(1, 2);
        services.update_model(&maya, "small", unmarked.clone()).await.unwrap();
        unmarked.prices = at(1, 11);
        services.update_model(&maya, "small", unmarked).await.unwrap();
        assert!(restricted("small").await);

        let log = services
            .list_audit(&maya, &AuditOf::Platform, &AuditFilter::default(), &PageRequest { limit: Some(100), cursor: None })
            .await
            .unwrap();
        let actions: Vec<&str> = log.items.iter().map(|entry| entry.action.as_str()).collect();
        for action in ["model.set_prices", "model.restrict", "catalog.set_threshold"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_removed_model_is_gone_and_its_name_is_free() {
    on_each_database(|services| async move {
        let maya = maya_with_model(&services).await;
        let before = services.get_model(&maya, "small").await.unwrap();
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let secret = services.create_key(&maya, "atlas-search", new).await.unwrap().key;
        services.delete_model(&maya, "small").await.unwrap();
        assert!(matches!(services.get_model(&maya, "small").await, Err(ServiceError::NotFound)));
        assert!(matches!(services.get_model(&maya, &before.id.to_string()).await, Err(ServiceError::NotFound)));
        let snapshot = services.snapshot();
        let key = snapshot.authenticate(&secret, START).unwrap();
        assert_eq!(snapshot.authorize(&key, "small", START).unwrap_err(), ModelRefusal::NotFound);
        services.delete_provider(&maya, "simulator", None).await.unwrap();

        services.create_provider(&maya, people::simulated("simulator")).await.unwrap();
        let again = services.create_model(&maya, people::model("small", "simulator")).await.unwrap();
        assert_ne!(again.id, before.id);
        assert_eq!(services.list_prices(&maya, "small").await.unwrap().0.len(), 1, "with a history of its own");
    })
    .await;
}

#[tokio::test]
async fn names_are_exact_and_belong_to_one_model() {
    on_each_database(|services| async move {
        let maya = maya_with_model(&services).await;
        let mut tiny = people::model("tiny", "simulator");
        tiny.aliases = vec!["Small".into(), "SMALL".into()];
        services.create_model(&maya, tiny.clone()).await.unwrap();
        let cases: [(&str, &[&str], &str); 9] = [
            ("small", &[], "name"),
            ("Small", &[], "name"),
            ("other", &["small"], "aliases"),
            ("other", &["SMALL"], "aliases"),
            ("other", &["other"], "aliases"),
            ("other", &["o-1", "o-1"], "aliases"),
            ("other ", &[], "name"),
            ("other", &["o-1 "], "aliases"),
            ("ot\u{200b}her", &[], "name"),
        ];
        for (name, aliases, field) in cases {
            let mut model = people::model(name, "simulator");
            model.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
            let refused = services.create_model(&maya, model).await.unwrap_err();
            assert!(refused_field(&refused, field), "{name} {aliases:?}: {refused:?}");
        }
        // An alias can not be renamed into a name that somebody was granted, and a name not into its own alias's.
        tiny.aliases = vec!["small".into()];
        assert!(refused_field(&services.update_model(&maya, "tiny", tiny.clone()).await.unwrap_err(), "aliases"));
        // A model may change places with its own alias.
        (tiny.name, tiny.aliases) = ("Small".into(), vec!["tiny".into()]);
        services.update_model(&maya, "tiny", tiny).await.unwrap();
        let view = services.get_model(&maya, "Small").await.unwrap();
        assert_eq!(view.aliases, ["tiny"]);
    })
    .await;
}
