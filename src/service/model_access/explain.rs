//! Why a call would go through or not, rule by rule, as the gateway decides it.

use crate::{
    domain::{
        authorization::{self, Rule, RuleOutcome},
        ids::{KeyId, UserId},
        model_access::{ExplainStep, Explanation},
        roles::Action,
    },
    service::{Caller, ServiceError, Services, access::decide::Holder},
    storage,
};

/// Of whom, and of which model.
#[derive(Clone, Debug, Default)]
pub struct ExplainQuery {
    /// A key, by id.
    pub key: Option<KeyId>,
    /// Or a member of a team.
    pub member: Option<UserId>,
    /// The team.
    pub team: Option<String>,
    /// The model, by name or alias, exactly as a call would say it.
    pub model: String,
}

impl Services {
    /// Explains. Everybody may ask for themselves and their own keys; whoever sees all keys of a team, for everybody in it.
    pub async fn explain(&self, caller: &Caller, query: &ExplainQuery) -> Result<Explanation, ServiceError> {
        let mut c = self.store.reader().await?;
        let snapshot = self.snapshot();
        let now = self.clock.now();
        let key = match query.key {
            Some(id) => Some(snapshot.key(id).ok_or(ServiceError::NotFound)?),
            None => None,
        };
        let team = match (&key, &query.team) {
            (Some(key), None) => key.team.id.to_string(),
            (None, Some(team)) => team.clone(),
            _ => return Err(ServiceError::field("key", "Name a key, or a team and a member.")),
        };
        let (team, standing) = self.find_team_for(&mut c, caller, &team, Action::ViewTeam).await?;
        let own = match &key {
            Some(key) => Holder::of_key(key).member == Some(caller.user.id),
            None => query.member.is_none_or(|member| member == caller.user.id),
        };
        let sees_all = standing.may(Action::ViewAnyKey);
        if !own && !sees_all {
            return Err(ServiceError::NotFound);
        }
        let member = query.member.unwrap_or(caller.user.id);
        if key.is_none() && storage::teams::find_role(&mut c, team.id, member).await?.is_none() {
            return Err(ServiceError::NotFound);
        }
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let holder = key.as_ref().map_or_else(|| Holder::of_member(entry, member), |key| Holder::of_key(key));

        let mut steps = vec![];
        let mut code = String::new();
        if let Some(key) = &key {
            let works = !key.revoked && !key.person_gone;
            let in_time = key.expires_at.is_none_or(|end| end > now);
            steps.push(step("key_works", "key", if works { RuleOutcome::Passed } else { RuleOutcome::Refused }));
            steps.push(step("key_in_time", "key", if in_time { RuleOutcome::Passed } else { RuleOutcome::Refused }));
            if !works {
                code = "api_key_revoked".into();
            } else if !in_time {
                code = "api_key_expired".into();
            }
        }
        let facts = snapshot.facts(&holder, &query.model, now).map(|(_, facts)| facts);
        let decided = facts.as_ref().map_or(Err(authorization::ModelRefusal::NotFound), authorization::decide);
        match facts {
            // What is closed to somebody does not exist for them: which rule closed it is for those who set the rules.
            Some(facts) if sees_all || decided != Err(authorization::ModelRefusal::NotFound) => {
                steps.push(step("model_known", "model", RuleOutcome::Passed));
                let rules = authorization::rules(&facts);
                let applies = |rule: Rule| {
                    (rule != Rule::KeyModels || key.is_some()) && (rule != Rule::MemberModels || holder.member.is_some())
                };
                steps.extend(
                    rules
                        .iter()
                        .filter(|(rule, _)| applies(*rule))
                        .map(|(rule, outcome)| step(rule.as_str(), rule.scope(), *outcome)),
                );
            }
            _ => steps.push(step("model_known", "model", RuleOutcome::Refused)),
        }
        if let (true, Err(refusal)) = (code.is_empty(), decided) {
            code = refusal.code().into();
        }
        Ok(Explanation { allowed: code.is_empty(), code, steps })
    }
}

fn step(rule: &str, scope: &str, outcome: RuleOutcome) -> ExplainStep {
    ExplainStep { rule: rule.into(), scope: scope.into(), outcome: outcome.as_str().into() }
}
