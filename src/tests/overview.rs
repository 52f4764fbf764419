//! The overview page: its answer is decided before its first byte, and its figures follow as they are read.

use std::time::Duration;

use http_body_util::BodyExt;

use super::support::{
    TestApp,
    accounts::browser,
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::roles::Role,
    service::{
        Caller, Services,
        metering::{book, testing::event},
    },
    storage::Engine,
};

const OVERVIEW: &str = "/t/atlas-search";

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
        for part in
            ["<h1", "Overview", "28 days", "Key figures", "Spend", "Latency", "Models by spend", "Latest calls", "</html>"]
        {
            at += text[at..].find(part).unwrap_or_else(|| panic!("{part} in its place, in {text}"));
        }
        assert!(text.contains("model-1") && text.contains("Members by spend") && !text.contains("class=\"sk "), "{text}");
        assert_eq!(text.matches("__RESOLVED_RESOURCES=[").count(), 1);

        let seen = browser(&app, &vera).await.page(OVERVIEW).await.text();
        assert!(seen.contains("Key figures") && !seen.contains("Members by spend") && !seen.contains("Latest calls"), "{seen}");
    })
    .await;
}

#[tokio::test]
async fn a_team_without_calls_begins_with_its_first_steps() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let app = TestApp::new(&services);
        for path in [OVERVIEW, "/me"] {
            let text = browser(&app, &maya).await.page(path).await.text();
            assert!(text.contains("Send the first call") && !text.contains("Key figures"), "{text}");
        }
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
            sqlx::raw_sql("LOCK TABLE usage_latencies IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
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
