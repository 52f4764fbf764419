//! Finding a team, a key, a person or a call by what somebody knows of it: of what they may see anyway, and no more.

use crate::{
    domain::{ids::CallId, page::Page, usage::UsageEvent},
    service::{Caller, ServiceError, Services, key_secrets::shown_of},
    storage::{self, search::Seeker},
};

pub use crate::storage::search::{FoundKey, FoundPerson, FoundTeam};

/// Most of one kind that are given: who looks for more of them has their list.
pub const MOST: i64 = 8;
/// Longest text that is searched for, in characters; the rest is left out.
pub const TEXT_MAX: usize = 200;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Teams, by name.
    pub teams: Several<FoundTeam>,
    /// People, by name.
    pub people: Several<FoundPerson>,
    /// Keys, those that work first.
    pub keys: Several<FoundKey>,
    /// The call with this id.
    pub call: Option<Box<FoundCall>>,
}

/// Some of what matches, and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several<T> {
    /// Not more than [`MOST`].
    pub items: Vec<T>,
    /// Whether others match, too.
    pub more: bool,
}

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self { items: vec![], more: false }
    }
}

/// A call that was found.
#[derive(Debug)]
pub struct FoundCall {
    /// The call.
    pub event: UsageEvent,
    /// Short name of its team, `me` for the own space.
    pub team: String,
}

impl Services {
    /// What the caller may see of what matches a text. Without a text the teams alone: there is something to go on with.
    pub async fn search(&self, caller: &Caller, text: &str) -> Result<Found, ServiceError> {
        let text: String = text.trim().chars().take(TEXT_MAX).collect();
        let mut c = self.store.reader().await?;
        let by = Seeker { user: caller.user.id, platform_admin: caller.user.platform_admin, limit: MOST + 1 };
        let mut found = Found { teams: several(storage::search::find_teams(&mut c, by, &text).await?), ..Found::default() };
        if text.is_empty() {
            return Ok(found);
        }
        // A whole secret is pasted to learn whose it is: what lists show of it is looked for.
        let prefix = shown_of(&text);
        found.keys = several(storage::search::find_keys(&mut c, by, &text, &prefix).await?);
        found.people = several(storage::search::find_people(&mut c, by, &text).await?);
        if let Some(id) = CallId::parse(&text.to_lowercase())
            && let Some(event) = storage::usage::find_event(&mut c, id).await?
        {
            drop(c);
            found.call = self.find_call(caller, event).await?.map(Box::new);
        }
        Ok(found)
    }

    /// The call, if the caller may see it in the log of its team.
    async fn find_call(&self, caller: &Caller, event: UsageEvent) -> Result<Option<FoundCall>, ServiceError> {
        let id = event.call.team;
        let team = if id == caller.user.personal_team { "me".to_owned() } else { id.to_string() };
        match self.get_call(caller, &team, event.call.id).await {
            Ok(event) if team == "me" => Ok(Some(FoundCall { event, team })),
            Ok(event) => Ok(Some(FoundCall { event, team: self.get_team(caller, &team).await?.slug })),
            Err(ServiceError::NotFound | ServiceError::Denied(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn several<T>(rows: Vec<T>) -> Several<T> {
    let page = Page::cut(rows, MOST, |_| String::new());
    Several { items: page.items, more: page.next_cursor.is_some() }
}
