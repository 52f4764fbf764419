//! The matrix of doors (R01): everybody who may stand in front of one, at every route of the management API and every server function,
//! compared with tables that are written by hand. A door without a row fails, and so does a row without a door.
//!
//! To add a door: one line in `rest.rs` or `pages.rs`. The eight letters say what each of [`WHO`] gets:
//! `o` done · `c` let through, and refused by the state of things or by a check of the input (4xx that is no matter of rights) ·
//! `s` not signed in (401) · `f` known here, but not allowed (403) · `n` does not exist for them (404).

mod pages;
mod rest;

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

use super::{
    members::{transfer, verified},
    support::{
        TestApp,
        accounts::Visit,
        app::{Client, Reply},
        on_each_database,
        people::{db_join, db_person, model, new_team, simulated},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        ids::InvitationId,
        roles::{OrgRole, Role},
        teams::TeamView,
    },
    service::{Caller, Services},
    storage,
};

/// Who stands in front of a door, in the order of the letters.
const WHO: [&str; 8] = ["anonymous", "stranger", "viewer", "member", "admin", "owner", "org admin", "platform admin"];

/// A place where everybody is somebody, put back in order before each try.
struct World {
    services: Services,
    app: TestApp,
    /// Empty for anonymous.
    people: Vec<Option<Caller>>,
    team: TeamView,
    /// Who is removed and demoted.
    target: Caller,
    /// An invitation that is over.
    closed: InvitationId,
}

impl World {
    async fn new(services: &Services) -> Self {
        let mut people = vec![None];
        for name in ["Stranger", "Viewer", "Member", "Admin", "Owner", "Orgadmin"] {
            people.push(Some(db_person(services, name, false).await));
        }
        people.push(Some(db_person(services, "Platformadmin", true).await));
        let [owner, org_admin, platform] = [5, 6, 7].map(|at: usize| people[at].clone().expect("a person"));
        let org = services.create_organization(&platform, "Northwind Labs", "").await.unwrap();
        services.create_provider(&platform, simulated("sim")).await.unwrap();
        services.create_model(&platform, model("labs/chat", "sim")).await.unwrap();
        let mut tx = services.store.begin().await.unwrap();
        let at = services.clock.now();
        storage::organizations::put_member(&mut tx, org.id, org_admin.user.id, OrgRole::Admin, at).await.unwrap();
        sqlx::query("DELETE FROM organization_members WHERE user_id = $1")
            .bind(platform.user.id.to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let team = services.create_team(&org_admin, new_team("Atlas Search", "northwind-labs")).await.unwrap();
        db_join(services, &team, &owner, Role::Admin).await;
        services.transfer_ownership(&verified(services, &org_admin), &team.slug, transfer(&owner, "Atlas Search")).await.unwrap();
        services.leave_team(&org_admin, &team.slug).await.unwrap();
        let target = db_person(services, "Target", false).await;
        services.invite_members(&owner, &team.slug, vec![("over@x.example".into(), Role::Member)], "").await.unwrap();
        let closed = services.list_invitations(&owner, &team.slug).await.unwrap()[0].id;
        services.revoke_invitation(&owner, &team.slug, closed).await.unwrap();
        Self { services: services.clone(), app: TestApp::new(services), people, team, target, closed }
    }

    /// Everybody has their role again.
    async fn tidy(&self) {
        // A little later: of somebody's many sessions the newest is the one that stays, and no throttle has anybody wait.
        self.services.clock.advance(10_000);
        let roles = [(2, Role::Viewer), (3, Role::Member), (4, Role::Admin)];
        let wanted = roles.map(|(at, role)| (self.people[at].as_ref().expect("a person"), role));
        for (person, role) in wanted.into_iter().chain([(&self.target, Role::Member)]) {
            let mut tx = self.services.store.begin().await.unwrap();
            let now = storage::teams::find_role(&mut tx, self.team.id, person.user.id).await.unwrap();
            match now {
                Some(now) if now == role => {}
                Some(_) => storage::members::update_role(&mut tx, self.team.id, person.user.id, role).await.unwrap(),
                None => {
                    drop(tx);
                    db_join(&self.services, &self.team, person, role).await;
                    continue;
                }
            }
            tx.commit().await.unwrap();
        }
    }

    /// A browser of somebody, with a session that began just now.
    async fn browser(&self, at: usize) -> Client {
        let browser = self.app.browser();
        if let Some(person) = &self.people[at] {
            let visit = Visit::from("127.0.0.1");
            let session = visit.session(&self.services);
            self.services.open_session(&session, Some(&person.user), &visit).await.unwrap();
            browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
        }
        browser
    }

    /// Puts what is there into the `{…}` of an address or a body. What a door uses up is made anew.
    async fn fill(&self, text: &str) -> String {
        let owner = self.people[5].as_ref().expect("the owner");
        let mut text = text
            .replace("{team}", &self.team.slug)
            .replace("{org}", "northwind-labs")
            .replace("{user}", &self.target.user.id.to_string())
            .replace("{invitation}", &self.closed.to_string())
            .replace("{provider}", "sim")
            .replace("{model}", "labs/chat")
            .replace("{nothing}", "01890000-0000-7000-8000-000000000000");
        if text.contains("{key}") {
            let new = NewApiKey { name: "door".into(), kind: KeyKind::Person, expires_at: None };
            let key = self.services.create_key(owner, &self.team.slug, new).await.unwrap();
            text = text.replace("{key}", &key.id.to_string());
        }
        if text.contains("{link}") {
            let open = self.services.list_invitations(owner, &self.team.slug).await.unwrap();
            let id = match open.first() {
                Some(open) => open.id,
                None => {
                    let invitees = vec![("hannah@x.example".to_owned(), Role::Member)];
                    self.services.invite_members(owner, &self.team.slug, invitees, "").await.unwrap();
                    self.services.list_invitations(owner, &self.team.slug).await.unwrap()[0].id
                }
            };
            let link = self.services.copy_invitation_link(owner, &self.team.slug, id).await.unwrap();
            text = text.replace("{link}", link.rsplit('/').next().unwrap_or_default());
        }
        text
    }
}

/// The letter of an answer.
fn letter(reply: &Reply, door: &str) -> char {
    match reply.status.as_u16() {
        200..=399 => 'o',
        401 => 's',
        403 => 'f',
        404 => 'n',
        400 | 405 | 415 => panic!("{door}: the row's request is malformed: {}", reply.text()),
        402..=499 if reply.text().contains("The form was not complete") => panic!("{door}: the row's form is not complete"),
        402..=499 => 'c',
        status => panic!("{door}: {status}: {}", reply.text()),
    }
}

fn assert_same_doors(there: &BTreeSet<String>, rows: &BTreeSet<String>) {
    let without_row: Vec<_> = there.difference(rows).collect();
    assert!(without_row.is_empty(), "doors without a row in the matrix: {without_row:#?}");
    let without_door: Vec<_> = rows.difference(there).collect();
    assert!(without_door.is_empty(), "rows without a door: {without_door:#?}");
}

/// Differences between the letters that were found and those that are written down.
fn report(wrong: &[(String, String, String)]) {
    let lines: Vec<String> = wrong.iter().map(|(door, found, expected)| format!("{door}: {found}, not {expected}")).collect();
    assert!(wrong.is_empty(), "in the order of {WHO:?}:\n{}", lines.join("\n"));
}

#[tokio::test]
async fn every_route_opens_to_whom_the_matrix_says() {
    on_each_database(|services| async move {
        let world = World::new(&services).await;
        let document = world.app.program().get("/api/v1/openapi.json").await.expect(200);
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            described.extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
        }
        assert_same_doors(&rest::served(), &described);
        let rows = rest::ROWS.iter().map(|(door, ..)| (*door).to_owned()).collect();
        assert_same_doors(&described, &rows);
        let mut wrong = vec![];
        for (door, path, body, expected) in rest::ROWS {
            let method = Method::from_bytes(door.split(' ').next().unwrap().as_bytes()).unwrap();
            let template = if path.is_empty() { door.split(' ').nth(1).unwrap() } else { path };
            let mut found = String::new();
            for (at, who) in WHO.iter().enumerate() {
                world.tidy().await;
                let (path, body) = (world.fill(template).await, world.fill(body).await);
                let (browser, address) = (world.browser(at).await, format!("/api/v1{path}"));
                let reply = match body.as_str() {
                    "" if method == Method::GET => browser.get(&address).await,
                    "" => browser.json(method.clone(), &address, Value::Null).await,
                    body => browser.json(method.clone(), &address, serde_json::from_str(body).expect("a row's body")).await,
                };
                found.push(letter(&reply, &format!("{who} at {door}")));
            }
            if found != *expected {
                wrong.push(((*door).to_owned(), found, (*expected).to_owned()));
            }
        }
        report(&wrong);
    })
    .await;
}

#[tokio::test]
async fn every_server_function_opens_to_whom_the_matrix_says() {
    on_each_database(|services| async move {
        let world = World::new(&services).await;
        let there = pages::registered();
        let rows = pages::ROWS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_same_doors(&there, &rows);
        let mut wrong = vec![];
        for (name, fields, expected) in pages::ROWS {
            let mut found = String::new();
            for (at, who) in WHO.iter().enumerate() {
                world.tidy().await;
                let fields = world.fill(fields).await;
                let fields: Vec<(String, String)> = url::form_urlencoded::parse(fields.as_bytes()).into_owned().collect();
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let reply = world.browser(at).await.form(&format!("/fn/{name}"), &fields, false).await;
                found.push(letter(&reply, &format!("{who} at {name}")));
            }
            if found != *expected {
                wrong.push(((*name).to_owned(), found, (*expected).to_owned()));
            }
        }
        report(&wrong);
    })
    .await;
}

/// What may be asked for by a page that is seen as a member (`?as=`). Nothing of it changes anything.
const SEEN_AS: [&str; 21] = [
    "get_overview",
    "get_overview_parts",
    "get_overview_stamp",
    "list_calls",
    "get_call",
    "list_keys",
    "list_members",
    "get_team_settings",
    "get_usage",
    "get_usage_ranking",
    "list_audit",
    "list_requests",
    "get_playground",
    "get_explanation",
    "list_team_models",
    "open_models_dialog",
    "get_quotas",
    "list_budget_requests",
    "get_billing",
    "preview_plan_change",
    "get_statement",
];

#[tokio::test]
async fn whoever_sees_a_team_as_somebody_else_changes_nothing() {
    on_each_database(|services| async move {
        let world = World::new(&services).await;
        let member = world.people[3].as_ref().expect("a person").user.id.to_string();
        let mut wrong = vec![];
        // What is open to the signed-out asks nobody who they are.
        let personal = pages::ROWS.iter().filter(|(name, _, letters)| letters.starts_with('s') && *name != "log_in");
        for (name, fields, _) in personal.filter(|(name, ..)| !SEEN_AS.contains(name)) {
            for at in [4, 5] {
                let fields = world.fill(fields).await;
                let browser = world.browser(at).await;
                let request = browser.request(Method::POST, &format!("/fn/{name}"));
                let request = request.header("content-type", "application/x-www-form-urlencoded").header("x-view-as", &member);
                let reply = browser.send(request.header("accept", "text/plain").body(fields.into()).unwrap()).await;
                if reply.status != 403 {
                    wrong.push(format!("{name}: {} {}", reply.status, reply.text()));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    })
    .await;
}
