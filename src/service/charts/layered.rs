//! Charts of several groups: bars on top of each other or lines, with the range before and tags of what stands out. Names of groups are what
//! people typed, so they travel as names of series, which the engine escapes, and never inside of a template.

use charming::{
    Chart,
    component::Grid,
    datatype::{CompositeValue, DataPoint, DataPointItem},
    element::{Emphasis, EmphasisFocus, ItemStyle, LineStyle, LineStyleType, Symbol},
    series::{Bar, Line},
};
use serde_json::{Value, json};

use super::{Palette, Plan, Shape, category_axis, tooltip, value_axis};

/// A layer of the stack, or a line.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Name in tooltip and legend.
    pub name: String,
    /// Palette slot.
    pub slot: u8,
    /// Scaled values; none leaves a gap.
    pub values: Vec<Option<f64>>,
}

/// What to draw.
#[derive(Clone, Debug)]
pub struct Layered {
    /// Labels, shape, axis and units; its series are not drawn.
    pub plan: Plan,
    /// Layers, the lowest first.
    pub layers: Vec<Layer>,
    /// The range before: its name and values.
    pub before: Option<(String, Vec<Option<f64>>)>,
    /// Intervals that stand out, in words.
    pub odd: Vec<(usize, String)>,
}

/// Lines differ by their dash, too.
const DASHES: [LineStyleType; 3] = [LineStyleType::Solid, LineStyleType::Dashed, LineStyleType::Dotted];

/// The options as JSON.
pub fn options(drawn: &Layered, palette: &Palette) -> String {
    let plan = &drawn.plan;
    let stacked = plan.shape == Shape::Bars;
    let mut chart = Chart::new()
        .grid(Grid::new().left(4).right(8).top(14).bottom(2).contain_label(true))
        .x_axis(category_axis(plan, palette))
        .y_axis(value_axis(plan, palette));
    for (at, layer) in drawn.layers.iter().enumerate() {
        chart = if stacked { chart.series(bar(plan, layer, palette)) } else { chart.series(line(layer, at, palette)) };
    }
    let mut names = drawn.layers.len();
    if let Some((name, values)) = &drawn.before {
        chart = chart.series(before(name, values, stacked, palette));
        names += 1;
    }
    let mut value = serde_json::to_value(&chart).unwrap_or_default();
    // The total of a stack is a series that is not seen.
    let order = stacked.then_some(names).into_iter().chain(0..names);
    let lines: Vec<String> = order.map(|at| format!("{{a{at}}}: {}{{c{at}}}{}", plan.prefix, plan.suffix)).collect();
    value["tooltip"] = serde_json::to_value(tooltip(plan, palette)).unwrap_or_default();
    value["tooltip"]["formatter"] = json!(format!("{{b0}}<br/>{}", lines.join("<br/>")));
    value["tooltip"]["textStyle"] = json!({ "color": palette.tooltip[2], "fontSize": 12 });
    value["tooltip"]["confine"] = json!(true);
    value["xAxis"]["axisLine"]["lineStyle"] = json!({ "color": palette.grid });
    value["xAxis"]["axisLabel"]["hideOverlap"] = json!(true);
    value["textStyle"] = json!({ "fontFamily": "Inter, ui-sans-serif, system-ui, sans-serif" });
    if let Value::Array(series) = &mut value["series"] {
        for layer in series.iter_mut().take(if stacked { drawn.layers.len() } else { 0 }) {
            layer["itemStyle"]["borderColor"] = json!(palette.tooltip[0]);
            layer["itemStyle"]["borderWidth"] = json!(0.75);
            layer["barMaxWidth"] = json!(44);
        }
        if stacked {
            series.push(total(drawn, palette));
        }
    }
    value["animationDuration"] = json!(240);
    value["animationDurationUpdate"] = json!(160);
    value.to_string()
}

fn bar(plan: &Plan, layer: &Layer, palette: &Palette) -> Bar {
    let color = palette.series[usize::from(layer.slot)];
    let last = layer.values.len().saturating_sub(1);
    let points = layer.values.iter().enumerate().map(|(at, value)| {
        let value = CompositeValue::from(value.unwrap_or_default());
        if plan.open_end && at == last {
            DataPoint::Item(DataPointItem::new(value).item_style(ItemStyle::new().color(color).opacity(0.55)))
        } else {
            DataPoint::Value(value)
        }
    });
    Bar::new()
        .name(layer.name.as_str())
        .stack("all")
        .bar_width("72%")
        .item_style(ItemStyle::new().color(color))
        .emphasis(Emphasis::new().focus(EmphasisFocus::None))
        .data(points.collect::<Vec<_>>())
}

fn points(values: &[Option<f64>]) -> Vec<DataPoint> {
    values.iter().map(|value| DataPoint::Value(CompositeValue::from(*value))).collect()
}

fn line(layer: &Layer, at: usize, palette: &Palette) -> Line {
    let color = palette.series[usize::from(layer.slot)];
    let dash = DASHES[at.min(DASHES.len() - 1)];
    // A value between two gaps has no line to be seen by: then its dot is drawn.
    let lonely = layer.values.iter().flatten().count() < 3;
    Line::new()
        .name(layer.name.as_str())
        .symbol(Symbol::Circle)
        .symbol_size(6)
        .show_symbol(lonely)
        .line_style(LineStyle::new().width(2).color(color).type_(dash))
        .item_style(ItemStyle::new().color(color))
        .connect_nulls(false)
        .data(points(&layer.values))
}

/// Grey beside lines; over bars, which have all colours, dashed ink.
fn before(name: &str, values: &[Option<f64>], stacked: bool, palette: &Palette) -> Line {
    let color = if stacked { palette.tooltip[2] } else { palette.series[0] };
    Line::new()
        .name(name)
        .symbol(Symbol::Circle)
        .symbol_size(5)
        .show_symbol(false)
        .line_style(LineStyle::new().width(1.25).color(color).type_(LineStyleType::Dashed).opacity(0.62))
        .item_style(ItemStyle::new().color(color))
        .connect_nulls(false)
        .data(points(values))
}

/// The heights of the bars, for the tooltip, with tags beside those that stand out. Nothing else of it is drawn.
fn total(drawn: &Layered, palette: &Palette) -> Value {
    let count = drawn.plan.labels.len();
    let top = |place: usize| -> f64 {
        let sum: f64 = drawn.layers.iter().filter_map(|layer| layer.values.get(place).copied().flatten()).sum();
        (sum * 100.0).round() / 100.0
    };
    let tag = |(place, words): &(usize, String)| {
        json!({
            "coord": [place, top(*place)],
            "label": {
                "show": true,
                "formatter": format!("{{mark|▲}} {}", words.replace(['{', '}', '|'], "")),
                "rich": { "mark": { "color": palette.series[2], "fontSize": 9 } },
                "position": if place * 2 > count { "left" } else { "right" },
                "distance": 10,
                "color": palette.tooltip[2],
                "backgroundColor": palette.tooltip[0],
                "borderColor": palette.tooltip[1],
                "borderWidth": 1,
                "borderRadius": 6,
                "padding": [5, 8],
                "fontSize": 11,
            },
        })
    };
    json!({
        "type": "line",
        "name": "Total",
        "data": (0..count).map(top).collect::<Vec<f64>>(),
        "silent": true,
        "showSymbol": false,
        "lineStyle": { "opacity": 0 },
        "itemStyle": { "opacity": 0 },
        "markPoint": { "symbol": "circle", "symbolSize": 1, "silent": true, "animation": false, "data": drawn.odd.iter().map(tag).collect::<Vec<_>>() },
    })
}

#[cfg(test)]
mod tests {
    use super::{super::LIGHT, *};

    fn drawn(shape: Shape) -> Layered {
        let plan = Plan {
            labels: vec!["1 Nov".into(), "2 Nov".into(), "3 Nov".into()],
            shape,
            series: vec![],
            prefix: "$",
            suffix: "k",
            min: 0.0,
            max: None,
            open_end: true,
        };
        let layer = |name: &str, slot| Layer { name: name.into(), slot, values: vec![Some(1.0), None, Some(2.5)] };
        Layered {
            plan,
            layers: vec![layer("<img src=x>{b0}", 1), layer("Other", 0)],
            before: Some(("October".into(), vec![Some(1.0), Some(2.0)])),
            odd: vec![(2, "3 Nov $5k, 4.1 × the usual for a Tuesday".into())],
        }
    }

    #[test]
    fn names_are_no_part_of_templates() {
        let text = options(&drawn(Shape::Bars), &LIGHT);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["tooltip"]["formatter"], "{b0}<br/>{a3}: ${c3}k<br/>{a0}: ${c0}k<br/>{a1}: ${c1}k<br/>{a2}: ${c2}k");
        assert_eq!(value["series"][0]["name"], "<img src=x>{b0}");
        assert!(!text.contains("function"));
    }

    #[test]
    fn stacks_carry_the_range_before_an_open_end_and_tags() {
        let value: Value = serde_json::from_str(&options(&drawn(Shape::Bars), &LIGHT)).unwrap();
        assert_eq!(value["series"][1]["stack"], "all");
        assert_eq!(value["series"][0]["data"][2]["itemStyle"]["opacity"], 0.55);
        assert_eq!(value["series"][2]["lineStyle"]["type"], "dashed");
        assert_eq!(value["series"][3]["data"], json!([2.0, 0.0, 5.0]));
        assert_eq!(value["series"][3]["markPoint"]["data"][0]["coord"], json!([2, 5.0]));
        assert_eq!(value["series"][3]["markPoint"]["data"][0]["label"]["position"], "left");
    }

    #[test]
    fn lines_differ_by_their_dash_and_keep_gaps() {
        let value: Value = serde_json::from_str(&options(&drawn(Shape::Lines), &LIGHT)).unwrap();
        assert_eq!(value["series"][0]["lineStyle"]["type"], "solid");
        assert_eq!(value["series"][1]["lineStyle"]["type"], "dashed");
        assert!(value["series"][0]["data"][1].is_null());
    }
}
