//! What the database itself holds, on both engines.

use super::support::{on_each_database, people};
use crate::storage::Store;

async fn fails(store: &Store, sql: &'static str, why: &str) {
    let mut tx = store.begin().await.unwrap();
    let result = async {
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await
    }
    .await;
    assert!(result.is_err(), "the database let through: {why}");
}

#[tokio::test]
async fn every_team_has_exactly_one_owner_who_is_a_member() {
    on_each_database(|services| async move {
        let owner = people::db_person(&services, "Maya", true).await;
        let team = people::team(&services, &owner).await;
        assert_eq!(team.owner, owner.user.id);
        fails(&services.store, "DELETE FROM team_members", "the owner's membership removed").await;
        fails(&services.store, "UPDATE teams SET owner_user_id = NULL", "a team without owner").await;
        fails(&services.store, "UPDATE teams SET owner_user_id = 'nobody'", "an owner who is no member").await;
        fails(&services.store, "UPDATE teams SET organization_id = NULL WHERE kind = 'team'", "a team without organization")
            .await;
        fails(
            &services.store,
            "INSERT INTO team_members (team_id, user_id, role, joined_at) SELECT 'nowhere', id, 'member', 0 FROM users",
            "a member of no team",
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn audit_entries_can_not_be_changed_or_removed() {
    on_each_database(|services| async move {
        let owner = people::db_person(&services, "Maya", true).await;
        people::team(&services, &owner).await;
        fails(&services.store, "UPDATE audit_log SET actor_name = 'Somebody'", "an audit entry changed").await;
        fails(&services.store, "DELETE FROM audit_log", "an audit entry removed").await;
    })
    .await;
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    on_each_database(|services| async move {
        services.store.migrate().await.unwrap();
    })
    .await;
}
