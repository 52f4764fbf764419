//! Who may call which model: the one rule of spec.md §4. The gateway, `/v1/models`, pickers, the playground and explain all ask
//! [`decide`]; nothing else in the program decides.
//!
//! A decision looks at one model and one holder (a member, or a key of the team that belongs to nobody), as [`Facts`]: plain answers to
//! plain questions, collected by whoever knows them. The gateway's snapshot compiles what teams, members and keys narrow into bit sets
//! (`service/access`), so that collecting the facts of a call is a handful of bit tests, and the clock is compared with the ends of
//! grants at every call: an expiry needs no rebuild. Lists ask the same question for every model. Nothing is decided ahead of time, so
//! nothing can differ from it.
//!
//! Roles are no fact here, on purpose: changing a role changes no decision, and the reverse.
//!
//! A call is authorized at its admission. What ends while an answer streams (a grant, a state) refuses the next call and cuts no answer;
//! a key that is revoked does (`gateway/standing.rs`).

use serde::{Deserialize, Serialize};

use super::catalog::ModelState;

/// What a team lets its members do with a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamState {
    /// May be called.
    Direct,
    /// May be called by those whom somebody granted it.
    Approval,
    /// Not the team's.
    #[default]
    Closed,
}

impl TeamState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Direct, Self::Approval, Self::Closed];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Approval => "approval",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// What a restricting team says to a model: its row, else its access group, else its tier's rule, else closed.
    pub fn of_rules(row: Option<Self>, in_group: bool, tier: Option<Self>) -> Self {
        row.or(in_group.then_some(Self::Direct)).or(tier).unwrap_or(Self::Closed)
    }
}

/// Who stands behind a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantLevel {
    /// An admin of the organization.
    Organization,
    /// The team's owner or admin.
    Team,
}

impl GrantLevel {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Team => "team",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Organization, Self::Team].into_iter().find(|level| level.as_str() == text)
    }
}

/// What is known of a model and of who wants to call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The platform has it enabled.
    pub enabled: bool,
    /// It has prices.
    pub priced: bool,
    /// Some provider serves it.
    pub served: bool,
    /// No open review of the organization holds it back.
    pub reviewed: bool,
    /// What the organization lets its teams do with it.
    pub organization: ModelState,
    /// A live grant by an admin of the organization, to the team or to this member.
    pub organization_grant: bool,
    /// What the team lets its members do with it.
    pub team: TeamState,
    /// A live grant to this member, whoever gave it.
    pub member_grant: bool,
    /// The member is not narrowed, or to a set that holds it.
    pub in_member_subset: bool,
    /// The key is not narrowed, or to a set that holds it.
    pub in_key_subset: bool,
}

/// A rule of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The platform has it enabled.
    ModelEnabled,
    /// It has prices.
    ModelPriced,
    /// Some provider serves it.
    ModelServed,
    /// The organization has looked at it.
    Reviewed,
    /// What the organization lets its teams do with it.
    OrganizationState,
    /// What the team lets its members do with it.
    TeamState,
    /// What the member is narrowed to.
    MemberModels,
    /// What the key is narrowed to.
    KeyModels,
}

impl Rule {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ModelEnabled => "model_enabled",
            Self::ModelPriced => "model_priced",
            Self::ModelServed => "model_served",
            Self::Reviewed => "reviewed",
            Self::OrganizationState => "organization_state",
            Self::TeamState => "team_state",
            Self::MemberModels => "member_models",
            Self::KeyModels => "key_models",
        }
    }

    /// Whose rule it is: `model`, `organization`, `team`, `member` or `key`.
    pub fn scope(self) -> &'static str {
        match self {
            Self::ModelEnabled | Self::ModelPriced | Self::ModelServed => "model",
            Self::Reviewed | Self::OrganizationState => "organization",
            Self::TeamState => "team",
            Self::MemberModels => "member",
            Self::KeyModels => "key",
        }
    }
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    /// Lets it through.
    Passed,
    /// Lets it through because of a live grant.
    Granted,
    /// Would let it through with a grant.
    NeedsGrant,
    /// Does not let it through.
    Refused,
}

impl RuleOutcome {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Granted => "granted",
            Self::NeedsGrant => "needs_grant",
            Self::Refused => "refused",
        }
    }

    /// Whether the call goes on.
    pub fn lets_through(self) -> bool {
        matches!(self, Self::Passed | Self::Granted)
    }
}

/// Why a model may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ModelRefusal {
    /// Unknown, disabled, unpriced, or closed to the key's owner: all the same to the caller.
    #[error("no such model")]
    NotFound,
    /// Can be called once somebody grants it.
    #[error("model requires approval")]
    RequiresApproval,
    /// The key's owner may call it, this key may not.
    #[error("model is outside the key's scope")]
    NotInKeyScope,
}

impl ModelRefusal {
    /// What the gateway's error table calls it.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "model_not_found",
            Self::RequiresApproval => "model_requires_approval",
            Self::NotInKeyScope => "model_not_in_key_scope",
        }
    }
}

/// Every rule with what it says, in order.
pub fn rules(facts: &Facts) -> [(Rule, RuleOutcome); 8] {
    use RuleOutcome::{Granted, NeedsGrant, Passed, Refused};
    let flag = |holds: bool| if holds { Passed } else { Refused };
    let grant = |live: bool| if live { Granted } else { NeedsGrant };
    let organization = match facts.organization {
        ModelState::Open => Passed,
        ModelState::Approval => grant(facts.organization_grant),
        ModelState::Closed => Refused,
    };
    let team = match facts.team {
        TeamState::Direct => Passed,
        TeamState::Approval => grant(facts.member_grant),
        TeamState::Closed => Refused,
    };
    [
        (Rule::ModelEnabled, flag(facts.enabled)),
        (Rule::ModelPriced, flag(facts.priced)),
        (Rule::ModelServed, flag(facts.served)),
        (Rule::Reviewed, flag(facts.reviewed)),
        (Rule::OrganizationState, organization),
        (Rule::TeamState, team),
        (Rule::MemberModels, flag(facts.in_member_subset)),
        (Rule::KeyModels, flag(facts.in_key_subset)),
    ]
}

/// Whether the model may be called. Of several reasons the one that tells least is given: what is closed to somebody does not exist for
/// them, and only what an approval opens is told to need one.
pub fn decide(facts: &Facts) -> Result<(), ModelRefusal> {
    let rules = rules(facts);
    let (owners, key) = rules.split_at(rules.len() - 1);
    if owners.iter().any(|(_, outcome)| *outcome == RuleOutcome::Refused) {
        return Err(ModelRefusal::NotFound);
    }
    if owners.iter().any(|(_, outcome)| *outcome == RuleOutcome::NeedsGrant) {
        return Err(ModelRefusal::RequiresApproval);
    }
    if key.iter().all(|(_, outcome)| outcome.lets_through()) { Ok(()) } else { Err(ModelRefusal::NotInKeyScope) }
}

/// Who has to approve: the organization where its own state asks for it, else the team. None where no approval is missing.
pub fn approver(facts: &Facts) -> Option<GrantLevel> {
    let missing = |rule: Rule| rules(facts).contains(&(rule, RuleOutcome::NeedsGrant));
    match decide(facts) {
        Err(ModelRefusal::RequiresApproval) if missing(Rule::OrganizationState) => Some(GrantLevel::Organization),
        Err(ModelRefusal::RequiresApproval) => Some(GrantLevel::Team),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Facts = Facts {
        enabled: true,
        priced: true,
        served: true,
        reviewed: true,
        organization: ModelState::Open,
        organization_grant: false,
        team: TeamState::Direct,
        member_grant: false,
        in_member_subset: true,
        in_key_subset: true,
    };

    #[test]
    fn each_rule_alone_refuses() {
        assert_eq!(decide(&OPEN), Ok(()));
        for closed in [
            Facts { enabled: false, ..OPEN },
            Facts { priced: false, ..OPEN },
            Facts { served: false, ..OPEN },
            Facts { reviewed: false, ..OPEN },
            Facts { organization: ModelState::Closed, ..OPEN },
            Facts { team: TeamState::Closed, ..OPEN },
            Facts { in_member_subset: false, ..OPEN },
        ] {
            assert_eq!(decide(&closed), Err(ModelRefusal::NotFound), "{closed:?}");
            let granted = Facts { organization_grant: true, member_grant: true, ..closed };
            assert_eq!(decide(&granted), Err(ModelRefusal::NotFound), "a grant opens nothing that is closed");
        }
        assert_eq!(decide(&Facts { in_key_subset: false, ..OPEN }), Err(ModelRefusal::NotInKeyScope));
    }

    #[test]
    fn approvals_are_asked_of_whoever_can_give_them() {
        let organization = Facts { organization: ModelState::Approval, ..OPEN };
        assert_eq!(approver(&organization), Some(GrantLevel::Organization));
        assert_eq!(decide(&Facts { organization_grant: true, ..organization }), Ok(()));
        assert_eq!(approver(&Facts { member_grant: true, ..organization }), Some(GrantLevel::Organization));
        let team = Facts { team: TeamState::Approval, ..OPEN };
        assert_eq!(approver(&team), Some(GrantLevel::Team));
        assert_eq!(decide(&Facts { member_grant: true, ..team }), Ok(()));
        let both = Facts { team: TeamState::Approval, ..organization };
        assert_eq!(approver(&both), Some(GrantLevel::Organization));
        assert_eq!(approver(&Facts { organization_grant: true, ..both }), Some(GrantLevel::Team));
        assert_eq!(approver(&Facts { in_member_subset: false, ..both }), None, "no approval would help");
        assert_eq!(decide(&Facts { in_key_subset: false, ..both }), Err(ModelRefusal::RequiresApproval));
    }

    #[test]
    fn a_row_goes_before_a_group_and_a_group_before_a_tier() {
        use TeamState::{Approval, Closed, Direct};
        assert_eq!(TeamState::of_rules(Some(Closed), true, Some(Direct)), Closed);
        assert_eq!(TeamState::of_rules(None, true, Some(Closed)), Direct);
        assert_eq!(TeamState::of_rules(None, false, Some(Approval)), Approval);
        assert_eq!(TeamState::of_rules(None, false, None), Closed, "an empty selection allows nothing");
    }
}
