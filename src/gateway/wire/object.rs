//! Reads the top object of a body against a table of fields. The body is parsed once; what is not in the table passes through.

use std::{borrow::Cow, cell::RefCell, fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    fields::{Field, Kind, Known, Match},
    shape,
};

/// Most members of the top object.
const MEMBERS_MAX: usize = 1_000;

/// What is wrong with a body: one sentence, and the field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// For people.
    pub message: String,
    /// The field.
    pub param: Option<&'static str>,
}

impl Invalid {
    /// Something is wrong with a field, or with the body as a whole.
    pub fn new(param: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { message: message.into(), param }
    }
}

/// A known field as it stands in the body.
pub(super) struct Member<'a> {
    /// Its name.
    pub(super) name: &'static str,
    /// Its value.
    pub(super) raw: &'a str,
    /// Where the value stands.
    pub(super) start: usize,
}

impl Member<'_> {
    /// Where the value stands.
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }

    /// Where a part of the value stands in the body.
    pub(super) fn position(&self, part: &str) -> Range<usize> {
        let start = self.start + part.as_ptr().addr() - self.raw.as_ptr().addr();
        start..start + part.len()
    }
}

/// Reads a body and hands each known field to `take`; the answer is where the object's inside begins.
pub(super) fn read<'a>(
    body: &'a [u8],
    fields: &'static [Field],
    required: &[&'static str],
    take: impl FnMut(Member<'a>) -> Result<(), Invalid>,
) -> Result<usize, Invalid> {
    let body = std::str::from_utf8(body).map_err(|_| Invalid::new(None, "The body is not UTF-8."))?;
    shape::check(body).map_err(|message| Invalid::new(None, message))?;
    let problem = RefCell::new(None);
    let mut parser = serde_json::Deserializer::from_str(body);
    let reader = Reader { body, fields: Known(fields), required, problem: &problem, take };
    let result = reader.deserialize(&mut parser).and_then(|()| parser.end());
    match (result, problem.into_inner()) {
        (_, Some(problem)) => Err(problem),
        (Ok(()), None) => Ok(body.find('{').map_or(0, |at| at + 1)),
        (Err(error), None) if error.is_data() => Err(Invalid::new(None, "The body must be a JSON object.")),
        (Err(error), None) => Err(Invalid::new(None, format!("The body is not JSON: {error}."))),
    }
}

/// A whole number that is not negative; none for `null`.
pub(super) fn count(name: &'static str, raw: &str) -> Result<Option<u64>, Invalid> {
    if raw == "null" {
        return Ok(None);
    }
    raw.parse().map(Some).map_err(|_| Invalid::new(Some(name), format!("`{name}` must be a whole number of at least 1.")))
}

#[derive(Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

struct Reader<'a, 'b, F> {
    body: &'a str,
    fields: Known,
    required: &'b [&'static str],
    /// What is wrong, where it is more than a matter of syntax: the parser's own error type would lose the field.
    problem: &'b RefCell<Option<Invalid>>,
    take: F,
}

impl<'de, F: FnMut(Member<'de>) -> Result<(), Invalid>> DeserializeSeed<'de> for Reader<'de, '_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Member<'de>) -> Result<(), Invalid>> Visitor<'de> for Reader<'de, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut seen = vec![false; self.fields.count()];
        let mut members = 0;
        while let Some(Key(key)) = map.next_key::<Key>()? {
            members += 1;
            if members > MEMBERS_MAX {
                return Err(self.fail(None, format!("The body has more than {MEMBERS_MAX} fields.")));
            }
            match self.fields.find(&key) {
                Match::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
                Match::Lookalike(field) => {
                    let message = format!("Write `{}` in lower-case ASCII letters.", field.name);
                    return Err(self.fail(Some(field.name), message));
                }
                Match::Exact(at, Field { name, .. }) if seen[at] => {
                    return Err(self.fail(Some(name), format!("The body has two `{name}` fields.")));
                }
                Match::Exact(at, field) => {
                    seen[at] = true;
                    let raw = map.next_value::<&RawValue>()?.get();
                    self.check(field, raw)?;
                    let start = raw.as_ptr().addr() - self.body.as_ptr().addr();
                    (self.take)(Member { name: field.name, raw, start }).map_err(|problem| self.note(problem))?;
                }
            }
        }
        for name in self.required {
            if !self.fields.all().zip(&seen).any(|(field, seen)| *seen && field.name == *name) {
                return Err(self.fail(Some(name), format!("The body has no `{name}`.")));
            }
        }
        Ok(())
    }
}

impl<F> Reader<'_, '_, F> {
    fn check<E: serde::de::Error>(&self, field: &'static Field, raw: &str) -> Result<(), E> {
        field.kind.check(raw).map_err(|what| {
            let message = if matches!(field.kind, Kind::Refused(_)) { what.into() } else { format!("`{}` {what}", field.name) };
            self.fail(Some(field.name), message)
        })
    }

    fn fail<E: serde::de::Error>(&self, param: Option<&'static str>, message: impl Into<String>) -> E {
        self.note(Invalid::new(param, message))
    }

    fn note<E: serde::de::Error>(&self, problem: Invalid) -> E {
        self.problem.replace(Some(problem));
        E::custom("")
    }
}
