//! The compiled state that the gateway decides with.

use std::{collections::HashMap, ops::Deref, sync::Arc};

use super::{
    policy::{Boundary, TeamPolicy},
    sharded::{Sharded, Spread},
    terms::{OrganizationTerms, TeamTerms},
};
use crate::{
    domain::{
        api_keys::KeyKind,
        billing::Billing,
        catalog::{Modality, ProviderKind, Simulation, Tier},
        ids::{GroupId, KeyId, ModelId, OrgId, ProviderId, TeamId, UserId},
        model_set::ModelSet,
        prices::PriceHistory,
        time::UnixMs,
        tokenizer::Tokenizer,
    },
    service::vault::Secret,
};

/// SHA-256 of a secret.
pub type SecretHash = [u8; 32];

/// Everything that decides whether a call may be made and where it goes. Never changed once it is in force; a copy, which the next
/// one begins as, shares all of it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) catalog: Arc<Catalog>,
    pub(super) groups: Arc<HashMap<GroupId, GroupEntry>>,
    /// What each organization gives, and under `None` what personal spaces have.
    pub(super) boundaries: Arc<HashMap<Option<OrgId>, Arc<Boundary>>>,
    /// What is set on each organization.
    pub(super) organizations: Arc<HashMap<OrgId, Arc<OrganizationTerms>>>,
    pub(super) teams: Sharded<TeamId, Arc<TeamEntry>>,
    pub(super) keys: Sharded<KeyId, KeySecrets>,
    /// Of a key that is being rotated, two secrets.
    pub(super) secrets: Sharded<SecretHash, Arc<KeyFacts>>,
}

impl Spread for SecretHash {
    fn byte(&self) -> u8 {
        self[0]
    }
}

impl Spread for KeyId {
    fn byte(&self) -> u8 {
        self.0.as_bytes()[15]
    }
}

impl Spread for TeamId {
    fn byte(&self) -> u8 {
        self.0.as_bytes()[15]
    }
}

/// Models, by name.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) models: Vec<Arc<ModelEntry>>,
    pub(super) names: HashMap<String, Arc<ModelEntry>>,
    /// Where each model stands in `models`.
    pub(super) places: HashMap<ModelId, usize>,
}

/// An access group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupEntry {
    /// Whose it is; none for the platform's.
    pub organization: Option<OrgId>,
    /// What it holds, whole tiers as the models of now.
    pub models: ModelSet,
}

/// A key in its context, as it is now.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    pub(super) facts: Arc<KeyFacts>,
    /// Context.
    pub team: Arc<TeamEntry>,
}

impl Deref for KeyEntry {
    type Target = KeyFacts;

    fn deref(&self) -> &KeyFacts {
        &self.facts
    }
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Key.
    pub id: KeyId,
    /// Team or personal space that it belongs to.
    pub team_id: TeamId,
    /// Name of the key.
    pub name: String,
    /// Kind.
    pub kind: KeyKind,
    /// Person.
    pub user: UserId,
    /// Name of the person.
    pub user_name: String,
    /// Disabled, or no member any more.
    pub person_gone: bool,
    /// When it was revoked.
    pub revoked: bool,
    /// When it ends; for a secret that a rotation replaced, when its overlap ends if that is sooner.
    pub expires_at: Option<UnixMs>,
    /// What it is narrowed to, if it is.
    pub models: Option<ModelSet>,
}

/// A key and the secrets that it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeySecrets {
    /// As of its newest secret.
    pub(super) facts: Arc<KeyFacts>,
    pub(super) secret: SecretHash,
    /// The one that a rotation replaced.
    pub(super) old: Option<SecretHash>,
}

/// A context and what its organization gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamEntry {
    /// Team or personal space.
    pub id: TeamId,
    /// Name.
    pub name: String,
    /// Short name in addresses; what `x-tallygate-context` says.
    pub slug: String,
    /// Organization; none for a personal space.
    pub organization: Option<OrgId>,
    /// Discount on usage.
    pub discount_bp: i64,
    /// How its calls are paid for.
    pub billing: Billing,
    /// What the organization, or for a personal space the platform's default policy, lets be called.
    pub boundary: Arc<Boundary>,
    /// What the team makes of it.
    pub policy: Arc<TeamPolicy>,
    /// Limits and budgets of the team and of everything in it.
    pub terms: Arc<TeamTerms>,
    /// Those of its organization; none for a personal space.
    pub organization_terms: Option<Arc<OrganizationTerms>>,
}

/// A model and where its calls go.
#[derive(Clone, Debug)]
pub struct ModelEntry {
    /// Model.
    pub id: ModelId,
    /// Its place among models by name, and so in every [`ModelSet`] of this snapshot.
    pub place: usize,
    /// Public name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Tier.
    pub tier: Tier,
    /// Modality.
    pub modality: Modality,
    /// Prices: those that held when this was built, and what follows them. A call is priced with what holds at its time.
    pub prices: PriceHistory,
    /// Prompt and completion together.
    pub context_window: i64,
    /// Largest completion.
    pub max_output: i64,
    /// Completion bound where the call names none.
    pub default_output: Option<i64>,
    /// Its own tokenizer, where it is known.
    pub tokenizer: Option<Tokenizer>,
    /// Taken in as `approval` rather than `open`.
    pub restricted: bool,
    /// Can be called.
    pub enabled: bool,
    /// When it came into the catalog.
    pub created_at: UnixMs,
    /// Where calls go, in order.
    pub deployments: Vec<DeploymentEntry>,
}

/// One way to serve a model.
#[derive(Clone, Debug)]
pub struct DeploymentEntry {
    /// Provider.
    pub provider: Arc<ProviderEntry>,
    /// The provider's name for the model.
    pub upstream_model: String,
}

/// An upstream.
#[derive(Debug)]
pub struct ProviderEntry {
    /// Provider.
    pub id: ProviderId,
    /// Name.
    pub name: String,
    /// Protocol.
    pub kind: ProviderKind,
    /// Where calls go, without a slash at the end; empty for the simulated one.
    pub base_url: String,
    /// Credential.
    pub secret: Option<Secret>,
    /// Behaviour of the simulated one.
    pub simulation: Simulation,
}
