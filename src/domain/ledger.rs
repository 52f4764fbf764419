//! The ledger of a team: every movement of its money, and the lines and statements that people read.

use serde::{Deserialize, Serialize};

use super::{audit::csv_cell, billing::Movement, format, money::NanoUsd, plan_changes::Statement, time::UnixMs};

/// Kinds of movements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Included usage of seats.
    SeatCredit,
    /// Charges of calls.
    UsageCharge,
    /// Made by a platform admin, with a reason.
    Adjustment,
    /// Credit that was not used.
    Expiry,
}

impl EntryKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::SeatCredit, Self::UsageCharge, Self::Adjustment, Self::Expiry];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeatCredit => "seat_credit",
            Self::UsageCharge => "usage_charge",
            Self::Adjustment => "adjustment",
            Self::Expiry => "expiry",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::SeatCredit => "Seat credit",
            Self::UsageCharge => "Usage",
            Self::Adjustment => "Adjustment",
            Self::Expiry => "Expired",
        }
    }
}

/// A movement with its place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3 … without gap.
    pub seq: i64,
    /// The line that it is part of.
    pub line: i64,
    /// Sum of all entries up to this one.
    pub balance_after: i64,
    /// What.
    pub movement: Movement,
}

/// A line of the ledger as people read it: one movement, or the neighbouring charges of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Its number in the ledger, from 1.
    pub line: i64,
    /// When, or of the last charge.
    pub at: UnixMs,
    /// What.
    pub kind: EntryKind,
    /// Signed, in nano-dollars.
    pub amount: i64,
    /// For people.
    pub description: String,
    /// Balance after it.
    pub balance_after: i64,
    /// Who made it; empty where nobody did.
    pub actor_name: String,
    /// Usage: the day of the calls.
    pub day: Option<UnixMs>,
    /// Start of the period that it belongs to.
    pub period_start: UnixMs,
}

/// Which lines are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    /// Only of this kind.
    pub kind: Option<EntryKind>,
    /// Only of the period that begins then.
    pub period_start: Option<UnixMs>,
}

/// Columns of an export. Amounts are dollars, exact.
pub const LEDGER_CSV_HEAD: &str = "time,kind,description,by,amount_usd,balance_after_usd,period_start\r\n";

/// A line of an export. Texts are defused; amounts are digits that this program wrote, and stay numbers.
pub fn ledger_csv_row(line: &LedgerLine) -> String {
    let cells = [
        format::rfc3339(line.at),
        line.kind.as_str().to_owned(),
        csv_cell(&line.description),
        csv_cell(&line.actor_name),
        NanoUsd(line.amount).plain(),
        NanoUsd(line.balance_after).plain(),
        format::rfc3339(line.period_start),
    ];
    format!("{}\r\n", cells.join(","))
}

/// Columns of a statement's file. What is none of the balance has no balance after it.
const STATEMENT_CSV_HEAD: &str = "section,time,kind,description,by,calls,amount_usd,balance_after_usd\r\n";

/// A statement as a file: the sums, the fees of seats, every line of the ledger and what models were charged, in the order of the page.
/// `balance` rows from the second to the last but one add up from the first to the last; so do the `movement` rows.
pub fn statement_csv(statement: &Statement) -> String {
    let mut text = STATEMENT_CSV_HEAD.to_owned();
    let mut add = |cells: [String; 8]| {
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    let money = |nano: i64| NanoUsd(nano).plain();
    let start = format::rfc3339(statement.period.start);
    for (kind, label, amount) in statement.sums() {
        let kind = kind.map_or_else(String::new, |kind| kind.as_str().to_owned());
        add(["balance".into(), start.clone(), kind, csv_cell(label), String::new(), String::new(), money(amount), String::new()]);
    }
    for fee in &statement.fees {
        let (at, words) = (format::rfc3339(fee.at), csv_cell(&fee.description));
        add(["seats".into(), at, "seat_fee".into(), words, String::new(), String::new(), money(fee.amount), String::new()]);
    }
    for line in &statement.lines {
        add([
            "movement".into(),
            format::rfc3339(line.at),
            line.kind.as_str().into(),
            csv_cell(&line.description),
            csv_cell(&line.actor_name),
            String::new(),
            money(line.amount),
            money(line.balance_after),
        ]);
    }
    for share in &statement.models {
        let (name, calls) = (csv_cell(&share.name), share.figures.requests.to_string());
        add([
            "model".into(),
            start.clone(),
            "usage".into(),
            name,
            String::new(),
            calls,
            money(share.figures.cost),
            String::new(),
        ]);
    }
    text
}
