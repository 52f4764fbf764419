//! What somebody's role does not allow stands in the audit log as denied.

use std::{collections::BTreeSet, time::Duration};

use super::support::{
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        audit::{AuditFilter, AuditOutcome},
        page::PageRequest,
        roles::Role,
    },
    service::{Caller, ServiceError, Services, audit::AuditOf, organizations::members::OrganizationMemberQuery},
};

const SLUG: &str = "atlas-search";

/// Who tried what, at what, and what it would have become.
async fn denied(services: &Services, reader: &Caller) -> Vec<String> {
    let filter = AuditFilter { outcome: Some(AuditOutcome::Denied), ..AuditFilter::default() };
    let page = PageRequest { limit: Some(100), cursor: None };
    let rows = services.list_audit(reader, &AuditOf::Platform, &filter, &page).await.unwrap().items;
    let told = |row: &crate::domain::audit::AuditRow| {
        let wanted = row.changes.first().map_or("", |change| change.new.as_str());
        format!("{} {} {} {wanted}", row.actor_name, row.action, row.target_name).trim_end().to_owned()
    };
    rows.iter().map(told).collect()
}

/// The same once there are as many as expected: they are written in the background.
async fn noted(services: &Services, reader: &Caller, expected: usize) -> Vec<String> {
    for _ in 0..400 {
        if denied(services, reader).await.len() >= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    denied(services, reader).await
}

#[tokio::test]
async fn a_change_to_the_platform_that_ordinary_people_try_does_not_exist_for_them_and_is_noted() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let nora = db_person(&services, "Nora", false).await;
        let hidden = |result: Result<(), ServiceError>| assert!(matches!(result, Err(ServiceError::NotFound)), "{result:?}");
        for _ in 0..2 {
            hidden(services.suspend_user(&nora, maya.user.id, "why not").await);
            hidden(services.set_platform_admin(&nora, nora.user.id, true).await);
            hidden(services.recover_ownership(&nora, SLUG, nora.user.id, "mine").await);
            hidden(services.delete_provider(&nora, "simulator", None).await);
            hidden(services.create_organization(&nora, "Mine", "").await.map(drop));
            hidden(services.retry_mails(&nora).await.map(drop));
            // Looking is no attempt at a change.
            hidden(services.list_providers(&nora).await.map(drop));
        }
        let expected: BTreeSet<String> = [
            "Nora platform.manage the platform suspend an account",
            "Nora platform.manage the platform change who is platform admin",
            "Nora platform.manage the platform recover the ownership of a team",
            "Nora platform.manage the platform remove a provider",
            "Nora platform.manage the platform create an organization",
            "Nora platform.manage the platform send waiting mails",
        ]
        .map(str::to_owned)
        .into();
        let found = noted(&services, &maya, expected.len()).await;
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    })
    .await;
}

#[tokio::test]
async fn every_refusal_by_role_is_noted_once_with_what_was_wanted() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let view = team(&services, &maya).await;
        let mut people = vec![];
        for (name, role) in [("Ada", Role::Admin), ("Mel", Role::Member), ("Vera", Role::Viewer)] {
            let person = db_person(&services, name, false).await;
            db_join(&services, &view, &person, role).await;
            people.push(person);
        }
        let [ada, mel, vera] = people.try_into().expect("three people");
        let refused = |result: Result<(), ServiceError>| {
            assert!(matches!(result, Err(ServiceError::Denied(_) | ServiceError::Forbidden(_))), "{result:?}");
        };
        let key = |kind| NewApiKey { name: "key".into(), kind, expires_at: None };
        for _ in 0..3 {
            refused(services.set_member_role(&ada, SLUG, maya.user.id, Role::Member).await);
            refused(services.set_member_role(&ada, SLUG, mel.user.id, Role::Owner).await);
            refused(services.remove_member(&ada, SLUG, maya.user.id).await.map(drop));
            refused(services.set_member_role(&mel, SLUG, mel.user.id, Role::Admin).await);
            refused(services.invite_members(&ada, SLUG, vec![("new@x.example".into(), Role::Owner)], "").await.map(drop));
            refused(services.delete_team(&ada, SLUG, "Atlas Search").await);
            refused(services.create_key(&vera, SLUG, key(KeyKind::Person)).await.map(drop));
            refused(services.create_key(&mel, SLUG, key(KeyKind::Application)).await.map(drop));
            refused(services.set_organization_role(&mel, "northwind-labs", maya.user.id, "member").await);
            // Looking is no attempt at a change, and an owner who wants to leave lacks no right.
            refused(
                services.list_organization_members(&mel, "northwind-labs", OrganizationMemberQuery::default()).await.map(drop),
            );
            assert!(matches!(services.leave_team(&maya, SLUG).await, Err(ServiceError::Conflict("last_owner", _))));
        }
        let expected: BTreeSet<String> = [
            "Ada member.manage Maya member",
            "Ada member.manage Mel owner",
            "Ada member.manage Maya",
            "Mel member.manage Mel admin",
            "Ada member.manage Atlas Search owner",
            "Ada team.own Atlas Search",
            "Vera key.own Atlas Search",
            "Mel key.manage Atlas Search",
            "Mel organization.manage Northwind Labs",
        ]
        .map(str::to_owned)
        .into();
        let found = noted(&services, &maya, expected.len()).await;
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    })
    .await;
}
