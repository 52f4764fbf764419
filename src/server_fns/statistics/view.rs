//! From an address to a page of statistics.

use super::{
    FilterField, MetricTab, UsageAsked, UsagePage,
    drawing::Drawing,
    links,
    metrics::{Metric, key_figure},
    times,
};
use crate::{
    domain::{
        charts::KpiView,
        roles::Action,
        teams::TeamKind,
        time::UnixMs,
        usage_asked::{UsageGroup, UsagePlace},
        usage_filter::Dimension,
        usage_series::{GROUPS_MAX, UsageSeries},
    },
    server_fns::usage::asked::{of, parse},
    service::{
        Caller, ServiceError, Services,
        usage::{asked::parse_group, statistics::StatisticsQuery, zones::Zone},
    },
};

/// Whose page it is, and what its reader may tell apart.
struct Reader {
    context: String,
    lead: String,
    /// Who called.
    who: bool,
    /// Calls: those of everybody, or one's own.
    logs: bool,
    /// Their own keys.
    own: bool,
}

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    place: &UsagePlace,
    asked: UsageAsked,
    adding: bool,
) -> Result<UsagePage, ServiceError> {
    let reader = find_reader(services, caller, place).await?;
    let now = services.clock.now();
    let group = group_of(&asked, place, caller, &reader);
    let (by, query) = match (group, parse(services, caller, place, asked.clone()).await) {
        (Ok(by), Ok(query)) => (by, query),
        (Err(ServiceError::Invalid(problems)), _) | (_, Err(ServiceError::Invalid(problems))) => {
            // Read without what is wrong: whoever may not read it learns no more than that.
            let unasked = UsageAsked { zone: asked.zone.clone(), ..UsageAsked::default() };
            let query = match parse(services, caller, place, unasked).await {
                Err(ServiceError::Invalid(_)) => parse(services, caller, place, UsageAsked::default()).await?,
                query => query?,
            };
            let mut page = frame(&asked, place, &reader, &query, now);
            page.problem = problems.0.into_iter().map(|(_, problem)| problem).collect::<Vec<_>>().join(" ");
            return Ok(page);
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let metric = Metric::parse(&asked.metric);
    let series = services.usage_series(caller, of(place), by, metric.order(), GROUPS_MAX, &query).await?;
    let mut page = frame(&asked, place, &reader, &query, now);
    page.groups = links::groups(&asked, place, by, &offered(place, &asked, caller, &reader));
    page.chips = links::chips(&asked, place, &names(services, caller, place, &asked, &query).await?);
    page.metrics = Metric::ALL.into_iter().map(|each| tab(each, metric, &asked, place, &series)).collect();
    if adding {
        page.fields = fields(services, caller, place, &asked, &query, &reader).await?;
    }
    if series.all.total.sums.requests == 0 {
        page.empty = if page.chips.is_empty() {
            format!("No calls {}.", times::during(&page.range))
        } else {
            format!("No calls {} with these filters.", times::during(&page.range))
        };
    } else {
        let logs = reader.logs && matches!(place, UsagePlace::Team(_));
        let hours = match metric {
            Metric::Spend => services.usage_hour_marks(caller, of(place), &query).await?,
            _ => vec![],
        };
        let drawing = Drawing { asked: &asked, place, by, metric, zone: &query.zone, series: &series, hours: &hours, now, logs };
        page.chart = Some(drawing.chart());
    }
    Ok(page)
}

async fn find_reader(services: &Services, caller: &Caller, place: &UsagePlace) -> Result<Reader, ServiceError> {
    Ok(match place {
        UsagePlace::Team(team) => {
            let view = services.get_team(caller, team).await?;
            let personal = view.kind == TeamKind::Personal;
            let (everyones, own) = (view.standing.may(Action::ViewEveryonesUsage), view.standing.may(Action::OwnKeys));
            Reader {
                lead: if personal {
                    "Every call made with your personal keys.".into()
                } else {
                    format!("Every call made with {} keys.", view.name)
                },
                context: if personal { "Personal".into() } else { view.name },
                who: everyones,
                logs: everyones || own,
                own,
            }
        }
        UsagePlace::Organization(org) => {
            let view = services.get_organization(caller, org).await?;
            Reader {
                lead: format!("Every call of all teams of {}.", view.name),
                context: view.name,
                who: true,
                logs: true,
                own: true,
            }
        }
        UsagePlace::Platform => {
            caller.check_platform_admin()?;
            Reader { lead: "Every call of everybody.".into(), context: "Platform".into(), who: true, logs: true, own: true }
        }
    })
}

/// What a reader can group by, in the order of the menu.
fn offered(place: &UsagePlace, asked: &UsageAsked, caller: &Caller, reader: &Reader) -> Vec<UsageGroup> {
    let own_calls = reader.own && asked.member == caller.user.id.to_string();
    let mut groups = vec![UsageGroup::Of(Dimension::Model)];
    if !matches!(place, UsagePlace::Team(_)) {
        groups.push(UsageGroup::Team);
    }
    if reader.who && *place != UsagePlace::default() {
        groups.push(UsageGroup::Of(Dimension::Member));
    }
    if reader.who || own_calls {
        groups.push(UsageGroup::Of(Dimension::Key));
    }
    groups.extend([Dimension::Provider, Dimension::Endpoint, Dimension::Outcome].map(UsageGroup::Of));
    groups
}

/// What is asked for; the model where nothing is. What a reader may not tell apart is refused by the service.
fn group_of(asked: &UsageAsked, place: &UsagePlace, caller: &Caller, reader: &Reader) -> Result<UsageGroup, ServiceError> {
    match parse_group(asked)? {
        None => Ok(UsageGroup::Of(Dimension::Model)),
        Some(UsageGroup::Team) if !offered(place, asked, caller, reader).contains(&UsageGroup::Team) => {
            Err(ServiceError::field("group_by", "Group by member, key, model, provider, endpoint or status."))
        }
        Some(by) => Ok(by),
    }
}

/// All that does not depend on figures.
fn frame(asked: &UsageAsked, place: &UsagePlace, reader: &Reader, query: &StatisticsQuery, now: UnixMs) -> UsagePage {
    let zone: &Zone = &query.zone;
    let local_now = times::local(zone, now);
    let (from, last) = (times::local(zone, query.range.from), times::local(zone, query.range.to.plus(-1)));
    let keeps = |without: &[&str]| -> Vec<(String, String)> {
        let pairs = asked.pairs().filter(|(name, _)| !without.contains(name));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let mut export = asked.clone();
    if [&export.range, &export.from, &export.to].iter().all(|text| text.is_empty()) {
        export.range = "28d".to_owned();
    }
    // The API takes milliseconds only.
    if export.range.is_empty() {
        export = export.between(query.range.from.0, query.range.to.0);
    }
    export.bucket = query.range.bucket_word().to_owned();
    export = export.with("zone", zone.name()).with("metric", "").with("rank", "").with("order_by", "");
    if export.group_by.is_empty() {
        export.group_by = "model".to_owned();
    }
    UsagePage {
        context: reader.context.clone(),
        lead: format!("{} Updated {} {}.", reader.lead, times::clock(local_now), zone.name()),
        of: asked.clone(),
        problem: String::new(),
        zone: zone.name().to_owned(),
        zone_asked: !asked.zone.is_empty(),
        range: times::range(zone, query.range.from, query.range.to),
        presets: links::presets(asked, place),
        from_day: times::iso_day(from),
        to_day: times::iso_day(last),
        range_keeps: keeps(&["range", "from", "to", "bucket"]),
        intervals: links::intervals(asked, place, query.range.to.since(query.range.from), query.range.bucket_word()),
        groups: vec![],
        tests: links::tests(asked, place),
        chips: vec![],
        clear: asked.unfiltered().address(place),
        add_filter: {
            let address = asked.address(place);
            let sign = if address.contains('?') { '&' } else { '?' };
            format!("{address}{sign}add=filter")
        },
        fields: vec![],
        filter_keeps: keeps(&UsageAsked::FILTERS),
        metrics: vec![],
        chart: None,
        empty: String::new(),
        csv: place.api("usage.csv") + &export.query(),
    }
}

fn tab(each: Metric, now: Metric, asked: &UsageAsked, place: &UsagePlace, series: &UsageSeries) -> MetricTab {
    let kpi: KpiView = key_figure(each, &series.all);
    MetricTab { kpi, href: asked.with("metric", each.word()).address(place), here: each == now }
}

/// Names of the member and the key that are filtered by.
async fn names(
    services: &Services,
    caller: &Caller,
    place: &UsagePlace,
    asked: &UsageAsked,
    query: &StatisticsQuery,
) -> Result<Vec<(Dimension, String)>, ServiceError> {
    let mut names = vec![];
    for by in [Dimension::Member, Dimension::Key] {
        let id = asked.get(by.as_str());
        if id.is_empty() {
            continue;
        }
        let name = match id == caller.user.id.to_string() {
            true => caller.user.name.clone(),
            false => services.usage_filter_name(caller, of(place), by, id, query).await?,
        };
        names.push((by, name));
    }
    Ok(names)
}

async fn fields(
    services: &Services,
    caller: &Caller,
    place: &UsagePlace,
    asked: &UsageAsked,
    query: &StatisticsQuery,
    reader: &Reader,
) -> Result<Vec<FilterField>, ServiceError> {
    let mut fields = vec![];
    for by in Dimension::ALL {
        if *place == UsagePlace::default() && by == Dimension::Member {
            continue;
        }
        let mut choices = match (by, reader.who, reader.own) {
            (Dimension::Member, false, true) => vec![(caller.user.id.to_string(), caller.user.name.clone())],
            (Dimension::Member | Dimension::Key, false, false) => continue,
            _ => services.usage_choices(caller, of(place), by, query).await?,
        };
        let chosen = asked.get(by.as_str());
        for (value, label) in &mut choices {
            *label = links::value_label(UsageGroup::Of(by), value, label);
        }
        if !chosen.is_empty() && !choices.iter().any(|(value, _)| value == chosen) {
            choices.push((chosen.to_owned(), chosen.to_owned()));
        }
        if choices.is_empty() {
            continue;
        }
        fields.push(FilterField {
            name: by.as_str().to_owned(),
            label: links::dimension_label(UsageGroup::Of(by)).to_owned(),
            choices,
            chosen: chosen.to_owned(),
        });
    }
    Ok(fields)
}
