//! Statistics and call log of a team or personal space. Sums are visible to everybody in it; who used what, to those whose role says
//! so; everybody sees their own calls.

pub mod asked;
mod calls;
mod exports;
mod log_menus;
pub mod ranking;
pub mod statistics;
pub mod zones;

pub use calls::{Bounds, CallQuery, CallsPage};
pub use exports::{ExportProgress, ExportState, Exports, RunningExport};
pub use log_menus::{LogChoice, LogMenus, counted};

use std::collections::HashMap;

use crate::{
    domain::{
        ids::UserId,
        latency,
        money::NanoUsd,
        roles::Action,
        time::UnixMs,
        usage::{TestCalls, UsageBucket, UsageReport, UsageShare},
        usage_range::UsageRange,
    },
    service::{Caller, ServiceError, Services},
    storage::{self, usage::ReportFilter},
};

/// What figures are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// The person whose key was used.
    Member,
    /// The model as it was asked for.
    Model,
    /// The key.
    Key,
}

impl Services {
    /// Figures of a range, in total and by interval.
    pub async fn usage_report(
        &self,
        caller: &Caller,
        team: &str,
        range: UsageRange,
        test: TestCalls,
    ) -> Result<UsageReport, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let filter = ReportFilter { team: team.id, from: range.from, to: range.to, test };
        let sums = storage::usage::sum_by_bucket(&mut c, &filter, range.bucket_ms).await?;
        let latencies = storage::usage::count_latencies(&mut c, &filter, range.bucket_ms).await?;
        Ok(report(range, sums.into_iter().collect(), &latencies))
    }

    /// Figures of a range by member, model or key, dearest first.
    pub async fn usage_by(
        &self,
        caller: &Caller,
        team: &str,
        range: UsageRange,
        test: TestCalls,
        group: GroupBy,
    ) -> Result<Vec<UsageShare>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let everyones = standing.may(Action::ViewEveryonesUsage);
        // A team may open the ranking to its members: each sees where they stand, and nobody else's name.
        let masked = group == GroupBy::Member && team.ranking_open && standing.may(Action::OwnKeys);
        if group != GroupBy::Model && !everyones && !masked {
            return Err(ServiceError::Denied(Action::ViewEveryonesUsage));
        }
        let filter = ReportFilter { team: team.id, from: range.from, to: range.to, test };
        Ok(match group {
            GroupBy::Member if !everyones => mask(storage::usage::sum_by_member(&mut c, &filter).await?, caller.user.id),
            GroupBy::Member => storage::usage::sum_by_member(&mut c, &filter).await?,
            GroupBy::Model => storage::usage::sum_by_model(&mut c, &filter).await?,
            GroupBy::Key => storage::usage::sum_by_key(&mut c, &filter).await?,
        })
    }

    /// Whether a call was ever booked in a team.
    pub async fn has_calls(&self, caller: &Caller, team: &str) -> Result<bool, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        Ok(storage::usage::has_calls(&mut c, team.id).await?)
    }

    /// What a team was charged since the start of the month (UTC).
    pub async fn spent_this_month(&self, caller: &Caller, team: &str) -> Result<NanoUsd, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let (year, month, _) = self.clock.now().civil();
        let spent = storage::usage::sum_cost(&mut c, team.id, UnixMs::from_civil(year, month, 1), UnixMs(i64::MAX)).await?;
        Ok(NanoUsd(spent))
    }
}

/// The same figures without the names of others.
fn mask(mut rows: Vec<UsageShare>, viewer: UserId) -> Vec<UsageShare> {
    let own = viewer.to_string();
    for (place, row) in rows.iter_mut().enumerate().filter(|(_, row)| row.id != own) {
        (row.id, row.name) = (String::new(), format!("Member {}", place + 1));
    }
    rows
}

fn report(
    range: UsageRange,
    sums: HashMap<UnixMs, crate::domain::usage::Figures>,
    latencies: &[(UnixMs, i64, i64)],
) -> UsageReport {
    let mut by_start: HashMap<UnixMs, Vec<(i64, i64)>> = HashMap::new();
    for (start, class, calls) in latencies {
        by_start.entry(*start).or_default().push((*class, *calls));
    }
    let bucket = |start, figures, counts: &mut [(i64, i64)]| UsageBucket {
        start,
        figures,
        p50_ms: latency::percentile(counts, 0.5),
        p95_ms: latency::percentile(counts, 0.95),
    };
    let mut total = bucket(range.from, Default::default(), &mut summed(latencies));
    let buckets = range
        .starts()
        .map(|start| {
            let figures = sums.get(&start).copied().unwrap_or_default();
            total.figures.add(&figures);
            bucket(start, figures, by_start.get_mut(&start).map_or(&mut [], Vec::as_mut_slice))
        })
        .collect();
    UsageReport { from: range.from, to: range.to, bucket_ms: range.bucket_ms, total, buckets }
}

fn summed(latencies: &[(UnixMs, i64, i64)]) -> Vec<(i64, i64)> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    for (_, class, calls) in latencies {
        *sums.entry(*class).or_default() += calls;
    }
    sums.into_iter().collect()
}
