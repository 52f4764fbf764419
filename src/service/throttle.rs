//! Throttles of log-in, sign-up and reset: how often, by account and by address. A pure function of time over memory; nothing here
//! waits. Each process counts for itself, and counts anew after a restart: what is guarded is guessed at human speed either way.
//!
//! An attempt is counted before it is decided and taken back when it succeeds, so a thousand attempts at once gain nothing.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{
        ids::UserId,
        time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs},
    },
    service::ServiceError,
};

/// At most so many in any window of this length.
#[derive(Clone, Copy, Debug)]
struct Window {
    limit: usize,
    length_ms: i64,
}

const LOGIN_PER_ADDRESS: [Window; 2] = [Window { limit: 20, length_ms: MINUTE_MS }, Window { limit: 100, length_ms: HOUR_MS }];
const LOGIN_PER_ACCOUNT: [Window; 1] = [Window { limit: 100, length_ms: DAY_MS }];
/// Failures in a row before an account makes its visitor wait.
const FREE_FAILURES: usize = 5;
/// Longest of these waits.
const LONGEST_WAIT_MS: i64 = 60 * SECOND_MS;
/// Failures are in a row when none lies further back than this.
const ROW_MS: i64 = DAY_MS;

/// Credential stuffing: so many accounts tried without success from one address …
const STUFFED_ACCOUNTS: usize = 15;
/// … within this time …
const STUFFING_MS: i64 = 3 * HOUR_MS;
/// … close log-in for the address for so long.
const STUFFING_BLOCK_MS: i64 = DAY_MS;

const RESET_PER_ACCOUNT: [Window; 1] = [Window { limit: 3, length_ms: HOUR_MS }];
const RESET_PER_ADDRESS: [Window; 1] = [Window { limit: 10, length_ms: HOUR_MS }];
const CONFIRMATION_PER_ACCOUNT: [Window; 1] = [Window { limit: 5, length_ms: HOUR_MS }];
const SIGN_UP_PER_ACCOUNT: [Window; 1] = [Window { limit: 3, length_ms: HOUR_MS }];
const SIGN_UP_PER_ADDRESS: [Window; 1] = [Window { limit: 5, length_ms: HOUR_MS }];
/// A refused attempt is noted once in this time.
const DENIAL: [Window; 1] = [Window { limit: 1, length_ms: 10 * MINUTE_MS }];
/// Links of invitations that led nowhere.
const LOOKUP_PER_ADDRESS: [Window; 1] = [Window { limit: 20, length_ms: MINUTE_MS }];
/// A demo is tried by many behind one address.
const DEMO_SIGN_UP_PER_ADDRESS: [Window; 1] = [Window { limit: 60, length_ms: HOUR_MS }];

/// Entries in memory; beyond that, those untouched for longest go first.
const MOST_ENTRIES: usize = 50_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    LoginAccount(String),
    LoginDevice(String),
    LoginAddress(IpAddr),
    ResetAccount(String),
    ResetAddress(IpAddr),
    ConfirmationAccount(String),
    SignUpAccount(String),
    SignUpAddress(IpAddr),
    Denial(UserId, String),
    LookupAddress(IpAddr),
}

#[derive(Debug, Default)]
struct Entry {
    attempts: VecDeque<UnixMs>,
    /// Accounts that this address failed to open, and when the first of them was tried.
    failed_accounts: HashSet<String>,
    failing_since: Option<UnixMs>,
    blocked_until: Option<UnixMs>,
}

impl Entry {
    /// Milliseconds until one more attempt fits all windows.
    fn wait_ms(&self, windows: &[Window], now: UnixMs) -> i64 {
        let blocked = self.blocked_until.map_or(0, |until| until.since(now));
        windows.iter().map(|window| self.wait_for(*window, now)).max().unwrap_or(0).max(blocked)
    }

    fn wait_for(&self, window: Window, now: UnixMs) -> i64 {
        let inside = self.attempts.iter().rev().take_while(|at| now.since(**at) < window.length_ms).count();
        if inside < window.limit {
            return 0;
        }
        // The attempt that has to leave the window for one more to fit.
        let oldest = self.attempts[self.attempts.len() - window.limit];
        oldest.plus(window.length_ms).since(now)
    }

    fn last(&self) -> UnixMs {
        self.attempts.back().copied().unwrap_or_default().max(self.blocked_until.unwrap_or_default())
    }
}

/// All counters of one process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Throttles {
    entries: Arc<Mutex<HashMap<Key, Entry>>>,
}

/// A log-in attempt that was let through, and counts as failed until [`succeed`](LoginAttempt::succeed).
#[derive(Debug)]
#[must_use = "an attempt that succeeds is taken back"]
pub struct LoginAttempt {
    throttles: Throttles,
    account: String,
    /// Where its failure is counted, beside the address.
    counted: Key,
    address: IpAddr,
    at: UnixMs,
}

impl Throttles {
    /// Lets a log-in through, or says how long to wait. `account` is the normalized e-mail address, known or not.
    pub fn begin_login(&self, account: &str, address: IpAddr, now: UnixMs) -> Result<LoginAttempt, ServiceError> {
        self.begin(Key::LoginAccount(account.to_owned()), account, address, now)
    }

    /// The same from a browser that the account's owner has signed in with before: it does not wait for what others did to the
    /// account, and what it does wrong is counted for itself. `device` is the hash of its cookie.
    pub fn begin_known_login(
        &self,
        device: &str,
        account: &str,
        address: IpAddr,
        now: UnixMs,
    ) -> Result<LoginAttempt, ServiceError> {
        self.begin(Key::LoginDevice(device.to_owned()), account, address, now)
    }

    fn begin(&self, of_account: Key, account: &str, address: IpAddr, now: UnixMs) -> Result<LoginAttempt, ServiceError> {
        let address = network(address);
        let mut entries = self.lock(now);
        let of_address = Key::LoginAddress(address);
        let account_wait = entries.get(&of_account).map_or(0, |entry| {
            let row = entry.attempts.iter().filter(|at| now.since(**at) < ROW_MS).count();
            entry.last().plus(pause_after(row)).since(now).max(entry.wait_ms(&LOGIN_PER_ACCOUNT, now))
        });
        let address_wait = entries.get(&of_address).map_or(0, |entry| entry.wait_ms(&LOGIN_PER_ADDRESS, now));
        refuse_if_waiting(account_wait.max(address_wait))?;
        push(&mut entries, of_account.clone(), &LOGIN_PER_ACCOUNT, now);
        let entry = push(&mut entries, of_address, &LOGIN_PER_ADDRESS, now);
        note_failed_account(entry, account, address, now);
        Ok(LoginAttempt { throttles: self.clone(), account: account.to_owned(), counted: of_account, address, at: now })
    }

    /// Whether a refused attempt of a person is the first in a while, and so worth noting.
    pub fn is_first_denial(&self, user: UserId, attempt: String, now: UnixMs) -> bool {
        let mut entries = self.lock(now);
        let key = Key::Denial(user, attempt);
        let first = entries.get(&key).is_none_or(|entry| entry.wait_ms(&DENIAL, now) == 0);
        if first {
            push(&mut entries, key, &DENIAL, now);
        }
        first
    }

    /// Counts a request to reset a password, or says how long to wait.
    pub fn count_reset(&self, account: &str, address: IpAddr, now: UnixMs) -> Result<(), ServiceError> {
        let account = (Key::ResetAccount(account.to_owned()), RESET_PER_ACCOUNT.as_slice());
        self.count([account, (Key::ResetAddress(network(address)), &RESET_PER_ADDRESS)], now)
    }

    /// Counts a wish for another confirmation mail, or says how long to wait.
    pub fn count_confirmation(&self, account: &str, address: IpAddr, now: UnixMs) -> Result<(), ServiceError> {
        let account = (Key::ConfirmationAccount(account.to_owned()), CONFIRMATION_PER_ACCOUNT.as_slice());
        self.count([account, (Key::ResetAddress(network(address)), &RESET_PER_ADDRESS)], now)
    }

    /// Counts a sign-up, or says how long to wait.
    pub fn count_sign_up(&self, account: &str, address: IpAddr, demo: bool, now: UnixMs) -> Result<(), ServiceError> {
        let per_address = if demo { &DEMO_SIGN_UP_PER_ADDRESS } else { &SIGN_UP_PER_ADDRESS };
        let account = (Key::SignUpAccount(account.to_owned()), SIGN_UP_PER_ACCOUNT.as_slice());
        self.count([account, (Key::SignUpAddress(network(address)), per_address)], now)
    }

    /// Counts a look at the link of an invitation, or says how long to wait. Take it back with [`Self::take_back_lookup`] where the
    /// link was one: only guesses are limited.
    pub fn count_lookup(&self, address: IpAddr, now: UnixMs) -> Result<(), ServiceError> {
        let mut entries = self.lock(now);
        let key = Key::LookupAddress(network(address));
        refuse_if_waiting(entries.get(&key).map_or(0, |entry| entry.wait_ms(&LOOKUP_PER_ADDRESS, now)))?;
        push(&mut entries, key, &LOOKUP_PER_ADDRESS, now);
        Ok(())
    }

    /// Takes a look back that was counted at this time.
    pub fn take_back_lookup(&self, address: IpAddr, at: UnixMs) {
        let mut entries = self.lock(at);
        if let Some(entry) = entries.get_mut(&Key::LookupAddress(network(address)))
            && let Some(position) = entry.attempts.iter().rposition(|attempt| *attempt == at)
        {
            entry.attempts.remove(position);
        }
    }

    fn count(&self, keys: [(Key, &[Window]); 2], now: UnixMs) -> Result<(), ServiceError> {
        let mut entries = self.lock(now);
        let wait = keys.iter().filter_map(|(key, windows)| entries.get(key).map(|entry| entry.wait_ms(windows, now))).max();
        refuse_if_waiting(wait.unwrap_or(0))?;
        for (key, windows) in keys {
            push(&mut entries, key, windows, now);
        }
        Ok(())
    }

    fn lock(&self, now: UnixMs) -> MutexGuard<'_, HashMap<Key, Entry>> {
        // Counters stay true after a panic elsewhere: every change is a single push or removal.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_ENTRIES {
            entries.retain(|_, entry| now.since(entry.last()) < DAY_MS);
            if entries.len() >= MOST_ENTRIES {
                let mut ages: Vec<UnixMs> = entries.values().map(Entry::last).collect();
                let middle = ages.len() / 2;
                let (_, median, _) = ages.select_nth_unstable(middle);
                let median = *median;
                entries.retain(|_, entry| entry.last() > median);
            }
        }
        entries
    }
}

impl LoginAttempt {
    /// Takes the attempt back: the password was right. The account's failures are forgotten; from a known browser, that browser's.
    pub fn succeed(self) {
        let mut entries = self.throttles.lock(self.at);
        entries.remove(&self.counted);
        if let Some(entry) = entries.get_mut(&Key::LoginAddress(self.address)) {
            if let Some(position) = entry.attempts.iter().rposition(|at| *at == self.at) {
                entry.attempts.remove(position);
            }
            entry.failed_accounts.remove(&self.account);
        }
    }
}

fn refuse_if_waiting(wait_ms: i64) -> Result<(), ServiceError> {
    if wait_ms > 0 { Err(ServiceError::TooManyAttempts((wait_ms + SECOND_MS - 1) / SECOND_MS)) } else { Ok(()) }
}

/// How long an account rests after so many failures in a row: nothing for five, then 1, 2, 4 … 60 s.
fn pause_after(failures: usize) -> i64 {
    if failures < FREE_FAILURES {
        return 0;
    }
    let doublings = u32::try_from(failures - FREE_FAILURES).unwrap_or(u32::MAX).min(10);
    (SECOND_MS << doublings).min(LONGEST_WAIT_MS)
}

fn push<'a>(entries: &'a mut HashMap<Key, Entry>, key: Key, windows: &[Window], now: UnixMs) -> &'a mut Entry {
    let entry = entries.entry(key).or_default();
    entry.attempts.push_back(now);
    let longest = windows.iter().map(|window| window.length_ms).max().unwrap_or(0);
    while entry.attempts.front().is_some_and(|at| now.since(*at) >= longest) {
        entry.attempts.pop_front();
    }
    entry
}

/// The machine's own address is not closed for a day: behind a proxy that is not configured it stands for everybody.
fn note_failed_account(entry: &mut Entry, account: &str, address: IpAddr, now: UnixMs) {
    if address.is_loopback() {
        return;
    }
    if entry.failing_since.is_none_or(|since| now.since(since) >= STUFFING_MS) {
        entry.failed_accounts.clear();
        entry.failing_since = Some(now);
    }
    entry.failed_accounts.insert(account.to_owned());
    if entry.failed_accounts.len() >= STUFFED_ACCOUNTS {
        entry.blocked_until = Some(now.plus(STUFFING_BLOCK_MS));
        entry.failed_accounts.clear();
        entry.failing_since = None;
    }
}

/// What counts as one address: an IPv4 address, or the /64 that one IPv6 customer has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        other => other,
    }
}
