//! What must hold after every scenario (the list of security.md); `tallygate doctor` checks the same on a live installation.

use crate::service::Services;

/// Everything that can be read from the database: INV-4 (final states), INV-8 (sums), INV-12 (keys), INV-16 (signs).
pub(crate) async fn check(services: &Services) {
    let broken = services.find_broken_invariants().await.expect("the database answers");
    assert!(broken.is_empty(), "{broken:?}");
    check_snapshot(services).await;
}

/// What calls are decided with is what the database holds.
pub(crate) async fn check_snapshot(services: &Services) {
    assert_eq!(services.find_stale().await, None, "a change named too little of what it touched");
}

/// INV-9: usage events and audit entries can not be changed or removed, not even by SQL. Both tables must hold something.
pub(crate) async fn check_append_only(services: &Services) {
    for sql in [
        "UPDATE usage_events SET cost = 0",
        "DELETE FROM usage_events",
        "UPDATE audit_log SET actor_name = ''",
        "DELETE FROM audit_log",
    ] {
        let mut tx = services.store.begin().await.expect("a transaction");
        assert!(sqlx::query(sql).execute(&mut *tx).await.is_err(), "{sql} was not refused");
    }
}
