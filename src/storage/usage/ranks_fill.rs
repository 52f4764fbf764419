//! Filling rankings' sums with what was booked before they were packed: from the pages of days, a person in a team at a time.

use sqlx::{AnyConnection, Row as _};

use super::{
    folded::Folded,
    statistics_booking::{add_ranks, unreadable},
};
use crate::{
    domain::{time::UnixMs, usage_filter::Dimension, usage_sums::DayPage},
    storage::RowExt,
};

/// Adds the days of the next person. Gives how many there were; none where all is filled. The caller holds the bookers' lock.
pub async fn fill_ranks(c: &mut AnyConnection) -> Result<Option<u64>, sqlx::Error> {
    let row = sqlx::query("SELECT ranks_filled_to FROM usage_booking WHERE id = 1 AND ranks_filled = 0")
        .fetch_optional(&mut *c)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let filled_to = row.text("ranks_filled_to")?;
    let (team, user) = filled_to.split_once(' ').unwrap_or_default();
    let next = sqlx::query(
        "SELECT team_id, user_id FROM usage_pages WHERE team_id > $1 OR (team_id = $1 AND user_id > $2) ORDER BY team_id, user_id LIMIT 1",
    );
    let Some(next) = next.bind(team).bind(user).fetch_optional(&mut *c).await? else {
        sqlx::query("UPDATE usage_booking SET ranks_filled = 1 WHERE id = 1").execute(c).await?;
        return Ok(None);
    };
    let (team, user) = (next.text("team_id")?, next.text("user_id")?);
    let columns: Vec<&str> = Dimension::ALL.into_iter().map(Dimension::column).collect();
    let sql =
        format!("SELECT {}, day_at, test, quarters FROM usage_pages WHERE team_id = $1 AND user_id = $2", columns.join(", "));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.clone()).bind(user.clone()).fetch_all(&mut *c).await?;
    let mut folded = Folded::default();
    for row in &rows {
        let mut values: [String; Dimension::COUNT] = Default::default();
        for (place, value) in values.iter_mut().enumerate() {
            *value = row.try_get(place)?;
        }
        let quarters: Vec<u8> = row.try_get("quarters")?;
        let mut page = DayPage::default();
        page.merge_stored(&quarters).ok_or_else(|| unreadable("usage_pages", "quarters"))?;
        folded.rank_page(&team, &values, row.flag("test")?, UnixMs(row.int("day_at")?), &page);
    }
    add_ranks(&mut *c, &mut folded).await?;
    let filled_to = format!("{team} {user}");
    sqlx::query("UPDATE usage_booking SET ranks_filled_to = $1 WHERE id = 1").bind(filled_to).execute(c).await?;
    Ok(Some(rows.len() as u64))
}
