//! L04, F12: changing the key that secrets are sealed with, and coming back from a backup.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::json;

use super::support::{
    START, TestApp,
    accounts::{PASSWORD, Visit, first_admin, mailed_token},
    database::services_over,
    invariants, on_each_database, people,
};
use crate::{
    domain::api_keys::{KeyKind, NewApiKey},
    service::{Caller, Clock, Random, Services, Settings, mail::delivery::Mailer, vault::Vault},
    storage::{Engine, Store},
};

async fn under(services: &Services, keys: Vec<[u8; 32]>) -> Result<Services, crate::service::ServiceError> {
    let (clock, random) = (Clock::manual(START), Random::seeded(43));
    let mut services = Services::new(services.store.clone(), clock, random, Vault::new(keys), Settings::for_tests()).await?;
    services.mailer = Mailer::memory();
    Ok(services)
}

#[tokio::test]
async fn after_sealing_anew_the_old_key_opens_nothing_that_is_needed() {
    on_each_database(|services| async move {
        let maya = Caller::system(first_admin(&services).await);
        let mut provider = people::simulated("upstream");
        (provider.kind, provider.base_url, provider.secret) =
            ("openai".into(), "http://127.0.0.1:9/v1".into(), "sk-canary".into());
        services.create_provider(&maya, provider).await.unwrap();
        services.create_model(&maya, people::model("far", "upstream")).await.unwrap();
        services.deliver_mails_once().await.unwrap();
        services.forgot_password(&Visit::from("203.0.113.9"), &maya.user.email).await.unwrap();

        let (old, new) = ([7; 32], [8; 32]);
        assert!(under(&services, vec![new]).await.is_err(), "the new key alone does not open them");
        let both = under(&services, vec![new, old]).await.unwrap();
        let mut tx = services.store.begin().await.unwrap();
        let resealed = both.reseal_secrets(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((resealed.providers, resealed.mails), (1, 1));

        assert!(under(&services, vec![old]).await.is_err(), "the old key opens nothing any more");
        let after = under(&services, vec![new]).await.unwrap();
        let snapshot = after.snapshot();
        let deployment = &snapshot.find("far").unwrap().deployments[0];
        assert_eq!(deployment.provider.secret.as_ref().unwrap().expose(), "sk-canary");
        after.deliver_mails_once().await.unwrap();
        assert_eq!(mailed_token(&after, &maya.user.email, "/reset/").len(), 43, "the mail's link is whole");
    })
    .await;
}

/// A copy taken while calls are made and keys come and go is one moment of the database: nothing in it contradicts itself. PostgreSQL's
/// own tools make such copies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_holds_all_invariants() {
    on_each_database(|services| async move {
        if services.store.engine() != Engine::Sqlite {
            return;
        }
        let maya = people::db_person(&services, "Maya", true).await;
        let mut simulated = people::simulated("simulator");
        (simulated.simulation.first_token_ms, simulated.simulation.per_token_ms) = (0, 0);
        services.create_provider(&maya, simulated).await.unwrap();
        services.create_model(&maya, people::model("sim", "simulator")).await.unwrap();
        let team = people::team(&services, &maya).await;
        let app = Arc::new(TestApp::new(&services));
        let folder = tempfile::tempdir().unwrap();
        let load = (0..4).map(|at| {
            let (app, maya, slug) = (app.clone(), maya.clone(), team.slug.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    let new = NewApiKey { name: format!("k{at}"), kind: KeyKind::Person, expires_at: None };
                    let key = app.services.create_key(&maya, &slug, new).await.unwrap();
                    let call = json!({"model": "sim", "max_tokens": 5, "messages": [{"role": "user", "content": PASSWORD}]});
                    app.key(&key.key).post("/v1/chat/completions", call).await.expect(200);
                    app.services.book_ended_calls().await.unwrap();
                    app.services.revoke_key(&maya, &slug, key.id).await.unwrap();
                }
            })
        });
        let load: Vec<_> = load.collect();
        let mut copies = vec![];
        while load.iter().any(|task| !task.is_finished()) {
            let copy = folder.path().join(format!("copy{}.db", copies.len()));
            let mut c = services.store.reader().await.unwrap();
            let vacuum = sqlx::AssertSqlSafe(format!("VACUUM INTO '{}'", copy.display()));
            sqlx::raw_sql(vacuum).execute(&mut *c).await.unwrap();
            copies.push(copy);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        join_all(load).await.into_iter().for_each(|done| done.unwrap());
        assert!(copies.len() > 1, "copies were taken while something went on");
        let step = (copies.len() / 4).max(1);
        for copy in copies.iter().step_by(step) {
            let restored = services_over(Store::connect(&format!("sqlite://{}", copy.display())).await.unwrap()).await;
            invariants::check(&restored).await;
            restored.store.close().await;
        }
    })
    .await;
}
