//! Asking for a model that needs approval: what is asked, where it stands, and until when it was given.

use serde::{Deserialize, Serialize};

use super::{
    authorization::GrantLevel,
    format,
    ids::{ModelId, OrgId, RequestId, TeamId, UserId},
    time::{DAY_MS, UnixMs},
};

/// Requests of one person that may wait in one team.
pub const PENDING_MAX: i64 = 50;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waits.
    Pending,
    /// Was approved.
    Approved,
    /// Was rejected.
    Rejected,
    /// Was taken back by who asked.
    Withdrawn,
}

impl RequestState {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Rejected, Self::Withdrawn].into_iter().find(|state| state.as_str() == text)
    }
}

/// What came of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAccess {
    /// For the whole team.
    pub for_team: bool,
    /// Ends by itself at.
    pub ends_at: Option<UnixMs>,
    /// Was taken back, or its end was noted, at.
    pub ended_at: Option<UnixMs>,
}

/// A request for a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// Identifier.
    pub id: RequestId,
    /// Team.
    pub team: TeamId,
    /// Its short name.
    pub team_slug: String,
    /// Its name.
    pub team_name: String,
    /// Its organization.
    pub organization: Option<OrgId>,
    /// Who asks.
    pub user: UserId,
    /// Their name.
    pub user_name: String,
    /// Their address.
    pub user_email: String,
    /// For the whole team.
    pub for_team: bool,
    /// Model.
    pub model: ModelId,
    /// Its name, as of then.
    pub model_name: String,
    /// Why.
    pub reason: String,
    /// Until when it is wanted.
    pub wanted_until: Option<UnixMs>,
    /// Where it stands.
    pub state: RequestState,
    /// Asked at.
    pub created_at: UnixMs,
    /// Decided at.
    pub decided_at: Option<UnixMs>,
    /// Name of who decided.
    pub decided_by: String,
    /// A word of who decided.
    pub note: String,
    /// What came of it; none unless it was approved.
    pub given: Option<GivenAccess>,
    /// Who decides now; none once it is decided, or where nothing is left to approve.
    pub approver: Option<GrantLevel>,
    /// Whether the viewer may decide.
    pub may_decide: bool,
}

/// Where a request stands, seen from now: what was approved can be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStanding {
    /// Waits for a decision.
    Waiting,
    /// Approved, and the model can be called.
    Approved,
    /// Approved, and its time is over.
    Expired,
    /// Approved, and taken back since.
    Ended,
    /// Rejected.
    Declined,
    /// Taken back by who asked.
    Withdrawn,
}

impl RequestStanding {
    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Approved => "Approved",
            Self::Expired => "Expired",
            Self::Ended => "Ended",
            Self::Declined => "Declined",
            Self::Withdrawn => "Withdrawn",
        }
    }
}

impl AccessRequest {
    /// Where it stands now.
    pub fn standing(&self, now: UnixMs) -> RequestStanding {
        match (self.state, self.given) {
            (RequestState::Pending, _) => RequestStanding::Waiting,
            (RequestState::Rejected, _) => RequestStanding::Declined,
            (RequestState::Withdrawn, _) => RequestStanding::Withdrawn,
            (RequestState::Approved, Some(given)) => match (given.ends_at, given.ended_at) {
                (Some(end), Some(ended)) if ended < end => RequestStanding::Ended,
                (Some(end), _) if end <= now => RequestStanding::Expired,
                (_, Some(_)) => RequestStanding::Ended,
                (_, None) => RequestStanding::Approved,
            },
            // The model is gone, and what was given for it.
            (RequestState::Approved, None) => RequestStanding::Ended,
        }
    }

    /// Who decided before somebody else could, a sentence.
    pub fn decided_already(&self) -> String {
        let by = if self.decided_by.is_empty() { "Somebody" } else { &self.decided_by };
        match self.state {
            RequestState::Approved => format!("{by} approved this request already. Nothing was changed."),
            RequestState::Rejected => format!("{by} declined this request already. Nothing was changed."),
            RequestState::Pending | RequestState::Withdrawn => {
                format!("{} took this request back. Nothing was changed.", self.user_name)
            }
        }
    }
}

/// A model that somebody can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskableModel {
    /// Public name.
    pub name: String,
    /// Who decides.
    pub approver: GrantLevel,
    /// A request of theirs waits already.
    pub waits: bool,
}

/// What somebody can ask for in a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskForm {
    /// The team's name.
    pub team_name: String,
    /// Its organization's name.
    pub organization_name: String,
    /// They may ask for the whole team.
    pub may_ask_for_team: bool,
    /// Models, by name.
    pub models: Vec<AskableModel>,
    /// Names of those who decide in the team.
    pub team_approvers: Vec<String>,
}

/// Reads the last day of something as date inputs write it (`2026-11-30`): it ends with that day, in UTC. Nothing means no end.
pub fn parse_last_day(text: &str) -> Result<Option<UnixMs>, String> {
    Ok(UnixMs::parse_day(text)?.map(|day| day.plus(DAY_MS)))
}

/// The last day of what ends then: `30 Nov 2026`.
pub fn last_day(end: UnixMs) -> String {
    format::date(end.plus(-1))
}

/// The same as date inputs write it.
pub fn last_day_value(end: UnixMs) -> String {
    let (year, month, day) = end.plus(-1).civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// The end that was decided: the day that was asked for means the moment that was asked for.
pub fn decided_end(decided: Option<UnixMs>, wanted: Option<UnixMs>) -> Option<UnixMs> {
    match (decided, wanted) {
        (Some(decided), Some(wanted)) if decided > wanted && last_day(decided) == last_day(wanted) => Some(wanted),
        (decided, _) => decided,
    }
}

/// Names as a sentence counts them: `Maya, Jonas or Priya`.
pub fn names_or(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_ends_with_its_midnight() {
        assert_eq!(parse_last_day(" "), Ok(None));
        let end = UnixMs::from_civil(2026, 12, 1);
        assert_eq!(parse_last_day("2026-11-30"), Ok(Some(end)));
        assert_eq!((last_day(end), last_day_value(end)), ("30 Nov 2026".into(), "2026-11-30".into()));
        for bad in ["tomorrow", "2026-11-31", "2026-1-1", "26-11-30", "-026-11-30", "2026-11-30-1", "２026-11-30"] {
            assert!(parse_last_day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_day_that_was_asked_for_is_no_longer_than_was_asked() {
        let (noon, night) = (UnixMs::from_civil(2026, 11, 30).plus(DAY_MS / 2), UnixMs::from_civil(2026, 12, 1));
        assert_eq!(decided_end(Some(night), Some(noon)), Some(noon));
        assert_eq!(decided_end(Some(night), None), Some(night));
        assert_eq!(decided_end(Some(night.plus(DAY_MS)), Some(noon)), Some(night.plus(DAY_MS)), "refused later");
        assert_eq!(decided_end(None, Some(noon)), None);
    }

    #[test]
    fn names_are_counted_in_words() {
        let names = ["Maya", "Jonas", "Priya"].map(str::to_owned);
        assert_eq!(
            [0, 1, 2, 3].map(|n| names_or(&names[..n])),
            ["", "Maya", "Maya or Jonas", "Maya, Jonas or Priya"].map(str::to_owned)
        );
    }
}
