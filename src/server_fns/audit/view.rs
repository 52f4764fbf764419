//! From entries to what the page shows.

use super::{AuditAsked, AuditDay, AuditLine, AuditPage};
use crate::{
    domain::{
        audit::{AuditFilter, AuditOutcome, AuditRow},
        audit_words::{action_words, all_nouns, change_words, choices, noun_label},
        filter_chip::FilterChip,
        format,
        ids::UserId,
        page::PageRequest,
        teams::TeamKind,
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, ServiceError, Services, audit::AuditOf},
};

/// Whose log it is.
struct Place {
    of: AuditOf,
    name: String,
    lead: &'static str,
    /// The page, and the file of the same entries.
    page: String,
    file: String,
    nouns: Vec<&'static str>,
}

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    place: &str,
    asked: AuditAsked,
) -> Result<AuditPage, ServiceError> {
    let place = find_place(services, caller, place).await?;
    let page = PageRequest { limit: None, cursor: Some(asked.cursor.clone()) };
    let (filter, problem) = match filter(&asked) {
        Ok(filter) => (filter, String::new()),
        Err(problem) => (AuditFilter::default(), problem),
    };
    // Read even where nothing is shown: whoever may not read it learns no more than that.
    let found = services.list_audit(caller, &place.of, &filter, &page).await?;
    let rows = if problem.is_empty() { found.items } else { vec![] };
    let with = |change: &dyn Fn(&mut AuditAsked)| {
        let mut asked = AuditAsked { cursor: String::new(), ..asked.clone() };
        change(&mut asked);
        address(&place.page, &asked)
    };
    let older = found.next_cursor.filter(|_| problem.is_empty());
    let older = older.map(|cursor| with(&|asked: &mut AuditAsked| asked.cursor.clone_from(&cursor)));
    let newer = (!asked.cursor.is_empty()).then(|| with(&|_| {}));
    let summary = match (rows.len(), newer.is_some() || older.is_some()) {
        (0, _) => "No entries".to_owned(),
        (1, false) => "1 entry".to_owned(),
        (n, false) => format!("{n} entries"),
        (n, true) if newer.is_none() => format!("The newest {n} entries"),
        (n, true) => format!("{n} older entries"),
    };
    Ok(AuditPage {
        actions: choices(&place.nouns),
        chips: chips(&asked, &rows, &with),
        export: file(&place.file, &filter),
        days: days(rows, matches!(place.of, AuditOf::Team(_)), &with),
        context: place.name,
        lead: place.lead.to_owned(),
        problem,
        summary,
        newer,
        older,
    })
}

async fn find_place(services: &Services, caller: &Caller, place: &str) -> Result<Place, ServiceError> {
    let team = ["team", "member", "invitation", "key", "audit"];
    let organization = ["organization", "model"];
    if let Some(slug) = place.strip_prefix("t/") {
        let view = services.get_team(caller, slug).await?;
        if view.kind == TeamKind::Personal {
            return Err(ServiceError::NotFound);
        }
        return Ok(Place {
            of: AuditOf::Team(slug.to_owned()),
            name: view.name,
            lead: "Who changed what in this team. Entries can not be edited or deleted.",
            page: format!("/t/{slug}/audit"),
            file: format!("/api/v1/teams/{slug}/audit.csv"),
            nouns: team.to_vec(),
        });
    }
    if let Some(slug) = place.strip_prefix("o/") {
        let view = services.get_organization(caller, slug).await?;
        return Ok(Place {
            of: AuditOf::Organization(slug.to_owned()),
            name: view.name,
            lead: "Who changed what in this organization and its teams. Entries can not be edited or deleted.",
            page: format!("/o/{slug}/audit"),
            file: format!("/api/v1/organizations/{slug}/audit.csv"),
            nouns: organization.into_iter().chain(team).collect(),
        });
    }
    if place != "admin" {
        return Err(ServiceError::NotFound);
    }
    Ok(Place {
        of: AuditOf::Platform,
        name: "Platform".to_owned(),
        lead: "Who changed what on the whole platform. Entries can not be edited or deleted.",
        page: "/admin/audit".to_owned(),
        file: "/api/v1/audit.csv".to_owned(),
        nouns: all_nouns(),
    })
}

fn filter(asked: &AuditAsked) -> Result<AuditFilter, String> {
    let day = |text: &str, name: &str| UnixMs::parse_day(text).map_err(|_| format!("{name} must be a date such as 2026-11-20."));
    let (from, to) = (day(&asked.from, "From")?, day(&asked.to, "To")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err("From lies after To. Choose an earlier day, or clear one of them.".to_owned());
    }
    let actor = match asked.actor.as_str() {
        "" => None,
        id => Some(UserId::parse(id).ok_or("This is not an account. Clear the filter and choose a person from the list.")?),
    };
    let outcome = match asked.outcome.as_str() {
        "" => None,
        word => Some(AuditOutcome::parse(word).ok_or("The result is done or denied.")?),
    };
    Ok(AuditFilter {
        actor,
        outcome,
        from,
        to: to.map(|day| day.plus(DAY_MS)),
        person: asked.person.trim().to_owned(),
        action: asked.action.clone(),
        object: asked.object.trim().to_owned(),
        target_kind: String::new(),
        target_id: asked.target.clone(),
    })
}

fn pairs(asked: &AuditAsked) -> [(&'static str, &str); 9] {
    [
        ("person", &asked.person),
        ("actor", &asked.actor),
        ("action", &asked.action),
        ("object", &asked.object),
        ("target", &asked.target),
        ("outcome", &asked.outcome),
        ("from", &asked.from),
        ("to", &asked.to),
        ("cursor", &asked.cursor),
    ]
}

fn address(page: &str, asked: &AuditAsked) -> String {
    query(page, pairs(asked).into_iter().map(|(name, value)| (name, value.to_owned())))
}

fn file(path: &str, filter: &AuditFilter) -> String {
    let ms = |at: Option<UnixMs>| at.map(|at| at.0.to_string()).unwrap_or_default();
    let values = [
        ("actor", filter.actor.map(|id| id.to_string()).unwrap_or_default()),
        ("person", filter.person.clone()),
        ("action", filter.action.clone()),
        ("outcome", filter.outcome.map(AuditOutcome::as_str).unwrap_or_default().to_owned()),
        ("target_id", filter.target_id.clone()),
        ("object", filter.object.clone()),
        ("from", ms(filter.from)),
        ("to", ms(filter.to)),
    ];
    query(path, values.into_iter())
}

fn query(path: &str, values: impl Iterator<Item = (&'static str, String)>) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(values.filter(|(_, value)| !value.is_empty()));
    match text.finish() {
        text if text.is_empty() => path.to_owned(),
        text => format!("{path}?{text}"),
    }
}

/// An address that asks for something else.
type With<'a> = dyn Fn(&dyn Fn(&mut AuditAsked)) -> String + 'a;

/// Takes a filter away.
type Clear = fn(&mut AuditAsked);

fn chips(asked: &AuditAsked, rows: &[AuditRow], with: &With<'_>) -> Vec<FilterChip> {
    let actor = rows.first().map_or("one account", |row| row.actor_name.as_str());
    let target = rows.first().map_or("one object", |row| row.target_name.as_str());
    let action = choices(&all_nouns()).into_iter().find(|(word, _)| *word == asked.action);
    let action = action.map_or_else(|| asked.action.clone(), |(_, label)| label);
    let all: [(&str, &str, &str, Clear); 8] = [
        ("Person", &asked.person, &asked.person, |asked| asked.person.clear()),
        ("Person", &asked.actor, actor, |asked| asked.actor.clear()),
        ("Action", &asked.action, &action, |asked| asked.action.clear()),
        ("Object", &asked.object, &asked.object, |asked| asked.object.clear()),
        ("Object", &asked.target, target, |asked| asked.target.clear()),
        ("Result", &asked.outcome, &asked.outcome, |asked| asked.outcome.clear()),
        ("From", &asked.from, &asked.from, |asked| asked.from.clear()),
        ("To", &asked.to, &asked.to, |asked| asked.to.clear()),
    ];
    let set = all.into_iter().filter(|(_, value, _, _)| !value.is_empty());
    set.map(|(label, _, shown, clear)| FilterChip { label: label.into(), value: shown.into(), without: with(&clear) }).collect()
}

/// In a team's log every entry is of that team.
fn days(rows: Vec<AuditRow>, in_team: bool, with: &With<'_>) -> Vec<AuditDay> {
    let mut days: Vec<AuditDay> = vec![];
    for row in rows {
        let day = format::day(row.at);
        let line = line(row, in_team, with);
        match days.last_mut() {
            Some(last) if last.day == day => last.lines.push(line),
            _ => days.push(AuditDay { day, lines: vec![line] }),
        }
    }
    days
}

fn line(row: AuditRow, in_team: bool, with: &With<'_>) -> AuditLine {
    let (hour, minute, second) = row.at.clock();
    let actor = row.actor.map(|id| id.to_string()).unwrap_or_default();
    let actor_href = if actor.is_empty() {
        String::new()
    } else {
        with(&|asked| {
            asked.person.clear();
            asked.actor.clone_from(&actor);
        })
    };
    let object_href = if row.target_id.is_empty() {
        String::new()
    } else {
        with(&|asked| {
            asked.object.clear();
            asked.target.clone_from(&row.target_id);
        })
    };
    let kind = object_kind(&row.target_kind);
    let elsewhere = !in_team && !row.place.is_empty() && row.place != row.target_name;
    let object_detail = if elsewhere { format!("{kind} in {}", row.place) } else { kind };
    AuditLine {
        time: format!("{hour:02}:{minute:02}:{second:02}"),
        time_title: format::full(row.at),
        rfc3339: format::rfc3339(row.at),
        actor_name: match (row.actor, row.actor_name.as_str()) {
            (None, "") if row.action.starts_with("session.") => "Nobody signed in".to_owned(),
            (None, "") => "Tallygate".to_owned(),
            (_, name) => name.to_owned(),
        },
        actor,
        actor_href,
        action: action_words(&row.action, row.outcome),
        denied: row.outcome == AuditOutcome::Denied,
        object: row.target_name,
        object_detail,
        object_href,
        changes: row.changes.iter().filter_map(change_words).collect(),
        source: match row.source.as_str() {
            "page" => "Page".to_owned(),
            "api" => "API".to_owned(),
            _ => "System".to_owned(),
        },
        address: row.address,
        request_id: row.request_id,
    }
}

/// One of the kind.
fn object_kind(kind: &str) -> String {
    let label = noun_label(kind);
    if kind == "key" { "API key".to_owned() } else { label.strip_suffix('s').unwrap_or(&label).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_what_is_set() {
        let asked = AuditAsked { person: "Ada & Bo".into(), outcome: "denied".into(), ..AuditAsked::default() };
        assert_eq!(address("/t/a/audit", &asked), "/t/a/audit?person=Ada+%26+Bo&outcome=denied");
        assert_eq!(address("/t/a/audit", &AuditAsked::default()), "/t/a/audit");
    }
}
