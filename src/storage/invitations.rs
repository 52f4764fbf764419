//! Invitations to teams. Tokens are never here, only their SHA-256.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    ids::{InvitationId, MailId, OrgId, TeamId, UserId},
    invitations::InvitationState,
    roles::Role,
    time::UnixMs,
};

const COLUMNS: &str =
    "i.id, i.team_id, i.email, i.email_normalized, i.role, i.note, i.inviter_user_id, i.state, i.generation, i.mail_token_hash,
    i.link_token_hash, i.mail_id, i.created_at, i.sent_at, i.expires_at, i.accepted_by, i.asked_at";

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Identifier; sorts by the time it was first sent.
    pub id: InvitationId,
    /// Team.
    pub team: TeamId,
    /// Invited address, as typed.
    pub email: String,
    /// Invited address, normalized.
    pub email_normalized: String,
    /// Offered role.
    pub role: Role,
    /// A word of who sent it; may be empty.
    pub note: String,
    /// Who sent it last.
    pub inviter: UserId,
    /// What became of it; one that is over by time is still pending here.
    pub state: InvitationState,
    /// Which of its tokens are good.
    pub generation: i64,
    /// SHA-256 of the token in the mail.
    pub mail_token_hash: String,
    /// SHA-256 of the token in the copied link.
    pub link_token_hash: String,
    /// Its newest mail.
    pub mail: Option<MailId>,
    /// First sent at.
    pub created_at: UnixMs,
    /// Last sent at.
    pub sent_at: UnixMs,
    /// Good until.
    pub expires_at: UnixMs,
    /// Who joined with it.
    pub accepted_by: Option<UserId>,
    /// When its person last asked for a mail.
    pub asked_at: Option<UnixMs>,
}

/// An invitation in a list.
#[derive(Clone, Debug)]
pub struct ListedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Name of who sent it.
    pub inviter_name: String,
}

fn from_row(row: &AnyRow) -> Result<Invitation, sqlx::Error> {
    Ok(Invitation {
        id: row.id("id")?,
        team: row.id("team_id")?,
        email: row.text("email")?,
        email_normalized: row.text("email_normalized")?,
        role: row.word("role", Role::parse)?,
        note: row.text("note")?,
        inviter: row.id("inviter_user_id")?,
        state: row.word("state", InvitationState::parse)?,
        generation: row.int("generation")?,
        mail_token_hash: row.text("mail_token_hash")?,
        link_token_hash: row.text("link_token_hash")?,
        mail: row.id_opt("mail_id")?,
        created_at: row.time("created_at")?,
        sent_at: row.time("sent_at")?,
        expires_at: row.time("expires_at")?,
        accepted_by: row.id_opt("accepted_by")?,
        asked_at: row.time_opt("asked_at")?,
    })
}

fn listed(row: &AnyRow) -> Result<ListedInvitation, sqlx::Error> {
    Ok(ListedInvitation { invitation: from_row(row)?, inviter_name: row.text("inviter_name")? })
}

/// Writes a new invitation. Fails with `invitations_open_key` where the address has one that is open.
pub async fn insert(c: &mut AnyConnection, new: &Invitation) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO invitations (id, team_id, email, email_normalized, role, inviter_user_id, state, generation, mail_token_hash,
             link_token_hash, mail_id, created_at, sent_at, expires_at, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(new.id.to_string())
    .bind(new.team.to_string())
    .bind(&new.email)
    .bind(&new.email_normalized)
    .bind(new.role.as_str())
    .bind(new.inviter.to_string())
    .bind(new.state.as_str())
    .bind(new.generation)
    .bind(&new.mail_token_hash)
    .bind(&new.link_token_hash)
    .bind(new.mail.map(|id| id.to_string()))
    .bind(new.created_at.0)
    .bind(new.sent_at.0)
    .bind(new.expires_at.0)
    .bind(&new.note)
    .execute(c)
    .await?;
    Ok(())
}

/// An invitation of a team.
pub async fn find(c: &mut AnyConnection, team: TeamId, id: InvitationId) -> Result<Option<Invitation>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM invitations i WHERE i.team_id = $1 AND i.id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// The invitation that a token of this hash belongs to.
pub async fn find_by_token(c: &mut AnyConnection, hash: &str) -> Result<Option<Invitation>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM invitations i WHERE i.mail_token_hash = $1 OR i.link_token_hash = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(hash).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// The invitation with this id, if it is for this normalized address.
pub async fn find_for(c: &mut AnyConnection, id: InvitationId, address: &str) -> Result<Option<Invitation>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM invitations i WHERE i.id = $1 AND i.email_normalized = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).bind(address).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// Invitations for a normalized address that wait and are not over, newest first.
pub async fn list_waiting_for(c: &mut AnyConnection, address: &str, now: UnixMs) -> Result<Vec<ListedInvitation>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, u.name AS inviter_name FROM invitations i JOIN users u ON u.id = i.inviter_user_id
         WHERE i.email_normalized = $1 AND i.state = 'pending' AND i.expires_at > $2 ORDER BY i.id DESC"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(address).bind(now.0).fetch_all(c).await?;
    rows.iter().map(listed).collect()
}

/// Open invitations of a team, those over by time included, newest first.
pub async fn list_open(c: &mut AnyConnection, team: TeamId) -> Result<Vec<ListedInvitation>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, u.name AS inviter_name FROM invitations i JOIN users u ON u.id = i.inviter_user_id
         WHERE i.team_id = $1 AND i.state = 'pending' ORDER BY i.id DESC"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).fetch_all(c).await?;
    rows.iter().map(listed).collect()
}

/// Open invitations that somebody sent, in all teams.
pub async fn list_open_of_inviter(c: &mut AnyConnection, inviter: UserId) -> Result<Vec<Invitation>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM invitations i WHERE i.inviter_user_id = $1 AND i.state = 'pending' ORDER BY i.id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(inviter.to_string()).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// How many invitations of a team wait and are not over; with `before`, only those first sent before that one.
pub async fn count_waiting(
    c: &mut AnyConnection,
    team: TeamId,
    before: Option<InvitationId>,
    now: UnixMs,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM invitations WHERE team_id = $1 AND state = 'pending' AND expires_at > $2 AND ($3 = '' OR id < $3)",
    )
    .bind(team.to_string())
    .bind(now.0)
    .bind(before.map(|id| id.to_string()).unwrap_or_default())
    .fetch_one(c)
    .await?
    .int("n")
}

/// Ends an open invitation; whether it was open. Of several who end it at once, one does.
pub async fn close(
    c: &mut AnyConnection,
    id: InvitationId,
    state: InvitationState,
    accepted_by: Option<UserId>,
    at: UnixMs,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE invitations SET state = $2, accepted_by = $3, closed_at = $4 WHERE id = $1 AND state = 'pending'")
            .bind(id.to_string())
            .bind(state.as_str())
            .bind(accepted_by.map(|id| id.to_string()))
            .bind(at.0)
            .execute(c)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives an open invitation new tokens, a new end and a new sender.
pub async fn renew(c: &mut AnyConnection, invitation: &Invitation) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE invitations SET inviter_user_id = $2, generation = $3, mail_token_hash = $4, link_token_hash = $5, mail_id = $6,
             sent_at = $7, expires_at = $8, asked_at = NULL WHERE id = $1 AND state = 'pending'",
    )
    .bind(invitation.id.to_string())
    .bind(invitation.inviter.to_string())
    .bind(invitation.generation)
    .bind(&invitation.mail_token_hash)
    .bind(&invitation.link_token_hash)
    .bind(invitation.mail.map(|id| id.to_string()))
    .bind(invitation.sent_at.0)
    .bind(invitation.expires_at.0)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that its person asks for a mail, unless that happened after `since`; whether it was noted.
pub async fn mark_asked(c: &mut AnyConnection, id: InvitationId, at: UnixMs, since: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE invitations SET asked_at = $2 WHERE id = $1 AND (asked_at IS NULL OR asked_at <= $3)")
        .bind(id.to_string())
        .bind(at.0)
        .bind(since.0)
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Whose sends are counted.
#[derive(Clone, Copy, Debug)]
pub enum SentBy {
    /// Invitations to a team.
    Team(TeamId),
    /// Invitations to all teams of an organization.
    Organization(OrgId),
    /// Invitations by a person.
    Sender(UserId),
}

/// Notes that an invitation was sent, and forgets what was sent before `since`.
pub async fn record_send(
    c: &mut AnyConnection,
    id: uuid::Uuid,
    (team, organization, sender): (TeamId, OrgId, UserId),
    at: UnixMs,
    since: UnixMs,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM invitation_sends WHERE at < $1").bind(since.0).execute(&mut *c).await?;
    sqlx::query("INSERT INTO invitation_sends (id, team_id, organization_id, sender_user_id, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.to_string())
        .bind(team.to_string())
        .bind(organization.to_string())
        .bind(sender.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// When invitations were sent after `since`, oldest first.
pub async fn list_sends(c: &mut AnyConnection, by: SentBy, since: UnixMs) -> Result<Vec<UnixMs>, sqlx::Error> {
    let (sql, id) = match by {
        SentBy::Team(id) => ("SELECT at FROM invitation_sends WHERE team_id = $1 AND at > $2 ORDER BY at", id.to_string()),
        SentBy::Organization(id) => {
            ("SELECT at FROM invitation_sends WHERE organization_id = $1 AND at > $2 ORDER BY at", id.to_string())
        }
        SentBy::Sender(id) => {
            ("SELECT at FROM invitation_sends WHERE sender_user_id = $1 AND at > $2 ORDER BY at", id.to_string())
        }
    };
    let rows = sqlx::query(sql).bind(id).bind(since.0).fetch_all(c).await?;
    rows.iter().map(|row| row.time("at")).collect()
}
