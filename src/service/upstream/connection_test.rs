//! "Test connection": a real call to a provider that costs nothing, the list of its models.

use std::time::Duration;

use futures::StreamExt;

use super::{UpstreamFault, UpstreamRequest};
use crate::{
    domain::catalog::{ConnectionTest, ProviderKind},
    service::{Caller, ServiceError, Services, catalog::secret_place},
    storage,
};

/// Longest wait: somebody looks at the button.
const PATIENCE: Duration = Duration::from_secs(15);
/// As much of the answer as is read.
const ANSWER_MAX: usize = 4 << 20;

impl Services {
    /// Asks a provider for its models, with its stored secret. The message names no secret and quotes nothing of the answer.
    pub async fn test_connection(&self, caller: &Caller, name_or_id: &str) -> Result<ConnectionTest, ServiceError> {
        self.check_platform_change(caller, "test the connection to a provider")?;
        let (provider, sealed) = {
            let mut c = self.store.reader().await?;
            storage::catalog::find_provider(&mut c, name_or_id).await?.ok_or(ServiceError::NotFound)?
        };
        if provider.kind == ProviderKind::Simulated {
            let message = "The simulated provider answers inside this program; there is nothing to connect to.".into();
            return Ok(ConnectionTest { ok: true, message, latency_ms: 0 });
        }
        let secret = match sealed.as_str() {
            "" => None,
            sealed => Some(self.vault.open(&secret_place(provider.id), sealed)?),
        };
        let started = self.clock.now();
        let request = UpstreamRequest {
            base_url: &provider.base_url,
            path: "/models",
            secret: secret.as_ref(),
            body: None,
            stream: false,
            call: None,
        };
        let result = tokio::time::timeout(PATIENCE, self.ask_for_models(request)).await;
        let latency_ms = self.clock.now().since(started);
        let (ok, message) = match result {
            Ok(Ok(Some(1))) => (true, "The provider answered and offers 1 model.".into()),
            Ok(Ok(Some(count))) => (true, format!("The provider answered and offers {count} models.")),
            Ok(Ok(None)) => {
                (false, "The provider answered, but not with a list of models. Check the address; it often ends in /v1.".into())
            }
            Ok(Err(problem)) => (false, problem),
            Err(_) => (false, format!("The provider did not answer within {} seconds.", PATIENCE.as_secs())),
        };
        Ok(ConnectionTest { ok, message, latency_ms })
    }

    async fn ask_for_models(&self, request: UpstreamRequest<'_>) -> Result<Option<usize>, String> {
        let mut answer = self.upstream.send(request).await.map_err(explain)?;
        match answer.status {
            200 => {}
            401 | 403 => return Err("The provider refused the secret. Enter a new one.".into()),
            404 => return Err("The provider knows no /models under this address. Check it; it often ends in /v1.".into()),
            300..=399 => {
                return Err("The provider redirects elsewhere. Redirects are not followed: enter the final address.".into());
            }
            429 => return Err("The provider refused for now: too many requests.".into()),
            status => return Err(format!("The provider answered with status {status}.")),
        }
        let mut text = vec![];
        while let Some(piece) = answer.body.next().await {
            text.extend_from_slice(&piece.map_err(explain)?);
            if text.len() > ANSWER_MAX {
                return Ok(None);
            }
        }
        #[derive(serde::Deserialize)]
        struct Models {
            data: Vec<serde::de::IgnoredAny>,
        }
        Ok(serde_json::from_slice::<Models>(&text).ok().map(|models| models.data.len()))
    }
}

fn explain(fault: UpstreamFault) -> String {
    match fault {
        UpstreamFault::NotAllowed => {
            "The address leads to a network that is not public. The operator can allow it with TALLYGATE_ALLOWED_UPSTREAMS."
                .into()
        }
        UpstreamFault::NoConnection => {
            "No connection: the name does not resolve, nobody listens there, or the certificate is not valid for it.".into()
        }
        UpstreamFault::Broken => "The connection broke before the answer was complete.".into(),
        UpstreamFault::TimedOut => "The provider did not answer in time.".into(),
    }
}
