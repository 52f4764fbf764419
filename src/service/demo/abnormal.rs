//! Who goes wild in made-up calls stands out, and nobody else does.

use std::collections::{BTreeMap, HashMap};

use super::{
    many::{Days, Load, SPAN_DAYS, WILD, wild},
    people, usage,
};
use crate::{
    domain::{
        api_keys::{ApiKey, KeyKind},
        ids::{KeyId, TeamId, UserId, uuid_v7},
        time::{DAY_MS, UnixMs},
        usage::UsageEvent,
    },
    service::usage::marks::marks_of,
    storage,
    tests::support::on_each_database,
};

/// Few enough that each has some twenty calls a day.
const MEMBERS: u8 = 12;
const CALLS: u64 = 22_000;

fn load(team: crate::domain::teams::Team, at: UnixMs) -> Load {
    let key = |n: u8| ApiKey {
        id: KeyId::from(uuid_v7(at, [n; 10])),
        team: TeamId::from(uuid_v7(at, [99; 10])),
        user: UserId::from(uuid_v7(at, [n / 2; 10])),
        kind: KeyKind::Person,
        name: String::new(),
        prefix: String::new(),
        suffix: String::new(),
        expires_at: None,
        revoked_at: None,
        old_secret_until: None,
        created_at: at,
        last_used_at: None,
    };
    Load { team, keys: (0..MEMBERS * 2).map(key).collect(), names: HashMap::new() }
}

/// Charges of each member by day, oldest first.
fn costs(events: impl Iterator<Item = UsageEvent>) -> HashMap<UserId, BTreeMap<UnixMs, i64>> {
    let mut costs: HashMap<UserId, BTreeMap<UnixMs, i64>> = HashMap::new();
    for event in events.filter(|event| !event.call.test) {
        *costs.entry(event.call.user).or_default().entry(event.call.at.floor_to(DAY_MS)).or_default() += event.end.cost.0;
    }
    costs
}

#[tokio::test]
async fn who_goes_wild_is_found_for_twenty_seeds_and_hardly_anybody_else() {
    on_each_database(async |services| {
        let folder = tempfile::tempdir().unwrap();
        let services = super::tests::in_folder(&services, &folder);
        services.seed_demo_days(7, 1).await.unwrap();
        let callers = people::read(&services).await.unwrap();
        let now = services.clock.now();
        let mut c = services.store.reader().await.unwrap();
        let team = storage::teams::find(&mut c, "research").await.unwrap().unwrap();
        drop(c);
        let load = load(team, now);
        let (mut others, mut all) = (0, 0);
        for seed in 0..20 {
            let days = Days { seed, calls: CALLS, now, load: &load, callers: &callers };
            let (who, first) = wild(seed, MEMBERS.into());
            let who = load.keys[(who * 2) as usize].user;
            let mut found = 0;
            for (member, costs) in costs((0..SPAN_DAYS).flat_map(|day| days.events(day))) {
                let costs: Vec<(UnixMs, i64)> = costs.into_iter().collect();
                let wild_days = days.start(first)..days.start(first + WILD.1);
                let marks = marks_of(&costs, now.floor_to(DAY_MS));
                let (right, wrong): (Vec<_>, Vec<_>) =
                    marks.into_iter().partition(|mark| member == who && wild_days.contains(&mark.from));
                found += right.len();
                others += wrong.len();
                all += costs.len();
            }
            assert!(found > 0, "seed {seed}: nobody stands out");
        }
        assert!(others * 100 <= all, "{others} wrong marks on {all} days");
    })
    .await;
}

#[tokio::test]
async fn the_demo_has_one_member_who_stands_out_lately() {
    on_each_database(async |services| {
        let folder = tempfile::tempdir().unwrap();
        let services = super::tests::in_folder(&services, &folder);
        services.seed_demo_days(7, 1).await.unwrap();
        let callers = people::read(&services).await.unwrap();
        let now = services.clock.now();
        let atlas = callers.keys.iter().find(|key| key.cast.0 == 0).unwrap().team.id;
        for seed in [1, 7, 42] {
            let events = usage::events(seed, now, 60, &callers).filter(|event| event.call.team == atlas);
            let week = now.floor_to(DAY_MS).plus(-6 * DAY_MS);
            let mut names: Vec<&str> = vec![];
            for (member, costs) in costs(events) {
                let costs: Vec<(UnixMs, i64)> = costs.into_iter().collect();
                let marks = marks_of(&costs, now.floor_to(DAY_MS).plus(DAY_MS));
                if marks.iter().any(|mark| mark.from >= week) {
                    let key = callers.keys.iter().find(|key| key.key.user == member).unwrap();
                    names.push(&key.user_name);
                }
            }
            assert_eq!(names, ["Daniel Cho"], "seed {seed}");
        }
    })
    .await;
}
