//! Keyset pages.

use serde::{Deserialize, Serialize};

use super::field_errors::FieldErrors;

/// Rows of a list and where the next ones start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to pass as `cursor` for the next page; none on the last one.
    pub next_cursor: Option<String>,
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// Rows wanted; see [`PageRequest::limit`].
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// Rows to read: 25 unless asked otherwise, 1 to 100.
    pub fn limit(&self) -> i64 {
        i64::from(self.limit.unwrap_or(25).clamp(1, 100))
    }
}

impl PageRequest {
    /// The identifier that the page before ended with; none on the first page.
    pub fn cursor_id<I>(&self, parse: impl Fn(&str) -> Option<I>) -> Result<Option<I>, FieldErrors> {
        match self.cursor.as_deref() {
            None | Some("") => Ok(None),
            Some(cursor) => parse(cursor).map(Some).ok_or_else(|| FieldErrors::one("cursor", "This cursor is not valid.")),
        }
    }
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with one more than the limit.
    pub fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }

    /// The same page with other rows.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next_cursor: self.next_cursor }
    }
}
