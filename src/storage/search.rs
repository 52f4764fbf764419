//! What a person may find, wherever they stand: teams, keys and people by what was typed.

use sqlx::{AnyConnection, any::AnyRow};

use super::{RowExt, begins, contains};
use crate::domain::{
    ids::{KeyId, OrgId, TeamId, UserId},
    roles::{Action, Role, Standing},
    teams::TeamKind,
};

/// Who searches, and how many of each kind are given at most.
#[derive(Clone, Copy, Debug)]
pub struct Seeker {
    /// The person.
    pub user: UserId,
    /// Runs the platform.
    pub platform_admin: bool,
    /// Most rows.
    pub limit: i64,
}

/// A team that was found, or that something found is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTeam {
    /// Identifier.
    pub id: TeamId,
    /// Team or personal space.
    pub kind: TeamKind,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Name of the organization; empty for a personal space.
    pub organization: String,
}

/// A key that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    /// Identifier.
    pub id: KeyId,
    /// Name.
    pub name: String,
    /// First characters of the secret.
    pub prefix: String,
    /// Its last characters.
    pub suffix: String,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Owner's name.
    pub user_name: String,
    /// Where it is.
    pub team: FoundTeam,
}

/// A person who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPerson {
    /// Identifier.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// One of the teams in which the seeker sees them, and how many there are.
    pub team: Option<FoundTeam>,
    /// How many such teams there are.
    pub teams: i64,
    /// An organization that the seeker runs and that they belong to, by id and short name.
    pub organization: Option<(OrgId, String)>,
}

/// The live teams and personal spaces that a person is anything to, with what they are: as `teams::standing` says it of one. Takes the
/// person as `$1` and whether they run the platform as `$2`.
const SEEN: &str = "seen AS (
    SELECT t.id, t.kind, t.slug, t.name, COALESCE(o.name, '') AS organization,
        CASE WHEN m.user_id IS NULL THEN '' WHEN t.owner_user_id = m.user_id THEN 'owner' ELSE m.role END AS role,
        CASE WHEN a.user_id IS NULL THEN 0 ELSE 1 END AS org_admin,
        CASE WHEN $2 = 1 AND t.kind = 'team' THEN 1 ELSE 0 END AS platform_admin
    FROM teams t LEFT JOIN organizations o ON o.id = t.organization_id
    LEFT JOIN team_members m ON m.team_id = t.id AND m.user_id = $1
    LEFT JOIN organization_members a ON a.organization_id = t.organization_id AND a.user_id = $1 AND a.role = 'admin'
    WHERE t.deleted_at IS NULL AND (m.user_id IS NOT NULL OR a.user_id IS NOT NULL OR ($2 = 1 AND t.kind = 'team')))";

const TEAM: &str =
    "s.id AS team_id, s.kind AS team_kind, s.slug AS team_slug, s.name AS team_name, s.organization AS team_organization";

/// The condition that the seeker may do something in the team `s`: [`Standing::may`], as the database is asked.
fn may(action: Action) -> String {
    let role = |role: &Role| Standing { role: Some(*role), ..Standing::default() }.may(action);
    let roles: Vec<String> = Role::ALL.iter().filter(|one| role(one)).map(|one| format!("'{}'", one.as_str())).collect();
    let mut sides = vec![format!("s.role IN ({})", roles.join(", "))];
    if (Standing { org_admin: true, ..Standing::default() }).may(action) {
        sides.push("s.org_admin = 1".into());
    }
    if (Standing { platform_admin: true, ..Standing::default() }).may(action) {
        sides.push("s.platform_admin = 1".into());
    }
    format!("({})", sides.join(" OR "))
}

fn team(row: &AnyRow) -> Result<FoundTeam, sqlx::Error> {
    Ok(FoundTeam {
        id: row.id("team_id")?,
        kind: row.word("team_kind", TeamKind::parse)?,
        slug: row.text("team_slug")?,
        name: row.text("team_name")?,
        organization: row.text("team_organization")?,
    })
}

/// Shared teams whose name or short name contains a text, by name.
pub async fn find_teams(c: &mut AnyConnection, by: Seeker, text: &str) -> Result<Vec<FoundTeam>, sqlx::Error> {
    let sql = format!(
        "WITH {SEEN} SELECT {TEAM} FROM seen s
         WHERE s.kind = 'team' AND {} AND (LOWER(s.name) LIKE $3 ESCAPE '\\' OR s.slug LIKE $3 ESCAPE '\\')
         ORDER BY s.name, s.id LIMIT $4",
        may(Action::ViewTeam)
    );
    let rows = ask(c, &sql, by, &contains(text)).await?;
    rows.iter().map(team).collect()
}

/// Keys whose name contains a text, or whose secret begins with what is shown of secrets; those that work first, then the newest. All of
/// a team for whoever may see any key there, else one's own.
pub async fn find_keys(c: &mut AnyConnection, by: Seeker, text: &str, prefix: &str) -> Result<Vec<FoundKey>, sqlx::Error> {
    let sql = format!(
        "WITH {SEEN} SELECT k.id, k.name, k.prefix, k.suffix, CASE WHEN k.revoked_at IS NULL THEN 0 ELSE 1 END AS revoked,
             u.name AS user_name, {TEAM}
         FROM api_keys k JOIN seen s ON s.id = k.team_id JOIN users u ON u.id = k.user_id
         WHERE ({} OR (k.user_id = $1 AND {}))
           AND (LOWER(k.name) LIKE $3 ESCAPE '\\' OR ($5 <> '%' AND LOWER(k.prefix) LIKE $5 ESCAPE '\\'))
         ORDER BY revoked, k.id DESC LIMIT $4",
        may(Action::ViewAnyKey),
        may(Action::OwnKeys)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(by.user.to_string())
        .bind(i64::from(by.platform_admin))
        .bind(contains(text))
        .bind(by.limit)
        .bind(begins(prefix))
        .fetch_all(c)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(FoundKey {
                id: row.id("id")?,
                name: row.text("name")?,
                prefix: row.text("prefix")?,
                suffix: row.text("suffix")?,
                revoked: row.flag("revoked")?,
                user_name: row.text("user_name")?,
                team: team(row)?,
            })
        })
        .collect()
}

/// People whose name or address contains a text, by name: of one's teams and of organizations that one runs, or anybody for platform admins.
pub async fn find_people(c: &mut AnyConnection, by: Seeker, text: &str) -> Result<Vec<FoundPerson>, sqlx::Error> {
    let sql = format!(
        "WITH {SEEN}, found AS (
             SELECT u.id, u.name, u.email, MIN(s.id) AS team_id, COUNT(DISTINCT s.id) AS teams, MIN(b.organization_id) AS organization_id
             FROM users u LEFT JOIN team_members n ON n.user_id = u.id
             LEFT JOIN seen s ON s.id = n.team_id AND s.kind = 'team' AND {}
             LEFT JOIN organization_members b ON b.user_id = u.id AND b.organization_id IN
                 (SELECT organization_id FROM organization_members WHERE user_id = $1 AND role = 'admin')
             WHERE u.deleted_at IS NULL AND (LOWER(u.name) LIKE $3 ESCAPE '\\' OR LOWER(u.email) LIKE $3 ESCAPE '\\')
               AND ($2 = 1 OR s.id IS NOT NULL OR b.organization_id IS NOT NULL)
             GROUP BY u.id, u.name, u.email ORDER BY u.name, u.id LIMIT $4)
         SELECT f.id, f.name, f.email, f.teams, {TEAM}, o.id AS organization_id, o.slug AS organization_slug
         FROM found f LEFT JOIN seen s ON s.id = f.team_id LEFT JOIN organizations o ON o.id = f.organization_id ORDER BY f.name, f.id",
        may(Action::ViewTeam)
    );
    let rows = ask(c, &sql, by, &contains(text)).await?;
    rows.iter()
        .map(|row| {
            let organization: Option<OrgId> = row.id_opt("organization_id")?;
            Ok(FoundPerson {
                id: row.id("id")?,
                name: row.text("name")?,
                email: row.text("email")?,
                team: row.text_opt("team_id")?.map(|_| team(row)).transpose()?,
                teams: row.int("teams")?,
                organization: organization.map(|id| Ok::<_, sqlx::Error>((id, row.text("organization_slug")?))).transpose()?,
            })
        })
        .collect()
}

async fn ask(c: &mut AnyConnection, sql: &str, by: Seeker, pattern: &str) -> Result<Vec<AnyRow>, sqlx::Error> {
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .bind(by.user.to_string())
        .bind(i64::from(by.platform_admin))
        .bind(pattern.to_owned())
        .bind(by.limit)
        .fetch_all(c)
        .await
}

#[test]
fn rights_are_asked_for_as_the_table_has_them() {
    assert_eq!(may(Action::ViewAnyKey), "(s.role IN ('owner', 'admin') OR s.org_admin = 1 OR s.platform_admin = 1)");
    assert_eq!(may(Action::OwnKeys), "(s.role IN ('owner', 'admin', 'member'))");
}
