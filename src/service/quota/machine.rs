//! The counters as a state machine beside an exact log: calls, ends, crashes with a restart from what is booked, a clock that moves by
//! seconds and by weeks, limits and budgets that change.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    ids::{KeyId, OrgId, TeamId},
    limit_scopes::{Budget, BudgetPer},
    limits::{Counted, Limits, Window},
    periods::AnchorDay,
    time::{DAY_MS, UnixMs},
};

const START: UnixMs = UnixMs(1_795_302_180_000);
/// Keys 0 and 1, and their team.
const SCOPES: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Call {
        key: usize,
        tokens: u64,
        cost: i64,
    },
    /// A running call ends with a part of what it reserved, in percent.
    End {
        which: usize,
        percent: u64,
    },
    /// The process dies: each running call is booked with such a part, and counters are made anew.
    Crash {
        percent: u64,
    },
    Wait {
        ms: i64,
    },
    Limit {
        scope: usize,
        rpm: Option<i64>,
        tpm: Option<i64>,
        rpd: Option<i64>,
    },
    Budget {
        scope: usize,
        amount: Option<i64>,
        per: BudgetPer,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let limit = |most: i64| prop::option::weighted(0.7, 0..most);
    let wait = prop_oneof![8 => 0..20_000_i64, 2 => 0..(2 * DAY_MS), 1 => 0..(20 * DAY_MS)];
    let per = prop_oneof![3 => Just(BudgetPer::Period), 1 => Just(BudgetPer::Total)];
    let step = prop_oneof![
        12 => (0..2_usize, 0..40_u64, 0..40_i64).prop_map(|(key, tokens, cost)| Step::Call { key, tokens, cost }),
        8 => (0..50_usize, 0..=100_u64).prop_map(|(which, percent)| Step::End { which, percent }),
        6 => wait.prop_map(|ms| Step::Wait { ms }),
        1 => (0..=100_u64).prop_map(|percent| Step::Crash { percent }),
        2 => (0..SCOPES, limit(8), limit(200), limit(30)).prop_map(|(scope, rpm, tpm, rpd)| Step::Limit { scope, rpm, tpm, rpd }),
        2 => (0..SCOPES, limit(600), per).prop_map(|(scope, amount, per)| Step::Budget { scope, amount, per }),
    ];
    prop::collection::vec(step, 1..150)
}

/// An admitted call: what it holds while it runs, what it used afterwards.
#[derive(Clone, Copy, Debug)]
struct Logged {
    at: UnixMs,
    key: usize,
    tokens: u64,
    cost: i64,
}

impl Logged {
    fn is_of(&self, scope: usize) -> bool {
        scope == 2 || scope == self.key
    }

    fn end(&mut self, percent: u64) {
        self.tokens = self.tokens * percent / 100;
        self.cost = self.cost * percent.cast_signed() / 100;
    }
}

struct Machine {
    quota: Quota,
    now: UnixMs,
    limits: [Limits; SCOPES],
    budgets: [Option<Budget>; SCOPES],
    log: Vec<Logged>,
    running: Vec<(Hold, usize)>,
}

fn book() -> BookId {
    BookId::Organization(OrgId::new(START, [2; 10]))
}

fn scope(number: usize) -> Scope {
    match number {
        2 => Scope::Team(TeamId::new(START, [1; 10])),
        key => Scope::Key(KeyId::new(START, [10 + key as u8; 10])),
    }
}

impl Machine {
    fn new() -> Self {
        let (limits, budgets) = ([Limits::default(); SCOPES], [None; SCOPES]);
        Self { quota: Quota::default(), now: START, limits, budgets, log: vec![], running: vec![] }
    }

    fn period(&self) -> Period {
        Period::at(self.now, AnchorDay::default())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Call { key, tokens, cost } => return self.call(key, tokens, cost),
            Step::End { which, percent } if !self.running.is_empty() => {
                let (hold, place) = self.running.swap_remove(which % self.running.len());
                let call = &mut self.log[place];
                call.end(percent);
                hold.settle(call.tokens, NanoUsd(call.cost));
            }
            Step::End { .. } => {}
            Step::Crash { percent } => self.crash(percent),
            Step::Wait { ms } => self.now = self.now.plus(ms),
            Step::Limit { scope, rpm, tpm, rpd } => self.limits[scope] = Limits { rpm, tpm, rpd, ..Limits::default() },
            Step::Budget { scope, amount, per } => {
                self.budgets[scope] = amount.map(|amount| Budget { amount: NanoUsd(amount), per });
            }
        }
        Ok(())
    }

    fn call(&mut self, key: usize, tokens: u64, cost: i64) -> Result<(), TestCaseError> {
        let period = self.period();
        let bounds = [key, 2].map(|number| Bound {
            scope: scope(number),
            limits: self.limits[number],
            budget: self.budgets[number],
            period,
            balance: false,
        });
        let ask = Ask { at: self.now, tokens, cost: Some(NanoUsd(cost)), bounds: &bounds };
        let outcome = futures::executor::block_on(self.quota.reserve(book(), &ask));
        match outcome {
            Ok(hold) => {
                prop_assert!(!self.is_too_much(key, tokens, cost, |length| length), "admitted beyond a limit");
                self.running.push((hold, self.log.len()));
                self.log.push(Logged { at: self.now, key, tokens, cost });
            }
            // A part of the window longer than an exact log would refuse.
            Err(refusal) => {
                let is_too_much = self.is_too_much(key, tokens, cost, |length| length + length / 60 + 1);
                prop_assert!(is_too_much, "refused without reason: {refusal:?}");
            }
        }
        Ok(())
    }

    /// Whether a call would be too much for one of its scopes, counted one by one.
    fn is_too_much(&self, key: usize, tokens: u64, cost: i64, reach: impl Fn(i64) -> i64) -> bool {
        [key, 2].into_iter().any(|number| {
            let full = |window: Window| {
                let Some(limit) = self.limits[number].get(window) else { return false };
                let since = self.now.0 - reach(window.span().length_ms());
                let inside = self.log.iter().filter(|call| call.is_of(number) && call.at.0 > since);
                let (used, needed): (u64, u64) = match window.counted() {
                    Counted::Requests => (inside.count() as u64, 1),
                    Counted::Tokens => (inside.map(|call| call.tokens).sum(), tokens),
                };
                used + needed > limit.unsigned_abs()
            };
            let over = self.budgets[number].is_some_and(|budget| {
                let spent = self.spent(number, budget.per);
                budget.amount.0 == 0 || spent + cost > budget.amount.0
            });
            Window::ALL.into_iter().any(full) || over
        })
    }

    fn spent(&self, number: usize, per: BudgetPer) -> i64 {
        let counts = |call: &&Logged| call.is_of(number) && (per == BudgetPer::Total || self.period().contains(call.at));
        self.log.iter().filter(counts).map(|call| call.cost).sum()
    }

    /// What `recovery.rs` does with what is booked.
    fn crash(&mut self, percent: u64) {
        for (hold, place) in self.running.drain(..) {
            // A dead process settles nothing.
            std::mem::forget(hold);
            self.log[place].end(percent);
        }
        self.quota = Quota::default();
        let period = Period::at(self.now, AnchorDay::default());
        for call in &self.log {
            for number in [call.key, 2] {
                for span in Span::ALL {
                    if call.at.0 > self.now.0 - span.length_ms() - span.part_ms() {
                        let part = UnixMs(call.at.0.div_euclid(span.part_ms()) * span.part_ms());
                        self.quota.count(book(), scope(number), part, span, 1, call.tokens);
                    }
                }
                let in_period = if period.contains(call.at) { call.cost } else { 0 };
                self.quota.post(book(), scope(number), period, NanoUsd(in_period), NanoUsd(call.cost));
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for number in 0..SCOPES {
            let standing = self.quota.standing(book(), scope(number), self.now, self.period());
            let held: i64 = self
                .running
                .iter()
                .map(|(_, place)| self.log[*place])
                .filter(|call| call.is_of(number))
                .map(|call| call.cost)
                .sum();
            prop_assert_eq!(standing.held, NanoUsd(held));
            prop_assert_eq!(standing.spent_in_all.0 + held, self.spent(number, BudgetPer::Total));
            prop_assert_eq!(standing.spent.0 + standing.held_in_period.0, self.spent(number, BudgetPer::Period));
            for (at, span) in Span::ALL.into_iter().enumerate() {
                let within = |length: i64| {
                    let inside = self.log.iter().filter(|call| call.is_of(number) && call.at.0 > self.now.0 - length);
                    inside.fold((0, 0), |(calls, tokens), call| (calls + 1, tokens + call.tokens))
                };
                let (exact, most) = (within(span.length_ms()), within(span.length_ms() + span.part_ms() + 1));
                let counted = standing.windows[at];
                prop_assert!(
                    exact.0 <= counted.requests && counted.requests <= most.0,
                    "{span:?}: {counted:?}, {exact:?} to {most:?}"
                );
                prop_assert!(
                    exact.1 <= counted.tokens && counted.tokens <= most.1,
                    "{span:?}: {counted:?}, {exact:?} to {most:?}"
                );
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_happens_no_limit_is_exceeded_and_nothing_is_refused_without_reason(steps in steps()) {
        let mut machine = Machine::new();
        for step in steps {
            machine.step(step)?;
            machine.check()?;
        }
    }
}
