//! For tests: whether what was kept true piece by piece is what storage holds.

use super::{load, snapshot::Snapshot};
use crate::{domain::time::UnixMs, service::Services};

impl Services {
    /// Compares the snapshot in force with one that is built from nothing; says where they differ.
    pub(crate) async fn find_stale(&self) -> Option<&'static str> {
        let fresh = load::load_everything(self).await.expect("the database answers");
        difference(&self.snapshot(), &fresh, self.clock.now())
    }
}

fn difference(kept: &Snapshot, fresh: &Snapshot, now: UnixMs) -> Option<&'static str> {
    let pairs = [
        ("models", models(kept, now) == models(fresh, now)),
        ("names", names(kept) == names(fresh)),
        ("groups", kept.groups == fresh.groups),
        ("boundaries", kept.boundaries == fresh.boundaries),
        ("organizations", kept.organizations == fresh.organizations),
        ("teams", kept.teams == fresh.teams),
        ("keys", kept.keys == fresh.keys),
        ("secrets", kept.secrets == fresh.secrets),
    ];
    pairs.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}

/// Models as text. Of prices what holds and what follows, because what is over is left out when they are read.
fn models(snapshot: &Snapshot, now: UnixMs) -> Vec<String> {
    let model = |place: usize| {
        let model = &snapshot.models()[place];
        let coming: Vec<_> = model.prices.0.iter().filter(|entry| entry.from > now).collect();
        let rest = (model.enabled, model.created_at, &model.deployments, model.default_output, model.max_output, model.tokenizer);
        let kind = (model.id, model.place, &model.name, model.tier, model.modality, model.restricted, model.context_window);
        format!("{kind:?} {rest:?} {:?} {coming:?}", model.prices.at(now))
    };
    (0..snapshot.models().len()).map(model).collect()
}

fn names(snapshot: &Snapshot) -> Vec<(&String, usize)> {
    let mut names: Vec<_> = snapshot.catalog.names.iter().map(|(name, model)| (name, model.place)).collect();
    names.sort();
    names
}
