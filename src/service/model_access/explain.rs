//! Why a call would go through or not, rule by rule, as the gateway decides it.

use crate::{
    domain::{
        authorization::{self, Rule, RuleOutcome},
        ids::{KeyId, UserId},
        model_access::{ExplainStep, Explanation},
        money::{BasisPoints, Item, NanoUsd, Rounding, charge},
        roles::Action,
        time::UnixMs,
    },
    service::{
        Caller, ServiceError, Services,
        access::{
            decide::{Holder, used_grants},
            snapshot::ModelEntry,
        },
        quota::{Ask, LimitHit, Names, Payer, book_of},
    },
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
    /// Tokens that the call would need.
    pub tokens: Option<u64>,
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
        let found = snapshot.facts(&holder, &query.model, now);
        let (model, facts) = found.unzip();
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
        let mut limits = vec![];
        let mut limit_met = String::new();
        if let (Ok(()), Some(model), Some(facts)) = (decided, &model, &facts) {
            let user = match (&key, holder.member) {
                (Some(key), _) => key.user_name.clone(),
                (None, Some(member)) => storage::users::find(&mut c, member).await?.map_or_else(String::new, |user| user.name),
                (None, None) => String::new(),
            };
            let names = Names { key: key.as_ref().map_or("", |key| key.name.as_str()), user: &user, model: &model.name };
            let payer = Payer {
                team: entry,
                key: key.as_ref().map(|key| key.id),
                member: holder.member,
                grants: used_grants(&holder, model, facts, now),
                model: Some(model.id),
            };
            limits = self.limit_uses(&payer, names, now);
            if let (Some(hit), true) = (self.test_limits(&payer, names, (model, &holder), query.tokens, now), code.is_empty()) {
                steps.push(step("limits", hit.scope, RuleOutcome::Refused));
                (code, limit_met) = (hit.code.into(), hit.sentence);
            }
        }
        Ok(Explanation { allowed: code.is_empty(), code, steps, limits, limit_met })
    }

    /// The first limit that stands in the way of a call of so many tokens now; of one that says nothing, the smallest call.
    fn test_limits(
        &self,
        payer: &Payer<'_>,
        names: Names<'_>,
        (model, holder): (&ModelEntry, &Holder<'_>),
        tokens: Option<u64>,
        now: UnixMs,
    ) -> Option<LimitHit> {
        let tokens = tokens.unwrap_or(1);
        let items = [Item { units: tokens, price: model.prices.at(now).dearest().unwrap_or_default() }];
        let cost = charge(&items, BasisPoints(payer.team.discount_bp), Rounding::Up).unwrap_or(NanoUsd(i64::MAX));
        let bounds = payer.bounds(now);
        // What is free reserves nothing, and even that does not pass where nothing is left.
        let cost = (!holder.simulated_only).then_some(cost.max(NanoUsd(1)));
        let ask = Ask { at: now, tokens, cost, bounds: &bounds };
        let refusal = self.quota.test(book_of(payer.team), &ask).into_iter().next()?;
        Some(self.limit_hit((payer, names), &ask, &refusal, None))
    }
}

fn step(rule: &str, scope: &str, outcome: RuleOutcome) -> ExplainStep {
    ExplainStep { rule: rule.into(), scope: scope.into(), outcome: outcome.as_str().into() }
}
