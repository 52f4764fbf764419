//! In which order a model's deployments are tried. One that failed rests for a while: it is tried after the others, but tried, so
//! that a model with a single deployment is never blocked by this.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    domain::{ids::ProviderId, time::UnixMs},
    service::access::snapshot::DeploymentEntry,
};

/// The first rest; each further failure in a row doubles it.
const FIRST_REST_MS: i64 = 1_000;
/// The longest rest.
const LONGEST_REST_MS: i64 = 60_000;
/// Deployments that are remembered; beyond, those that rest no more are forgotten.
const REMEMBERED_MAX: usize = 1_000;

/// Which deployments rest.
#[derive(Debug, Default)]
pub struct Routing {
    resting: Mutex<HashMap<(ProviderId, String), Rest>>,
    /// Entries of the map, so that calls need not lock it while nothing has failed.
    count: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
struct Rest {
    until: UnixMs,
    failures: u32,
}

impl Routing {
    /// The deployments in the order to try them.
    pub fn order<'a>(&self, deployments: &'a [DeploymentEntry], now: UnixMs) -> Vec<&'a DeploymentEntry> {
        let mut order: Vec<&DeploymentEntry> = deployments.iter().collect();
        if order.len() > 1 && self.count.load(Ordering::Relaxed) > 0 {
            let resting = self.lock();
            order.sort_by_key(|deployment| resting.get(&key(deployment)).is_some_and(|rest| rest.until > now));
        }
        order
    }

    /// Notes a failure; `wait_s` is what the provider itself asked for.
    pub fn failed(&self, deployment: &DeploymentEntry, now: UnixMs, wait_s: Option<u64>) {
        let mut resting = self.lock();
        if resting.len() >= REMEMBERED_MAX {
            resting.retain(|_, rest| rest.until > now);
        }
        let rest = resting.entry(key(deployment)).or_insert(Rest { until: now, failures: 0 });
        rest.failures = rest.failures.saturating_add(1);
        let doubled = FIRST_REST_MS << (rest.failures - 1).min(6);
        let asked = wait_s.map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000));
        rest.until = now.plus(doubled.max(asked).min(LONGEST_REST_MS));
        self.count.store(resting.len(), Ordering::Relaxed);
    }

    /// Notes that a deployment works.
    pub fn succeeded(&self, deployment: &DeploymentEntry) {
        if self.count.load(Ordering::Relaxed) > 0 {
            let mut resting = self.lock();
            resting.remove(&key(deployment));
            self.count.store(resting.len(), Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ProviderId, String), Rest>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(deployment: &DeploymentEntry) -> (ProviderId, String) {
    (deployment.provider.id, deployment.upstream_model.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::catalog::{ProviderKind, Simulation},
        service::{Random, access::snapshot::ProviderEntry},
    };

    #[test]
    fn a_failing_deployment_goes_to_the_end_of_the_line_for_a_while() {
        let random = Random::seeded(1);
        let now = UnixMs(1_000_000);
        let deployments: Vec<DeploymentEntry> = ["a", "b", "c"]
            .map(|name| DeploymentEntry {
                provider: Arc::new(ProviderEntry {
                    id: random.id_at(now),
                    name: name.into(),
                    kind: ProviderKind::Simulated,
                    base_url: String::new(),
                    secret: None,
                    simulation: Simulation::default(),
                }),
                upstream_model: "m".into(),
            })
            .into();
        let routing = Routing::default();
        let order = |at: UnixMs| routing.order(&deployments, at).iter().map(|d| d.provider.name.clone()).collect::<String>();
        assert_eq!(order(now), "abc");
        routing.failed(&deployments[0], now, None);
        assert_eq!(order(now), "bca");
        assert_eq!(order(now.plus(1_000)), "abc", "a second later it is tried first again");
        routing.failed(&deployments[0], now.plus(1_000), None);
        assert_eq!(order(now.plus(2_999)), "bca", "and rests twice as long");
        routing.failed(&deployments[1], now, Some(30));
        assert_eq!(order(now.plus(29_000)), "acb", "as long as the provider asked for");
        routing.succeeded(&deployments[1]);
        assert_eq!(order(now.plus(29_000)), "abc");
        for _ in 0..100 {
            routing.failed(&deployments[2], now, Some(u64::MAX));
        }
        assert_eq!(order(now.plus(59_999)), "abc");
        assert_eq!(routing.lock()[&key(&deployments[2])].until, now.plus(60_000));
    }
}
