//! Members of teams: who they are, what they hold and use.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::{
    ids::{TeamId, UserId},
    roles::Role,
    time::UnixMs,
};

/// A member with what a list shows.
#[derive(Clone, Debug)]
pub struct ListedMember {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Address, as typed.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Joined at.
    pub joined_at: UnixMs,
    /// The account is disabled.
    pub disabled: bool,
    /// Keys that work now, without application keys.
    pub active_keys: i64,
    /// Spent since a time.
    pub spent: i64,
    /// Last call in this team.
    pub last_active_at: Option<UnixMs>,
}

/// Members of a team whose name or address contains a text, whatever the case; with what they spent since `spent_since`.
pub async fn list(
    c: &mut AnyConnection,
    team: TeamId,
    text: &str,
    now: UnixMs,
    spent_since: UnixMs,
) -> Result<Vec<ListedMember>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT u.id, u.name, u.email, CASE WHEN t.owner_user_id = m.user_id THEN 'owner' ELSE m.role END AS role, m.joined_at,
             CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END AS disabled,
             (SELECT COUNT(*) FROM api_keys k WHERE k.team_id = m.team_id AND k.user_id = m.user_id AND k.kind <> 'application'
                 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $3)) AS active_keys,
             CAST(COALESCE(s.spent, 0) AS BIGINT) AS spent,
             -- Where single calls are not kept any more, the day of the last one is.
             COALESCE((SELECT MAX(e.at) FROM usage_events e WHERE e.team_id = m.team_id AND e.user_id = m.user_id),
                 (SELECT MAX(g.day_at) FROM usage_pages g WHERE g.team_id = m.team_id AND g.user_id = m.user_id)) AS last_active_at
         FROM team_members m JOIN teams t ON t.id = m.team_id JOIN users u ON u.id = m.user_id
         LEFT JOIN (SELECT r.user_id, SUM(r.cost) AS spent FROM usage_rollups r WHERE r.team_id = $1 AND r.start_at >= $4 GROUP BY r.user_id) s
             ON s.user_id = m.user_id
         WHERE m.team_id = $1 AND ($2 = '%%' OR LOWER(u.name) LIKE $2 ESCAPE '\\' OR LOWER(u.email) LIKE $2 ESCAPE '\\')
         ORDER BY u.id",
    )
    .bind(team.to_string())
    .bind(super::contains(text))
    .bind(now.0)
    .bind(spent_since.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ListedMember {
                user: row.id("id")?,
                name: row.text("name")?,
                email: row.text("email")?,
                role: row.word("role", Role::parse)?,
                joined_at: row.time("joined_at")?,
                disabled: row.flag("disabled")?,
                active_keys: row.int("active_keys")?,
                spent: row.int("spent")?,
                last_active_at: row.time_opt("last_active_at")?,
            })
        })
        .collect()
}

/// Normalized addresses of a team's members.
pub async fn list_addresses(c: &mut AnyConnection, team: TeamId) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query("SELECT u.email_normalized FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = $1")
        .bind(team.to_string())
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| row.text("email_normalized")).collect()
}

/// What is stored of a role. Who owns the team stands in the team alone; apart from owning it, they are an admin.
pub(super) fn stored(role: Role) -> Role {
    if role == Role::Owner { Role::Admin } else { role }
}

/// Sets a member's role; whoever owns the team stays owner.
pub async fn update_role(c: &mut AnyConnection, team: TeamId, user: UserId, role: Role) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE team_members SET role = $3 WHERE team_id = $1 AND user_id = $2")
        .bind(team.to_string())
        .bind(user.to_string())
        .bind(stored(role).as_str())
        .execute(c)
        .await?;
    Ok(())
}

/// Takes somebody out of a team. The database refuses it for the owner.
pub async fn delete(c: &mut AnyConnection, team: TeamId, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM team_members WHERE team_id = $1 AND user_id = $2")
        .bind(team.to_string())
        .bind(user.to_string())
        .execute(c)
        .await?;
    Ok(())
}

/// Takes somebody out of all shared teams.
pub async fn delete_all_of(c: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM team_members WHERE user_id = $1 AND team_id IN (SELECT id FROM teams WHERE kind = 'team')")
        .bind(user.to_string())
        .execute(c)
        .await?;
    Ok(())
}

/// Makes a member the owner, if the team is still owned by who was; whether it was. Both are admins apart from that.
pub async fn transfer(c: &mut AnyConnection, team: TeamId, from: UserId, to: UserId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE teams SET owner_user_id = $3 WHERE id = $1 AND owner_user_id = $2 AND deleted_at IS NULL")
        .bind(team.to_string())
        .bind(from.to_string())
        .bind(to.to_string())
        .execute(&mut *c)
        .await?;
    update_role(&mut *c, team, from, Role::Owner).await?;
    update_role(c, team, to, Role::Owner).await?;
    Ok(done.rows_affected() > 0)
}
