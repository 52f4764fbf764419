//! How calls ended, in words.

use super::ExportState as Shown;
use crate::{
    domain::{format, usage::Outcome},
    service::usage::{ExportProgress, ExportState},
};

/// The word for the list, its tone and its icon.
pub(super) fn ended(outcome: Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Outcome::Completed => ("Completed", "", "okc"),
        Outcome::Cancelled => ("Client left", "", "out"),
        Outcome::UpstreamRejected => ("Rejected upstream", "warn", "alert"),
        Outcome::UpstreamError => ("Failed upstream", "danger", "alert"),
        Outcome::UpstreamTimeout => ("Timed out", "danger", "clock"),
        Outcome::Interrupted => ("Interrupted", "danger", "alert"),
        Outcome::Refused => ("Refused", "warn", "lock"),
    }
}

/// What it means, and what to do where there is something to do.
pub(super) fn meaning(outcome: Outcome, code: &str) -> &'static str {
    match (outcome, code) {
        (Outcome::Completed, _) => "The client got the whole answer.",
        (Outcome::Cancelled, _) => "The client closed the connection before the end. What was produced until then is charged.",
        (Outcome::UpstreamRejected, _) => {
            "The provider did not accept the request, and its answer was passed on as it was. The request itself has to be changed."
        }
        (Outcome::UpstreamTimeout, _) => "The provider did not answer in time. The call can be made again.",
        (Outcome::UpstreamError, "upstream_rate_limited") => {
            "Every provider of the model said that it is asked too often. The call can be made again later."
        }
        (Outcome::UpstreamError, _) => {
            "Every provider of the model failed, or sent what could not be read. The call can be made again."
        }
        (Outcome::Interrupted, _) => {
            "Tallygate stopped while the call was under way. A stream is charged for what was sent; any other call costs nothing."
        }
        (Outcome::Refused, code) => refused(code),
    }
}

fn refused(code: &str) -> &'static str {
    match code {
        "rate_limit_exceeded" => {
            "A window of requests or tokens was full, so the call was not sent. Quotas and budgets says which one, and who can raise it."
        }
        "budget_exceeded" => {
            "A budget of the key, the member, the grant or the model was used up, so the call was not sent. An owner or admin can raise it."
        }
        "spending_limit_reached" => {
            "The spending limit of the team or its organization was reached, so the call was not sent. An owner or admin can raise it."
        }
        "insufficient_balance" => {
            "The balance was used up, so the call was not sent. Billing shows the plan and what can be changed."
        }
        "model_requires_approval" => "The model needs approval here, so the call was not sent. Models is where to ask for it.",
        "model_not_in_key_scope" => {
            "The key may not call this model, so the call was not sent. Edit the key, or use another one."
        }
        "model_not_allowed" | "model_not_found" => "The model is not available to this team, so the call was not sent.",
        "service_unavailable" => "Tallygate could not check or record the call, so it was not sent. The call can be made again.",
        _ => "The call was not let through and not sent to a provider.",
    }
}

/// How far a file has come.
pub(super) fn exported(progress: &ExportProgress) -> Shown {
    let calls = |count: i64| format::grouped(count.unsigned_abs());
    let rows = calls(progress.rows);
    let expected = progress.expected.filter(|expected| *expected > 0);
    let text = match (progress.state, expected) {
        (ExportState::Whole, _) => format!("File complete: {rows} calls"),
        (ExportState::Stopped, _) => format!("Stopped after {rows} calls: the file is not complete"),
        (ExportState::Running, Some(expected)) if progress.rows <= expected => format!("{rows} of {} calls", calls(expected)),
        (ExportState::Running, _) => format!("{rows} calls so far"),
    };
    let share = |expected: i64| u16::try_from(progress.rows.min(expected).saturating_mul(10_000) / expected).unwrap_or(10_000);
    Shown {
        text,
        share_bp: if progress.state == ExportState::Whole { Some(10_000) } else { expected.map(share) },
        over: progress.state != ExportState::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_far_it_has_come() {
        let at = |rows, expected, state| exported(&ExportProgress { rows, expected, state });
        let running = at(1_000, Some(4_000), ExportState::Running);
        assert_eq!((running.text.as_str(), running.share_bp, running.over), ("1,000 of 4,000 calls", Some(2_500), false));
        assert_eq!(at(5_000, Some(4_000), ExportState::Running).text, "5,000 calls so far", "more came meanwhile");
        assert_eq!(at(7, None, ExportState::Running).share_bp, None);
        assert_eq!(at(0, Some(0), ExportState::Whole).share_bp, Some(10_000));
        assert!(at(7, Some(9), ExportState::Stopped).over);
    }

    #[test]
    fn every_ending_has_its_words() {
        for outcome in Outcome::ALL {
            assert!(!ended(outcome).0.is_empty() && meaning(outcome, "").ends_with('.'), "{outcome:?}");
        }
        assert_ne!(meaning(Outcome::Refused, "rate_limit_exceeded"), meaning(Outcome::Refused, "model_not_in_key_scope"));
    }
}
