//! Who manages, and what may be called, are two things: nothing that changes one changes the other. And calls without a key are decided
//! like those with one.

use std::collections::BTreeMap;

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;

use super::{
    model_policies::{Built, build, name},
    support::{
        TestApp,
        accounts::browser,
        on_each_database, people,
        worlds::{self, Answer, Key, World},
    },
};
use crate::{
    domain::{
        authorization::TeamState,
        catalog::{ModelState, Tier},
        model_access::AccessDraft,
        roles::{OrgRole, Role},
        teams::AccessMode,
    },
    server_fns::playground::PlaygroundPage,
    service::{Caller, Services, access::decide::Holder, model_access::GroupInput},
    storage::RowExt,
    wire,
};

fn worlds(count: usize) -> Vec<World> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| worlds::world().new_tree(&mut runner).unwrap().current()).collect()
}

/// Everybody's role, everywhere.
async fn roles(services: &Services) -> Vec<(String, String, String)> {
    let mut c = services.store.reader().await.unwrap();
    let rows = sqlx::query(
        "SELECT t.id AS place, m.user_id AS person, CASE WHEN t.owner_user_id = m.user_id THEN 'owner' ELSE m.role END AS role
         FROM team_members m JOIN teams t ON t.id = m.team_id
         UNION ALL SELECT organization_id, user_id, role FROM organization_members
         UNION ALL SELECT 'platform', id, CASE WHEN platform_admin = 1 THEN 'admin' ELSE '' END FROM users ORDER BY 1, 2",
    )
    .fetch_all(&mut *c)
    .await
    .unwrap();
    let text = |row: &sqlx::any::AnyRow, column: &str| row.text(column).unwrap();
    rows.iter().map(|row| (text(row, "place"), text(row, "person"), text(row, "role"))).collect()
}

/// What everybody may call in each team, what teams may without anybody in particular, and what the keys may that still work.
fn sets(services: &Services, built: &Built, keys: bool) -> BTreeMap<String, Vec<String>> {
    let (snapshot, now) = (services.snapshot(), services.clock.now());
    let names = |holder: &Holder<'_>| snapshot.callable(holder, now).iter().map(|model| model.name.clone()).collect::<Vec<_>>();
    let mut sets = BTreeMap::new();
    for team in &built.teams {
        let entry = snapshot.team(*team).unwrap();
        sets.insert(format!("team {team}"), names(&Holder::of_team(entry)));
        for member in &built.members {
            sets.insert(format!("team {team}, {}", member.user.name), names(&Holder::of_member(entry, member.user.id)));
        }
    }
    for (id, secret) in built.keys.iter().filter(|_| keys) {
        let key = snapshot.authenticate(secret, now).unwrap();
        sets.insert(format!("key {id}"), names(&Holder::of_key(&key)));
    }
    sets
}

/// A change of what may be called.
#[derive(Clone, Debug)]
enum Policy {
    Organization(usize, usize, ModelState),
    Team(usize, bool, BTreeMap<usize, TeamState>, Option<(usize, TeamState)>),
    Member(usize, usize, Option<Vec<usize>>),
    Group(usize, Vec<usize>),
    Grant(usize, usize, usize),
}

fn policy() -> impl Strategy<Value = Policy> {
    let model = || 0..worlds::MODELS;
    let team = || 1..worlds::TEAMS;
    let state = || prop::sample::select(TeamState::ALL.to_vec());
    let states = prop::sample::select(vec![ModelState::Open, ModelState::Approval, ModelState::Closed]);
    let models = || prop::collection::vec(model(), 0..4);
    prop_oneof![
        (0..worlds::ORGANIZATIONS, model(), states).prop_map(|(org, model, state)| Policy::Organization(org, model, state)),
        (team(), any::<bool>(), prop::collection::btree_map(model(), state(), 0..4), prop::option::of((0..3usize, state())))
            .prop_map(|(team, restrict, rows, tier)| Policy::Team(team, restrict, rows, tier)),
        (team(), 0..worlds::MEMBERS, prop::option::of(models()))
            .prop_map(|(team, member, models)| Policy::Member(team, member, models)),
        (0..worlds::ORGANIZATIONS, models()).prop_map(|(org, models)| Policy::Group(org, models)),
        (team(), 0..worlds::MEMBERS, model()).prop_map(|(team, member, model)| Policy::Grant(team, member, model)),
    ]
}

/// Makes a change, where it can be made: some models are closed, some people can not be granted anything.
async fn apply(services: &Services, maya: &Caller, built: &Built, at: usize, policy: &Policy) -> bool {
    let team = |at: usize| built.teams[at].to_string();
    let organization = |at: usize| format!("org-{at}");
    let names = |models: &[usize]| models.iter().map(|at| name(*at)).collect::<Vec<_>>();
    match policy {
        Policy::Organization(org, model, state) => {
            services.set_model_state(maya, &organization(*org), &name(*model), state.as_str()).await.is_ok()
        }
        Policy::Team(at, restrict, rows, tier) => {
            let draft = AccessDraft {
                mode: if *restrict { AccessMode::Restrict } else { AccessMode::Inherit },
                models: restrict.then(|| rows.iter().map(|(model, state)| (name(*model), *state)).collect()),
                groups: None,
                tiers: tier.filter(|_| *restrict).map(|(tier, state)| vec![(Tier::ALL[tier], state)]),
            };
            services.set_team_access(maya, &team(*at), &draft, true).await.is_ok()
        }
        Policy::Member(at, member, models) => {
            let models = models.as_ref().map(|models| names(models));
            services.set_member_models(maya, &team(*at), built.members[*member].user.id, models).await.is_ok()
        }
        Policy::Group(org, models) => {
            let input = GroupInput {
                name: format!("more {at}"),
                description: String::new(),
                models: names(models),
                tiers: vec![Tier::ALL[0]],
            };
            services.create_group(maya, Some(&organization(*org)), input).await.is_ok()
        }
        Policy::Grant(at, member, model) => {
            let member = built.members[*member].user.id;
            services.create_grant(maya, &team(*at), &name(*model), Some(member), None).await.is_ok()
        }
    }
}

#[tokio::test]
async fn policies_change_no_role_and_roles_change_no_set() {
    let (mut world, next) = (worlds(1).remove(0), std::sync::atomic::AtomicUsize::new(0));
    // What decides is to be policies alone.
    for model in &mut world.models {
        (model.enabled, model.priced, model.served) = (true, true, true);
    }
    world.organizations.iter_mut().for_each(|organization| organization.blocked.clear());
    on_each_database(|services| {
        // Other changes on each database.
        let mut runner = TestRunner::deterministic();
        let mut policies = prop::collection::vec(policy(), 60).new_tree(&mut runner).unwrap().current();
        let half = 30 * (next.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 2);
        policies = policies[half..half + 30].to_vec();
        let world = world.clone();
        async move {
            let maya = people::db_person(&services, "Maya", true).await;
            let built = build(&services, &maya, &world).await;
            let before = roles(&services).await;
            let mut applied = 0;
            let mut changed = 0;
            for (at, policy) in policies.iter().enumerate() {
                let sets_before = sets(&services, &built, true);
                if apply(&services, &maya, &built, at, policy).await {
                    applied += 1;
                    changed += usize::from(sets(&services, &built, true) != sets_before);
                }
                assert_eq!(roles(&services).await, before, "{policy:?}");
            }
            assert!(applied > 10 && changed > 3, "{applied} changes were made, {changed} changed what may be called");

            let before = sets(&services, &built, true);
            for team in &built.teams[1..] {
                for (member, role) in
                    built.members.iter().flat_map(|member| [Role::Admin, Role::Member].map(|role| (member, role)))
                {
                    services.set_member_role(&maya, &team.to_string(), member.user.id, role).await.unwrap();
                    assert_eq!(sets(&services, &built, true), before, "{} as {role:?}", member.user.name);
                }
            }
            for org in 0..worlds::ORGANIZATIONS {
                for (member, role) in
                    built.members.iter().flat_map(|member| [OrgRole::Admin, OrgRole::Member].map(|role| (member, role)))
                {
                    let org = format!("org-{org}");
                    services.set_organization_role(&maya, &org, member.user.id, role.as_str()).await.unwrap();
                    assert_eq!(sets(&services, &built, true), before, "{} as {role:?} of {org}", member.user.name);
                }
            }
            // A viewer has no keys and makes no calls; what the team and everybody in it may call stays as it was.
            let before = sets(&services, &built, false);
            let team = built.teams[1].to_string();
            for member in &built.members {
                services.set_member_role(&maya, &team, member.user.id, Role::Viewer).await.unwrap();
                assert_eq!(sets(&services, &built, false), before);
                assert!(services.find_player(member, &team).await.is_err(), "a viewer makes no calls");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_playground_gives_the_answer_of_set_algebra() {
    let (worlds, next) = (worlds(2), std::sync::atomic::AtomicUsize::new(0));
    on_each_database(|services| {
        let world = worlds[next.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % worlds.len()].clone();
        async move {
            let maya = people::db_person(&services, "Maya", true).await;
            let built = build(&services, &maya, &world).await;
            let app = TestApp::new(&services);
            for (team, id) in built.teams.iter().enumerate() {
                for (member, person) in built.members.iter().enumerate().filter(|(member, _)| team > 0 || *member == 0) {
                    let (callable, _) = world.of_holder(team, Some(member));
                    let here = browser(&app, person).await;
                    let page = here.form("/fn/get_playground", &[("team", &id.to_string())], false).await;
                    let page: PlaygroundPage = wire::read(&page.text()).unwrap();
                    let picked: Vec<String> = page.models.into_iter().map(|model| model.name).collect();
                    assert_eq!(picked, callable.iter().map(|at| name(*at)).collect::<Vec<_>>(), "team {team}, member {member}");
                    let like = Key { team, member, kind: 0, narrowed: None };
                    for model in 0..world.models.len() {
                        let call = json!({"model": name(model), "messages": [{"role": "user", "content": "x"}], "max_tokens": 1});
                        let reply = here.post(&format!("/play/{id}/chat/completions"), call).await;
                        let code = if reply.status == 200 { json!("") } else { reply.value()["error"]["code"].clone() };
                        let answer = match code.as_str().unwrap() {
                            "" | "upstream_error" => Answer::Through,
                            "model_requires_approval" => Answer::NeedsApproval,
                            "model_not_found" => Answer::Hidden,
                            other => panic!("{other}"),
                        };
                        assert_eq!(answer, world.answer(&like, model), "team {team}, member {member}, model {model}");
                    }
                }
            }
        }
    })
    .await;
}
