//! Problems of single inputs, to be shown beside them.

use serde::{Deserialize, Serialize};

/// Field name and sentence, in the order of the form. Empty means valid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(pub Vec<(String, String)>);

impl FieldErrors {
    /// One problem.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        Self(vec![(field.to_owned(), message.into())])
    }

    /// Notes a problem.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push((field.to_owned(), message.into()));
    }

    /// The first problem of a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, message)| message.as_str())
    }

    /// The problems that belong to no field of the form.
    pub fn unnamed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(name, _)| name.is_empty()).map(|(_, message)| message.as_str())
    }

    /// The same problems for a form that has none of the fields.
    #[must_use]
    pub fn without_names(self) -> Self {
        Self(self.0.into_iter().map(|(_, message)| (String::new(), message)).collect())
    }

    /// The same problems where a field has another name.
    #[must_use]
    pub fn renamed(self, from: &str, to: &str) -> Self {
        let rename = |(name, message): (String, String)| (if name == from { to.to_owned() } else { name }, message);
        Self(self.0.into_iter().map(rename).collect())
    }

    /// Keeps the value of a check, or notes its problem.
    pub fn check<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(message) => {
                self.add(field, message);
                None
            }
        }
    }

    /// `Ok` when nothing was noted.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}
