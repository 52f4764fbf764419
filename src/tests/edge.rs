//! What stands before every door: headers, hosts, cross-site requests, bodies, cookies. The cases of the security catalogue by name.

use axum::{body::Body, http::Method};
use serde_json::json;

use super::support::{
    TestApp,
    accounts::{PASSWORD, first_admin},
    app::{Client, Reply},
    on_each_database,
    people::{db_person, team},
};
use crate::domain::{
    api_keys::{KeyKind, NewApiKey},
    ids::TeamId,
};

const HTTPS: [(&str, &str); 1] = [("TALLYGATE_PUBLIC_URL", "https://tallygate.example")];

fn check_headers(reply: &Reply, https: bool) {
    let nonsense = format!("{reply:?}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{nonsense}");
    assert_eq!(reply.header("x-frame-options"), "DENY");
    assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(reply.header("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()");
    assert_eq!(reply.header("cache-control"), "no-store", "{nonsense}");
    assert_eq!(reply.header("x-request-id").len(), 36, "{nonsense}");
    assert_eq!(reply.header("strict-transport-security").is_empty(), !https);
    assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(!reply.headers.contains_key("server"));
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
    if !reply.body.is_empty() {
        let kind = reply.header("content-type");
        assert!(kind.contains("json") || kind.contains("charset=utf-8"), "{kind}");
    }
}

/// X12, X14, X19, L07: every class of answer carries the headers, and each page its own nonce.
#[tokio::test]
async fn every_class_of_answer_carries_the_headers() {
    on_each_database(|services| async move {
        for (variables, https) in [(&HTTPS[..], true), (&[][..], false)] {
            let app = TestApp::with(&services, variables);
            let browser = app.browser();
            let mut replies = vec![];
            for path in [
                "/login",
                "/teams",
                "/no-such-page",
                "/healthz",
                "/readyz",
                "/api/docs",
                "/api/v1/openapi.json",
                "/api/v1/me",
                "/api/v1/x",
                "/api/x",
                "/fn/x<script>",
                "/v1/models",
                "/v1/x",
                "/metrics",
                "/.git/config",
                "/reset/abc",
                "/pkg/tallygate.js.map",
            ] {
                let path = path.replace('<', "%3C").replace('>', "%3E");
                replies.push((path.clone(), browser.page(&path).await));
            }
            replies.push(("POST /fn".into(), browser.form("/fn/log_in", &[], false).await));
            replies.push(("POST /fn/%3Cscript%3E".into(), browser.form("/fn/%3Cscript%3E", &[], false).await));
            replies.push(("POST /v1".into(), app.program().post("/v1/chat/completions", json!({})).await));
            let foreign = app.program().request(Method::POST, "/fn/log_in").header("origin", "https://evil.test");
            replies.push(("foreign".into(), app.program().send(foreign.body(Body::empty()).unwrap()).await));
            for (path, reply) in &replies {
                check_headers(reply, https);
                assert!(!reply.status.is_server_error(), "{path}: {}", reply.text());
                assert!(!reply.text().contains("<script>alert"), "{path}");
            }
            for hidden in ["/metrics", "/.git/config", "/pkg/tallygate.js.map"] {
                let (_, reply) = replies.iter().find(|(path, _)| path == hidden).unwrap();
                assert_eq!(reply.status, 404, "{hidden}");
            }
            let nonce = |reply: &Reply| {
                let policy = reply.header("content-security-policy").to_owned();
                policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned()
            };
            let (first, second) = (browser.page("/login").await, browser.page("/login").await);
            assert_ne!(nonce(&first), nonce(&second));
            assert!(
                first.text().contains(&format!("nonce=\"{}\"", nonce(&first))),
                "the page's scripts carry the header's nonce"
            );
            assert!(
                !first.header("content-security-policy").contains("unsafe-eval' ")
                    && first.header("content-security-policy").contains("'wasm-unsafe-eval'")
            );
        }
    })
    .await;
}

/// X05: a change that did not start on a page of this installation changes nothing.
#[tokio::test]
async fn cross_site_changes_are_refused() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let app = TestApp::with(&services, &HTTPS);
        let browser = app.browser();
        let login = json!({ "email": "maya@northwind.example", "password": PASSWORD });
        browser.post("/api/v1/auth/login", login).await.expect(200);
        browser.get("/api/v1/me").await.expect(200);
        let sid = browser.cookie("__Host-sid").unwrap();

        let sources: [&[(&str, &str)]; 7] = [
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null")],
            &[("origin", "https://evil.test")],
            &[("origin", "http://tallygate.example")],
            &[],
        ];
        let encodings = [
            ("application/x-www-form-urlencoded", "name=x&organization=x"),
            ("text/plain", "{\"name\":\"x\"}"),
            ("multipart/form-data; boundary=b", "--b--\r\n"),
        ];
        for source in sources {
            for (kind, body) in encodings {
                for path in ["/fn/log_out", "/fn/create_team", "/api/v1/teams", "/api/v1/auth/logout"] {
                    let attacker = app.program();
                    attacker.set_cookie("__Host-sid", &sid);
                    let mut request = attacker.request(Method::POST, path).header("content-type", kind);
                    for (name, value) in source {
                        request = request.header(*name, *value);
                    }
                    let reply = attacker.send(request.body(Body::from(body)).unwrap()).await;
                    assert_eq!(reply.status, 403, "{path} {source:?} {kind}: {}", reply.text());
                }
            }
        }
        browser.get("/api/v1/me").await.expect(200);
        assert_eq!(browser.get("/api/v1/teams").await.expect(200)["items"], json!([]));
        // A form of the installation's own page without metadata headers (an old browser) says its origin.
        let old = app.program();
        old.set_cookie("__Host-sid", &sid);
        let request = old.request(Method::POST, "/api/v1/auth/logout").header("origin", "https://tallygate.example");
        old.send(request.body(Body::empty()).unwrap()).await.expect(204);
        browser.get("/api/v1/me").await.expect(401);
    })
    .await;
}

/// A22: the session cookie has its attributes when it comes and when it goes; L07: no identity from headers (X18).
#[tokio::test]
async fn the_session_cookie_comes_and_goes_with_its_attributes() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        for (variables, name) in [(&HTTPS[..], "__Host-sid"), (&[][..], "sid")] {
            let app = TestApp::with(&services, variables);
            let browser = app.browser();
            let wrong = json!({ "email": "maya@northwind.example", "password": "another horse battery" });
            let refused = browser.post("/api/v1/auth/login", wrong).await;
            assert_eq!(refused.status, 401);
            assert!(!refused.headers.contains_key("set-cookie"));
            let right = json!({ "email": "maya@northwind.example", "password": PASSWORD });
            let came = browser.post("/api/v1/auth/login", right).await;
            let went = browser.post("/api/v1/auth/logout", json!({})).await;
            assert_eq!(went.header("clear-site-data"), "\"cache\", \"storage\"");
            for reply in [came, went] {
                let cookie = reply.header("set-cookie").to_owned();
                assert!(cookie.starts_with(&format!("{name}=")), "{cookie}");
                for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                    assert!(cookie.contains(attribute), "{cookie}");
                }
                assert_eq!(cookie.contains("Secure"), name.starts_with("__Host-"), "{cookie}");
                assert!(!cookie.contains("Domain"), "{cookie}");
            }
            assert!(browser.cookie(name).is_none());
            for header in ["x-forwarded-user", "remote-user", "x-webauth-user"] {
                let request = browser.request(Method::GET, "/api/v1/me").header(header, "maya@northwind.example");
                browser.send(request.body(Body::empty()).unwrap()).await.expect(401);
            }
            // A23: cookie garbage is nobody, and no fault.
            for garbage in ["", "AAAA", &"x".repeat(8_000), "%00%ff", "\"quoted\""] {
                let stranger = app.browser();
                stranger.set_cookie(name, garbage);
                stranger.get("/api/v1/me").await.expect(401);
                assert_eq!(stranger.page("/login").await.status, 200, "{garbage}");
            }
        }
    })
    .await;
}

/// A08: unknown hosts are not served, and forwarded ones are not believed.
#[tokio::test]
async fn only_the_own_name_is_served() {
    on_each_database(|services| async move {
        let app = TestApp::with(&services, &HTTPS);
        let ask = async |path: &str, headers: &[(&str, &str)]| {
            let mut request = axum::http::Request::builder().uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            app.program().send(request.body(Body::empty()).unwrap()).await.status.as_u16()
        };
        assert_eq!(ask("/login", &[("host", "tallygate.example")]).await, 200);
        assert_eq!(ask("/login", &[("host", "evil.test")]).await, 421);
        assert_eq!(ask("/login", &[]).await, 400);
        assert_eq!(ask("/login", &[("host", "tallygate.example"), ("host", "evil.test")]).await, 400);
        let forwarded = [("host", "tallygate.example"), ("x-forwarded-host", "evil.test"), ("forwarded", "host=evil.test")];
        assert_eq!(ask("/login", &forwarded).await, 200);
        assert_eq!(ask("/healthz", &[("host", "10.0.0.7:3000")]).await, 200, "health checks use inner names");
        assert_eq!(ask("/v1/models", &[("host", "gateway.internal")]).await, 401, "so do clients of the gateway");

        let page = app.browser().page("/login").await;
        assert!(!page.text().contains("evil.test"));
    })
    .await;
}

/// K02, X19: keys and cookies count only where they belong.
#[tokio::test]
async fn keys_in_addresses_and_cookies_on_the_gateway_are_nobody() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&maya, &atlas.slug, new).await.unwrap().key;
        let app = TestApp::new(&services);
        app.key(&key).get("/v1/models").await.expect(200);
        let stranger = app.program();
        for path in [format!("/v1/models?api_key={key}"), format!("/v1/models?key={key}"), format!("/v1/{key}/models")] {
            let status = stranger.get(&path).await.status.as_u16();
            assert!(status == 401 || status == 404, "{path}: {status}");
        }
        stranger.set_cookie("sid", &key);
        stranger.set_cookie("authorization", &key);
        stranger.get("/v1/models").await.expect(401);
        // A gateway key is no management token, and the other way round.
        app.key(&key).get("/api/v1/me").await.expect(401);
        let token = app.api(&maya).await;
        token.get("/v1/models").await.expect(401);
        token.get("/api/v1/me").await.expect(200);
        // Where a credential is sent, the cookie is not looked at.
        let both = Client::get(&app.key("tgm_wrong"), "/api/v1/me").await;
        assert_eq!(both.status, 401);
        assert_eq!(both.header("www-authenticate"), "Bearer");
    })
    .await;
}

/// The client's address comes from the peer, and from a proxy only where one is configured.
#[tokio::test]
async fn forwarded_addresses_do_not_get_around_throttles() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let app = TestApp::new(&services);
        let mut statuses = vec![];
        for n in 0..8 {
            let program = app.program();
            let body = json!({ "email": "maya@northwind.example", "password": "wrong horse battery" }).to_string();
            let request = program.request(Method::POST, "/api/v1/auth/login").header("content-type", "application/json");
            let request =
                request.header("x-forwarded-for", format!("203.0.113.{n}")).header("x-real-ip", format!("203.0.113.{n}"));
            statuses.push(program.send(request.body(Body::from(body)).unwrap()).await.status.as_u16());
        }
        assert_eq!(statuses[..5], [401; 5]);
        assert!(statuses[5..].iter().all(|status| *status == 429), "{statuses:?}");
    })
    .await;
}

/// A page's personal parts are nobody else's: another person's team does not exist, in pages as in the API (O01).
#[tokio::test]
async fn foreign_teams_do_not_exist() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let ben = db_person(&services, "Ben", false).await;
        let app = TestApp::new(&services);
        let api = app.api(&ben).await;
        let unknown = services.random.id::<TeamId>(&services.clock).to_string();
        for path in ["", "/keys", "/usage", "/usage/members", "/logs"] {
            let foreign = api.get(&format!("/api/v1/teams/{}{path}", atlas.id)).await;
            let nothing = api.get(&format!("/api/v1/teams/{unknown}{path}")).await;
            assert_eq!((foreign.status.as_u16(), &foreign.body), (404, &nothing.body), "{path}");
        }
        api.post(&format!("/api/v1/teams/{}/keys", atlas.slug), json!({ "name": "k" })).await.expect(404);
        api.get("/api/v1/catalog/providers").await.expect(404);
        api.post("/api/v1/organizations", json!({ "name": "Mine" })).await.expect(404);
    })
    .await;
}
