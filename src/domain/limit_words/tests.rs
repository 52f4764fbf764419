//! What is said about limits.

use super::*;
use crate::domain::money::DOLLAR;

const NOW: UnixMs = UnixMs(1_795_302_180_000);

fn named(scope: &'static str, name: &str) -> LimitedName {
    LimitedName { scope, name: name.into(), team: "Atlas Search".into(), personal: false }
}

fn rpm(limit: u64, used: Option<u64>, wait_ms: i64) -> Reached {
    Reached::Window { window: Window::Rpm, limit, used, asked: 1, resets_at: Some(NOW.plus(wait_ms)) }
}

#[test]
fn each_limit_has_its_sentence() {
    let december = UnixMs::from_civil(2026, 12, 1);
    let cases = [
        (
            named("team", "Atlas Search"),
            rpm(600, Some(600), 11_400),
            None,
            "Call refused: 600 of 600 requests this minute for Atlas Search, shared by all its keys. Try again in 12 s. An owner or admin of Atlas Search can change it.",
        ),
        (
            named("organization", "Northwind Labs"),
            rpm(2_000, None, 30_000),
            None,
            "Call refused: Northwind Labs has used its 2,000 requests per minute, shared by all its teams. Try again in 30 s. An admin of Northwind Labs can change it.",
        ),
        (
            named("key", "nightly-reindex"),
            Reached::Window { window: Window::Tpd, limit: 1_000, used: Some(10), asked: 2_000, resets_at: None },
            Some(800),
            "Call refused: this call may use up to 2,000 tokens, and key nightly-reindex is limited to 1,000 per 24 hours. With `max_tokens` of at most 800 it would fit. Whoever made the key, or an owner or admin of Atlas Search, can change it.",
        ),
        (
            named("member", "Aiko Tanaka"),
            rpm(0, Some(0), 1),
            None,
            "Call refused: Aiko Tanaka in Atlas Search is limited to 0 requests per minute, which lets none pass. An owner or admin of Atlas Search can change it.",
        ),
        (
            named("team", "Atlas Search"),
            Reached::Budget {
                per: BudgetPer::Period,
                limit: NanoUsd(5_000 * DOLLAR),
                used: Some(NanoUsd(5_000 * DOLLAR)),
                asked: NanoUsd(1),
                resets_at: Some(december),
            },
            None,
            "Call refused: Atlas Search has spent $5,000.00 of its $5,000.00 monthly budget. It resets on 1 Dec 2026, 00:00 UTC. The owner of Atlas Search can raise it.",
        ),
        (
            named("team_model", "gpt-4o"),
            Reached::Budget {
                per: BudgetPer::Total,
                limit: NanoUsd(DOLLAR),
                used: Some(NanoUsd(DOLLAR / 2)),
                asked: NanoUsd(DOLLAR),
                resets_at: None,
            },
            Some(1_200),
            "Call refused: gpt-4o in Atlas Search has spent $0.50 of its $1.00 total budget, and this call may cost up to $1.00. It does not reset. With `max_tokens` of at most 1,200 it would fit. An owner or admin of Atlas Search can change it.",
        ),
        (
            named("team", "Atlas Search"),
            Reached::Balance { left: NanoUsd(0), asked: NanoUsd(1), resets_at: december, ends: false },
            None,
            "Call refused: the balance of Atlas Search is used up. The next credit comes on 1 Dec 2026, 00:00 UTC. The owner of Atlas Search can change plan and seats.",
        ),
        (
            named("team", "Atlas Search"),
            Reached::Balance { left: NanoUsd(DOLLAR), asked: NanoUsd(2 * DOLLAR), resets_at: december, ends: true },
            None,
            "Call refused: Atlas Search has $1.00 left of its balance, and this call may cost up to $2.00. The plan ends on 1 Dec 2026, 00:00 UTC. The owner of Atlas Search can change plan and seats.",
        ),
        (
            named("team", "Atlas Search"),
            Reached::NoBilling,
            None,
            "Call refused: Atlas Search has neither a plan nor a spending limit. The owner of Atlas Search can choose a plan or set a spending limit.",
        ),
    ];
    for (name, reached, fits, sentence) in cases {
        assert_eq!(refused(&name, &reached, fits, NOW), sentence);
    }
}

#[test]
fn a_warning_says_what_is_used_when_it_resets_and_who_can_change_it() {
    let december = UnixMs::from_civil(2026, 12, 1);
    let budget = |per, used: i64, resets_at| Reached::Budget {
        per,
        limit: NanoUsd(10 * DOLLAR),
        used: Some(NanoUsd(used * DOLLAR)),
        asked: NanoUsd(0),
        resets_at,
    };
    let balance =
        |left: i64| Reached::Balance { left: NanoUsd(left * DOLLAR), asked: NanoUsd(0), resets_at: december, ends: false };
    let rpd = Reached::Window { window: Window::Rpd, limit: 1_000, used: Some(800), asked: 0, resets_at: None };
    for (name, reached, sentence) in [
        (
            named("key", "nightly"),
            budget(BudgetPer::Period, 8, Some(december)),
            "Key nightly has spent $8.00 of its $10.00 monthly budget. It resets on 1 Dec 2026, 00:00 UTC. Whoever made the key, or an owner or admin of Atlas Search, can change it.",
        ),
        (
            named("member", "Aiko Tanaka"),
            budget(BudgetPer::Total, 10, None),
            "Aiko Tanaka in Atlas Search has spent $10.00 of its $10.00 total budget. It does not reset. An owner or admin of Atlas Search can change it.",
        ),
        (
            named("grant", "gpt-4o"),
            rpd,
            "The approval of gpt-4o in Atlas Search has used 800 of its 1,000 requests per 24 hours. An owner or admin of Atlas Search can change it.",
        ),
        (
            named("organization", "northwind labs"),
            rpd,
            "northwind labs has used 800 of its 1,000 requests per 24 hours, shared by all its teams. An admin of northwind labs can change it.",
        ),
        (
            named("team", "Atlas Search"),
            balance(16),
            "Atlas Search has $16.00 left of its balance. The next credit comes on 1 Dec 2026, 00:00 UTC. The owner of Atlas Search can change plan and seats.",
        ),
        (
            named("team", "Atlas Search"),
            balance(0),
            "The balance of Atlas Search is used up. The next credit comes on 1 Dec 2026, 00:00 UTC. The owner of Atlas Search can change plan and seats.",
        ),
    ] {
        assert_eq!(warned(&name, &reached, NOW), sentence);
    }
}

#[test]
fn a_long_wait_is_a_moment() {
    let sentence = refused(&named("team", "Atlas Search"), &rpm(5, Some(5), 61_000), None, NOW);
    assert!(sentence.contains(" Try again on ") && sentence.contains(" UTC. "), "{sentence}");
    assert_eq!((wait_s(NOW, NOW), wait_s(NOW.plus(1_000), NOW), wait_s(NOW.plus(1_001), NOW)), (1, 1, 2));
}
