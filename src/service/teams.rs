//! Teams and personal spaces: finding them for somebody, making them, changing them.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::{Me, NAME_MAX, check_name},
        ids::OrgId,
        members::SeatlessInvitation,
        roles::{Action, OrgRole, Standing},
        slug,
        teams::{AccessMode, NewTeam, Team, TeamKind, TeamListItem, TeamView, check_alert_emails},
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change},
    storage::{self, organizations::Organization},
};

/// A change of a team's settings; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct TeamPatch {
    /// Name.
    pub name: Option<String>,
    /// `inherit` or `restrict`.
    pub mode: Option<String>,
    /// Members may make their own keys.
    pub self_service: Option<bool>,
    /// Members see the ranking of members, others masked.
    pub ranking_open: Option<bool>,
    /// Further addresses that get the team's alerts.
    pub alert_emails: Option<Vec<String>>,
    /// Seats; `Some(None)` for unlimited.
    pub seats: Option<Option<i64>>,
}

impl Services {
    /// The signed-in person with teams and organizations.
    pub async fn me(&self, caller: &Caller) -> Result<Me, ServiceError> {
        let mut c = self.store.reader().await?;
        let user = &caller.user;
        Ok(Me {
            id: user.id,
            email: user.email.clone(),
            email_confirmed: user.email_confirmed_at.is_some(),
            name: user.name.clone(),
            platform_admin: user.platform_admin,
            personal_team: user.personal_team,
            teams: storage::teams::list_of(&mut c, user.id).await?,
            organizations: storage::organizations::list_of(&mut c, user.id).await?,
        })
    }

    /// A team by slug or id, `me` for the personal space, with what the caller is to it. A stranger gets [`ServiceError::NotFound`],
    /// as for a team that does not exist.
    pub async fn find_team_for(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        action: Action,
    ) -> Result<(Team, Standing), ServiceError> {
        let own = caller.user.personal_team.to_string();
        let team = storage::teams::find(c, if team == "me" { &own } else { team }).await?.ok_or(ServiceError::NotFound)?;
        let standing = match &caller.viewing {
            Some(viewing) if viewing.team != team.id => return Err(ServiceError::NotFound),
            Some(viewing) => Standing { role: Some(viewing.role), ..Standing::default() },
            None => storage::teams::standing(c, &team, caller.user.id, caller.user.platform_admin).await?,
        };
        if standing.is_stranger() {
            return Err(ServiceError::NotFound);
        }
        if !standing.may(action) {
            return Err(self.denied(caller, &team, action));
        }
        Ok((team, standing))
    }

    /// The same inside a transaction that changes who is in the team: locks it first, and reads rights under the lock. Personal spaces
    /// are refused: they have one member.
    pub(super) async fn lock_team_for(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        action: Action,
    ) -> Result<(Team, Standing), ServiceError> {
        let (team, standing) = self.lock_context_for(c, caller, team, action).await?;
        check_shared(&team)?;
        Ok((team, standing))
    }

    /// The same for personal spaces, too.
    pub(super) async fn lock_context_for(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        action: Action,
    ) -> Result<(Team, Standing), ServiceError> {
        let (team, _) = self.find_team_for(c, caller, team, action).await?;
        if !storage::teams::lock(c, team.id).await? {
            return Err(ServiceError::NotFound);
        }
        self.find_team_for(c, caller, &team.id.to_string(), action).await
    }

    /// The same under the lock of the organization, too: for what counts or changes something of it.
    pub(super) async fn lock_team_and_organization_for(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        action: Action,
    ) -> Result<(Team, Standing), ServiceError> {
        let (found, _) = self.find_team_for(c, caller, team, action).await?;
        if let Some(org) = found.organization {
            storage::organizations::lock(c, org).await?;
        }
        self.lock_team_for(c, caller, &found.id.to_string(), action).await
    }

    /// A team as pages and REST show it.
    pub async fn get_team(&self, caller: &Caller, team: &str) -> Result<TeamView, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        view(&mut c, team, standing).await
    }

    /// The shared teams that the caller may see, by name.
    pub async fn list_teams(&self, caller: &Caller) -> Result<Vec<TeamListItem>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (year, month, _) = self.clock.now().civil();
        let month_start = UnixMs::from_civil(year, month, 1);
        Ok(storage::teams::list_visible(&mut c, caller.user.id, caller.user.platform_admin, month_start).await?)
    }

    /// Creates a team; the caller becomes its owner in the same transaction. For admins of the organization, for its members where it
    /// allows that, and for platform admins.
    pub async fn create_team(&self, caller: &Caller, new: NewTeam) -> Result<TeamView, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_for_team(&mut tx, caller, &new.organization).await?;
        let view = self.insert_team(&mut tx, caller, &org, new).await?;
        self.commit(tx, Touched::team(view.id)).await?;
        Ok(view)
    }

    /// Creates an organization and its first team in one transaction: the first step on an empty platform. Platform admins only.
    pub async fn create_team_with_organization(
        &self,
        caller: &Caller,
        organization_name: &str,
        new: NewTeam,
    ) -> Result<TeamView, ServiceError> {
        self.check_platform_change(caller, "create an organization")?;
        let mut tx = self.store.begin().await?;
        let org = self.insert_organization(&mut tx, caller, organization_name, "").await.map_err(|error| match error {
            ServiceError::Invalid(fields) => {
                let message = fields.get("name").or(fields.get("slug")).unwrap_or("Enter another name.").to_owned();
                ServiceError::field("organization_name", message)
            }
            other => other,
        })?;
        let view = self.insert_team(&mut tx, caller, &org, new).await?;
        self.commit(tx, Touched::organization(org.id).and(Touched::team(view.id))).await?;
        Ok(view)
    }

    async fn insert_team(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &Organization,
        new: NewTeam,
    ) -> Result<TeamView, ServiceError> {
        let at = self.clock.now();
        let chosen = new.slug.is_some();
        let slug = match new.slug {
            Some(slug) => slug,
            None => self.free_slug(c, &slug::from_name(&new.name, "team")).await?,
        };
        let team = Team {
            id: self.random.id_at(at),
            kind: TeamKind::Team,
            organization: Some(org.id),
            organization_name: org.name.clone(),
            organization_slug: org.slug.clone(),
            slug,
            name: new.name,
            owner: caller.user.id,
            mode: new.mode,
            self_service: new.self_service,
            ranking_open: false,
            alert_emails: vec![],
            seats: None,
            discount_bp: 0,
            created_at: at,
        };
        storage::teams::insert(c, &team).await.map_err(|error| {
            if storage::violates_unique(&error, "teams_slug_key", "teams.slug") {
                let field = if chosen { "slug" } else { "name" };
                ServiceError::field(field, format!("The address “{}” is taken. Choose another.", team.slug))
            } else {
                error.into()
            }
        })?;
        self.put_organization_member_if_new(c, org.id, caller).await?;
        let change = Change {
            action: "team.create",
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: Some(org.id),
            after: json!({"name": team.name, "slug": team.slug, "mode": team.mode, "self_service": team.self_service}),
            ..Change::default()
        };
        self.audit(c, caller, change).await?;
        let standing = storage::teams::standing(c, &team, caller.user.id, caller.user.platform_admin).await?;
        view(c, team, standing).await
    }

    /// Changes name, mode, self-service, who sees the ranking of a team, or who else gets its alerts.
    /// Seats are the owner's and the platform's to set; gives the invitations that lost theirs, too, newest first.
    pub async fn update_team(
        &self,
        caller: &Caller,
        team: &str,
        patch: TeamPatch,
    ) -> Result<(TeamView, Vec<SeatlessInvitation>), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (before, standing) = self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?;
        if patch.seats.is_some() && !standing.may(Action::ManageBilling) {
            return Err(self.denied(caller, &before, Action::ManageBilling));
        }
        let mut after = before.clone();
        let mut without_seat = vec![];
        if let Some(seats) = patch.seats {
            self.check_not_on_plan(&mut tx, &before).await?;
            without_seat = self.seats_change(&mut tx, &before, seats).await?.without_seat;
            after.seats = seats;
        }
        if let Some(name) = patch.name {
            after.name = check_name(&name, "a name", NAME_MAX).map_err(|m| ServiceError::field("name", m))?;
        }
        if let Some(mode) = patch.mode {
            after.mode = AccessMode::parse(&mode).ok_or_else(|| ServiceError::field("mode", "Choose inherit or restrict."))?;
        }
        if let Some(self_service) = patch.self_service {
            after.self_service = self_service;
        }
        if let Some(ranking_open) = patch.ranking_open {
            after.ranking_open = ranking_open;
        }
        if let Some(emails) = patch.alert_emails {
            after.alert_emails = check_alert_emails(&emails).map_err(|m| ServiceError::field("alert_emails", m))?;
        }
        storage::teams::update(&mut tx, &after).await?;
        let facts = |team: &Team| {
            json!({"name": team.name, "mode": team.mode, "self_service": team.self_service, "ranking_open": team.ranking_open,
                "alert_emails": team.alert_emails.join(", "), "seats": team.seats})
        };
        let change = Change {
            action: "team.update",
            target_kind: "team",
            target_id: after.id.to_string(),
            target_name: &after.name,
            team: Some(after.id),
            organization: after.organization,
            before: facts(&before),
            after: facts(&after),
        };
        self.audit(&mut tx, caller, change).await?;
        let view = view(&mut tx, after, standing).await?;
        self.commit(tx, Touched::team(view.id)).await?;
        Ok((view, without_seat))
    }

    async fn organization_for_team(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &str,
    ) -> Result<Organization, ServiceError> {
        let unknown = || ServiceError::field("organization", "There is no such organization, or you do not belong to it.");
        let org = storage::organizations::find(c, org).await?.ok_or_else(unknown)?;
        match storage::organizations::find_role(c, org.id, caller.user.id).await? {
            Some(OrgRole::Admin) => Ok(org),
            Some(OrgRole::Member) if org.members_create_teams => Ok(org),
            _ if caller.user.platform_admin => Ok(org),
            Some(OrgRole::Member) => {
                let sentence = format!("{} lets only its admins create teams. Ask one of them for a team.", org.name);
                Err(self.denied_in_organization(caller, &org, "team.create", sentence))
            }
            None => Err(unknown()),
        }
    }

    /// A platform admin who makes a team belongs to its organization from then on, as everybody in a team does.
    async fn put_organization_member_if_new(
        &self,
        c: &mut AnyConnection,
        org: OrgId,
        caller: &Caller,
    ) -> Result<(), ServiceError> {
        if storage::organizations::find_role(c, org, caller.user.id).await?.is_none() {
            storage::organizations::put_member(c, org, caller.user.id, OrgRole::Member, self.clock.now()).await?;
        }
        Ok(())
    }

    /// The slug itself, or with the first number that makes it free.
    async fn free_slug(&self, c: &mut AnyConnection, wanted: &str) -> Result<String, ServiceError> {
        for n in 1..100 {
            let slug = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
            if storage::teams::find(c, &slug).await?.is_none() {
                return Ok(slug);
            }
        }
        Err(ServiceError::field("slug", "Choose an address for the team."))
    }
}

/// Refuses personal spaces, which have one member and no settings.
pub(super) fn check_shared(team: &Team) -> Result<(), ServiceError> {
    if team.kind == TeamKind::Team {
        return Ok(());
    }
    Err(ServiceError::Conflict(
        "personal_space",
        "This is a personal space: it has one member, its owner, and can not be shared, changed, handed over or deleted.".into(),
    ))
}

async fn view(c: &mut AnyConnection, team: Team, standing: Standing) -> Result<TeamView, ServiceError> {
    let owner_name = storage::users::find(c, team.owner).await?.map_or_else(String::new, |user| user.name);
    Ok(TeamView {
        id: team.id,
        kind: team.kind,
        slug: team.slug,
        name: team.name,
        organization: team.organization_name,
        organization_slug: team.organization_slug,
        owner: team.owner,
        owner_name,
        standing,
        mode: team.mode,
        self_service: team.self_service,
        ranking_open: team.ranking_open,
        alert_emails: if standing.may(Action::ManageLimits) { team.alert_emails } else { vec![] },
        seats: team.seats,
        discount_bp: team.discount_bp,
        members: storage::teams::count_members(c, team.id).await?,
        created_at: team.created_at,
    })
}
