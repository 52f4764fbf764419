//! The compiled state that the gateway decides with.

use std::{collections::HashMap, sync::Arc};

use super::policy::{Boundary, TeamPolicy};
use crate::{
    domain::{
        api_keys::KeyKind,
        catalog::{Modality, ProviderKind, Simulation, Tier},
        ids::{GroupId, KeyId, ModelId, OrgId, ProviderId, TeamId, UserId},
        model_set::ModelSet,
        prices::PriceHistory,
        time::UnixMs,
    },
    service::vault::Secret,
};

/// SHA-256 of a secret.
pub type SecretHash = [u8; 32];

/// Everything that decides whether a call may be made and where it goes. Never changed once built.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub(super) keys: HashMap<SecretHash, Arc<KeyEntry>>,
    pub(super) models: Vec<Arc<ModelEntry>>,
    pub(super) model_names: HashMap<String, Arc<ModelEntry>>,
    pub(super) teams: HashMap<TeamId, Arc<TeamEntry>>,
    /// Where each model stands in `models`.
    pub(super) places: HashMap<ModelId, usize>,
    pub(super) groups: HashMap<GroupId, GroupEntry>,
    /// What each organization gives, and under `None` what personal spaces have.
    pub(super) boundaries: HashMap<Option<OrgId>, Arc<Boundary>>,
}

/// An access group.
#[derive(Debug)]
pub struct GroupEntry {
    /// Whose it is; none for the platform's.
    pub organization: Option<OrgId>,
    /// What it holds, whole tiers as the models of now.
    pub models: ModelSet,
}

/// A key and what it acts in.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    /// Key.
    pub id: KeyId,
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
    /// Context.
    pub team: Arc<TeamEntry>,
}

/// A context and what its organization gives it.
#[derive(Debug)]
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
    /// What the organization, or for a personal space the platform's default policy, lets be called.
    pub boundary: Arc<Boundary>,
    /// What the team makes of it.
    pub policy: TeamPolicy,
}

/// A model and where its calls go.
#[derive(Debug)]
pub struct ModelEntry {
    /// Model.
    pub id: ModelId,
    /// Its place in the catalog's order, and so in every [`ModelSet`] of this snapshot.
    pub place: usize,
    /// Public name.
    pub name: String,
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
#[derive(Debug)]
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
