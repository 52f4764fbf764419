//! Requests as people read them: their own, those that wait for their decision, and what they could ask for.

use super::requests::may_decide;
use crate::{
    domain::{
        access_requests::{AccessRequest, AskForm, AskableModel, RequestState},
        authorization::{GrantLevel, ModelRefusal, approver, decide},
        ids::{RequestId, TeamId},
        model_access::Grant,
        page::{Page, PageRequest},
        roles::{Action, Role, Standing},
        teams::TeamKind,
    },
    service::{Caller, ServiceError, Services, access::decide::Holder},
    storage::model_access::{
        grants,
        requests::{self, RequestFilter},
    },
};

/// Most rows of an inbox, and of an organization's list of grants.
const SHOWN_MAX: i64 = 1_000;

impl Services {
    /// Requests of a team, newest first: everybody's for those who set its access, else the caller's own.
    pub async fn list_access_requests(
        &self,
        caller: &Caller,
        team: &str,
        pending: bool,
        page: &PageRequest,
    ) -> Result<Page<AccessRequest>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        if !standing.may(Action::ManageLimits) && !standing.may(Action::RequestAccess) {
            return Err(ServiceError::Denied(Action::RequestAccess));
        }
        let user = (!standing.may(Action::ManageLimits)).then_some(caller.user.id);
        let filter = RequestFilter { team: Some(team.id), user, pending, ..RequestFilter::default() };
        self.page_of_requests(&mut c, filter, page, standing).await
    }

    /// Requests in all teams of an organization, newest first. For its admins and platform admins.
    pub async fn list_organization_requests(
        &self,
        caller: &Caller,
        org: &str,
        pending: bool,
        page: &PageRequest,
    ) -> Result<Page<AccessRequest>, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let filter = RequestFilter { organization: Some(org.id), pending, ..RequestFilter::default() };
        let standing = Standing { org_admin: true, ..Standing::default() };
        self.page_of_requests(&mut c, filter, page, standing).await
    }

    /// The team that a request of an organization is about. For its admins and platform admins.
    pub async fn find_team_of_request(&self, caller: &Caller, org: &str, id: RequestId) -> Result<TeamId, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        requests::find_team(&mut c, org.id, id).await?.ok_or(ServiceError::NotFound)
    }

    /// One request of a team, for those who decide.
    pub async fn get_access_request(&self, caller: &Caller, team: &str, id: RequestId) -> Result<AccessRequest, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        let request = requests::find(&mut c, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        Ok(self.with_approver(request, standing))
    }

    async fn page_of_requests(
        &self,
        c: &mut sqlx::AnyConnection,
        filter: RequestFilter,
        page: &PageRequest,
        standing: Standing,
    ) -> Result<Page<AccessRequest>, ServiceError> {
        let before = page.cursor_id(RequestId::parse).map_err(ServiceError::Invalid)?;
        let rows = requests::list(c, &RequestFilter { before, limit: page.limit() + 1, ..filter }).await?;
        let page = Page::cut(rows, page.limit(), |row| row.id.to_string());
        Ok(page.map(|request| self.with_approver(request, standing)))
    }

    /// The live grants in all teams of an organization, the newest thousand. For its admins and platform admins.
    pub async fn list_organization_grants(&self, caller: &Caller, org: &str) -> Result<Vec<Grant>, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        Ok(grants::list_live_of_organization(&mut c, org.id, self.clock.now(), SHOWN_MAX).await?)
    }

    /// Every request that waits for the caller, newest first: the inbox, and its badge. The platform's admins may decide everything, but
    /// are asked only where they belong.
    pub async fn list_requests_to_decide(&self, caller: &Caller) -> Result<Vec<AccessRequest>, ServiceError> {
        let mut c = self.store.reader().await?;
        let rows = requests::list_before_approver(&mut c, caller.user.id, SHOWN_MAX).await?;
        let seen = rows.into_iter().map(|(request, runs_team, org_admin)| {
            let standing =
                Standing { role: runs_team.then_some(Role::Admin), org_admin, platform_admin: caller.user.platform_admin };
            self.with_approver(request, standing)
        });
        Ok(seen.filter(|request| request.may_decide).collect())
    }

    /// What the caller can ask for in a team.
    pub async fn get_ask_form(&self, caller: &Caller, team: &str) -> Result<AskForm, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::RequestAccess).await?;
        let own = RequestFilter {
            team: Some(team.id),
            user: Some(caller.user.id),
            pending: true,
            limit: SHOWN_MAX,
            ..RequestFilter::default()
        };
        let waiting: Vec<_> = requests::list(&mut c, &own).await?.into_iter().map(|request| request.model).collect();
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let askable = snapshot.all_facts(&Holder::of_member(entry, caller.user.id), self.clock.now()).into_iter();
        let askable = askable.filter(|(_, facts)| decide(facts) == Err(ModelRefusal::RequiresApproval));
        let models = askable.filter_map(|(model, facts)| {
            Some(AskableModel { name: model.name.clone(), approver: approver(&facts)?, waits: waiting.contains(&model.id) })
        });
        let approvers = requests::list_approvers(&mut c, team.id, GrantLevel::Team).await?;
        Ok(AskForm {
            models: models.collect(),
            may_ask_for_team: team.kind == TeamKind::Team && matches!(standing.role, Some(Role::Owner | Role::Admin)),
            team_approvers: approvers.into_iter().map(|(.., name)| name).collect(),
            team_name: team.name,
            organization_name: team.organization_name,
        })
    }

    pub(super) fn with_approver(&self, request: AccessRequest, standing: Standing) -> AccessRequest {
        if request.state != RequestState::Pending {
            return request;
        }
        let snapshot = self.snapshot();
        let facts = snapshot.team(request.team).and_then(|team| {
            let holder = Holder::of_member(team, request.user);
            snapshot.facts(&holder, &request.model_name, self.clock.now())
        });
        let approver = facts.and_then(|(_, mut facts)| {
            if request.for_team {
                (facts.in_member_subset, facts.member_grant) = (true, true);
            }
            approver(&facts)
        });
        AccessRequest { approver, may_decide: may_decide(standing, approver.unwrap_or(GrantLevel::Team)), ..request }
    }
}
