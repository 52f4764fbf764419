//! Who may call which model, through the doors: what is set in one place holds at the next call, everywhere the same.

use std::collections::BTreeSet;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use super::support::{
    START, TestApp, on_each_database, people,
    worlds::{self, Answer, Set, World},
};
use crate::{
    domain::{
        api_keys::{ApiKey, KeyKind, NewApiKey},
        authorization::{GrantLevel, TeamState},
        catalog::{Deployment, ModelState, Tier},
        ids::{GroupId, KeyId, ModelId, OrgId, TeamId},
        limit_scopes::Allowance,
        model_access::{AccessDraft, AccessGroup, Grant},
        roles::Role,
        team_policy::TeamRows,
        teams::AccessMode,
        time::DAY_MS,
    },
    service::{Caller, ServiceError, Services, catalog::ProviderInput, key_secrets::make_secret, model_access::ExplainQuery},
    storage::{self, model_access},
};

const CALL: &str = "/v1/chat/completions";

fn call(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 1})
}

pub(super) fn name(at: usize) -> String {
    format!("m{at}")
}

/// A world in the database, and the secrets of its keys.
pub(super) struct Built {
    pub(super) members: Vec<Caller>,
    pub(super) teams: Vec<TeamId>,
    pub(super) keys: Vec<(KeyId, String)>,
}

pub(super) async fn build(services: &Services, maya: &Caller, world: &World) -> Built {
    let mut simulated = people::simulated("sim");
    (simulated.simulation.first_token_ms, simulated.simulation.per_token_ms) = (0, 0);
    services.create_provider(maya, simulated).await.unwrap();
    // Nobody listens there: what gets through fails behind the gateway.
    let real = ProviderInput { base_url: "http://127.0.0.1:9/v1".into(), kind: "openai".into(), ..people::simulated("real") };
    services.create_provider(maya, real).await.unwrap();
    let mut models: Vec<ModelId> = vec![];
    for (at, facts) in world.models.iter().enumerate() {
        let mut model = people::model(&name(at), "sim");
        let provider = if facts.simulated { "sim" } else { "real" };
        model.deployments = vec![Deployment { provider: provider.into(), model: "u".into() }];
        (model.enabled, model.tier) = (facts.enabled, Tier::ALL[facts.tier]);
        if !facts.priced {
            model.prices.output = None;
        }
        models.push(services.create_model(maya, model).await.unwrap().id);
    }
    let mut orgs: Vec<OrgId> = vec![];
    for at in 0..worlds::ORGANIZATIONS {
        orgs.push(services.create_organization(maya, &format!("Org {at}"), "").await.unwrap().id);
    }
    let mut members = vec![];
    for at in 0..worlds::MEMBERS {
        members.push(people::db_person(services, &format!("Member{at}"), false).await);
    }
    let mut teams = vec![members[0].user.personal_team];
    for at in 1..worlds::TEAMS {
        let organization = orgs[World::organization_of(at).unwrap()].to_string();
        let team = services.create_team(maya, people::new_team(&format!("Team {at}"), &organization)).await.unwrap();
        for (member, role) in members.iter().zip([Role::Member, Role::Admin, Role::Member]) {
            people::db_join(services, &team, member, role).await;
        }
        teams.push(team.id);
    }

    let mut tx = services.store.begin().await.unwrap();
    let ids = |set: &Set| set.iter().map(|at| models[*at]).collect::<Vec<_>>();
    for (at, _) in world.models.iter().enumerate().filter(|(_, facts)| !facts.served) {
        sqlx::query("DELETE FROM deployments WHERE model_id = $1").bind(models[at].to_string()).execute(&mut *tx).await.unwrap();
    }
    sqlx::query("DELETE FROM organization_models").execute(&mut *tx).await.unwrap();
    for (org, facts) in orgs.iter().zip(&world.organizations) {
        for (model, state) in &facts.states {
            let state = [ModelState::Open, ModelState::Approval, ModelState::Closed][usize::from(*state)];
            storage::organizations::put_model(&mut tx, *org, models[*model], state, START).await.unwrap();
        }
        for model in &facts.blocked {
            sqlx::query("INSERT INTO review_items (id, organization_id, model_id, kind, blocks, opened_at) VALUES ($1, $2, $3, 'new_model', 1, 0)")
                .bind(services.random.id_at::<KeyId>(START).to_string())
                .bind(org.to_string())
                .bind(models[*model].to_string())
                .execute(&mut *tx)
                .await
                .unwrap();
        }
    }
    let mut groups: Vec<GroupId> = vec![];
    for (at, facts) in world.groups.iter().enumerate() {
        let group = AccessGroup {
            id: services.random.id_at(START),
            organization: facts.organization.map(|org| orgs[org]),
            name: format!("g{at}"),
            description: String::new(),
            models: ids(&facts.models),
            tiers: facts.tiers.iter().map(|tier| Tier::ALL[*tier]).collect(),
            teams: 0,
        };
        model_access::groups::insert(&mut tx, &group, START).await.unwrap();
        groups.push(group.id);
    }
    for (team, facts) in teams.iter().zip(&world.teams) {
        let rows = TeamRows {
            models: facts.rows.iter().map(|(model, state)| (models[*model], TeamState::ALL[usize::from(*state)])).collect(),
            groups: facts.groups.iter().map(|group| groups[*group]).collect(),
            tiers: facts.tiers.iter().map(|(tier, state)| (Tier::ALL[*tier], TeamState::ALL[usize::from(*state)])).collect(),
        };
        let mode = if facts.restrict { AccessMode::Restrict } else { AccessMode::Inherit };
        model_access::teams::put_policy(&mut tx, *team, mode, &rows, START).await.unwrap();
        for (member, subset) in &facts.subsets {
            model_access::subsets::put_member(&mut tx, *team, members[*member].user.id, Some(&ids(subset))).await.unwrap();
        }
        for grant in &facts.grants {
            let row = Grant {
                id: services.random.id_at(START),
                team: *team,
                team_slug: String::new(),
                team_name: String::new(),
                user: grant.member.map(|member| members[member].user.id),
                user_name: String::new(),
                model: models[grant.model],
                model_name: String::new(),
                level: if grant.by_organization { GrantLevel::Organization } else { GrantLevel::Team },
                granted_by: "Maya".into(),
                created_at: START,
                ends_at: grant.ends_in.map(|ms| START.plus(ms)),
                allowance: Allowance::default(),
            };
            model_access::grants::insert(&mut tx, &row, maya.user.id, None).await.unwrap();
        }
    }
    let mut keys = vec![];
    for facts in &world.keys {
        let secret = make_secret("tg_", services.random.bytes());
        let key = ApiKey {
            id: services.random.id_at(START),
            team: teams[facts.team],
            user: members[facts.member].user.id,
            kind: KeyKind::ALL[usize::from(facts.kind)],
            name: "k".into(),
            prefix: String::new(),
            suffix: String::new(),
            expires_at: None,
            revoked_at: None,
            old_secret_until: None,
            created_at: START,
            last_used_at: None,
        };
        storage::api_keys::insert(&mut tx, &key, &crate::service::vault::sha256_hex(&secret)).await.unwrap();
        if let Some(subset) = &facts.narrowed {
            model_access::subsets::put_key(&mut tx, key.id, Some(&ids(subset))).await.unwrap();
        }
        keys.push((key.id, secret));
    }
    let policy = if world.personal_general { "general" } else { "none" };
    storage::settings::put(&mut tx, crate::service::organizations::PERSONAL_POLICY, policy, START).await.unwrap();
    tx.commit().await.unwrap();
    services.refresh_snapshot().await.unwrap();
    Built { members, teams, keys }
}

/// `/v1/models` of every key.
async fn listed(app: &TestApp, built: &Built) -> Vec<BTreeSet<String>> {
    let mut all = vec![];
    for (_, secret) in &built.keys {
        let list = app.key(secret).get("/v1/models").await.expect(200);
        all.push(list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect());
    }
    all
}

#[tokio::test]
async fn every_door_gives_the_answer_of_set_algebra() {
    // One fixed walk through the worlds, another on each database.
    let mut runner = TestRunner::deterministic();
    let worlds: Vec<World> = (0..2).map(|_| worlds::world().new_tree(&mut runner).unwrap().current()).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    on_each_database(|services| {
        let world = worlds[next.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % worlds.len()].clone();
        async move {
            let maya = people::db_person(&services, "Maya", true).await;
            let built = build(&services, &maya, &world).await;
            let app = TestApp::new(&services);
            let lists = listed(&app, &built).await;
            for (at, key) in world.keys.iter().enumerate() {
                let expected: BTreeSet<String> = world.of_key(key).iter().map(|at| name(*at)).collect();
                assert_eq!(lists[at], expected, "/v1/models of key {at} in {world:#?}");
                let client = app.key(&built.keys[at].1);
                for model in 0..world.models.len() {
                    let reply = client.post(CALL, call(&name(model))).await;
                    let code = if reply.status == 200 { String::new() } else { reply.value()["error"]["code"].as_str().unwrap().to_owned() };
                    let (answer, expected_code) = match code.as_str() {
                        "" | "upstream_error" => (Answer::Through, ""),
                        "model_requires_approval" => (Answer::NeedsApproval, "model_requires_approval"),
                        "model_not_in_key_scope" => (Answer::OutsideKey, "model_not_in_key_scope"),
                        "model_not_found" => (Answer::Hidden, "model_not_found"),
                        other => panic!("{other}"),
                    };
                    assert_eq!(answer, world.answer(key, model), "key {at}, model {model} in {world:#?}");
                    let query = ExplainQuery { key: Some(built.keys[at].0), model: name(model), ..ExplainQuery::default() };
                    // What a person has to themselves is nobody else's to look into.
                    let asker = if key.team == 0 { &built.members[0] } else { &maya };
                    let explained = services.explain(asker, &query).await.unwrap();
                    assert_eq!((explained.allowed, explained.code.as_str()), (answer == Answer::Through, expected_code));
                }
            }
            for (team, id) in built.teams.iter().enumerate() {
                for (member, caller) in built.members.iter().enumerate().filter(|(member, _)| team > 0 || *member == 0) {
                    let (callable, _) = world.of_holder(team, Some(member));
                    let access = services.get_team_access(caller, &id.to_string()).await.unwrap();
                    let picked: BTreeSet<String> =
                        access.models.into_iter().filter(|model| model.refusal.is_none()).map(|model| model.name).collect();
                    assert_eq!(picked, callable.iter().map(|at| name(*at)).collect(), "team {team}, member {member}");
                }
            }
            // Roles are no part of it.
            let mut tx = services.store.begin().await.unwrap();
            sqlx::query("UPDATE team_members SET role = CASE role WHEN 'admin' THEN 'viewer' WHEN 'member' THEN 'admin' ELSE 'member' END")
                .execute(&mut *tx)
                .await
                .unwrap();
            sqlx::query("UPDATE organization_members SET role = 'admin'").execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
            services.refresh_snapshot().await.unwrap();
            assert_eq!(listed(&app, &built).await, lists, "roles change no set");
        }
    })
    .await;
}

#[tokio::test]
async fn a_costly_model_is_asked_for_approved_called_and_over() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        let mut simulated = people::simulated("sim");
        simulated.simulation.first_token_ms = 0;
        services.create_provider(&maya, simulated).await.unwrap();
        let team = people::team(&services, &maya).await;
        services.create_model(&maya, people::model("costly", "sim")).await.unwrap();
        services.set_model_state(&maya, "northwind-labs", "costly", "approval").await.unwrap();
        let (noor, sam) = (people::db_person(&services, "Noor", false).await, people::db_person(&services, "Sam", false).await);
        people::db_join(&services, &team, &noor, Role::Member).await;
        people::db_join(&services, &team, &sam, Role::Admin).await;
        let app = TestApp::new(&services);
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = app.key(&services.create_key(&noor, &team.slug, new).await.unwrap().key);
        let refused = key.post(CALL, call("costly")).await.expect(403);
        assert_eq!(refused["error"]["access"]["decided_by"], "organization");

        let api = app.api(&noor).await;
        let path = format!("/api/v1/teams/{}/access/requests", team.slug);
        let until = START.plus(2 * DAY_MS).0;
        let body = json!({"model": "costly", "reason": "Long contracts.", "until": until});
        let request = api.post(&path, body.clone()).await.expect(201);
        assert_eq!(request["approver"], "organization");
        assert_eq!(api.post(&path, body).await.expect(409)["code"], "already_requested");
        let decision = format!("{path}/{}/decision", request["id"].as_str().unwrap());
        let (sams, mayas) = (app.api(&sam).await, app.api(&maya).await);
        sams.post(&decision, json!({"approve": true})).await.expect(403);
        assert_eq!(mayas.get("/api/v1/access/requests").await.expect(200)["items"].as_array().unwrap().len(), 1);
        let wider = json!({"approve": true, "until": until + 1});
        mayas.post(&decision, wider).await.expect(422);
        // In the organization's own inbox, which others know nothing of.
        let inbox = "/api/v1/organizations/northwind-labs/requests";
        sams.get(inbox).await.expect(403);
        let waiting = mayas.get(&format!("{inbox}?pending=true")).await.expect(200);
        assert_eq!(waiting["items"][0]["id"], request["id"]);
        let narrower = json!({"approve": true, "until": START.plus(DAY_MS).0});
        let in_inbox = format!("{inbox}/{}/decision", request["id"].as_str().unwrap());
        assert_eq!(mayas.post(&in_inbox, narrower).await.expect(200)["state"], "approved");
        assert!(mayas.get(&format!("{inbox}?pending=true")).await.expect(200)["items"].as_array().unwrap().is_empty());
        mayas.post(&decision, json!({"approve": false, "reason": "No."})).await.expect(409);

        key.post(CALL, call("costly")).await.expect(200);
        let others = ExplainQuery {
            team: Some(team.slug.clone()),
            member: Some(sam.user.id),
            model: "costly".into(),
            ..ExplainQuery::default()
        };
        assert_eq!(services.explain(&maya, &others).await.unwrap().code, "model_requires_approval", "it is the asker's alone");
        services.clock.advance(DAY_MS);
        key.post(CALL, call("costly")).await.expect(403);
        assert_eq!((services.expire_grants().await.unwrap(), services.expire_grants().await.unwrap()), (1, 0));
        let audit = mayas.get(&format!("/api/v1/teams/{}/audit", team.slug)).await.expect(200).to_string();
        for action in ["access.request", "access.approve", "access.grant", "access.expire"] {
            assert!(audit.contains(action), "{action}");
        }
    })
    .await;
}

#[tokio::test]
async fn restricting_starts_from_what_is_and_an_empty_selection_allows_nothing() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        services.create_provider(&maya, people::simulated("sim")).await.unwrap();
        let team = people::team(&services, &maya).await;
        for model in ["one", "two"] {
            services.create_model(&maya, people::model(model, "sim")).await.unwrap();
        }
        let new = || NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let narrowed = services.create_narrowed_key(&maya, &team.slug, new(), Some(vec!["one".into()])).await.unwrap();
        let missing = services.create_narrowed_key(&maya, &team.slug, new(), Some(vec!["three".into()])).await;
        assert!(matches!(missing, Err(ServiceError::Invalid(fields)) if fields.get("models").is_some()));
        let app = TestApp::new(&services);
        let key = app.key(&narrowed.key);
        let names = |list: Value| {
            list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(key.get("/v1/models").await.expect(200)), ["one"]);
        assert_eq!(key.post(CALL, call("two")).await.expect(403)["error"]["code"], "model_not_in_key_scope");

        let restrict = AccessDraft { mode: AccessMode::Restrict, ..AccessDraft::default() };
        let preview = services.set_team_access(&maya, &team.slug, &restrict, false).await.unwrap();
        assert!(preview.lost.is_empty() && preview.gained.is_empty(), "it starts from the present set");
        let access = services.get_team_access(&maya, &team.slug).await.unwrap();
        assert_eq!(access.rows.len(), 2);
        services.clock.advance(1_000);
        services.create_model(&maya, people::model("three", "sim")).await.unwrap();
        let access = services.get_team_access(&maya, &team.slug).await.unwrap();
        assert_eq!(access.opened_since, ["three"], "a note tells what the organization opened since");
        let nothing = AccessDraft { models: Some(Default::default()), ..restrict };
        let preview = services.preview_team_access(&maya, &team.slug, &nothing).await.unwrap();
        assert_eq!(preview.lost.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        services.set_team_access(&maya, &team.slug, &nothing, false).await.unwrap();
        assert!(names(key.get("/v1/models").await.expect(200)).is_empty());
        key.post(CALL, call("one")).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_new_model_waits_for_the_review_of_each_organization() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        services.create_provider(&maya, people::simulated("sim")).await.unwrap();
        let team = people::team(&services, &maya).await;
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let org = "/api/v1/organizations/northwind-labs";
        api.json(axum::http::Method::PATCH, org, json!({"open_unrestricted_models": false})).await.expect(200);
        services.create_model(&maya, people::model("fresh", "sim")).await.unwrap();
        let explain = format!("/api/v1/policy/explain?team={}&model=fresh", team.slug);
        let before = api.get(&explain).await.expect(200);
        assert_eq!((before["allowed"].as_bool(), before["code"].as_str()), (Some(false), Some("model_not_found")));
        let review = api.get(&format!("{org}/reviews")).await.expect(200)["items"][0].clone();
        assert_eq!((&review["model"], &review["teams"]), (&json!("fresh"), &json!(["Atlas Search"])));
        let id = review["id"].as_str().unwrap().to_owned();
        api.post(&format!("{org}/reviews/{id}"), json!({"state": "open"})).await.expect(204);
        assert_eq!(api.get(&explain).await.expect(200)["allowed"], true);
        api.post(&format!("{org}/reviews/{id}"), json!({"state": "open"})).await.expect(404);
    })
    .await;
}
