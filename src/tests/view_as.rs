//! Seeing a team as one of its members: who may, what is seen, and that nothing can be done with it.

use axum::http::Method;

use super::support::{
    TestApp,
    accounts::browser,
    app::{Client, Reply},
    on_each_database,
    people::{self, db_join, db_person},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        roles::{OrgRole, Role},
        teams::TeamView,
    },
    server_fns::{accounts::Visitor, api_keys::KeysPage, members::MembersPage, playground::PlaygroundPage},
    service::{Caller, ServiceError, Services, audit::AuditOf},
    storage, wire,
};

struct World {
    app: TestApp,
    team: TeamView,
    owner: Caller,
    admin: Caller,
    member: Caller,
    viewer: Caller,
}

async fn world(services: &Services) -> World {
    let app = TestApp::new(services);
    let owner = db_person(services, "Olga", true).await;
    services.create_provider(&owner, people::simulated("sim")).await.unwrap();
    let team = people::team(services, &owner).await;
    services.create_model(&owner, people::model("small", "sim")).await.unwrap();
    services.create_model(&owner, people::model("costly", "sim")).await.unwrap();
    services.set_model_state(&owner, "northwind-labs", "costly", "approval").await.unwrap();
    let mut people = vec![];
    for (name, role) in [("Adam", Role::Admin), ("Mina", Role::Member), ("Vera", Role::Viewer)] {
        let person = db_person(services, name, false).await;
        db_join(services, &team, &person, role).await;
        people.push(person);
    }
    let [admin, member, viewer] = <[Caller; 3]>::try_from(people).expect("three people");
    for (person, name) in [(&owner, "owners-key"), (&member, "minas-key")] {
        let new = NewApiKey { name: name.into(), kind: KeyKind::Person, expires_at: None };
        services.create_key(person, &team.slug, new).await.unwrap();
    }
    World { app, team, owner, admin, member, viewer }
}

/// A server function, asked by a page that is seen as somebody.
async fn ask(browser: &Client, name: &str, fields: &[(&str, &str)], seen_as: &Caller) -> Reply {
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request =
        browser.request(Method::POST, &format!("/fn/{name}")).header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("accept", "text/plain").header("x-view-as", seen_as.user.id.to_string());
    browser.send(request.body(text.into()).unwrap()).await
}

fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> T {
    assert_eq!(reply.status, 200, "{}", reply.text());
    wire::read(&reply.text()).unwrap()
}

#[tokio::test]
async fn owner_and_admin_see_what_a_member_sees() {
    on_each_database(|services| async move {
        let world = world(&services).await;
        let team = world.team.slug.as_str();
        let admin = browser(&world.app, &world.admin).await;
        let list = [("team", team), ("text", ""), ("mine", "false"), ("status", ""), ("cursor", "")];
        let own: KeysPage = read(&admin.form("/fn/list_keys", &list, false).await);
        assert_eq!((own.rows.len(), own.everyones), (2, true));
        let seen: KeysPage = read(&ask(&admin, "list_keys", &list, &world.member).await);
        let names: Vec<&str> = seen.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!((names, seen.everyones), (vec!["minas-key"], false));
        assert!(!ask(&admin, "list_keys", &list, &world.member).await.text().contains("tg_k"), "no secret, only its ends");

        let list = [("team", team), ("text", ""), ("sort", ""), ("cursor", "")];
        let own: MembersPage = read(&admin.form("/fn/list_members", &list, false).await);
        let may: Vec<(&str, bool)> = own.rows.iter().map(|row| (row.name.as_str(), row.may_view_as)).collect();
        assert_eq!(may, [("Olga", false), ("Adam", false), ("Mina", true), ("Vera", true)]);
        let seen: MembersPage = read(&ask(&admin, "list_members", &list, &world.member).await);
        assert!(seen.grantable.is_empty() && !seen.shows_spending && seen.rows.iter().all(|row| !row.may_view_as));

        let seen: PlaygroundPage = read(&ask(&admin, "get_playground", &[("team", team)], &world.member).await);
        assert_eq!(seen.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["small"]);
        assert!(seen.door.is_empty(), "calls are one's own");
        assert_eq!(ask(&admin, "get_playground", &[("team", team)], &world.viewer).await.status, 403, "as a viewer sees it");

        // The page itself, its frame, and the links that keep it.
        let address = format!("/t/{team}/keys?as={}", world.member.user.id);
        let page = admin.page(&address).await;
        let text = page.text();
        assert_eq!(page.status, 200);
        for words in ["You see this as ", "Mina", "minas-key", &format!("/t/{team}/members?as={}", world.member.user.id)] {
            assert!(text.contains(words), "{words}");
        }
        assert!(!text.contains("owners-key") && !text.contains(&format!("href=\"/t/{team}/audit")));
        let here = format!("http://127.0.0.1:3000{address}");
        let request = admin.request(Method::GET, &format!("/t/{team}/members?sort=name")).header("referer", &here);
        let kept = admin.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(kept.header("location"), format!("/t/{team}/members?sort=name&as={}", world.member.user.id));
        let request = admin.request(Method::GET, &format!("/t/{team}/members?as=")).header("referer", &here);
        let stopped = admin.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert!(stopped.status == 200 && !stopped.text().contains("You see this as "));

        let log = services
            .list_audit(&world.owner, &AuditOf::Team(team.to_owned()), &Default::default(), &Default::default())
            .await
            .unwrap();
        let looks: Vec<_> = log.items.iter().filter(|row| row.action == "member.view_as").collect();
        assert_eq!(looks.len(), 2, "Mina once, Vera once: {looks:?}");
        assert!(looks.iter().all(|row| row.actor_name == "Adam"));
        assert!(log.items.iter().all(|row| row.actor_name != "Mina" || row.action == "key.create"), "nothing in her name");
    })
    .await;
}

#[tokio::test]
async fn nobody_looks_upwards_or_into_other_places() {
    on_each_database(|services| async move {
        let world = world(&services).await;
        let org_admin = db_person(&services, "Orgadmin", false).await;
        let platform = db_person(&services, "Platform", true).await;
        let stranger = db_person(&services, "Stranger", false).await;
        let mut tx = services.store.begin().await.unwrap();
        let org = storage::organizations::find(&mut tx, "northwind-labs").await.unwrap().unwrap();
        let at = services.clock.now();
        storage::organizations::put_member(&mut tx, org.id, org_admin.user.id, OrgRole::Admin, at).await.unwrap();
        tx.commit().await.unwrap();
        let may = async |who: &Caller, whom: &Caller| match services.view_as(who, &world.team.slug, whom.user.id).await {
            Ok(_) => true,
            Err(ServiceError::NotFound) => false,
            Err(other) => panic!("{other}"),
        };
        let World { owner, admin, member, viewer, .. } = &world;
        for whom in [owner, admin, member, viewer] {
            assert!(may(owner, whom).await);
            for who in [member, viewer, &org_admin, &platform, &stranger] {
                assert!(!may(who, whom).await, "{} as {}", who.user.name, whom.user.name);
            }
        }
        assert!(!may(admin, owner).await && may(admin, admin).await && may(admin, member).await && may(admin, viewer).await);
        assert!(!may(owner, &stranger).await, "no member");

        // Seen as a member there is that team, as its role shows it, and nothing else.
        let seen = services.view_as(owner, &world.team.slug, admin.user.id).await.unwrap();
        let other = services.create_team(owner, people::new_team("Helios", "northwind-labs")).await.unwrap();
        db_join(&services, &other, admin, Role::Admin).await;
        for elsewhere in [other.slug.as_str(), "me"] {
            assert!(matches!(services.get_team(&seen, elsewhere).await, Err(ServiceError::NotFound)), "{elsewhere}");
        }
        let browser = browser(&world.app, admin).await;
        let address = |whom: &Caller| format!("/t/{}?as={}", world.team.slug, whom.user.id);
        for (address, status) in [
            (address(owner), 404),
            (address(&stranger), 404),
            (format!("/t/{}?as=nonsense", world.team.slug), 404),
            (address(member), 200),
            (format!("/t/{}/members?as={}", other.slug, member.user.id), 404),
        ] {
            assert_eq!(browser.page(&address).await.status, status, "{address}");
        }
        let visitor: Visitor = read(
            &browser
                .form(
                    "/fn/get_visitor",
                    &[("guarded", "true"), ("viewing", &format!("{}/{}", world.team.slug, owner.user.id))],
                    false,
                )
                .await,
        );
        assert!(visitor.viewing.is_none() && visitor.me.is_some());
    })
    .await;
}
