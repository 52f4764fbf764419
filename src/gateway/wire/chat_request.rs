//! `POST /v1/chat/completions` as far as the gateway reads it. The body is parsed once; what goes upstream is the same bytes with the
//! few values replaced that must be.

use std::{borrow::Cow, cell::RefCell, fmt, ops::Range};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    fields::{FIELDS, Kind, Match, find},
    shape,
};

/// Most members of the top object.
const MEMBERS_MAX: usize = 1_000;
/// Most choices of one call.
const CHOICES_MAX: u64 = 128;

/// What is wrong with a body: one sentence, and the field it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// For people.
    pub message: String,
    /// The field.
    pub param: Option<&'static str>,
}

/// A request, by what it says and where it says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatRequest {
    /// Model asked for.
    pub model: String,
    /// A stream is wanted.
    pub stream: bool,
    /// The client wants the usage chunk of its stream.
    pub include_usage: bool,
    /// Choices wanted.
    pub choices: u64,
    /// Behind the opening brace.
    start: usize,
    model_at: Range<usize>,
    max_tokens: Option<Limit>,
    max_completion_tokens: Option<Limit>,
    stream_options: Option<StreamOptions>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Limit {
    at: Range<usize>,
    /// None for `null`.
    value: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct StreamOptions {
    at: Range<usize>,
    is_null: bool,
    is_empty: bool,
    include_usage: Option<Range<usize>>,
}

/// What a deployment wants changed.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The provider's name for the model.
    pub model: &'a str,
    /// Output bound, written where the call names none.
    pub output: u64,
    /// The name that this provider knows the output bound by.
    pub output_field: &'static str,
}

impl ChatRequest {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let body = std::str::from_utf8(body).map_err(|_| invalid(None, "The body is not UTF-8."))?;
        shape::check(body).map_err(|message| invalid(None, message))?;
        let problem = RefCell::new(None);
        let mut parser = serde_json::Deserializer::from_str(body);
        let read = Reader { body, problem: &problem }.deserialize(&mut parser).and_then(|request| parser.end().map(|()| request));
        match (read, problem.into_inner()) {
            (_, Some(problem)) => Err(problem),
            (Ok(request), None) => request.check(),
            (Err(error), None) if error.is_data() => Err(invalid(None, "The body must be a JSON object.")),
            (Err(error), None) => Err(invalid(None, format!("The body is not JSON: {error}."))),
        }
    }

    fn check(mut self) -> Result<Self, Invalid> {
        for (name, limit) in [("max_tokens", &self.max_tokens), ("max_completion_tokens", &self.max_completion_tokens)] {
            if limit.as_ref().is_some_and(|limit| limit.value == Some(0)) {
                return Err(invalid(Some(name), format!("`{name}` must be a whole number of at least 1.")));
            }
        }
        if !(1..=CHOICES_MAX).contains(&self.choices) {
            return Err(invalid(Some("n"), format!("`n` must be a whole number from 1 to {CHOICES_MAX}.")));
        }
        self.include_usage &= self.stream;
        Ok(self)
    }

    /// Checks the output bound against the model's largest.
    pub fn check_output(&self, largest: u64) -> Result<(), Invalid> {
        for (name, limit) in [("max_tokens", &self.max_tokens), ("max_completion_tokens", &self.max_completion_tokens)] {
            match limit {
                Some(Limit { value: Some(value), .. }) if *value > largest => {
                    let message = format!("`{name}` is {value}; this model gives at most {largest} tokens.");
                    return Err(invalid(Some(name), message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The output bound that the call names; the smaller one where it names two.
    pub fn output(&self) -> Option<u64> {
        let value = |limit: &Option<Limit>| limit.as_ref().and_then(|limit| limit.value);
        value(&self.max_tokens).into_iter().chain(value(&self.max_completion_tokens)).min()
    }

    /// The body for a deployment. Untouched, and not copied, where nothing has to change.
    pub fn render(&self, body: &Bytes, target: Target<'_>) -> Bytes {
        let mut edits: Vec<(Range<usize>, String)> = vec![];
        if self.model != target.model {
            edits.push((self.model_at.clone(), serde_json::Value::from(target.model).to_string()));
        }
        if self.output().is_none() {
            let named = [("max_tokens", &self.max_tokens), ("max_completion_tokens", &self.max_completion_tokens)];
            let null = named.into_iter().find_map(|(name, limit)| limit.as_ref().filter(|_| name == target.output_field));
            match null {
                Some(limit) => edits.push((limit.at.clone(), target.output.to_string())),
                None => edits.push((self.start..self.start, format!("\"{}\":{},", target.output_field, target.output))),
            }
        }
        if self.stream && !self.include_usage {
            edits.push(self.ask_for_usage());
        }
        if edits.is_empty() {
            return body.clone();
        }
        edits.sort_by_key(|(at, _)| at.start);
        let added: usize = edits.iter().map(|(_, text)| text.len()).sum();
        let mut rendered = Vec::with_capacity(body.len() + added);
        let mut done = 0;
        for (at, text) in edits {
            rendered.extend_from_slice(&body[done..at.start]);
            rendered.extend_from_slice(text.as_bytes());
            done = at.end;
        }
        rendered.extend_from_slice(&body[done..]);
        rendered.into()
    }

    fn ask_for_usage(&self) -> (Range<usize>, String) {
        match &self.stream_options {
            None => (self.start..self.start, r#""stream_options":{"include_usage":true},"#.into()),
            Some(options) if options.is_null => (options.at.clone(), r#"{"include_usage":true}"#.into()),
            Some(StreamOptions { include_usage: Some(at), .. }) => (at.clone(), "true".into()),
            Some(options) => {
                let inside = options.at.start + 1;
                (inside..inside, if options.is_empty { r#""include_usage":true"# } else { r#""include_usage":true,"# }.into())
            }
        }
    }
}

fn invalid(param: Option<&'static str>, message: impl Into<String>) -> Invalid {
    Invalid { message: message.into(), param }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Reader<'a> {
    body: &'a str,
    /// What is wrong, where it is more than a matter of syntax: the parser's own error type would lose the field.
    problem: &'a RefCell<Option<Invalid>>,
}

impl<'de> DeserializeSeed<'de> for Reader<'de> {
    type Value = ChatRequest;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ChatRequest, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'de> {
    type Value = ChatRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ChatRequest, A::Error> {
        let mut request = ChatRequest { choices: 1, start: self.body.find('{').map_or(0, |at| at + 1), ..ChatRequest::default() };
        let mut seen = [false; FIELDS.len()];
        let mut members = 0;
        while let Some(Key(key)) = map.next_key::<Key>()? {
            members += 1;
            if members > MEMBERS_MAX {
                return Err(self.fail(None, format!("The body has more than {MEMBERS_MAX} fields.")));
            }
            match find(&key) {
                Match::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
                Match::Lookalike(field) => {
                    let message = format!("Write `{}` in lower-case ASCII letters.", field.name);
                    return Err(self.fail(Some(field.name), message));
                }
                Match::Exact(at) if seen[at] => {
                    let name = FIELDS[at].name;
                    return Err(self.fail(Some(name), format!("The body has two `{name}` fields.")));
                }
                Match::Exact(at) => {
                    seen[at] = true;
                    let raw = map.next_value::<&RawValue>()?.get();
                    self.read(&mut request, at, raw)?;
                }
            }
        }
        for name in ["model", "messages"] {
            if !FIELDS.iter().zip(seen).any(|(field, seen)| seen && field.name == name) {
                return Err(self.fail(Some(name), format!("The body has no `{name}`.")));
            }
        }
        Ok(request)
    }
}

impl<'de> Reader<'de> {
    fn fail<E: serde::de::Error>(&self, param: Option<&'static str>, message: impl Into<String>) -> E {
        self.problem.replace(Some(invalid(param, message)));
        E::custom("")
    }

    /// Where a raw value stands in the body: it is a part of it.
    fn position(&self, raw: &str) -> Range<usize> {
        let start = raw.as_ptr().addr() - self.body.as_ptr().addr();
        start..start + raw.len()
    }

    fn read<E: serde::de::Error>(&self, request: &mut ChatRequest, at: usize, raw: &'de str) -> Result<(), E> {
        let field = &FIELDS[at];
        if let Err(what) = field.kind.check(raw) {
            let message = if matches!(field.kind, Kind::Refused(_)) { what.into() } else { format!("`{}` {what}", field.name) };
            return Err(self.fail(Some(field.name), message));
        }
        match field.name {
            "model" => {
                request.model = serde_json::from_str(raw)
                    .map_err(|_| self.fail::<E>(Some("model"), "`model` must be the name of a model."))?;
                request.model_at = self.position(raw);
            }
            "stream" => request.stream = raw == "true",
            "stream_options" => {
                let options = self.stream_options(raw)?;
                request.include_usage = options.include_usage.clone().is_some_and(|at| &self.body[at] == "true");
                request.stream_options = Some(options);
            }
            "n" => request.choices = self.count(field.name, raw)?.unwrap_or(1),
            "max_tokens" => request.max_tokens = Some(Limit { at: self.position(raw), value: self.count(field.name, raw)? }),
            "max_completion_tokens" => {
                request.max_completion_tokens = Some(Limit { at: self.position(raw), value: self.count(field.name, raw)? });
            }
            "service_tier" if !matches!(raw, "null" | "\"auto\"" | "\"default\"" | "\"flex\"") => {
                return Err(
                    self.fail(Some("service_tier"), "The catalog has no price for this service tier; leave `service_tier` out.")
                );
            }
            "modalities" if raw != "null" && !serde_json::from_str::<Vec<&str>>(raw).is_ok_and(|list| list == ["text"]) => {
                return Err(self.fail(Some("modalities"), "The catalog has prices for text alone; leave `modalities` out."));
            }
            _ => {}
        }
        Ok(())
    }

    fn count<E: serde::de::Error>(&self, name: &'static str, raw: &str) -> Result<Option<u64>, E> {
        if raw == "null" {
            return Ok(None);
        }
        raw.parse().map(Some).map_err(|_| self.fail(Some(name), format!("`{name}` must be a whole number of at least 1.")))
    }

    fn stream_options<E: serde::de::Error>(&self, raw: &'de str) -> Result<StreamOptions, E> {
        let mut options = StreamOptions { at: self.position(raw), is_null: raw == "null", is_empty: true, include_usage: None };
        if options.is_null {
            return Ok(options);
        }
        let wrong =
            || self.fail(Some("stream_options"), "`stream_options.include_usage` must stand there once, and be true or false.");
        let members: Members = serde_json::from_str(raw).map_err(|_| wrong())?;
        options.is_empty = members.0.is_empty();
        for (key, value) in members.0 {
            if key.eq_ignore_ascii_case("include_usage") {
                if key != "include_usage" || options.include_usage.is_some() || !matches!(value, "true" | "false" | "null") {
                    return Err(wrong());
                }
                options.include_usage = Some(self.position(value));
            }
        }
        Ok(options)
    }
}

/// The members of a small object, in order, repeated ones included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = vec![];
                while let Some(Key(key)) = map.next_key::<Key>()? {
                    members.push((key, map.next_value::<&RawValue>()?.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests;
