//! Organizations: who belongs to them, who runs them, and that one admin always stays.

use super::support::{
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        money::NanoUsd,
        platform::OrganizationMemberSort,
        roles::{OrgRole, Role},
        time::DAY_MS,
        usage::Outcome,
    },
    service::{
        Caller, ServiceError, Services,
        metering::{book, testing::event},
        organizations::{OrganizationPatch, members::OrganizationMemberQuery},
    },
};

const ORG: &str = "northwind-labs";

fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> &'static str {
    match result {
        Err(ServiceError::Conflict(code, _)) => code,
        other => panic!("{other:?}"),
    }
}

async fn members(services: &Services, caller: &Caller) -> Vec<(String, OrgRole)> {
    let listed = services.list_organization_members(caller, ORG, OrganizationMemberQuery::default()).await.unwrap();
    let mut rows: Vec<_> = listed.page.items.into_iter().map(|row| (row.name, row.role)).collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

#[tokio::test]
async fn members_are_added_promoted_and_removed() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        let unknown = services.add_organization_member(&maya, ORG, "nobody@northwind.example", "member").await;
        assert!(matches!(&unknown, Err(ServiceError::Invalid(fields)) if fields.get("email").is_some()), "{unknown:?}");
        for role in ["", "owner", "ADMIN", "member "] {
            let wrong = services.add_organization_member(&maya, ORG, "noor@northwind.example", role).await;
            assert!(matches!(&wrong, Err(ServiceError::Invalid(fields)) if fields.get("role").is_some()), "{role:?}");
        }
        services.add_organization_member(&maya, ORG, "NOOR@northwind.example", "member").await.unwrap();
        assert_eq!(code(services.add_organization_member(&maya, ORG, "noor@northwind.example", "admin").await), "member_already");
        assert_eq!(members(&services, &maya).await, [("Maya".into(), OrgRole::Admin), ("Noor".into(), OrgRole::Member)]);

        let refused = services.list_organization_members(&noor, ORG, OrganizationMemberQuery::default()).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))), "a member knows of it, and may not");
        services.set_organization_role(&maya, ORG, noor.user.id, "admin").await.unwrap();
        assert_eq!(members(&services, &noor).await.len(), 2);
        let query = OrganizationMemberQuery { text: "maya@".into(), ..OrganizationMemberQuery::default() };
        let found = services.list_organization_members(&noor, ORG, query).await.unwrap();
        let rows = &found.page.items;
        assert_eq!((found.found, rows.len(), rows[0].teams, rows[0].is_self), (1, 1, 1, false));

        db_join(&services, &atlas, &noor, Role::Member).await;
        match services.remove_organization_member(&maya, ORG, noor.user.id).await {
            Err(ServiceError::Conflict("in_teams", message)) => assert!(message.contains("Atlas Search"), "{message}"),
            other => panic!("{other:?}"),
        }
        let preview = services.preview_organization_removal(&maya, ORG, noor.user.id).await;
        assert_eq!(code(preview), "in_teams", "the preview refuses what the removal refuses");
        super::support::people::db_leave(&services, atlas.id, &noor).await;
        services.set_organization_role(&maya, ORG, noor.user.id, "admin").await.unwrap();
        assert_eq!(code(services.preview_organization_removal(&noor, ORG, maya.user.id).await), "in_teams");
        services.invite_members(&noor, "atlas-search", vec![("new@x.example".into(), Role::Member)], "").await.unwrap();
        let preview = services.preview_organization_removal(&maya, ORG, noor.user.id).await.unwrap();
        assert_eq!((preview.role, preview.invitations, preview.is_self), (OrgRole::Admin, 1, false));
        services.remove_organization_member(&maya, ORG, noor.user.id).await.unwrap();
        assert!(services.list_invitations(&maya, "atlas-search").await.unwrap().is_empty(), "withdrawn, as the preview said");
        assert!(matches!(services.get_organization(&noor, ORG).await, Err(ServiceError::NotFound)));
        assert!(matches!(services.remove_organization_member(&maya, ORG, noor.user.id).await, Err(ServiceError::NotFound)));
        services.deliver_mails_once().await.unwrap();
        let told: Vec<_> = services.mailer.sent().into_iter().filter(|mail| mail.recipient.starts_with("noor")).collect();
        assert_eq!(told.len(), 3);
        assert!(told.iter().any(|mail| mail.text.contains("an admin of the organization Northwind Labs")));
    })
    .await;
}

#[tokio::test]
async fn an_organization_keeps_one_admin_whatever_two_do_at_once() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        team(&services, &maya).await;
        assert_eq!(code(services.set_organization_role(&maya, ORG, maya.user.id, "member").await), "last_organization_admin");
        services.add_organization_member(&maya, ORG, "noor@northwind.example", "admin").await.unwrap();
        let (a, b) = tokio::join!(
            services.set_organization_role(&maya, ORG, maya.user.id, "member"),
            services.set_organization_role(&noor, ORG, noor.user.id, "member"),
        );
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "{a:?} {b:?}");
        let admins = members(&services, &maya).await.into_iter().filter(|(_, role)| *role == OrgRole::Admin).count();
        assert_eq!(admins, 1);
    })
    .await;
}

#[tokio::test]
async fn settings_and_figures_are_for_those_who_run_it() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        team(&services, &maya).await;
        let patch = || OrganizationPatch {
            name: Some("Northwind".into()),
            members_create_teams: Some(true),
            ..OrganizationPatch::default()
        };
        assert!(matches!(services.update_organization(&noor, ORG, patch()).await, Err(ServiceError::NotFound)));
        services.add_organization_member(&maya, ORG, "noor@northwind.example", "member").await.unwrap();
        assert!(matches!(services.update_organization(&noor, ORG, patch()).await, Err(ServiceError::Forbidden(_))));
        let seen = services.get_organization(&noor, ORG).await.unwrap();
        assert_eq!((seen.role, seen.may_manage), (Some(OrgRole::Member), false));
        let changed = services.update_organization(&maya, ORG, patch()).await.unwrap();
        assert_eq!(
            (changed.name.as_str(), changed.members_create_teams, changed.open_unrestricted_models),
            ("Northwind", true, true)
        );
        let empty = OrganizationPatch { name: Some(" ".into()), ..OrganizationPatch::default() };
        assert!(matches!(services.update_organization(&maya, ORG, empty).await, Err(ServiceError::Invalid(_))));
        let rows = services.list_organization_rows(&maya).await.unwrap();
        assert_eq!((rows.len(), rows[0].members, rows[0].admins, rows[0].teams), (1, 2, 1, 1));
        assert!(services.list_organization_rows(&noor).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn members_are_listed_with_what_they_used_in_its_teams() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let atlas = team(&services, &maya).await;
        db_join(&services, &atlas, &noor, Role::Member).await;
        let key = NewApiKey { name: "indexer".into(), kind: KeyKind::Person, expires_at: None };
        services.create_key(&noor, &atlas.slug, key).await.unwrap();
        let own = noor.user.personal_team;
        let mut events = vec![];
        for (n, at, team, user) in
            [(1, 2, atlas.id, &maya), (2, 1, atlas.id, &noor), (3, 0, own, &noor), (4, 40, atlas.id, &noor)]
        {
            let mut event = event(n);
            let dollars = if n == 1 { NanoUsd(1_000_000_000) } else { NanoUsd(3_000_000_000) };
            (event.call.team, event.call.user) = (team, user.user.id);
            event.call.at = services.clock.now().plus(-at * DAY_MS);
            (event.end.outcome, event.end.cost, event.end.list_cost) = (Outcome::Completed, dollars, dollars);
            events.push(event);
        }
        book(&services.store, &events).await.unwrap();
        let query = OrganizationMemberQuery { sort: OrganizationMemberSort::Spent, descending: true, ..Default::default() };
        let listed = services.list_organization_members(&maya, ORG, query).await.unwrap().page.items;
        let told: Vec<_> = listed.iter().map(|row| (row.name.as_str(), row.spent, row.share_bp, row.active_keys)).collect();
        // The personal space is nobody's business, and last month is over.
        assert_eq!(told, [("Noor", 3_000_000_000, 7_500, 1), ("Maya", 1_000_000_000, 2_500, 0)]);
        assert_eq!(listed[0].last_active_at, Some(events[1].call.at));
    })
    .await;
}
