//! The decisions beside the reference of [`worlds`](super::support::worlds): in memory, over many worlds.

use std::{collections::HashMap, sync::Arc};

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::support::{
    START as NOW,
    worlds::{self, Answer, MEMBERS, Set, World},
};
use crate::{
    domain::{
        api_keys::{ApiKey, KeyKind},
        authorization::{GrantLevel, TeamState},
        catalog::{Modality, ModelState, Prices, ProviderKind, Simulation, Tier},
        ids::{GrantId, GroupId, KeyId, ModelId, OrgId, ProviderId, TeamId, UserId},
        money::Price,
        prices::{PriceEntry, PriceHistory},
        team_policy::TeamRows,
        teams::{AccessMode, Team, TeamKind},
    },
    service::{
        Snapshot,
        access::{
            compile::{Source, compile},
            decide::{Holder, KeyRefusal, ModelRefusal},
            snapshot::{DeploymentEntry, ModelEntry, ProviderEntry},
        },
        key_secrets::make_secret,
        vault::sha256_hex,
    },
    storage::{
        api_keys::LiveKey,
        model_access::compiled::{GroupModels, LiveGrant},
    },
};

fn id(kind: u8, at: usize) -> Uuid {
    Uuid::from_u128(u128::from(kind) << 64 | at as u128)
}

fn secret(at: usize) -> String {
    let seed: [u8; 32] = Sha256::digest(at.to_be_bytes()).into();
    make_secret("tg_", seed)
}

fn name(at: usize) -> String {
    format!("m{at}")
}

fn state(number: u8) -> ModelState {
    [ModelState::Open, ModelState::Approval, ModelState::Closed][usize::from(number)]
}

fn team_state(number: u8) -> TeamState {
    TeamState::ALL[usize::from(number)]
}

fn ids(set: &Set) -> Vec<ModelId> {
    set.iter().map(|at| ModelId(id(2, *at))).collect()
}

fn compiled(world: &World) -> Snapshot {
    let provider = |kind| {
        let (id, name, base_url) = (ProviderId(id(1, 0)), "p".to_owned(), String::new());
        Arc::new(ProviderEntry { id, name, kind, base_url, secret: None, simulation: Simulation::default() })
    };
    let (simulated, real) = (provider(ProviderKind::Simulated), provider(ProviderKind::Openai));
    let mut source = Source { personal_general: world.personal_general, ..Source::default() };
    for (place, model) in world.models.iter().enumerate() {
        let provider = if model.simulated { &simulated } else { &real };
        let deployment = DeploymentEntry { provider: provider.clone(), upstream_model: "u".into() };
        let entry = ModelEntry {
            id: ModelId(id(2, place)),
            place,
            name: name(place),
            aliases: model.alias.then(|| format!("alias-{place}")).into_iter().collect(),
            tier: Tier::ALL[model.tier],
            modality: Modality::Chat,
            prices: PriceHistory(vec![PriceEntry {
                from: NOW,
                prices: Prices { input: Some(Price(1)), cached: None, output: model.priced.then_some(Price(0)) },
                created_at: NOW,
                created_by: String::new(),
            }]),
            context_window: 1,
            max_output: 1,
            default_output: None,
            tokenizer: None,
            restricted: false,
            enabled: model.enabled,
            created_at: NOW,
            deployments: model.served.then_some(deployment).into_iter().collect(),
        };
        source.models.push(Arc::new(entry));
    }
    for (at, org) in world.organizations.iter().enumerate() {
        let org_id = OrgId(id(3, at));
        source.states.extend(org.states.iter().map(|(model, number)| (org_id, ModelId(id(2, *model)), state(*number))));
        source.blocked.extend(org.blocked.iter().map(|model| (org_id, ModelId(id(2, *model)))));
    }
    for (at, group) in world.groups.iter().enumerate() {
        let tiers = group.tiers.iter().map(|tier| Tier::ALL[*tier]).collect();
        let organization = group.organization.map(|org| OrgId(id(3, org)));
        source.groups.insert(GroupId(id(4, at)), GroupModels { organization, models: ids(&group.models), tiers });
    }
    for (at, team) in world.teams.iter().enumerate() {
        let team_id = TeamId(id(5, at));
        let organization = World::organization_of(at).map(|org| OrgId(id(3, org)));
        source.teams.push(Team {
            id: team_id,
            kind: if organization.is_some() { TeamKind::Team } else { TeamKind::Personal },
            organization,
            organization_name: String::new(),
            organization_slug: String::new(),
            slug: format!("t{at}"),
            name: format!("T{at}"),
            owner: UserId(id(6, 0)),
            mode: if team.restrict { AccessMode::Restrict } else { AccessMode::Inherit },
            self_service: true,
            ranking_open: false,
            alert_emails: vec![],
            seats: None,
            discount_bp: 0,
            created_at: NOW,
        });
        let rows = TeamRows {
            models: team.rows.iter().map(|(model, number)| (ModelId(id(2, *model)), team_state(*number))).collect(),
            groups: team.groups.iter().map(|group| GroupId(id(4, *group))).collect(),
            tiers: team.tiers.iter().map(|(tier, number)| (Tier::ALL[*tier], team_state(*number))).collect(),
        };
        source.team_rows.insert(team_id, rows);
        let subsets = team.subsets.iter().map(|(member, models)| (UserId(id(6, *member)), ids(models))).collect();
        source.member_subsets.insert(team_id, subsets);
        source.grants.extend(team.grants.iter().enumerate().map(|(at, grant)| LiveGrant {
            id: GrantId(id(8, at)),
            team: team_id,
            user: grant.member.map(|member| UserId(id(6, member))),
            model: ModelId(id(2, grant.model)),
            level: if grant.by_organization { GrantLevel::Organization } else { GrantLevel::Team },
            ends_at: grant.ends_in.map(|ms| NOW.plus(ms)),
        }));
    }
    for (at, key) in world.keys.iter().enumerate() {
        source.keys.push(live_key(at, key));
        if let Some(models) = &key.narrowed {
            source.key_subsets.insert(KeyId(id(7, at)), ids(models));
        }
    }
    compile(source).unwrap()
}

fn live_key(at: usize, key: &worlds::Key) -> LiveKey {
    let key = ApiKey {
        id: KeyId(id(7, at)),
        team: TeamId(id(5, key.team)),
        user: UserId(id(6, key.member)),
        kind: KeyKind::ALL[usize::from(key.kind)],
        name: "k".into(),
        prefix: String::new(),
        suffix: String::new(),
        expires_at: None,
        revoked_at: None,
        old_secret_until: None,
        created_at: NOW,
        last_used_at: None,
    };
    LiveKey { key, secret_hash: sha256_hex(&secret(at)), old_secret_hash: None, user_name: "u".into(), person_gone: false }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_equal_set_algebra(world in worlds::world()) {
        let snapshot = compiled(&world);
        for (at, key) in world.keys.iter().enumerate() {
            let entry = snapshot.authenticate(&secret(at), NOW).unwrap();
            let holder = Holder::of_key(&entry);
            let listed: Vec<String> = snapshot.callable(&holder, NOW).iter().map(|model| model.name.clone()).collect();
            let expected = world.of_key(key);
            prop_assert_eq!(&listed, &expected.iter().map(|at| name(*at)).collect::<Vec<_>>(), "the list is what may be called");
            for (model, facts) in world.models.iter().enumerate() {
                let decided = snapshot.authorize(&entry, &name(model), NOW).map(|_| ());
                let answer = match decided {
                    Ok(()) => Answer::Through,
                    Err(ModelRefusal::RequiresApproval) => Answer::NeedsApproval,
                    Err(ModelRefusal::NotInKeyScope) => Answer::OutsideKey,
                    Err(ModelRefusal::NotFound) => Answer::Hidden,
                };
                prop_assert_eq!(answer, world.answer(key, model));
                let alias = snapshot.authorize(&entry, &format!("alias-{model}"), NOW).map(|_| ());
                prop_assert_eq!(alias, if facts.alias { decided } else { Err(ModelRefusal::NotFound) }, "an alias is what it stands for");
                prop_assert!(snapshot.authorize(&entry, &name(model).to_uppercase(), NOW).is_err());
                let with_blank = name(model) + " ";
                prop_assert!(snapshot.authorize(&entry, &with_blank, NOW).is_err());
            }
        }
    }

    #[test]
    fn nothing_narrower_is_wider(world in worlds::world()) {
        let snapshot = compiled(&world);
        let names = |holder: &Holder<'_>| snapshot.callable(holder, NOW).iter().map(|m| m.place).collect::<Set>();
        for at in 0..world.keys.len() {
            let entry = snapshot.authenticate(&secret(at), NOW).unwrap();
            let team = snapshot.team(entry.team.id).unwrap();
            let of_key = names(&Holder::of_key(&entry));
            let mut of_team = names(&Holder::of_team(team));
            for member in 0..MEMBERS {
                of_team.extend(names(&Holder::of_member(team, UserId(id(6, member)))));
            }
            let of_organization: Set =
                (0..world.models.len()).filter(|place| team.boundary.state(*place) != ModelState::Closed).collect();
            prop_assert!(of_key.is_subset(&of_team) && of_team.is_subset(&of_organization));
        }
    }
}

#[test]
fn keys_are_refused_before_models_are_looked_at() {
    let mut source = Source::default();
    let key = worlds::Key { team: 1, member: 0, kind: 0, narrowed: None };
    let mut keys: Vec<LiveKey> = (0..4).map(|at| live_key(at, &key)).collect();
    keys[0].key.revoked_at = Some(NOW);
    keys[1].person_gone = true;
    (keys[2].key.expires_at, keys[3].key.expires_at) = (Some(NOW), Some(NOW.plus(1)));
    source.keys = keys;
    source.teams = vec![Team {
        id: TeamId(id(5, 1)),
        kind: TeamKind::Team,
        organization: Some(OrgId(id(3, 0))),
        organization_name: String::new(),
        organization_slug: String::new(),
        slug: "t".into(),
        name: "T".into(),
        owner: UserId(id(6, 0)),
        mode: AccessMode::Inherit,
        self_service: true,
        ranking_open: false,
        alert_emails: vec![],
        seats: None,
        discount_bp: 0,
        created_at: NOW,
    }];
    let snapshot = compile(source).unwrap();
    let refused: HashMap<usize, _> =
        (0..5).map(|at| (at, snapshot.authenticate(&secret(at), NOW).map(|_| ()).map_err(Some))).collect();
    assert_eq!(refused[&0], Err(Some(KeyRefusal::Revoked)));
    assert_eq!(refused[&1], Err(Some(KeyRefusal::Revoked)));
    assert_eq!(refused[&2], Err(Some(KeyRefusal::Expired)));
    assert_eq!(refused[&3], Ok(()));
    assert_eq!(refused[&4], Err(Some(KeyRefusal::Unknown)));
}
