//! Pages about models at the size of a large company: 10,000 models, 1,000 teams. `TALLYGATE_TEST_LONG=1`: filling takes its time.

use std::time::Instant;

use super::{
    member_pages::{browser, place},
    support::{on_each_database, people},
};
use crate::{
    service::Services,
    storage::{AnyConnection, Engine, RowExt},
};

const MODELS: usize = 10_000;
const TEAMS: usize = 1_000;
/// Rows of one statement.
const ROWS: usize = 500;
/// What a page may take of the server. A debug build takes several times as long as what people run.
const MOST_MS: u128 = if cfg!(debug_assertions) { 3_000 } else { 300 };

fn id(kind: u8, n: usize) -> String {
    format!("01890000-0000-700{kind}-8000-{n:012}")
}

async fn insert(c: &mut AnyConnection, into: &str, count: usize, row: impl Fn(usize) -> String) {
    for start in (0..count).step_by(ROWS) {
        let rows: Vec<String> = (start..count.min(start + ROWS)).map(|n| format!("({})", row(n))).collect();
        let sql = format!("INSERT INTO {into} VALUES {}", rows.join(", "));
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *c).await.expect(into);
    }
}

/// Half of the models are open, every fourth needs an approval; every second team restricts itself to a hundred of them.
async fn fill(services: &Services, org: &str, owner: &str, provider: &str) {
    let mut tx = services.store.begin().await.unwrap();
    let c: &mut AnyConnection = &mut tx;
    if services.store.engine() == Engine::Sqlite {
        sqlx::raw_sql("PRAGMA defer_foreign_keys = ON").execute(&mut *c).await.unwrap();
    }
    let model = |n| id(3, n);
    let tier = |n: usize| ["general", "high_performance", "specialized"][n % 3];
    insert(c, "models (id, name, tier, modality, context_window, max_output, created_at)", MODELS, |n| {
        format!("'{}', 'model-{n:05}', '{}', 'chat', 128000, 16000, 0", model(n), tier(n))
    })
    .await;
    insert(c, "model_names (name, model_id, is_alias)", MODELS, |n| format!("'model-{n:05}', '{}', 0", model(n))).await;
    insert(c, "deployments (model_id, position, provider_id, upstream_model)", MODELS, |n| {
        format!("'{}', 0, '{provider}', 'u'", model(n))
    })
    .await;
    let prices = "model_prices (model_id, number, from_at, input_price, output_price, created_by, created_at)";
    insert(c, prices, MODELS, |n| format!("'{}', 1, 0, 1000000000, 2000000000, '', 0", model(n))).await;
    insert(c, "organization_models (organization_id, model_id, state, changed_at)", MODELS, |n| {
        format!("'{org}', '{}', '{}', 0", model(n), ["open", "approval", "open", "closed"][n % 4])
    })
    .await;
    let team = |n| id(2, n);
    insert(c, "teams (id, kind, organization_id, slug, name, owner_user_id, mode, created_at)", TEAMS, |n| {
        let mode = ["restrict", "inherit"][n % 2];
        format!("'{}', 'team', '{org}', 'team-{n}', 'Team {n}', '{owner}', '{mode}', 0", team(n))
    })
    .await;
    insert(c, "team_members (team_id, user_id, role, joined_at)", TEAMS, |n| format!("'{}', '{owner}', 'admin', 0", team(n)))
        .await;
    insert(c, "team_models (team_id, model_id, state)", TEAMS / 2 * 100, |n| {
        format!("'{}', '{}', 'direct'", team(n / 100 * 2), model(n % 100 * 100))
    })
    .await;
    tx.commit().await.unwrap();
    services.refresh_snapshot().await.unwrap();
}

#[tokio::test]
async fn pages_about_ten_thousand_models_are_quick() {
    if std::env::var("TALLYGATE_TEST_LONG").is_err() {
        return;
    }
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let provider = services.create_provider(&people[0], people::simulated("sim")).await.unwrap().id.to_string();
        let olga = people::db_person(&services, "Olga", false).await;
        services.add_organization_member(&people[0], "northwind-labs", "olga@northwind.example", "admin").await.unwrap();
        let mut c = services.store.reader().await.unwrap();
        let org = sqlx::query("SELECT id FROM organizations").fetch_one(&mut *c).await.unwrap().text("id").unwrap();
        drop(c);
        fill(&services, &org, &people[1].user.id.to_string(), &provider).await;
        let (runs, maya, owns) = (browser(&app, &olga).await, browser(&app, &people[0]).await, browser(&app, &people[1]).await);
        let mut slow = vec![];
        for (who, page) in [
            (&owns, "/t/team-1/models"),
            (&owns, "/t/team-2/models"),
            (&owns, "/t/team-2/models?q=model-04&tier=general&show=closed"),
            (&owns, "/t/team-1/models?dialog=change&what=mode&to=restrict"),
            (&owns, "/t/team-1/models?dialog=groups"),
            (&owns, "/t/team-1/models/requests?dialog=request"),
            (&owns, "/t/team-1/models/requests"),
            (&owns, "/t/team-1/models/explain?model=model-05000"),
            (&owns, "/t/team-1/playground"),
            (&owns, "/t/team-1/keys?dialog=create"),
            (&runs, "/t/team-1/models"),
            (&runs, "/o/northwind-labs"),
            (&runs, "/o/northwind-labs/models"),
            (&runs, "/o/northwind-labs/models?tier=general&dialog=set&to=closed"),
            (&runs, "/o/northwind-labs/groups?dialog=create"),
            (&runs, "/o/northwind-labs/requests"),
            (&maya, "/admin/models"),
            (&maya, "/admin/models?q=model-09&tier=specialized"),
            (&maya, "/admin/tiers"),
            (&maya, "/admin/groups?dialog=create"),
        ] {
            let mut took = vec![];
            for _ in 0..3 {
                let start = Instant::now();
                let reply = who.page(page).await;
                took.push(start.elapsed().as_millis());
                assert_eq!(reply.status, 200, "{page}: {}", reply.text());
            }
            took.sort_unstable();
            println!("{} ms  {page}  ({})", took[1], services.store.engine().name());
            if took[1] > MOST_MS {
                slow.push((page, took[1]));
            }
        }
        assert!(slow.is_empty(), "more than {MOST_MS} ms: {slow:?}");
    })
    .await;
}
