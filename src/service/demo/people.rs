//! Writing the demo's people, teams, catalog and keys, and finding them again for their usage.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::{
    Demo, DemoAccount,
    cast::{self, Fate, KEYS, KeyCast, MODELS, NEW_MODELS, PEOPLE, PROVIDERS, TEAMS},
    policy,
    record::Record,
};
use crate::{
    domain::{
        accounts::User,
        api_keys::ApiKey,
        catalog::{ModelView, NewModel, Prices, Provider, ProviderKind, Simulation},
        email,
        ids::{ModelId, OrgId, ProviderId, TeamId},
        money::Price,
        prices::PriceEntry,
        roles::{OrgRole, Role},
        teams::{AccessMode, Team, TeamKind},
        time::{DAY_MS, HOUR_MS, UnixMs},
    },
    service::{
        Caller, Random, ServiceError, Services,
        accounts::new_account::NewAccount,
        audit::Change,
        key_secrets::{make_secret, shown_parts},
        organizations::PERSONAL_POLICY,
        vault::{Secret, sha256_hex},
    },
    storage::{self, api_keys::KeyFilter},
};

/// The key that is printed, and a model that it may call.
const SHOWN: (&str, &str) = ("notebook-maya", MODELS[0].name);

/// Words of the common password: easy to type, and chosen by chance on every installation.
const WORDS: [&str; 32] = [
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo", "juniper", "kelp", "lantern", "maple",
    "nectar", "ochre", "pebble", "quartz", "raven", "saffron", "thistle", "umber", "violet", "walnut", "yarrow", "zephyr",
    "copper", "meadow", "orbit", "puffin", "ripple", "summit", "timber",
];

/// A key with what its calls are made of.
pub(super) struct DemoKey {
    pub(super) cast: &'static KeyCast,
    pub(super) key: ApiKey,
    pub(super) user_name: String,
    pub(super) team: Team,
}

/// What usage is made of.
pub(super) struct Callers {
    pub(super) keys: Vec<DemoKey>,
    /// As in [`MODELS`].
    pub(super) models: Vec<ModelView>,
    /// As in [`PROVIDERS`].
    pub(super) providers: Vec<Provider>,
}

/// Writes everything but usage. `past` has a clock that can be moved and repeatable randomness; secrets are made by `real`.
pub(super) async fn write(past: &Services, real: &Services, c: &mut AnyConnection, now: UnixMs) -> Result<Demo, ServiceError> {
    let password = password(&real.random);
    let people = write_accounts(past, real, c, now, &password).await?;
    let first = Caller::system(people[PEOPLE[0].0].clone());
    past.clock.advance(-330 * DAY_MS);
    let org = past.insert_organization(c, &first, cast::ORGANIZATION, "").await?.id;
    past.clock.advance(330 * DAY_MS);
    for (name, days, admin) in PEOPLE {
        let role = if admin { OrgRole::Admin } else { OrgRole::Member };
        storage::organizations::put_member(c, org, people[name].id, role, now.plus(-days * DAY_MS)).await?;
    }
    write_catalog(past, c, org, now).await?;
    storage::settings::put(c, PERSONAL_POLICY, "general", now).await?;
    let mut teams = Vec::with_capacity(TEAMS.len());
    for team in &TEAMS {
        teams.push(write_team(past, c, team, org, &people, now).await?);
    }
    policy::write(past, c, org, &teams, &people, now).await?;
    let key = write_keys(past, real, c, &teams, &people, now).await?;
    Record { past, now, organization: org, people: &people }.write(c, &teams).await?;
    super::asked::write(past, c, org, (&teams, &people), now).await?;
    let change = Change { action: "demo.seed", target_kind: "platform", target_name: "demo data", ..Change::default() };
    past.audit(c, &first, change).await?;
    Ok(Demo { password, team: TEAMS[0].slug.into(), model: SHOWN.1.into(), key, accounts: PEOPLE.map(account).to_vec() })
}

/// Finds what usage is made of.
pub(super) async fn read(services: &Services) -> Result<Callers, ServiceError> {
    let missing = |what: &str| ServiceError::Internal(format!("the demo's {what} is not there any more"));
    let mut c = services.store.reader().await?;
    let mut keys = vec![];
    for (at, cast) in TEAMS.iter().enumerate() {
        let team = storage::teams::find(&mut c, cast.slug).await?.ok_or_else(|| missing(cast.slug))?;
        let filter = KeyFilter { user: None, text: "", status: None, before: None, limit: 1_000, month_start: UnixMs(0) };
        for listed in storage::api_keys::list(&mut c, team.id, &filter).await? {
            let Some(cast) = KEYS.iter().find(|cast| cast.0 == at && cast.2 == listed.key.name) else { continue };
            keys.push(DemoKey { cast, key: listed.key, user_name: listed.user_name, team: team.clone() });
        }
    }
    let mut known: HashMap<String, ModelView> = storage::catalog::list_models(&mut c, services.clock.now())
        .await?
        .into_iter()
        .map(|model| (model.name.clone(), model))
        .collect();
    let models = MODELS.iter().map(|cast| known.remove(cast.name).ok_or_else(|| missing(cast.name))).collect::<Result<_, _>>()?;
    let mut providers = vec![];
    for (name, ..) in PROVIDERS {
        providers.push(storage::catalog::find_provider(&mut c, name).await?.ok_or_else(|| missing(name))?.0);
    }
    Ok(Callers { keys, models, providers })
}

fn password(random: &Random) -> String {
    let word = || WORDS[random.below(WORDS.len() as u32) as usize];
    format!("{}-{}-{}-{:03}", word(), word(), word(), random.below(1_000))
}

fn address(name: &str) -> String {
    let plain = |c: char| match c {
        'á' => 'a',
        c => c.to_ascii_lowercase(),
    };
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let last = last.replace('-', "");
    format!("{}.{}@{}", first.chars().map(plain).collect::<String>(), last.chars().map(plain).collect::<String>(), cast::DOMAIN)
}

fn account((name, _, org_admin): (&'static str, i64, bool)) -> DemoAccount {
    let mut roles: Vec<String> = TEAMS
        .iter()
        .flat_map(|team| team.members.iter().filter(|(member, _)| *member == name).map(|(_, role)| (team.name, *role)))
        .map(|(team, role)| format!("{} of {team}", role.as_str()))
        .collect();
    if org_admin {
        roles.push(format!("admin of {}", cast::ORGANIZATION));
    }
    if name == PEOPLE[0].0 {
        roles.push("platform admin".into());
    }
    DemoAccount { email: address(name), role: roles.join(", ") }
}

async fn write_accounts(
    past: &Services,
    real: &Services,
    c: &mut AnyConnection,
    now: UnixMs,
    password: &str,
) -> Result<HashMap<&'static str, User>, ServiceError> {
    let mut people = HashMap::new();
    for (at, (name, days, _)) in PEOPLE.into_iter().enumerate() {
        let email = address(name);
        let email_normalized = email::normalize(&email).map_err(|message| ServiceError::field("email", message))?;
        let password_hash = real.passwords.hash(Secret::new(password.to_owned()), &real.random).await?;
        let at_ms = now.plus(-(days + 2) * DAY_MS);
        let new = NewAccount {
            email,
            email_normalized,
            name: name.into(),
            password_hash,
            platform_admin: at == 0,
            email_confirmed: true,
            at: at_ms,
        };
        people.insert(name, past.insert_account(c, &new).await?);
    }
    Ok(people)
}

async fn write_catalog(past: &Services, c: &mut AnyConnection, org: OrgId, now: UnixMs) -> Result<(), ServiceError> {
    let first = now.plus(-329 * DAY_MS);
    let mut providers: Vec<ProviderId> = vec![];
    for (name, first_token_ms, per_token_ms) in PROVIDERS {
        let provider = Provider {
            id: past.random.id_at(first),
            name: name.into(),
            kind: ProviderKind::Simulated,
            base_url: String::new(),
            secret_hint: String::new(),
            simulation: Simulation { first_token_ms, per_token_ms, ..Simulation::default() },
            created_at: first,
        };
        storage::catalog::insert_provider(c, &provider, "").await?;
        providers.push(provider.id);
    }
    let later = NEW_MODELS.iter().map(|(days, cast)| (cast, now.plus(-days * DAY_MS)));
    for (cast, at) in MODELS.iter().map(|cast| (cast, first)).chain(later) {
        let (input, cached, output) = cast.price_mills;
        let price = |mills: i64| Some(Price(mills * 1_000_000));
        let model = NewModel {
            name: cast.name.into(),
            aliases: cast.alias.map(str::to_owned).into_iter().collect(),
            tier: cast.tier,
            modality: cast.modality,
            prices: Prices { input: price(input), cached: price(cached), output: price(output) },
            context_window: cast.context_window,
            max_output: cast.max_output,
            default_output: (cast.max_output > 1).then_some(4_096),
            tokenizer: None,
            prices_from: None,
            restricted: None,
            enabled: true,
            deployments: vec![],
        };
        let id: ModelId = past.random.id_at(at);
        let restricted = cast.tier == crate::domain::catalog::Tier::HighPerformance;
        storage::catalog::insert_model(c, id, &model, restricted, at).await?;
        let entry = PriceEntry { from: at, prices: model.prices, created_at: at, created_by: String::new() };
        storage::prices::insert(c, id, &entry).await?;
        storage::catalog::put_names(c, id, &model.name, &model.aliases).await?;
        storage::catalog::put_deployments(c, id, &[(providers[cast.provider], cast.name)]).await?;
        storage::organizations::put_model(c, org, id, cast.state, at).await?;
    }
    Ok(())
}

async fn write_team(
    past: &Services,
    c: &mut AnyConnection,
    cast: &cast::Cast,
    org: OrgId,
    people: &HashMap<&'static str, User>,
    now: UnixMs,
) -> Result<TeamId, ServiceError> {
    let joined =
        |name: &str| now.plus(-PEOPLE.iter().find(|(known, ..)| *known == name).map_or(0, |(_, days, _)| *days) * DAY_MS);
    let created_at = joined(cast.members[0].0);
    let team = Team {
        id: past.random.id_at(created_at),
        kind: TeamKind::Team,
        organization: Some(org),
        organization_name: cast::ORGANIZATION.into(),
        organization_slug: String::new(),
        slug: cast.slug.into(),
        name: cast.name.into(),
        owner: people[cast.members[0].0].id,
        mode: AccessMode::Inherit,
        self_service: true,
        ranking_open: false,
        alert_emails: vec![],
        seats: Some(20),
        discount_bp: cast.discount_bp,
        created_at,
    };
    storage::teams::insert(c, &team).await?;
    for (name, role) in cast.members.iter().filter(|(_, role)| *role != Role::Owner) {
        storage::teams::insert_member(c, team.id, people[name].id, *role, joined(name).max(created_at)).await?;
    }
    Ok(team.id)
}

/// Writes all keys; gives the secret of the one that is shown.
async fn write_keys(
    past: &Services,
    real: &Services,
    c: &mut AnyConnection,
    teams: &[TeamId],
    people: &HashMap<&'static str, User>,
    now: UnixMs,
) -> Result<String, ServiceError> {
    let mut shown = String::new();
    for (team, owner, name, kind, days, fate, ..) in KEYS {
        // Not all at the same time of day.
        let created_at = now.plus(-days * DAY_MS - i64::from(past.random.below(8)) * HOUR_MS);
        let secret = make_secret("tg_", real.random.bytes());
        let (prefix, suffix) = shown_parts(&secret);
        let key = ApiKey {
            id: past.random.id_at(created_at),
            team: teams[team],
            user: people[owner].id,
            kind,
            name: name.into(),
            prefix,
            suffix,
            expires_at: match fate {
                Fate::ExpiresIn(days) => Some(now.plus(days * DAY_MS)),
                Fate::ExpiredAgo(days) => Some(now.plus(-days * DAY_MS)),
                Fate::Active | Fate::RevokedAgo(_) => None,
            },
            revoked_at: match fate {
                Fate::RevokedAgo(days) => Some(now.plus(-days * DAY_MS)),
                _ => None,
            },
            old_secret_until: None,
            created_at,
            last_used_at: None,
        };
        storage::api_keys::insert(c, &key, &sha256_hex(&secret)).await?;
        if name == SHOWN.0 {
            shown = secret;
        }
    }
    Ok(shown)
}
