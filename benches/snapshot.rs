//! What the gateway decides with, at the size of a large company: 1,000 teams, 1,000 models, 50,000 keys. `cargo bench --features ssr
//! --bench snapshot`; the figures are in docs/benchmarks.md.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;
use tallygate::{
    domain::{
        authorization::TeamState,
        catalog::ModelState,
        ids::{KeyId, ModelId, OrgId, TeamId, UserId},
        time::UnixMs,
    },
    service::{
        Clock, Random, Services, Settings, Touched,
        key_secrets::make_secret,
        vault::{Vault, sha256_hex},
    },
    storage::Store,
};

const TEAMS: usize = 1_000;
const MODELS: usize = 1_000;
const KEYS: usize = 50_000;
/// So few that they stay in the fastest memory, and so many that reading the clock does not count.
const BATCH: BatchSize = BatchSize::NumIterations(32);
const NOW: UnixMs = UnixMs(1_795_302_180_000);

struct Filled {
    services: Services,
    org: OrgId,
    models: Vec<ModelId>,
    teams: Vec<TeamId>,
    keys: Vec<(KeyId, String)>,
}

async fn run(c: &mut AnyConnection, sql: &'static str, binds: &[&str]) {
    let mut query = sqlx::query(sql);
    for bind in binds {
        query = query.bind(bind.to_string());
    }
    query.execute(c).await.expect(sql);
}

/// Half of the teams restrict themselves to half of the models, every tenth key is narrowed to ten.
async fn fill(folder: &std::path::Path) -> Filled {
    let store = Store::connect(&format!("sqlite://{}", folder.join("bench.db").display())).await.expect("SQLite opens");
    store.migrate().await.expect("migrations run");
    let random = Random::seeded(7);
    let mut tx = store.begin().await.expect("a transaction");
    let c: &mut AnyConnection = &mut tx;
    let (org, provider): (OrgId, KeyId) = (random.id_at(NOW), random.id_at(NOW));
    let org_text = org.to_string();
    run(c, "INSERT INTO organizations (id, slug, name, created_at) VALUES ($1, 'bench', 'Bench', 0)", &[&org_text]).await;
    let provider = provider.to_string();
    run(c, "INSERT INTO providers (id, name, kind, base_url, created_at) VALUES ($1, 'sim', 'simulated', '', 0)", &[&provider])
        .await;
    let mut models: Vec<ModelId> = vec![];
    for at in 0..MODELS {
        let (id, name) = (random.id_at::<ModelId>(NOW), format!("model-{at:04}"));
        let text = id.to_string();
        run(
            c,
            "INSERT INTO models (id, name, tier, modality, context_window, max_output, created_at)
             VALUES ($1, $2, 'general', 'chat', 128000, 16000, 0)",
            &[&text, &name],
        )
        .await;
        run(c, "INSERT INTO model_names (name, model_id, is_alias) VALUES ($2, $1, 0)", &[&text, &name]).await;
        run(
            c,
            "INSERT INTO deployments (model_id, position, provider_id, upstream_model) VALUES ($1, 0, $2, 'u')",
            &[&text, &provider],
        )
        .await;
        run(
            c,
            "INSERT INTO model_prices (model_id, number, from_at, input_price, output_price, created_by, created_at)
             VALUES ($1, 1, 0, 1000, 2000, '', 0)",
            &[&text],
        )
        .await;
        run(
            c,
            "INSERT INTO organization_models (organization_id, model_id, state, changed_at) VALUES ($2, $1, 'open', 0)",
            &[&text, &org_text],
        )
        .await;
        models.push(id);
    }
    let user: UserId = random.id_at(NOW);
    let user = user.to_string();
    run(
        c,
        "INSERT INTO users (id, email, email_normalized, name, password_hash, password_changed_at, personal_team_id, created_at)
         VALUES ($1, 'a@bench.example', 'a@bench.example', 'Ada', '!', 0, 'none', 0)",
        &[&user],
    )
    .await;
    let mut teams: Vec<TeamId> = vec![];
    for at in 0..TEAMS {
        let (id, mode, slug) =
            (random.id_at::<TeamId>(NOW), if at % 2 == 0 { "restrict" } else { "inherit" }, format!("team-{at}"));
        let text = id.to_string();
        run(
            c,
            "INSERT INTO teams (id, kind, organization_id, slug, name, owner_user_id, mode, created_at)
             VALUES ($1, 'team', $2, $3, $3, $4, $5, 0)",
            &[&text, &org_text, &slug, &user, mode],
        )
        .await;
        run(c, "INSERT INTO team_members (team_id, user_id, role, joined_at) VALUES ($1, $2, 'admin', 0)", &[&text, &user]).await;
        if mode == "restrict" {
            for model in models.iter().step_by(2) {
                let state = TeamState::Direct.as_str();
                run(
                    c,
                    "INSERT INTO team_models (team_id, model_id, state) VALUES ($1, $2, $3)",
                    &[&text, &model.to_string(), state],
                )
                .await;
            }
        }
        teams.push(id);
    }
    let mut keys = vec![];
    for at in 0..KEYS {
        let (id, secret) = (random.id_at::<KeyId>(NOW), make_secret("tg_", random.bytes()));
        let text = id.to_string();
        run(
            c,
            "INSERT INTO api_keys (id, team_id, user_id, kind, name, secret_hash, prefix, suffix, created_at, narrowed)
             VALUES ($1, $2, $3, 'person', 'a key', $4, 'tg_abcd', 'wxyz', 0, CAST($5 AS BIGINT))",
            &[&text, &teams[at % TEAMS].to_string(), &user, &sha256_hex(&secret), if at % 10 == 0 { "1" } else { "0" }],
        )
        .await;
        if at % 10 == 0 {
            for model in models.iter().step_by(MODELS / 10) {
                run(c, "INSERT INTO api_key_models (key_id, model_id) VALUES ($1, $2)", &[&text, &model.to_string()]).await;
            }
        }
        keys.push((id, secret));
    }
    tx.commit().await.expect("it commits");
    let before = resident();
    let services = Services::new(store, Clock::manual(NOW), random, Vault::new(vec![[7; 32]]), Settings::default())
        .await
        .expect("services start");
    println!("resident memory: {} MB before, {} MB with the snapshot and what reading it took", before, resident());
    Filled { services, org, models, teams, keys }
}

/// Resident memory of this process in MB.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096 / 1_000_000
}

fn snapshot(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = std::env::temp_dir().join(format!("tallygate-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let filled = runtime.block_on(fill(&folder));
    let services = &filled.services;

    let mut group = criterion.benchmark_group("rebuild after a change of");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    let commit = async |touched: Touched| {
        let tx = services.store.begin().await.expect("a transaction");
        services.commit(tx, touched).await.expect("it is in force");
    };
    let (key, team) = (filled.keys[4_321].0, filled.teams[432]);
    group.bench_function("nothing (an empty transaction)", |b| b.iter(|| runtime.block_on(commit(Touched::default()))));
    group.bench_function("a key", |b| b.iter(|| runtime.block_on(commit(Touched::key(key)))));
    group.bench_function("a team's policy", |b| b.iter(|| runtime.block_on(commit(Touched::team(team)))));
    group.bench_function("an organization's asset set", |b| {
        b.iter(|| runtime.block_on(commit(Touched::organization(filled.org))));
    });
    let model = filled.models[500];
    group.bench_function("a model of the catalog", |b| b.iter(|| runtime.block_on(commit(Touched::model(model)))));
    group.bench_function("a provider", |b| b.iter(|| runtime.block_on(commit(Touched::providers()))));
    group.bench_function("the platform's groups", |b| b.iter(|| runtime.block_on(commit(Touched::platform()))));
    group.bench_function("everything (start, and every five minutes)", |b| {
        b.iter(|| runtime.block_on(services.refresh_snapshot()).expect("it is read"));
    });
    group.finish();

    let snapshot = services.snapshot();
    assert_eq!(snapshot.boundary(filled.org).state(snapshot.find_id(filled.models[1]).expect("a model").place), ModelState::Open);
    let mut group = criterion.benchmark_group("lookup");
    let mut next = 0;
    // Another key each time, in memory that was just written: the gateway has it of a head that it has just read.
    let mut secret = || {
        next = (next + 7_919) % KEYS;
        filled.keys[next].1.clone()
    };
    group.bench_function("SHA-256 of a secret alone", |b| {
        b.iter_batched_ref(&mut secret, |secret| black_box(Sha256::digest(secret.as_bytes())), BATCH);
    });
    group.bench_function("of a key by its secret (SHA-256 included)", |b| {
        b.iter_batched_ref(&mut secret, |secret| black_box(snapshot.authenticate(secret, NOW)).is_ok(), BATCH);
    });
    let entries: Vec<Arc<_>> =
        filled.keys.iter().step_by(97).map(|(_, secret)| snapshot.authenticate(secret, NOW).expect("a key")).collect();
    let mut at = 0;
    group.bench_function("of what a key may do with a model", |b| {
        b.iter(|| {
            at = (at + 31) % entries.len();
            black_box(snapshot.authorize(&entries[at], "model-0500", NOW)).is_ok()
        });
    });
    group.finish();
    drop(std::fs::remove_dir_all(folder));
}

criterion_group!(benches, snapshot);
criterion_main!(benches);
