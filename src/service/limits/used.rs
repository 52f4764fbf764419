//! How much of what is set is used. The counters that are asked are those that refuse.

use super::{LimitsView, Place};
use crate::{
    domain::{
        limit_scopes::BudgetPer,
        limits::{Counted, Span, Window},
        money::NanoUsd,
        time::UnixMs,
    },
    service::{
        ServiceError, Services,
        quota::{BookId, InWindow},
    },
    storage::{
        AnyConnection,
        usage::{find_peak_minute, sum_spent},
    },
};

/// What a scope has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Of the last minute, hour and 24 hours.
    windows: [InWindow; 3],
    peak: (i64, i64),
    /// Charged in what its budget runs over.
    pub spent: NanoUsd,
}

impl Used {
    /// What is in a window now.
    pub fn now(&self, window: Window) -> i64 {
        let inside = self.windows[Span::ALL.iter().position(|span| *span == window.span()).unwrap_or_default()];
        let used = match window.counted() {
            Counted::Requests => inside.requests,
            Counted::Tokens => inside.tokens,
        };
        i64::try_from(used).unwrap_or(i64::MAX)
    }

    /// The most in one minute of the last 24 hours; none for the longer windows.
    pub fn peak(&self, window: Window) -> Option<i64> {
        match window {
            Window::Rpm => Some(self.peak.0),
            Window::Tpm => Some(self.peak.1),
            Window::Rph | Window::Rpd | Window::Tpd => None,
        }
    }
}

impl Services {
    /// How much a scope has used, with what was the most in a minute.
    pub(in crate::service) async fn find_used(
        &self,
        c: &mut AnyConnection,
        place: &Place,
        view: &LimitsView,
    ) -> Result<Used, ServiceError> {
        let book = match (place.organization, place.team) {
            (Some(organization), _) => Some(BookId::Organization(organization)),
            (None, team) => team.map(BookId::Personal),
        };
        let counted = book.map(|book| self.quota.standing(book, view.scope, view.at, view.period));
        Ok(Used {
            windows: counted.map(|counted| counted.windows).unwrap_or_default(),
            peak: find_peak_minute(c, view.scope, view.at).await?,
            spent: self.find_spent(c, view).await?,
        })
    }

    /// What was charged in what a scope's budget runs over.
    pub(in crate::service) async fn find_spent(&self, c: &mut AnyConnection, view: &LimitsView) -> Result<NanoUsd, ServiceError> {
        let since = match view.allowance.per {
            BudgetPer::Period => view.period.start,
            BudgetPer::Total => UnixMs(0),
        };
        Ok(NanoUsd(sum_spent(c, view.scope, since).await?))
    }
}
