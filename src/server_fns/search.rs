//! Search over everything: pages, teams, people, keys, and a call by its id.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// What stands before a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// A symbol of the sprite.
    Icon(String),
    /// A team, by id.
    Tile(String),
    /// A person, by id.
    Avatar(String),
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub mark: Mark,
    pub name: String,
    /// Where it is, and what else tells it from others.
    pub detail: String,
    pub href: String,
}

/// Hits of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitGroup {
    pub title: String,
    pub hits: Vec<Hit>,
    /// Whether others match, too.
    pub more: bool,
}

/// What was found for a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// The text, as it was searched for.
    pub text: String,
    /// None without a hit.
    pub groups: Vec<HitGroup>,
}

/// What the reader may see of what matches; `at` is the address that they search from, whose pages come first.
#[server(prefix = "/fn", endpoint = "search", output = PageAnswer)]
pub async fn search(#[server(default)] text: String, #[server(default)] at: String) -> Result<Hits, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let text: String = text.trim().chars().take(crate::service::search::TEXT_MAX).collect();
    let (me, found) = (services.me(&caller).await?, services.search(&caller, &text).await?);
    Ok(words::hits(text, &me, &at, found, services.clock.now()))
}

#[cfg(feature = "ssr")]
mod words {
    use super::{Hit, HitGroup, Hits, Mark};
    use crate::{
        domain::{
            accounts::Me,
            address::encode,
            format,
            navigation::{Destination, find_pages},
            places::{Place, address},
            teams::TeamKind,
            time::UnixMs,
        },
        service::search::{Found, FoundCall, FoundKey, FoundPerson, FoundTeam, MOST, Several},
    };

    pub(super) fn hits(text: String, me: &Me, at: &str, found: Found, now: UnixMs) -> Hits {
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let mut pages = find_pages(me, &Place::of(at), &text);
        let more = pages.len() > most && !text.is_empty();
        if more {
            pages.truncate(most);
        }
        let call = found.call.map(|call| call_hit(&call, now)).into_iter().collect();
        let groups = [
            group("Calls", Several { items: call, more: false }, |hit| hit),
            group("Pages", Several { items: pages, more }, page),
            group("Teams", found.teams, team),
            group("People", found.people, |found| person(found, me.platform_admin)),
            group("API keys", found.keys, key),
        ];
        Hits { text, groups: groups.into_iter().filter(|group| !group.hits.is_empty()).collect() }
    }

    fn group<T>(title: &str, found: Several<T>, hit: impl Fn(T) -> Hit) -> HitGroup {
        HitGroup { title: title.to_owned(), more: found.more, hits: found.items.into_iter().map(hit).collect() }
    }

    fn page(page: Destination) -> Hit {
        let href = address(&page.scope, page.kind);
        Hit { mark: Mark::Icon(page.kind.icon().into()), name: page.kind.label().into(), detail: page.context, href }
    }

    fn team(team: FoundTeam) -> Hit {
        let href = format!("/t/{}", team.slug);
        Hit { mark: Mark::Tile(team.id.to_string()), name: team.name, detail: team.organization, href }
    }

    fn person(person: FoundPerson, platform_admin: bool) -> Hit {
        let found = format!("members?q={}", encode(&person.email));
        let href = match (&person.team, &person.organization) {
            _ if platform_admin => format!("/admin/users/{}", person.id),
            (Some(team), _) => format!("/t/{}/{found}", team.slug),
            (None, organization) => format!("/o/{}/{found}", organization.as_ref().map_or("", |(_, slug)| slug)),
        };
        let teams = match (person.team, person.teams) {
            (Some(team), 1) => format!(" · {}", team.name),
            (Some(team), 2) => format!(" · {} and 1 more team", team.name),
            (Some(team), count) => format!(" · {} and {} more teams", team.name, count - 1),
            (None, _) => String::new(),
        };
        let detail = format!("{}{teams}", person.email);
        Hit { mark: Mark::Avatar(person.id.to_string()), name: person.name, detail, href }
    }

    fn key(key: FoundKey) -> Hit {
        let (place, context) = match key.team.kind {
            TeamKind::Team => (format!("/t/{}", key.team.slug), key.team.name),
            TeamKind::Personal => ("/me".to_owned(), "Personal".to_owned()),
        };
        let revoked = if key.revoked { " · Revoked" } else { "" };
        let detail = format!("{}…{} · {context} · {}{revoked}", key.prefix, key.suffix, key.user_name);
        // What is shown of its secret is what its list is searched by.
        let href = format!("{place}/keys?q={}", encode(&key.prefix));
        Hit { mark: Mark::Icon("key".into()), name: key.name, detail, href }
    }

    fn call_hit(found: &FoundCall, now: UnixMs) -> Hit {
        let call = &found.event.call;
        let place = if found.team == "me" { "/me".to_owned() } else { format!("/t/{}", found.team) };
        let context = if found.team == "me" { "Personal" } else { &call.team_name };
        let detail = format!("{context} · {} · {}", call.user_name, format::ago(call.at, now));
        Hit { mark: Mark::Icon("logs".into()), name: call.model_name.clone(), detail, href: format!("{place}/logs/{}", call.id) }
    }
}
