//! Calls as lines of files.

use super::{audit::csv_cell, format, money::NanoUsd, usage::CallRow};

/// The first line of a CSV file of calls.
pub const CALLS_CSV_HEAD: &str = "id,time,user,user id,key,key id,model,outcome,status,code,prompt tokens,completion tokens,cost usd,latency ms,first token ms,stream,estimated,test\r\n";

/// A call as a line of a CSV file. Names run nothing in a spreadsheet.
pub fn calls_csv_row(call: &CallRow) -> String {
    let flag = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let cells = [
        call.id.to_string(),
        format::rfc3339(call.at),
        csv_cell(&call.user_name),
        call.user.to_string(),
        csv_cell(&call.key_name),
        call.key.map(|key| key.to_string()).unwrap_or_default(),
        csv_cell(&call.model),
        call.outcome.as_str().to_owned(),
        call.status.to_string(),
        csv_cell(&call.code),
        call.prompt_tokens.to_string(),
        call.completion_tokens.to_string(),
        NanoUsd(call.cost).plain(),
        call.latency_ms.to_string(),
        call.first_token_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        flag(call.stream),
        flag(call.estimated),
        flag(call.test),
    ];
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{CallId, UserId, uuid_v7},
        time::UnixMs,
        usage::Outcome,
    };

    #[test]
    fn a_line_has_a_cell_for_each_head_and_runs_nothing() {
        let call = CallRow {
            id: CallId::from(uuid_v7(UnixMs(1), [1; 10])),
            at: UnixMs(1_795_302_180_000),
            user: UserId::from(uuid_v7(UnixMs(1), [2; 10])),
            user_name: "=HYPERLINK(1)".into(),
            key: None,
            key_name: "ci".into(),
            model: "labs/chat".into(),
            outcome: Outcome::Completed,
            status: 200,
            code: String::new(),
            prompt_tokens: 12,
            completion_tokens: 40,
            cost: 92_000,
            latency_ms: 1_200,
            first_token_ms: None,
            stream: true,
            estimated: false,
            test: false,
        };
        let line = calls_csv_row(&call);
        assert_eq!(line.matches(',').count(), CALLS_CSV_HEAD.matches(',').count());
        assert!(line.contains("\"'=HYPERLINK(1)\"") && line.ends_with(",1200,,yes,no,no\r\n"), "{line}");
    }
}
