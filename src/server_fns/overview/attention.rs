//! What waits for whoever looks, as lines with what to do about them.

use std::cmp::Reverse;

use super::{Todo, TodoKind};
use crate::{
    domain::{
        format,
        roles::Action,
        teams::TeamKind,
        time::{DAY_MS, UnixMs},
        usage::TestCalls,
        usage_asked::{UsageAsked, UsagePlace},
        usage_filter::UsageFilter,
    },
    service::{
        Caller, ServiceError, Services,
        overview::{Requests, Waiting},
        usage::statistics::{RangeWords, StatisticsQuery, UsageOf},
    },
};

/// Most members who are named for unusual spending.
const UNUSUAL: usize = 3;
/// Most lines; what waits longer is on its own pages.
const SHOWN: usize = 6;

pub(super) async fn todos(services: &Services, caller: &Caller, team: &str, now: UnixMs) -> Result<Vec<Todo>, ServiceError> {
    let waiting = services.list_waiting(caller, team).await?;
    let mut todos = unusual(services, caller, team, now).await?;
    todos.extend(waiting.iter().map(|waiting| todo(waiting, team, now)));
    todos.truncate(SHOWN);
    Ok(todos)
}

/// Members who lately spent far more on a day than they usually do, each with the dearest of these days.
async fn unusual(services: &Services, caller: &Caller, team: &str, now: UnixMs) -> Result<Vec<Todo>, ServiceError> {
    let view = services.get_team(caller, team).await?;
    if view.kind == TeamKind::Personal || !view.standing.may(Action::ViewEveryonesUsage) {
        return Ok(vec![]);
    }
    let words = RangeWords { range: "7d", ..RangeWords::default() };
    let query = StatisticsQuery::parse(words, UsageFilter::of(TestCalls::Exclude), now)?;
    let mut marks = services.usage_marks(caller, UsageOf::Team(team), &query).await?;
    marks.sort_by_key(|mark| Reverse(mark.value));
    let mut members: Vec<&str> = vec![];
    let mut todos = vec![];
    for mark in &marks {
        if members.contains(&mark.member.as_str()) || todos.len() == UNUSUAL {
            continue;
        }
        members.push(&mark.member);
        let logs = UsageAsked { member: mark.member.clone(), ..UsageAsked::default() }.between(mark.from.0, mark.to.0);
        todos.push(Todo {
            kind: TodoKind::Unusual,
            title: format!("Unusual spending: {}", mark.name),
            text: mark.sentence(now),
            action: "See calls".to_owned(),
            href: logs.logs(&UsagePlace::Team(team.to_owned())),
        });
    }
    Ok(todos)
}

fn todo(waiting: &Waiting, team: &str, now: UnixMs) -> Todo {
    let at = |page: &str| format!("/t/{team}/{page}");
    match waiting {
        Waiting::AccessRequests(requests) => Todo {
            kind: TodoKind::Request,
            title: counted(requests.count, "model access request"),
            text: oldest(requests, now),
            action: "Review".to_owned(),
            href: at("models/requests"),
        },
        Waiting::BudgetRequests(requests) => Todo {
            kind: TodoKind::Request,
            title: counted(requests.count, "budget request"),
            text: oldest(requests, now),
            action: "Review".to_owned(),
            href: at("quotas?tab=requests"),
        },
        Waiting::KeyEnds { key, at: ends } => Todo {
            kind: TodoKind::Key,
            title: format!("Key “{}” expires", key.name),
            text: format!("{}, {}. {}", ends_in(*ends, now), format::short_date(*ends, now), key.user_name),
            action: "Extend".to_owned(),
            href: at(&format!("keys?dialog=edit&key={}", key.id)),
        },
        Waiting::KeySpent { key, budget } => Todo {
            kind: TodoKind::Limit,
            title: format!("Key “{}” has spent its budget", key.name),
            text: format!("{}. Its calls are refused.", format::money(*budget)),
            action: "Change".to_owned(),
            href: at(&format!("keys?dialog=edit&key={}", key.id)),
        },
        Waiting::Invitations { count, ends_at } => Todo {
            kind: TodoKind::Mail,
            title: format!("{} not accepted", counted(*count, "invitation")),
            text: match count {
                1 => format!("Expires {}", format::until(*ends_at, now)),
                _ => format!("One expires {}", format::until(*ends_at, now)),
            },
            action: "View".to_owned(),
            href: at("members"),
        },
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn oldest(requests: &Requests, now: UnixMs) -> String {
    let ago = format::ago(requests.oldest_at, now);
    if requests.count == 1 {
        format!("From {}, {ago}", requests.oldest_from)
    } else {
        format!("Oldest from {}, {ago}", requests.oldest_from)
    }
}

fn ends_in(at: UnixMs, now: UnixMs) -> String {
    if at.since(now) < DAY_MS {
        "Within a day".to_owned()
    } else {
        format!("In {}", format::until(at, now).trim_start_matches("in "))
    }
}
