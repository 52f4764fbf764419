//! Limits, budgets and what is said about them, through the gateway's own door.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{World, error, in_a_world, request, value};
use crate::{
    domain::{
        api_keys::KeyKind,
        catalog::NewModel,
        ids::{KeyId, ModelId, TeamId},
        limit_scopes::{Allowance, BudgetPer, Raise, Scope},
        limits::Limits,
        money::{DOLLAR, NanoUsd},
        time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
        tokenizer::Tokenizer,
        usage::Outcome,
    },
    service::{metering::Meter, model_access::ExplainQuery, organizations::OrganizationPatch},
    tests::support::{
        limits::{budget, check_counters, db_limit, rpm, standing},
        people,
    },
};

/// Where calls of the world are counted.
pub(super) struct Scopes {
    pub(super) team: TeamId,
    pub(super) key: KeyId,
    /// Key, member, team × model, team, organization.
    pub(super) all: Vec<Scope>,
    model: ModelId,
}

impl Scopes {
    pub(super) async fn of(world: &World, model: &str) -> Self {
        let team = world.services.get_team(&world.maya, "atlas-search").await.unwrap().id;
        let snapshot = world.services.snapshot();
        let key = snapshot.keys_of(team, world.services.clock.now())[0].id;
        let model = snapshot.find(model).unwrap().id;
        let organization = snapshot.team(team).unwrap().organization.unwrap();
        let all = vec![
            Scope::Key(key),
            Scope::Member(team, world.maya.user.id),
            Scope::TeamModel(team, model),
            Scope::Team(team),
            Scope::Organization(organization),
        ];
        Self { team, key, all, model }
    }
}

#[tokio::test]
async fn a_changed_limit_holds_for_the_next_call() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        for scope in &scopes.all {
            db_limit(&world.services, scopes.team, *scope, rpm(1)).await;
            assert_eq!(error(world.ask("sim", false).await).await, (429, "rate_limit_exceeded".into()), "{scope:?}");
            db_limit(&world.services, scopes.team, *scope, Allowance::default()).await;
            db_limit(&world.services, scopes.team, *scope, budget(0)).await;
            let code = match scope {
                Scope::Team(_) | Scope::Organization(_) => "spending_limit_reached",
                _ => "budget_exceeded",
            };
            assert_eq!(error(world.ask("sim", false).await).await, (429, code.into()), "{scope:?}");
            db_limit(&world.services, scopes.team, *scope, Allowance::default()).await;
        }
        // A raise ends by itself, and the next period begins with nothing spent.
        let team = Scope::Team(scopes.team);
        let spent = standing(&world.services, scopes.team, team).spent;
        let now = world.services.clock.now();
        let raise = Some(Raise { by: NanoUsd(DOLLAR), until: now.plus(HOUR_MS) });
        db_limit(&world.services, scopes.team, team, Allowance { raise, ..budget(spent.0) }).await;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        world.services.clock.advance(HOUR_MS);
        assert_eq!(error(world.ask("sim", false).await).await, (429, "spending_limit_reached".into()));
        world.services.clock.advance(10 * DAY_MS);
        db_limit(&world.services, scopes.team, team, budget(DOLLAR)).await;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        db_limit(&world.services, scopes.team, team, Allowance { per: BudgetPer::Total, ..budget(spent.0) }).await;
        assert_eq!(error(world.ask("sim", false).await).await, (429, "spending_limit_reached".into()));
        world
    })
    .await;
}

#[tokio::test]
async fn refusals_say_what_is_full_and_when_it_is_not() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), rpm(2)).await;
        let passed = world.ask("sim", false).await;
        let header = |response: &reqwest::Response, name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(header(&passed, "x-ratelimit-limit-requests").as_deref(), Some("2"));
        assert_eq!(header(&passed, "x-ratelimit-remaining-requests").as_deref(), Some("1"));
        assert_eq!(header(&passed, "x-ratelimit-reset-requests").as_deref(), Some("1m1s"));
        assert_eq!(header(&passed, "x-ratelimit-limit-tokens"), None);
        world.ask("sim", true).await.text().await.unwrap();
        let refused = world.ask("sim", false).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(header(&refused, "x-ratelimit-remaining-requests").as_deref(), Some("0"));
        // More than a minute away: the part in which the calls were made has to leave as a whole.
        assert_eq!((header(&refused, "retry-after"), header(&refused, "x-should-retry").as_deref()), (None, Some("false")));
        let resets_at = world.services.clock.now().plus(MINUTE_MS + SECOND_MS).0;
        let body = value(refused).await;
        assert_eq!(
            body["error"]["limit"],
            json!({"scope": "team", "window": "rpm", "limit": 2, "used": 2, "resets_at": resets_at,
                "manage_url": format!("{}/t/atlas-search/quotas", world.services.settings.public_url)})
        );
        assert_eq!((&body["error"]["type"], &body["error"]["code"]), (&json!("requests"), &json!("rate_limit_exceeded")));
        world.services.clock.advance(SECOND_MS);
        let later = world.ask("sim", false).await;
        assert_eq!(header(&later, "retry-after").as_deref(), Some("60"));
        assert_eq!(
            value(later).await["error"]["message"],
            "Call refused: 2 of 2 requests this minute for Atlas Search, shared by all its keys. Try again in 60 s. An owner or admin of Atlas Search can change it."
        );

        // Money: never what other teams of the organization use.
        let organization = *scopes.all.last().unwrap();
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), Allowance::default()).await;
        db_limit(&world.services, scopes.team, organization, budget(1_000)).await;
        let body = value(world.ask("sim", false).await).await;
        assert_eq!(body["error"]["type"], "insufficient_quota");
        assert!(body["error"]["limit"].get("used").is_none() && body["error"]["limit"]["window"] == "period", "{body}");
        assert_eq!(
            body["error"]["message"],
            "Call refused: Northwind Labs has used up its $0.000001 monthly budget. It resets on 1 Dec 2026, 00:00 UTC. An admin of Northwind Labs can change it."
        );
        world
    })
    .await;
}

#[tokio::test]
async fn the_largest_output_that_fits_is_named_and_fits() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        let tpm = Allowance { limits: Limits { tpm: Some(600), ..Limits::default() }, ..Allowance::default() };
        db_limit(&world.services, scopes.team, Scope::Key(scopes.key), tpm).await;
        let ask = async |tokens: Option<u64>| {
            let body = json!({"model": "sim", "max_tokens": tokens, "messages": [{"role": "user", "content": "Hello"}]});
            value(world.chat(body.to_string()).send().await.unwrap()).await
        };
        // The model's own default is 1,000.
        let refused = ask(None).await;
        assert_eq!((&refused["error"]["type"], &refused["error"]["limit"]["resets_at"]), (&json!("tokens"), &Value::Null));
        let message = refused["error"]["message"].as_str().unwrap();
        let fits: u64 = message.split("at most ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(fits > 100, "{message}");
        // The body differs by the number's own length, which is a part of the bound.
        assert!(ask(Some(fits + 30)).await["error"].is_object());
        assert!(ask(Some(fits - 30)).await["error"].is_null());
        // What was reserved and not used is free again.
        assert!(standing(&world.services, scopes.team, Scope::Key(scopes.key)).windows[0].tokens < 150);
        world
    })
    .await;
}

#[tokio::test]
async fn a_prompt_is_counted_before_its_length_refuses_a_call() {
    in_a_world(async |world| {
        let tokenizers = [("unnamed", None), ("named", Some(Tokenizer::O200k))];
        for (name, tokenizer) in tokenizers {
            world.add_model(NewModel { tokenizer, ..people::model(name, "simulator") }).await;
        }
        let scopes = Scopes::of(&world, "named").await;
        let tpm = Allowance { limits: Limits { tpm: Some(2_000), ..Limits::default() }, ..Allowance::default() };
        db_limit(&world.services, scopes.team, Scope::Key(scopes.key), tpm).await;
        // 6,300 bytes, some 1,400 tokens.
        let book = "The tally is kept at the gate, and every cart is counted once. ".repeat(100);
        let ask = async |model: &str, content: &str, tokens: u64| {
            let body = json!({"model": model, "max_tokens": tokens, "messages": [{"role": "user", "content": content}]});
            world.chat(body.to_string()).send().await.unwrap()
        };
        assert_eq!(error(ask("unnamed", &book, 20).await).await, (429, "rate_limit_exceeded".into()));
        assert_eq!(ask("named", &book, 20).await.status(), 200);
        world.services.clock.advance(2 * MINUTE_MS);
        // What it has at most still refuses: too long by any count, or with too long an answer, for which the sentence counts, too.
        assert_eq!(error(ask("named", &book.repeat(3), 20).await).await, (429, "rate_limit_exceeded".into()));
        let message = value(ask("named", &book, 1_500).await).await["error"]["message"].to_string();
        let fits: u64 = message.split("at most ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((100..700).contains(&fits), "{message}");
        assert_eq!(ask("named", &book, fits - 30).await.status(), 200);
        world
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_reports_too_much_is_believed_up_to_the_reserve() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "gpt").await;
        let answer =
            |usage: &str| format!(r#"{{"choices":[{{"message":{{"content":"Hi"}},"finish_reason":"stop"}}],"usage":{usage}}}"#);
        let json = "content-type: application/json\r\n";
        world.upstream.will_answer(200, json, &answer(r#"{"prompt_tokens":5000000,"completion_tokens":9000000}"#));
        assert_eq!(world.ask("gpt", false).await.status(), 200);
        let call = world.only_call().await;
        assert_eq!(call.outcome, Outcome::Completed);
        // At most: the body and what surrounds it at $1, 1,000 tokens of output at $2.
        assert!(call.cost > 2_000_000 && call.cost < 2_500_000, "{}", call.cost);
        assert_eq!(world.services.meter.overruns(), 1);
        let team = standing(&world.services, scopes.team, Scope::Team(scopes.team));
        assert_eq!((team.spent.0, team.held.0), (call.cost, 0));
        // Nothing is no report: it is counted here.
        world.upstream.will_answer(200, json, &answer(r#"{"prompt_tokens":0,"completion_tokens":0}"#));
        assert_eq!(world.ask("gpt", false).await.status(), 200);
        let newest = world.booked().await.remove(0);
        assert!(newest.estimated && newest.prompt_tokens > 0 && newest.completion_tokens > 0, "{newest:?}");
        world
    })
    .await;
}

#[tokio::test]
async fn calls_of_test_keys_count_and_cost_nothing() {
    in_a_world(async |mut world| {
        let scopes = Scopes::of(&world, "sim").await;
        world.key = super::create_key(&world.services, &world.maya, KeyKind::Test).await;
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), Allowance { ..rpm(2) }).await;
        db_limit(&world.services, scopes.team, Scope::Member(scopes.team, world.maya.user.id), budget(0)).await;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        assert_eq!(world.ask("sim", true).await.status(), 200);
        assert_eq!(error(world.ask("sim", false).await).await, (429, "rate_limit_exceeded".into()));
        assert_eq!(standing(&world.services, scopes.team, Scope::Team(scopes.team)).spent, NanoUsd(0));
        world
    })
    .await;
}

#[tokio::test]
async fn a_call_that_fails_leaves_no_hold_and_one_that_is_not_recorded_no_trace() {
    in_a_world(async |mut world| {
        let scopes = Scopes::of(&world, "gpt").await;
        for (status, expected) in [(500, 502), (429, 429), (400, 400)] {
            world.upstream.will_answer(status, "", "{}");
            assert_eq!(world.ask("gpt", status == 500).await.status(), expected);
        }
        let team = standing(&world.services, scopes.team, Scope::Team(scopes.team));
        assert_eq!((team.held, team.spent, team.windows[0].requests), (NanoUsd(0), NanoUsd(0), 3));
        // Without its spool the gateway takes no call, and counts none.
        world.services = world.services.clone().with_meter(Meter::closed());
        world.serve_anew().await;
        assert_eq!(error(world.ask("gpt", false).await).await, (503, "service_unavailable".into()));
        assert_eq!(standing(&world.services, scopes.team, Scope::Team(scopes.team)).windows[0].requests, 3);
        let folder = world.folder.path().to_owned();
        world.services = world.services.clone().with_meter(Meter::open(&folder, world.services.clock.clone()).unwrap());
        world.services.recover_calls().await.unwrap();
        check_counters(&world.services, scopes.team, &scopes.all).await;
        world
    })
    .await;
}

#[tokio::test]
async fn explain_lists_every_limit_and_says_which_one_stands_in_the_way() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        let team = Scope::Team(scopes.team);
        db_limit(&world.services, scopes.team, team, Allowance { limits: rpm(2).limits, ..budget(DOLLAR) }).await;
        db_limit(&world.services, scopes.team, Scope::Key(scopes.key), rpm(2)).await;
        db_limit(&world.services, scopes.team, Scope::TeamModel(scopes.team, scopes.model), budget(DOLLAR)).await;
        world.ask("sim", false).await;
        let ask = async || {
            let query = ExplainQuery { key: Some(scopes.key), model: "sim".into(), ..Default::default() };
            world.services.explain(&world.maya, &query).await.unwrap()
        };
        let found = ask().await;
        assert!(found.allowed);
        let listed: Vec<_> = found
            .limits
            .iter()
            .map(|limit| (limit.scope.as_str(), limit.window.as_str(), limit.limit, limit.remaining))
            .collect();
        let left = DOLLAR - standing(&world.services, scopes.team, team).spent.0;
        assert_eq!(
            listed,
            [
                ("key", "rpm", 2, Some(1)),
                ("team_model", "period", DOLLAR, Some(left)),
                ("team", "rpm", 2, Some(1)),
                ("team", "period", DOLLAR, Some(left))
            ]
        );
        world.ask("sim", false).await;
        let refused = value(world.ask("sim", false).await).await;
        let found = ask().await;
        assert_eq!((found.allowed, found.code.as_str()), (false, "rate_limit_exceeded"));
        assert_eq!(found.limit_met, refused["error"]["message"].as_str().unwrap());
        let scopes: BTreeSet<_> = found.steps.iter().map(|step| step.rule.as_str()).collect();
        assert!(scopes.contains("limits"));
        world
    })
    .await;
}

#[tokio::test]
async fn calls_from_the_playground_are_the_members() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        let member = Scope::Member(scopes.team, world.maya.user.id);
        db_limit(&world.services, scopes.team, member, rpm(1)).await;
        let (_, playground) = crate::gateway::doors(world.services.clone());
        let play = async || {
            let player = world.services.find_player(&world.maya, "atlas-search").await;
            let body = axum::body::Body::from(request("sim", false));
            playground.chat(player, axum::extract::Request::post("/").body(body).unwrap()).await.response.status().as_u16()
        };
        assert_eq!((play().await, play().await), (200, 429));
        let used = |scope| standing(&world.services, scopes.team, scope).windows[0].requests;
        assert_eq!((used(Scope::Key(scopes.key)), used(member), used(Scope::Team(scopes.team))), (0, 1, 1));
        assert_eq!(error(world.ask("sim", false).await).await, (429, "rate_limit_exceeded".into()), "the person's own key, too");
        world
    })
    .await;
}

#[tokio::test]
async fn what_a_grant_allows_counts_at_the_grant() {
    in_a_world(async |world| {
        world.add_model(people::model("costly", "simulator")).await;
        world.services.set_model_state(&world.maya, "northwind-labs", "costly", "approval").await.unwrap();
        let (team, maya) = ("atlas-search", Some(world.maya.user.id));
        let wide = world.services.create_grant(&world.maya, team, "costly", None, None).await.unwrap().id;
        let scopes = Scopes::of(&world, "costly").await;
        db_limit(&world.services, scopes.team, Scope::Grant(wide), rpm(1)).await;
        assert_eq!(world.ask("costly", false).await.status(), 200);
        let refused = value(world.ask("costly", false).await).await;
        assert_eq!((&refused["error"]["limit"]["scope"], &refused["error"]["limit"]["used"]), (&json!("grant"), &json!(1)));
        // The person's own serves instead, and models that need none count at neither.
        let own = world.services.create_grant(&world.maya, team, "costly", maya, None).await.unwrap().id;
        assert_eq!(world.ask("costly", false).await.status(), 200);
        assert_eq!(world.ask("sim", false).await.status(), 200);
        for grant in [wide, own] {
            let used = standing(&world.services, scopes.team, Scope::Grant(grant));
            assert_eq!((used.windows[0].requests, used.spent.0 > 0), (1, true));
        }
        check_counters(&world.services, scopes.team, &[Scope::Grant(wide), Scope::Grant(own)]).await;
        world
    })
    .await;
}

#[tokio::test]
async fn a_team_that_nothing_pays_for_calls_where_its_organization_lets_it() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        let patch = OrganizationPatch { allow_unbilled: Some(false), ..OrganizationPatch::default() };
        world.services.update_organization(&world.maya, "northwind-labs", patch).await.unwrap();
        let refused = world.ask("sim", false).await;
        assert_eq!((refused.status().as_u16(), &refused.headers()["x-should-retry"]), (429, &"false".parse().unwrap()));
        let body = value(refused).await;
        assert_eq!((&body["error"]["type"], &body["error"]["code"]), (&json!("insufficient_quota"), &json!("insufficient_balance")));
        assert_eq!(
            body["error"]["message"],
            "Call refused: Atlas Search has neither a plan nor a spending limit. The owner of Atlas Search can choose a plan or set a spending limit."
        );
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), budget(DOLLAR)).await;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        world
    })
    .await;
}
