//! How much of what is set is used.

use super::LimitsView;
use crate::{
    domain::{
        limit_scopes::BudgetPer,
        limits::{Counted, Span, Window},
        money::NanoUsd,
        time::UnixMs,
    },
    service::{ServiceError, Services},
    storage::{
        AnyConnection,
        usage::{WindowUse, find_peak_minute, find_window_use, sum_spent},
    },
};

/// What a scope has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    windows: WindowUse,
    peak: (i64, i64),
    /// Charged in what its budget runs over.
    pub spent: NanoUsd,
}

impl Used {
    /// What is in a window now.
    pub fn now(&self, window: Window) -> i64 {
        let of = match window.counted() {
            Counted::Requests => &self.windows.requests,
            Counted::Tokens => &self.windows.tokens,
        };
        of[Span::ALL.iter().position(|span| *span == window.span()).unwrap_or_default()]
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
    pub(in crate::service) async fn find_used(&self, c: &mut AnyConnection, view: &LimitsView) -> Result<Used, ServiceError> {
        Ok(Used {
            windows: find_window_use(c, view.scope, view.at).await?,
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
