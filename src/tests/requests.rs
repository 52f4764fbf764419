//! What a request may be made of, and what files and links answer.

use axum::{body::Body, http::Method};

use super::support::{TestApp, on_each_database};

const HTTPS: [(&str, &str); 1] = [("TALLYGATE_PUBLIC_URL", "https://tallygate.example")];

/// D03, D04, D05, D06, X16: sizes, encodings and methods.
#[tokio::test]
async fn oversized_and_odd_requests_are_refused_before_any_handler() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let program = app.program();
        let send = async |request: axum::http::request::Builder, body: Body| program.send(request.body(body).unwrap()).await;
        let json = |path: &str| program.request(Method::POST, path).header("content-type", "application/json");

        let large = "x".repeat((256 << 10) + 1);
        for path in ["/api/v1/auth/login", "/fn/log_in"] {
            let request = json(path).header("origin", "http://127.0.0.1:3000");
            assert_eq!(send(request, Body::from(large.clone())).await.status, 413, "{path}");
            // Without a declared length.
            let chunks = futures::stream::iter((0..10).map(|_| Ok::<_, std::io::Error>("x".repeat(64 << 10))));
            let request = json(path).header("origin", "http://127.0.0.1:3000");
            assert_eq!(send(request, Body::from_stream(chunks)).await.status, 413, "{path}");
            for encoding in ["gzip", "zstd", "br"] {
                let request = json(path).header("origin", "http://127.0.0.1:3000").header("content-encoding", encoding);
                assert_eq!(send(request, Body::from("{}")).await.status, 415, "{path}");
            }
        }
        for body in [
            "[".repeat(100_000),
            format!("{{{}}}", (0..20_000).map(|n| format!("\"k{n}\":1,")).collect::<String>()),
            "{\"email\":1e99999}".into(),
            "{\"email\":\"a\",\"email\":\"b\",\"password\":\"c\"}".into(),
            "{\"email\":\"a@b.example\",\"password\":\"c\",\"role\":\"admin\"}".into(),
            "{\"email\":[\"a@b.example\"],\"password\":\"c\"}".into(),
            String::new(),
        ] {
            let reply = send(json("/api/v1/auth/login"), Body::from(body)).await;
            assert_eq!(reply.status, 400, "{}", reply.text());
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
        let plain = program.request(Method::POST, "/api/v1/auth/login").header("content-type", "text/plain");
        assert_eq!(send(plain, Body::from("{}")).await.status, 415);

        let long = format!("/login?x={}", "a".repeat(9 << 10));
        assert_eq!(program.get(&long).await.status, 414);
        let mut many = program.request(Method::GET, "/login");
        for n in 0..200 {
            many = many.header(format!("x-{n}"), "a");
        }
        assert_eq!(send(many, Body::empty()).await.status, 431);
        let mut wide = program.request(Method::GET, "/login");
        for n in 0..5 {
            wide = wide.header(format!("x-{n}"), "a".repeat(8 << 10));
        }
        assert_eq!(send(wide, Body::empty()).await.status, 431);

        for method in ["TRACE", "CONNECT", "TRACK", "PROPFIND"] {
            let request = program.request(Method::from_bytes(method.as_bytes()).unwrap(), "/login");
            assert_eq!(send(request, Body::empty()).await.status, 405, "{method}");
        }
        for (name, value) in [("x-http-method-override", "DELETE"), ("x-method-override", "DELETE")] {
            let request = json("/api/v1/me?_method=DELETE").header(name, value);
            assert_eq!(send(request, Body::from("{}")).await.status, 405);
        }
    })
    .await;
}

/// D02: a body that does not come is not waited for.
#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    on_each_database(|services| async move {
        let app = TestApp::with(&services, &[("TALLYGATE_BODY_TIMEOUT", "100ms")]);
        let program = app.program();
        let trickle = futures::stream::pending::<Result<&str, std::io::Error>>();
        let request = program.request(Method::POST, "/api/v1/auth/login").header("content-type", "application/json");
        let reply = program.send(request.body(Body::from_stream(trickle)).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.header("connection")), (408, "close"));
    })
    .await;
}

/// The token of a mailed link goes into a cookie, and out of the address.
#[tokio::test]
async fn mailed_links_lead_to_a_clean_address() {
    on_each_database(|services| async move {
        let app = TestApp::with(&services, &HTTPS);
        for (path, clean) in [("/reset/abc_-9", "/reset"), ("/confirm/abc_-9", "/confirm"), ("/signup/abc_-9", "/signup?link=1")]
        {
            let reply = app.browser().page(path).await;
            assert_eq!((reply.status.as_u16(), reply.header("location")), (303, clean));
            assert_eq!(reply.header("referrer-policy"), "no-referrer");
            let cookie = reply.header("set-cookie");
            assert!(cookie.contains("=abc_-9;") && cookie.contains("HttpOnly") && cookie.contains("Secure"), "{cookie}");
            let odd = app.browser().page(&format!("{path}%0d%0aset-cookie:x")).await;
            assert_eq!(odd.status, 303);
            assert!(odd.header("set-cookie").contains("Max-Age=0"), "what can be no token is not carried");
        }
    })
    .await;
}

/// Static files: compressed beforehand, kept forever where the name has a hash; pages are compressed as they are made.
#[tokio::test]
async fn files_and_pages_are_compressed() {
    on_each_database(|services| async move {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(site.path().join("pkg")).unwrap();
        for (name, text) in [("tallygate.0123456789abcdef.css", "a{}"), ("tallygate.0123456789abcdef.css.br", "brotli")] {
            std::fs::write(site.path().join("pkg").join(name), text).unwrap();
        }
        std::fs::write(site.path().join("favicon.svg"), "<svg/>").unwrap();
        std::fs::write(site.path().join(".secret"), "canary").unwrap();
        let app = TestApp::with(&services, &[("LEPTOS_SITE_ROOT", site.path().to_str().unwrap())]);
        let browser = app.browser();
        let get = async |path: &str, encoding: &str| {
            let request = browser.request(Method::GET, path).header("accept", "text/html").header("accept-encoding", encoding);
            browser.send(request.body(Body::empty()).unwrap()).await
        };
        let css = "/pkg/tallygate.0123456789abcdef.css";
        let plain = get(css, "identity").await;
        assert_eq!((plain.text().as_str(), plain.header("content-type")), ("a{}", "text/css; charset=utf-8"));
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        let packed = get(css, "br, gzip").await;
        assert_eq!((packed.text().as_str(), packed.header("content-encoding")), ("brotli", "br"));
        assert_eq!(get("/favicon.svg", "identity").await.header("cache-control"), "public, max-age=3600");
        for hidden in ["/.secret", "/pkg/../.secret", "/pkg/%2e%2e/.secret", "/pkg/", "/pkg"] {
            let reply = get(hidden, "identity").await;
            assert_eq!(reply.status, 404, "{hidden}");
            assert!(!reply.text().contains("canary"));
        }
        for encoding in ["br", "gzip"] {
            let page = get("/login", encoding).await;
            assert_eq!((page.status.as_u16(), page.header("content-encoding")), (200, encoding));
        }
        assert_eq!(get("/v1/models", "br").await.header("content-encoding"), "", "the gateway's answers pass as they are");
    })
    .await;
}
