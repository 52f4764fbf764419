//! The filters of the call log: the form's fields, presets, and a chip for each that is set.

use super::{
    FieldKind, FilterField, Step,
    asked::{Asked, NAMES, is_moment},
    words,
};
use crate::{
    domain::{filter_chip::FilterChip, format, time::UnixMs, usage::Outcome},
    service::usage::{CallQuery, LogChoice, LogMenus, zones::Zone},
};

/// Ranges up to now.
const PRESETS: [(&str, &str); 5] = [("", "All"), ("24h", "24 hours"), ("7d", "7 days"), ("28d", "28 days"), ("90d", "90 days")];
/// Rows of a page.
const SIZES: [&str; 3] = ["", "50", "100"];
/// Longest text of a chip.
const LONGEST: usize = 60;

pub(super) fn presets(asked: &Asked, page: &str) -> Vec<Step> {
    let at = |word: &str| asked.without(&["from", "to"]).with("range", word).address(page);
    let step = |(word, label): (&str, &str)| Step {
        label: label.to_owned(),
        href: at(word),
        here: asked.get("range") == word && !asked.has(&["from", "to"]),
    };
    PRESETS.into_iter().map(step).collect()
}

pub(super) fn sizes(asked: &Asked, page: &str) -> Vec<Step> {
    let step = |word: &str| Step {
        label: if word.is_empty() { "25".to_owned() } else { word.to_owned() },
        href: asked.with("limit", word).address(page),
        here: asked.get("limit") == word,
    };
    SIZES.into_iter().map(step).collect()
}

/// The fields that are always seen, and the further ones.
pub(super) fn fields(asked: &Asked, menus: &LogMenus) -> (Vec<FilterField>, Vec<FilterField>) {
    let outcomes = Outcome::ALL.into_iter().map(|outcome| (outcome.as_str().to_owned(), words::ended(outcome).0.to_owned()));
    let mut first = vec![
        pick(asked, "outcome", "Status", "Any", outcomes.collect()),
        pick(asked, "model", "Model", "All", named(&menus.models)),
    ];
    if menus.everyones && menus.members.len() != 1 {
        first.push(pick(asked, "member", "Member", "Everybody", chosen(&menus.members, "left")));
    }
    first.push(pick(asked, "key", "Key", "All", chosen(&menus.keys, "revoked")));
    if !is_moment(asked.get("from")) && !is_moment(asked.get("to")) {
        first.push(field(asked, "from", "From", FieldKind::Day));
        first.push(field(asked, "to", "To", FieldKind::Day));
    }
    let more = vec![
        field(asked, "id", "Call id", FieldKind::Text),
        field(asked, "status", "HTTP status", FieldKind::Number),
        field(asked, "code", "Error code", FieldKind::Text),
        pick(asked, "provider", "Provider", "All", named(&menus.providers)),
        pick(asked, "endpoint", "Endpoint", "All", named(&menus.endpoints)),
        field(asked, "min_tokens", "Tokens, at least", FieldKind::Number),
        field(asked, "max_tokens", "Tokens, at most", FieldKind::Number),
        field(asked, "min_latency", "Latency in ms, at least", FieldKind::Number),
        field(asked, "max_latency", "Latency in ms, at most", FieldKind::Number),
        field(asked, "min_cost", "Cost in dollars, at least", FieldKind::Text),
        field(asked, "max_cost", "Cost in dollars, at most", FieldKind::Text),
        pick(
            asked,
            "test",
            "Test keys",
            "Left out",
            vec![("include".into(), "Included".into()), ("only".into(), "Only these".into())],
        ),
    ];
    (first, more)
}

fn named(values: &[String]) -> Vec<(String, String)> {
    values.iter().map(|value| (value.clone(), value.clone())).collect()
}

fn chosen(choices: &[LogChoice], gone: &str) -> Vec<(String, String)> {
    let label = |choice: &LogChoice| if choice.gone { format!("{} ({gone})", choice.name) } else { choice.name.clone() };
    choices.iter().map(|choice| (choice.id.clone(), label(choice))).collect()
}

fn field(asked: &Asked, name: &str, label: &str, kind: FieldKind) -> FilterField {
    FilterField { name: name.into(), label: label.into(), kind, value: asked.get(name).to_owned(), choices: vec![] }
}

fn pick(asked: &Asked, name: &str, label: &str, all: &str, mut choices: Vec<(String, String)>) -> FilterField {
    let value = asked.get(name);
    // What is asked for stays chosen, also where no menu has it.
    if !value.is_empty() && choices.iter().all(|(known, _)| known != value) {
        choices.insert(0, (value.to_owned(), short(value)));
    }
    choices.insert(0, (String::new(), all.to_owned()));
    FilterField { choices, ..field(asked, name, label, FieldKind::Pick) }
}

/// What the form keeps without showing it.
pub(super) fn hidden(asked: &Asked) -> Vec<(String, String)> {
    let mut names = vec!["range", "zone", "limit", "as", "mine"];
    if is_moment(asked.get("from")) || is_moment(asked.get("to")) {
        names = vec!["from", "to", "zone", "limit", "as", "mine"];
    }
    names.into_iter().filter(|name| asked.has(&[name])).map(|name| (name.to_owned(), asked.get(name).to_owned())).collect()
}

/// Whether one of the further filters is set.
pub(super) fn more_set(asked: &Asked) -> bool {
    asked.has(&NAMES[7..=8]) || asked.has(&NAMES[10..=19])
}

pub(super) fn chips(
    asked: &Asked,
    page: &str,
    menus: &LogMenus,
    zone: &Zone,
    query: Option<&CallQuery>,
    now: UnixMs,
) -> Vec<FilterChip> {
    let mut chips = vec![];
    let mut add = |label: &str, value: String, names: &[&str]| {
        chips.push(FilterChip { label: label.into(), value, without: asked.without(names).without(&["cursor"]).address(page) });
    };
    if asked.has(&["from", "to"]) {
        let (from, to) = query.map_or((None, None), |query| (query.from, query.to));
        add("Time", between(from, to, zone, now), &["from", "to"]);
    } else if let Some((_, label)) = PRESETS.iter().find(|(word, _)| !word.is_empty() && *word == asked.get("range")) {
        add("Time", format!("last {label}"), &["range"]);
    } else if asked.has(&["range"]) {
        let label = match asked.get("range") {
            "period" => "this billing period".to_owned(),
            "last_period" => "the last billing period".to_owned(),
            other => short(other),
        };
        add("Time", label, &["range"]);
    }
    let name_of = |choices: &[LogChoice], id: &str| {
        choices.iter().find(|choice| choice.id == id).map_or_else(|| short(id), |choice| choice.name.clone())
    };
    for (name, label) in [
        ("outcome", "Status"),
        ("status", "HTTP status"),
        ("code", "Error code"),
        ("model", "Model"),
        ("member", "Member"),
        ("key", "Key"),
        ("provider", "Provider"),
        ("endpoint", "Endpoint"),
        ("id", "Call id"),
        ("test", "Test keys"),
        ("mine", "Whose"),
    ] {
        let value = asked.get(name);
        if value.is_empty() {
            continue;
        }
        let shown = match name {
            "outcome" => Outcome::parse(value).map_or_else(|| short(value), |outcome| words::ended(outcome).0.to_owned()),
            "member" => name_of(&menus.members, value),
            "key" => name_of(&menus.keys, value),
            "test" if value == "only" => "only these".to_owned(),
            "test" if value == "include" => "included".to_owned(),
            "mine" => "mine".to_owned(),
            _ => short(value),
        };
        add(label, shown, &[name]);
    }
    for (what, label, unit) in [("tokens", "Tokens", ""), ("latency", "Latency", " ms"), ("cost", "Cost", "")] {
        let (least, most) = (format!("min_{what}"), format!("max_{what}"));
        let amount = |name: &str| {
            let value = asked.get(name);
            if what == "cost" && !value.starts_with('$') {
                format!("${}", short(value))
            } else {
                format!("{}{unit}", short(value))
            }
        };
        let text = match (asked.has(&[&least]), asked.has(&[&most])) {
            (true, true) => format!("{} to {}", amount(&least), amount(&most)),
            (true, false) => format!("at least {}", amount(&least)),
            (false, true) => format!("at most {}", amount(&most)),
            (false, false) => continue,
        };
        add(label, text, &[&least, &most]);
    }
    chips
}

/// A range as the viewer's clocks and calendars show it.
pub(super) fn between(from: Option<UnixMs>, to: Option<UnixMs>, zone: &Zone, now: UnixMs) -> String {
    let is_midnight = |at: UnixMs| zone.midnight(zone.date(at)) == at;
    let moment = |at: UnixMs| {
        let (local, today) = (zone.local(at), zone.local(now));
        let (hour, minute, second) = local.clock();
        match second {
            0 => format!("{}, {hour:02}:{minute:02}", format::short_date(local, today)),
            _ => format!("{}, {hour:02}:{minute:02}:{second:02}", format::short_date(local, today)),
        }
    };
    let day = |at: UnixMs| format::short_date(zone.local(at), zone.local(now));
    match (from, to) {
        (Some(from), Some(to)) if is_midnight(from) && is_midnight(to) => {
            let last = to.plus(-1);
            if day(from) == day(last) { day(from) } else { format!("{} to {}", day(from), day(last)) }
        }
        (Some(from), Some(to)) if day(from) == day(to) => {
            let (hour, minute, _) = zone.local(to).clock();
            format!("{} to {hour:02}:{minute:02}", moment(from))
        }
        (Some(from), Some(to)) => format!("{} to {}", moment(from), moment(to)),
        (Some(from), None) if is_midnight(from) => format!("since {}", day(from)),
        (Some(from), None) => format!("since {}", moment(from)),
        (None, Some(to)) if is_midnight(to) => format!("until {}", day(to.plus(-1))),
        (None, Some(to)) => format!("until {}", moment(to)),
        (None, None) => "not understood".to_owned(),
    }
}

/// A text that fits into a chip.
fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_people_say_them() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let day = |text: &str| berlin.day(text).unwrap().unwrap();
        let now = UnixMs::from_civil(2026, 11, 22);
        let say = |from, to| between(from, to, &berlin, now);
        let (twelfth, thirteenth) = day("2026-11-12");
        assert_eq!(say(Some(twelfth), Some(thirteenth)), "12 Nov");
        assert_eq!(say(Some(twelfth), Some(day("2026-11-14").1)), "12 Nov to 14 Nov");
        assert_eq!(say(Some(twelfth.plus(3_600_000)), Some(twelfth.plus(2 * 3_600_000))), "12 Nov, 01:00 to 02:00");
        assert_eq!(say(Some(twelfth), None), "since 12 Nov");
        assert_eq!(say(None, Some(thirteenth)), "until 12 Nov");
    }

    #[test]
    fn the_further_filters_are_those_that_the_form_folds_away() {
        for (name, _) in fields(&Asked::default(), &LogMenus::default()).1.iter().map(|field| (field.name.clone(), ())) {
            assert!(more_set(&Asked::default().with(&name, "1")), "{name}");
        }
        for name in ["outcome", "model", "member", "key", "from", "limit", "cursor", "zone"] {
            assert!(!more_set(&Asked::default().with(name, "1")), "{name}");
        }
    }

    #[test]
    fn long_values_are_cut_in_chips_and_kept_in_fields() {
        let long = "x".repeat(10_000);
        let asked = Asked::default().with("model", &long);
        let menus = LogMenus::default();
        let chips = chips(&asked, "/t/a/logs", &menus, &Zone::utc(), None, UnixMs(0));
        assert!(chips.len() == 1 && chips[0].value.chars().count() == LONGEST + 1 && chips[0].without == "/t/a/logs");
        let (first, _) = fields(&asked, &menus);
        assert_eq!(first[1].value, long);
    }
}
