//! Statistics and call log of a team or personal space. Sums are visible to everybody in it; who used what, to those whose role says
//! so; everybody sees their own calls.

pub mod asked;
mod calls;
mod contexts;
mod exports;
mod forecast;
pub mod hour_marks;
mod log_menus;
pub mod marks;
mod own;
pub mod ranking;
pub mod retention;
mod series;
pub mod statistics;
pub mod zones;

pub use calls::{Bounds, CallQuery, CallsPage};
pub use contexts::{DailyCosts, OwnContext, OwnRequest, OwnView};
pub use exports::{ExportProgress, ExportState, Exports, RunningExport};
pub use forecast::Burn;
pub use log_menus::{LogChoice, LogMenus, counted};

use crate::{
    domain::roles::Action,
    service::{Caller, ServiceError, Services},
    storage::{self, usage::UsageScope},
};

impl Services {
    /// Whether a call was ever booked in a team.
    pub async fn has_calls(&self, caller: &Caller, team: &str) -> Result<bool, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        Ok(storage::usage::has_calls_in(&mut c, UsageScope::Team(team.id)).await?)
    }
}
