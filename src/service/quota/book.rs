//! The counters of one organization, or of one personal space: checked and raised together, under one lock, so that a call that is
//! refused at one scope leaves no trace at the others. Nothing here waits or allocates for scopes that were seen before.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{
    scope::{Ask, Bound, Full, Refusal, Room, Rooms},
    spending::Spending,
    window::{InWindow, SlidingWindow},
};
use crate::domain::{
    limit_scopes::{BudgetPer, Scope},
    limits::{Counted, Span, Window},
    money::NanoUsd,
    periods::Period,
    time::{SECOND_MS, UnixMs},
};

/// Calls that are admitted beside each other read the clock in another order than they come here; what goes back further was set back.
const OUT_OF_ORDER_MS: i64 = SECOND_MS;

/// What one scope has used.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    windows: [SlidingWindow; 3],
    spending: Spending,
    /// Credits less charges; none where nothing was ever credited.
    balance: Option<i64>,
}

impl Default for Account {
    fn default() -> Self {
        Self { windows: Span::ALL.map(SlidingWindow::new), spending: Spending::default(), balance: None }
    }
}

/// What a running call has reserved, to be settled exactly once.
#[derive(Clone, Debug)]
pub(super) struct Reserved {
    /// The admission on the book's own clock.
    at: UnixMs,
    tokens: u64,
    cost: NanoUsd,
    /// The accounts, the period that each was in, and whether its balance pays.
    accounts: SmallVec<[(usize, UnixMs, bool); 7]>,
}

/// How a reservation turned out.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) reserved: Reserved,
    pub(super) rooms: Rooms,
}

/// What one scope has used at a moment: what pages show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// In the last minute, hour and 24 hours, in this order.
    pub windows: [InWindow; 3],
    /// When all of that will have left them; none where nothing is inside.
    pub empty_at: [Option<UnixMs>; 3],
    /// Charged in the period.
    pub spent: NanoUsd,
    /// Charged in all.
    pub spent_in_all: NanoUsd,
    /// What running calls hold.
    pub held: NanoUsd,
    /// Of it, what calls of the period hold.
    pub held_in_period: NanoUsd,
    /// Credits less charges.
    pub balance: Option<NanoUsd>,
}

/// All counters that are checked together.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Where each scope's account stands; it never moves.
    places: HashMap<Scope, usize>,
    accounts: Vec<Account>,
    /// The latest time, on the book's own clock.
    latest: UnixMs,
    /// What was added to the time since the clock was set back.
    ahead_ms: i64,
}

impl Book {
    /// The book's own time: like the clock's, but it never goes back, so that windows go on sliding when the clock is set back.
    fn now(&mut self, at: UnixMs) -> UnixMs {
        let here = at.plus(self.ahead_ms);
        if here.plus(OUT_OF_ORDER_MS) < self.latest {
            self.ahead_ms = self.latest.0.saturating_sub(at.0);
        } else if here > self.latest {
            self.latest = here;
        }
        self.latest
    }

    fn place(&mut self, scope: Scope) -> usize {
        *self.places.entry(scope).or_insert_with(|| {
            self.accounts.push(Account::default());
            self.accounts.len() - 1
        })
    }

    fn account(&mut self, scope: Scope) -> &mut Account {
        let place = self.place(scope);
        &mut self.accounts[place]
    }

    /// Admits a call, at all of its scopes or at none.
    pub(super) fn reserve(&mut self, ask: &Ask<'_>) -> Result<Granted, Refusal> {
        let now = self.now(ask.at);
        let ahead_ms = self.ahead_ms;
        let places: SmallVec<[usize; 7]> = ask.bounds.iter().map(|bound| self.place(bound.scope)).collect();
        for (bound, place) in ask.bounds.iter().zip(&places) {
            let account = &mut self.accounts[*place];
            account.move_to(now, bound.period);
            if let Err(full) = account.check(bound, ask) {
                let rooms = Box::new(self.rooms(ask, &places, now));
                return Err(Refusal { scope: bound.scope, full: full.on_the_wall(ahead_ms), rooms });
            }
        }
        // Money that was paid in comes last: whoever asks is told of limits first.
        for (bound, place) in ask.bounds.iter().zip(&places).filter(|(bound, _)| bound.balance) {
            let left = self.accounts[*place].left();
            if ask.cost.is_some_and(|cost| left <= 0 || cost.0 > left) {
                let rooms = Box::new(self.rooms(ask, &places, now));
                return Err(Refusal { scope: bound.scope, full: Full::Balance { left: NanoUsd(left.max(0)) }, rooms });
            }
        }
        let cost = ask.cost.unwrap_or_default();
        let reserved = Reserved { at: now, tokens: ask.tokens, cost, accounts: SmallVec::new() };
        let mut granted = Granted { reserved, rooms: Rooms::default() };
        for (bound, place) in ask.bounds.iter().zip(&places) {
            let account = &mut self.accounts[*place];
            for window in &mut account.windows {
                window.add(now, 1, ask.tokens);
            }
            granted.reserved.accounts.push((*place, account.spending.hold(cost), bound.balance));
        }
        granted.rooms = self.rooms(ask, &places, now);
        Ok(granted)
    }

    /// What is left of the windows that will be full first.
    fn rooms(&mut self, ask: &Ask<'_>, places: &[usize], now: UnixMs) -> Rooms {
        let mut rooms = Rooms::default();
        for (bound, place) in ask.bounds.iter().zip(places).filter(|(bound, _)| !bound.limits.is_empty()) {
            if matches!(bound.scope, Scope::Organization(_)) {
                continue;
            }
            let account = &mut self.accounts[*place];
            account.move_to(now, bound.period);
            for window in Window::ALL {
                let Some(room) = account.room(window, bound, now) else { continue };
                let tightest = match window.counted() {
                    Counted::Requests => &mut rooms.requests,
                    Counted::Tokens => &mut rooms.tokens,
                };
                if tightest.is_none_or(|other| room.remaining < other.remaining) {
                    *tightest = Some(room);
                }
            }
        }
        rooms
    }

    /// Ends a reservation with what was used, which is never more than what was reserved.
    pub(super) fn settle(&mut self, reserved: &Reserved, tokens: u64, cost: NanoUsd) {
        let cost = cost.clamp(NanoUsd(0), reserved.cost);
        self.end(reserved, 0, reserved.tokens.saturating_sub(tokens), cost);
    }

    /// Ends a reservation as if it had never been.
    pub(super) fn cancel(&mut self, reserved: &Reserved) {
        self.end(reserved, 1, reserved.tokens, NanoUsd(0));
    }

    fn end(&mut self, reserved: &Reserved, requests: u64, tokens: u64, cost: NanoUsd) {
        for (place, period, pays) in &reserved.accounts {
            let account = &mut self.accounts[*place];
            if requests > 0 || tokens > 0 {
                for window in &mut account.windows {
                    window.give_back(reserved.at, requests, tokens);
                }
            }
            account.spending.settle(*period, reserved.cost, cost);
            if let Some(balance) = account.balance.as_mut().filter(|_| *pays) {
                *balance = balance.saturating_sub(cost.0);
            }
        }
    }

    /// Counts calls of an earlier process.
    pub(super) fn count(&mut self, scope: Scope, at: UnixMs, span: Span, requests: u64, tokens: u64) {
        let account = self.account(scope);
        for window in account.windows.iter_mut().filter(|window| window.is_of(span)) {
            window.add(at, requests, tokens);
        }
    }

    /// Counts money that an earlier process charged.
    pub(super) fn post(&mut self, scope: Scope, period: Period, in_period: NanoUsd, in_all: NanoUsd) {
        let account = self.account(scope);
        account.spending.enter(period);
        account.spending.post(in_period, in_all);
    }

    /// Adds to a balance, or takes from it.
    pub(super) fn credit(&mut self, scope: Scope, amount: NanoUsd) {
        let balance = &mut self.account(scope).balance;
        *balance = Some(balance.unwrap_or(0).saturating_add(amount.0));
    }

    /// Sets a balance to what storage says.
    pub(super) fn set_balance(&mut self, scope: Scope, balance: NanoUsd) {
        self.account(scope).balance = Some(balance.0);
    }

    /// Takes from a balance what running calls do not hold.
    pub(super) fn take(&mut self, scope: Scope, most: NanoUsd, keep: NanoUsd) -> NanoUsd {
        let account = self.account(scope);
        let free = account.left().saturating_sub(keep.0);
        let Some(balance) = &mut account.balance else { return most };
        let taken = free.min(most.0).max(0);
        *balance -= taken;
        NanoUsd(taken)
    }

    /// What a scope has used.
    pub(super) fn standing(&mut self, scope: Scope, at: UnixMs, period: Period) -> Standing {
        let now = self.now(at);
        let ahead_ms = self.ahead_ms;
        let Some(place) = self.places.get(&scope) else { return Standing::default() };
        let account = &mut self.accounts[*place];
        account.move_to(now, period);
        let (spent, spent_in_all) = account.spending.posted();
        Standing {
            windows: [0, 1, 2].map(|place: usize| account.windows[place].counted()),
            empty_at: [0, 1, 2].map(|place: usize| {
                let window = &account.windows[place];
                (window.counted() != InWindow::default()).then(|| window.empty_at().plus(-ahead_ms))
            }),
            spent,
            spent_in_all,
            held: account.spending.held(),
            held_in_period: account.spending.held_in_period(),
            balance: account.balance.map(NanoUsd),
        }
    }

    /// Whether a call would be admitted, without admitting it: every limit of its scopes that stands in its way, in order.
    pub(super) fn test(&mut self, ask: &Ask<'_>) -> Vec<Refusal> {
        let now = self.now(ask.at);
        let ahead_ms = self.ahead_ms;
        let mut found = vec![];
        for bound in ask.bounds {
            let account = self.account(bound.scope);
            account.move_to(now, bound.period);
            if let Err(full) = account.check(bound, ask) {
                found.push(Refusal { scope: bound.scope, full: full.on_the_wall(ahead_ms), rooms: Box::default() });
            }
        }
        for bound in ask.bounds.iter().filter(|bound| bound.balance) {
            let left = self.account(bound.scope).left();
            if ask.cost.is_some_and(|cost| left <= 0 || cost.0 > left) {
                let full = Full::Balance { left: NanoUsd(left.max(0)) };
                found.push(Refusal { scope: bound.scope, full, rooms: Box::default() });
            }
        }
        found
    }
}

impl Account {
    fn move_to(&mut self, now: UnixMs, period: Period) {
        for window in &mut self.windows {
            window.slide(now);
        }
        self.spending.enter(period);
    }

    fn window(&self, span: Span) -> &SlidingWindow {
        &self.windows[match span {
            Span::Minute => 0,
            Span::Hour => 1,
            Span::Day => 2,
        }]
    }

    /// Limits before money; of several full windows the one that stays full longest.
    fn check(&self, bound: &Bound, ask: &Ask<'_>) -> Result<(), Full> {
        let mut fullest: Option<(i64, Full)> = None;
        for window in Window::ALL {
            let Some(limit) = bound.limits.get(window) else { continue };
            let limit = limit.max(0).unsigned_abs();
            let needed = if window.counted() == Counted::Requests { 1 } else { ask.tokens };
            let sliding = self.window(window.span());
            let used = counted(window, sliding.counted());
            if used.checked_add(needed).is_some_and(|after| after <= limit) {
                continue;
            }
            let resets_at = sliding.fits_at(limit, needed, |inside| counted(window, inside));
            let until = resets_at.map_or(i64::MAX, |at| at.0);
            if fullest.is_none_or(|(longest, _)| until > longest) {
                fullest = Some((until, Full::Window { window, limit, used, resets_at }));
            }
        }
        if let Some((_, full)) = fullest {
            return Err(full);
        }
        let (Some(budget), Some(cost)) = (bound.budget, ask.cost) else { return Ok(()) };
        if self.spending.fits(budget, cost) {
            return Ok(());
        }
        let resets_at = match budget.per {
            BudgetPer::Period => Some(bound.period.end),
            BudgetPer::Total => None,
        };
        Err(Full::Budget { per: budget.per, limit: budget.amount, used: self.spending.used(budget.per), resets_at })
    }

    /// What is left of the balance beside what running calls hold.
    fn left(&self) -> i64 {
        self.balance.unwrap_or(0).saturating_sub(self.spending.held().0)
    }

    fn room(&self, window: Window, bound: &Bound, now: UnixMs) -> Option<Room> {
        let limit = bound.limits.get(window)?.max(0).unsigned_abs();
        let sliding = self.window(window.span());
        let used = counted(window, sliding.counted());
        Some(Room { limit, remaining: limit.saturating_sub(used), empty_in_ms: sliding.empty_at().since(now) })
    }
}

fn counted(window: Window, inside: InWindow) -> u64 {
    match window.counted() {
        Counted::Requests => inside.requests,
        Counted::Tokens => inside.tokens,
    }
}

impl Full {
    /// A window's time as the wall clock says it.
    fn on_the_wall(self, ahead_ms: i64) -> Self {
        match self {
            Self::Window { window, limit, used, resets_at } => {
                Self::Window { window, limit, used, resets_at: resets_at.map(|at| at.plus(-ahead_ms)) }
            }
            other => other,
        }
    }
}
