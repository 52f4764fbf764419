//! People and places of tests, made without passwords: sign-up has tests of its own.

use crate::{
    domain::{
        accounts::User,
        catalog::{Deployment, Modality, NewModel, Prices, Tier},
        ids::TeamId,
        money::{DOLLAR, Price},
        roles::{OrgRole, Role},
        teams::{AccessMode, NewTeam, Team, TeamKind, TeamView},
    },
    service::{Caller, Services, Touched, catalog::ProviderInput},
    storage::{self, users::NewUser},
};

/// Maya owns Atlas Search in Northwind Labs, and runs the platform; Ada is an admin of the team, Noor a member. They can call
/// `labs/chat`.
pub(crate) struct Place {
    pub(crate) services: Services,
    pub(crate) maya: Caller,
    pub(crate) ada: Caller,
    pub(crate) noor: Caller,
    pub(crate) team: TeamView,
}

impl Place {
    pub(crate) async fn new(services: &Services) -> Self {
        let maya = db_person(services, "Maya", true).await;
        let (ada, noor) = (db_person(services, "Ada", false).await, db_person(services, "Noor", false).await);
        services.create_provider(&maya, simulated("sim")).await.expect("a provider");
        services.create_model(&maya, model("labs/chat", "sim")).await.expect("a model");
        let team = team(services, &maya).await;
        db_join(services, &team, &ada, Role::Admin).await;
        db_join(services, &team, &noor, Role::Member).await;
        Self { services: services.clone(), maya, ada, noor, team }
    }
}

/// An account with its personal space; the password can not be used.
pub(crate) async fn db_person(services: &Services, name: &str, platform_admin: bool) -> Caller {
    let at = services.clock.now();
    let user = User {
        id: services.random.id_at(at),
        email: format!("{}@northwind.example", name.to_lowercase()),
        email_confirmed_at: Some(at),
        name: name.into(),
        platform_admin,
        personal_team: services.random.id_at(at),
        disabled_at: None,
        auth_epoch: 0,
        created_at: at,
    };
    let space = Team {
        id: user.personal_team,
        kind: TeamKind::Personal,
        organization: None,
        organization_name: String::new(),
        organization_slug: String::new(),
        slug: format!("u-{}", user.id),
        name: "Personal".into(),
        owner: user.id,
        mode: AccessMode::Inherit,
        self_service: true,
        ranking_open: false,
        alert_emails: vec![],
        seats: None,
        discount_bp: 0,
        created_at: at,
    };
    let mut tx = services.store.begin().await.expect("a transaction");
    let new = NewUser { user: &user, email_normalized: &user.email, password_hash: "!" };
    storage::users::insert(&mut tx, &new).await.expect("the account is new");
    storage::teams::insert(&mut tx, &space).await.expect("the space is new");
    services.commit(tx, Touched::team(space.id)).await.expect("it commits");
    Caller::system(user)
}

/// Makes somebody a member of a team and of its organization.
pub(crate) async fn db_join(services: &Services, team: &TeamView, person: &Caller, role: Role) {
    let at = services.clock.now();
    let mut tx = services.store.begin().await.expect("a transaction");
    let org = storage::organizations::find(&mut tx, &team.organization_slug).await.expect("a query").expect("the organization");
    storage::organizations::put_member(&mut tx, org.id, person.user.id, OrgRole::Member, at).await.expect("a member");
    storage::teams::insert_member(&mut tx, team.id, person.user.id, role, at).await.expect("a member");
    services.commit(tx, Touched::member(team.id, person.user.id)).await.expect("it commits");
}

/// Takes somebody out of a team, as a removal does.
pub(crate) async fn db_leave(services: &Services, team: TeamId, person: &Caller) {
    let mut tx = services.store.begin().await.expect("a transaction");
    sqlx::query("DELETE FROM team_members WHERE team_id = $1 AND user_id = $2")
        .bind(team.to_string())
        .bind(person.user.id.to_string())
        .execute(&mut *tx)
        .await
        .expect("a member");
    services.commit(tx, Touched::member(team, person.user.id)).await.expect("it commits");
}

/// A team "Atlas Search" in a new organization "Northwind Labs", owned by a platform admin.
pub(crate) async fn team(services: &Services, owner: &Caller) -> TeamView {
    services.create_team_with_organization(owner, "Northwind Labs", new_team("Atlas Search", "")).await.expect("a team")
}

/// Input of a team.
pub(crate) fn new_team(name: &str, organization: &str) -> NewTeam {
    NewTeam { name: name.into(), slug: None, organization: organization.into(), mode: AccessMode::Inherit, self_service: true }
}

/// The simulated provider.
pub(crate) fn simulated(name: &str) -> ProviderInput {
    ProviderInput { name: name.into(), kind: "simulated".into(), ..ProviderInput::default() }
}

/// A model of one deployment at $1 in and $2 out.
pub(crate) fn model(name: &str, provider: &str) -> NewModel {
    NewModel {
        name: name.into(),
        aliases: vec![],
        tier: Tier::General,
        modality: Modality::Chat,
        prices: Prices { input: Some(Price(DOLLAR)), cached: None, output: Some(Price(2 * DOLLAR)) },
        context_window: 128_000,
        max_output: 16_000,
        default_output: Some(1_000),
        tokenizer: None,
        prices_from: None,
        restricted: None,
        enabled: true,
        deployments: vec![Deployment { provider: provider.into(), model: format!("{name}-upstream") }],
    }
}
