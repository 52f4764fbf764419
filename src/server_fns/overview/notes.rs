//! What stands above everything: budgets that are nearly, or wholly, spent.

use super::{LimitNote, meters};
use crate::{
    domain::{
        charts::BudgetView,
        forecast::{Forecast, before_reset},
        format,
        limit_scopes::BudgetPer,
        limit_words::LimitedName,
        teams::{AlertPage, MyAlert, TeamView},
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, burn_down::month_name, overview::BudgetBurn},
};

/// From here on a budget is worth a note, in percent.
const NEAR: u32 = 80;
/// Teams that a note names.
const NAMED: usize = 3;

/// Of a team: its budget from 80 % on or when it will run out, else the first thing that is nearly used up.
pub(super) async fn of_team(
    services: &Services,
    caller: &Caller,
    view: &TeamView,
    now: UnixMs,
) -> Result<Option<LimitNote>, ServiceError> {
    let burn = services.get_team_burn(caller, &view.slug).await?;
    let href = format!("/t/{}/quotas", view.slug);
    if let Some(name) = services.limited_team(view.id)
        && let Some(note) = of_budget(services, &name, &burn, href, now)
    {
        return Ok(Some(note));
    }
    let alerts = services.list_own_alerts(caller).await?;
    Ok(alerts.into_iter().find(|alert| alert.team == view.slug).map(|alert| of_alert(view, alert)))
}

/// A budget, from 80 % on or when it will run out.
pub(in crate::server_fns) fn of_budget(
    services: &Services,
    name: &LimitedName,
    burn: &BudgetBurn,
    href: String,
    now: UnixMs,
) -> Option<LimitNote> {
    let budget = burn.budget?;
    let used = meters::percent(burn.spent.0, budget.amount.0);
    let per = match budget.per {
        BudgetPer::Period => format!("{} budget", month_name(burn.period)),
        BudgetPer::Total => "total budget".to_owned(),
    };
    let resets_at = burn.resets_at(budget);
    let label = "Review budget".to_owned();
    if used >= 100 {
        let title = services.budget_sentence(name, burn, budget);
        return Some(LimitNote { title, text: "Until then calls are refused.".to_owned(), reached: true, href, label });
    }
    let runs_out = match burn.forecast {
        Some(Forecast::Ends(at)) => Some(format!(
            "At the current pace it runs out on {}{}. After that, calls are refused.",
            format::short_date(at, now),
            before_reset(at, resets_at)
        )),
        _ => None,
    };
    if used < NEAR && runs_out.is_none() {
        return None;
    }
    let title = format!("{used}% of the {per} is spent.");
    let text = runs_out.unwrap_or_else(|| resets_at.map_or_else(String::new, |at| format!("{}.", meters::resets(at, now))));
    Some(LimitNote { title, text, reached: false, href, label })
}

/// Teams whose own budgets are nearly, or wholly, spent, the fullest first.
pub(in crate::server_fns) fn of_teams<'a>(
    teams: impl Iterator<Item = (&'a str, &'a BudgetView)>,
    href: String,
) -> Option<LimitNote> {
    let mut near: Vec<_> =
        teams.filter_map(|(name, budget)| Some((name, budget.percent.filter(|used| *used >= NEAR)?))).collect();
    near.sort_by_key(|(_, used)| std::cmp::Reverse(*used));
    let reached = near.first()?.1 >= 100;
    let (title, text) = match near.as_slice() {
        [(name, 100..)] => (format!("{name} has spent its budget."), "Its calls are refused.".to_owned()),
        [(name, used)] => (format!("{name} has spent {used}% of its budget."), String::new()),
        more => {
            let named: Vec<String> = more.iter().take(NAMED).map(|(name, used)| format!("{name} {used}%")).collect();
            let rest = match more.len().saturating_sub(NAMED) {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            (format!("{} teams have spent {NEAR}% or more of their budgets.", more.len()), format!("{}{rest}.", named.join(", ")))
        }
    };
    Some(LimitNote { title, text, reached, href, label: "Review limits".to_owned() })
}

fn of_alert(view: &TeamView, alert: MyAlert) -> LimitNote {
    let (page, label) = match alert.page {
        AlertPage::Limits => ("quotas", "See limits"),
        AlertPage::Keys => ("keys", "See keys"),
        AlertPage::Billing => ("billing", "See billing"),
    };
    LimitNote {
        title: alert.sentence,
        text: String::new(),
        reached: alert.reached,
        href: format!("/t/{}/{page}", view.slug),
        label: label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_near_their_budgets_are_named_the_fullest_first() {
        let said = |percents: &[Option<u32>]| {
            let teams: Vec<_> = percents
                .iter()
                .zip('A'..)
                .map(|(percent, name)| (format!("Team {name}"), BudgetView { text: String::new(), percent: *percent }))
                .collect();
            let note = of_teams(teams.iter().map(|(name, budget)| (name.as_str(), budget)), "/o/x/limits".into());
            note.map(|note| (note.title, note.text, note.reached))
        };
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[None, Some(79)]), None);
        let sentence = |title: &str, text: &str, reached| Some((title.to_owned(), text.to_owned(), reached));
        assert_eq!(said(&[Some(80), None]), sentence("Team A has spent 80% of its budget.", "", false));
        assert_eq!(said(&[Some(104)]), sentence("Team A has spent its budget.", "Its calls are refused.", true));
        assert_eq!(
            said(&[Some(81), Some(20), Some(100)]),
            sentence("2 teams have spent 80% or more of their budgets.", "Team C 100%, Team A 81%.", true)
        );
        assert_eq!(
            said(&[Some(81), Some(82), Some(83), Some(84), Some(85)]),
            sentence("5 teams have spent 80% or more of their budgets.", "Team E 85%, Team D 84%, Team C 83% and 2 more.", false)
        );
    }
}
