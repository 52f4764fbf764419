//! Setting limits and budgets: within what stands above, not below what stands within, and never both at once.

use axum::http::Method;
use proptest::{collection, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use super::support::{
    START, TestApp, invariants,
    limits::{set_budget as budget, set_rpm as rpm},
    on_each_database,
    people::{Place, new_team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        audit::AuditFilter,
        limit_forms::AllowanceChange,
        limit_scopes::Scope,
        limits::Limits,
        money::{DOLLAR, NanoUsd},
        page::PageRequest,
        time::DAY_MS,
    },
    service::{
        ServiceError, Services,
        api_keys::{KeyBounds, KeyPatch},
        audit::AuditOf,
        limits::{How, LimitsOf, SpendingLimit},
    },
    storage,
};

const CLAMP: How = How { clamp: true, version: None };

fn person_key() -> NewApiKey {
    NewApiKey { name: "ci".into(), kind: KeyKind::Person, expires_at: None }
}

impl Place {
    async fn on_team(&self, change: AllowanceChange, how: How) -> Result<(), ServiceError> {
        self.services.put_limits(&self.maya, &self.team.slug, LimitsOf::Team, change, how).await.map(drop)
    }

    async fn on_organization(&self, change: AllowanceChange, how: How) -> Result<(), ServiceError> {
        self.services.put_organization_limits(&self.maya, "northwind-labs", change, how).await.map(drop)
    }

    async fn key(&self, change: AllowanceChange) -> Result<crate::domain::ids::KeyId, ServiceError> {
        let bounds = KeyBounds { allowance: change, ..KeyBounds::default() };
        self.services.create_bounded_key(&self.maya, &self.team.slug, person_key(), bounds).await.map(|key| key.id)
    }

    async fn rpm_of(&self, scope: Scope) -> Option<i64> {
        let mut c = self.services.store.reader().await.unwrap();
        storage::limits::find(&mut c, scope).await.unwrap().and_then(|row| row.allowance.limits.rpm)
    }
}

/// The sentences of a refusal, by field.
fn problems(result: Result<(), ServiceError>) -> Vec<(String, String)> {
    match result {
        Err(ServiceError::Invalid(fields)) => fields.0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_team_lies_within_its_organization_and_a_key_within_its_team() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        place.on_team(rpm(1_000_000), How::default()).await.unwrap();
        let said = problems(place.on_organization(rpm(2_000), How::default()).await);
        assert_eq!(
            said,
            [(
                "rpm".into(),
                "RPM 2,000 is below what is set on Atlas Search (1,000,000). Lower that first, or lower it along.".into()
            )]
        );
        place.on_organization(rpm(2_000), CLAMP).await.unwrap();
        assert_eq!(place.rpm_of(Scope::Team(place.team.id)).await, Some(2_000), "lowered along");
        let said = problems(place.on_team(rpm(2_001), How::default()).await);
        assert_eq!(said, [("rpm".into(), "RPM must be 2,000 or less, the limit of Northwind Labs; 2,001 is more.".into())]);
        place
            .on_team(AllowanceChange { limits: Some(Limits::default()), ..AllowanceChange::default() }, How::default())
            .await
            .unwrap();
        place.key(rpm(5_000)).await.expect("the team has no limit of its own, and the organization's holds anyway");
        place.on_team(rpm(2_000), CLAMP).await.unwrap();
        let said = problems(place.key(rpm(2_001)).await.map(drop));
        assert_eq!(said[0].0, "rpm");
        place.on_team(budget(100), How::default()).await.unwrap();
        let said = problems(place.key(budget(101)).await.map(drop));
        assert_eq!(
            said,
            [("budget".into(), "Budget must be $100.00 or less, the budget of Atlas Search; $101.00 is more.".into())]
        );
        let model = LimitsOf::Model("labs/chat");
        let refused = services.put_limits(&place.maya, &place.team.slug, model, rpm(2_001), How::default()).await.map(drop);
        assert_eq!(problems(refused).len(), 1);
        let member = LimitsOf::Member(place.noor.user.id);
        services.put_limits(&place.maya, &place.team.slug, member, rpm(0), How::default()).await.unwrap();
        assert_eq!(place.rpm_of(Scope::Member(place.team.id, place.noor.user.id)).await, Some(0), "0 allows nothing");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn clamping_an_organization_lowers_teams_and_what_is_in_them() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        place.on_organization(rpm(900), How::default()).await.unwrap();
        place.on_team(rpm(800), How::default()).await.unwrap();
        let key = place.key(rpm(700)).await.unwrap();
        place.on_organization(rpm(100), CLAMP).await.unwrap();
        let found = [place.rpm_of(Scope::Team(place.team.id)).await, place.rpm_of(Scope::Key(key)).await];
        assert_eq!(found, [Some(100), Some(100)]);
        let log = AuditOf::Team(place.team.slug.clone());
        let entries =
            services.list_audit(&place.maya, &log, &AuditFilter::default(), &PageRequest::default()).await.unwrap().items;
        assert_eq!(entries.iter().filter(|entry| entry.action == "limit.clamp").count(), 2, "each has its entry");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn two_edits_at_once_never_leave_a_team_above_its_organization() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let org = services.snapshot().team(place.team.id).and_then(|team| team.organization).unwrap();
        for round in 0..8 {
            place.on_organization(rpm(1_000), How::default()).await.unwrap();
            place.on_team(rpm(10), How::default()).await.unwrap();
            let (a, b) = (services.clone(), services.clone());
            let (one, two) = (place.maya.clone(), place.maya.clone());
            let slug = place.team.slug.clone();
            let raise =
                tokio::spawn(
                    async move { a.put_limits(&one, &slug, LimitsOf::Team, rpm(1_000), How::default()).await.map(drop) },
                );
            let lower = tokio::spawn(async move {
                b.put_organization_limits(&two, "northwind-labs", rpm(100), How::default()).await.map(drop)
            });
            let (raised, lowered) = (raise.await.unwrap(), lower.await.unwrap());
            assert!(raised.is_ok() != lowered.is_ok(), "round {round}: {raised:?} {lowered:?}");
            let (team, above) = (place.rpm_of(Scope::Team(place.team.id)).await, place.rpm_of(Scope::Organization(org)).await);
            assert!(team <= above, "round {round}: {team:?} above {above:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_database_itself_refuses_a_pair_that_does_not_fit() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let org = services.snapshot().team(place.team.id).and_then(|team| team.organization).unwrap();
        place.on_organization(rpm(100), How::default()).await.unwrap();
        place.on_team(rpm(100), How::default()).await.unwrap();
        for (sql, id) in [
            ("UPDATE limits SET rpm = 101 WHERE scope = $1", Scope::Team(place.team.id)),
            ("UPDATE limits SET rpm = 99 WHERE scope = $1", Scope::Organization(org)),
        ] {
            let mut tx = services.store.begin().await.unwrap();
            let error = sqlx::query(sql).bind(id.name()).execute(&mut *tx).await.unwrap_err();
            assert!(storage::limits::is_outside(&error), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_saves_what_somebody_else_changed_is_told() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        place.on_team(rpm(10), How { version: Some(0), clamp: false }).await.unwrap();
        let stale = place.on_team(rpm(20), How { version: Some(0), clamp: false }).await;
        assert!(matches!(stale, Err(ServiceError::Conflict("limits_changed", _))), "{stale:?}");
        let version = services.get_team_limits(&place.maya, &place.team.slug).await.unwrap().version;
        place.on_team(rpm(20), How { version: Some(version), clamp: false }).await.unwrap();
        services.clock.advance(1);
        place
            .on_team(AllowanceChange { limits: Some(Limits::default()), ..AllowanceChange::default() }, How::default())
            .await
            .unwrap();
        place.on_team(rpm(20), How::default()).await.unwrap();
        let late = place.on_team(rpm(30), How { version: Some(version), clamp: false }).await;
        assert!(matches!(late, Err(ServiceError::Conflict("limits_changed", _))), "taken away and set again is a change");
    })
    .await;
}

#[tokio::test]
async fn a_budget_is_raised_for_a_while_and_falls_back_by_itself() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let until = START.plus(DAY_MS);
        let set = async |dollars: i64, until| {
            let limit = SpendingLimit { amount: Some(NanoUsd(dollars * DOLLAR)), until };
            services.put_spending_limit(&place.maya, &place.team.slug, limit, How::default()).await
        };
        assert!(matches!(set(100, Some(until)).await, Err(ServiceError::Invalid(_))), "nothing is there to raise");
        set(100, None).await.unwrap();
        assert!(matches!(set(90, Some(until)).await, Err(ServiceError::Invalid(_))), "for a while it goes up, not down");
        let raised = set(150, Some(until)).await.unwrap().allowance;
        assert_eq!(raised.budget_at(until.plus(-1)).unwrap().amount, NanoUsd(150 * DOLLAR));
        assert_eq!(raised.budget_at(until).unwrap().amount, NanoUsd(100 * DOLLAR));
        place.on_organization(budget(120), How::default()).await.expect_err("the raise would be above it");
        place.on_organization(budget(120), CLAMP).await.unwrap();
        let now = services.get_team_limits(&place.maya, &place.team.slug).await.unwrap().allowance;
        assert_eq!(now.budget_at(START).unwrap().amount, NanoUsd(120 * DOLLAR));
        assert_eq!(set(110, None).await.unwrap().allowance.raise, None);
    })
    .await;
}

#[tokio::test]
async fn what_ends_holds_nobody_back() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let key = place.key(rpm(500)).await.unwrap();
        services
            .put_limits(&place.maya, &place.team.slug, LimitsOf::Member(place.noor.user.id), rpm(400), How::default())
            .await
            .unwrap();
        services.revoke_key(&place.maya, &place.team.slug, key).await.unwrap();
        services.remove_member(&place.maya, &place.team.slug, place.noor.user.id).await.unwrap();
        place.on_team(rpm(10), How::default()).await.unwrap();
        let beta = services.create_team(&place.maya, new_team("Beta", "northwind-labs")).await.unwrap();
        services.put_limits(&place.maya, &beta.slug, LimitsOf::Team, rpm(900), How::default()).await.unwrap();
        services.delete_team(&super::members::verified(&services, &place.maya), &beta.slug, "Beta").await.unwrap();
        place.on_organization(rpm(10), How::default()).await.unwrap();
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn numbers_that_can_not_be_are_problems_of_their_fields() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let api = TestApp::new(&services).api(&place.maya).await;
        let put = async |body: Value| api.json(Method::PUT, "/api/v1/teams/atlas-search/limits", body).await;
        for wrong in [
            json!(-1),
            json!(1.5),
            json!("10"),
            json!(9_223_372_036_854_775_808u64),
            json!(true),
            json!(1_000_000_000_000_001i64),
        ] {
            let answer = put(json!({"rpm": wrong})).await.expect(422);
            assert_eq!(answer["errors"][0]["field"], "rpm", "{wrong}");
        }
        let answer = put(json!({"rpm": 0, "tpm": null, "tpd": 5})).await.expect(200);
        assert_eq!((&answer["rpm"], &answer["tpm"], &answer["tpd"]), (&json!(0), &Value::Null, &json!(5)));
        let key = api.post(
            "/api/v1/teams/atlas-search/keys",
            json!({"name": "k", "budget": 5, "budget_period": "total", "limits": {"rpm": 0}}),
        );
        let id = key.await.expect(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/teams/atlas-search/keys/{id}");
        assert_eq!(api.json(Method::PATCH, &path, json!({"budget": -5})).await.expect(422)["errors"][0]["field"], "budget");
        assert_eq!(api.json(Method::PATCH, &path, json!({"limits": null, "budget": null})).await.status, 204);
        let caps = api.get("/api/v1/teams/atlas-search/caps").await.expect(200);
        assert_eq!(caps["items"], json!([]), "nothing is set on the key any more");
        let member = format!("/api/v1/teams/atlas-search/members/{}", place.noor.user.id);
        assert_eq!(api.json(Method::PATCH, &member, json!({"limits": {"rpm": 0, "budget": 7}})).await.status, 204);
        let budget = api.json(Method::PUT, "/api/v1/teams/atlas-search/budget", json!({"spending_limit": 6})).await.expect(422);
        assert_eq!(budget["errors"][0]["field"], "spending_limit");
        let budget =
            api.json(Method::PUT, "/api/v1/teams/atlas-search/budget?clamp=1", json!({"spending_limit": 6})).await.expect(200);
        assert_eq!(budget["spending_limit"], 6);
        let noor = TestApp::new(&services).api(&place.noor).await;
        let own = noor.get("/api/v1/teams/atlas-search/caps").await.expect(200);
        assert_eq!((&own["items"][0]["scope"], &own["items"][0]["budget"]), (&json!("member"), &json!(6)), "one's own is seen");
    })
    .await;
}

/// What a random edit does: to which scope, and to what.
#[derive(Clone, Debug)]
struct Edit {
    /// 0: the organization; 1, 2: teams; 3, 4: a key in each.
    scope: usize,
    value: Option<i64>,
    clamp: bool,
}

/// The rule in plain words: everything that is set is no more than what is set right above it.
fn expected(stand: [Option<i64>; 5], edit: &Edit) -> Option<[Option<i64>; 5]> {
    let above = [None, Some(0), Some(0), Some(1), Some(2)];
    let mut next = stand;
    next[edit.scope] = edit.value;
    let more = |own: Option<i64>, limit: Option<i64>| matches!((own, limit), (Some(own), Some(limit)) if own > limit);
    if above[edit.scope].is_some_and(|parent| more(edit.value, stand[parent])) {
        return None;
    }
    for scope in 0..5 {
        let Some(parent) = above[scope] else { continue };
        if more(next[scope], next[parent]) {
            if !edit.clamp {
                return None;
            }
            next[scope] = next[parent];
        }
    }
    Some(next)
}

#[test]
fn random_edits_end_as_plain_arithmetic_says() {
    let edit = (0..5usize, prop::option::weighted(0.8, 0..5i64), any::<bool>()).prop_map(|(scope, value, clamp)| Edit {
        scope,
        value,
        clamp,
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() });
    let result = runner.run(&collection::vec(edit, 1..14), |edits| {
        runtime.block_on(on_each_database(|services| {
            let edits = edits.clone();
            async move { follow(&services, &edits).await }
        }));
        Ok(())
    });
    result.unwrap();
}

async fn follow(services: &Services, edits: &[Edit]) {
    let place = Place::new(services).await;
    let beta = services.create_team(&place.maya, new_team("Beta", "northwind-labs")).await.unwrap();
    let teams = [place.team.clone(), beta];
    let mut keys = vec![];
    for team in &teams {
        keys.push(services.create_key(&place.maya, &team.slug, person_key()).await.unwrap().id);
    }
    let org = services.snapshot().team(teams[0].id).and_then(|team| team.organization).unwrap();
    let scopes =
        [Scope::Organization(org), Scope::Team(teams[0].id), Scope::Team(teams[1].id), Scope::Key(keys[0]), Scope::Key(keys[1])];
    let mut stand = [None; 5];
    for edit in edits {
        let change =
            AllowanceChange { limits: Some(Limits { rpm: edit.value, ..Limits::default() }), ..AllowanceChange::default() };
        let how = How { clamp: edit.clamp, version: None };
        let done = match edit.scope {
            0 => place.on_organization(change, how).await,
            1 | 2 => services.put_limits(&place.maya, &teams[edit.scope - 1].slug, LimitsOf::Team, change, how).await.map(drop),
            at => {
                let patch = KeyPatch { allowance: change, ..KeyPatch::default() };
                services.update_key(&place.maya, &teams[at - 3].slug, keys[at - 3], patch).await
            }
        };
        let wanted = expected(stand, edit);
        assert_eq!(done.is_ok(), wanted.is_some(), "{stand:?} {edit:?}: {done:?}");
        stand = wanted.unwrap_or(stand);
        for (scope, value) in scopes.into_iter().zip(stand) {
            assert_eq!(place.rpm_of(scope).await, value, "{scope:?} after {edit:?}");
        }
    }
    invariants::check_snapshot(services).await;
}
