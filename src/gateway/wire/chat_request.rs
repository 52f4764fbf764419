//! `POST /v1/chat/completions` as far as the gateway reads it. The body is parsed once; what goes upstream is the same bytes with the
//! few values replaced that must be.

use std::{borrow::Cow, fmt, ops::Range};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    fields::FIELDS,
    object::{self, Invalid, Key, Member, count},
};

/// Most choices of one call.
const CHOICES_MAX: u64 = 128;

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
        let mut request = Self { choices: 1, ..Self::default() };
        request.start = object::read(body, &FIELDS, &["model", "messages"], |member| request.take(&member))?;
        request.check()
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

    /// The largest output bound that the call names: of two, nobody knows which one the provider goes by.
    pub fn largest_output(&self) -> Option<u64> {
        let value = |limit: &Option<Limit>| limit.as_ref().and_then(|limit| limit.value);
        value(&self.max_tokens).into_iter().chain(value(&self.max_completion_tokens)).max()
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
    Invalid::new(param, message)
}

impl ChatRequest {
    fn take(&mut self, member: &Member<'_>) -> Result<(), Invalid> {
        let raw = member.raw;
        match member.name {
            "model" => {
                self.model =
                    serde_json::from_str(raw).map_err(|_| invalid(Some("model"), "`model` must be the name of a model."))?;
                self.model_at = member.range();
            }
            "stream" => self.stream = raw == "true",
            "stream_options" => self.stream_options = Some(self.read_stream_options(member)?),
            "n" => self.choices = count(member.name, raw)?.unwrap_or(1),
            "max_tokens" => self.max_tokens = Some(Limit { at: member.range(), value: count(member.name, raw)? }),
            "max_completion_tokens" => {
                self.max_completion_tokens = Some(Limit { at: member.range(), value: count(member.name, raw)? });
            }
            "service_tier" if !matches!(raw, "null" | "\"auto\"" | "\"default\"" | "\"flex\"") => {
                let message = "The catalog has no price for this service tier; leave `service_tier` out.";
                return Err(invalid(Some("service_tier"), message));
            }
            "modalities" if raw != "null" && !serde_json::from_str::<Vec<&str>>(raw).is_ok_and(|list| list == ["text"]) => {
                return Err(invalid(Some("modalities"), "The catalog has prices for text alone; leave `modalities` out."));
            }
            _ => {}
        }
        Ok(())
    }

    fn read_stream_options(&mut self, member: &Member<'_>) -> Result<StreamOptions, Invalid> {
        let is_null = member.raw == "null";
        let mut options = StreamOptions { at: member.range(), is_null, is_empty: true, include_usage: None };
        if options.is_null {
            return Ok(options);
        }
        let wrong =
            || invalid(Some("stream_options"), "`stream_options.include_usage` must stand there once, and be true or false.");
        let members: Members = serde_json::from_str(member.raw).map_err(|_| wrong())?;
        options.is_empty = members.0.is_empty();
        for (key, value) in members.0 {
            if key.eq_ignore_ascii_case("include_usage") {
                if key != "include_usage" || options.include_usage.is_some() || !matches!(value, "true" | "false" | "null") {
                    return Err(wrong());
                }
                self.include_usage = value == "true";
                options.include_usage = Some(member.position(value));
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
