//! Limits on calls: windows of requests and of tokens (spec.md §5). A value that is not set limits nothing; 0 allows nothing.

use serde::{Deserialize, Serialize};

use super::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The largest value that can be set: above anything a provider serves, and exact in every client's numbers.
pub const MAX_LIMIT: i64 = 1_000_000_000_000_000;

/// What a window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Calls.
    Requests,
    /// Prompt tokens (cached included) and completion tokens.
    Tokens,
}

impl Counted {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
        }
    }
}

/// The lengths of time that limits are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

impl Span {
    /// All, from short to long.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Milliseconds.
    pub const fn length_ms(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
        }
    }

    /// The parts that a window of this length is made of: a call leaves it with all of its part.
    pub const fn part_ms(self) -> i64 {
        self.length_ms() / 60
    }

    /// As a sentence says it: "this minute".
    pub fn words(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "24 hours",
        }
    }
}

/// A window that can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Requests per minute.
    Rpm,
    /// Tokens per minute.
    Tpm,
    /// Requests per hour.
    Rph,
    /// Requests per day.
    Rpd,
    /// Tokens per day.
    Tpd,
}

impl Window {
    /// All, in the order in which they are shown and checked.
    pub const ALL: [Self; 5] = [Self::Rpm, Self::Tpm, Self::Rph, Self::Rpd, Self::Tpd];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Rph => "rph",
            Self::Rpd => "rpd",
            Self::Tpd => "tpd",
        }
    }

    /// What it counts.
    pub fn counted(self) -> Counted {
        match self {
            Self::Rpm | Self::Rph | Self::Rpd => Counted::Requests,
            Self::Tpm | Self::Tpd => Counted::Tokens,
        }
    }

    /// Over how long.
    pub fn span(self) -> Span {
        match self {
            Self::Rpm | Self::Tpm => Span::Minute,
            Self::Rph => Span::Hour,
            Self::Rpd | Self::Tpd => Span::Day,
        }
    }
}

/// The limits of one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Requests per minute.
    pub rpm: Option<i64>,
    /// Tokens per minute.
    pub tpm: Option<i64>,
    /// Requests per hour.
    pub rph: Option<i64>,
    /// Requests per day.
    pub rpd: Option<i64>,
    /// Tokens per day.
    pub tpd: Option<i64>,
}

/// A value that its parent does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeds {
    /// Which limit.
    pub window: Window,
    /// What was asked for.
    pub asked: i64,
    /// What the parent has.
    pub allowed: i64,
}

impl Limits {
    /// The value of a window.
    pub fn get(&self, window: Window) -> Option<i64> {
        match window {
            Window::Rpm => self.rpm,
            Window::Tpm => self.tpm,
            Window::Rph => self.rph,
            Window::Rpd => self.rpd,
            Window::Tpd => self.tpd,
        }
    }

    /// Sets the value of a window.
    pub fn set(&mut self, window: Window, value: Option<i64>) {
        *match window {
            Window::Rpm => &mut self.rpm,
            Window::Tpm => &mut self.tpm,
            Window::Rph => &mut self.rph,
            Window::Rpd => &mut self.rpd,
            Window::Tpd => &mut self.tpd,
        } = value;
    }

    /// Nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The windows whose value can not be: below zero or beyond [`MAX_LIMIT`].
    pub fn invalid(&self) -> impl Iterator<Item = Window> + '_ {
        Window::ALL.into_iter().filter(|window| self.get(*window).is_some_and(|value| !(0..=MAX_LIMIT).contains(&value)))
    }

    /// Every value above the parent's. A value that is not set is always within, on either side.
    pub fn exceeding(&self, parent: &Self) -> Vec<Exceeds> {
        let above = |window| {
            let (asked, allowed) = (self.get(window)?, parent.get(window)?);
            (asked > allowed).then_some(Exceeds { window, asked, allowed })
        };
        Window::ALL.into_iter().filter_map(above).collect()
    }

    /// With each value lowered to the parent's where it is above.
    #[must_use]
    pub fn clamped(mut self, parent: &Self) -> Self {
        for above in self.exceeding(parent) {
            self.set(above.window, Some(above.allowed));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_lies_within_its_parent_or_is_not_set() {
        let parent = Limits { rpm: Some(60), tpd: Some(0), ..Limits::default() };
        assert_eq!(Limits::default().exceeding(&parent), vec![]);
        let child = Limits { rpm: Some(61), tpm: Some(i64::MAX), tpd: Some(1), ..Limits::default() };
        let found: Vec<_> =
            child.exceeding(&parent).into_iter().map(|above| (above.window, above.asked, above.allowed)).collect();
        assert_eq!(found, vec![(Window::Rpm, 61, 60), (Window::Tpd, 1, 0)]);
        let clamped = child.clamped(&parent);
        assert_eq!(clamped, Limits { rpm: Some(60), tpm: Some(i64::MAX), tpd: Some(0), ..Limits::default() });
        assert_eq!(clamped.exceeding(&parent), vec![]);
        assert_eq!(child.exceeding(&Limits::default()), vec![], "nothing set limits nothing");
    }

    #[test]
    fn values_below_zero_and_beyond_the_largest_are_named() {
        let limits = Limits { rpm: Some(-1), tpm: Some(MAX_LIMIT), rph: Some(MAX_LIMIT + 1), rpd: Some(0), tpd: None };
        assert_eq!(limits.invalid().collect::<Vec<_>>(), vec![Window::Rpm, Window::Rph]);
    }
}
