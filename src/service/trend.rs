//! What somebody spent day by day, as a chart.

use crate::{
    domain::{
        charts::{ChartTable, ChartView},
        format,
        money::{DOLLAR, NanoUsd},
        time::{DAY_MS, UnixMs},
    },
    service::{
        charts::{DARK, LIGHT, Plan, Series, Shape, options},
        usage::DailyCosts,
    },
};

/// Bars by day, the last one so far.
pub fn trend(days: &DailyCosts, now: UnixMs) -> ChartView {
    let day = |at: usize| days.from.plus(at as i64 * DAY_MS);
    let label = |at: usize| format!("{} {}", day(at).civil().2, format::month(day(at)));
    let money = |cost: i64| format::money(NanoUsd(cost));
    let most = days.costs.iter().copied().enumerate().max_by_key(|(_, cost)| *cost).filter(|(_, cost)| *cost > 0);
    let total = days.costs.iter().fold(0, |sum: i64, cost| sum.saturating_add(*cost));
    let said = match most {
        Some((at, cost)) => format!("{} in total, most on {} with {}", money(total), label(at), money(cost)),
        None => "nothing".to_owned(),
    };
    let plan = Plan {
        labels: (0..days.costs.len()).map(label).collect(),
        shape: Shape::Bars,
        series: vec![Series {
            name: "Spend",
            slot: 1,
            values: days.costs.iter().map(|cost| Some(rounded(*cost as f64 / DOLLAR as f64))).collect(),
            dashed: false,
        }],
        prefix: "$",
        suffix: "",
        min: 0.0,
        max: None,
        open_end: true,
    };
    let last = days.costs.len().saturating_sub(1);
    let row = |(at, cost): (usize, &i64)| {
        let so_far = if at == last { ", so far" } else { "" };
        vec![format!("{}{so_far}", label(at)), money(*cost)]
    };
    ChartView {
        label: format!("Your spend on each day since {} (UTC): {said}.", format::short_date(days.from, now)),
        legend: vec![],
        light: options(&plan, &LIGHT),
        dark: options(&plan, &DARK),
        table: ChartTable { head: vec!["Day".into(), "Spend".into()], rows: days.costs.iter().enumerate().map(row).collect() },
    }
}

/// Three digits: what a tooltip needs.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powf(2.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_its_bar_and_the_sentence_names_the_largest() {
        let from = UnixMs::from_civil(2026, 10, 31);
        let view = trend(&DailyCosts { from, costs: vec![0, 2 * DOLLAR, DOLLAR / 3] }, from.plus(2 * DAY_MS + 5));
        assert_eq!(view.label, "Your spend on each day since 31 Oct (UTC): $2.33 in total, most on 1 Nov with $2.00.");
        assert_eq!(view.table.rows, [["31 Oct", "$0.00"], ["1 Nov", "$2.00"], ["2 Nov, so far", "$0.33"]]);
        let none = trend(&DailyCosts { from, costs: vec![0; 28] }, from);
        assert!(none.label.ends_with("(UTC): nothing."));
    }
}
