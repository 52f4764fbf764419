use super::*;
use crate::domain::{
    ids::PlanId,
    money::{DOLLAR, NanoUsd},
};

fn plan(credit: i64) -> Plan {
    let id = PlanId(uuid::Uuid::from_u128(1));
    Plan {
        id,
        name: "Pro".into(),
        seat_price: NanoUsd(30 * DOLLAR),
        included_usage: NanoUsd(credit),
        self_service: false,
        active: true,
    }
}

fn on_plan(plan: &Plan, anchor: u8, start: (i64, u8, u8)) -> TeamBilling {
    let anchor = AnchorDay::new(anchor.into()).unwrap();
    let period = Period::at(UnixMs::from_civil(start.0, start.1, start.2), anchor);
    let mut billing = TeamBilling::new(TeamId(uuid::Uuid::from_u128(2)), period);
    billing.terms = Some(plan.into());
    billing.seats = 2;
    billing
}

fn movement(kind: EntryKind, amount: i64, period: Period) -> Movement {
    let day = (kind == EntryKind::UsageCharge).then_some(period.start);
    Movement {
        kind,
        amount,
        at: period.start,
        description: String::new(),
        reference: String::new(),
        actor_name: String::new(),
        period_start: period.start,
        day,
    }
}

#[test]
fn usage_takes_the_credit_first_and_what_was_paid_in_lasts() {
    let plan = plan(10 * DOLLAR);
    let mut billing = on_plan(&plan, 1, (2026, 11, 1));
    let (period, post) = (billing.period, |billing: &mut TeamBilling, kind, amount| {
        let period = billing.period;
        billing.post(movement(kind, amount, period)).unwrap().balance_after
    });
    post(&mut billing, EntryKind::SeatCredit, 20);
    post(&mut billing, EntryKind::Adjustment, 5);
    assert_eq!(post(&mut billing, EntryKind::UsageCharge, -12), 13);
    assert_eq!((billing.credit, billing.lasting()), (8, 5));
    let context = RenewalContext { at: period.end, plan: &plan, anchor: AnchorDay::default(), members: 1 };
    let taken = billing.credit;
    let renewed = billing.renew(&context, taken).unwrap();
    assert_eq!(renewed.entries[0].movement.amount, -8);
    assert_eq!((billing.balance, billing.credit), (5 + 20 * DOLLAR, 20 * DOLLAR));
    assert_eq!(renewed.fee.unwrap().amount, 60 * DOLLAR);
    // More than the credit is taken from what lasts.
    assert_eq!(post(&mut billing, EntryKind::UsageCharge, -20 * DOLLAR - 3), 2);
    assert_eq!((billing.credit, billing.lasting()), (0, 2));
}

#[test]
fn open_calls_keep_what_they_reserved_of_the_last_periods_credit() {
    let plan = plan(50);
    let mut billing = on_plan(&plan, 1, (2026, 11, 1));
    let first = billing.period;
    billing.post(movement(EntryKind::SeatCredit, 100, first)).unwrap();
    // 30 are held by calls that are open at renewal.
    let context = RenewalContext { at: first.end, plan: &plan, anchor: AnchorDay::default(), members: 1 };
    let renewed = billing.renew(&context, 70).unwrap();
    assert_eq!(renewed.entries.iter().map(|entry| entry.movement.amount).collect::<Vec<_>>(), [-70, 100]);
    assert_eq!((billing.balance, billing.credit, billing.spared), (130, 100, 30));
    // One of them ends, at a cost of 20; a call of this period costs 5.
    billing.post(movement(EntryKind::UsageCharge, -20, first)).unwrap();
    let second = billing.period;
    billing.post(movement(EntryKind::UsageCharge, -5, second)).unwrap();
    assert_eq!((billing.balance, billing.credit, billing.spared), (105, 95, 10));
    let entry = billing.expire_spared(second.start.plus(5_000), 10).unwrap().unwrap();
    assert_eq!(entry.movement.amount, -10);
    assert_eq!((billing.balance, billing.credit, billing.spared), (95, 95, 0));
}

#[test]
fn periods_renew_on_the_31st_with_fewer_seats_but_never_below_the_members() {
    let plan = plan(10);
    let anchor = AnchorDay::new(31).unwrap();
    let mut billing = on_plan(&plan, 31, (2027, 1, 31));
    billing.next = Renewal::Change(plan.id, 1);
    let mut starts = vec![];
    for _ in 0..3 {
        let context = RenewalContext { at: billing.period.end, plan: &plan, anchor, members: 2 };
        let taken = billing.credit;
        let renewed = billing.renew(&context, taken).unwrap();
        starts.push(billing.period.start.civil());
        assert_eq!(billing.seats, 2);
        assert_eq!(renewed.entries.last().unwrap().movement.reference, format!("seats:{}", billing.period.start.0));
    }
    assert_eq!(starts, [(2027, 2, 28), (2027, 3, 31), (2027, 4, 30)]);
}

#[test]
fn another_anchor_makes_one_short_period_with_its_part() {
    let plan = plan(30 * DOLLAR);
    let mut billing = on_plan(&plan, 1, (2026, 11, 1));
    let anchor = AnchorDay::new(16).unwrap();
    let context = RenewalContext { at: billing.period.end, plan: &plan, anchor, members: 0 };
    let renewed = billing.renew(&context, 0).unwrap();
    assert_eq!((billing.period.start.civil(), billing.period.end.civil()), ((2026, 12, 1), (2026, 12, 16)));
    // 15 of the 30 days from 16 November to 16 December.
    assert_eq!(renewed.entries[0].movement.amount, 30 * DOLLAR);
    assert_eq!(renewed.fee.unwrap().amount, 30 * DOLLAR);
}

#[test]
fn a_plan_that_ends_leaves_what_lasts() {
    let plan = plan(10);
    let mut billing = on_plan(&plan, 1, (2026, 11, 1));
    let period = billing.period;
    billing.post(movement(EntryKind::SeatCredit, 20, period)).unwrap();
    billing.post(movement(EntryKind::Adjustment, 7, period)).unwrap();
    billing.next = Renewal::End;
    let context = RenewalContext { at: period.end, plan: &plan, anchor: AnchorDay::default(), members: 1 };
    let renewed = billing.renew(&context, 20).unwrap();
    assert_eq!((renewed.entries.len(), renewed.fee), (1, None));
    assert_eq!((billing.balance, billing.terms.clone(), billing.is_due(UnixMs(i64::MAX))), (7, None, false));
}

#[test]
fn neighbouring_usage_of_a_day_is_one_line() {
    let plan = plan(10);
    let mut billing = on_plan(&plan, 1, (2026, 11, 1));
    let period = billing.period;
    let kinds =
        [EntryKind::SeatCredit, EntryKind::UsageCharge, EntryKind::UsageCharge, EntryKind::Adjustment, EntryKind::UsageCharge];
    let amounts = [20, -1, -2, 4, -3];
    let entries: Vec<_> =
        kinds.into_iter().zip(amounts).map(|(kind, amount)| billing.post(movement(kind, amount, period)).unwrap()).collect();
    assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 2, 2, 3, 4]);
    assert_eq!(entries.iter().map(|entry| entry.balance_after).collect::<Vec<_>>(), [20, 19, 17, 21, 18]);
    let mut next = movement(EntryKind::UsageCharge, -1, period);
    next.day = Some(period.start.plus(DAY_MS));
    assert_eq!(billing.post(next).unwrap().line, 5);
}
