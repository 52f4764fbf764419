//! From calls to the rows of the page.

use super::{CallDay, CallLine, CallLogPage, asked::Asked, filters, words};
use crate::{
    domain::{
        format,
        ids::CallId,
        money::NanoUsd,
        teams::TeamKind,
        time::UnixMs,
        usage::{CallRow, TestCalls},
    },
    server_fns::usage::asked::own_zone,
    service::{
        Caller, ServiceError, Services,
        usage::{CallQuery, CallsPage, LogMenus, counted, zones::Zone},
    },
};

pub(super) async fn load(services: &Services, caller: &Caller, team: &str, asked: &str) -> Result<CallLogPage, ServiceError> {
    let (asked, now) = (Asked::read(asked).in_zone(own_zone()), services.clock.now());
    // Rights first: whoever may not read it learns no more than that.
    let view = services.get_team(caller, team).await?;
    let menus = services.log_menus(caller, team).await?;
    let page = page_of(team);
    let (zone, query, mut problem) = match read(services, caller, team, &asked).await {
        Ok((zone, query)) => (zone, Some(query), String::new()),
        Err(ServiceError::Invalid(fields)) => (asked.zone().unwrap_or_else(|_| Zone::utc()), None, first_of(&fields.0)),
        Err(error) => return Err(error),
    };
    let mut found = None;
    if let Some(query) = &query {
        match services.read_calls(caller, team, query.clone()).await {
            Ok(calls) => found = Some(calls),
            Err(ServiceError::Invalid(fields)) => problem = explain(&fields.0),
            Err(error) => return Err(error),
        }
    }
    let found = found.unwrap_or_else(|| CallsPage { items: vec![], searched_to: None, next_cursor: None, previous_cursor: None });
    let is_ok = problem.is_empty();
    let count = match query.as_ref().filter(|_| is_ok).and_then(|query| counted(query, now)) {
        Some((filter, from, to)) => {
            let mine = query.as_ref().is_some_and(|query| query.mine);
            let count = services.count_calls(caller, team, mine, filter, from, to).await?;
            // Names that the catalog does not know share one sum: of those the statistics know nothing.
            usize::try_from(count).ok().filter(|count| *count >= found.items.len()).map(|_| count)
        }
        None => None,
    };
    let (rows, newest) = (found.items.len(), found.items.first().map(|row| row.id));
    let to_cursor = |cursor: Option<String>| cursor.map(|cursor| asked.with("cursor", &cursor).address(&page));
    let (newer, older) = (to_cursor(found.previous_cursor), to_cursor(found.next_cursor));
    let (fields, more) = filters::fields(&asked, &menus);
    let plain = asked.without(&["cursor"]);
    let narrowed = plain.without(&["zone", "limit", "as"]).pairs().next().is_some();
    let begun = rows > 0 || narrowed || services.has_calls(caller, team).await?;
    let export = services.random.id_at::<CallId>(now).to_string();
    Ok(CallLogPage {
        lead: lead(&menus, view.kind == TeamKind::Personal).to_owned(),
        context: view.name,
        address: Asked::default().with("zone", asked.get("zone")).with("as", asked.get("as")).address(&page),
        newest: plain.address(&page),
        presets: filters::presets(&asked, &page),
        fields,
        more,
        more_set: filters::more_set(&asked),
        hidden: filters::hidden(&asked),
        chips: filters::chips(&asked, &page, &menus, &zone, query.as_ref(), now),
        zone: zone.name().to_owned(),
        days: days(found.items, &Shown { asked: &asked, page: &page, zone: &zone, everyones: menus.everyones }),
        begun,
        count: count.map(calls).unwrap_or_default(),
        summary: summary(rows, newer.is_some(), older.is_some(), count),
        searched: found.searched_to.map(|at| searched(at, rows, &zone, now)).unwrap_or_default(),
        sizes: filters::sizes(&asked, &page),
        files: files(team, query.as_ref().filter(|_| is_ok && caller.viewing.is_none()), &export),
        export,
        tail: if is_ok && asked.get("cursor").is_empty() {
            tail(&plain.with("zone", zone.name()), &page, newest)
        } else {
            String::new()
        },
        kept: match services.call_log_days(caller, team).await? {
            0 => String::new(),
            days => format!("Single calls are kept for {days} days; statistics stay."),
        },
        newer,
        older,
        problem,
    })
}

/// The address of a context's log.
pub(super) fn page_of(team: &str) -> String {
    if team == "me" { "/me/logs".to_owned() } else { format!("/t/{team}/logs") }
}

async fn read(services: &Services, caller: &Caller, team: &str, asked: &Asked) -> Result<(Zone, CallQuery), ServiceError> {
    let zone = asked.zone()?;
    let query = asked.query(services, caller, team, &zone).await?;
    Ok((zone, query))
}

fn first_of(fields: &[(String, String)]) -> String {
    fields.first().map(|(_, message)| message.clone()).unwrap_or_default()
}

fn explain(fields: &[(String, String)]) -> String {
    match fields.first() {
        Some((field, _)) if field == "cursor" => {
            "This place in the list belongs to other filters, or was changed by hand. Go to the newest calls.".to_owned()
        }
        _ => first_of(fields),
    }
}

fn lead(menus: &LogMenus, personal: bool) -> &'static str {
    match (personal, menus.everyones) {
        (true, _) => "Every call of your own keys and the playground. Prompts and answers are not stored.",
        (false, true) => "Every call of this team, refused ones included. Prompts and answers are not stored.",
        (false, false) => "Your own calls in this team, refused ones included. Prompts and answers are not stored.",
    }
}

pub(super) fn calls(count: i64) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{} calls", format::grouped(count.unsigned_abs())) }
}

/// How far was searched for calls that are rare.
fn searched(to: UnixMs, rows: usize, zone: &Zone, now: UnixMs) -> String {
    let local = zone.local(to);
    let (hour, minute, _) = local.clock();
    let day = format::short_date(local, zone.local(now));
    let what = if rows == 0 { "None" } else { "No more" };
    format!("{what} among the calls back to {day}, {hour:02}:{minute:02} ({}).", zone.name())
}

fn summary(rows: usize, newer: bool, older: bool, count: Option<i64>) -> String {
    match (rows, count) {
        (0, _) => "No calls".to_owned(),
        (rows, Some(count)) if newer || older => format!("{rows} of {}", calls(count)),
        (1, _) if !newer && !older => "1 call".to_owned(),
        (rows, _) if !newer && !older => format!("{rows} calls"),
        (rows, _) if !newer => format!("The newest {rows} calls"),
        (rows, _) => format!("{rows} calls"),
    }
}

/// Where new calls are told of, beyond the newest that the page shows. A page without calls knows none.
fn tail(asked: &Asked, page: &str, newest: Option<CallId>) -> String {
    let address = asked.without(&["limit"]).address(&format!("{page}/tail"));
    let seen = newest.map_or_else(|| "none".to_owned(), |id| id.to_string());
    format!("{address}{}seen={seen}", if address.contains('?') { '&' } else { '?' })
}

/// Addresses of the files with all calls of a filter. Whoever looks as somebody else fetches none: a file would be their own.
fn files(team: &str, query: Option<&CallQuery>, export: &str) -> Vec<(String, String, String)> {
    let Some(query) = query else { return vec![] };
    let id = |id: Option<String>| id.unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let test = if query.test == TestCalls::Exclude { "" } else { query.test.as_str() };
    let values = [
        ("mine", if query.mine { "true".to_owned() } else { String::new() }),
        ("user", id(query.user.map(|id| id.to_string()))),
        ("key", id(query.key.map(|id| id.to_string()))),
        ("model", query.model.clone()),
        ("provider", query.provider.clone()),
        ("endpoint", query.endpoint.clone()),
        ("outcome", query.outcome.map(|outcome| outcome.as_str().to_owned()).unwrap_or_default()),
        ("status", number(query.status)),
        ("code", query.code.clone()),
        ("id", id(query.id.map(|id| id.to_string()))),
        ("min_tokens", number(query.tokens.min)),
        ("max_tokens", number(query.tokens.max)),
        ("min_latency", number(query.latency_ms.min)),
        ("max_latency", number(query.latency_ms.max)),
        ("min_cost", number(query.cost.min)),
        ("max_cost", number(query.cost.max)),
        ("test", test.to_owned()),
        ("from", number(query.from.map(|at| at.0))),
        ("to", number(query.to.map(|at| at.0))),
        ("export", export.to_owned()),
    ];
    let text = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(values.iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    [("CSV", "csv"), ("NDJSON", "ndjson")]
        .into_iter()
        .map(|(label, kind)| (label.to_owned(), format!("calls.{kind}"), format!("/api/v1/teams/{team}/logs.{kind}?{text}")))
        .collect()
}

/// How calls are shown.
struct Shown<'a> {
    asked: &'a Asked,
    page: &'a str,
    zone: &'a Zone,
    everyones: bool,
}

fn days(rows: Vec<CallRow>, shown: &Shown<'_>) -> Vec<CallDay> {
    let mut days: Vec<CallDay> = vec![];
    for row in rows {
        let day = format::day(shown.zone.local(row.at));
        let line = line(row, shown);
        match days.last_mut() {
            Some(last) if last.day == day => last.lines.push(line),
            _ => days.push(CallDay { day, lines: vec![line] }),
        }
    }
    days
}

fn line(row: CallRow, shown: &Shown<'_>) -> CallLine {
    let (word, tone, icon) = words::ended(row.outcome);
    let only = |name: &str, value: &str| shown.asked.with(name, value).address(shown.page);
    let member = row.user.to_string();
    let key_href = row.key.map(|key| only("key", &key.to_string())).unwrap_or_default();
    let kept = Asked::default().with("zone", shown.asked.get("zone")).with("as", shown.asked.get("as"));
    CallLine {
        href: kept.address(&format!("{}/{}", shown.page, row.id)),
        time: clock(shown.zone.local(row.at)),
        time_title: format::full(row.at),
        rfc3339: format::rfc3339(row.at),
        status: row.status,
        word: word.to_owned(),
        tone: tone.to_owned(),
        icon: icon.to_owned(),
        code: row.code,
        model: row.model,
        member_href: if shown.everyones { only("member", &member) } else { String::new() },
        member_id: member,
        member: row.user_name,
        key: row.key_name,
        key_href,
        tokens_in: format::grouped(row.prompt_tokens.unsigned_abs()),
        tokens_out: format::grouped(row.completion_tokens.unsigned_abs()),
        cost: format::money(NanoUsd(row.cost)),
        cost_title: format!("${}", NanoUsd(row.cost).plain()),
        latency: if row.latency_ms > 0 { format::latency(row.latency_ms) } else { String::new() },
        first: row.first_token_ms.map(format::latency).unwrap_or_default(),
        estimated: row.estimated,
        stream: row.stream,
        test: row.test,
    }
}

/// `15:42:07`.
pub(super) fn clock(at: UnixMs) -> String {
    let (hour, minute, second) = at.clock();
    format!("{hour:02}:{minute:02}:{second:02}")
}
