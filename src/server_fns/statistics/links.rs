//! Links that change one thing of what is asked.

use super::ChoiceLink;
use crate::domain::{
    filter_chip::FilterChip,
    usage::Outcome,
    usage_asked::{UsageAsked, UsageGroup, UsagePlace},
    usage_filter::Dimension,
};

pub(super) fn dimension_label(by: UsageGroup) -> &'static str {
    match by {
        UsageGroup::Of(Dimension::Member) => "Member",
        UsageGroup::Of(Dimension::Key) => "Key",
        UsageGroup::Of(Dimension::Model) => "Model",
        UsageGroup::Of(Dimension::Provider) => "Provider",
        UsageGroup::Of(Dimension::Endpoint) => "Endpoint",
        UsageGroup::Of(Dimension::Outcome) => "Status",
        UsageGroup::Team => "Team",
    }
}

/// How a call ended, in words; another dimension's value as it is.
pub(super) fn value_label(by: UsageGroup, id: &str, name: &str) -> String {
    let outcome = if by == UsageGroup::Of(Dimension::Outcome) { Outcome::parse(id) } else { None };
    match (outcome, name) {
        (Some(Outcome::Completed), _) => "Completed".to_owned(),
        (Some(Outcome::Cancelled), _) => "Cancelled".to_owned(),
        (Some(Outcome::UpstreamRejected), _) => "Rejected by the provider".to_owned(),
        (Some(Outcome::UpstreamError), _) => "Upstream error".to_owned(),
        (Some(Outcome::UpstreamTimeout), _) => "Timed out".to_owned(),
        (Some(Outcome::Interrupted), _) => "Interrupted".to_owned(),
        (Some(Outcome::Refused), _) => "Refused".to_owned(),
        (None, "") => match by {
            UsageGroup::Of(Dimension::Model) => "Unknown model".to_owned(),
            UsageGroup::Of(Dimension::Provider) => "No provider".to_owned(),
            UsageGroup::Of(Dimension::Member) => "Unknown member".to_owned(),
            UsageGroup::Of(Dimension::Key) => "Unknown key".to_owned(),
            _ => "–".to_owned(),
        },
        (None, name) => name.to_owned(),
    }
}

/// Links that set a parameter, the one that is set now marked. What is chosen by default is not in the address.
fn links(
    asked: &UsageAsked,
    place: &UsagePlace,
    name: &str,
    choices: impl IntoIterator<Item = (&'static str, &'static str)>,
    default: &str,
) -> Vec<ChoiceLink> {
    let now = match asked.get(name) {
        "" => default,
        value => value,
    };
    let link = |(value, label): (&'static str, &'static str)| ChoiceLink {
        label: label.to_owned(),
        href: asked.with(name, if value == default { "" } else { value }).address(place),
        here: value == now,
    };
    choices.into_iter().map(link).collect()
}

pub(super) fn presets(asked: &UsageAsked, place: &UsagePlace) -> Vec<ChoiceLink> {
    let choices = [
        ("24h", "24 hours"),
        ("7d", "7 days"),
        ("28d", "28 days"),
        ("90d", "90 days"),
        ("period", "This period"),
        ("last_period", "Last period"),
    ];
    let by_ends = !asked.from.is_empty() || !asked.to.is_empty();
    let mut links = links(asked, place, "range", choices, "28d");
    links.iter_mut().for_each(|link| link.here &= !by_ends);
    links
}

/// Intervals that a range can have; what fits is chosen unless asked otherwise.
pub(super) fn intervals(asked: &UsageAsked, place: &UsagePlace, length_ms: i64, bucket: &'static str) -> Vec<ChoiceLink> {
    use crate::domain::time::{DAY_MS, HOUR_MS};
    let all = [
        ("15m", "15 min", HOUR_MS / 4),
        ("1h", "Hour", HOUR_MS),
        ("6h", "6 hours", 6 * HOUR_MS),
        ("1d", "Day", DAY_MS),
        ("1w", "Week", 7 * DAY_MS),
    ];
    // Two bars at least, and no more than can be told apart.
    let fits = all.into_iter().filter(|(word, _, ms)| *word == bucket || (length_ms / ms <= 400 && length_ms / ms >= 2));
    fits.map(|(word, label, _)| ChoiceLink {
        label: label.to_owned(),
        href: asked.with("bucket", word).address(place),
        here: word == bucket,
    })
    .collect()
}

pub(super) fn groups(asked: &UsageAsked, place: &UsagePlace, now: UsageGroup, offered: &[UsageGroup]) -> Vec<ChoiceLink> {
    let link = |by: &UsageGroup| ChoiceLink {
        label: dimension_label(*by).to_owned(),
        href: asked.with("group_by", if *by == UsageGroup::Of(Dimension::Model) { "" } else { by.as_str() }).address(place),
        here: *by == now,
    };
    offered.iter().map(link).collect()
}

pub(super) fn tests(asked: &UsageAsked, place: &UsagePlace) -> Vec<ChoiceLink> {
    links(
        asked,
        place,
        "test",
        [("exclude", "Real calls"), ("include", "With test calls"), ("only", "Test calls only")],
        "exclude",
    )
}

/// What is filtered by, each with the way out of it. `names` knows members and keys.
pub(super) fn chips(asked: &UsageAsked, place: &UsagePlace, names: &[(Dimension, String)]) -> Vec<FilterChip> {
    let chip = |dimension: &Dimension| {
        let value = asked.get(dimension.as_str());
        let name = names.iter().find(|(of, _)| of == dimension).map_or(value, |(_, name)| name);
        // A value can be as long as an address.
        let mut shown = value_label(UsageGroup::Of(*dimension), value, name);
        if shown.chars().count() > 60 {
            shown = shown.chars().take(60).collect::<String>() + "…";
        }
        FilterChip {
            label: dimension_label(UsageGroup::Of(*dimension)).to_owned(),
            value: shown,
            without: asked.with(dimension.as_str(), "").address(place),
        }
    };
    Dimension::ALL.iter().filter(|dimension| !asked.get(dimension.as_str()).is_empty()).map(chip).collect()
}
