//! The plans that there are: read by everybody, edited by platform admins. A plan is never removed, only closed to new teams.

use serde_json::json;

use crate::{
    domain::{
        plan_changes::PlanRow,
        plans::{NewPlan, Plan},
    },
    service::{Caller, ServiceError, Services, audit::Change},
    storage,
};

impl Services {
    /// Plans, the cheapest first. Those that can not be chosen any more, and how many teams are on each, are for platform admins.
    pub async fn list_plans(&self, caller: &Caller) -> Result<Vec<PlanRow>, ServiceError> {
        let mut c = self.store.reader().await?;
        let plans = storage::plans::list(&mut c).await?;
        if !caller.user.platform_admin {
            let chosen = plans.into_iter().filter(|plan| plan.active);
            return Ok(chosen.map(|plan| PlanRow { plan, teams: None }).collect());
        }
        let counts = storage::plans::count_teams(&mut c).await?;
        let teams = |plan: &Plan| counts.iter().find(|(id, _)| *id == plan.id).map_or(0, |(_, n)| *n);
        Ok(plans.into_iter().map(|plan| PlanRow { teams: Some(teams(&plan)), plan }).collect())
    }

    /// Adds a plan. Platform admins only.
    pub async fn create_plan(&self, caller: &Caller, new: NewPlan) -> Result<Plan, ServiceError> {
        self.check_platform_change(caller, "add a plan")?;
        let plan = with(self.random.id_at(self.clock.now()), new);
        let mut tx = self.store.begin().await?;
        storage::plans::insert(&mut tx, &plan).await.map_err(|error| name_taken(error, &plan.name))?;
        self.audit(&mut tx, caller, change("plan.create", None, &plan)).await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// Changes a plan: teams that are on it have the new terms from their next renewal on. Platform admins only.
    pub async fn update_plan(&self, caller: &Caller, name_or_id: &str, new: NewPlan) -> Result<Plan, ServiceError> {
        self.check_platform_change(caller, "change a plan")?;
        let mut tx = self.store.begin().await?;
        let before = storage::plans::find(&mut tx, name_or_id).await?.ok_or(ServiceError::NotFound)?;
        let plan = with(before.id, new);
        storage::plans::update(&mut tx, &plan).await.map_err(|error| name_taken(error, &plan.name))?;
        self.audit(&mut tx, caller, change("plan.update", Some(&before), &plan)).await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// A plan by name or id. Closed ones are for platform admins.
    pub async fn get_plan(&self, caller: &Caller, name_or_id: &str) -> Result<PlanRow, ServiceError> {
        let all = self.list_plans(caller).await?;
        let name = name_or_id.to_lowercase();
        all.into_iter()
            .find(|row| row.plan.name.to_lowercase() == name || row.plan.id.to_string() == name_or_id)
            .ok_or(ServiceError::NotFound)
    }
}

fn with(id: crate::domain::ids::PlanId, new: NewPlan) -> Plan {
    let NewPlan { name, seat_price, included_usage, self_service, active } = new;
    Plan { id, name, seat_price, included_usage, self_service, active }
}

fn name_taken(error: sqlx::Error, name: &str) -> ServiceError {
    if storage::violates_unique(&error, "plans_name_key", "plans.name") {
        return ServiceError::field("name", format!("There is a plan named {name} already."));
    }
    error.into()
}

fn change<'a>(action: &'static str, before: Option<&Plan>, plan: &'a Plan) -> Change<'a> {
    let facts = |plan: &Plan| {
        json!({
            "name": plan.name,
            "seat_price": plan.seat_price,
            "included_usage": plan.included_usage,
            "self_service": plan.self_service,
            "active": plan.active,
        })
    };
    Change {
        action,
        target_kind: "plan",
        target_id: plan.id.to_string(),
        target_name: &plan.name,
        before: before.map(facts).unwrap_or_default(),
        after: facts(plan),
        ..Change::default()
    }
}
