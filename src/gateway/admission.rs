//! From a body to an admitted call, in the order of spec.md §6: on the snapshot and the counters, without SQL.

use bytes::Bytes;

use super::{
    error::{GatewayError, ModelAccess},
    reserve::reserve,
    wire::request::{Endpoint, Request},
};
use crate::{
    domain::{
        api_keys::KeyKind,
        authorization::{GrantLevel, approver},
        catalog::check_model_name,
        ids::CallId,
        money::NanoUsd,
        time::UnixMs,
        usage::{CallEnd, CallFacts, Outcome, Tokens},
    },
    service::{
        Services,
        access::decide::{Bearer, ModelRefusal, Permit},
        metering::AdmittedCall,
    },
};

/// What stands in the place of a key's name.
const PLAYGROUND: &str = "Playground";

/// A call that may go upstream: permitted, and in the spool. Nothing else is ever sent.
pub struct Admitted {
    /// To be finished exactly once.
    pub call: AdmittedCall,
    /// Who calls which model.
    pub permit: Permit,
    /// What was asked for.
    pub request: Request,
    /// The body as it came.
    pub body: Bytes,
}

/// A call of somebody who is accepted, and of which nothing more is known yet.
pub struct Candidate<'a> {
    services: &'a Services,
    bearer: Bearer,
    endpoint: Endpoint,
    facts: CallFacts,
}

impl<'a> Candidate<'a> {
    /// A call to a gateway path.
    pub fn new(services: &'a Services, bearer: Bearer, id: CallId, at: UnixMs, endpoint: Endpoint) -> Self {
        let team = bearer.team();
        let (user, user_name, key, key_name, test) = match &bearer {
            Bearer::Key(key) => (key.user, key.user_name.clone(), Some(key.id), key.name.clone(), key.kind == KeyKind::Test),
            Bearer::Player(player) => (player.user(), player.user_name().to_owned(), None, PLAYGROUND.to_owned(), false),
        };
        let facts = CallFacts {
            id,
            at,
            team: team.id,
            team_name: team.name.clone(),
            organization: team.organization,
            user,
            user_name,
            key,
            key_name,
            test,
            model: None,
            model_name: String::new(),
            endpoint: endpoint.as_str().to_owned(),
            stream: false,
            input_price: 0,
            cached_price: 0,
            output_price: 0,
            discount_bp: team.discount_bp,
            billed: !test && team.billing.is_balance(),
            prompt_estimate: 0,
            grant: None,
            team_grant: None,
            reserve: NanoUsd(0),
        };
        Self { services, bearer, endpoint, facts }
    }

    /// Decides. A refusal is noted for the statistics.
    pub async fn admit(mut self, body: Bytes) -> Result<Admitted, GatewayError> {
        let (request, permit) = match self.decide(&body) {
            Ok(decided) => decided,
            Err(error) => return Err(self.refuse(error)),
        };
        [self.facts.grant, self.facts.team_grant] = permit.grants();
        let hold = match reserve(self.services, &mut self.facts, &permit, &request, &body).await {
            Ok(hold) => hold,
            Err(error) => return Err(self.refuse(error)),
        };
        match self.services.meter.admit(self.facts, hold) {
            Ok(call) => Ok(Admitted { call, permit, request, body }),
            Err(_) => Err(GatewayError::Unavailable),
        }
    }

    /// Notes a refusal for the statistics.
    pub fn refuse(self, error: GatewayError) -> GatewayError {
        let (status, _, code) = error.row();
        let end = CallEnd {
            outcome: Outcome::Refused,
            status,
            code: code.into(),
            tokens: Tokens::default(),
            estimated: false,
            provider: None,
            provider_name: String::new(),
            attempts: 0,
            upstream_ms: None,
            first_token_ms: None,
            latency_ms: self.services.clock.now().since(self.facts.at),
            cost: NanoUsd(0),
            list_cost: NanoUsd(0),
            loss: NanoUsd(0),
            message: error.kept_sentence(),
        };
        self.services.meter.refused(self.facts, end);
        error
    }

    fn decide(&mut self, body: &Bytes) -> Result<(Request, Permit), GatewayError> {
        let request = Request::parse(self.endpoint, body).map_err(GatewayError::Invalid)?;
        self.facts.stream = request.stream();
        // What can not be a model's name is kept out of the statistics.
        self.facts.model_name = check_model_name(request.model()).unwrap_or_default();
        let permit = self
            .services
            .snapshot()
            .permit(&self.bearer, request.model(), self.facts.at)
            .map_err(|refusal| GatewayError::Model(refusal, self.access(refusal, request.model())))?;
        let model = permit.model();
        let prices = model.prices.at(self.facts.at);
        let Some(input) = prices.input.filter(|_| prices.cover(model.modality)) else {
            return Err(GatewayError::Model(ModelRefusal::NotFound, self.access(ModelRefusal::NotFound, request.model())));
        };
        self.facts.model = Some(model.id);
        self.facts.input_price = input.0;
        self.facts.cached_price = prices.cached.unwrap_or(input).0;
        // Where none is needed nothing is produced.
        self.facts.output_price = prices.output.unwrap_or_default().0;
        self.facts.prompt_estimate = request.estimate(body, u64::try_from(model.context_window).unwrap_or(0));
        let max_output = u64::try_from(model.max_output).unwrap_or(0);
        request.check(model.modality, max_output).map_err(GatewayError::Invalid)?;
        Ok((request, permit))
    }

    fn access(&self, refusal: ModelRefusal, model: &str) -> ModelAccess {
        let mut access = ModelAccess { model: shortened(model), ..ModelAccess::default() };
        if refusal == ModelRefusal::RequiresApproval {
            access.state = "approval";
            let snapshot = self.services.snapshot();
            let facts = snapshot.facts(&self.bearer.holder(), model, self.facts.at);
            access.decided_by = facts.and_then(|(_, facts)| approver(&facts)).unwrap_or(GrantLevel::Organization).as_str();
            let team = self.bearer.team();
            // Percent-encoded: names may hold what means something in an address.
            let name = url::form_urlencoded::byte_serialize(model.as_bytes()).collect::<String>().replace('+', "%20");
            let page = match team.organization {
                Some(_) => format!("/t/{}/models/requests?dialog=request&model={name}", team.slug),
                None => "/me".into(),
            };
            access.request_url = format!("{}{page}", self.services.settings.public_url);
        }
        access
    }
}

/// A name as an answer repeats it.
pub fn shortened(model: &str) -> String {
    const SHOWN_MAX: usize = 100;
    if model.len() <= SHOWN_MAX { model.to_owned() } else { format!("{}…", &model[..model.floor_char_boundary(SHOWN_MAX)]) }
}
