//! Importing a price list: a diff first, then what was chosen, exactly and once.

use serde_json::json;

use super::support::{TestApp, on_each_database, people};
use crate::{
    domain::{
        catalog::Prices,
        ids::PriceListId,
        money::{DOLLAR, Price},
        price_list::{Applied, EntryEffect, PRICE_LIST_MAX},
        time::DAY_MS,
    },
    service::{Caller, ServiceError, Services, price_list::Choice},
};

/// A list of our own making, with what real ones have: an explanation, unknown fields, other modes, costs of every spelling.
const LIST: &str = include_str!("price_list.json");

async fn maya_with_models(services: &Services) -> Caller {
    let maya = people::db_person(services, "Maya", true).await;
    services.create_provider(&maya, people::simulated("simulator")).await.unwrap();
    people::team(services, &maya).await;
    for name in ["labs/same", "labs/cheaper", "labs/dearer"] {
        let mut model = people::model(name, "simulator");
        if name == "labs/dearer" {
            model.aliases = vec!["dearer-by-alias".into()];
        }
        services.create_model(&maya, model).await.unwrap();
    }
    maya
}

fn chosen(models: &[&str]) -> Choice {
    Choice { models: models.iter().map(|name| (*name).to_owned()).collect(), ..Choice::default() }
}

fn refused_field(error: &ServiceError, field: &str) -> bool {
    matches!(error, ServiceError::Invalid(fields) if fields.get(field).is_some())
}

#[tokio::test]
async fn a_list_is_a_diff_until_rows_are_chosen() {
    on_each_database(|services| async move {
        let maya = maya_with_models(&services).await;
        let before = services.list_models(&maya).await.unwrap();
        let list = services.upload_price_list(&maya, LIST).await.unwrap();
        let rows = services.preview_price_list(&maya, list).await.unwrap();
        let said: Vec<(&str, EntryEffect)> = rows.iter().map(|row| (row.name.as_str(), row.effect)).collect();
        assert_eq!(
            said,
            [
                ("dearer-by-alias", EntryEffect::Changed),
                ("labs/cheaper", EntryEffect::Changed),
                ("labs/fine", EntryEffect::Unreadable),
                ("labs/negative", EntryEffect::Unreadable),
                ("labs/new-chat", EntryEffect::New),
                ("labs/new-vectors", EntryEffect::New),
                ("labs/rerank", EntryEffect::Unreadable),
                ("labs/same", EntryEffect::Unchanged),
                ("labs/tiered", EntryEffect::Unreadable),
            ]
        );
        let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert!(row("dearer-by-alias").restricts && !row("labs/cheaper").restricts, "above $20 per million");
        assert_eq!(row("labs/cheaper").after.input, Some(Price(1_000)), "twelve decimals of a dollar per token are kept");
        assert!(row("labs/fine").note.contains("15 decimals") && row("labs/negative").note.contains("negative"));
        assert!(row("labs/new-chat").note.contains("cache_creation_input_token_cost"), "what has no place is said");
        assert_eq!(services.list_models(&maya).await.unwrap(), before, "nothing changed yet");

        for (choice, field) in [
            (chosen(&[]), "models"),
            (chosen(&["labs/negative"]), "models"),
            (chosen(&["labs/cheaper", "no-such-row"]), "models"),
            (chosen(&["labs/cheaper", "labs/new-chat"]), "provider"),
            (Choice { provider: "nobody".into(), ..chosen(&["labs/cheaper", "labs/new-chat"]) }, "deployments"),
        ] {
            let refused = services.apply_price_list(&maya, list, choice).await.unwrap_err();
            assert!(refused_field(&refused, field), "{refused:?}");
        }
        assert_eq!(services.list_models(&maya).await.unwrap(), before, "all or none");

        let choice = Choice {
            provider: "simulator".into(),
            ..chosen(&["labs/cheaper", "dearer-by-alias", "labs/new-chat", "labs/new-chat", "labs/new-vectors"])
        };
        assert_eq!(services.apply_price_list(&maya, list, choice).await.unwrap(), Applied { changed: 2, created: 2 });
        let models = services.list_models(&maya).await.unwrap();
        assert_eq!(models.len(), 5);
        let dearer = services.get_model(&maya, "labs/dearer").await.unwrap();
        assert!(dearer.restricted);
        assert_eq!(dearer.prices.input, Some(Price(30 * DOLLAR)));
        assert_eq!(services.list_prices(&maya, "labs/dearer").await.unwrap().0.len(), 2);
        let new = services.get_model(&maya, "labs/new-chat").await.unwrap();
        let prices =
            Prices { input: Some(Price(150_000_000)), cached: Some(Price(75_000_000)), output: Some(Price(600_000_000)) };
        assert_eq!((new.prices, new.context_window, new.max_output), (prices, 128_000, 16_384));
        let again = services.preview_price_list(&maya, list).await.unwrap();
        let changes = again.iter().filter(|row| matches!(row.effect, EntryEffect::Changed | EntryEffect::New)).count();
        assert_eq!(changes, 0, "applied once, it changes nothing more");
    })
    .await;
}

#[tokio::test]
async fn an_import_can_be_announced() {
    on_each_database(|services| async move {
        let maya = maya_with_models(&services).await;
        let list = services.upload_price_list(&maya, LIST).await.unwrap();
        let from = services.clock.now().plus(DAY_MS);
        let choice = Choice { from: Some(from), ..chosen(&["labs/cheaper"]) };
        services.apply_price_list(&maya, list, choice).await.unwrap();
        let before = services.get_model(&maya, "labs/cheaper").await.unwrap();
        assert_eq!((before.prices.input, before.next_prices.unwrap().from), (Some(Price(DOLLAR)), from));
        let past = Choice { from: Some(services.clock.now().plus(-1)), ..chosen(&["labs/cheaper"]) };
        assert!(refused_field(&services.apply_price_list(&maya, list, past).await.unwrap_err(), "prices_from"));
    })
    .await;
}

#[tokio::test]
async fn lists_belong_to_who_uploaded_them_and_are_forgotten() {
    on_each_database(|services| async move {
        let maya = maya_with_models(&services).await;
        let ravi = people::db_person(&services, "Ravi", true).await;
        let noor = people::db_person(&services, "Noor", false).await;
        let list = services.upload_price_list(&maya, LIST).await.unwrap();
        let elsewhere: PriceListId = services.random.id(&services.clock);
        for (caller, id) in [(&ravi, list), (&noor, list), (&maya, elsewhere)] {
            assert!(matches!(services.preview_price_list(caller, id).await, Err(ServiceError::NotFound)));
            assert!(matches!(
                services.apply_price_list(caller, id, chosen(&["labs/cheaper"])).await,
                Err(ServiceError::NotFound)
            ));
        }
        assert!(matches!(services.upload_price_list(&noor, LIST).await, Err(ServiceError::NotFound)));
        for bad in ["", "[]", "{", "{}", &" ".repeat(PRICE_LIST_MAX + 1)] {
            assert!(refused_field(&services.upload_price_list(&maya, bad).await.unwrap_err(), "price_list"));
        }
        services.clock.advance(DAY_MS + 1);
        services.upload_price_list(&maya, LIST).await.unwrap();
        assert!(matches!(services.preview_price_list(&maya, list).await, Err(ServiceError::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn a_long_list_passes_the_door_and_an_endless_one_does_not() {
    on_each_database(|services| async move {
        let maya = maya_with_models(&services).await;
        let program = TestApp::new(&services).api(&maya).await;
        let send = async |length: usize| {
            let body = json!({"price_list": {"labs/cheaper": {"metadata": "a".repeat(length)}}});
            program.post("/api/v1/catalog/price-lists", body).await.status
        };
        assert_eq!(send(3 << 20).await, 201);
        assert_eq!(send(PRICE_LIST_MAX).await, 422);
        assert_eq!(send(3 * PRICE_LIST_MAX).await, 413);
    })
    .await;
}
