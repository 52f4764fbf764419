//! L01, L08, K01, X11: secrets and prompts that go through every door turn up nowhere but where they belong.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::support::{
    TestApp,
    accounts::{PASSWORD, first_admin, mailed_token},
    app::Client,
    on_each_database, people,
};
use crate::{
    domain::ids::UserId,
    service::{Caller, Services, catalog::ProviderInput},
    storage::{self, Engine},
};

const MAYA: &str = "maya@northwind.example";
const PROVIDER_KEY: &str = "sk-canary-5d1c-provider";
const PROMPT: &str = "canary-7f3a-prompt";
const WRONG_PASSWORD: &str = "canary-90b2-not-the-password";

/// What a test looks through, by where it was found.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    #[track_caller]
    fn must_not_hold(&self, what: &str, canary: &str) {
        assert!(canary.len() >= 16, "{what} is long enough to be found by chance nowhere");
        for (place, text) in &self.0 {
            assert!(!text.contains(canary), "{what} is in {place}");
        }
    }
}

#[tokio::test]
async fn secrets_and_prompts_turn_up_nowhere() {
    on_each_database(|services| async move {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(log.clone()).finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        tracing::info!("the log is read");

        first_admin(&services).await;
        let app = TestApp::new(&services);
        let browser = app.browser();
        let mut seen = Seen::default();
        for (password, status) in [(WRONG_PASSWORD, 401), (PASSWORD, 200)] {
            let reply = browser.form("/fn/log_in", &[("email", MAYA), ("password", password)], false).await;
            assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
            seen.add("the answer to signing in", reply.text());
        }
        let session = browser.cookie("sid").unwrap();
        let key = furnish(&services, &browser).await;
        let token = browser.post("/api/v1/me/tokens", json!({"name": "ci", "scope": "write"})).await.expect(201);
        let token = token["token"].as_str().unwrap().to_owned();
        let invited = json!({"invitations": [{"email": "hannah@northwind.example", "role": "member"}]});
        browser.post("/api/v1/teams/atlas-search/invitations", invited).await.expect(200);
        browser.form("/fn/forgot_password", &[("email", MAYA)], false).await;
        services.deliver_mails_once().await.unwrap();
        let invitation = mailed_token(&services, "hannah@northwind.example", "/invite/");
        let reset = mailed_token(&services, MAYA, "/reset/");

        for (secret, model, stream) in
            [(key.as_str(), "sim", false), (&key, "sim", true), (&key, "nope", false), ("tg_canary", "sim", false)]
        {
            let call = json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": PROMPT}]});
            let reply = app.key(secret).post("/v1/chat/completions", call).await;
            seen.add(format!("the answer to a call of {model}"), reply.text());
        }
        while app.services.book_ended_calls().await.unwrap() > 0 {}
        // X11: what a stranger writes into a log stays one line of it.
        for agent in ["x\u{9b}31m\ty", "{\"level\":\"ERROR\"}\\r\\nforged"] {
            let odd =
                app.program().request(axum::http::Method::GET, "/fn/%0d%0aforged%1b[31m").header("user-agent", agent.as_bytes());
            app.program().send(odd.body(axum::body::Body::empty()).unwrap()).await;
        }
        look_around(&browser, &mut seen).await;
        let log = log.text();
        assert!(log.contains("the log is read"));
        for line in log.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "one event, one line: {line}");
        }
        seen.add("the log", log);
        seen.add("the spool", files(app.folder.path()));
        seen.add("the tables", tables(&services).await);
        for (what, canary) in [
            ("the provider's key", PROVIDER_KEY),
            ("a prompt", PROMPT),
            ("the password", PASSWORD),
            ("a wrong password", WRONG_PASSWORD),
            ("the key", &key[7..48]),
            ("the management token", &token[8..48]),
            ("the session's id", &session),
            ("the invitation's token", &invitation),
            ("the reset token", &reset),
        ] {
            seen.must_not_hold(what, canary);
        }
        // What was deleted and overwritten is in the file until its page is used again: mailed tokens pass through it.
        let mut raw = Seen::default();
        raw.add("the database's files", database_files(&services).await);
        for (what, canary) in [
            ("the provider's key", PROVIDER_KEY),
            ("a prompt", PROMPT),
            ("the password", PASSWORD),
            ("the key", &key[7..48]),
            ("the management token", &token[8..48]),
            ("the session's id", &session),
        ] {
            raw.must_not_hold(what, canary);
        }
    })
    .await;
}

/// A provider with a key, a model, a team, and a key of it; gives that.
async fn furnish(services: &Services, browser: &Client) -> String {
    let user = browser.get("/api/v1/me").await.expect(200);
    let id = UserId::parse(user["id"].as_str().unwrap()).unwrap();
    let maya = Caller::system(storage::users::find(&mut services.store.reader().await.unwrap(), id).await.unwrap().unwrap());
    let outside = ProviderInput {
        name: "outside".into(),
        kind: "openai".into(),
        base_url: "https://8.8.8.8/v1".into(),
        secret: PROVIDER_KEY.into(),
        ..ProviderInput::default()
    };
    services.create_provider(&maya, outside).await.unwrap();
    let mut simulated: ProviderInput = people::simulated("simulator");
    (simulated.simulation.first_token_ms, simulated.simulation.per_token_ms) = (0, 0);
    services.create_provider(&maya, simulated).await.unwrap();
    services.create_model(&maya, people::model("sim", "simulator")).await.unwrap();
    people::team(services, &maya).await;
    let made = browser.post("/api/v1/teams/atlas-search/keys", json!({"name": "search-api"})).await.expect(201);
    made["key"].as_str().unwrap().to_owned()
}

/// Every page and list, as the one who may see the most.
async fn look_around(browser: &Client, seen: &mut Seen) {
    for path in [
        "/teams",
        "/t/atlas-search",
        "/t/atlas-search/keys",
        "/t/atlas-search/members",
        "/me",
        "/me/keys",
        "/account",
        "/admin/providers",
        "/admin/models",
    ] {
        let page = browser.page(path).await;
        assert_eq!(page.status, 200, "{path}");
        seen.add(path, page.text());
    }
    for path in [
        "me",
        "me/tokens",
        "me/sessions",
        "teams",
        "teams/atlas-search/keys",
        "teams/atlas-search/members",
        "teams/atlas-search/invitations",
        "teams/atlas-search/logs",
        "teams/atlas-search/audit",
        "catalog/providers",
        "catalog/providers/outside",
        "catalog/models",
        "audit",
        "platform/mails",
        "users",
    ] {
        let list = browser.get(&format!("/api/v1/{path}")).await;
        assert_eq!(list.status, 200, "{path}: {}", list.text());
        seen.add(path, list.text());
    }
}

/// All rows of all tables as text.
pub(super) async fn tables(services: &Services) -> String {
    let mut c = services.store.reader().await.unwrap();
    let postgres = services.store.engine() == Engine::Postgres;
    let names = if postgres {
        "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    let names: Vec<String> =
        sqlx::query(names).fetch_all(&mut *c).await.unwrap().iter().map(|row| sqlx::Row::get(row, "name")).collect();
    assert!(names.len() > 15, "{names:?}");
    let mut text = String::new();
    for name in names {
        let line = if postgres {
            format!("SELECT CAST(t AS TEXT) AS line FROM {name} t")
        } else {
            let columns = format!("SELECT name FROM pragma_table_info('{name}')");
            let columns = sqlx::query(sqlx::AssertSqlSafe(columns)).fetch_all(&mut *c).await.unwrap();
            let columns: Vec<String> = columns
                .iter()
                .map(|row| sqlx::Row::get::<String, _>(row, "name"))
                .map(|name| {
                    format!("CASE typeof({name}) WHEN 'blob' THEN HEX({name}) ELSE COALESCE(CAST({name} AS TEXT), '') END")
                })
                .collect();
            format!("SELECT {} AS line FROM {name}", columns.join(" || ' ' || "))
        };
        for row in sqlx::query(sqlx::AssertSqlSafe(line)).fetch_all(&mut *c).await.unwrap() {
            let _ = writeln!(text, "{name}: {}", sqlx::Row::get::<String, _>(&row, "line"));
        }
    }
    text
}

/// The bytes of SQLite's file and of its log; a PostgreSQL server's are out of reach.
async fn database_files(services: &Services) -> String {
    if services.store.engine() == Engine::Postgres {
        return String::new();
    }
    let mut c = services.store.reader().await.unwrap();
    let row = sqlx::query("SELECT file FROM pragma_database_list WHERE name = 'main'").fetch_one(&mut *c).await.unwrap();
    let file: String = sqlx::Row::get(&row, "file");
    let bytes = |path: &str| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    let text = bytes(&file) + &bytes(&format!("{file}-wal"));
    assert!(text.contains(MAYA), "the bytes of {file} are those of the database");
    text
}

/// All files below a folder.
fn files(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            text.push_str(&files(&entry.path()));
        } else {
            text.push_str(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap()));
        }
    }
    text
}

/// Where this thread's log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
