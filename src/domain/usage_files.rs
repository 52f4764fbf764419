//! Statistics as lines of files.

use super::{
    audit::csv_cell,
    format,
    money::NanoUsd,
    time::UnixMs,
    usage_series::UsageSeries,
    usage_statistics::{MeasuredInterval, Measures, Ranked},
    usage_sums::Sums,
};

/// The first line of a CSV file of statistics.
pub const USAGE_CSV_HEAD: &str = "start,end,group,group id,requests,succeeded,failed,refused,prompt tokens,cached tokens,completion tokens,cost usd,estimated,p50 ms,p95 ms,p99 ms,first token p50 ms,first token p95 ms\r\n";

/// Statistics as a CSV file: for each interval a line of all calls, and where they are told apart one for each group and for what is left.
pub fn usage_csv(series: &UsageSeries, grouped: bool) -> String {
    let mut text = USAGE_CSV_HEAD.to_owned();
    for (place, part) in series.all.intervals.iter().enumerate() {
        text.push_str(&line(part, ("All", ""), &part.measures.sums, Some(&part.measures)));
        if !grouped {
            continue;
        }
        for group in &series.groups {
            let sums = group.intervals.get(place).copied().unwrap_or_default();
            text.push_str(&line(part, (&group.ranked.name, &group.ranked.id), &sums, None));
        }
        if series.others > 0 {
            text.push_str(&line(part, ("Other", ""), &series.rest(place), None));
        }
    }
    text
}

/// The first line of a CSV file of a ranking.
pub const RANKING_CSV_HEAD: &str = "place,name,id,gone,requests,succeeded,failed,refused,prompt tokens,cached tokens,completion tokens,cost usd,share percent,cost usd before\r\n";

/// A ranking as a CSV file. Names run nothing in a spreadsheet.
pub fn ranking_csv(rows: &[Ranked]) -> String {
    let mut text = RANKING_CSV_HEAD.to_owned();
    for row in rows {
        let sums = &row.sums;
        let cells = [
            row.place.to_string(),
            csv_cell(&row.name),
            csv_cell(&row.id),
            if row.gone { "yes" } else { "no" }.to_owned(),
            sums.requests.to_string(),
            sums.succeeded.to_string(),
            sums.failed.to_string(),
            sums.refused.to_string(),
            sums.prompt_tokens.to_string(),
            sums.cached_tokens.to_string(),
            sums.completion_tokens.to_string(),
            NanoUsd(sums.cost).plain(),
            row.share_bp.map(|bp| format!("{}.{:02}", bp / 100, bp % 100)).unwrap_or_default(),
            NanoUsd(row.previous.cost).plain(),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn line(part: &MeasuredInterval, (name, id): (&str, &str), sums: &Sums, measures: Option<&Measures>) -> String {
    let at = |at: UnixMs| format::rfc3339(at);
    let ms = |of: fn(&Measures) -> Option<i64>| measures.and_then(of).map(|ms| ms.to_string()).unwrap_or_default();
    let cells = [
        at(part.start),
        at(part.end),
        csv_cell(name),
        csv_cell(id),
        sums.requests.to_string(),
        sums.succeeded.to_string(),
        sums.failed.to_string(),
        sums.refused.to_string(),
        sums.prompt_tokens.to_string(),
        sums.cached_tokens.to_string(),
        sums.completion_tokens.to_string(),
        NanoUsd(sums.cost).plain(),
        sums.estimated.to_string(),
        ms(|measures| measures.p50_ms),
        ms(|measures| measures.p95_ms),
        ms(|measures| measures.p99_ms),
        ms(|measures| measures.first_p50_ms),
        ms(|measures| measures.first_p95_ms),
    ];
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{usage_series::GroupSeries, usage_statistics::Ranked};

    #[test]
    fn lines_have_a_cell_for_each_head_and_names_run_nothing() {
        let mut series = UsageSeries { others: 2, ..UsageSeries::default() };
        let sums = Sums { requests: 9, cost: 1_500_000_000, ..Sums::default() };
        let measures = Measures { sums, p50_ms: Some(840), ..Measures::default() };
        series.all.intervals = vec![MeasuredInterval { start: UnixMs(0), end: UnixMs(86_400_000), measures }];
        let ranked = Ranked { name: "=HYPERLINK(1)".into(), id: "a,b".into(), ..Ranked::default() };
        let part = Sums { requests: 4, ..Sums::default() };
        series.groups = vec![GroupSeries { ranked, slot: 1, intervals: vec![part] }];
        let text = usage_csv(&series, true);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("1970-01-01T00:00:00.000Z,1970-01-02T00:00:00.000Z,All,,9,"), "{}", lines[1]);
        assert!(lines[1].contains(",1.50,0,840,"), "{}", lines[1]);
        assert!(!lines[2].contains(",=HYPERLINK"), "{}", lines[2]);
        assert!(lines[3].contains(",Other,,5,"), "{}", lines[3]);
        assert_eq!(lines[0].matches(',').count(), lines[1].matches(',').count());
        assert_eq!(usage_csv(&series, false).lines().count(), 2);
    }
}
