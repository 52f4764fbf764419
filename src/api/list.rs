//! Lists in pages: `limit` and `cursor` in, `items` and `next_cursor` out.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::{
    domain::page::{Page, PageRequest},
    service::ServiceError,
};

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl From<ListQuery> for PageRequest {
    fn from(query: ListQuery) -> Self {
        Self { limit: query.limit, cursor: query.cursor }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to pass as `cursor` for the next page; none on the last one.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page that a service made.
    pub fn of<V>(page: Page<V>, convert: impl FnMut(V) -> T) -> Self {
        let Page { items, next_cursor } = page.map(convert);
        Self { items, next_cursor }
    }

    /// The same rows in other words.
    pub fn map<V>(self, convert: impl FnMut(T) -> V) -> List<V> {
        List { items: self.items.into_iter().map(convert).collect(), next_cursor: self.next_cursor }
    }

    /// A page of a list that a service gave as a whole, in the order of a key that no two rows share.
    pub fn cut(mut rows: Vec<T>, query: ListQuery, key: impl Fn(&T) -> String) -> Result<Self, Problem> {
        rows.sort_by_cached_key(&key);
        let page = PageRequest::from(query);
        if let Some(cursor) = page.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
            let wrong = || ServiceError::field("cursor", "This cursor is not valid.");
            let last = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?;
            rows.retain(|row| key(row) > last);
        }
        let Page { items, next_cursor } = Page::cut(rows, page.limit(), |row| URL_SAFE_NO_PAD.encode(key(row)));
        Ok(Self { items, next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let rows = || (0..7).map(|n| format!("row {n}")).rev().collect::<Vec<_>>();
        let (mut seen, mut cursor) = (vec![], None);
        loop {
            let page = List::cut(rows(), ListQuery { limit: Some(3), cursor }, String::clone).unwrap();
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..7).map(|n| format!("row {n}")).collect::<Vec<_>>());
        assert!(List::cut(rows(), ListQuery { limit: None, cursor: Some("%".into()) }, String::clone).is_err());
    }
}
