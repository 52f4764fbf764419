//! Keeps the house as style.md draws it: who may import whom, how long a file may be, where code for one side is gated.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Longest file, in lines.
const LONGEST: usize = 400;

/// Which modules of the crate each part may name. Everything may name itself, `domain`, `error` and `service`'s own re-exports.
const MAY_NAME: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("wire", &[]),
    ("error", &["domain", "service", "wire"]),
    ("components", &["domain", "error"]),
    ("pages", &["components", "server_fns", "domain", "error", "app"]),
    ("app", &["components", "pages", "server_fns", "domain", "error"]),
    ("server_fns", &["service", "domain", "error", "app", "wire"]),
    ("storage", &["domain"]),
    ("service", &["storage", "domain", "error"]),
    ("gateway", &["service", "domain"]),
    ("api", &["service", "domain", "error"]),
    ("server", &["api", "app", "domain", "error", "gateway", "pages", "server_fns", "service", "storage"]),
    ("main", &["server"]),
];

/// Crates that a part must not know.
const MUST_NOT_KNOW: [(&str, &[&str]); 5] = [
    ("domain", &["leptos", "axum", "sqlx", "tokio", "reqwest", "tower"]),
    ("service", &["leptos", "axum"]),
    ("storage", &["leptos", "axum", "tower_sessions"]),
    ("gateway", &["leptos", "sqlx", "tower_sessions"]),
    ("api", &["sqlx"]),
];

struct Source {
    /// `service`, `main` …
    part: String,
    path: String,
    /// Without tests and comments.
    code: String,
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(&root, &path));
            }
        }
    }
    found
}

fn source(root: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).expect("a source file");
    let inner = path.strip_prefix(root).expect("below the root").with_extension("");
    let part = inner.components().next().expect("a part").as_os_str().to_string_lossy().into_owned();
    let name = inner.to_string_lossy().into_owned();
    let is_test = name.split('/').any(|piece| matches!(piece, "tests" | "testing")) || name.ends_with("_tests");
    let code = if is_test { "" } else { text.split("#[cfg(test)]\nmod ").next().unwrap_or_default() };
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    Source { part, path: format!("src/{name}.rs"), code, lines: text.lines().count() }
}

/// The parts that `crate::…` paths of a file name, nested `use crate::{…}` included.
fn named_parts(code: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut word, mut fresh) = (1, String::new(), true);
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 1 && fresh && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if !word.is_empty() {
                    parts.insert(std::mem::take(&mut word));
                    fresh = false;
                }
                if depth == 1 && c == ',' {
                    fresh = true;
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            parts.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    parts
}

#[test]
fn parts_name_only_what_they_may() {
    let mut wrong = vec![];
    let all: Vec<&str> = MAY_NAME.iter().map(|(part, _)| *part).collect();
    for source in sources() {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(part, _)| *part == source.part) else { continue };
        for named in named_parts(&source.code) {
            let is_part = all.contains(&named.as_str());
            if is_part && named != source.part && named != "domain" && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} names crate::{named}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn parts_know_no_crate_of_another_layer() {
    let mut wrong = vec![];
    for source in sources() {
        for (part, crates) in MUST_NOT_KNOW {
            if source.part == part {
                wrong.extend(
                    crates.iter().filter(|name| uses(&source.code, name)).map(|name| format!("{} knows {name}", source.path)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn uses(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::"))
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn files_fit_in_the_head() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.lines > LONGEST)
        .map(|source| format!("{}: {}", source.path, source.lines))
        .collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:#?}");
}

#[test]
fn times_and_randomness_are_passed_in() {
    let sources = sources();
    let wrong: Vec<&str> = sources
        .iter()
        .filter(|source| !matches!(source.path.as_str(), "src/service/clock.rs" | "src/service/random.rs"))
        .filter(|source| {
            source.code.contains("SystemTime::now") || source.code.contains("getrandom::") || source.code.contains("now_utc()")
        })
        .map(|source| source.path.as_str())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn server_only_modules_are_gated_in_one_file() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    for part in ["api", "gateway", "server", "service", "storage"] {
        assert!(lib.contains(&format!("#[cfg(feature = \"ssr\")]\npub mod {part};")), "{part}");
    }
    for source in sources() {
        let gated = matches!(source.part.as_str(), "api" | "gateway" | "server" | "service" | "storage" | "domain");
        assert!(!(gated && source.code.contains("feature = \"")), "{} gates what its module gates already", source.path);
    }
}

/// What waits for data (`PageData`) inside of a closure without arguments: there it would begin to wait anew each time the closure
/// runs, and on the server such waiting may not end.
fn waits_in_closures(code: &str) -> Vec<String> {
    let code = without_strings(code);
    let opens = code.match_indices("||").filter(|(at, _)| {
        let before = code[..*at].trim_end();
        before.ends_with("move") || before.ends_with(|c: char| "(,={[:>".contains(c))
    });
    let mut found = vec![];
    for (at, _) in opens {
        let body = closure_body(&code[at + 2..]);
        let waits = [".page(", ".part(", ".head(", ".dialog("].into_iter().filter(|call| body.contains(call));
        found.extend(waits.map(|call| format!("{call}…) in ||{}", body.lines().next().unwrap_or_default())));
    }
    found
}

/// From behind a closure's bars to its end.
fn closure_body(code: &str) -> &str {
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return &code[..at],
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 && code[..at].trim_start().starts_with('{') {
                    return &code[..at];
                }
            }
            ',' | ';' if depth == 0 => return &code[..at],
            _ => {}
        }
    }
    code
}

/// The same code with nothing between quotation marks.
fn without_strings(code: &str) -> String {
    let (mut quoted, mut before) = (false, ' ');
    let mut kept = String::new();
    for c in code.chars() {
        if c == '"' && (before != '\\' || !quoted) && !(before == '\'' && !quoted) {
            quoted = !quoted;
        }
        if !quoted {
            kept.push(c);
        }
        before = if before == '\\' { ' ' } else { c };
    }
    kept
}

#[test]
fn pages_wait_for_data_outside_of_closures() {
    let mut wrong = vec![];
    for source in sources().into_iter().filter(|source| matches!(source.part.as_str(), "pages" | "app")) {
        wrong.extend(waits_in_closures(&source.code).into_iter().map(|wait| format!("{}: {wait}", source.path)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn waiting_inside_of_a_closure_is_found() {
    for planted in [
        "view! { {move || keys.page(skeleton, draw)} }",
        "let view = move || { let _ = \"}\"; data.part(nothing, failed, draw) };",
        "show(a || b, || members\n    .dialog(opens, draw));",
        "let f = move || if x { one.head(a, b) } else { two };",
    ] {
        assert_eq!(waits_in_closures(planted).len(), 1, "{planted}");
    }
    for fine in [
        "keys.page(skeleton, move |page| (move || content(page.clone())).into_any())",
        "let turn = move || forms.version(); keys.dialog(turn, draw)",
        "PageData::load(move || ListKeys { team: team.get() }).page(nothing, draw)",
        "if a || b { keys.page(skeleton, draw) }",
        "let text = \"move || keys.page(\"; x",
    ] {
        assert!(waits_in_closures(fine).is_empty(), "{fine}");
    }
}

#[test]
fn named_parts_are_found_in_nested_imports() {
    let code = "use crate::{\n    domain::{ids::KeyId, money},\n    service::Services,\n};\nlet x = crate::storage::y();";
    assert_eq!(named_parts(code).into_iter().collect::<Vec<_>>(), ["domain", "service", "storage"]);
}
