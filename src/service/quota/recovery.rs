//! Counters after a restart: made again of what is booked, before calls are accepted. What an earlier process had left in its spool is
//! booked by then (`metering/recovery.rs`), so that each call is counted once, however it ended.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use super::{BookId, Quota};
use crate::{
    domain::{
        ids::{OrgId, TeamId},
        limit_scopes::Scope,
        limits::Span,
        periods::{AnchorDay, Period},
        time::UnixMs,
    },
    service::{ServiceError, Services},
    storage::{
        self, AnyConnection,
        usage::counters::{self, Charged},
    },
};

impl Services {
    /// Counts what is booked. Run once, after `recover_calls` and before the gateway accepts calls.
    pub async fn recover_counters(&self) -> Result<(), ServiceError> {
        if self.quota.recovered.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let counted = count_booked(&self.quota, &mut *self.store.reader().await?, self.clock.now()).await;
        if counted.is_err() {
            // What was counted half-way is not used: a start that fails here ends.
            self.quota.recovered.store(false, Ordering::Release);
        }
        counted
    }
}

/// Counts calls of the last day, and all charges.
async fn count_booked(quota: &Quota, c: &mut AnyConnection, now: UnixMs) -> Result<(), ServiceError> {
    for span in Span::ALL {
        for calls in counters::list_counted(c, span, span.part_ms(), now).await? {
            let scopes = (calls.key.map(Scope::Key).into_iter())
                .chain(calls.member.map(|user| Scope::Member(calls.team, user)))
                .chain(calls.grants.into_iter().flatten().map(Scope::Grant))
                .chain(calls.model.map(|model| Scope::TeamModel(calls.team, model)))
                .chain([Scope::Team(calls.team)])
                .chain(calls.organization.map(Scope::Organization));
            let book = book(calls.organization, calls.team);
            for scope in scopes {
                quota.count(book, scope, calls.at, span, calls.requests.unsigned_abs(), calls.tokens.unsigned_abs());
            }
        }
    }
    for anchor in anchors(c).await? {
        count_charges(quota, c, anchor, Period::at(now, anchor)).await?;
    }
    Ok(())
}

async fn anchors(c: &mut AnyConnection) -> Result<BTreeSet<AnchorDay>, ServiceError> {
    let teams = storage::limits::list_anchors(c, None).await?.into_values();
    let organizations = storage::limits::list_billed_organizations(c, None).await?;
    Ok(teams.chain(organizations.into_iter().map(|organization| organization.anchor)).collect())
}

async fn count_charges(quota: &Quota, c: &mut AnyConnection, anchor: AnchorDay, period: Period) -> Result<(), ServiceError> {
    let post = |organization, team, scope, Charged { in_period, in_all }| {
        quota.post(book(organization, team), scope, period, in_period, in_all);
    };
    for row in counters::list_charged_keys(c, anchor, period.start).await? {
        let scopes = (row.key.map(Scope::Key).into_iter())
            .chain(row.member.map(|user| Scope::Member(row.team, user)))
            .chain([Scope::Team(row.team)]);
        scopes.for_each(|scope| post(row.organization, row.team, scope, row.charged));
    }
    for (team, organization, model, charged) in counters::list_charged_models(c, anchor, period.start).await? {
        post(organization, team, Scope::TeamModel(team, model), charged);
    }
    for (team, organization, grant, charged) in counters::list_charged_grants(c, anchor, period.start).await? {
        post(organization, team, Scope::Grant(grant), charged);
    }
    for (organization, Charged { in_period, in_all }) in counters::list_charged_organizations(c, anchor, period.start).await? {
        quota.post(BookId::Organization(organization), Scope::Organization(organization), period, in_period, in_all);
    }
    Ok(())
}

fn book(organization: Option<OrgId>, team: TeamId) -> BookId {
    organization.map_or(BookId::Personal(team), BookId::Organization)
}
