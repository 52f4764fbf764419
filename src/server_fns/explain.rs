//! Why a call would go through or not, in words.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::authorization::RuleOutcome, error::AppError, wire::PageAnswer};

/// Somebody, or a key, that may be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `member/…` or `key/…`, as the address says it.
    pub value: String,
    pub label: String,
}

/// A rule and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleLine {
    pub scope: String,
    pub rule: String,
    pub outcome: RuleOutcome,
    pub words: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainView {
    pub allowed: bool,
    /// A sentence.
    pub verdict: String,
    /// What the gateway would answer; empty where the call goes through.
    pub code: String,
    /// What to do about it; empty where there is nothing.
    pub advice: String,
    pub rules: Vec<RuleLine>,
    /// The limits that count; none where none is set.
    pub limits: Vec<String>,
    /// Where the asker may ask for access; empty where that would not help.
    pub request: String,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainPage {
    pub context: String,
    pub personal: bool,
    pub subjects: Vec<Subject>,
    /// Who is asked about.
    pub who: String,
    /// Models that the asker may know of, as suggestions: the first of many.
    pub models: Vec<String>,
    /// None while no model is named.
    pub view: Option<ExplainView>,
}

/// Explains a call of somebody, or of a key, for a model. `who` is empty for the asker, `tokens` for no estimate.
#[server(prefix = "/fn", endpoint = "get_explanation", output = PageAnswer)]
pub async fn get_explanation(team: String, who: String, model: String, tokens: String) -> Result<ExplainPage, AppError> {
    use crate::{
        domain::{field_errors::FieldErrors, roles::Action, teams::TeamKind},
        service::model_access::ExplainQuery,
    };

    let (services, caller) = super::context::viewer(&team).await?;
    let tokens = tokens.trim();
    if !tokens.is_empty() && (tokens.len() > 12 || !tokens.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(AppError::Invalid { fields: FieldErrors::one("", "Tokens are a number from 0 on.") });
    }
    let view = services.get_team(&caller, &team).await?;
    let subjects = words::subjects(&services, &caller, &view).await?;
    let own = format!("member/{}", caller.user.id);
    let first = || match subjects.iter().find(|subject| subject.value == own) {
        Some(own) => own.value.clone(),
        None => subjects.first().map_or_else(String::new, |subject| subject.value.clone()),
    };
    let who = if who.is_empty() { first() } else { who };
    let access = services.get_team_access(&caller, &team).await?;
    let name = model.trim().to_owned();
    let mut page = ExplainPage {
        personal: view.kind == TeamKind::Personal,
        models: access.models.into_iter().map(|model| model.name).take(words::SUGGESTED).collect(),
        context: view.name.clone(),
        subjects,
        who,
        view: None,
    };
    if name.is_empty() || page.who.is_empty() {
        return Ok(page);
    }
    let (key, member) = words::parse_who(&page.who).ok_or(AppError::NotFound)?;
    // A key of another place is not asked about here.
    if let Some(id) = key
        && services.snapshot().key(id).is_none_or(|key| key.team.id != view.id)
    {
        return Err(AppError::NotFound);
    }
    let team = key.is_none().then(|| view.id.to_string());
    let found =
        services.explain(&caller, &ExplainQuery { key, member, team, model: name.clone(), tokens: tokens.parse().ok() }).await?;
    let label = page.subjects.iter().find(|subject| subject.value == page.who);
    let label = label.map_or_else(|| "This key".to_owned(), |subject| subject.label.clone());
    let is_own = page.who == own && view.standing.may(Action::RequestAccess);
    let request = if is_own && !page.personal && found.code == "model_requires_approval" {
        format!("/t/{}/models/requests?dialog=request&model={}", view.slug, words::encode(&name))
    } else {
        String::new()
    };
    page.view = Some(words::view(&found, &label, &name, request));
    Ok(page)
}

#[cfg(feature = "ssr")]
mod words {
    use super::{ExplainView, RuleLine, Subject};
    use crate::{
        domain::{
            api_keys::KeyKind,
            authorization::RuleOutcome,
            ids::{KeyId, UserId},
            limit_uses::LimitUse,
            model_access::{ExplainStep, Explanation},
            page::PageRequest,
            roles::Action,
            teams::{TeamKind, TeamView},
        },
        service::{Caller, ServiceError, Services, api_keys::KeyQuery, members::MemberQuery},
    };

    /// Names that are suggested.
    pub(super) const SUGGESTED: usize = 300;
    /// People and keys in a list; others are reached from their own rows.
    const OFFERED: u32 = 100;

    /// Whom the asker may ask about: themselves and their keys; those who see all keys, everybody.
    pub(super) async fn subjects(services: &Services, caller: &Caller, team: &TeamView) -> Result<Vec<Subject>, ServiceError> {
        let slug = team.id.to_string();
        let page = || PageRequest { limit: Some(OFFERED), cursor: None };
        let mut subjects = vec![];
        let everybody = team.kind == TeamKind::Team && team.standing.may(Action::ViewAnyKey);
        if everybody {
            let members = services.list_members(caller, &slug, MemberQuery { page: page(), ..MemberQuery::default() }).await?;
            subjects.extend(members.page.items.into_iter().map(|member| Subject {
                value: format!("member/{}", member.user),
                label: if member.is_self { format!("{} (you)", member.name) } else { member.name },
            }));
        } else if team.standing.role.is_some() {
            subjects.push(Subject { value: format!("member/{}", caller.user.id), label: format!("{} (you)", caller.user.name) });
        }
        if everybody || team.standing.may(Action::OwnKeys) {
            let keys = services.list_keys(caller, &slug, KeyQuery { page: page(), ..KeyQuery::default() }).await?;
            subjects.extend(keys.items.into_iter().map(|key| {
                let of = if key.kind == KeyKind::Application { "the team" } else { key.user_name.as_str() };
                Subject { value: format!("key/{}", key.id), label: format!("Key {} of {of}", key.name) }
            }));
        }
        Ok(subjects)
    }

    pub(super) fn parse_who(who: &str) -> Option<(Option<KeyId>, Option<UserId>)> {
        match who.split_once('/')? {
            ("key", id) => Some((Some(KeyId::parse(id)?), None)),
            ("member", id) => Some((None, Some(UserId::parse(id)?))),
            _ => None,
        }
    }

    pub(super) fn encode(text: &str) -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    pub(super) fn view(found: &Explanation, who: &str, model: &str, request: String) -> ExplainView {
        let verdict = if found.allowed {
            format!("{who} may call {model}.")
        } else {
            format!("{who} may not call {model}: the gateway answers {}.", found.code)
        };
        let advice = match found.code.as_str() {
            "model_requires_approval" => "It can be called once an approval is given.",
            "model_not_in_key_scope" => "The person may call it, the key is narrowed to other models.",
            "model_not_found" => "For the caller such a model does not exist.",
            "api_key_revoked" | "api_key_expired" => "Another key is needed, whatever the model.",
            _ => found.limit_met.as_str(),
        };
        ExplainView {
            allowed: found.allowed,
            verdict,
            code: found.code.clone(),
            advice: advice.to_owned(),
            rules: found.steps.iter().map(rule).collect(),
            limits: found.limits.iter().map(LimitUse::words).collect(),
            request,
        }
    }

    fn rule(step: &ExplainStep) -> RuleLine {
        let (passed, refused) = match step.rule.as_str() {
            "key_works" => ("The key is in force.", "The key is revoked, or its person has no access any more."),
            "key_in_time" => ("The key has not expired.", "The key has expired."),
            "model_known" => ("There is such a model.", "There is no such model for this caller."),
            "model_enabled" => ("The platform has it enabled.", "The platform has it disabled."),
            "model_priced" => ("It has prices.", "It has no prices."),
            "model_served" => ("A provider serves it.", "No provider serves it."),
            "reviewed" => ("No open review holds it back.", "It waits for the organization's review."),
            "organization_state" => ("The organization has it open.", "The organization has it closed."),
            "team_state" => ("The team lets its members call it.", "The team has it closed."),
            "member_models" => ("It is among the models of this member.", "The member is narrowed to other models."),
            "limits" => ("No limit stands in the way.", "A limit, a budget or the balance is used up for now."),
            "key_models" => ("It is among the models of this key.", "The key is narrowed to other models."),
            _ => ("The rule holds.", "The rule does not hold."),
        };
        let outcome = outcome(&step.outcome);
        let words = match (outcome, step.rule.as_str()) {
            (RuleOutcome::Passed, _) => passed,
            (RuleOutcome::Refused, _) => refused,
            (RuleOutcome::Granted, "organization_state") => "The organization asks for an approval, and gave it.",
            (RuleOutcome::Granted, _) => "The team asks for an approval, and it was given.",
            (RuleOutcome::NeedsGrant, "organization_state") => "The organization asks for an approval.",
            (RuleOutcome::NeedsGrant, _) => "The team asks for an approval.",
        };
        let scope = match step.scope.as_str() {
            "model" => "Platform",
            "organization" => "Organization",
            "team" => "Team",
            "member" => "Member",
            _ => "Key",
        };
        RuleLine { scope: scope.to_owned(), rule: step.rule.clone(), outcome, words: words.to_owned() }
    }

    fn outcome(word: &str) -> RuleOutcome {
        [RuleOutcome::Passed, RuleOutcome::Granted, RuleOutcome::NeedsGrant]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
            .unwrap_or(RuleOutcome::Refused)
    }
}
