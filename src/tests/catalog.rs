//! Providers and models: who may touch them, what secrets do, what organizations take in.

use super::support::{START, on_each_database, people};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::Tier,
        money::Price,
        page::PageRequest,
        teams::AccessMode,
    },
    service::{
        ServiceError,
        access::decide::{Holder, ModelRefusal},
        catalog::ProviderInput,
        teams::TeamPatch,
    },
    storage,
};

const CANARY: &str = "sk-canary-0123456789";

fn upstream(base_url: &str, secret: &str) -> ProviderInput {
    ProviderInput {
        name: "upstream".into(),
        kind: "openai".into(),
        base_url: base_url.into(),
        secret: secret.into(),
        ..ProviderInput::default()
    }
}

#[tokio::test]
async fn a_providers_secret_is_sealed_and_forgotten_when_its_host_changes() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        let provider = services.create_provider(&maya, upstream("https://api.one.example/v1/", CANARY)).await.unwrap();
        assert_eq!((provider.base_url.as_str(), provider.secret_hint.as_str()), ("https://api.one.example/v1", "6789"));
        let mut c = services.store.reader().await.unwrap();
        let (_, sealed) = storage::catalog::find_provider(&mut c, "upstream").await.unwrap().unwrap();
        assert!(!sealed.is_empty() && !sealed.contains("canary"));
        drop(c);
        let same = services.update_provider(&maya, "upstream", upstream("https://api.one.example/v2", "")).await.unwrap();
        assert!(same.has_secret);
        let moved = services.update_provider(&maya, "upstream", upstream("https://api.two.example/v1", "")).await.unwrap();
        assert!(!moved.has_secret && moved.secret_hint.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_catalog_does_not_exist_for_others() {
    on_each_database(|services| async move {
        let noor = people::db_person(&services, "Noor", false).await;
        assert!(matches!(services.list_providers(&noor).await, Err(ServiceError::NotFound)));
        assert!(matches!(services.create_provider(&noor, people::simulated("x")).await, Err(ServiceError::NotFound)));
        assert!(matches!(services.create_model(&noor, people::model("m", "x")).await, Err(ServiceError::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn names_and_aliases_share_one_space() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        services.create_provider(&maya, people::simulated("simulator")).await.unwrap();
        let mut first = people::model("small", "simulator");
        first.aliases = vec!["tiny".into()];
        services.create_model(&maya, first).await.unwrap();
        for name in ["small", "tiny"] {
            let refused = services.create_model(&maya, people::model(name, "simulator")).await.unwrap_err();
            assert!(matches!(&refused, ServiceError::Invalid(fields) if fields.get("name").is_some()), "{refused:?}");
        }
        let nowhere = services.create_model(&maya, people::model("other", "no-such-provider")).await.unwrap_err();
        assert!(matches!(&nowhere, ServiceError::Invalid(fields) if fields.get("deployments").is_some()));
        let mut absurd = people::model("other", "simulator");
        absurd.prices.input = Some(Price(-1));
        absurd.default_output = Some(1_000_000);
        let refused = services.create_model(&maya, absurd).await.unwrap_err();
        assert!(
            matches!(&refused, ServiceError::Invalid(f) if f.get("input_price").is_some() && f.get("default_output").is_some())
        );
        assert_eq!(services.list_models(&maya).await.unwrap().len(), 1, "nothing half-done");
    })
    .await;
}

#[tokio::test]
async fn restricted_unpriced_disabled_and_narrowed_models_are_not_callable() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        services.create_provider(&maya, people::simulated("simulator")).await.unwrap();
        services.create_provider(&maya, upstream("https://api.one.example/v1", CANARY)).await.unwrap();
        people::team(&services, &maya).await;
        services.create_model(&maya, people::model("open", "simulator")).await.unwrap();
        services.create_model(&maya, people::model("real", "upstream")).await.unwrap();
        let mut costly = people::model("costly", "simulator");
        costly.tier = Tier::HighPerformance;
        services.create_model(&maya, costly).await.unwrap();
        let mut unpriced = people::model("unpriced", "simulator");
        unpriced.prices.output = None;
        services.create_model(&maya, unpriced).await.unwrap();
        let mut disabled = people::model("disabled", "simulator");
        disabled.enabled = false;
        services.create_model(&maya, disabled).await.unwrap();

        let new = |kind| NewApiKey { name: "k".into(), kind, expires_at: None };
        let key = services.create_key(&maya, "atlas-search", new(KeyKind::Person)).await.unwrap();
        let test = services.create_key(&maya, "atlas-search", new(KeyKind::Test)).await.unwrap();
        let snapshot = services.snapshot();
        let secret = key.key;
        let (key, test) = (snapshot.authenticate(&secret, START).unwrap(), snapshot.authenticate(&test.key, START).unwrap());
        assert!(snapshot.authorize(&key, "open", START).is_ok() && snapshot.authorize(&key, "real", START).is_ok());
        assert_eq!(snapshot.authorize(&key, "costly", START).unwrap_err(), ModelRefusal::RequiresApproval);
        for hidden in ["unpriced", "disabled", "no-such-model"] {
            assert_eq!(snapshot.authorize(&key, hidden, START).unwrap_err(), ModelRefusal::NotFound, "{hidden}");
        }
        assert!(snapshot.authorize(&test, "open", START).is_ok());
        assert_eq!(snapshot.authorize(&test, "real", START).unwrap_err(), ModelRefusal::NotInKeyScope, "test keys cost nothing");

        let callable = || {
            let snapshot = services.snapshot();
            let key = snapshot.authenticate(&secret, START).unwrap();
            snapshot.callable(&Holder::of_key(&key), START).iter().map(|model| model.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(callable(), ["open", "real"]);
        services.set_model_state(&maya, "northwind-labs", "open", "closed").await.unwrap();
        assert_eq!(callable(), ["real"]);
        let restrict = TeamPatch { mode: Some(AccessMode::Restrict.as_str().into()), ..TeamPatch::default() };
        services.update_team(&maya, "atlas-search", restrict).await.unwrap();
        assert!(callable().is_empty(), "an empty selection allows nothing");
    })
    .await;
}

#[tokio::test]
async fn the_catalog_is_searched_and_listed_in_pages_and_summed_up_by_tier() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        services.create_provider(&maya, people::simulated("sim")).await.unwrap();
        for (name, tier, dollars) in [
            ("beta", Tier::General, 1),
            ("alpha", Tier::General, 2),
            ("omega", Tier::HighPerformance, 9),
            ("vectors", Tier::Specialized, 30),
        ] {
            let mut model = people::model(name, "sim");
            model.tier = tier;
            model.aliases = vec![format!("{name}-latest")];
            model.prices.input = Some(Price(10 * dollars * crate::domain::money::DOLLAR));
            services.create_model(&maya, model).await.unwrap();
        }
        let (mut seen, mut cursor) = (vec![], None);
        loop {
            let page = PageRequest { limit: Some(3), cursor };
            let (found, page) = services.find_models(&maya, "", None, &page).await.unwrap();
            assert_eq!(found, 4);
            seen.extend(page.items.into_iter().map(|model| (model.name, model.aliases)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let expected = ["alpha", "beta", "omega", "vectors"].map(|name| (name.to_owned(), vec![format!("{name}-latest")]));
        assert_eq!(seen, expected, "by tier, then by name");
        let find = async |text: &str, tier| {
            let (found, page) = services.find_models(&maya, text, tier, &PageRequest::default()).await.unwrap();
            assert_eq!(found, page.items.len());
            page.items.into_iter().map(|model| model.name).collect::<Vec<_>>()
        };
        assert_eq!(find(" ETA", None).await, ["beta"]);
        assert_eq!(find("a", Some(Tier::General)).await, ["alpha", "beta"]);
        assert!(find("nothing", None).await.is_empty());

        let sums = services.sum_up_tiers(&maya).unwrap().map(|sum| (sum.models, sum.restricted, sum.dearest.unwrap().1));
        assert_eq!(sums, [(2, 0, "alpha".into()), (1, 1, "omega".into()), (1, 1, "vectors".into())]);
        let noor = people::db_person(&services, "Noor", false).await;
        assert!(
            services.sum_up_tiers(&noor).is_err()
                && services.find_models(&noor, "", None, &PageRequest::default()).await.is_err()
        );
    })
    .await;
}
