//! Options of the chart engine, as JSON, from figures that are scaled already. Formatters are template strings: functions
//! could only travel as text, and the page's security policy forbids to run text.

pub mod layered;

use charming::{
    Chart,
    component::{Axis, Grid},
    datatype::{CompositeValue, DataPoint, DataPointItem},
    element::{
        AreaStyle, AxisLabel, AxisLine, AxisPointer, AxisPointerType, AxisTick, AxisType, Color, Emphasis, EmphasisFocus,
        ItemStyle, LineStyle, LineStyleType, SplitLine, Symbol, Tooltip, Trigger,
    },
    series::{Bar, Line},
};
use serde_json::json;

/// Colours of a theme as sRGB hex: the engine reads neither `oklch()` nor `var()`. Equal to `style/tokens.css`.
pub struct Palette {
    /// `--c0` (other, previous period) to `--c6`.
    pub series: [&'static str; 7],
    /// `--chart-grid`
    pub grid: &'static str,
    /// `--chart-text`
    pub text: &'static str,
    /// The tooltip: `--surface`, `--line-2` and `--ink` in hex.
    pub tooltip: [&'static str; 3],
}

/// The light theme.
pub const LIGHT: Palette = Palette {
    series: ["#959592", "#2e55b8", "#ca7f01", "#008575", "#d63b5f", "#4a218c", "#319acd"],
    grid: "#ebeae8",
    text: "#656970",
    tooltip: ["#ffffff", "#d5d3d1", "#191c20"],
};

/// The dark theme.
pub const DARK: Palette = Palette {
    series: ["#63666c", "#588bfa", "#f1af57", "#60c9bb", "#df6989", "#915bc7", "#96d9f5"],
    grid: "#26282d",
    text: "#93979e",
    tooltip: ["#16181c", "#383b42", "#eeeff1"],
};

/// How figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Bars on top of each other.
    Bars,
    /// Lines, gaps stay gaps.
    Lines,
    /// One line with the area below it.
    Area,
}

/// One series.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name in tooltip and legend.
    pub name: &'static str,
    /// Palette slot.
    pub slot: u8,
    /// Scaled values; none leaves a gap.
    pub values: Vec<Option<f64>>,
    /// Colour is never alone: a second line differs by its dash.
    pub dashed: bool,
}

/// What to draw.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Labels of the intervals.
    pub labels: Vec<String>,
    /// Bars, lines or area.
    pub shape: Shape,
    /// Series, in the order of stack and legend.
    pub series: Vec<Series>,
    /// Before a value: `$`.
    pub prefix: &'static str,
    /// After a value: `k`, ` ms`, `%`.
    pub suffix: &'static str,
    /// Lower end of the axis: 0 but for rates.
    pub min: f64,
    /// Upper end, where it is fixed.
    pub max: Option<f64>,
    /// The last interval is not over; it is drawn at 55 %.
    pub open_end: bool,
}

/// The options as JSON.
pub fn options(plan: &Plan, palette: &Palette) -> String {
    let mut chart = Chart::new()
        .grid(Grid::new().left(4).right(8).top(10).bottom(2).contain_label(true))
        .tooltip(tooltip(plan, palette))
        .x_axis(category_axis(plan, palette))
        .y_axis(value_axis(plan, palette));
    for series in &plan.series {
        chart = match plan.shape {
            Shape::Bars => chart.series(bars(plan, series, palette)),
            Shape::Lines | Shape::Area => chart.series(line(plan, series, palette)),
        };
    }
    // What the builder has no words for.
    let mut value = serde_json::to_value(&chart).unwrap_or_default();
    value["tooltip"]["textStyle"] = json!({ "color": palette.tooltip[2], "fontSize": 12 });
    value["xAxis"]["axisLine"]["lineStyle"] = json!({ "color": palette.grid });
    value["tooltip"]["confine"] = json!(true);
    value["textStyle"] = json!({ "fontFamily": "Inter, ui-sans-serif, system-ui, sans-serif" });
    if let (Shape::Bars, [_]) = (plan.shape, plan.series.as_slice()) {
        value["series"][0]["itemStyle"]["borderRadius"] = json!([2.5, 2.5, 0, 0]);
    }
    value["animationDuration"] = json!(240);
    value["animationDurationUpdate"] = json!(160);
    value.to_string()
}

fn tooltip(plan: &Plan, palette: &Palette) -> Tooltip {
    let lines: Vec<String> = plan
        .series
        .iter()
        .enumerate()
        .map(|(at, series)| format!("{}: {}{{c{at}}}{}", series.name, plan.prefix, plan.suffix))
        .collect();
    let pointer = if plan.shape == Shape::Bars { AxisPointerType::Shadow } else { AxisPointerType::Line };
    Tooltip::new()
        .trigger(Trigger::Axis)
        .axis_pointer(AxisPointer::new().type_(pointer))
        .formatter(format!("{{b0}}<br/>{}", lines.join("<br/>")).as_str())
        .background_color(palette.tooltip[0])
        .border_color(palette.tooltip[1])
        .border_width(1)
}

fn label(palette: &Palette) -> AxisLabel {
    AxisLabel::new().color(palette.text).font_size(11)
}

fn category_axis(plan: &Plan, palette: &Palette) -> Axis {
    Axis::new()
        .type_(AxisType::Category)
        .data(plan.labels.clone())
        .boundary_gap(plan.shape == Shape::Bars)
        .axis_line(AxisLine::new().show(true))
        .axis_tick(AxisTick::new().show(false))
        .axis_label(label(palette))
}

fn value_axis(plan: &Plan, palette: &Palette) -> Axis {
    let axis = Axis::new()
        .type_(AxisType::Value)
        .min(plan.min)
        .split_number(4)
        .axis_line(AxisLine::new().show(false))
        .axis_tick(AxisTick::new().show(false))
        .split_line(SplitLine::new().line_style(LineStyle::new().color(palette.grid)))
        .axis_label(label(palette).formatter(format!("{}{{value}}{}", plan.prefix, plan.suffix).as_str()));
    match plan.max {
        Some(max) => axis.max(max),
        None => axis,
    }
}

fn bars(plan: &Plan, series: &Series, palette: &Palette) -> Bar {
    let color = palette.series[usize::from(series.slot)];
    let last = series.values.len().saturating_sub(1);
    let points: Vec<DataPoint> = series
        .values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let value = CompositeValue::from(value.unwrap_or_default());
            if plan.open_end && at == last {
                DataPoint::Item(DataPointItem::new(value).item_style(ItemStyle::new().color(color).opacity(0.55)))
            } else {
                DataPoint::Value(value)
            }
        })
        .collect();
    Bar::new()
        .name(series.name)
        .stack("all")
        .bar_width("62%")
        .item_style(ItemStyle::new().color(color))
        .emphasis(Emphasis::new().focus(EmphasisFocus::None))
        .data(points)
}

fn line(plan: &Plan, series: &Series, palette: &Palette) -> Line {
    let color = palette.series[usize::from(series.slot)];
    let stroke =
        LineStyle::new().width(2).color(color).type_(if series.dashed { LineStyleType::Dashed } else { LineStyleType::Solid });
    let points: Vec<DataPoint> = series.values.iter().map(|value| DataPoint::Value(CompositeValue::from(*value))).collect();
    // A value between two gaps has no line to be seen by: then its dot is drawn.
    let lonely = series.values.iter().flatten().count() < 3;
    let line = Line::new()
        .name(series.name)
        .symbol(Symbol::Circle)
        .symbol_size(6)
        .show_symbol(lonely)
        .line_style(stroke)
        .item_style(ItemStyle::new().color(color))
        .connect_nulls(false)
        .data(points);
    if plan.shape == Shape::Area {
        line.area_style(AreaStyle::new().color(Color::Value(color.into())).opacity(0.1))
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            labels: vec!["1 Nov".into(), "2 Nov".into(), "3 Nov".into()],
            shape: Shape::Bars,
            series: vec![Series { name: "Completed", slot: 1, values: vec![Some(1.0), None, Some(2.5)], dashed: false }],
            prefix: "",
            suffix: "k",
            min: 0.0,
            max: None,
            open_end: true,
        }
    }

    #[test]
    fn palettes_equal_the_tokens() {
        let tokens = include_str!("../../style/tokens.css");
        let pair = |token: &str| {
            let line = tokens.lines().find(|line| line.trim_start().starts_with(&format!("{token}:"))).unwrap();
            let inside = line.split("light-dark(").nth(1).unwrap().split(')').next().unwrap();
            let (light, dark) = inside.split_once(',').unwrap();
            (light.trim().to_owned(), dark.trim().to_owned())
        };
        for slot in 0..7 {
            assert_eq!(pair(&format!("--c{slot}")), (LIGHT.series[slot].to_owned(), DARK.series[slot].to_owned()));
        }
        assert_eq!(pair("--chart-grid"), (LIGHT.grid.to_owned(), DARK.grid.to_owned()));
        assert_eq!(pair("--chart-text"), (LIGHT.text.to_owned(), DARK.text.to_owned()));
    }

    #[test]
    fn options_carry_templates_and_no_functions() {
        let text = options(&plan(), &LIGHT);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["yAxis"]["axisLabel"]["formatter"], "{value}k");
        assert_eq!(value["tooltip"]["formatter"], "{b0}<br/>Completed: {c0}k");
        assert!(!text.contains("function"));
    }

    #[test]
    fn an_open_end_is_drawn_paler_and_a_gap_stays_a_gap() {
        let value: serde_json::Value = serde_json::from_str(&options(&plan(), &DARK)).unwrap();
        assert_eq!(value["series"][0]["data"][2]["itemStyle"]["opacity"], 0.55);
        let lines = Plan { shape: Shape::Lines, ..plan() };
        let value: serde_json::Value = serde_json::from_str(&options(&lines, &DARK)).unwrap();
        assert!(value["series"][0]["data"][1].is_null());
    }
}
