//! The overview page: its answer is decided before its first byte, and its figures follow as they are read.

use std::time::Duration;

use http_body_util::BodyExt;

use super::{
    live_tail::{Heard, call, key},
    support::{
        TestApp,
        accounts::browser,
        limits::{budget, db_limit},
        on_each_database,
        people::{Place, db_join, db_leave, db_person, team},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        limit_scopes::Scope,
        money::{DOLLAR, NanoUsd},
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, HOUR_MS},
        usage::Outcome,
    },
    service::{
        Caller, Services,
        budget_requests::{BudgetOf, NewBudgetRequest},
        metering::{book, testing::event},
    },
    storage::Engine,
};

const OVERVIEW: &str = "/t/atlas-search";
const LIVE: &str = "/t/atlas-search/live";

/// Maya's team with calls, and a viewer in it.
async fn place(services: &Services) -> (TestApp, Caller, Caller) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let vera = db_person(services, "Vera", false).await;
    db_join(services, &atlas, &vera, Role::Viewer).await;
    let events = (0..40).map(|n| {
        let mut event = event(n);
        event.call.team = atlas.id;
        event.call.user = maya.user.id;
        event.call.user_name = "Maya".into();
        event
    });
    book(&services.store, &events.collect::<Vec<_>>()).await.unwrap();
    (TestApp::new(services), maya, vera)
}

#[tokio::test]
async fn the_whole_overview_is_there_without_script() {
    on_each_database(|services| async move {
        let (app, maya, vera) = place(&services).await;
        let page = browser(&app, &maya).await.page(OVERVIEW).await;
        assert_eq!(page.status, 200);
        let text = page.text();
        assert!(text.contains("<title>Overview, Atlas Search · Tallygate</title>"), "{text}");
        let mut at = 0;
        for part in [
            "<h1",
            "Overview",
            "1–21 Nov 2026 (UTC), month to date. Compared with 1–",
            "Key figures",
            "Spend against budget",
            "Limits",
            "Members by spend",
            "Models by spend",
            "Needs attention",
            "Latest calls",
            "</html>",
        ] {
            at += text[at..].find(part).unwrap_or_else(|| panic!("{part} in its place, in {text}"));
        }
        assert!(text.contains("model-1") && !text.contains("class=\"sk "), "{text}");
        // Everything leads on: figures and rankings to the usage page, calls to the log.
        for link in [
            "usage?range=period&amp;metric=latency",
            "usage?range=period&amp;group_by=member",
            "usage?range=period&amp;model=model-1",
            "logs/",
        ] {
            assert!(text.contains(&format!("/t/atlas-search/{link}")), "{link} in {text}");
        }
        assert_eq!(text.matches("__RESOLVED_RESOURCES=[").count(), 1);

        let seen = browser(&app, &vera).await.page(OVERVIEW).await.text();
        assert!(seen.contains("Key figures") && seen.contains("Nothing waits for you here."), "{seen}");
        for hidden in ["Members by spend", "Latest calls", "Your usage", "Create API key"] {
            assert!(!seen.contains(hidden), "{hidden} in {seen}");
        }
        for range in ["24h", "7d", "28d", "nonsense"] {
            let page = browser(&app, &vera).await.page(&format!("{OVERVIEW}?range={range}&calls=only")).await;
            assert!(page.status == 200 && page.text().contains("Key figures"), "{range}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_team_without_calls_begins_with_its_first_steps() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let app = TestApp::new(&services);
        let text = browser(&app, &maya).await.page(OVERVIEW).await.text();
        assert!(text.contains("Send the first call") && !text.contains("Key figures"), "{text}");
    })
    .await;
}

/// A dollar on each of the fourteen days before today, of one person.
async fn db_dollars(services: &Services, team: &TeamView, person: &Caller) {
    let today = services.clock.now().floor_to(DAY_MS);
    let events = (1..=14).map(|ago| {
        let mut event = event(900 + ago);
        (event.call.at, event.call.team, event.call.user) =
            (today.plus(-(ago as i64) * DAY_MS + HOUR_MS), team.id, person.user.id);
        (event.call.test, event.call.key) = (false, None);
        (event.end.outcome, event.end.cost) = (Outcome::Completed, NanoUsd(DOLLAR));
        event
    });
    book(&services.store, &events.collect::<Vec<_>>()).await.unwrap();
}

#[tokio::test]
async fn a_note_says_when_the_budget_ends_and_turns_red_when_it_has() {
    on_each_database(|services| async move {
        let (app, maya, _) = place(&services).await;
        let atlas = services.get_team(&maya, "atlas-search").await.unwrap();
        let noor = db_person(&services, "Noor", false).await;
        db_join(&services, &atlas, &noor, Role::Member).await;
        db_dollars(&services, &atlas, &noor).await;
        let noor = browser(&app, &noor).await;
        let spent = services.get_team_burn(&maya, "atlas-search").await.unwrap().spent.0;
        let set = async |amount: i64| db_limit(&services, atlas.id, Scope::Team(atlas.id), budget(amount)).await;
        let text = async || noor.page(OVERVIEW).await.text();

        // Nobody needs to know of a budget that lasts.
        set(spent + 100 * DOLLAR).await;
        let lasts = text().await;
        assert!(!lasts.contains("runs out") && lasts.contains("Monthly budget") && lasts.contains("It lasts."), "{lasts}");
        set(spent + 2 * DOLLAR).await;
        let ends = text().await;
        assert!(
            ends.contains("% of the November budget is spent.") && ends.contains("At the current pace it runs out on"),
            "{ends}"
        );
        assert!(ends.contains("note warn") && ends.contains("/t/atlas-search/quotas") && !ends.contains("note danger"), "{ends}");
        set(spent).await;
        let gone = text().await;
        assert!(
            gone.contains("note danger")
                && gone.contains("of its ")
                && gone.contains(" monthly budget. It resets on 1 Dec 2026, 00:00 UTC."),
            "{gone}"
        );
        assert!(gone.contains("The owner of Atlas Search can raise it."), "{gone}");
        // A member finds their own usage in place of the ranking.
        assert!(
            gone.contains("Your usage") && gone.contains("$14.00 in November") && !gone.contains("Members by spend"),
            "{gone}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_told_to_whoever_can_do_something_about_it() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let Place { maya, ada, noor, team, .. } = &place;
        let slug = team.slug.as_str();
        let soon = services.clock.now().plus(3 * DAY_MS);
        let key = NewApiKey { name: "nightly".into(), kind: KeyKind::Person, expires_at: Some(soon) };
        let id = services.create_key(noor, slug, key).await.unwrap().id;
        let later = NewApiKey { name: "later".into(), kind: KeyKind::Person, expires_at: Some(soon.plus(30 * DAY_MS)) };
        services.create_key(noor, slug, later).await.unwrap();
        services.invite_members(maya, slug, vec![("hannah@x.example".into(), Role::Member)], "").await.unwrap();
        let names = async |who: &Caller| {
            let waiting = services.list_waiting(who, slug).await.unwrap();
            waiting.iter().map(|waiting| format!("{waiting:?}").split(['(', ' ']).next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(ada).await, ["KeyEnds", "Invitations"]);
        assert_eq!(names(noor).await, ["KeyEnds"], "their own key");
        let vera = db_person(&services, "Vera", false).await;
        db_join(&services, team, &vera, Role::Viewer).await;
        assert_eq!(names(&vera).await, Vec::<String>::new());

        // A key without money, and a request.
        db_limit(&services, team.id, Scope::Key(id), budget(0)).await;
        db_limit(&services, team.id, Scope::Team(team.id), budget(100 * DOLLAR)).await;
        let wanted = NewBudgetRequest { of: BudgetOf::Member, amount: NanoUsd(5 * DOLLAR), until: None, reason: "more".into() };
        db_limit(&services, team.id, Scope::Member(team.id, noor.user.id), budget(DOLLAR)).await;
        services.request_budget(noor, slug, wanted).await.unwrap();
        assert_eq!(names(ada).await, ["BudgetRequests", "KeySpent", "KeyEnds", "Invitations"]);
        assert_eq!(names(noor).await, ["KeySpent", "KeyEnds"], "who asks does not decide");
        let app = TestApp::new(&services);
        let first = browser(&app, ada).await;
        db_dollars(&services, team, noor).await;
        let text = first.page(OVERVIEW).await.text();
        for words in
            ["1 budget request", "From Noor, now", "Key “nightly” expires", "has spent its budget", "1 invitation not accepted"]
        {
            assert!(text.contains(words), "{words} in {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_open_overview_is_told_of_new_calls_as_long_as_its_reader_may_see_them() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let app = TestApp::new(&services);
        let noors = key(&place, &place.noor).await;
        let vera = db_person(&services, "Vera", false).await;
        db_join(&services, &place.team, &vera, Role::Viewer).await;
        let stamp = services.overview_stamp(&vera, OVERVIEW.trim_start_matches("/t/")).await.unwrap();
        let mut heard = Heard::open(&browser(&app, &vera).await, LIVE).await;
        heard.until(&format!("event: stamp\ndata: {stamp}\n\n")).await;
        call(&app, &noors).await;
        let next = services.overview_stamp(&vera, OVERVIEW.trim_start_matches("/t/")).await.unwrap();
        assert_ne!(stamp, next);
        heard.until(&format!("event: stamp\ndata: {next}\n\n")).await;
        db_leave(&services, place.team.id, &vera).await;
        assert!(heard.into_rest().await.contains("event: over\n"), "who left hears no more");
        assert_eq!(browser(&app, &vera).await.page(LIVE).await.status, 404);
        assert_eq!(app.browser().page(LIVE).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_it_learns_so_before_the_first_byte() {
    on_each_database(|services| async move {
        let (app, _, _) = place(&services).await;
        let sam = db_person(&services, "Sam", false).await;
        for hidden in [OVERVIEW, "/t/nothing-here"] {
            let page = browser(&app, &sam).await.page(hidden).await;
            let text = page.text();
            assert_eq!(page.status, 404);
            assert!(text.contains("Nothing here") && !text.contains("Atlas Search") && !text.contains("did not load"), "{text}");
        }
        let signed_out = app.browser().page(OVERVIEW).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/t/atlas-search"));
    })
    .await;
}

#[tokio::test]
async fn the_head_arrives_while_the_figures_are_still_read() {
    on_each_database(|services| async move {
        // SQLite's readers wait for nobody.
        if services.store.engine() != Engine::Postgres {
            return;
        }
        let (app, maya, _) = place(&services).await;
        let maya = browser(&app, &maya).await;
        for encoding in ["identity", "gzip", "br"] {
            let mut lock = services.store.begin().await.unwrap();
            sqlx::raw_sql("LOCK TABLE usage_ranks IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
            let mut page = soon(maya.page_in_parts(OVERVIEW, encoding)).await;
            assert_eq!(page.status(), 200);
            assert_eq!(page.headers().get("content-encoding").map_or("identity", |name| name.to_str().unwrap()), encoding);
            let mut begin = vec![];
            while !is_head(encoding, &begin) {
                let frame = soon(page.body_mut().frame()).await.expect("the page goes on").unwrap();
                begin.extend_from_slice(&frame.into_data().unwrap());
            }
            let more = tokio::time::timeout(Duration::from_millis(300), page.body_mut().frame()).await;
            assert!(more.is_err(), "nothing comes while the figures are read");
            lock.rollback().await.unwrap();
            let rest = soon(page.into_body().collect()).await.unwrap().to_bytes();
            assert!(!rest.is_empty());
            if encoding == "identity" {
                let (begin, rest) = (String::from_utf8(begin).unwrap(), String::from_utf8(rest.to_vec()).unwrap());
                assert!(begin.contains("<title>Overview, Atlas Search") && !begin.contains("Key figures"), "{begin}");
                assert!(
                    rest.contains("Key figures") && rest.contains("__RESOLVED_RESOURCES") && rest.contains("</html>"),
                    "{rest}"
                );
            }
        }
    })
    .await;
}

/// Whether the page's head has come; of a compressed page, whether anything has.
fn is_head(encoding: &str, begin: &[u8]) -> bool {
    if encoding == "identity" { String::from_utf8_lossy(begin).contains("With test calls") } else { begin.len() > 500 }
}

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it comes at once")
}
