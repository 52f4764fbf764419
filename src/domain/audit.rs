//! The audit log, as pages and exports show it.

use serde::{Deserialize, Serialize};

use super::{
    format,
    ids::{AuditId, OrgId, TeamId, UserId},
    time::UnixMs,
};

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    #[default]
    Done,
    /// It was tried and refused.
    Denied,
}

impl AuditOutcome {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Denied].into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// A field that changed; empty for what was or is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Name of the field.
    pub field: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Identifier.
    pub id: AuditId,
    /// When.
    pub at: UnixMs,
    /// Who; none for what the product did by itself, and for somebody who is not signed in.
    pub actor: Option<UserId>,
    /// Name of who, as it was then.
    pub actor_name: String,
    /// What, such as `key.create`.
    pub action: String,
    /// What became of it.
    pub outcome: AuditOutcome,
    /// Kind of the object, such as `key`.
    pub target_kind: String,
    /// Identifier of the object.
    pub target_id: String,
    /// Name of the object, as it was then.
    pub target_name: String,
    /// Team that it happened in.
    pub team: Option<TeamId>,
    /// Organization that it happened in.
    pub organization: Option<OrgId>,
    /// Name of the team, else of the organization; empty where it belongs to neither.
    pub place: String,
    /// What changed.
    pub changes: Vec<FieldChange>,
    /// `page`, `api` or `system`.
    pub source: String,
    /// Client's address.
    pub address: String,
    /// Request.
    pub request_id: String,
}

/// Which entries are asked for; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Who.
    pub actor: Option<UserId>,
    /// Who, by a part of the name.
    pub person: String,
    /// What: `key.create`, or all of a noun: `key`.
    pub action: String,
    /// What became of it.
    pub outcome: Option<AuditOutcome>,
    /// Kind of the object.
    pub target_kind: String,
    /// Identifier of the object.
    pub target_id: String,
    /// The object, by a part of its name.
    pub object: String,
    /// From this time on.
    pub from: Option<UnixMs>,
    /// Before this time.
    pub to: Option<UnixMs>,
}

/// The head of the export.
pub const CSV_HEAD: &str =
    "time,actor,actor_id,action,outcome,target_kind,target,target_id,changes,source,address,request_id\r\n";

/// A row of the export.
pub fn csv_row(row: &AuditRow) -> String {
    let changes: Vec<String> = row.changes.iter().map(|c| format!("{}: {} → {}", c.field, c.old, c.new)).collect();
    let actor = row.actor.map(|id| id.to_string()).unwrap_or_default();
    let cells = [
        format::rfc3339(row.at),
        row.actor_name.clone(),
        actor,
        row.action.clone(),
        row.outcome.as_str().to_owned(),
        row.target_kind.clone(),
        row.target_name.clone(),
        row.target_id.clone(),
        changes.join("; "),
        row.source.clone(),
        row.address.clone(),
        row.request_id.clone(),
    ];
    format!("{}\r\n", cells.map(|cell| csv_cell(&cell)).join(","))
}

/// A cell of a CSV file: quoted where it must be, and defused where a spreadsheet would run it as a formula.
pub fn csv_cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) || text.starts_with('\'') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_run_nothing_and_keep_their_place() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(1)", "\"'=HYPERLINK(1)\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1", "\"' =1\""),
            ("\t=1", "\"'\t=1\""),
            ("", ""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }
}
