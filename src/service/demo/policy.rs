//! Who may call what in the demo: a team that restricts, with groups, grants and a limited member; one that inherits; one with
//! rules of tiers.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::cast::WAITS_FOR_REVIEW;
use crate::{
    domain::{
        accounts::User,
        authorization::{GrantLevel, TeamState},
        catalog::Tier,
        ids::{GroupId, ModelId, OrgId, TeamId},
        limit_scopes::Allowance,
        model_access::{AccessGroup, Grant, ReviewItem, ReviewKind},
        team_policy::TeamRows,
        teams::AccessMode,
        time::{DAY_MS, UnixMs},
    },
    service::{ServiceError, Services},
    storage::{
        self,
        model_access::{grants, groups, reviews, subsets, teams},
    },
};

/// Groups of the organization: name, what it is for, models.
const GROUPS: [(&str, &str, &[&str]); 3] = [
    ("core-chat", "Everyday chat and drafting", &["gpt-4.1-mini", "gemini-2.5-flash", "llama-3.3-70b", "mistral-small-3.2"]),
    ("retrieval", "Search and embeddings", &["text-embedding-3-large"]),
    ("evaluation", "Judging answers against a reference", &["claude-sonnet-4-5", "claude-opus-4-1"]),
];
/// What the first team names beside its groups.
const ROWS: [(&str, TeamState); 3] =
    [("claude-sonnet-4-5", TeamState::Direct), ("gpt-4.1", TeamState::Approval), ("claude-opus-4-1", TeamState::Direct)];
/// Grants of the first team: to whom, which model, by whom, days ago, days that are left.
const GRANTS: [(&str, &str, &str, i64, Option<i64>); 6] = [
    ("Jonas Lindqvist", "gpt-4.1", "Maya Okafor", 61, None),
    ("Daniel Cho", "gpt-4.1", "Maya Okafor", 58, None),
    ("Tomás Herrera", "gpt-4.1", "Priya Raman", 40, Some(50)),
    ("Lena Fischer", "gpt-4.1", "Priya Raman", 33, Some(27)),
    ("Lena Fischer", "claude-opus-4-1", "Henrik Sato", 12, Some(18)),
    ("Maya Okafor", "claude-opus-4-1", "Henrik Sato", 30, None),
];
/// A member of the first team who is limited to a part of its models.
const LIMITED: (&str, [&str; 2]) = ("Noor El-Amin", ["gpt-4.1-mini", "text-embedding-3-large"]);
/// Days since the first team looked over its models.
const REVIEWED: i64 = 19;

/// Writes it for the teams of the cast, in their order.
pub(super) async fn write(
    past: &Services,
    c: &mut AnyConnection,
    org: OrgId,
    team_ids: &[TeamId],
    people: &HashMap<&'static str, User>,
    now: UnixMs,
) -> Result<(), ServiceError> {
    let known: HashMap<String, ModelId> =
        storage::catalog::list_models(c, now).await?.into_iter().map(|model| (model.name, model.id)).collect();
    let model =
        |name: &str| known.get(name).copied().ok_or_else(|| ServiceError::Internal(format!("the demo has no model {name}")));
    let mut group_ids: Vec<GroupId> = vec![];
    for (name, description, models) in GROUPS {
        let at = now.plus(-200 * DAY_MS);
        let group = AccessGroup {
            id: past.random.id_at(at),
            organization: Some(org),
            name: name.into(),
            description: description.into(),
            models: models.iter().map(|name| model(name)).collect::<Result<_, _>>()?,
            tiers: vec![],
            teams: 0,
        };
        groups::insert(c, &group, at).await?;
        group_ids.push(group.id);
    }
    let (first, research) = (team_ids[0], team_ids[2]);
    let rows = TeamRows {
        models: ROWS.iter().map(|(name, state)| Ok((model(name)?, *state))).collect::<Result<_, ServiceError>>()?,
        groups: group_ids[..2].to_vec(),
        tiers: vec![],
    };
    teams::put_policy(c, first, AccessMode::Restrict, &rows, now.plus(-REVIEWED * DAY_MS)).await?;
    let rows = TeamRows {
        tiers: vec![(Tier::General, TeamState::Direct), (Tier::HighPerformance, TeamState::Direct)],
        ..TeamRows::default()
    };
    teams::put_policy(c, research, AccessMode::Restrict, &rows, now.plus(-REVIEWED * DAY_MS)).await?;
    let subset = LIMITED.1.iter().map(|name| model(name)).collect::<Result<Vec<_>, _>>()?;
    subsets::put_member(c, first, people[LIMITED.0].id, Some(&subset)).await?;
    for (whom, name, by, days, left) in GRANTS {
        let created_at = now.plus(-days * DAY_MS);
        let grant = Grant {
            id: past.random.id_at(created_at),
            team: first,
            team_slug: String::new(),
            team_name: String::new(),
            user: Some(people[whom].id),
            user_name: whom.into(),
            model: model(name)?,
            model_name: name.into(),
            level: if name == "claude-opus-4-1" { GrantLevel::Organization } else { GrantLevel::Team },
            granted_by: by.into(),
            created_at,
            ends_at: left.map(|days| now.plus(days * DAY_MS)),
            allowance: Allowance::default(),
        };
        grants::insert(c, &grant, people[by].id, None).await?;
    }
    let opened_at = now.plus(-2 * DAY_MS);
    let item = ReviewItem {
        id: past.random.id_at(opened_at),
        model: model(WAITS_FOR_REVIEW)?,
        model_name: WAITS_FOR_REVIEW.into(),
        kind: ReviewKind::NewModel,
        blocks: true,
        opened_at,
        teams: vec![],
    };
    reviews::open(c, org, &item).await?;
    Ok(())
}
