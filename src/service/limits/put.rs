//! Setting what one scope may use: within its parent, above its children or lowering them along.

use serde_json::{Value, json};

use crate::{
    domain::{
        field_errors::FieldErrors,
        ids::{OrgId, TeamId},
        limit_forms::{self, AllowanceChange, Outside, clamped, outside},
        limit_scopes::{Allowance, BudgetPer, Scope},
        limits::Window,
        teams::Team,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, organizations::Organization},
    storage::{self, AnyConnection, limits::LimitRow},
};

/// Names that a sentence lists before it says how many more there are.
const NAMED: usize = 5;

/// How a change treats what others did.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// What lies below is lowered along, where it would not lie within any more.
    pub clamp: bool,
    /// The version that the change was made from; refused if there is another one by now.
    pub version: Option<i64>,
}

/// A scope, and where it stands.
#[derive(Clone, Debug)]
pub(in crate::service) struct Place {
    pub scope: Scope,
    pub name: String,
    /// What it lies within.
    pub parent: Option<(Scope, String)>,
    pub root: Scope,
    pub team: Option<TeamId>,
    pub organization: Option<OrgId>,
}

impl Place {
    /// Of an organization.
    pub fn of_organization(org: &Organization) -> Self {
        let scope = Scope::Organization(org.id);
        Self { scope, name: org.name.clone(), parent: None, root: scope, team: None, organization: Some(org.id) }
    }

    /// Of a team, or of something in it.
    pub fn of_team(team: &Team, scope: Scope, name: String) -> Self {
        let own = Scope::Team(team.id);
        let above = team.organization.map(Scope::Organization);
        let parent = if scope == own {
            above.map(|above| (above, team.organization_name.clone()))
        } else {
            Some((own, team.name.clone()))
        };
        Self { scope, name, parent, root: above.unwrap_or(own), team: Some(team.id), organization: team.organization }
    }

    fn row(&self, allowance: Allowance) -> LimitRow {
        LimitRow {
            scope: self.scope,
            parent: self.parent.as_ref().map(|(scope, _)| *scope),
            root: self.root,
            team: self.team,
            allowance,
            version: 0,
        }
    }
}

/// What of the gateway's memory a change of a scope touches.
pub(in crate::service) fn touched(scope: Scope, team: Option<TeamId>) -> Touched {
    let of_team = team.map_or_else(Touched::default, Touched::team);
    match scope {
        Scope::Organization(id) => Touched::organization(id),
        // With a key, what is set on it is read.
        Scope::Key(id) => Touched::key(id),
        Scope::Member(..) | Scope::Grant(_) | Scope::TeamModel(..) | Scope::Team(_) => of_team,
    }
}

impl Services {
    /// Sets what a scope may use, with its audit entry; says what the gateway has to read anew. Whoever changes limits of one
    /// organization does so one after the other, under its lock.
    pub(in crate::service) async fn put_allowance(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        place: &Place,
        change: AllowanceChange,
        how: How,
    ) -> Result<Touched, ServiceError> {
        let stood = storage::limits::find(c, place.scope).await?;
        if how.version.is_some_and(|version| version != stood.map_or(0, |row| row.version)) {
            return Err(changed_meanwhile());
        }
        let before = stood.map(|row| row.allowance).unwrap_or_default();
        let after = change.applied_to(before);
        let mut errors = FieldErrors::default();
        limit_forms::check(&after, &mut errors);
        errors.into_result()?;
        if after == before {
            return Ok(Touched::default());
        }
        let now = self.clock.now();
        self.check_within_parent(c, place, &after, now).await?;
        let mut touches = touched(place.scope, place.team);
        let below = self.not_within(c, place.scope, &after, now).await?;
        if !below.is_empty() {
            if !how.clamp {
                return Err(self.refuse_below(c, &after, below, now).await?.into());
            }
            touches = touches.and(self.clamp_below(c, caller, (place, &after), below).await?);
        }
        self.write_limits(c, caller, place, (before, after), "limit.update").await?;
        Ok(touches)
    }

    async fn check_within_parent(
        &self,
        c: &mut AnyConnection,
        place: &Place,
        after: &Allowance,
        now: UnixMs,
    ) -> Result<(), ServiceError> {
        let Some((parent, name)) = &place.parent else { return Ok(()) };
        let Some(row) = storage::limits::find(c, *parent).await? else { return Ok(()) };
        let mut errors = FieldErrors::default();
        for Outside { field, label, asked, allowed } in outside(after, &row.allowance, now) {
            let what = if field == "budget" { "budget" } else { "limit" };
            errors.add(field, format!("{label} must be {allowed} or less, the {what} of {name}; {asked} is more."));
        }
        Ok(errors.into_result()?)
    }

    /// What stands right below a scope and would not lie within it.
    async fn not_within(
        &self,
        c: &mut AnyConnection,
        scope: Scope,
        after: &Allowance,
        now: UnixMs,
    ) -> Result<Vec<LimitRow>, ServiceError> {
        let below = storage::limits::list_below(c, scope).await?;
        Ok(below.into_iter().filter(|row| !outside(&row.allowance, after, now).is_empty()).collect())
    }

    /// Names, limit by limit, what is set above a lowered value.
    async fn refuse_below(
        &self,
        c: &mut AnyConnection,
        after: &Allowance,
        below: Vec<LimitRow>,
        now: UnixMs,
    ) -> Result<FieldErrors, ServiceError> {
        let mut found: Vec<(Outside, Vec<String>)> = vec![];
        for row in below {
            let name = self.scope_name(c, row.scope).await?;
            for above in outside(&row.allowance, after, now) {
                let words = format!("{name} ({})", above.asked);
                match found.iter_mut().find(|(first, _)| first.field == above.field) {
                    Some((_, names)) => names.push(words),
                    None => found.push((above, vec![words])),
                }
            }
        }
        let mut errors = FieldErrors::default();
        let place = |field: &str| Window::ALL.iter().position(|window| window.as_str() == field).unwrap_or(Window::ALL.len());
        found.sort_by_key(|(above, _)| place(above.field));
        for (Outside { field, label, allowed, .. }, names) in found {
            let names = listed(&names);
            errors.add(field, format!("{label} {allowed} is below what is set on {names}. Lower that first, or lower it along."));
        }
        Ok(errors)
    }

    /// Lowers what stands below, the innermost first: at no moment does something lie outside of what is above it.
    async fn clamp_below(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        (place, after): (&Place, &Allowance),
        below: Vec<LimitRow>,
    ) -> Result<Touched, ServiceError> {
        let now = self.clock.now();
        let mut touches = Touched::default();
        let mut waiting: Vec<(LimitRow, Allowance)> =
            below.into_iter().map(|row| (row, clamped(row.allowance, after, now))).collect();
        let mut order = vec![];
        while let Some((row, lowered)) = waiting.pop() {
            for inner in self.not_within(c, row.scope, &lowered, now).await? {
                waiting.push((inner, clamped(inner.allowance, &lowered, now)));
            }
            order.push((row, lowered));
        }
        for (row, lowered) in order.into_iter().rev() {
            let name = self.scope_name(c, row.scope).await?;
            let inner = Place {
                scope: row.scope,
                name,
                parent: row.parent.map(|scope| (scope, String::new())),
                root: row.root,
                team: row.team,
                organization: place.organization,
            };
            self.write_limits(c, caller, &inner, (row.allowance, lowered), "limit.clamp").await?;
            touches = touches.and(touched(row.scope, row.team));
        }
        Ok(touches)
    }

    async fn write_limits(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        place: &Place,
        (before, after): (Allowance, Allowance),
        action: &str,
    ) -> Result<(), ServiceError> {
        storage::limits::put(c, &place.row(after), self.clock.now())
            .await
            .map_err(|error| if storage::limits::is_outside(&error) { changed_meanwhile() } else { error.into() })?;
        let (kind, id) = match place.scope {
            Scope::Organization(id) => ("organization", id.to_string()),
            Scope::Team(id) => ("team", id.to_string()),
            Scope::TeamModel(_, id) => ("model", id.to_string()),
            Scope::Member(_, id) => ("member", id.to_string()),
            Scope::Key(id) => ("key", id.to_string()),
            Scope::Grant(id) => ("access", id.to_string()),
        };
        let change = Change {
            action,
            target_kind: kind,
            target_id: id,
            target_name: &place.name,
            team: place.team,
            organization: place.organization,
            before: facts(&before),
            after: facts(&after),
        };
        self.audit(c, caller, change).await
    }
}

/// What is set, for the audit log.
pub(in crate::service) fn facts(allowance: &Allowance) -> Value {
    let mut facts = json!({"budget": allowance.budget});
    for window in Window::ALL {
        facts[window.as_str()] = json!(allowance.limits.get(window));
    }
    if allowance.budget.is_some() && allowance.per == BudgetPer::Total {
        facts["budget_period"] = json!(allowance.per.as_str());
    }
    if let Some(raise) = allowance.raise {
        facts["budget_raised_by"] = json!(raise.by);
        facts["budget_raised_until"] = json!(raise.until);
    }
    facts
}

fn changed_meanwhile() -> ServiceError {
    ServiceError::Conflict(
        "limits_changed",
        "Somebody else changed these limits, or those around them, in the meantime. Nothing was changed; reload and look again."
            .into(),
    )
}

/// "a, b and 3 more".
fn listed(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(NAMED));
    match (shown, more.len()) {
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_with_a_number() {
        let names: Vec<String> = (1..=7).map(|n| n.to_string()).collect();
        assert_eq!(listed(&names[..1]), "1");
        assert_eq!(listed(&names[..3]), "1, 2 and 3");
        assert_eq!(listed(&names), "1, 2, 3, 4, 5 and 2 more");
    }
}
