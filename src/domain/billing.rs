//! The money of a team on a plan: its balance, what of it expires with the period, and how each movement changes them. Pure, so that
//! services, tests and the property test use the same arithmetic.

use serde::{Deserialize, Serialize};

use super::{
    ids::TeamId,
    ledger::{Entry, EntryKind},
    periods::{AnchorDay, Period},
    plans::{Plan, Terms, pro_rata},
    time::{DAY_MS, UnixMs},
};

/// How a team's calls are paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Billing {
    /// Neither plan nor balance stands in the way; limits and budgets do.
    #[default]
    Unbilled,
    /// On a plan: each call must be covered by the balance.
    Balance {
        /// When the next period begins, with new credit.
        period_end: UnixMs,
        /// None begins: the plan ends then.
        ends: bool,
    },
    /// Neither plan nor spending limit, in an organization that does not allow unbilled use: no calls.
    Closed,
}

impl Billing {
    /// Whether a call is to be covered by the balance: on a plan, and where nothing else pays, with what is left of an earlier plan.
    pub fn is_balance(self) -> bool {
        self != Self::Unbilled
    }
}

/// What the next period begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Renewal<P> {
    /// The same plan and seats.
    #[default]
    Same,
    /// Another plan, or fewer seats.
    Change(P, i64),
    /// Nothing: the plan ends.
    End,
}

/// A team that has, or had, a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamBilling {
    /// Team or personal space.
    pub team: TeamId,
    /// As agreed for the period; none where the plan has ended.
    pub terms: Option<Terms>,
    /// Seats that are paid for.
    pub seats: i64,
    /// The running period; the last one where the plan has ended.
    pub period: Period,
    /// What comes next.
    pub next: Renewal<super::ids::PlanId>,
    /// Sum of the ledger.
    pub balance: i64,
    /// Of it, the period's credit: expires with the period.
    pub credit: i64,
    /// Of it, the last period's credit, kept for calls that were open at renewal.
    pub spared: i64,
    /// Entries of the ledger.
    pub seq: i64,
    /// Lines that people see: neighbouring usage of one day is one.
    pub line: i64,
    /// Day and period of the last line, where it is usage.
    pub usage_line: Option<(i64, UnixMs)>,
}

/// A movement of money that is not posted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// What.
    pub kind: EntryKind,
    /// Signed.
    pub amount: i64,
    /// When.
    pub at: UnixMs,
    /// For people.
    pub description: String,
    /// Unique in the team: nothing is posted twice.
    pub reference: String,
    /// Who made an adjustment.
    pub actor_name: String,
    /// Start of the period that it belongs to.
    pub period_start: UnixMs,
    /// Usage: the calls' day.
    pub day: Option<UnixMs>,
}

/// A sum is beyond 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

impl TeamBilling {
    /// A team that never had a plan, in the period that holds a moment.
    pub fn new(team: TeamId, period: Period) -> Self {
        Self {
            team,
            terms: None,
            seats: 0,
            period,
            next: Renewal::Same,
            balance: 0,
            credit: 0,
            spared: 0,
            seq: 0,
            line: 0,
            usage_line: None,
        }
    }

    /// What the team has now, if it is on a plan.
    pub fn agreed(&self) -> Option<(Terms, i64)> {
        self.terms.clone().map(|terms| (terms, self.seats))
    }

    /// The balance without what expires: what was paid in besides.
    pub fn lasting(&self) -> i64 {
        self.balance - self.credit - self.spared
    }

    /// When credit was last kept for open calls: the start of the period, or the end of the last one where the plan has ended.
    pub fn renewed_at(&self) -> UnixMs {
        if self.terms.is_some() { self.period.start } else { self.period.end }
    }

    /// Whether usage belongs to what was spared: it is of calls from before the last renewal. Periods begin with a day.
    fn is_before_renewal(&self, usage: &Movement) -> bool {
        usage.period_start < self.period.start || (self.terms.is_none() && usage.day.is_some_and(|day| day < self.period.end))
    }

    /// Posts a movement: gives the ledger's next entry.
    pub fn post(&mut self, movement: Movement) -> Result<Entry, TooMuch> {
        let balance = self.balance.checked_add(movement.amount).ok_or(TooMuch)?;
        match movement.kind {
            EntryKind::SeatCredit => self.credit = self.credit.checked_add(movement.amount).ok_or(TooMuch)?,
            // Calls of the last period use what was spared for them, then everybody uses the credit before what lasts.
            EntryKind::UsageCharge => {
                let mut rest = movement.amount.checked_neg().ok_or(TooMuch)?;
                if self.is_before_renewal(&movement) {
                    let spared = self.spared.min(rest);
                    self.spared -= spared;
                    rest -= spared;
                }
                self.credit -= self.credit.min(rest);
            }
            EntryKind::Adjustment | EntryKind::Expiry => {}
        }
        self.balance = balance;
        // Whatever takes from the balance otherwise takes what lasts first; more of it can not be there than there is.
        self.credit = self.credit.min(balance.max(0));
        self.spared = self.spared.min(balance.max(0) - self.credit);
        let usage_line = movement.day.map(|day| (day.0.div_euclid(DAY_MS), movement.period_start));
        if usage_line.is_none() || usage_line != self.usage_line {
            self.line += 1;
        }
        self.usage_line = usage_line;
        self.seq += 1;
        Ok(Entry { seq: self.seq, line: self.line, balance_after: balance, movement })
    }

    /// Lets credit expire. `left` is what stays of the period's credit and of what is kept for open calls.
    fn expire(&mut self, amount: i64, left: (i64, i64), at: UnixMs, what: (&str, String)) -> Result<Option<Entry>, TooMuch> {
        let entry = match amount {
            ..=0 => None,
            _ => Some(self.post(Movement {
                kind: EntryKind::Expiry,
                amount: -amount,
                at,
                description: what.0.into(),
                reference: what.1,
                actor_name: String::new(),
                period_start: self.period.start,
                day: None,
            })?),
        };
        (self.credit, self.spared) = left;
        Ok(entry)
    }

    /// Ends what was spared at the last renewal, once no call is open that it was spared for. `taken` is what the counters gave of it;
    /// what calls of this period hold is asked for again later.
    pub fn expire_spared(&mut self, at: UnixMs, taken: i64) -> Result<Option<Entry>, TooMuch> {
        let left = (self.credit, self.spared - taken);
        // Its number keeps a second part from having the name of the first.
        self.expire(
            taken,
            left,
            at,
            ("Credit kept for open calls, not used", format!("expiry-kept:{}:{}", self.period.start.0, self.seq)),
        )
    }

    /// Whether the period is over and the next one has to begin.
    pub fn is_due(&self, now: UnixMs) -> bool {
        self.terms.is_some() && self.period.end <= now
    }

    /// Ends the period and begins the next. `taken` is what the counters gave of the credit; `plan` what the next one is under.
    pub fn renew(&mut self, context: &RenewalContext<'_>, taken: i64) -> Result<Renewed, TooMuch> {
        let mut renewed = Renewed::default();
        let left = (0, self.credit + self.spared - taken);
        let what = ("Unused credit", format!("expiry:{}", self.period.end.0));
        renewed.entries.extend(self.expire(taken, left, context.at, what)?);
        let (plan, seats) = match self.next {
            Renewal::End => {
                self.terms = None;
                self.next = Renewal::Same;
                return Ok(renewed);
            }
            Renewal::Same => (context.plan, self.seats),
            Renewal::Change(_, seats) => (context.plan, seats),
        };
        self.next = Renewal::Same;
        // Whoever is in the team by now keeps their seat.
        self.seats = seats.max(context.members);
        let whole = Period::at(self.period.end, context.anchor);
        self.period = Period { start: self.period.end, end: whole.end };
        let terms = Terms::from(plan);
        let part = |amount: i64| pro_rata(amount, self.period.start, whole);
        let (credit, fee) = (part(terms.credit(self.seats)), part(terms.fee(self.seats)));
        let description = format!("{}: {}", terms.name, seats_words(self.seats));
        let reference = format!("seats:{}", self.period.start.0);
        if credit > 0 {
            renewed.entries.push(self.post(Movement {
                kind: EntryKind::SeatCredit,
                amount: credit,
                at: context.at,
                description: description.clone(),
                reference: reference.clone(),
                actor_name: String::new(),
                period_start: self.period.start,
                day: None,
            })?);
        }
        renewed.fee = Some(Fee { reference, period_start: self.period.start, at: context.at, description, amount: fee });
        self.terms = Some(terms);
        Ok(renewed)
    }
}

/// What a renewal needs to know.
#[derive(Clone, Copy, Debug)]
pub struct RenewalContext<'a> {
    /// When it is done.
    pub at: UnixMs,
    /// The plan of the next period, as it is now.
    pub plan: &'a Plan,
    /// The team's anchor day.
    pub anchor: AnchorDay,
    /// Members of the team.
    pub members: i64,
}

/// What a renewal posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Of the ledger.
    pub entries: Vec<Entry>,
    /// On the statement; none where the plan ended.
    pub fee: Option<Fee>,
}

/// Seats × price, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Unique in the team.
    pub reference: String,
    /// Start of its period.
    pub period_start: UnixMs,
    /// When.
    pub at: UnixMs,
    /// For people.
    pub description: String,
    /// Nano-dollars.
    pub amount: i64,
}

/// "1 seat", "12 seats".
pub fn seats_words(seats: i64) -> String {
    if seats == 1 { "1 seat".into() } else { format!("{seats} seats") }
}

#[cfg(test)]
mod tests;
