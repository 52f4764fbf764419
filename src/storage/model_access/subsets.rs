//! What one member or one key is narrowed to.

use sqlx::AnyConnection;

use super::super::RowExt;
use crate::domain::ids::{KeyId, ModelId, TeamId, UserId};

/// What a member is narrowed to; none where they are not.
pub async fn find_member(c: &mut AnyConnection, team: TeamId, user: UserId) -> Result<Option<Vec<ModelId>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT m.model_id FROM member_subsets s
         LEFT JOIN member_subset_models m ON m.team_id = s.team_id AND m.user_id = s.user_id
         WHERE s.team_id = $1 AND s.user_id = $2 ORDER BY m.model_id",
    )
    .bind(team.to_string())
    .bind(user.to_string())
    .fetch_all(c)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let models: Vec<Option<ModelId>> = rows.iter().map(|row| row.id_opt("model_id")).collect::<Result<_, _>>()?;
    Ok(Some(models.into_iter().flatten().collect()))
}

/// The members of a team who are narrowed, by name, each with the models that they are narrowed to.
pub async fn list_members(c: &mut AnyConnection, team: TeamId) -> Result<Vec<(UserId, String, Vec<ModelId>)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT u.id, u.name, m.model_id FROM member_subsets s
         JOIN team_members t ON t.team_id = s.team_id AND t.user_id = s.user_id JOIN users u ON u.id = s.user_id
         LEFT JOIN member_subset_models m ON m.team_id = s.team_id AND m.user_id = s.user_id
         WHERE s.team_id = $1 ORDER BY u.name, u.id",
    )
    .bind(team.to_string())
    .fetch_all(c)
    .await?;
    let mut members: Vec<(UserId, String, Vec<ModelId>)> = vec![];
    for row in &rows {
        let user = row.id("id")?;
        if members.last().is_none_or(|(last, ..)| *last != user) {
            members.push((user, row.text("name")?, vec![]));
        }
        if let (Some((.., models)), Some(model)) = (members.last_mut(), row.id_opt("model_id")?) {
            models.push(model);
        }
    }
    Ok(members)
}

/// Narrows a member to some models, or to nothing; none lifts it.
pub async fn put_member(
    c: &mut AnyConnection,
    team: TeamId,
    user: UserId,
    models: Option<&[ModelId]>,
) -> Result<(), sqlx::Error> {
    let (team, user) = (team.to_string(), user.to_string());
    sqlx::query("DELETE FROM member_subset_models WHERE team_id = $1 AND user_id = $2")
        .bind(&team)
        .bind(&user)
        .execute(&mut *c)
        .await?;
    sqlx::query("DELETE FROM member_subsets WHERE team_id = $1 AND user_id = $2")
        .bind(&team)
        .bind(&user)
        .execute(&mut *c)
        .await?;
    let Some(models) = models else { return Ok(()) };
    sqlx::query("INSERT INTO member_subsets (team_id, user_id) VALUES ($1, $2)").bind(&team).bind(&user).execute(&mut *c).await?;
    for model in models {
        sqlx::query("INSERT INTO member_subset_models (team_id, user_id, model_id) VALUES ($1, $2, $3)")
            .bind(&team)
            .bind(&user)
            .bind(model.to_string())
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// What a key is narrowed to; none where it is not.
pub async fn find_key(c: &mut AnyConnection, key: KeyId) -> Result<Option<Vec<ModelId>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT m.model_id FROM api_keys k LEFT JOIN api_key_models m ON m.key_id = k.id
         WHERE k.id = $1 AND k.narrowed = 1 ORDER BY m.model_id",
    )
    .bind(key.to_string())
    .fetch_all(c)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let models: Vec<Option<ModelId>> = rows.iter().map(|row| row.id_opt("model_id")).collect::<Result<_, _>>()?;
    Ok(Some(models.into_iter().flatten().collect()))
}

/// Narrows a key to some models, or to nothing; none lifts it.
pub async fn put_key(c: &mut AnyConnection, key: KeyId, models: Option<&[ModelId]>) -> Result<(), sqlx::Error> {
    let key = key.to_string();
    sqlx::query("UPDATE api_keys SET narrowed = $2 WHERE id = $1")
        .bind(&key)
        .bind(i64::from(models.is_some()))
        .execute(&mut *c)
        .await?;
    sqlx::query("DELETE FROM api_key_models WHERE key_id = $1").bind(&key).execute(&mut *c).await?;
    for model in models.unwrap_or_default() {
        sqlx::query("INSERT INTO api_key_models (key_id, model_id) VALUES ($1, $2)")
            .bind(&key)
            .bind(model.to_string())
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}
