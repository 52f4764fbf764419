//! Spend against a budget over a billing month: what was spent by each day, where it leads, the month before, and the budget as a line.

use serde_json::{Value, json};

use crate::{
    domain::{
        charts::{ChartTable, ChartView, LegendEntry},
        forecast::{Forecast, before_reset},
        format,
        money::{DOLLAR, NanoUsd},
        periods::Period,
        time::{DAY_MS, UnixMs},
    },
    service::{
        charts::{DARK, LIGHT, Palette, Plan, Series, Shape, options},
        usage::Burn,
    },
};

/// A budget this many times above all that is spent would press the lines to the ground: it is named below the chart then.
const HIGH: i64 = 4;
/// Colour of the budget, among those of series.
const BUDGET_SLOT: usize = 4;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    /// How the money went, and goes.
    pub burn: &'a Burn,
    /// The month.
    pub period: Period,
    /// The one before.
    pub before: Period,
    /// What may be spent in it; none where that is not limited.
    pub budget: Option<NanoUsd>,
    /// When the budget will be used up.
    pub forecast: Option<Forecast>,
    /// Now.
    pub now: UnixMs,
}

/// Sums by the end of each day of the month, in nano-dollars.
struct Lines {
    days: Vec<String>,
    is: Vec<Option<i64>>,
    projected: Vec<Option<i64>>,
    was: Vec<Option<i64>>,
}

impl Plot<'_> {
    /// The budget, where it is too far above all that is spent to be drawn.
    pub fn high_budget(&self) -> Option<NanoUsd> {
        let most = Lines::of(self).most();
        self.budget.filter(|budget| !is_near(*budget, most))
    }
}

fn is_near(budget: NanoUsd, most: i64) -> bool {
    most > 0 && budget.0 / HIGH <= most
}

impl Lines {
    fn of(plot: &Plot<'_>) -> Self {
        let length = days_of(plot.period);
        let day = |at: usize| plot.period.start.plus(at as i64 * DAY_MS);
        let summed = |costs: &[i64]| -> Vec<Option<i64>> {
            let mut sum = 0_i64;
            let mut sums: Vec<_> = costs
                .iter()
                .map(|cost| {
                    sum = sum.saturating_add(*cost);
                    Some(sum)
                })
                .collect();
            sums.resize(length, None);
            sums
        };
        let is = summed(&plot.burn.is);
        let mut projected = vec![None; length];
        let spent = spent(plot);
        let today = plot.burn.is.len().saturating_sub(1);
        if let (Some(pace), Some(from)) = (&plot.burn.pace, projected.get_mut(today)) {
            *from = Some(spent);
            let course = pace.course(plot.now, plot.period.end);
            // The first is today's rest: today's place is what was spent by now.
            for ((_, more), place) in course.iter().skip(1).zip(projected.iter_mut().skip(today + 1)) {
                *place = Some(spent.saturating_add(*more));
            }
        }
        let days = (0..length).map(|at| format!("{} {}", day(at).civil().2, format::month(day(at)))).collect();
        Self { days, is, projected, was: summed(&plot.burn.was) }
    }

    fn most(&self) -> i64 {
        let all = self.is.iter().chain(&self.projected).chain(&self.was);
        all.flatten().copied().max().unwrap_or(0)
    }
}

fn days_of(period: Period) -> usize {
    usize::try_from(period.length_ms() / DAY_MS).unwrap_or(31)
}

fn spent(plot: &Plot<'_>) -> i64 {
    plot.burn.is.iter().fold(0, |sum: i64, cost| sum.saturating_add(*cost))
}

/// `November`, or `15 Oct to 14 Nov` for a month that does not begin with the calendar's.
pub fn month_name(period: Period) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (_, month, day) = period.start.civil();
    if day == 1 {
        return MONTHS[usize::from(month) - 1].to_owned();
    }
    let short = |at: UnixMs| format!("{} {}", at.civil().2, format::month(at));
    format!("{} to {}", short(period.start), short(period.end.plus(-1)))
}

/// The chart, with its table.
pub fn burn_down(plot: &Plot<'_>) -> ChartView {
    let lines = Lines::of(plot);
    let (name, name_before) = (month_name(plot.period), month_name(plot.before));
    let legend = |slot, name: &str, mark: &str| LegendEntry { slot, name: name.to_owned(), mark: mark.to_owned() };
    let mut entries = vec![legend(1, &name, "line")];
    if plot.burn.pace.is_some() {
        entries.push(legend(1, "Projected", "dash"));
    }
    entries.push(legend(0, &name_before, "line"));
    ChartView {
        label: sentence(plot, &name),
        legend: entries,
        light: drawn(plot, &lines, (&name, &name_before), &LIGHT),
        dark: drawn(plot, &lines, (&name, &name_before), &DARK),
        table: table(&lines, (&name, &name_before)),
    }
}

/// What the chart says, in a sentence.
fn sentence(plot: &Plot<'_>, name: &str) -> String {
    let by = format::short_date(plot.now, plot.now);
    let spent = format::money(NanoUsd(spent(plot)));
    let against = plot.budget.map_or_else(String::new, |budget| format!(" of a budget of {}", format::money(budget)));
    let goes_on = match plot.forecast {
        Some(Forecast::Ends(at)) => {
            let reset = before_reset(at, Some(plot.period.end));
            format!(" It runs out on {}{reset}.", format::short_date(at, plot.now))
        }
        Some(Forecast::Lasts) => " It lasts.".to_owned(),
        None => String::new(),
    };
    format!("Spend of {name}: {spent}{against} by {by}.{goes_on}")
}

fn table(lines: &Lines, (name, name_before): (&str, &str)) -> ChartTable {
    let money = |sum: Option<i64>| sum.map_or_else(|| "–".to_owned(), |sum| format::money(NanoUsd(sum)));
    let row = |at: usize| vec![lines.days[at].clone(), money(lines.is[at]), money(lines.projected[at]), money(lines.was[at])];
    ChartTable {
        head: vec!["By the end of".into(), name.to_owned(), "Projected".into(), name_before.to_owned()],
        rows: (0..lines.days.len()).map(row).collect(),
    }
}

fn drawn(plot: &Plot<'_>, lines: &Lines, (name, name_before): (&str, &str), palette: &Palette) -> String {
    let most = lines.most();
    let budget = plot.budget.filter(|budget| is_near(*budget, most)).map(|budget| budget.0);
    let top = most.max(budget.unwrap_or(0)).max(1);
    let (divisor, suffix) = if top >= 2_000 * DOLLAR { (1e3 * DOLLAR as f64, "k") } else { (DOLLAR as f64, "") };
    let scaled = |sums: &[Option<i64>]| -> Vec<Option<f64>> {
        // Cents, or three digits of less: what the eye reads off.
        sums.iter().map(|sum| sum.map(|sum| rounded(sum as f64 / divisor))).collect()
    };
    let series = vec![
        Series { name: "This month", slot: 1, values: scaled(&lines.is), dashed: false },
        Series { name: "Projected", slot: 1, values: scaled(&lines.projected), dashed: true },
        Series { name: "Month before", slot: 0, values: scaled(&lines.was), dashed: false },
    ];
    // Room for what is written at the lines.
    let max = ceiling(top as f64 * 1.08 / divisor);
    let plan = Plan {
        labels: lines.days.clone(),
        shape: Shape::Lines,
        series,
        prefix: "$",
        suffix,
        min: 0.0,
        max: Some(max),
        open_end: false,
    };
    let mut value: Value = serde_json::from_str(&options(&plan, palette)).unwrap_or_default();
    let named = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        json!(text.replace("This month", name).replace("Month before", name_before))
    };
    value["tooltip"]["formatter"] = named(&value["tooltip"]["formatter"]);
    for at in [0, 2] {
        value["series"][at]["name"] = named(&value["series"][at]["name"]);
    }
    value["series"][0]["areaStyle"] = json!({ "color": palette.series[1], "opacity": 0.1 });
    value["series"][1]["showSymbol"] = json!(false);
    value["series"][2]["lineStyle"]["width"] = json!(1.5);
    value["yAxis"]["interval"] = json!(max / 4.0);
    value["grid"][0]["right"] = json!(14);
    value["grid"][0]["top"] = json!(16);
    let tag = |text: String, color: &str| {
        json!({
            "show": true, "formatter": text, "color": color, "fontSize": 11, "backgroundColor": palette.tooltip[0],
            "borderColor": palette.tooltip[1], "borderWidth": 1, "borderRadius": 6, "padding": [4, 7],
        })
    };
    if let Some(budget) = budget {
        let color = palette.series[BUDGET_SLOT];
        value["series"][2]["markLine"] = json!({
            "silent": true, "symbol": "none", "animation": false,
            "lineStyle": { "color": color, "width": 1.25, "type": [5, 4] },
            "label": {
                "show": true, "position": "insideStartTop", "color": color, "fontSize": 11,
                "formatter": format!("Budget {}", format::money(NanoUsd(budget))),
            },
            "data": [{ "yAxis": budget as f64 / divisor }],
        });
    }
    let mut marks = vec![];
    let pin = |at: usize, y: Option<i64>, color: &str, position: &str, text: String| {
        let mut label = tag(text, palette.tooltip[2]);
        (label["position"], label["distance"]) = (json!(position), json!(10));
        json!({
            "coord": [at, rounded(y.unwrap_or_default() as f64 / divisor)], "label": label,
            "itemStyle": { "color": palette.tooltip[0], "borderColor": color, "borderWidth": 2 },
        })
    };
    let runs_out = plot.forecast.and_then(Forecast::ends_at).filter(|at| *at > plot.now && budget.is_some()).map(|at| {
        // What ends at midnight has ended with the day before.
        (usize::try_from(at.plus(-1).since(plot.period.start) / DAY_MS).unwrap_or_default(), at)
    });
    let today = plot.burn.is.len().saturating_sub(1);
    let far = runs_out.is_none_or(|(at, _)| at > today + 5);
    if far && most > 0 && today + 1 < lines.days.len() {
        let text = format!("Today {}", format::money(NanoUsd(spent(plot))));
        let side = if today * 3 > lines.days.len() { "left" } else { "top" };
        marks.push(pin(today, lines.is[today], palette.series[1], side, text));
    }
    if let Some((at, when)) = runs_out.filter(|(at, _)| *at < lines.days.len()) {
        let side = if at * 4 > lines.days.len() * 3 { "left" } else { "top" };
        let text = format!("Runs out {} {}", when.civil().2, format::month(when));
        marks.push(pin(at, lines.projected[at], palette.series[BUDGET_SLOT], side, text));
    }
    if !marks.is_empty() {
        value["series"][0]["markPoint"] =
            json!({ "silent": true, "animation": false, "symbol": "circle", "symbolSize": 9, "data": marks });
    }
    value.to_string()
}

/// What the eye reads off: four digits.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powf(3.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

/// The end of an axis with four even steps that read well.
fn ceiling(most: f64) -> f64 {
    let step = (most / 4.0).max(1e-9);
    let unit = 10f64.powf(step.log10().floor());
    let even = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].into_iter().find(|part| part * unit >= step).unwrap_or(10.0);
    rounded(even * unit * 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        forecast::{Pace, forecast},
        periods::AnchorDay,
    };

    /// 20 November, noon.
    const NOW: UnixMs = UnixMs(1_795_176_000_000);

    fn shown(budget: Option<i64>) -> (ChartView, Value) {
        let period = Period::at(NOW, AnchorDay::default());
        let before = Period::at(period.start.plus(-1), AnchorDay::default());
        let is = [vec![200 * DOLLAR; 19], vec![100 * DOLLAR]].concat();
        let pace = Pace::of(NOW, &[200 * DOLLAR; 14]);
        let left = budget.map(|budget| (budget - 3_900) * DOLLAR);
        let forecast = pace.as_ref().zip(left).map(|(pace, left)| forecast(pace, left, NOW, Some(period.end)));
        let burn = Burn { was: vec![150 * DOLLAR; 31], is, pace };
        let budget = budget.map(|budget| NanoUsd(budget * DOLLAR));
        let view = burn_down(&Plot { burn: &burn, period, before, budget, forecast, now: NOW });
        let light = serde_json::from_str(&view.light).unwrap();
        (view, light)
    }

    #[test]
    fn the_lines_lead_from_what_was_spent_to_the_end_of_the_month() {
        let (view, value) = shown(Some(5_000));
        assert_eq!(value["xAxis"]["data"].as_array().unwrap().len(), 30);
        let (is, projected) = (&value["series"][0]["data"], &value["series"][1]["data"]);
        assert_eq!((&is[0], &is[19], &is[20]), (&json!(0.2), &json!(3.9), &Value::Null));
        assert_eq!(
            (&projected[18], &projected[19], &projected[20], &projected[29]),
            (&Value::Null, &json!(3.9), &json!(4.2), &json!(6.0))
        );
        assert_eq!(value["series"][2]["data"].as_array().unwrap().len(), 30, "a longer month is cut");
        assert_eq!(value["tooltip"]["formatter"], "{b0}<br/>November: ${c0}k<br/>Projected: ${c1}k<br/>October: ${c2}k");
        assert!(!view.light.contains("function"));
        assert_eq!(view.table.rows[19], ["20 Nov", "$3,900.00", "$3,900.00", "$3,000.00"]);
        assert_eq!(view.table.rows[29], ["30 Nov", "–", "$6,000.00", "$4,500.00"]);
    }

    #[test]
    fn the_budget_is_a_line_and_where_it_ends_is_said() {
        let (view, value) = shown(Some(5_000));
        assert_eq!(value["series"][2]["markLine"]["data"][0]["yAxis"], 5.0);
        let marks = value["series"][0]["markPoint"]["data"].as_array().unwrap();
        // 100 today, then 200 a day: 1,100 are gone with the 25th.
        assert_eq!(
            marks.iter().map(|mark| mark["label"]["formatter"].as_str().unwrap()).collect::<Vec<_>>(),
            ["Runs out 26 Nov"]
        );
        assert_eq!(
            view.label,
            "Spend of November: $3,900.00 of a budget of $5,000.00 by 20 Nov. It runs out on 26 Nov, 5 days before it resets."
        );
        assert_eq!((value["yAxis"]["max"].as_f64(), value["yAxis"]["interval"].as_f64()), (Some(8.0), Some(2.0)));
    }

    #[test]
    fn a_budget_far_above_and_none_leave_the_lines_alone() {
        let (view, value) = shown(Some(900_000));
        assert!(value["series"][2]["markLine"].is_null() && view.label.ends_with("It lasts."), "{}", view.label);
        assert!(!is_near(NanoUsd(24_001 * DOLLAR), 6_000 * DOLLAR) || is_near(NanoUsd(24_000 * DOLLAR), 6_000 * DOLLAR));
        let (view, value) = shown(None);
        assert!(value["series"][2]["markLine"].is_null() && !view.label.contains("budget"));
        assert_eq!(value["series"][0]["markPoint"]["data"][0]["label"]["formatter"], "Today $3,900.00");
        assert_eq!([ceiling(6.1), ceiling(0.03), ceiling(900.0)], [8.0, 0.032, 1_000.0]);
    }
}
