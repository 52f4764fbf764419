//! Asking for a higher budget, and deciding.

use super::support::{START, invariants, limits::set_budget as budget, on_each_database, people::Place};
use crate::{
    domain::{
        access_requests::RequestState,
        api_keys::{KeyKind, NewApiKey},
        budget_requests::{BudgetApprover, BudgetRequest},
        limit_scopes::Scope,
        money::{DOLLAR, NanoUsd},
        page::PageRequest,
        time::DAY_MS,
    },
    service::{
        Caller, ServiceError, Services,
        budget_requests::{BudgetDecision, BudgetOf, NewBudgetRequest},
        limits::{How, LimitsOf},
    },
    storage,
};

const SLUG: &str = "atlas-search";

fn dollars(amount: i64) -> NanoUsd {
    NanoUsd(amount * DOLLAR)
}

fn ask(of: BudgetOf, amount: i64) -> NewBudgetRequest {
    NewBudgetRequest { of, amount: dollars(amount), until: None, reason: "The nightly run needs more.".into() }
}

fn approve() -> BudgetDecision {
    BudgetDecision { approve: true, ..BudgetDecision::default() }
}

impl Place {
    /// Noor's budget is $10 of the team's $100.
    async fn with_budgets(services: &Services) -> Self {
        let place = Self::new(services).await;
        let member = LimitsOf::Member(place.noor.user.id);
        services.put_limits(&place.maya, SLUG, LimitsOf::Team, budget(100), How::default()).await.unwrap();
        services.put_limits(&place.maya, SLUG, member, budget(10), How::default()).await.unwrap();
        place
    }

    async fn asked(&self, by: &Caller, new: NewBudgetRequest) -> BudgetRequest {
        self.services.request_budget(by, SLUG, new).await.unwrap()
    }

    async fn budget_of(&self, scope: Scope) -> Option<NanoUsd> {
        let mut c = self.services.store.reader().await.unwrap();
        let row = storage::limits::find(&mut c, scope).await.unwrap()?;
        row.allowance.budget_at(self.services.clock.now()).map(|budget| budget.amount)
    }

    fn noors(&self) -> Scope {
        Scope::Member(self.team.id, self.noor.user.id)
    }
}

#[tokio::test]
async fn an_approval_sets_the_budget_and_may_give_less_but_never_more() {
    on_each_database(|services| async move {
        let place = Place::with_budgets(&services).await;
        let request = place.asked(&place.noor, ask(BudgetOf::Member, 50)).await;
        assert_eq!((request.present, request.approver), (Some(dollars(10)), Some(BudgetApprover::Team)));
        let twice = services.request_budget(&place.noor, SLUG, ask(BudgetOf::Member, 60)).await;
        assert!(matches!(twice, Err(ServiceError::Conflict("already_requested", _))), "{twice:?}");
        let more = BudgetDecision { amount: Some(dollars(51)), ..approve() };
        assert!(matches!(
            services.decide_budget_request(&place.ada, SLUG, request.id, more).await,
            Err(ServiceError::Invalid(_))
        ));
        assert!(matches!(
            services.decide_budget_request(&place.noor, SLUG, request.id, approve()).await,
            Err(ServiceError::Denied(_))
        ));
        let less = BudgetDecision { amount: Some(dollars(30)), ..approve() };
        let decided = services.decide_budget_request(&place.ada, SLUG, request.id, less).await.unwrap();
        assert_eq!((decided.state, decided.given), (RequestState::Approved, Some((dollars(30), None))));
        assert_eq!(place.budget_of(place.noors()).await, Some(dollars(30)));
        let late = services.decide_budget_request(&place.maya, SLUG, request.id, approve()).await;
        assert!(matches!(late, Err(ServiceError::Conflict("decided_already", _))), "the first decision counts");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_raise_for_a_while_ends_by_itself() {
    on_each_database(|services| async move {
        let place = Place::with_budgets(&services).await;
        let until = Some(START.plus(3 * DAY_MS));
        let request = place.asked(&place.noor, NewBudgetRequest { until, ..ask(BudgetOf::Member, 50) }).await;
        services.decide_budget_request(&place.maya, SLUG, request.id, approve()).await.unwrap();
        assert_eq!(place.budget_of(place.noors()).await, Some(dollars(50)));
        services.clock.advance(3 * DAY_MS);
        assert_eq!(place.budget_of(place.noors()).await, Some(dollars(10)));
    })
    .await;
}

#[tokio::test]
async fn the_teams_own_budget_waits_for_its_owner_or_for_the_organization() {
    on_each_database(|services| async move {
        let place = Place::with_budgets(&services).await;
        let request = place.asked(&place.noor, ask(BudgetOf::Team, 200)).await;
        assert_eq!(request.approver, Some(BudgetApprover::Owner));
        let by_admin = services.decide_budget_request(&place.ada, SLUG, request.id, approve()).await;
        assert!(matches!(by_admin, Err(ServiceError::Forbidden(_))), "{by_admin:?}");
        services.put_organization_limits(&place.maya, "northwind-labs", budget(150), How::default()).await.unwrap();
        let waiting = services.list_budget_requests(&place.ada, SLUG, &PageRequest::default()).await.unwrap().items;
        assert_eq!((waiting[0].approver, waiting[0].may_decide), (Some(BudgetApprover::Organization), false));
        let above = services.decide_budget_request(&place.maya, SLUG, request.id, approve()).await;
        assert!(matches!(above, Err(ServiceError::Invalid(_))), "the organization's budget comes first: {above:?}");
        services.put_organization_limits(&place.maya, "northwind-labs", budget(200), How::default()).await.unwrap();
        services.decide_budget_request(&place.maya, SLUG, request.id, approve()).await.unwrap();
        assert_eq!(place.budget_of(Scope::Team(place.team.id)).await, Some(dollars(200)));
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn requests_are_ones_own_and_end_with_the_membership() {
    on_each_database(|services| async move {
        let place = Place::with_budgets(&services).await;
        let key = NewApiKey { name: "ci".into(), kind: KeyKind::Person, expires_at: None };
        let adas = services.create_key(&place.ada, SLUG, key.clone()).await.unwrap();
        let others = services.request_budget(&place.noor, SLUG, ask(BudgetOf::Key(adas.id), 50)).await;
        assert!(matches!(others, Err(ServiceError::NotFound)), "{others:?}");
        let own = services.create_key(&place.noor, SLUG, key).await.unwrap();
        let none = services.request_budget(&place.noor, SLUG, ask(BudgetOf::Key(own.id), 50)).await;
        assert!(matches!(none, Err(ServiceError::Conflict("no_budget", _))), "{none:?}");
        assert!(services.request_budget(&place.noor, SLUG, ask(BudgetOf::Member, 10)).await.is_err(), "it is there already");
        let request = place.asked(&place.noor, ask(BudgetOf::Member, 50)).await;
        assert_eq!(services.list_budget_requests_to_decide(&place.ada).await.unwrap().len(), 1);
        assert!(matches!(services.withdraw_budget_request(&place.ada, SLUG, request.id).await, Err(ServiceError::NotFound)));
        services.withdraw_budget_request(&place.noor, SLUG, request.id).await.unwrap();
        let request = place.asked(&place.noor, ask(BudgetOf::Member, 40)).await;
        services.leave_team(&place.noor, SLUG).await.unwrap();
        let late = services.decide_budget_request(&place.maya, SLUG, request.id, approve()).await;
        assert!(matches!(late, Err(ServiceError::Conflict("decided_already", _))), "{late:?}");
        assert_eq!(place.budget_of(place.noors()).await, None);
    })
    .await;
}
