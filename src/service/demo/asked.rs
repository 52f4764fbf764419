//! Who asked for which model and what became of it, and a price that the organization has to look at.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::cast::{ASKED, Answer};
use crate::{
    domain::{
        accounts::User,
        authorization::GrantLevel,
        ids::{ModelId, OrgId, TeamId},
        limit_scopes::Allowance,
        model_access::{AccessRequest, Grant, RequestState, ReviewItem, ReviewKind},
        time::{DAY_MS, HOUR_MS, UnixMs},
    },
    service::{ServiceError, Services},
    storage::{
        self,
        model_access::{grants, requests, reviews},
        requests::{Closed, RequestKind},
    },
};

/// The model whose price crossed the threshold.
const DEARER: &str = "claude-sonnet-4-5";

/// Writes all of it.
pub(super) async fn write(
    past: &Services,
    c: &mut AnyConnection,
    org: OrgId,
    (teams, people): (&[TeamId], &HashMap<&'static str, User>),
    now: UnixMs,
) -> Result<(), ServiceError> {
    let catalog = storage::catalog::list_models(c, now).await?;
    let find = |name: &str| catalog.iter().find(|model| model.name == name).map(|model| model.id);
    if let Some(model) = find(DEARER) {
        let opened_at = now.plus(-2 * DAY_MS);
        let (id, kind) = (past.random.id_at(opened_at), ReviewKind::Price);
        let item = ReviewItem { id, model, model_name: DEARER.into(), kind, blocks: false, opened_at, teams: vec![] };
        reviews::open(c, org, &item).await?;
    }
    for (team, name, model_name, reason, hours, answer) in ASKED {
        let (Some(model), Some(user)) = (find(model_name), people.get(name)) else { continue };
        let at = now.plus(-hours * HOUR_MS);
        let request = asked(past, (teams[team], user, model), (model_name, reason), at);
        requests::insert(c, &request).await?;
        let decided_at = at.plus(2 * HOUR_MS);
        let (state, by, note, days) = match answer {
            Answer::None => continue,
            Answer::Approved(by, days) => (RequestState::Approved, by, "", Some(days)),
            Answer::Declined(by, note) => (RequestState::Rejected, by, note, None),
        };
        let Some(decider) = people.get(by) else { continue };
        let closed = Closed { state, by: decider.id, by_name: &decider.name, note, given: None };
        storage::requests::close(c, (RequestKind::Access, request.id), closed, decided_at).await?;
        let Some(days) = days else { continue };
        let ends_at = decided_at.plus(days * DAY_MS);
        let grant = Grant {
            id: past.random.id_at(decided_at),
            team: request.team,
            team_slug: String::new(),
            team_name: String::new(),
            user: Some(user.id),
            user_name: user.name.clone(),
            model,
            model_name: model_name.into(),
            level: GrantLevel::Organization,
            granted_by: decider.name.clone(),
            created_at: decided_at,
            ends_at: Some(ends_at),
            allowance: Allowance::default(),
        };
        grants::insert(c, &grant, decider.id, Some(request.id)).await?;
        if ends_at <= now {
            grants::end(c, grant.id, ends_at).await?;
        }
    }
    Ok(())
}

fn asked(
    past: &Services,
    (team, user, model): (TeamId, &User, ModelId),
    (model_name, reason): (&str, &str),
    at: UnixMs,
) -> AccessRequest {
    AccessRequest {
        id: past.random.id_at(at),
        team,
        team_slug: String::new(),
        team_name: String::new(),
        organization: None,
        user: user.id,
        user_name: user.name.clone(),
        user_email: user.email.clone(),
        for_team: false,
        model,
        model_name: model_name.into(),
        reason: reason.into(),
        wanted_until: None,
        state: RequestState::Pending,
        created_at: at,
        decided_at: None,
        decided_by: String::new(),
        note: String::new(),
        given: None,
        approver: None,
        may_decide: false,
    }
}
