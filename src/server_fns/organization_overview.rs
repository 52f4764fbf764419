//! An organization's overview: how its money goes, and which of its teams it goes to.

use leptos::server;
use serde::{Deserialize, Serialize};

use super::overview::LimitNote;
use crate::{
    domain::charts::{BudgetView, ChartView, Delta, KpiView, MeterView},
    error::AppError,
    wire::PageAnswer,
};

/// A team of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationTeamLine {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub owner_name: String,
    pub owner_lost: bool,
    /// Where the ownership can be recovered; empty for whoever may not.
    pub recover: String,
    pub members: i64,
    pub requests: String,
    pub spent: String,
    /// Part of what the organization spent, `12.4%`.
    pub share: String,
    /// Of what it spent, against the month before.
    pub change: Option<Delta>,
    /// Success rate; empty where nothing was answered.
    pub success: String,
    pub failing: bool,
    pub budget: BudgetView,
    pub last_call: String,
    pub last_call_title: String,
}

/// The overview of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationOverviewPage {
    pub name: String,
    pub slug: String,
    /// What it is made of; the range in words, and what it is compared with.
    pub lead: String,
    /// Budgets that are nearly spent: its own, and those of teams.
    pub notes: Vec<LimitNote>,
    /// None until the first call.
    pub money: Option<OrganizationMoney>,
    pub teams: Vec<OrganizationTeamLine>,
    /// Requests for models that wait in its teams, `3`, `100+`; empty for none.
    pub waiting: String,
    /// Models to look at; empty for none.
    pub reviews: String,
}

/// What an organization uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMoney {
    pub kpis: Vec<KpiView>,
    /// What the usage page shows for each of them.
    pub kpi_hrefs: Vec<String>,
    pub burn: ChartView,
    /// Says where the budget is, where the chart does not reach that high; empty where it does.
    pub burn_note: String,
    pub limits: Vec<MeterView>,
}

/// Figures and teams of an organization.
#[server(prefix = "/fn", endpoint = "get_organization_overview", output = PageAnswer)]
pub async fn get_organization_overview(org: String) -> Result<OrganizationOverviewPage, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    Ok(view::overview(&services, &caller, &org).await?)
}

#[cfg(feature = "ssr")]
mod view {
    use std::collections::HashMap;

    use super::{OrganizationMoney, OrganizationOverviewPage, OrganizationTeamLine};
    use crate::{
        domain::{
            format,
            limit_scopes::Scope,
            limit_words::LimitedName,
            money::NanoUsd,
            page::PageRequest,
            platform::OrganizationTeamRow,
            usage::TestCalls,
            usage_asked::{UsageAsked, UsageGroup, UsagePlace},
            usage_statistics::{RankBy, Ranked},
        },
        server_fns::{
            organizations::words::many,
            overview::{
                meters, notes,
                range::{asked, lead},
                view::{METRICS, burn_chart},
            },
        },
        service::{
            Caller, ServiceError, Services,
            figures::{FAILING_BP, change_of, key_figures},
            organizations::overview::OrganizationOverview,
            usage::statistics::{StatisticsQuery, UsageOf},
        },
    };

    pub(super) async fn overview(
        services: &Services,
        caller: &Caller,
        org: &str,
    ) -> Result<OrganizationOverviewPage, ServiceError> {
        let overview = services.get_organization_overview(caller, org).await?;
        let of = UsageOf::Organization(org);
        let query = asked(services, caller, of, "", TestCalls::default()).await?;
        let ranked = services.usage_ranking(caller, of, UsageGroup::Team, RankBy::Cost, &query).await?;
        let money = money(services, caller, of, &overview, &query).await?;
        let waiting = services.list_organization_requests(caller, org, true, &PageRequest { limit: Some(100), cursor: None });
        let waiting = waiting.await?;
        let some = |count: usize, more: bool| match count {
            0 => String::new(),
            n => format!("{n}{}", if more { "+" } else { "" }),
        };
        let reviews = services.list_reviews(caller, org).await?.len();
        let mut page = OrganizationOverviewPage {
            lead: sentence(&overview, &query),
            waiting: some(waiting.items.len(), waiting.next_cursor.is_some()),
            reviews: some(reviews, false),
            money,
            notes: own_note(services, &overview).into_iter().collect(),
            teams: teams(services, caller, &overview, &ranked),
            name: overview.organization.name,
            slug: overview.organization.slug,
        };
        let limits = format!("/o/{}/limits", page.slug);
        page.notes.extend(notes::of_teams(page.teams.iter().map(|team| (team.name.as_str(), &team.budget)), limits));
        Ok(page)
    }

    /// `3 teams, 14 members. 1–23 Nov 2026 (UTC), month to date. Compared with 1–23 Oct.`
    fn sentence(overview: &OrganizationOverview, query: &StatisticsQuery) -> String {
        let teams = i64::try_from(overview.teams.len()).unwrap_or(i64::MAX);
        let made_of = format!("{}, {}.", many(teams, "team", "teams"), many(overview.members, "member", "members"));
        format!("{made_of} {}", lead("", query, overview.limits.at))
    }

    /// Of its own budget.
    fn own_note(services: &Services, overview: &OrganizationOverview) -> Option<super::LimitNote> {
        let OrganizationOverview { organization, burn, limits, .. } = overview;
        let scope = Scope::Organization(organization.id).as_str();
        let name = LimitedName { scope, name: organization.name.clone(), team: String::new(), personal: false };
        notes::of_budget(services, &name, burn, format!("/o/{}/limits", organization.slug), limits.at)
    }

    async fn money(
        services: &Services,
        caller: &Caller,
        of: UsageOf<'_>,
        overview: &OrganizationOverview,
        query: &StatisticsQuery,
    ) -> Result<Option<OrganizationMoney>, ServiceError> {
        let statistics = services.usage_statistics(caller, of, query).await?;
        let none = statistics.total.sums.requests == 0 && statistics.previous.sums.requests == 0;
        if none && overview.burn.budget.is_none() {
            return Ok(None);
        }
        let place = UsagePlace::Organization(overview.organization.slug.clone());
        let month = UsageAsked::default().with("range", "period");
        let (burn, burn_note) = burn_chart(&overview.burn, overview.limits.at);
        Ok(Some(OrganizationMoney {
            kpis: key_figures(&statistics),
            kpi_hrefs: METRICS.map(|metric| month.with("metric", metric).address(&place)).into(),
            burn,
            burn_note,
            limits: meters::of(&overview.limits, &overview.used, &overview.burn),
        }))
    }

    fn teams(
        services: &Services,
        caller: &Caller,
        overview: &OrganizationOverview,
        ranked: &[Ranked],
    ) -> Vec<OrganizationTeamLine> {
        let ranked: HashMap<&str, &Ranked> = ranked.iter().map(|row| (row.id.as_str(), row)).collect();
        let line = |row: &OrganizationTeamRow| {
            let ranked = ranked.get(row.id.to_string().as_str()).copied();
            team(services, row, ranked, overview.spent(), caller.user.platform_admin)
        };
        overview.teams.iter().map(line).collect()
    }

    fn team(
        services: &Services,
        row: &OrganizationTeamRow,
        ranked: Option<&Ranked>,
        total: i64,
        platform_admin: bool,
    ) -> OrganizationTeamLine {
        let now = services.clock.now();
        let share = match total {
            0 => String::new(),
            total => format::percent_bp(i64::try_from(i128::from(row.spent) * 10_000 / i128::from(total)).unwrap_or(0)),
        };
        let recover =
            format!("{}?dialog=recover&team={}", crate::server_fns::users::user_address(&row.owner.to_string()), row.slug);
        let success = ranked.and_then(|row| row.sums.success_rate_bp());
        OrganizationTeamLine {
            id: row.id.to_string(),
            slug: row.slug.clone(),
            name: row.name.clone(),
            owner_name: row.owner_name.clone(),
            owner_lost: row.owner_lost,
            recover: if platform_admin { recover } else { String::new() },
            members: row.members,
            requests: format::count(row.requests),
            spent: format::money(NanoUsd(row.spent)),
            share,
            change: ranked.and_then(|row| change_of(RankBy::Cost, row)),
            success: success.map(format::percent_bp).unwrap_or_default(),
            failing: success.is_some_and(|bp| bp < FAILING_BP),
            budget: meters::team_budget(services, row.id),
            last_call: row.last_call_at.map_or_else(|| "None this month".to_owned(), |at| format::ago(at, now)),
            last_call_title: row.last_call_at.map_or_else(String::new, format::full),
        }
    }
}
