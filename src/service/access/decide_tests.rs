//! The decisions beside a reference that is plain set algebra over the same facts.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::snapshot::{DeploymentEntry, KeyEntry, ModelEntry, ProviderEntry, Snapshot, TeamEntry};
use super::*;
use crate::domain::{
    api_keys::make_secret,
    catalog::{Modality, Prices, Simulation, Tier},
    ids::{KeyId, ModelId, ProviderId, TeamId, UserId},
    money::Price,
};

const NOW: UnixMs = UnixMs(1_000_000);

#[derive(Clone, Debug)]
struct ModelFacts {
    enabled: bool,
    priced: bool,
    served: bool,
    simulated: bool,
    alias: bool,
    state: Option<ModelState>,
}

#[derive(Clone, Debug)]
struct KeyFacts {
    restrict: bool,
    kind: KeyKind,
    revoked: bool,
    person_gone: bool,
    expires_in: Option<i64>,
}

fn model() -> impl Strategy<Value = ModelFacts> {
    let state = prop_oneof![
        1 => Just(None),
        4 => Just(Some(ModelState::Open)),
        1 => Just(Some(ModelState::Approval)),
        1 => Just(Some(ModelState::Closed)),
    ];
    (prop::bool::weighted(0.8), prop::bool::weighted(0.8), prop::bool::weighted(0.9), any::<bool>(), any::<bool>(), state)
        .prop_map(|(enabled, priced, served, simulated, alias, state)| ModelFacts {
            enabled,
            priced,
            served,
            simulated,
            alias,
            state,
        })
}

fn key() -> impl Strategy<Value = KeyFacts> {
    let kind = prop_oneof![Just(KeyKind::Person), Just(KeyKind::Application), Just(KeyKind::Test)];
    (prop::bool::weighted(0.2), kind, prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::option::of(-2i64..3)).prop_map(
        |(restrict, kind, revoked, person_gone, expires_in)| KeyFacts { restrict, kind, revoked, person_gone, expires_in },
    )
}

fn name(at: usize) -> String {
    format!("model-{at:02}")
}

fn snapshot(models: &[ModelFacts], key: &KeyFacts, secret: &str) -> Snapshot {
    let id = |kind: u128, at: usize| Uuid::from_u128(kind << 64 | at as u128);
    let provider = |kind| {
        Arc::new(ProviderEntry {
            id: ProviderId(id(1, 0)),
            name: "p".into(),
            kind,
            base_url: String::new(),
            secret: None,
            simulation: Simulation::default(),
        })
    };
    let (simulated, real) = (provider(ProviderKind::Simulated), provider(ProviderKind::Openai));
    let entries: Vec<_> = models
        .iter()
        .enumerate()
        .map(|(at, facts)| {
            let provider = if facts.simulated { &simulated } else { &real };
            let deployment = DeploymentEntry { provider: provider.clone(), upstream_model: "u".into() };
            Arc::new(ModelEntry {
                id: ModelId(id(2, at)),
                name: name(at),
                tier: Tier::General,
                modality: Modality::Chat,
                prices: Prices { input: Some(Price(1)), cached: None, output: facts.priced.then_some(Price(0)) },
                context_window: 1,
                max_output: 1,
                default_output: None,
                enabled: facts.enabled,
                created_at: NOW,
                deployments: facts.served.then_some(deployment).into_iter().collect(),
            })
        })
        .collect();
    let mut model_names: HashMap<String, _> = entries.iter().map(|entry| (entry.name.clone(), entry.clone())).collect();
    for (at, _) in models.iter().enumerate().filter(|(_, facts)| facts.alias) {
        model_names.insert(format!("alias-{at:02}"), entries[at].clone());
    }
    let states = models.iter().enumerate().filter_map(|(at, facts)| Some((ModelId(id(2, at)), facts.state?))).collect();
    let team = Arc::new(TeamEntry {
        id: TeamId(id(3, 0)),
        name: "t".into(),
        slug: "t".into(),
        organization: None,
        mode: if key.restrict { AccessMode::Restrict } else { AccessMode::Inherit },
        discount_bp: 0,
        model_states: Arc::new(states),
    });
    let entry = Arc::new(KeyEntry {
        id: KeyId(id(4, 0)),
        name: "k".into(),
        kind: key.kind,
        user: UserId(id(5, 0)),
        user_name: "u".into(),
        person_gone: key.person_gone,
        revoked: key.revoked,
        expires_at: key.expires_in.map(|ms| NOW.plus(ms)),
        team,
    });
    let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    Snapshot { keys: HashMap::from([(hash, entry)]), models: entries, model_names, teams: HashMap::new() }
}

/// What may be called, as an intersection of sets.
fn reference(models: &[ModelFacts], key: &KeyFacts) -> BTreeSet<usize> {
    let all = || models.iter().enumerate();
    let set = |rule: &dyn Fn(&ModelFacts) -> bool| all().filter(|(_, m)| rule(m)).map(|(at, _)| at).collect::<BTreeSet<_>>();
    let ready: BTreeSet<usize> = &(&set(&|m| m.enabled) & &set(&|m| m.priced)) & &set(&|m| m.served);
    let organization = set(&|m| m.state == Some(ModelState::Open));
    let team = if key.restrict { BTreeSet::new() } else { set(&|_| true) };
    let scope = if key.kind == KeyKind::Test { set(&|m| m.simulated) } else { set(&|_| true) };
    &(&(&ready & &organization) & &team) & &scope
}

proptest! {
    #[test]
    fn decisions_equal_set_algebra(models in prop::collection::vec(model(), 0..12), key in key()) {
        let secret = make_secret("tg_", [9; 32]);
        let snapshot = snapshot(&models, &key, &secret);
        let expected = match key {
            KeyFacts { revoked: true, .. } | KeyFacts { person_gone: true, .. } => Err(KeyRefusal::Revoked),
            KeyFacts { expires_in: Some(..=0), .. } => Err(KeyRefusal::Expired),
            _ => Ok(()),
        };
        let entry = snapshot.authenticate(&secret, NOW);
        prop_assert_eq!(entry.as_ref().map(|_| ()).map_err(|e| *e), expected);
        let Ok(entry) = entry else { return Ok(()) };

        let allowed = reference(&models, &key);
        let listed: Vec<String> = snapshot.callable(&entry).iter().map(|model| model.name.clone()).collect();
        prop_assert_eq!(listed, allowed.iter().map(|at| name(*at)).collect::<Vec<_>>(), "the list is what may be called");
        for (at, facts) in models.iter().enumerate() {
            let by_name = snapshot.authorize(&entry, &name(at));
            prop_assert_eq!(by_name.is_ok(), allowed.contains(&at));
            let alias = snapshot.authorize(&entry, &format!("alias-{at:02}"));
            prop_assert_eq!(alias.is_ok(), facts.alias && allowed.contains(&at), "an alias is what it stands for");
            prop_assert!(snapshot.authorize(&entry, &name(at).to_uppercase()).is_err());
        }
    }
}
