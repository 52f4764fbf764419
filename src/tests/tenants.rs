//! What belongs to one team is out of reach from another, whatever a request says (O01 to O04, I02, I08, I17, R14, R16).

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    canaries::tables,
    invitations::invite,
    support::{
        TestApp,
        app::Client,
        on_each_database,
        people::{db_join, db_person, new_team, team},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        ids::{InvitationId, KeyId, TeamId},
        roles::Role,
        teams::TeamView,
    },
    service::{Caller, Services},
};

/// Two teams of one organization, which know nothing of each other.
struct Place {
    app: TestApp,
    atlas: TeamView,
    maya: Caller,
    noor: Caller,
    key: KeyId,
    invitation: InvitationId,
    mailed: String,
    beta: TeamView,
    ben: Caller,
}

impl Place {
    async fn new(services: &Services) -> Self {
        let maya = db_person(services, "Maya", true).await;
        let (noor, ben) = (db_person(services, "Noor", false).await, db_person(services, "Ben", false).await);
        let atlas = team(services, &maya).await;
        db_join(services, &atlas, &noor, Role::Member).await;
        let new = NewApiKey { name: "indexer".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&noor, &atlas.slug, new).await.unwrap().id;
        let (mailed, _) = invite(services, &maya, &atlas, "hannah@x.example", Role::Member).await;
        let invitation = services.list_invitations(&maya, &atlas.slug).await.unwrap()[0].id;
        let beta = services.create_team(&maya, new_team("Beta", "northwind-labs")).await.unwrap();
        db_join(services, &beta, &ben, Role::Admin).await;
        let app = TestApp::new(services);
        Self { app, atlas, maya, noor, key, invitation, mailed, beta, ben }
    }
}

/// Everything that is stored, without what every request leaves: when a token was used last, and attempts that are noted.
async fn stored(services: &Services) -> Vec<String> {
    let passing = ["management_tokens:", "audit_log:"];
    let text = tables(services).await;
    let mut rows: Vec<String> =
        text.lines().filter(|line| !passing.iter().any(|table| line.starts_with(table))).map(str::to_owned).collect();
    rows.sort();
    rows
}

async fn ask(client: &Client, (method, path, body): &(Method, String, Value)) -> (u16, String) {
    let path = format!("/api/v1{path}");
    let reply =
        if *method == Method::GET { client.get(&path).await } else { client.json(method.clone(), &path, body.clone()).await };
    (reply.status.as_u16(), reply.text())
}

/// Every door of a team, with what would be right for it.
fn doors_of(team: &str, place: &Place) -> Vec<(Method, String, Value)> {
    let (user, key, invitation) = (place.noor.user.id, place.key, place.invitation);
    let own = [
        (Method::GET, String::new(), Value::Null),
        (Method::PATCH, String::new(), json!({"name": "Taken"})),
        (Method::DELETE, String::new(), json!({"confirm_name": place.atlas.name})),
        (Method::GET, "/members".into(), Value::Null),
        (Method::POST, "/transfer".into(), json!({"to": place.ben.user.id, "confirm_name": place.atlas.name})),
        (Method::POST, "/leave".into(), json!({})),
        (Method::GET, "/invitations".into(), Value::Null),
        (Method::POST, "/invitations".into(), json!({"email": "new@x.example", "role": "member"})),
        (Method::GET, "/keys".into(), Value::Null),
        (Method::POST, "/keys".into(), json!({"name": "k"})),
        (Method::GET, "/audit".into(), Value::Null),
        (Method::GET, "/audit.csv".into(), Value::Null),
        (Method::GET, "/usage".into(), Value::Null),
        (Method::GET, "/usage/members".into(), Value::Null),
        (Method::GET, "/usage/me".into(), Value::Null),
        (Method::GET, "/logs".into(), Value::Null),
        (Method::GET, "/logs.csv".into(), Value::Null),
        (Method::GET, "/logs.ndjson".into(), Value::Null),
        (Method::GET, format!("/logs/{}", uuid::Uuid::nil()), Value::Null),
        (Method::GET, "/access".into(), Value::Null),
        (Method::PUT, "/access".into(), json!({"mode": "inherit"})),
    ];
    let objects = [
        (Method::PATCH, format!("/members/{user}"), json!({"role": "viewer"})),
        (Method::GET, format!("/members/{user}/removal"), Value::Null),
        (Method::DELETE, format!("/members/{user}"), Value::Null),
        (Method::DELETE, format!("/invitations/{invitation}"), Value::Null),
        (Method::POST, format!("/invitations/{invitation}/resend"), Value::Null),
        (Method::POST, format!("/invitations/{invitation}/link"), Value::Null),
        (Method::PATCH, format!("/keys/{key}"), json!({"name": "taken"})),
        (Method::POST, format!("/keys/{key}/rotate"), Value::Null),
        (Method::DELETE, format!("/keys/{key}"), Value::Null),
    ];
    let all = if team == place.beta.slug { objects.to_vec() } else { own.into_iter().chain(objects).collect() };
    all.into_iter().map(|(method, path, body)| (method, format!("/teams/{team}{path}"), body)).collect()
}

#[tokio::test]
async fn what_belongs_to_another_team_does_not_exist_and_stays_as_it_is() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let ben = place.app.api(&place.ben).await;
        let before = stored(&services).await;
        assert!(before.len() > 20, "{before:?}");
        let nowhere = services.random.id::<TeamId>(&services.clock).to_string();
        let unknown = doors_of(&nowhere, &place);
        for team in [place.atlas.slug.clone(), place.atlas.id.to_string()] {
            for (foreign, unknown) in doors_of(&team, &place).iter().zip(&unknown) {
                let (answer, expected) = (ask(&ben, foreign).await, ask(&ben, unknown).await);
                assert_eq!(answer.0, 404, "{} {}: {}", foreign.0, foreign.1, answer.1);
                assert_eq!(answer, expected, "{} {}", foreign.0, foreign.1);
            }
        }
        // Its members, invitations and keys are no more there behind the door of an own team.
        for door in doors_of(&place.beta.slug, &place) {
            let answer = ask(&ben, &door).await;
            assert_eq!(answer.0, 404, "{} {}: {}", door.0, door.1, answer.1);
        }
        assert_eq!(stored(&services).await, before);
    })
    .await;
}

#[tokio::test]
async fn fields_and_roles_that_are_none_change_nothing() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let (owner, hannah) = (place.app.api(&place.maya).await, db_person(&services, "Hannah", false).await);
        let before = stored(&services).await;
        for field in ["balance", "spent", "owner", "owner_id", "organization", "org_id", "discount_bp", "plan", "id", "slug"] {
            let mut body = json!({"self_service": false});
            body[field] = json!(1);
            let reply = owner.json(Method::PATCH, "/api/v1/teams/atlas-search", body).await;
            assert_eq!(reply.status.as_u16(), 400, "{field}: {}", reply.text());
        }
        let member = format!("/api/v1/teams/atlas-search/members/{}", place.noor.user.id);
        let long = "admin".repeat(2_000);
        let roles = [
            json!("OWNER"),
            json!("owner "),
            json!("owner"),
            json!("Admin"),
            json!("root"),
            json!(long),
            json!(0),
            json!(["admin"]),
        ];
        for role in roles {
            let refused = [
                owner.json(Method::PATCH, &member, json!({"role": role})).await,
                owner.post("/api/v1/teams/atlas-search/invitations", json!({"email": "new@x.example", "role": role})).await,
            ];
            for reply in refused {
                let status = reply.status.as_u16();
                assert!(matches!(status, 400 | 403 | 422), "{role}: {status} {}", reply.text());
                assert!(reply.text().len() < 2_000, "{role}: what was sent is not sent back in full");
            }
        }
        let mut many = vec![];
        many.resize(1_001, json!({"email": "new@x.example", "role": "member"}));
        let reply = owner.post("/api/v1/teams/atlas-search/invitations", json!({"invitations": many})).await;
        assert!(matches!(reply.status.as_u16(), 400 | 413 | 422), "{}", reply.status);
        // The invitation says who joins what, as what; an answer to it says yes.
        let client = place.app.api(&hannah).await;
        for body in [json!({"email": "hannah@northwind.example"}), json!({"role": "admin"}), json!({"team_id": place.beta.id})] {
            let reply = client.post(&format!("/api/v1/invitations/{}/accept", place.mailed), body.clone()).await;
            assert_eq!(reply.status.as_u16(), 400, "{body}: {}", reply.text());
        }
        let changed =
            |rows: Vec<String>| rows.into_iter().filter(|row| !row.contains("hannah@northwind.example")).collect::<Vec<_>>();
        assert_eq!(changed(stored(&services).await), changed(before));
    })
    .await;
}

#[tokio::test]
async fn lists_hold_what_is_their_own_whatever_is_asked() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let ben = place.app.api(&place.ben).await;
        let (atlas, noor) = (place.atlas.id, place.noor.user.id);
        for (list, question) in [
            ("members", format!("team_id={atlas}")),
            ("members", format!("user_id[]={noor}")),
            ("members", "sort=password_hash".to_owned()),
            ("members", "order=desc;drop table users".to_owned()),
            ("audit", format!("team={atlas}")),
            ("keys", format!("team_id={atlas}")),
        ] {
            let question = question.replace(' ', "%20");
            let reply = ben.get(&format!("/api/v1/teams/beta/{list}?{question}")).await;
            assert!(matches!(reply.status.as_u16(), 400 | 422), "{list} {question}: {}", reply.text());
        }
        let items = |reply: Value| reply["items"].as_array().expect("a list").len();
        assert_eq!(items(ben.get("/api/v1/teams/beta/members?q=noor").await.expect(200)), 0);
        assert_eq!(items(ben.get(&format!("/api/v1/teams/beta/audit?target_id={noor}")).await.expect(200)), 0);
        // A page of one team's list is none of another's.
        let maya = place.app.api(&place.maya).await;
        let first = maya.get("/api/v1/teams/atlas-search/members?limit=1").await.expect(200);
        let cursor = first["next_cursor"].as_str().expect("there is more");
        let other = ben.get(&format!("/api/v1/teams/beta/members?limit=5&cursor={cursor}")).await;
        assert!(!other.text().contains("noor@") && !other.text().contains(&noor.to_string()), "{}", other.text());
    })
    .await;
}

#[tokio::test]
async fn an_export_ends_with_the_right_to_it() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let (ben, browser) = (place.app.api(&place.ben).await, place.ben.user.id);
        let export = || async { ben.get("/api/v1/teams/beta/audit.csv").await.status.as_u16() };
        assert_eq!(export().await, 200);
        services.set_member_role(&place.maya, "beta", browser, Role::Member).await.unwrap();
        assert_eq!(export().await, 403);
        services.remove_member(&place.maya, "beta", browser).await.unwrap();
        assert_eq!(export().await, 404);
    })
    .await;
}
