//! Billing in words.

use super::{Amount, BillingPage, ChangeView, END, LedgerAsked, LedgerRow, Pick, billing_address};
use crate::{
    domain::{
        billing::seats_words,
        format,
        ledger::{EntryKind, LedgerFilter, LedgerLine},
        limit_scopes::BudgetPer,
        limit_words::{self, LimitedName, Reached},
        money::NanoUsd,
        page::PageRequest,
        periods::Period,
        plan_changes::{BillingView, Next, PlanChangePreview, Wanted},
        plans::Plan,
        teams::TeamKind,
        time::UnixMs,
        usage::UsageShare,
    },
    service::{Caller, ServiceError, Services},
};

pub(super) fn amount(nano: i64) -> Amount {
    Amount { text: format::money(NanoUsd(nano)), exact: format!("{} USD", NanoUsd(nano).plain()) }
}

/// With a plus where money comes in.
pub(super) fn signed_amount(nano: i64) -> Amount {
    let of = amount(nano);
    if nano > 0 { Amount { text: format!("+{}", of.text), ..of } } else { of }
}

fn moment(at: UnixMs) -> String {
    let (hour, minute, _) = at.clock();
    format!("{}, {hour:02}:{minute:02} UTC", format::date(at))
}

pub(super) fn span(period: Period) -> String {
    format!("{} to {}", format::date(period.start), format::date(period.end.plus(-1)))
}

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    team: &str,
    asked: LedgerAsked,
) -> Result<BillingPage, ServiceError> {
    let view = services.get_billing(caller, team).await?;
    let about = services.get_team(caller, team).await?;
    let now = services.clock.now();
    let filter = LedgerFilter { kind: EntryKind::parse(&asked.kind), period_start: asked.period.parse().ok().map(UnixMs) };
    let cursor = (!asked.cursor.is_empty()).then(|| asked.cursor.clone());
    let page = services.list_ledger(caller, team, &filter, &PageRequest { limit: None, cursor }).await?;
    let opened = match asked.open.parse::<i64>().ok().filter(|open| page.items.iter().any(|line| line.line == *open)) {
        Some(open) => services.list_line_models(caller, team, open).await?,
        None => vec![],
    };
    let row = |line: LedgerLine| {
        let models = if line.line.to_string() == asked.open { models(&opened) } else { vec![] };
        row(line, now, models)
    };
    let base = billing_address(team);
    let filters = format!("kind={}&period={}", asked.kind, asked.period);
    let statements = services.list_statements(caller, team).await?;
    let plans = if view.may_change { services.list_plans(caller).await? } else { vec![] };
    let plans: Vec<Plan> = plans.into_iter().map(|row| row.plan).collect();
    let personal = about.kind == TeamKind::Personal;
    Ok(BillingPage {
        lead: if personal {
            "Your own space has no plan: the platform's default policy says what it may spend.".into()
        } else {
            format!("Period {}. Credit comes with seats and expires with the period.", span(view.period))
        },
        balance: view.balance.map(amount),
        balance_note: balance_note(&view),
        empty: empty(&view, &about.name, personal, now),
        facts: facts(&view, &about.organization, now),
        next: next(&view),
        request: view.request.as_ref().map_or_else(String::new, |request| {
            let seats = seats_words(request.wanted.seats);
            format!("{} asked for {} with {seats} on {}.", request.asked_by, request.wanted.plan, format::date(request.asked_at))
        }),
        limit: view.spending_limit.map(|limit| limit_words(&view, limit)),
        limit_note: if view.spending_limit.is_some() {
            match view.limit_per {
                BudgetPer::Period => format!("Resets {}.", moment(view.period.end)),
                BudgetPer::Total => "In total: it does not reset.".into(),
            }
        } else {
            format!("No spending limit. {} charged in this period.", format::money(NanoUsd(view.spent)))
        },
        discount: discount_words(view.discount_bp),
        discount_percent: percent(view.discount_bp),
        set_by: if view.may_change || personal { String::new() } else { format!("Set by the owner, {}.", about.owner_name) },
        may_end: view.may_change && view.plan.is_some() && view.next != Next::End,
        may_change: view.may_change,
        may_adjust: view.may_adjust && !personal,
        chosen_plan: view
            .plan
            .clone()
            .or(plans.iter().find(|plan| plan.active).map(|plan| plan.name.clone()))
            .unwrap_or_default(),
        seats: view.seats.unwrap_or(view.members).to_string(),
        plans: plans.iter().filter(|plan| plan.active || Some(&plan.name) == view.plan.as_ref()).map(pick).collect(),
        plan: view.plan.clone().unwrap_or_default(),
        filtered: !asked.kind.is_empty() || !asked.period.is_empty(),
        kinds: std::iter::once((String::new(), "All kinds".to_owned()))
            .chain(EntryKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), kind.label().to_owned())))
            .collect(),
        periods: std::iter::once((String::new(), "All periods".to_owned()))
            .chain(statements.iter().map(|period| (period.start.0.to_string(), span(*period))))
            .collect(),
        summary: match page.items.len() {
            1 => "1 movement".to_owned(),
            n => format!("{n} movements"),
        },
        newer: (!asked.cursor.is_empty()).then(|| format!("{base}?{filters}")),
        older: page.next_cursor.map(|cursor| format!("{base}?{filters}&cursor={cursor}")),
        rows: page.items.into_iter().map(row).collect(),
        export: format!("/api/v1/teams/{}/ledger.csv?{}", about.slug, export_filters(&asked)),
        typed: crate::server_fns::context::typed_form(super::TYPED).unwrap_or_default(),
        slug: about.slug,
        name: about.name,
    })
}

/// The discount of a team, read-only.
pub(in crate::server_fns) fn discount_words(basis_points: i64) -> String {
    match basis_points {
        0 => "No discount.".into(),
        bp => format!("{} off all usage.", format::percent_bp(bp)),
    }
}

fn export_filters(asked: &LedgerAsked) -> String {
    let kind = EntryKind::parse(&asked.kind).map(|kind| format!("kind={}", kind.as_str()));
    let period = asked.period.parse::<i64>().ok().map(|period| format!("period={period}"));
    kind.into_iter().chain(period).collect::<Vec<_>>().join("&")
}

fn balance_note(view: &BillingView) -> String {
    match (&view.plan, view.expiring) {
        (None, _) => "No plan: nothing is charged to it.".into(),
        (Some(_), 0) => format!("New credit on {}.", moment(view.period.end)),
        (Some(_), expiring) => {
            format!("{} of it expires on {}.", format::money(NanoUsd(expiring)), moment(view.period.end))
        }
    }
}

/// Why calls are refused: the words of the refusal itself.
fn empty(view: &BillingView, team: &str, personal: bool, now: UnixMs) -> String {
    if view.plan.is_none() || view.balance.is_none_or(|balance| balance > 0) {
        return String::new();
    }
    let name = LimitedName { scope: "team", name: team.to_owned(), team: team.to_owned(), personal };
    let ends = view.next == Next::End;
    let reached = Reached::Balance { left: NanoUsd(0), asked: NanoUsd(0), resets_at: view.period.end, ends };
    limit_words::refused(&name, &reached, None, now)
}

fn facts(view: &BillingView, organization: &str, now: UnixMs) -> Vec<super::Fact> {
    let seats = match view.seats {
        Some(seats) => format!("{} of {seats} used{}", view.members + view.pending, pending(view.pending)),
        None => format!("{}, unlimited{}", view.members, pending(view.pending)),
    };
    let mut facts = vec![("Seats".to_owned(), seats)];
    if view.plan.is_some() {
        let per = |nano: i64| format::money(NanoUsd(nano));
        let seats = view.seats.unwrap_or_default();
        facts.push((
            "Price".to_owned(),
            format!("{} per seat, {} per period", per(view.seat_price), per(view.seat_price * seats)),
        ));
        let all = per(view.included_usage * seats);
        facts.push(("Included usage".to_owned(), format!("{} per seat, {all} per period", per(view.included_usage))));
        facts.push(("Used in this period".to_owned(), format!("{} of {} credited", per(view.charged), per(view.credited))));
        facts.push(("Renews".to_owned(), format!("{} ({})", moment(view.period.end), format::until(view.period.end, now))));
    } else if !organization.is_empty() {
        let calls = match (view.spending_limit, view.allows_unbilled) {
            (Some(_), _) => "Up to the spending limit".to_owned(),
            (None, true) => format!("{organization} allows use without a plan"),
            (None, false) => "Refused until the team has a plan or a spending limit".to_owned(),
        };
        facts.push(("Calls".to_owned(), calls));
    }
    facts
}

fn pending(pending: i64) -> String {
    if pending == 0 { String::new() } else { format!(", {pending} of them by pending invitations") }
}

fn next(view: &BillingView) -> String {
    let from = moment(view.period.end);
    match &view.next {
        Next::Same => String::new(),
        Next::Change(next) => format!("From {from}: {} with {}.", next.plan, seats_words(next.seats)),
        Next::End => format!("The plan ends on {from}."),
    }
}

fn limit_words(view: &BillingView, limit: i64) -> (String, u32) {
    let percent = match limit {
        0 => 100,
        limit => (i128::from(view.limit_spent) * 100 / i128::from(limit)).clamp(0, 999) as u32,
    };
    let money = |nano: i64| format::money(NanoUsd(nano));
    (format!("{} of {} ({percent}%)", money(view.limit_spent), money(limit)), percent)
}

fn pick(plan: &Plan) -> Pick {
    let money = |amount: NanoUsd| format::money(amount);
    let label = format!("{}: {} per seat, {} of usage included", plan.name, money(plan.seat_price), money(plan.included_usage));
    (plan.name.clone(), label)
}

fn row(line: LedgerLine, now: UnixMs, models: Vec<(String, String, Amount)>) -> LedgerRow {
    let (hour, minute, _) = line.at.clock();
    LedgerRow {
        number: line.line.to_string(),
        time: format!("{} {hour:02}:{minute:02}", format::short_date(line.at, now)),
        time_title: format::full(line.at),
        rfc3339: format::rfc3339(line.at),
        kind: line.kind.label().to_owned(),
        description: line.description,
        by: line.actor_name,
        amount: signed_amount(line.amount),
        balance: amount(line.balance_after),
        opens: line.kind == EntryKind::UsageCharge,
        models,
    }
}

pub(super) fn models(shares: &[UsageShare]) -> Vec<(String, String, Amount)> {
    let row = |share: &UsageShare| {
        let calls = if share.figures.requests == 1 {
            "1 call".into()
        } else {
            format!("{} calls", format::count(share.figures.requests))
        };
        (share.name.clone(), calls, amount(share.figures.cost))
    };
    shares.iter().map(row).collect()
}

/// What a form asks for.
pub(super) fn wanted(plan: &str, seats: &str) -> Result<Wanted, ServiceError> {
    if plan == END {
        return Ok(Wanted::End);
    }
    let seats = match seats.trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| ServiceError::field("seats", "Enter a whole number of seats."))?),
    };
    Ok(Wanted::Plan(plan.to_owned(), seats))
}

pub(super) async fn preview(
    services: &Services,
    caller: &Caller,
    team: &str,
    plan: String,
    seats: String,
) -> Result<ChangeView, ServiceError> {
    let found = match wanted(&plan, &seats) {
        Ok(wanted) => services.preview_plan(caller, team, &wanted).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(preview) => Ok(change_words(preview, plan, seats)),
        // What can not be is said in the dialog, beside what was asked for.
        Err(ServiceError::Invalid(fields)) => {
            let problem = fields.get("seats").or(fields.get("plan")).unwrap_or("This change is not possible.").to_owned();
            Ok(ChangeView {
                title: "This change is not possible".into(),
                facts: vec![],
                without_seat: vec![],
                problem,
                nothing: false,
                button: String::new(),
                plan,
                seats,
            })
        }
        Err(error) => Err(error),
    }
}

fn change_words(preview: PlanChangePreview, plan: String, seats: String) -> ChangeView {
    let money = |amount: NanoUsd| format::money(amount);
    let mut facts = vec![];
    if let Some(now) = &preview.now {
        facts.push(format!("From now on: {} with {}.", now.plan, seats_words(now.seats)));
        facts.push(format!(
            "{} is credited for the rest of the period, until {}.",
            money(preview.proration.credit),
            moment(preview.period.end)
        ));
        facts.push(format!("{} for it is on this period's statement.", money(preview.proration.fee)));
    }
    match &preview.next {
        Next::Same => {}
        Next::Change(next) => {
            facts.push(format!("From {}: {} with {}.", moment(preview.period.end), next.plan, seats_words(next.seats)));
        }
        Next::End => {
            facts.push(format!("The plan runs until {}.", moment(preview.period.end)));
            facts.push("What is left of its credit expires then.".into());
        }
    }
    if let Some(wanted) = &preview.wanted {
        let (fee, credit) = (money(preview.per_period.fee), money(preview.per_period.credit));
        facts.push(format!(
            "Each whole period of {} with {}: {fee}, {credit} of usage included.",
            wanted.plan,
            seats_words(wanted.seats)
        ));
    }
    if preview.needs_approval {
        facts.push("A platform admin has to approve it; both of you get a mail.".into());
    }
    ChangeView {
        title: match &preview.wanted {
            None => "End the plan?".into(),
            Some(wanted) => format!("{} with {}", wanted.plan, seats_words(wanted.seats)),
        },
        facts,
        without_seat: preview.without_seat.into_iter().map(|invitation| invitation.email).collect(),
        problem: String::new(),
        nothing: preview.nothing,
        button: match (preview.needs_approval, &preview.wanted) {
            (true, _) => "Ask for it".into(),
            (false, None) => "End plan".into(),
            (false, Some(_)) => "Save change".into(),
        },
        plan,
        seats,
    }
}

/// Dollars with a sign.
pub(super) fn signed(typed: &str) -> Result<i64, ServiceError> {
    let typed = typed.trim();
    let (sign, rest) = match typed.strip_prefix(['-', '−']) {
        Some(rest) => (-1, rest),
        None => (1, typed.strip_prefix('+').unwrap_or(typed)),
    };
    let wrong = || ServiceError::field("amount", "Enter an amount in dollars, such as 25 or -12.50.");
    NanoUsd::parse(rest).map(|amount| sign * amount.0).ok_or_else(wrong)
}

/// Percent with up to two decimals, in hundredths.
pub(super) fn basis_points(typed: &str) -> Result<i64, ServiceError> {
    let wrong = || ServiceError::field("percent", "Enter a discount from 0 to 100, with up to two decimals.");
    let typed = typed.trim().trim_end_matches('%').trim();
    let hundredths = NanoUsd::parse(typed).filter(|amount| amount.0 % 10_000_000 == 0).map(|amount| amount.0 / 10_000_000);
    hundredths.filter(|bp| (0..=10_000).contains(bp)).ok_or_else(wrong)
}

fn percent(bp: i64) -> String {
    NanoUsd(bp * 10_000_000).plain()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_and_signed_dollars_are_read_as_people_type_them() {
        assert_eq!(basis_points("12.5").unwrap(), 1_250);
        assert_eq!((basis_points("0").unwrap(), basis_points("100 %").unwrap()), (0, 10_000));
        for wrong in ["101", "100.01", "-1", "1.234", "", "ten"] {
            assert!(basis_points(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            (signed("-12.50").unwrap(), signed("+3").unwrap(), signed("$7").unwrap()),
            (-12_500_000_000, 3_000_000_000, 7_000_000_000)
        );
        assert!(signed("--1").is_err() && signed("").is_err());
        assert_eq!(percent(1_250), "12.50");
    }
}
