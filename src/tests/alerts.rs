//! Warnings at 80 % and 100 %: once for each period and threshold, to those whom it concerns.

use super::support::{
    TestApp, accounts,
    limits::{budget, db_limit},
    on_each_database,
    people::{db_join, db_leave, db_person, model, simulated, team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        authorization::GrantLevel,
        ids::{GrantId, ModelId},
        limit_forms::AllowanceChange,
        limit_scopes::{Allowance, Scope},
        limits::Limits,
        model_access::Grant,
        money::{DOLLAR, NanoUsd},
        plan_changes::Wanted,
        roles::Role,
        teams::TeamView,
        time::DAY_MS,
        usage::{CallFacts, Outcome},
    },
    service::{
        Caller, Services,
        limits::{How, LimitsOf, SpendingLimit},
        metering::{book, testing::event},
        quota::Quota,
        teams::TeamPatch,
    },
    storage,
};

const SLUG: &str = "atlas-search";
const NEAR: &str = "Atlas Search has used 80% of a limit";
const REACHED: &str = "Atlas Search has reached a limit";

/// Subjects of the mails to an address.
async fn mails_to(services: &Services, address: &str) -> Vec<String> {
    let mut c = services.store.reader().await.unwrap();
    let sql = "SELECT subject FROM mails WHERE recipient = $1 AND template = 'limit_near' ORDER BY id";
    let rows = sqlx::query(sql).bind(address).fetch_all(&mut *c).await.unwrap();
    rows.iter().map(|row| sqlx::Row::get(row, "subject")).collect()
}

/// Subjects of the mails to somebody.
async fn mails(services: &Services, to: &Caller) -> Vec<String> {
    mails_to(services, &to.user.email).await
}

/// Books a call of a team, a moment later, and counts it as a start does.
async fn spend(services: &mut Services, team: &TeamView, n: u64, dollars: i64) {
    spend_as(services, team, n, dollars, |_| {}).await;
}

async fn spend_as(services: &mut Services, team: &TeamView, n: u64, dollars: i64, of: impl FnOnce(&mut CallFacts)) {
    services.clock.advance(1);
    let mut call = event(n);
    (call.call.team, call.call.at, call.call.test) = (team.id, services.clock.now(), false);
    call.call.organization = services.snapshot().team(team.id).unwrap().organization;
    (call.end.outcome, call.end.status) = (Outcome::Completed, 200);
    (call.end.cost, call.end.list_cost) = (NanoUsd(dollars * DOLLAR), NanoUsd(dollars * DOLLAR));
    of(&mut call.call);
    assert_eq!(book(&services.store, &[call]).await.unwrap(), 1);
    services.quota = Quota::default();
    services.recover_counters().await.unwrap();
}

/// How many alerts are sent now; nothing is told twice.
async fn alerts(services: &Services) -> usize {
    let sent = services.send_alerts().await.unwrap();
    assert_eq!(services.send_alerts().await.unwrap(), 0, "nothing is told twice");
    sent
}

fn dollars(amount: i64) -> AllowanceChange {
    AllowanceChange { budget: Some(Some(NanoUsd(amount * DOLLAR))), ..AllowanceChange::default() }
}

/// Maya owns Atlas Search and runs the platform, Ada is an admin, Noor a member.
async fn place(services: &Services) -> (TeamView, [Caller; 3]) {
    let maya = db_person(services, "Maya", true).await;
    let (ada, noor) = (db_person(services, "Ada", false).await, db_person(services, "Noor", false).await);
    let team = team(services, &maya).await;
    db_join(services, &team, &ada, Role::Admin).await;
    db_join(services, &team, &noor, Role::Member).await;
    (team, [maya, ada, noor])
}

#[tokio::test]
async fn a_budget_warns_once_at_each_threshold_and_anew_in_the_next_period() {
    on_each_database(|mut services| async move {
        let (team, [maya, _, noor]) = place(&services).await;
        services.put_limits(&maya, SLUG, LimitsOf::Team, dollars(10), How::default()).await.unwrap();
        spend(&mut services, &team, 1, 7).await;
        assert_eq!(alerts(&services).await, 0);
        spend(&mut services, &team, 2, 1).await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails(&services, &maya).await, [NEAR]);
        let now = services.list_own_alerts(&maya).await.unwrap();
        let sentence = "Atlas Search has spent $8.00 of its $10.00 monthly budget.";
        assert!(!now[0].reached && now[0].sentence.starts_with(sentence), "{now:?}");
        spend(&mut services, &team, 3, 2).await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails(&services, &maya).await, [NEAR, REACHED]);
        assert_eq!(mails(&services, &noor).await, Vec::<String>::new(), "members are not written to");
        assert!(services.list_own_alerts(&noor).await.unwrap()[0].reached, "but they see it");

        let page = accounts::browser(&TestApp::new(&services), &noor).await.page("/t/atlas-search/keys").await;
        assert!(page.text().contains("Atlas Search has spent $10.00 of its $10.00 monthly budget."), "{}", page.text());

        // Raised, for good or for a while, it is another line above the pages, and no further mail of the same period.
        let until = Some(services.clock.now().plus(DAY_MS));
        let limit = SpendingLimit { amount: Some(NanoUsd(12 * DOLLAR)), until };
        services.put_spending_limit(&maya, SLUG, limit, How::default()).await.unwrap();
        assert_eq!(alerts(&services).await, 0);
        let now = services.list_own_alerts(&maya).await.unwrap();
        assert!(!now[0].reached && now[0].sentence.contains("$10.00 of its $12.00"), "{now:?}");
        services.put_limits(&maya, SLUG, LimitsOf::Team, dollars(100), How::default()).await.unwrap();
        assert_eq!((alerts(&services).await, services.list_own_alerts(&maya).await.unwrap()), (0, vec![]));
        services.put_limits(&maya, SLUG, LimitsOf::Team, dollars(10), How::default()).await.unwrap();
        assert_eq!(alerts(&services).await, 0, "80 % and 100 % of this period were told");

        services.clock.advance(31 * DAY_MS);
        assert_eq!(alerts(&services).await, 0, "a new period begins with nothing spent");
        assert_eq!(services.list_own_alerts(&maya).await.unwrap(), vec![]);
        spend(&mut services, &team, 4, 10).await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails(&services, &maya).await, [NEAR, REACHED, REACHED], "whoever gets there at once is told once");
    })
    .await;
}

#[tokio::test]
async fn a_daily_window_warns_once_a_day() {
    on_each_database(|mut services| async move {
        let (team, [maya, ..]) = place(&services).await;
        let limits = AllowanceChange { limits: Some(Limits { rpd: Some(2), ..Limits::default() }), ..AllowanceChange::default() };
        services.put_limits(&maya, SLUG, LimitsOf::Team, limits, How::default()).await.unwrap();
        spend(&mut services, &team, 1, 0).await;
        spend(&mut services, &team, 2, 0).await;
        assert_eq!(alerts(&services).await, 1);
        let now = services.list_own_alerts(&maya).await.unwrap();
        let sentence = "Atlas Search has used 2 of its 2 requests per 24 hours, shared by all its keys.";
        assert!(now[0].reached && now[0].sentence.starts_with(sentence), "{now:?}");
        // Over midnight the window goes on: it is the same fullness.
        let now = services.clock.now();
        services.clock.advance(now.floor_to(DAY_MS).plus(DAY_MS + 1).since(now));
        spend(&mut services, &team, 3, 0).await;
        assert_eq!(alerts(&services).await, 0);
        services.clock.advance(DAY_MS);
        spend(&mut services, &team, 4, 0).await;
        spend(&mut services, &team, 5, 0).await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails(&services, &maya).await, [REACHED, REACHED]);
    })
    .await;
}

#[tokio::test]
async fn a_balance_warns_those_who_see_the_billing_and_everybody_once_it_is_used_up() {
    on_each_database(|mut services| async move {
        let (team, [maya, ada, noor]) = place(&services).await;
        services.change_plan(&maya, SLUG, &Wanted::Plan("Starter".into(), Some(3))).await.unwrap();
        // A whole month: 3 × $10 of usage.
        let end = services.get_billing(&maya, SLUG).await.unwrap().period.end;
        services.clock.advance(end.since(services.clock.now()));
        services.renew_due().await.unwrap();
        let billed = |call: &mut CallFacts| call.billed = true;
        spend_as(&mut services, &team, 1, 23, billed).await;
        assert_eq!(alerts(&services).await, 0);
        spend_as(&mut services, &team, 2, 1, billed).await;
        assert_eq!(alerts(&services).await, 1);
        for reader in [&maya, &ada] {
            assert_eq!(mails(&services, reader).await, [NEAR]);
            let now = services.list_own_alerts(reader).await.unwrap();
            assert!(!now[0].reached && now[0].sentence.starts_with("Atlas Search has $6.00 left of its balance."), "{now:?}");
        }
        assert_eq!(services.list_own_alerts(&noor).await.unwrap(), vec![], "members do not see the billing");
        spend_as(&mut services, &team, 3, 6, billed).await;
        assert_eq!(alerts(&services).await, 1);
        let now = services.list_own_alerts(&noor).await.unwrap();
        assert!(
            now[0].reached && now[0].sentence.starts_with("The balance of Atlas Search is used up. The next credit"),
            "{now:?}"
        );
        assert_eq!(mails(&services, &noor).await, Vec::<String>::new());
        // What is paid in besides is there to be used; what was told is told.
        services.adjust_balance(&maya, SLUG, 100 * DOLLAR, "Goodwill").await.unwrap();
        assert_eq!((alerts(&services).await, services.list_own_alerts(&noor).await.unwrap()), (0, vec![]));
        services.clock.advance(31 * DAY_MS);
        services.renew_due().await.unwrap();
        assert_eq!(alerts(&services).await, 0);
        // $30 of credit and $100 besides.
        spend_as(&mut services, &team, 4, 103, billed).await;
        assert_eq!(alerts(&services).await, 0, "79 %");
        spend_as(&mut services, &team, 5, 27, billed).await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails(&services, &maya).await, [NEAR, REACHED, REACHED]);
    })
    .await;
}

#[tokio::test]
async fn budgets_within_a_team_warn_those_who_run_it_and_whose_own_it_is() {
    on_each_database(|mut services| async move {
        let (team, [maya, ada, noor]) = place(&services).await;
        services.create_provider(&maya, simulated("sim")).await.unwrap();
        services.create_model(&maya, model("labs/chat", "sim")).await.unwrap();
        let chat: ModelId = services.snapshot().find("labs/chat").unwrap().id;
        let new = |name: &str, kind| NewApiKey { name: name.into(), kind, expires_at: None };
        let own = services.create_key(&noor, SLUG, new("nightly", KeyKind::Person)).await.unwrap().id;
        let app = services.create_key(&ada, SLUG, new("website", KeyKind::Application)).await.unwrap().id;
        let personal = services.create_key(&noor, "me", new("home", KeyKind::Person)).await.unwrap().id;
        let grant = grant(&services, &team, &noor, chat).await;
        let scopes = [
            Scope::Member(team.id, noor.user.id),
            Scope::Key(own),
            Scope::Key(app),
            Scope::TeamModel(team.id, chat),
            Scope::Grant(grant),
        ];
        for scope in scopes {
            db_limit(&services, team.id, scope, budget(10 * DOLLAR)).await;
        }
        let space = services.get_team(&noor, "me").await.unwrap();
        db_limit(&services, space.id, Scope::Key(personal), budget(10 * DOLLAR)).await;
        let nothing = |call: &mut CallFacts| (call.user, call.key, call.model, call.grant) = (ada.user.id, None, None, None);
        // Each in a call of its own, so that nothing else is touched.
        let both = ["maya@northwind.example", "ada@northwind.example"];
        let noors = "noor@northwind.example";
        let of_noor = |call: &mut CallFacts| {
            nothing(call);
            call.user = noor.user.id;
        };
        spend_as(&mut services, &team, 1, 8, of_noor).await;
        assert_eq!(alerts(&services).await, 1);
        let said = "Noor in Atlas Search has used 80% of a limit".to_owned();
        for address in both.into_iter().chain([noors]) {
            assert_eq!(mails_to(&services, address).await, std::slice::from_ref(&said), "{address}");
        }
        let now = services.list_own_alerts(&noor).await.unwrap();
        assert!(now[0].sentence.starts_with("Noor in Atlas Search has spent $8.00 of its $10.00 monthly budget."), "{now:?}");
        assert_eq!(services.list_own_alerts(&maya).await.unwrap(), vec![], "above one's pages stands what is one's own");

        spend_as(&mut services, &team, 2, 10, |call| {
            nothing(call);
            call.key = Some(own);
        })
        .await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails_to(&services, noors).await[1..], ["Key nightly has reached a limit"]);
        spend_as(&mut services, &team, 3, 10, |call| {
            nothing(call);
            call.key = Some(app);
        })
        .await;
        spend_as(&mut services, &team, 4, 9, |call| {
            nothing(call);
            call.model = Some(chat);
        })
        .await;
        assert_eq!(alerts(&services).await, 2);
        assert_eq!(mails_to(&services, noors).await.len(), 2, "neither is hers");
        spend_as(&mut services, &team, 5, 9, |call| {
            nothing(call);
            call.grant = Some(grant);
        })
        .await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails_to(&services, noors).await[2..], ["The approval of labs/chat in Atlas Search has used 80% of a limit"]);
        assert_eq!(mails_to(&services, both[1]).await.len(), 5, "admins get all of the team");
        // A personal space is its person's alone.
        spend_as(&mut services, &space, 6, 9, |call| {
            nothing(call);
            (call.user, call.key) = (noor.user.id, Some(personal));
        })
        .await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails_to(&services, noors).await[3..], ["Key home has used 80% of a limit"]);
        assert_eq!(mails_to(&services, both[0]).await.len(), 5);

        // What is over concerns nobody.
        services.revoke_key(&ada, SLUG, app).await.unwrap();
        db_leave(&services, team.id, &noor).await;
        services.clock.advance(31 * DAY_MS);
        for (n, key) in [(7, None), (8, Some(app))] {
            spend_as(&mut services, &team, n, 10, |call| {
                nothing(call);
                (call.user, call.key) = (if key.is_none() { noor.user.id } else { ada.user.id }, key);
            })
            .await;
        }
        assert_eq!(alerts(&services).await, 0);
    })
    .await;
}

/// A grant of a model to somebody.
async fn grant(services: &Services, team: &TeamView, to: &Caller, model: ModelId) -> GrantId {
    let at = services.clock.now();
    let grant = Grant {
        id: services.random.id_at(at),
        team: team.id,
        team_slug: team.slug.clone(),
        team_name: team.name.clone(),
        user: Some(to.user.id),
        user_name: to.user.name.clone(),
        model,
        model_name: "labs/chat".into(),
        allowance: Allowance::default(),
        level: GrantLevel::Team,
        granted_by: "Ada".into(),
        created_at: at,
        ends_at: None,
    };
    let mut tx = services.store.begin().await.unwrap();
    storage::model_access::grants::insert(&mut tx, &grant, to.user.id, None).await.unwrap();
    tx.commit().await.unwrap();
    grant.id
}

#[tokio::test]
async fn added_addresses_get_a_plain_letter_and_each_address_one() {
    on_each_database(|mut services| async move {
        let (team, [maya, ada, noor]) = place(&services).await;
        services.put_limits(&maya, SLUG, LimitsOf::Team, dollars(10), How::default()).await.unwrap();
        let emails = ["Finance@Northwind.example", "ada@northwind.example"].map(str::to_owned).to_vec();
        let patch = TeamPatch { alert_emails: Some(emails), ..TeamPatch::default() };
        let (view, _) = services.update_team(&ada, SLUG, patch).await.unwrap();
        assert_eq!(view.alert_emails, ["finance@northwind.example", "ada@northwind.example"]);
        assert_eq!(services.get_team(&noor, SLUG).await.unwrap().alert_emails, Vec::<String>::new(), "not for members");
        spend(&mut services, &team, 1, 10).await;
        assert_eq!(alerts(&services).await, 1);
        assert_eq!(mails_to(&services, "finance@northwind.example").await, [REACHED]);
        assert_eq!(mails(&services, &ada).await, [REACHED], "one letter, whichever way she gets it");
        services.deliver_mails_once().await.unwrap();
        let sent = services.mailer.sent();
        let letter = |to: &str| sent.iter().find(|mail| mail.recipient == to).unwrap();
        let (theirs, adas) = (letter("finance@northwind.example"), letter("ada@northwind.example"));
        assert!(!theirs.text.contains("http") && !theirs.html.contains("href"), "{}", theirs.text);
        assert!(theirs.text.starts_with("Hello,\n\nAtlas Search has spent $10.00"), "{}", theirs.text);
        assert!(adas.text.contains("/t/atlas-search/quotas"), "{}", adas.text);
    })
    .await;
}
