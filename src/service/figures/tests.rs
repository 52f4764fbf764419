use super::*;
use crate::domain::{money::DOLLAR, usage_statistics::MeasuredInterval, usage_sums::Sums};

fn measures(succeeded: i64, failed: i64, cost: i64) -> Measures {
    let sums = Sums { requests: succeeded + failed, succeeded, failed, cost, ..Sums::default() };
    Measures { sums, ..Measures::default() }
}

fn statistics(now: &[Measures], previous: Measures) -> Statistics {
    let mut total = Measures::default();
    now.iter().for_each(|measures| total.sums.add(&measures.sums));
    let intervals = now.iter().map(|measures| MeasuredInterval { measures: *measures, ..MeasuredInterval::default() });
    Statistics { total, previous, intervals: intervals.collect(), ..Statistics::default() }
}

#[test]
fn key_figures_say_value_change_and_unit() {
    let kpis = key_figures(&statistics(&[measures(99, 1, 2 * DOLLAR), measures(100, 0, DOLLAR)], measures(100, 0, 2 * DOLLAR)));
    assert_eq!((kpis[0].value.as_str(), kpis[0].delta.as_ref().unwrap().text.as_str()), ("$3.00", "50.0%"));
    assert_eq!((kpis[3].value.as_str(), kpis[3].unit.as_str()), ("99.50", "%"));
    assert_eq!(kpis[3].delta.as_ref().unwrap().tone, Tone::Bad, "a falling success rate is bad");
    assert_eq!(kpis[4].value, "–");
    assert_eq!(kpis[0].spark.as_ref().unwrap().0, "M0.0 4.0L200.0 17.5");
}

#[test]
fn nothing_before_means_no_change_is_claimed() {
    let kpis = key_figures(&statistics(&[measures(1, 0, 5)], measures(0, 0, 0)));
    assert!(kpis.iter().all(|kpi| kpi.delta.is_none() && kpi.spark.is_none()));
}
