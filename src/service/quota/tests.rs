//! The counters beside an exact log of everything that was admitted, and many callers at once.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    ids::{KeyId, OrgId, TeamId},
    limit_scopes::{Budget, BudgetPer},
    limits::{Counted, Limits, Window},
    periods::AnchorDay,
    time::{MINUTE_MS, SECOND_MS},
};

const START: UnixMs = UnixMs(1_795_302_180_000);

fn id(number: u8) -> [u8; 10] {
    [number; 10]
}

fn team() -> TeamId {
    TeamId::new(START, id(1))
}

fn book() -> BookId {
    BookId::Organization(OrgId::new(START, id(2)))
}

fn bound(scope: Scope, limits: Limits, budget: Option<i64>, at: UnixMs) -> Bound {
    let budget = budget.map(|amount| Budget { amount: NanoUsd(amount), per: BudgetPer::Period });
    Bound { scope, limits, budget, period: Period::at(at, AnchorDay::default()), balance: false }
}

fn reserve(quota: &Quota, ask: &Ask<'_>) -> Result<Hold, Refusal> {
    match futures::executor::block_on(quota.reserve(book(), ask)) {
        Ok(hold) => Ok(hold),
        Err(NotReserved::Refused(refusal)) => Err(refusal),
        Err(NotReserved::Unavailable) => panic!("memory is always there"),
    }
}

fn rpm(value: i64) -> Limits {
    Limits { rpm: Some(value), ..Limits::default() }
}

#[test]
fn of_many_calls_at_once_as_many_pass_as_the_limit_says() {
    let quota = Quota::default();
    let passed: usize = std::thread::scope(|threads| {
        let one = |number: u8| {
            let quota = quota.clone();
            move || {
                let bounds = [
                    bound(Scope::Key(KeyId::new(START, id(number))), rpm(4), None, START),
                    bound(Scope::Team(team()), rpm(100), Some(1_000), START),
                ];
                let ask = Ask { at: START, tokens: 10, cost: Some(NanoUsd(100)), bounds: &bounds };
                (0..16).filter_map(|_| reserve(&quota, &ask).ok()).map(|hold| hold.settle(3, NanoUsd(100))).count()
            }
        };
        let running: Vec<_> = (0..8).map(|number| threads.spawn(one(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 10, "the team's budget of 1,000 is ten calls of 100");
    let standing = quota.standing(book(), Scope::Team(team()), START, Period::at(START, AnchorDay::default()));
    assert_eq!((standing.spent, standing.held), (NanoUsd(1_000), NanoUsd(0)));
    assert_eq!(standing.windows[0], InWindow { requests: 10, tokens: 30 });
}

#[test]
fn a_refusal_leaves_no_trace_at_the_scopes_before_it() {
    let quota = Quota::default();
    let (key, period) = (Scope::Key(KeyId::new(START, id(9))), Period::at(START, AnchorDay::default()));
    let bounds = [bound(key, rpm(1), Some(10), START), bound(Scope::Team(team()), rpm(0), None, START)];
    let refusal = reserve(&quota, &Ask { at: START, tokens: 1, cost: Some(NanoUsd(1)), bounds: &bounds }).unwrap_err();
    assert_eq!(refusal.scope, Scope::Team(team()));
    assert_eq!(refusal.full, Full::Window { window: Window::Rpm, limit: 0, used: 0, resets_at: None }, "0 never fits");
    assert_eq!(quota.standing(book(), key, START, period), Standing::default());
    assert!(reserve(&quota, &Ask { at: START, tokens: 1, cost: Some(NanoUsd(1)), bounds: &bounds[..1] }).is_ok());
}

#[test]
fn a_dropped_hold_gives_its_money_back_and_a_cancelled_one_its_place_too() {
    let quota = Quota::default();
    let bounds = [bound(Scope::Team(team()), rpm(2), Some(10), START)];
    let ask = Ask { at: START, tokens: 5, cost: Some(NanoUsd(10)), bounds: &bounds };
    drop(reserve(&quota, &ask).unwrap());
    reserve(&quota, &ask).unwrap().cancel();
    reserve(&quota, &ask).unwrap().settle(5, NanoUsd(10));
    let refusal = reserve(&quota, &ask).unwrap_err();
    assert!(matches!(refusal.full, Full::Window { used: 2, .. }), "limits before money: {refusal:?}");
    let later = START.plus(2 * MINUTE_MS);
    let ask = Ask { at: later, tokens: 5, cost: Some(NanoUsd(1)), bounds: &bounds };
    assert!(matches!(reserve(&quota, &ask).unwrap_err().full, Full::Budget { used: NanoUsd(10), .. }));
}

#[test]
fn a_balance_covers_what_is_asked_or_refuses() {
    let quota = Quota::default();
    let mut with_balance = bound(Scope::Team(team()), Limits::default(), None, START);
    with_balance.balance = true;
    let ask = |cost| Ask { at: START, tokens: 1, cost, bounds: std::slice::from_ref(&with_balance) };
    let left = |quota: &Quota| match reserve(quota, &ask(Some(NanoUsd(60)))).map(drop) {
        Err(Refusal { full: Full::Balance { left }, .. }) => Some(left),
        _ => None,
    };
    assert_eq!(left(&quota), Some(NanoUsd(0)));
    quota.credit(book(), Scope::Team(team()), NanoUsd(100));
    let first = reserve(&quota, &ask(Some(NanoUsd(60)))).unwrap();
    assert_eq!(left(&quota), Some(NanoUsd(40)));
    assert!(reserve(&quota, &ask(None)).is_ok(), "test keys need no money");
    first.settle(1, NanoUsd(10));
    assert_eq!(left(&quota), None);
    quota.credit(book(), Scope::Team(team()), NanoUsd(-90));
    assert_eq!(left(&quota), Some(NanoUsd(0)));
}

#[test]
fn a_clock_that_is_set_back_neither_opens_a_window_nor_stops_it() {
    let quota = Quota::default();
    let bounds = [bound(Scope::Team(team()), rpm(1), None, START)];
    let at = |at| Ask { at, tokens: 1, cost: None, bounds: &bounds };
    assert!(reserve(&quota, &at(START)).is_ok());
    let back = START.plus(-3_600 * SECOND_MS);
    let refusal = reserve(&quota, &at(back)).unwrap_err();
    let Full::Window { resets_at: Some(resets_at), .. } = refusal.full else { panic!("{refusal:?}") };
    assert!(resets_at.since(back) <= 61 * SECOND_MS, "told by the clock as it is now");
    assert!(reserve(&quota, &at(back.plus(59 * SECOND_MS))).is_err());
    assert!(reserve(&quota, &at(back.plus(62 * SECOND_MS))).is_ok(), "an hour is not waited for");
}

/// What the counters are compared with: every admitted call by itself.
#[derive(Clone, Copy, Debug)]
struct Logged {
    at: UnixMs,
    tokens: u64,
    cost: i64,
    place: usize,
}

#[derive(Clone, Debug)]
enum Step {
    /// Key 0 or 1 asks after a while.
    Call { key: u8, after_ms: i64, tokens: u64, cost: i64 },
    /// A running call ends with a part of what it reserved, in percent.
    End { which: usize, percent: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let call = (0_u8..2, 0_i64..30_000, 0_u64..40, 0_i64..40).prop_map(|(key, after_ms, tokens, cost)| Step::Call {
        key,
        after_ms,
        tokens,
        cost,
    });
    let end = (0_usize..50, 0_u64..=100).prop_map(|(which, percent)| Step::End { which, percent });
    prop::collection::vec(prop_oneof![3 => call, 2 => end], 1..120)
}

proptest! {
    /// At no moment is more admitted than a limit or a budget allows, counted over the exact last minute; what is refused would have
    /// been too much within a bucket's length; and at rest nothing is held.
    #[test]
    fn no_limit_is_exceeded_and_nothing_is_refused_without_reason(steps in steps()) {
        let quota = Quota::default();
        let limits = [
            Limits { rpm: Some(4), tpm: Some(90), ..Limits::default() },
            Limits { rpm: Some(3), ..Limits::default() },
        ];
        let team_limits = Limits { rpm: Some(5), tpm: Some(120), ..Limits::default() };
        let (key_budget, team_budget) = (300_i64, 700_i64);
        let mut now = START;
        let mut log: Vec<(usize, Logged)> = vec![];
        let mut running: Vec<(Hold, usize)> = vec![];
        for step in steps {
            match step {
                Step::Call { key, after_ms, tokens, cost } => {
                    now = now.plus(after_ms);
                    let place = usize::from(key);
                    let bounds = [
                        bound(Scope::Key(KeyId::new(START, id(10 + key))), limits[place], Some(key_budget), now),
                        bound(Scope::Team(team()), team_limits, Some(team_budget), now),
                    ];
                    let outcome = reserve(&quota, &Ask { at: now, tokens, cost: Some(NanoUsd(cost)), bounds: &bounds });
                    let of = |place: Option<usize>, length: i64| {
                        log.iter().map(|(_, call)| call)
                            .filter(|call| place.is_none_or(|place| call.place == place) && call.at.0 > now.0 - length)
                            .fold((0_u64, 0_u64), |(calls, sum), call| (calls + 1, sum + call.tokens))
                    };
                    let spent = |place: Option<usize>| -> i64 {
                        log.iter().map(|(_, call)| call).filter(|call| place.is_none_or(|place| call.place == place)).map(|call| call.cost).sum()
                    };
                    let too_much = |length: i64| {
                        [(Some(place), limits[place], key_budget), (None, team_limits, team_budget)].into_iter().any(|(who, limits, budget)| {
                            let (calls, sum) = of(who, length);
                            Window::ALL.into_iter().any(|window| limits.get(window).is_some_and(|limit| {
                                let (used, needed) = if window.counted() == Counted::Requests { (calls, 1) } else { (sum, tokens) };
                                used + needed > limit.unsigned_abs()
                            })) || spent(who) + cost > budget
                        })
                    };
                    match outcome {
                        Ok(hold) => {
                            prop_assert!(!too_much(MINUTE_MS));
                            running.push((hold, log.len()));
                            log.push((log.len(), Logged { at: now, tokens, cost, place }));
                        }
                        Err(refusal) => prop_assert!(too_much(MINUTE_MS + SECOND_MS + 1), "{:?}", refusal),
                    }
                }
                Step::End { which, percent } if !running.is_empty() => {
                    let (hold, place) = running.swap_remove(which % running.len());
                    let call = &mut log[place].1;
                    call.tokens = call.tokens * percent / 100;
                    call.cost = call.cost * percent.cast_signed() / 100;
                    hold.settle(call.tokens, NanoUsd(call.cost));
                }
                Step::End { .. } => {}
            }
        }
        for (hold, place) in running {
            let call = log[place].1;
            hold.settle(call.tokens, NanoUsd(call.cost));
        }
        let standing = quota.standing(book(), Scope::Team(team()), now, Period::at(now, AnchorDay::default()));
        prop_assert_eq!(standing.held, NanoUsd(0));
        prop_assert_eq!(standing.spent, NanoUsd(log.iter().map(|(_, call)| call.cost).sum()));
    }
}

#[test]
fn counters_are_shared_between_clones() {
    let quota = Quota::default();
    let other = quota.clone();
    assert!(Arc::ptr_eq(&quota.counters, &other.counters));
}
