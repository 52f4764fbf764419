//! Statements in words.

use super::{
    Amount, StatementPage, StatementRow, billing_address,
    view::{amount, models, signed_amount, span},
};
use crate::{
    domain::{
        format,
        ledger::{EntryKind, LedgerLine},
        periods::Period,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services},
};

pub(super) async fn statement(
    services: &Services,
    caller: &Caller,
    team: &str,
    start: &str,
) -> Result<StatementPage, ServiceError> {
    let start = start.parse().map(UnixMs).map_err(|_| ServiceError::NotFound)?;
    let found = services.get_statement(caller, team, start).await?;
    let others = services.list_statements(caller, team).await?;
    let base = billing_address(team);
    let other = |period: &Period| (format!("{base}/statements/{}", period.start.0), span(*period));
    let sum = |(kind, label, nano): (Option<EntryKind>, &str, i64)| {
        let amount = if kind.is_some() { signed_amount(nano) } else { amount(nano) };
        (label.to_owned(), amount)
    };
    let line = |line: &LedgerLine| StatementRow {
        date: format::date(line.day.unwrap_or(line.at)),
        what: match line.actor_name.as_str() {
            "" => line.description.clone(),
            by => format!("{} ({by})", line.description),
        },
        amount: signed_amount(line.amount),
        balance: amount(line.balance_after),
    };
    let fees = found.fees.iter().map(|fee| StatementRow {
        date: format::date(fee.at),
        what: fee.description.clone(),
        amount: amount(fee.amount),
        balance: Amount::default(),
    });
    Ok(StatementPage {
        title: format!("Statement {}", format::date(found.period.start)),
        span: span(found.period),
        so_far: !found.over,
        sums: found.sums().into_iter().map(sum).collect(),
        lines: found.lines.iter().map(line).collect(),
        fees: fees.collect(),
        fee: amount(found.fee()),
        models: models(&found.models),
        export: format!("/api/v1/teams/{}/statements/{}/statement.csv", found.team_slug, found.period.start.0),
        others: others.iter().filter(|period| period.start != start).map(other).collect(),
        name: found.team_name,
        slug: found.team_slug,
        organization: found.organization,
    })
}
