//! The one sentence about a limit, for the gateway's answers, pages and mails: what happened, which limit, what is used, when it
//! resets, who can change it.

use super::{
    format,
    limit_scopes::{BudgetPer, Scope},
    limits::{Counted, Window},
    money::NanoUsd,
    time::{MINUTE_MS, SECOND_MS, UnixMs},
};

/// What a limit is set on, by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitedName {
    /// The scope's word: `key`, `member`, `grant`, `team_model`, `team` or `organization`.
    pub scope: &'static str,
    /// Of the key, the person, the model, the team or the organization.
    pub name: String,
    /// Of the team or personal space.
    pub team: String,
    /// The team is somebody's own space.
    pub personal: bool,
}

/// A limit that stands in the way, in figures. What is used of an organization's stays out of it: that is other teams' business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// A window is full, or too full for this call.
    Window {
        /// Which.
        window: Window,
        /// Its limit.
        limit: u64,
        /// What is in it.
        used: Option<u64>,
        /// What the call may use: 1, or tokens.
        asked: u64,
        /// When the same call would fit; none where it never does.
        resets_at: Option<UnixMs>,
    },
    /// A budget is used up, or has too little left for this call.
    Budget {
        /// Over what it runs.
        per: BudgetPer,
        /// How much may be spent.
        limit: NanoUsd,
        /// What is spent, or held by running calls.
        used: Option<NanoUsd>,
        /// What the call may cost.
        asked: NanoUsd,
        /// The next period's start.
        resets_at: Option<UnixMs>,
    },
    /// The balance does not cover the call.
    Balance {
        /// What is there.
        left: NanoUsd,
        /// What the call may cost.
        asked: NanoUsd,
        /// When the next credit comes.
        resets_at: UnixMs,
        /// None comes: the plan ends then.
        ends: bool,
    },
    /// There is neither a plan nor a spending limit, and the organization lets nobody call without.
    NoBilling,
}

impl LimitedName {
    /// As the middle of a sentence says it.
    fn words(&self) -> String {
        let Self { name, team, .. } = self;
        match self.scope {
            "key" => format!("key {name}"),
            "member" => format!("{name} in {team}"),
            "grant" => format!("the approval of {name} in {team}"),
            "team_model" => format!("{name} in {team}"),
            _ => name.clone(),
        }
    }

    /// As a sentence begins with it, and as a mail is about it.
    pub fn first_words(&self) -> String {
        let words = self.words();
        match self.scope {
            // A name keeps its letters; what stands before it does not.
            "key" => words.replacen('k', "K", 1),
            "grant" => words.replacen('t', "T", 1),
            _ => words,
        }
    }

    /// With who shares it.
    fn shared(&self) -> String {
        format!("{}{}", self.words(), self.shared_by())
    }

    fn shared_by(&self) -> &'static str {
        match self.scope {
            "team" => ", shared by all its keys",
            "organization" => ", shared by all its teams",
            _ => "",
        }
    }

    /// Who can change what is set here; by role, because names are for those who may see the list of members.
    fn changed_by(&self, reached: &Reached) -> String {
        let team = &self.team;
        match (self.scope, reached) {
            _ if self.personal && self.scope != "key" => "The platform's admins can change it.".into(),
            ("key", _) if self.personal => "You can change it.".into(),
            ("organization", _) => format!("An admin of {} can change it.", self.name),
            (_, Reached::NoBilling) => format!("The owner of {team} can choose a plan or set a spending limit."),
            (_, Reached::Balance { .. }) => format!("The owner of {team} can change plan and seats."),
            ("team", Reached::Budget { .. }) => format!("The owner of {team} can raise it."),
            ("key", _) => format!("Whoever made the key, or an owner or admin of {team}, can change it."),
            _ => format!("An owner or admin of {team} can change it."),
        }
    }
}

/// The sentence about a call that was refused. `fits` is the largest `max_tokens` with which it would not have been.
pub fn refused(name: &LimitedName, reached: &Reached, fits: Option<u64>, now: UnixMs) -> String {
    let fits = fits.map(|tokens| format!(" With `max_tokens` of at most {} it would fit.", format::grouped(tokens)));
    let what = happened(name, reached);
    format!("Call refused: {what}{}{} {}", resets(reached, now), fits.unwrap_or_default(), name.changed_by(reached))
}

/// The sentence of a warning: what is used of a limit that is nearly or wholly used up. A window slides, so no moment is named at which
/// it would be empty.
pub fn warned(name: &LimitedName, reached: &Reached, now: UnixMs) -> String {
    let who = name.first_words();
    let what = match *reached {
        Reached::Window { window, limit, used, .. } => format!(
            "{who} has used {} of its {} {} per {}{}.",
            format::grouped(used.unwrap_or(limit)),
            format::grouped(limit),
            window.counted().as_str(),
            span(window),
            name.shared_by()
        ),
        Reached::Budget { per, limit, used, .. } => {
            format!("{who} has spent {} of its {} {}.", format::money(used.unwrap_or(limit)), format::money(limit), budget(per))
        }
        Reached::Balance { left, .. } if left.0 <= 0 => format!("The balance of {} is used up.", name.words()),
        Reached::Balance { left, .. } => format!("{who} has {} left of its balance.", format::money(left)),
        Reached::NoBilling => format!("{who} has neither a plan nor a spending limit."),
    };
    let resets = if matches!(reached, Reached::Window { .. }) { String::new() } else { resets(reached, now) };
    format!("{what}{resets} {}", name.changed_by(reached))
}

fn happened(name: &LimitedName, reached: &Reached) -> String {
    let (who, shared) = (name.words(), name.shared());
    match *reached {
        Reached::Window { window, limit: 0, .. } => {
            format!("{who} is limited to 0 {} per {}, which lets none pass.", window.counted().as_str(), span(window))
        }
        Reached::Window { window, limit, used, asked, resets_at } => {
            let (limit, what) = (format::grouped(limit), window.counted().as_str());
            match (used, window.counted()) {
                _ if resets_at.is_none() => format!(
                    "this call may use up to {} {what}, and {who} is limited to {limit} per {}.",
                    format::grouped(asked),
                    span(window)
                ),
                (None, _) => format!("{who} has used its {limit} {what} per {}{}.", span(window), name.shared_by()),
                (Some(used), Counted::Requests) => {
                    format!("{} of {limit} requests {} for {shared}.", format::grouped(used), within(window))
                }
                (Some(used), Counted::Tokens) => format!(
                    "{} of {limit} tokens {} for {shared}, and this call may use up to {}.",
                    format::grouped(used),
                    within(window),
                    format::grouped(asked)
                ),
            }
        }
        Reached::Budget { per, limit, used, asked, .. } => {
            let (per, limit_words) = (budget(per), format::money(limit));
            match used {
                None => format!("{who} has used up its {limit_words} {per}."),
                Some(used) if used >= limit => {
                    format!("{who} has spent {} of its {limit_words} {per}.", format::money(used))
                }
                Some(used) => format!(
                    "{who} has spent {} of its {limit_words} {per}, and this call may cost up to {}.",
                    format::money(used),
                    format::money(asked)
                ),
            }
        }
        Reached::Balance { left, .. } if left.0 <= 0 => format!("the balance of {who} is used up."),
        Reached::Balance { left, asked, .. } => format!(
            "{who} has {} left of its balance, and this call may cost up to {}.",
            format::money(left),
            format::money(asked)
        ),
        Reached::NoBilling => format!("{who} has neither a plan nor a spending limit."),
    }
}

fn resets(reached: &Reached, now: UnixMs) -> String {
    match *reached {
        Reached::Window { limit: 0, .. } => String::new(),
        Reached::Window { resets_at: Some(at), .. } => match wait_s(at, now) {
            wait @ ..=60 => format!(" Try again in {wait} s."),
            _ => format!(" Try again on {} UTC.", moment(round_up(at))),
        },
        Reached::Window { resets_at: None, .. } | Reached::NoBilling => String::new(),
        Reached::Budget { resets_at: Some(at), .. } => format!(" It resets on {} UTC.", moment(at)),
        Reached::Budget { resets_at: None, .. } => " It does not reset.".into(),
        Reached::Balance { resets_at, ends: true, .. } => format!(" The plan ends on {} UTC.", moment(resets_at)),
        Reached::Balance { resets_at, .. } => format!(" The next credit comes on {} UTC.", moment(resets_at)),
    }
}

/// Whole seconds to wait, at least one.
pub fn wait_s(until: UnixMs, now: UnixMs) -> i64 {
    until.since(now).max(1).saturating_add(SECOND_MS - 1) / SECOND_MS
}

fn round_up(at: UnixMs) -> UnixMs {
    at.plus(MINUTE_MS - 1).floor_to(MINUTE_MS)
}

/// `1 Dec 2026, 00:00`.
fn moment(at: UnixMs) -> String {
    let (hour, minute, _) = at.clock();
    format!("{}, {hour:02}:{minute:02}", format::date(at))
}

fn span(window: Window) -> &'static str {
    match window {
        Window::Rpm | Window::Tpm => "minute",
        Window::Rph => "hour",
        Window::Rpd | Window::Tpd => "24 hours",
    }
}

fn within(window: Window) -> &'static str {
    match window {
        Window::Rpm | Window::Tpm => "this minute",
        Window::Rph => "this hour",
        Window::Rpd | Window::Tpd => "in 24 hours",
    }
}

fn budget(per: BudgetPer) -> &'static str {
    match per {
        BudgetPer::Period => "monthly budget",
        BudgetPer::Total => "total budget",
    }
}

/// What a scope's limit is called in an error: `rpm` … `tpd`, `period`, `total`, `balance`.
pub fn window_word(reached: &Reached) -> &'static str {
    match reached {
        Reached::Window { window, .. } => window.as_str(),
        Reached::Budget { per, .. } => per.as_str(),
        Reached::Balance { .. } | Reached::NoBilling => "balance",
    }
}

/// Type and code of the error (spec.md §6).
pub fn type_and_code(scope: Scope, reached: &Reached) -> (&'static str, &'static str) {
    match (reached, scope) {
        (Reached::Window { window, .. }, _) => (window.counted().as_str(), "rate_limit_exceeded"),
        (Reached::Budget { .. }, Scope::Team(_) | Scope::Organization(_)) => ("insufficient_quota", "spending_limit_reached"),
        (Reached::Budget { .. }, _) => ("insufficient_quota", "budget_exceeded"),
        (Reached::Balance { .. } | Reached::NoBilling, _) => ("insufficient_quota", "insufficient_balance"),
    }
}

#[cfg(test)]
mod tests;
