//! Reading columns: the few types that both engines share.

use sqlx::{Row, any::AnyRow};
use uuid::Uuid;

use crate::domain::time::UnixMs;

/// Typed access to a row's columns by name.
pub trait RowExt {
    /// A text.
    fn text(&self, column: &str) -> Result<String, sqlx::Error>;
    /// A text or nothing.
    fn text_opt(&self, column: &str) -> Result<Option<String>, sqlx::Error>;
    /// An integer.
    fn int(&self, column: &str) -> Result<i64, sqlx::Error>;
    /// An integer or nothing.
    fn int_opt(&self, column: &str) -> Result<Option<i64>, sqlx::Error>;
    /// A flag, stored as 0 or 1.
    fn flag(&self, column: &str) -> Result<bool, sqlx::Error> {
        Ok(self.int(column)? != 0)
    }
    /// A point in time.
    fn time(&self, column: &str) -> Result<UnixMs, sqlx::Error> {
        self.int(column).map(UnixMs)
    }
    /// A point in time or nothing.
    fn time_opt(&self, column: &str) -> Result<Option<UnixMs>, sqlx::Error> {
        Ok(self.int_opt(column)?.map(UnixMs))
    }
    /// An identifier.
    fn id<T: From<Uuid>>(&self, column: &str) -> Result<T, sqlx::Error> {
        uuid(&self.text(column)?, column).map(T::from)
    }
    /// An identifier or nothing.
    fn id_opt<T: From<Uuid>>(&self, column: &str) -> Result<Option<T>, sqlx::Error> {
        self.text_opt(column)?.map(|text| uuid(&text, column).map(T::from)).transpose()
    }
    /// A word of a fixed set.
    fn word<T>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
        let text = self.text(column)?;
        parse(&text).ok_or_else(|| unreadable(column, &text))
    }
    /// A JSON value.
    fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, sqlx::Error> {
        serde_json::from_str(&self.text(column)?).map_err(|error| unreadable(column, &error.to_string()))
    }
}

impl RowExt for AnyRow {
    fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        self.try_get(column)
    }

    fn text_opt(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }

    fn int(&self, column: &str) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }

    fn int_opt(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }
}

fn uuid(text: &str, column: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::try_parse(text).map_err(|_| unreadable(column, text))
}

fn unreadable(column: &str, text: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: format!("unreadable value {text:?}").into() }
}
