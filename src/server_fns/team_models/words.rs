//! Effects and models in words.

use super::Effect;
use crate::domain::{authorization::TeamState, catalog::Tier, format, model_access::AccessPreview, team_models::PREVIEW_DAYS};

/// Names that one sentence holds.
const NAMES_MAX: usize = 5;

pub(super) fn many(n: usize, one: &str, more: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {more}", format::grouped(n as u64)) }
}

/// `a, b and 3 more`.
pub(super) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let all = names.len();
    let shown: Vec<&str> = names.take(NAMES_MAX).collect();
    match (all - shown.len(), shown.split_last()) {
        (0, Some((last, []))) => (*last).to_owned(),
        (0, Some((last, others))) => format!("{} and {last}", others.join(", ")),
        (rest, _) => format!("{} and {} more", shown.join(", "), format::grouped(rest as u64)),
    }
}

pub(super) fn effect(icon: &str, text: String) -> Effect {
    Effect { icon: icon.into(), text }
}

/// `1,204 calls in 7 days`.
fn calls(list: &[(String, i64)]) -> String {
    match list.iter().map(|(_, calls)| calls).sum::<i64>() {
        1 => format!("1 call in {PREVIEW_DAYS} days"),
        n => format!("{} calls in {PREVIEW_DAYS} days", format::grouped(n.unsigned_abs())),
    }
}

/// What a change does to one team, whose members it is about.
pub(super) fn effects(preview: &AccessPreview) -> Vec<Effect> {
    let AccessPreview { lost, to_approval, gained, costly, members, keys, .. } = preview;
    let mut told = vec![];
    let of = |list: &[(String, i64)]| names(list.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().into_iter());
    let reach = format!("{} and {}", many(*members, "member", "members"), many(*keys, "key", "keys"));
    let nobody = *members == 0 && *keys == 0;
    if !lost.is_empty() {
        told.push(effect("lock", format!("Closes {} ({}).", of(lost), calls(lost))));
    }
    if !to_approval.is_empty() {
        told.push(effect("ask", format!("Needs an approval from now: {} ({}).", of(to_approval), calls(to_approval))));
    }
    if !gained.is_empty() {
        let named = names(gained.iter().map(String::as_str).collect::<Vec<_>>().into_iter());
        told.push(effect("okc", format!("Opens {named}.")));
    }
    match (lost.is_empty(), to_approval.is_empty(), gained.is_empty()) {
        (true, true, true) => told.push(effect("okc", "No member loses or gains a model.".into())),
        _ if nobody => told.push(effect("users", "Nobody who may call something now is affected.".into())),
        (false, _, true) => told.push(effect("users", format!("Affects {reach}. Their calls get 404 from now."))),
        (true, false, true) => {
            told.push(effect("users", format!("Affects {reach} without a grant. Their calls get 403 from now.")));
        }
        (true, true, false) => told.push(effect("users", format!("{reach} can call more from now."))),
        _ => told.push(effect("users", format!("Affects {reach}. What they lose is refused from the next call on."))),
    }
    if !costly.is_empty() {
        let named = names(costly.iter().map(String::as_str).collect::<Vec<_>>().into_iter());
        told.push(effect("alert", format!("High cost: {named}.")));
    }
    told
}

/// What has to be confirmed before members gain costly models.
pub(super) fn confirmation(costly: usize) -> String {
    match costly {
        0 => String::new(),
        1 => "Members may call this high-cost model without asking".into(),
        n => format!("Members may call these {} high-cost models without asking", format::grouped(n as u64)),
    }
}

pub(super) fn state(state: TeamState) -> &'static str {
    match state {
        TeamState::Direct => "Direct",
        TeamState::Approval => "Approval",
        TeamState::Closed => "Closed",
    }
}

pub(super) fn tier_in_sentence(tier: Tier) -> &'static str {
    match tier {
        Tier::General => "general",
        Tier::HighPerformance => "high-performance",
        Tier::Specialized => "specialized",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::TeamId;

    fn preview() -> AccessPreview {
        AccessPreview {
            team: TeamId::parse("01890000-0000-7000-8000-000000000000").expect("an id"),
            slug: "atlas".into(),
            name: "Atlas".into(),
            lost: vec![],
            to_approval: vec![],
            gained: vec![],
            costly: vec![],
            members: 12,
            keys: 4,
        }
    }

    #[test]
    fn effects_say_who_loses_what() {
        let told = |preview: &AccessPreview| effects(preview).into_iter().map(|effect| effect.text).collect::<Vec<_>>();
        let closing = AccessPreview { lost: vec![("gpt-x".into(), 1_204)], ..preview() };
        assert_eq!(
            told(&closing),
            ["Closes gpt-x (1,204 calls in 7 days).", "Affects 12 members and 4 keys. Their calls get 404 from now."]
        );
        let asking = AccessPreview { to_approval: vec![("gpt-x".into(), 1)], members: 1, keys: 1, ..preview() };
        assert_eq!(told(&asking)[1], "Affects 1 member and 1 key without a grant. Their calls get 403 from now.");
        let opening = AccessPreview { gained: vec!["gpt-x".into()], costly: vec!["gpt-x".into()], ..preview() };
        assert_eq!(told(&opening), ["Opens gpt-x.", "12 members and 4 keys can call more from now.", "High cost: gpt-x."]);
        assert_eq!(told(&preview()), ["No member loses or gains a model."]);
    }

    #[test]
    fn long_lists_end_in_a_number() {
        let few = ["a", "b", "c"];
        assert_eq!(names(few.into_iter()), "a, b and c");
        assert_eq!(names(["a"].into_iter()), "a");
        assert_eq!(names(["m"; 1_205].into_iter()), "m, m, m, m, m and 1,200 more");
    }
}
