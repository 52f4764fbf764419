use super::*;

fn read(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::read(file, &|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn leptos_toml_and_cargo_toml_say_the_same() {
    let section = |text: &str| {
        let table: toml::Table = text.parse().unwrap();
        table["package"]["metadata"]["leptos"].clone()
    };
    assert_eq!(section(include_str!("../../../Leptos.toml")), section(include_str!("../../../Cargo.toml")));
}

#[test]
fn the_files_values_are_valid_and_the_environment_wins() {
    let config = read(include_str!("../../../Leptos.toml"), &[]).unwrap();
    assert_eq!(config.http.addr.to_string(), "127.0.0.1:3000");
    assert_eq!(config.http.public_origin(), "http://127.0.0.1:3000");
    assert_eq!(config.storage.data_dir, std::path::Path::new("var"));
    assert_eq!(config.storage.database_url.expose(), "sqlite://var/tallygate.db");

    let file = "[tallygate]\naddr = \"127.0.0.1:4000\"\ntrusted_proxies = [\"10.0.0.0/8\", \"192.168.1.1\"]\ndemo = true\n";
    let config = read(file, &[("TALLYGATE_ADDR", "0.0.0.0:5000"), ("TALLYGATE_BODY_TIMEOUT", "500ms")]).unwrap();
    assert_eq!(config.http.addr.to_string(), "0.0.0.0:5000");
    assert_eq!(config.http.public_origin(), "http://127.0.0.1:5000", "nobody can visit 0.0.0.0");
    assert_eq!(config.http.trusted_proxies.len(), 2);
    assert_eq!(config.http.timeouts.body.as_millis(), 500);
    assert_eq!(config.platform.signup.as_str(), "open", "the demo's policy");
}

#[test]
fn a_wrong_value_is_named_and_a_secret_one_is_not_repeated() {
    for (name, value) in [
        ("TALLYGATE_ADDR", "3000"),
        ("TALLYGATE_PUBLIC_URL", "tallygate.example"),
        ("TALLYGATE_PUBLIC_URL", "https://tallygate.example/path"),
        ("TALLYGATE_PUBLIC_URL", "http://tallygate.example"),
        ("TALLYGATE_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("TALLYGATE_DATABASE_URL", "mysql://user:canary@host/db"),
        ("TALLYGATE_SMTP_URL", "https://user:canary@host"),
        ("TALLYGATE_SMTP_URL", "smtp"),
        ("TALLYGATE_MAIL_FROM", "nobody"),
        ("TALLYGATE_SIGNUP", "everyone"),
        ("TALLYGATE_SIGNUP_DOMAINS", "a@b.example"),
        ("TALLYGATE_LOG_FORMAT", "xml"),
        ("TALLYGATE_DEMO", "maybe"),
        ("TALLYGATE_METRICS_ADDR", "9464"),
        ("TALLYGATE_HEADER_TIMEOUT", "0s"),
        ("TALLYGATE_HEADER_TIMEOUT", "10"),
        ("TALLYGATE_IDLE_TIMEOUT", "999999999999999999999h"),
        ("TALLYGATE_MAX_CONNECTIONS", "0"),
        ("TALLYGATE_ALLOWED_UPSTREAMS", "http://localhost"),
    ] {
        let sentence = read("", &[(name, value)]).unwrap_err().to_string();
        assert!(sentence.contains(name), "{name}={value}: {sentence}");
        assert!(!sentence.contains("canary"), "{sentence}");
    }
    assert!(read("", &[("TALLYGATE_PUBLIC_URL", "http://10.0.0.5:3000"), ("TALLYGATE_INSECURE_COOKIES", "true")]).is_ok());
}

#[test]
fn a_misspelt_line_of_the_file_is_refused() {
    let sentence = read("[tallygate]\nadress = \"127.0.0.1:1\"\n", &[]).unwrap_err().to_string();
    assert_eq!(sentence, "[tallygate] in the configuration file knows no value \"adress\".");
    assert!(read("[tallygate", &[]).is_err());
}

#[test]
fn printing_the_configuration_shows_no_secret() {
    let config = read(
        "",
        &[
            ("TALLYGATE_DATABASE_URL", "postgres://u:canary@host/db"),
            ("TALLYGATE_SMTP_URL", "smtps://u:canary@host"),
            ("TALLYGATE_MAIL_FROM", "a@b.example"),
            ("TALLYGATE_SECRET_KEY", "canary"),
        ],
    );
    assert!(!format!("{:?}", config.unwrap()).contains("canary"));
}

/// The file shows every value with its default: a reader finds there what can be set.
#[test]
fn the_files_comments_show_every_value_and_its_default() {
    let text = include_str!("../../../Leptos.toml");
    let section = text.rsplit("\n[tallygate]\n").next().unwrap();
    let shown: String = section
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = "))
        .fold("[tallygate]\n".into(), |all, line| all + line + "\n");
    let (shown, default) = (read(&shown, &[]).unwrap(), read("", &[]).unwrap());
    // The default sender stands for "none was set"; all else is the same value.
    assert_eq!(format!("{:?}{:?}", shown.http, shown.storage), format!("{:?}{:?}", default.http, default.storage));
    assert_eq!(format!("{:?}{:?}", shown.platform, shown.log), format!("{:?}{:?}", default.platform, default.log));
    assert_eq!((shown.mail.from, shown.metrics.addr), (default.mail.from, default.metrics.addr));
    for name in include_str!("http.rs").split("TALLYGATE_").chain(include_str!("site.rs").split("TALLYGATE_")).skip(1) {
        let name: String = name.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
        // What only tests set is shown to nobody else; a release build refuses it.
        let shown = name.is_empty() || name == "TEST_CLOCK";
        assert!(shown || section.contains(&format!("# {} = ", name.to_lowercase())), "{name}");
    }
}
