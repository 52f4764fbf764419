//! A call at all of its limits: key, member, team × model, team and organization, five windows on each and budgets on three. `cargo bench
//! --features ssr --bench quota`; the figures are in docs/benchmarks.md.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use futures::executor::block_on;
use tallygate::{
    domain::{
        ids::{KeyId, ModelId, TeamId, UserId},
        limit_scopes::{Allowance, Scope},
        limits::Limits,
        money::NanoUsd,
        teams::{AccessMode, NewTeam},
        time::UnixMs,
    },
    service::{
        Caller, Clock, Random, Services, Settings, Touched,
        access::snapshot::TeamEntry,
        accounts::new_account::NewAccount,
        quota::{Ask, Hold, Payer, Quota, book_of},
        vault::Vault,
    },
    storage::{self, Store, limits::LimitRow},
};

const NOW: UnixMs = UnixMs(1_795_302_180_000);
/// Between calls: some thousand a second, so that every window has all of its parts.
const STEP_MS: i64 = 7;

/// Whose calls are counted.
struct Place {
    team: Arc<TeamEntry>,
    key: KeyId,
    member: UserId,
    model: ModelId,
}

async fn place(folder: &std::path::Path) -> Place {
    let store = Store::connect(&format!("sqlite://{}", folder.join("bench.db").display())).await.expect("SQLite opens");
    store.migrate().await.expect("migrations run");
    let (clock, random) = (Clock::manual(NOW), Random::seeded(7));
    let services = Services::new(store, clock, random, Vault::new(vec![[7; 32]]), Settings::default()).await.expect("services");
    let mut tx = services.store.begin().await.expect("a transaction");
    let account = NewAccount {
        email: "maya@northwind.example".into(),
        email_normalized: "maya@northwind.example".into(),
        name: "Maya Okafor".into(),
        password_hash: "!".into(),
        platform_admin: true,
        email_confirmed: true,
        at: NOW,
    };
    let owner = Caller::system(services.insert_account(&mut tx, &account).await.expect("an account"));
    tx.commit().await.expect("it commits");
    let new =
        NewTeam { name: "Atlas".into(), slug: None, organization: String::new(), mode: AccessMode::Inherit, self_service: true };
    let team = services.create_team_with_organization(&owner, "Northwind Labs", new).await.expect("a team").id;
    let organization = services.snapshot().team(team).and_then(|team| team.organization).expect("an organization");
    let (key, model) = (services.random.id_at(NOW), services.random.id_at(NOW));
    set(&services, team, Scope::Organization(organization), None, true).await;
    set(&services, team, Scope::Team(team), Some(Scope::Organization(organization)), true).await;
    set(&services, team, Scope::TeamModel(team, model), Some(Scope::Team(team)), false).await;
    set(&services, team, Scope::Member(team, owner.user.id), Some(Scope::Team(team)), false).await;
    set(&services, team, Scope::Key(key), Some(Scope::Team(team)), true).await;
    let team = services.snapshot().team(team).expect("the team").clone();
    Place { team, key, member: owner.user.id, model }
}

async fn set(services: &Services, team: TeamId, scope: Scope, parent: Option<Scope>, budget: bool) {
    let most = Some(1_000_000_000_000_000);
    let allowance = Allowance {
        limits: Limits { rpm: most, tpm: most, rph: most, rpd: most, tpd: most },
        budget: budget.then_some(NanoUsd(i64::MAX / 2)),
        ..Allowance::default()
    };
    let (of_team, touched) = match scope {
        Scope::Organization(id) => (None, Touched::organization(id)),
        _ => (Some(team), Touched::team(team)),
    };
    let row = LimitRow { scope, parent, root: parent.unwrap_or(scope), team: of_team, allowance, version: 0 };
    let mut tx = services.store.begin().await.expect("a transaction");
    storage::limits::put(&mut tx, &row, NOW).await.expect("it fits");
    services.commit(tx, touched).await.expect("it commits");
}

fn reserve(quota: &Quota, place: &Place, number: i64) -> Hold {
    let at = NOW.plus(number * STEP_MS);
    let Place { team, key, member, model } = place;
    let payer = Payer { team, key: Some(*key), member: Some(*member), grants: [None; 2], model: Some(*model) };
    let bounds = payer.bounds(at);
    let ask = Ask { at, tokens: 1_500, cost: Some(NanoUsd(20_000_000)), bounds: &bounds };
    block_on(quota.reserve(book_of(team), black_box(&ask))).expect("there is room")
}

fn quotas(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let place = runtime.block_on(place(folder.path()));
    let mut group = c.benchmark_group("quota");
    group.measurement_time(Duration::from_secs(3)).sample_size(30);
    let timed = |reserving: bool| {
        let place = &place;
        move |rounds: u64| {
            let quota = Quota::default();
            let rounds = rounds.cast_signed();
            let mut holds = Vec::with_capacity(usize::try_from(rounds).unwrap_or_default());
            let begun = Instant::now();
            holds.extend((0..rounds).map(|number| reserve(&quota, place, number)));
            let reserved = begun.elapsed();
            let begun = Instant::now();
            holds.into_iter().for_each(|hold| hold.settle(300, NanoUsd(13_000_000)));
            if reserving { reserved } else { begun.elapsed() }
        }
    };
    group.bench_function("admission", |b| b.iter_custom(timed(true)));
    group.bench_function("settlement", |b| b.iter_custom(timed(false)));
    group.finish();
}

criterion_group!(benches, quotas);
criterion_main!(benches);
