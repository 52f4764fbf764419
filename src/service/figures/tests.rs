use super::*;
use crate::domain::usage::Figures;

fn report(calls: &[(i64, i64, i64)]) -> UsageReport {
    let from = UnixMs::from_civil(2026, 11, 1);
    let mut total = UsageBucket::default();
    let buckets: Vec<UsageBucket> = calls
        .iter()
        .enumerate()
        .map(|(day, (succeeded, failed, cost))| {
            let figures = Figures {
                requests: succeeded + failed,
                succeeded: *succeeded,
                failed: *failed,
                cost: *cost,
                ..Figures::default()
            };
            total.figures.add(&figures);
            UsageBucket { start: from.plus(day as i64 * DAY_MS), figures, p50_ms: None, p95_ms: None }
        })
        .collect();
    UsageReport { from, to: from.plus(calls.len() as i64 * DAY_MS), bucket_ms: DAY_MS, total, buckets }
}

#[test]
fn key_figures_say_value_change_and_unit() {
    let now = report(&[(99, 1, 2 * DOLLAR), (100, 0, DOLLAR)]);
    let before = report(&[(50, 0, DOLLAR), (50, 0, DOLLAR)]);
    let kpis = key_figures(&now, &before);
    assert_eq!((kpis[0].value.as_str(), kpis[0].delta.as_ref().unwrap().text.as_str()), ("$3.00", "50.0%"));
    assert_eq!((kpis[3].value.as_str(), kpis[3].unit.as_str()), ("99.50", "%"));
    assert_eq!(kpis[3].delta.as_ref().unwrap().tone, Tone::Bad, "a falling success rate is bad");
    assert_eq!(kpis[4].value, "–");
}

#[test]
fn nothing_before_means_no_change_is_claimed() {
    let kpis = key_figures(&report(&[(1, 0, 5)]), &report(&[(0, 0, 0)]));
    assert!(kpis.iter().all(|kpi| kpi.delta.is_none()));
}

#[test]
fn the_table_says_what_the_chart_shows() {
    let now = report(&[(3, 1, 0), (0, 0, 0)]);
    let figures = overview(&now, &now, now.to.plus(-1));
    assert_eq!(figures.requests.table.rows[0], ["1 Nov", "4", "3", "1", "0", "0"]);
    assert_eq!(figures.requests.table.rows[1][0], "2 Nov, so far");
    assert_eq!(figures.success.table.rows[1][1], "–");
    assert!(figures.requests.label.contains("most at 1 Nov with 4"));
}
