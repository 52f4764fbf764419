//! Limits in words, and forms read.

use super::{AllowanceForm, BudgetLine, CapLine, LimitsLines, QuotasPage, TypedLimits, WindowLine};
use crate::{
    domain::{
        access_requests::parse_last_day,
        field_errors::FieldErrors,
        format,
        ids::UserId,
        limit_forms::{AllowanceChange, number, parse_budget, parse_per, parse_windows},
        limit_scopes::{Allowance, Budget, BudgetPer},
        limits::{Span, Window},
        money::NanoUsd,
        self_service::{SelfServicePolicy, wrong_days, wrong_keys},
        time::UnixMs,
    },
    service::{
        ServiceError,
        limits::{Capped, LimitsOf, LimitsView, SpendingLimit, TeamLimits, Used, change_of_budget},
    },
};

/// From here on a limit is worth a note.
const NEAR: u32 = 80;

/// The page of a team.
pub(super) fn quotas(
    page: &TeamLimits,
    caps: &[Capped],
    policy: Option<SelfServicePolicy>,
    typed: Option<TypedLimits>,
) -> QuotasPage {
    let own = lines(&page.view, &page.used);
    let (alert, reached) = alert(&own, &page.view);
    let who = match (page.is_personal(), page.may_manage(), page.may_spend()) {
        (true, ..) => "What your personal space may use is set by whoever runs Tallygate.".to_owned(),
        (false, true, true) => String::new(),
        (false, true, false) => format!("The budget is set by the owner, {}.", page.owner_name),
        (false, false, _) => format!("Set by {} (owner) and the admins of the team.", page.owner_name),
    };
    let lead = if page.is_personal() {
        "What your own keys may use together.".to_owned()
    } else {
        format!("All keys of {} share its limits.", page.team.name)
    };
    QuotasPage {
        team: page.team.name.clone(),
        personal: page.is_personal(),
        lead,
        may_manage: page.may_manage(),
        may_spend: page.may_spend(),
        may_request: page.may_request(),
        who,
        alert,
        reached,
        own,
        caps: caps.iter().map(cap).collect(),
        policy_ceiling: policy.and_then(|policy| policy.budget_ceiling).map_or_else(String::new, NanoUsd::plain),
        policy,
        typed,
    }
}

/// What is set on a scope and used of it.
pub(super) fn lines(view: &LimitsView, used: &Used) -> LimitsLines {
    LimitsLines {
        name: view.name.clone(),
        parent: view.ceiling.as_ref().map_or_else(String::new, |ceiling| ceiling.name.clone()),
        version: view.version,
        windows: view.windows().map(|window| window_line(window.window, window.limit, window.ceiling, view, used)).collect(),
        budget: budget_line(view, used.spent),
    }
}

fn window_line(window: Window, limit: Option<i64>, ceiling: Option<i64>, view: &LimitsView, used: &Used) -> WindowLine {
    let (now, peak) = (used.now(window), used.peak(window));
    WindowLine {
        field: window.as_str().to_owned(),
        label: window.label().to_owned(),
        words: window.words().to_owned(),
        value: limit.map_or_else(String::new, number),
        shown: limit.map_or_else(|| "No limit".to_owned(), number),
        ceiling: ceiling.map_or_else(String::new, number),
        now: format::count(now),
        peak: peak.map_or_else(String::new, format::count),
        percent: limit.map(|limit| percent(now, limit)),
        promised: promised(view.promised.limits.get(window), limit, number),
    }
}

fn budget_line(view: &LimitsView, spent: NanoUsd) -> BudgetLine {
    let set = view.allowance;
    let now = set.budget_at(view.at);
    BudgetLine {
        value: set.budget.map_or_else(String::new, NanoUsd::plain),
        per: set.per.as_str().to_owned(),
        limit: now.map_or_else(String::new, |budget| format::money(budget.amount)),
        spent: format::money(spent),
        left: now.map_or_else(String::new, |budget| format::money(NanoUsd((budget.amount.0 - spent.0).max(0)))),
        percent: now.map(|budget| percent(spent.0, budget.amount.0)),
        resets: match set.per {
            BudgetPer::Period => format!("Resets {}", moment(view.period.end)),
            BudgetPer::Total => "In total".to_owned(),
        },
        ceiling: view.ceiling.as_ref().and_then(|above| above.allowance.budget).map_or_else(String::new, format::money),
        raise: raised(&set, view.at),
        promised: promised(view.promised.budget.map(|amount| amount.0), set.budget.map(|amount| amount.0), |amount| {
            format::money(NanoUsd(amount))
        }),
    }
}

/// A raise that holds now, as a sentence.
fn raised(set: &Allowance, at: UnixMs) -> String {
    let raise = set.raise.filter(|raise| at < raise.until);
    raise.map_or_else(String::new, |raise| {
        let back = set.budget.map_or_else(String::new, format::money);
        format!("Raised by {} until {}; then {back} again.", format::money(raise.by), moment(raise.until))
    })
}

/// What the fields of a dialog hold, and what stands below them.
pub(in crate::server_fns) fn form(view: &LimitsView, typed: Option<TypedLimits>) -> AllowanceForm {
    let above = view.ceiling.as_ref();
    let most = above.and_then(|above| Some(format!("{} allows {}. ", above.name, format::money(above.allowance.budget?))));
    let budget = format!("{}Empty: no limit. $0 allows nothing.", most.unwrap_or_default());
    let windows =
        view.windows().map(|window| window.ceiling.map_or_else(String::new, |most| format!("At most {}.", number(most))));
    AllowanceForm {
        set: typed_of(&view.allowance),
        typed,
        hints: std::iter::once(budget).chain(windows).collect(),
        raise: raised(&view.allowance, view.at),
        version: view.version,
    }
}

/// A row of members, models or teams.
pub(super) fn cap(capped: &Capped) -> CapLine {
    let (view, spent) = (&capped.view, capped.spent);
    let budget = view.allowance.budget_at(view.at);
    CapLine {
        id: capped.id.clone(),
        name: capped.name.clone(),
        detail: capped.detail.clone(),
        cap: budget.map_or_else(|| "No cap".to_owned(), budget_words),
        spent: format::money(spent),
        left: budget.map_or_else(String::new, |budget| format::money(NanoUsd((budget.amount.0 - spent.0).max(0)))),
        percent: budget.map(|budget| percent(spent.0, budget.amount.0)),
        limits: windows_words(&view.allowance).join(", "),
    }
}

/// `$250.00 a month`, `$250.00 in total`.
fn budget_words(budget: Budget) -> String {
    let per = match budget.per {
        BudgetPer::Period => "a month",
        BudgetPer::Total => "in total",
    };
    format!("{} {per}", format::money(budget.amount))
}

/// `60 RPM` and the like, each that is set.
fn windows_words(set: &Allowance) -> Vec<String> {
    let words = |window: Window| set.limits.get(window).map(|value| format!("{} {}", number(value), window.label()));
    Window::ALL.into_iter().filter_map(words).collect()
}

/// Everything that is set: `$250.00 a month, 60 RPM`; empty for nothing.
pub(in crate::server_fns) fn set_words(set: &Allowance, at: UnixMs) -> String {
    set.budget_at(at).map(budget_words).into_iter().chain(windows_words(set)).collect::<Vec<_>>().join(", ")
}

/// The tightest of what is nearly or wholly used, as a sentence; whether it is used up.
fn alert(own: &LimitsLines, view: &LimitsView) -> (String, bool) {
    if let Some(used) = own.budget.percent.filter(|percent| *percent >= NEAR) {
        let BudgetLine { spent, limit, .. } = &own.budget;
        let resets = match view.allowance.per {
            BudgetPer::Period => format!(" It resets on {}.", moment(view.period.end)),
            BudgetPer::Total => " It does not reset.".to_owned(),
        };
        let stops = match view.allowance.per {
            _ if used < 100 => "",
            BudgetPer::Period => " Calls are refused until it is raised or resets.",
            BudgetPer::Total => " Calls are refused until it is raised.",
        };
        return (format!("{} has spent {spent} of its {limit} budget.{resets}{stops}", own.name), used >= 100);
    }
    let fullest =
        own.windows.iter().filter(|line| line.percent.is_some_and(|percent| percent >= NEAR)).max_by_key(|line| line.percent);
    fullest.map_or_else(Default::default, |line| {
        let reached = line.percent.is_some_and(|percent| percent >= 100);
        (format!("{} of {} used for {} now ({}).", line.now, line.shown, own.name, line.words.to_lowercase()), reached)
    })
}

fn promised(sum: Option<i64>, limit: Option<i64>, words: impl Fn(i64) -> String) -> String {
    match (sum, limit) {
        (None, _) => String::new(),
        (Some(sum), Some(limit)) if limit > 0 => {
            format!("{} promised, {}%", words(sum), i128::from(sum) * 100 / i128::from(limit))
        }
        (Some(sum), _) => format!("{} promised", words(sum)),
    }
}

/// Floored: 100 means reached. Nothing of nothing is all of it.
fn percent(used: i64, limit: i64) -> u32 {
    if limit <= 0 { 100 } else { u32::try_from(i128::from(used) * 100 / i128::from(limit)).unwrap_or(999).min(999) }
}

fn moment(at: UnixMs) -> String {
    let (hours, minutes, _) = at.clock();
    format!("{}, {hours:02}:{minutes:02} UTC", format::date(at))
}

/// A member or a model, as a form names it.
pub(super) fn target<'a>(kind: &str, id: &'a str) -> Result<LimitsOf<'a>, ServiceError> {
    match kind {
        "member" => UserId::parse(id).map(LimitsOf::Member).ok_or(ServiceError::NotFound),
        "model" => Ok(LimitsOf::Model(id)),
        _ => Err(ServiceError::NotFound),
    }
}

/// What a form asks for.
pub(in crate::server_fns) fn change(
    typed: &TypedLimits,
    with_budget: bool,
    before: &LimitsView,
) -> Result<AllowanceChange, ServiceError> {
    let mut errors = FieldErrors::default();
    let limits = parse_windows([&typed.rpm, &typed.tpm, &typed.rph, &typed.rpd, &typed.tpd], &mut errors);
    let mut change = AllowanceChange { limits: Some(limits), ..AllowanceChange::default() };
    if with_budget {
        let amount = parse_budget("budget", &typed.budget, &mut errors);
        let until = errors.check("until", parse_last_day(&typed.until)).flatten();
        let per = parse_per("per", &typed.per, &mut errors);
        // The present amount, typed again, leaves a raise as it is.
        if errors.0.is_empty() && (amount != before.allowance.budget || until.is_some()) {
            let money = change_of_budget(before.allowance.budget, SpendingLimit { amount, until }, before.at)?;
            change = AllowanceChange { limits: Some(limits), ..money };
        }
        change.per = per;
    }
    errors.into_result()?;
    Ok(change)
}

/// What is set, as inputs hold it.
pub(in crate::server_fns) fn typed_of(set: &Allowance) -> TypedLimits {
    let value = |window: Window| set.limits.get(window).map_or_else(String::new, number);
    TypedLimits {
        rpm: value(Window::Rpm),
        tpm: value(Window::Tpm),
        rph: value(Window::Rph),
        rpd: value(Window::Rpd),
        tpd: value(Window::Tpd),
        budget: set.budget.map_or_else(String::new, NanoUsd::plain),
        per: set.per.as_str().to_owned(),
        until: String::new(),
    }
}

/// What the form of something new asks for, or of a key: nothing of it is for a while.
pub(in crate::server_fns) fn new_change(typed: &TypedLimits) -> Result<AllowanceChange, FieldErrors> {
    let mut errors = FieldErrors::default();
    let limits = parse_windows([&typed.rpm, &typed.tpm, &typed.rph, &typed.rpd, &typed.tpd], &mut errors);
    let budget = parse_budget("budget", &typed.budget, &mut errors);
    let per = parse_per("per", &typed.per, &mut errors);
    errors.into_result()?;
    Ok(AllowanceChange { limits: Some(limits), budget: Some(budget), per, ..AllowanceChange::default() })
}

/// Says what is used already where a new limit lies below it; `spent` in what the budget then runs over.
pub(super) fn check_use(page: &TeamLimits, change: &AllowanceChange, spent: NanoUsd) -> Result<(), ServiceError> {
    let before = page.view.allowance;
    let after: Allowance = change.applied_to(before);
    let mut errors = FieldErrors::default();
    for window in Window::ALL {
        let (Some(limit), now) = (after.limits.get(window), page.used.now(window)) else { continue };
        let lowered = before.limits.get(window).is_none_or(|before| limit < before);
        if lowered && limit < now {
            let span = match window.span() {
                Span::Minute => "the last minute",
                Span::Hour => "the last hour",
                Span::Day => "the last 24 hours",
            };
            let message = format!(
                "Already used: {} in {span}. Calls stop at once until enough of it is older than that. To set it all the same, tick “Stop calls at once”.",
                format::count(now)
            );
            errors.add(window.as_str(), message);
        }
    }
    let (stood, limit) = (before.budget_at(page.view.at), after.budget_at(page.view.at));
    if let Some(limit) = limit.filter(|limit| limit.amount < spent)
        && stood.is_none_or(|stood| limit.amount < stood.amount || limit.per != stood.per)
    {
        let until = match limit.per {
            BudgetPer::Period => "it is raised or resets",
            BudgetPer::Total => "it is raised",
        };
        let message = format!(
            "Already spent: {}. Calls stop at once until {until}. To set it all the same, tick “Stop calls at once”.",
            format::money(spent)
        );
        errors.add("budget", message);
    }
    Ok(errors.into_result()?)
}

/// A self-service policy, as it is typed.
pub(super) fn policy(
    enabled: bool,
    keys: &str,
    ceiling: &str,
    require_expiry: bool,
    days: &str,
) -> Result<SelfServicePolicy, ServiceError> {
    let mut errors = FieldErrors::default();
    let mut whole = |field: &str, typed: &str, wrong: fn() -> String| match typed.trim() {
        "" => None,
        typed => errors.check(field, typed.parse::<i64>().map_err(|_| wrong())),
    };
    let max_keys_per_user = whole("max_keys_per_user", keys, wrong_keys);
    let max_expiry_days = whole("max_expiry_days", days, wrong_days);
    let budget_ceiling = parse_budget("budget_ceiling", ceiling, &mut errors);
    errors.into_result()?;
    Ok(SelfServicePolicy { enabled, max_keys_per_user, budget_ceiling, require_expiry, max_expiry_days })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_floored_and_nothing_allowed_is_reached() {
        assert_eq!((percent(99, 100), percent(100, 100), percent(0, 0), percent(1_999, 2_000)), (99, 100, 100, 99));
        assert_eq!(percent(i64::MAX, 1), 999);
        assert_eq!(promised(Some(118), Some(100), number), "118 promised, 118%");
        assert_eq!((promised(Some(5), None, number), promised(None, Some(1), number)), ("5 promised".into(), String::new()));
    }

    #[test]
    fn forms_of_policies_are_read() {
        let read = policy(true, " 3 ", "$25", true, "90").unwrap();
        assert_eq!(
            (read.max_keys_per_user, read.budget_ceiling, read.max_expiry_days),
            (Some(3), Some(NanoUsd(25_000_000_000)), Some(90))
        );
        let Err(ServiceError::Invalid(fields)) = policy(true, "x", "y", false, "1.5") else { panic!("it was read") };
        assert_eq!(fields.0.len(), 3);
        assert_eq!(
            policy(false, "", "", false, "").unwrap(),
            SelfServicePolicy { enabled: false, ..SelfServicePolicy::default() }
        );
    }
}
