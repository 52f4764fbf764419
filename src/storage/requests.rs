//! What requests of all kinds have in common: whoever asked has some that wait, the first decision closes one. Each kind has a table.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::{
    access_requests::RequestState,
    ids::{RequestId, TeamId, UserId},
    money::NanoUsd,
    time::UnixMs,
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A model.
    Access,
    /// A higher budget.
    Budget,
}

impl RequestKind {
    fn table(self) -> &'static str {
        match self {
            Self::Access => "access_requests",
            Self::Budget => "budget_requests",
        }
    }
}

/// What came of a request.
#[derive(Clone, Copy, Debug)]
pub struct Closed<'a> {
    /// Where it stands.
    pub state: RequestState,
    /// Who decided.
    pub by: UserId,
    /// Their name.
    pub by_name: &'a str,
    /// Their word.
    pub note: &'a str,
    /// The budget that was approved, and until when. What comes of the other kind has a table of its own.
    pub given: Option<(NanoUsd, Option<UnixMs>)>,
}

/// Closes a request that waits; whether it did.
pub async fn close(
    c: &mut AnyConnection,
    (kind, id): (RequestKind, RequestId),
    closed: Closed<'_>,
    at: UnixMs,
) -> Result<bool, sqlx::Error> {
    let given = match kind {
        RequestKind::Access => "",
        RequestKind::Budget => ", given = $7, given_until = $8",
    };
    let sql = format!(
        "UPDATE {} SET state = $2, decided_at = $3, decided_by = $4, decided_by_name = $5, note = $6{given}
         WHERE id = $1 AND state = 'pending'",
        kind.table()
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id.to_string())
        .bind(closed.state.as_str())
        .bind(at.0)
        .bind(closed.by.to_string())
        .bind(closed.by_name.to_owned())
        .bind(closed.note.to_owned());
    let query = match kind {
        RequestKind::Access => query,
        RequestKind::Budget => {
            let until = closed.given.and_then(|(_, until)| until);
            query.bind(closed.given.map(|(amount, _)| amount.0)).bind(until.map(|at| at.0))
        }
    };
    Ok(query.execute(c).await?.rows_affected() > 0)
}

/// How many requests of somebody wait in a team.
pub async fn count_pending(c: &mut AnyConnection, kind: RequestKind, team: TeamId, user: UserId) -> Result<i64, sqlx::Error> {
    let sql = format!("SELECT COUNT(*) AS n FROM {} WHERE team_id = $1 AND user_id = $2 AND state = 'pending'", kind.table());
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(user.to_string()).fetch_one(c).await?.int("n")
}

/// Withdraws what somebody asked for in a team, because they left it.
pub async fn withdraw_of_member(c: &mut AnyConnection, team: TeamId, user: UserId, at: UnixMs) -> Result<(), sqlx::Error> {
    for kind in [RequestKind::Access, RequestKind::Budget] {
        let sql = format!(
            "UPDATE {} SET state = 'withdrawn', decided_at = $3, decided_by = $2
             WHERE team_id = $1 AND user_id = $2 AND state = 'pending'",
            kind.table()
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(user.to_string()).bind(at.0).execute(&mut *c).await?;
    }
    Ok(())
}
