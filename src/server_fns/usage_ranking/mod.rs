//! The ranking of a usage page: who, or what, used most.

#[cfg(feature = "ssr")]
mod view;

use leptos::server;
use serde::{Deserialize, Serialize};

use super::{statistics::ChoiceLink, usage::asked::UsageAsked};
use crate::{domain::charts::Delta, error::AppError, wire::PageAnswer};

/// A column's head that sorts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankSort {
    pub label: String,
    pub href: String,
    pub here: bool,
}

/// What an action of a row is about: its icon and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RankAction {
    Limit,
    Role,
    Keys,
    Logs,
}

/// What stands out of a member's days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankMark {
    /// `$41.20 on 17 Nov, 4.1 × the usual for a Tuesday`.
    pub words: String,
    /// The calls of that day.
    pub href: String,
}

/// What is used of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankBudget {
    pub percent: u32,
    /// `$639.45 of $800.00`.
    pub title: String,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankLine {
    pub place: String,
    /// Identifier of a member, for the avatar; empty for others, and where it is not shown.
    pub member: String,
    pub name: String,
    /// The page with only this one's calls; empty where there is no such page.
    pub href: String,
    pub you: bool,
    /// `Left 3 Nov`, `Revoked`; empty for who is there.
    pub gone: String,
    pub spend: String,
    pub spend_title: String,
    pub share: String,
    pub change: Option<Delta>,
    pub requests: String,
    pub requests_title: String,
    pub tokens_in: String,
    pub tokens_out: String,
    pub errors: String,
    pub success: String,
    /// Clearly worse than it should be.
    pub failing: bool,
    pub budget: Option<RankBudget>,
    /// Line and area of the course by day.
    pub spark: Option<(String, String)>,
    pub mark: Option<RankMark>,
    pub actions: Vec<(RankAction, String)>,
}

/// The card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankingView {
    /// Nothing to show: what was asked for is wrong, which the page says.
    pub hidden: bool,
    pub title: String,
    /// `12 members, by spend`.
    pub summary: String,
    /// `Member`, `Key`, `Model`.
    pub noun: String,
    pub switch: Vec<ChoiceLink>,
    /// By spend, requests, tokens, errors.
    pub sorts: Vec<RankSort>,
    /// Who may see it, where the reader may not.
    pub refused: String,
    /// The names of others are left out.
    pub masked: bool,
    pub has_budgets: bool,
    pub has_trends: bool,
    pub rows: Vec<RankLine>,
    /// The file of all rows; empty where there are none.
    pub csv: String,
}

/// The ranking of a place: `t/{team}`, `o/{organization}` or `admin`; of members unless `asked.rank` says otherwise.
#[server(prefix = "/fn", endpoint = "get_usage_ranking", output = PageAnswer)]
pub async fn get_usage_ranking(place: String, #[server(default)] asked: UsageAsked) -> Result<RankingView, AppError> {
    use super::usage::asked::UsagePlace;

    let place = UsagePlace::parse(&place).ok_or(AppError::NotFound)?;
    let (services, caller) = match &place {
        UsagePlace::Team(team) => super::context::viewer(team).await?,
        UsagePlace::Organization(_) | UsagePlace::Platform => super::context::signed_in().await?,
    };
    Ok(view::load(&services, &caller, &place, &asked).await?)
}
