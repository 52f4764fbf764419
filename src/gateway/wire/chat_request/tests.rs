use super::*;

const TARGET: Target<'static> = Target { model: "up-1", output: 900, output_field: "max_tokens" };

fn parse(body: &str) -> Result<ChatRequest, Invalid> {
    ChatRequest::parse(body.as_bytes())
}

fn rendered(body: &str) -> String {
    let request = parse(body).unwrap();
    let out = request.render(&Bytes::copy_from_slice(body.as_bytes()), TARGET);
    let text = String::from_utf8(out.to_vec()).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    text
}

fn refused(body: &str) -> (Option<&'static str>, String) {
    let problem = parse(body).expect_err(body);
    assert!(problem.message.ends_with('.'), "{}", problem.message);
    (problem.param, problem.message)
}

#[test]
fn only_what_must_change_is_changed() {
    assert_eq!(
        rendered(r#" { "x": [1.0, 1e2],"messages":[{"role":"user"}], "model" : "a\u002db" ,"max_tokens":5, "y":{"model":"z"}}"#),
        r#" { "x": [1.0, 1e2],"messages":[{"role":"user"}], "model" : "up-1" ,"max_tokens":5, "y":{"model":"z"}}"#
    );
    assert_eq!(
        rendered(r#"{"model":"m","messages":[{}],"stream":true}"#),
        r#"{"max_tokens":900,"stream_options":{"include_usage":true},"model":"up-1","messages":[{}],"stream":true}"#
    );
    assert_eq!(
        rendered(r#"{"model":"m","messages":[{}],"stream":true,"max_tokens":null,"stream_options":{"a":1}}"#),
        r#"{"model":"up-1","messages":[{}],"stream":true,"max_tokens":900,"stream_options":{"include_usage":true,"a":1}}"#
    );
    for (given, sent) in [
        ("null", r#"{"include_usage":true}"#),
        ("{}", r#"{"include_usage":true}"#),
        (r#"{ "include_usage" : false }"#, r#"{ "include_usage" : true }"#),
        (r#"{"include_usage":null,"b":2}"#, r#"{"include_usage":true,"b":2}"#),
        (r#"{"include_usage":true}"#, r#"{"include_usage":true}"#),
    ] {
        let body = |options: &str, model: &str| {
            format!(r#"{{"model":"{model}","max_tokens":1,"messages":[{{}}],"stream":true,"stream_options":{options}}}"#)
        };
        assert_eq!(rendered(&body(given, "m")), body(sent, "up-1"));
    }
    let body = Bytes::from_static(br#"{"model":"up-1","max_completion_tokens":3,"messages":[{}]}"#);
    let untouched = ChatRequest::parse(&body).unwrap().render(&body, TARGET);
    assert_eq!(untouched.as_ptr(), body.as_ptr(), "not even copied");
}

#[test]
fn bounds_are_whole_positive_and_within_the_model() {
    let body = |field: &str, value: &str| format!(r#"{{"model":"m","messages":[{{}}],"{field}":{value}}}"#);
    for field in ["max_tokens", "max_completion_tokens", "n"] {
        for bad in ["-1", "0", "1.5", "1.0", "1e3", "1e30", "\"100\"", "true", "[]", "18446744073709551616"] {
            assert_eq!(refused(&body(field, bad)).0, Some(field), "{field}={bad}");
        }
    }
    for huge in ["16001", "2147483648", "9223372036854775808"] {
        assert!(parse(&body("max_tokens", huge)).unwrap().check_output(16_000).is_err(), "{huge}");
    }
    assert!(parse(&body("max_tokens", "16000")).unwrap().check_output(16_000).is_ok());
    assert_eq!(parse(&body("max_tokens", "null")).unwrap().output(), None);
    assert_eq!(parse(&body("n", "null")).unwrap().choices, 1);
    assert!(parse(&body("n", "129")).is_err());
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(refused("").0, None);
    assert_eq!(refused("nope").0, None);
    assert_eq!(refused(r#"{"model":"m","messages":[{}]}x"#).0, None);
    assert_eq!(refused("[]"), (None, "The body must be a JSON object.".into()));
    assert_eq!(refused(r#"{"messages":[{}]}"#), (Some("model"), "The body has no `model`.".into()));
    assert_eq!(refused(r#"{"model":"m"}"#).0, Some("messages"));
    for (field, values) in [
        ("model", vec!["1", "null", "[]", "{}"]),
        ("messages", vec!["1", "null", "{}", "[]", "\"x\"", "[1]", "[[]]"]),
        ("stream", vec!["1", "\"true\""]),
        (
            "stream_options",
            vec![
                "1",
                "[]",
                r#"{"include_usage":1}"#,
                r#"{"Include_usage":true}"#,
                r#"{"include_usage":true,"include_usage":false}"#,
            ],
        ),
        ("temperature", vec!["\"1\"", "true", "[]"]),
        ("tools", vec!["{}", "1"]),
        ("user", vec!["1"]),
        ("service_tier", vec!["\"priority\"", "1"]),
        ("modalities", vec![r#"["text","audio"]"#]),
    ] {
        for value in values {
            let rest: String = [("model", "\"m\""), ("messages", "[{}]")]
                .iter()
                .filter(|(name, _)| *name != field)
                .map(|(name, value)| format!(",\"{name}\":{value}"))
                .collect();
            assert_eq!(refused(&format!("{{\"{field}\":{value}{rest}}}")).0, Some(field), "{field}: {value}");
        }
    }
}

#[test]
fn no_second_reading_is_possible() {
    for second in [r#""model":"b""#, r#""mod\u0065l":"b""#, r#""Model":"b""#, r#""MODEL":"b""#] {
        assert_eq!(refused(&format!(r#"{{"model":"a","messages":[{{}}],{second}}}"#)).0, Some("model"), "{second}");
    }
    assert_eq!(refused(r#"{"model":"a","messages":[{}],"max_tokens":1,"max_tokens":9}"#).0, Some("max_tokens"));
    assert_eq!(refused(r#"{"model":"a","messages":[{}],"max_tokenſ":9}"#).0, Some("max_tokens"));
    assert_eq!(refused(r#"{"model":"a","meſſages":[{}]}"#).0, Some("messages"));
    for field in ["api_base", "base_url", "headers", "fallbacks", "extra_body", "base_model", "api_key", "models"] {
        assert_eq!(refused(&format!(r#"{{"model":"a","messages":[{{}}],"{field}":"x"}}"#)).0, Some(field));
    }
}

#[test]
fn absurd_bodies_are_refused_quickly() {
    let deep = format!(r#"{{"model":"m","messages":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(refused(&deep).1.contains("64"));
    let members: String = (0..200_000).map(|at| format!(",\"k{at}\":1")).collect();
    assert!(refused(&format!(r#"{{"model":"m","messages":[{{}}]{members}}}"#)).1.contains("1000 fields"));
    assert!(refused(r#"{"model":"m","messages":[{}],"x":1e99999}"#).1.contains("out of range"));
    assert!(ChatRequest::parse(b"{\"model\":\"m\xff\",\"messages\":[{}]}").is_err());
    let long = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(1_000_000));
    assert!(parse(&long).is_ok());
}
