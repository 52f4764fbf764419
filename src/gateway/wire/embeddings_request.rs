//! `POST /v1/embeddings` as far as the gateway reads it: the model, and how much it is given.

use std::{fmt, ops::Range};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    answer::unquoted,
    fields::EMBEDDING_FIELDS,
    object::{self, Invalid, Member, count},
};
use crate::{domain::tokenizer::Tokenizer, service::tokens};

/// Most inputs of one call.
pub const INPUTS_MAX: usize = 2_048;
/// Largest vectors that anybody asks for.
const DIMENSIONS_MAX: u64 = 65_536;

/// A request, by what it says and where it says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmbeddingsRequest {
    /// Model asked for.
    pub model: String,
    /// Vectors come as base64 of little-endian floats.
    pub base64: bool,
    /// Length of the vectors, where one is asked for.
    pub dimensions: Option<u64>,
    /// Inputs, each by its place in the body.
    pub inputs: Vec<Range<usize>>,
    /// Tokens of the inputs that came as tokens.
    token_count: u64,
    /// Bytes of the inputs that came as text.
    text_bytes: u64,
    model_at: Range<usize>,
}

impl EmbeddingsRequest {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let mut request = Self::default();
        object::read(body, &EMBEDDING_FIELDS, &["model", "input"], |member| request.take(&member))?;
        Ok(request)
    }

    fn take(&mut self, member: &Member<'_>) -> Result<(), Invalid> {
        let invalid = |message: &str| Invalid::new(Some(member.name), message);
        match member.name {
            "model" => {
                self.model = serde_json::from_str(member.raw).map_err(|_| invalid("`model` must be the name of a model."))?;
                self.model_at = member.range();
            }
            "input" => self.read_input(member)?,
            "stream" if member.raw == "true" => return Err(invalid("Embeddings are not streamed; leave `stream` out.")),
            "encoding_format" => {
                self.base64 = member.raw == "\"base64\"";
                if !matches!(member.raw, "null" | "\"float\"" | "\"base64\"") {
                    return Err(invalid("`encoding_format` must be `float` or `base64`."));
                }
            }
            "dimensions" => {
                self.dimensions = count(member.name, member.raw)?;
                if self.dimensions.is_some_and(|n| !(1..=DIMENSIONS_MAX).contains(&n)) {
                    return Err(invalid("`dimensions` must be a whole number from 1 to 65536."));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_input(&mut self, member: &Member<'_>) -> Result<(), Invalid> {
        let wrong = || {
            Invalid::new(
                Some("input"),
                "`input` must be a text, a list of texts, a list of tokens, or a list of such lists; none empty.",
            )
        };
        let raw = member.raw;
        let first = raw.strip_prefix('[').map(|rest| rest.trim_start().as_bytes().first().copied().unwrap_or_default());
        match first {
            None => self.add(raw, member.range()).ok_or_else(wrong),
            Some(b'0'..=b'9') => self.add(raw, member.range()).ok_or_else(wrong),
            Some(kind @ (b'"' | b'[')) => {
                let inputs: Inputs = serde_json::from_str(raw).map_err(|_| wrong())?;
                if inputs.more {
                    return Err(Invalid::new(Some("input"), format!("`input` has more than {INPUTS_MAX} entries.")));
                }
                for input in inputs.list {
                    let same_kind = input.as_bytes().first() == Some(&kind);
                    same_kind.then(|| self.add(input, member.position(input))).flatten().ok_or_else(wrong)?;
                }
                Ok(())
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Adds a text or a list of tokens; none where it is neither, or empty.
    fn add(&mut self, raw: &str, at: Range<usize>) -> Option<()> {
        if raw.starts_with('"') {
            let bytes = raw.len() - 2;
            self.text_bytes += u64::try_from(bytes).ok().filter(|bytes| *bytes > 0)?;
        } else {
            let tokens: Vec<u32> = raw.starts_with('[').then(|| serde_json::from_str(raw).ok()).flatten()?;
            self.token_count += u64::try_from(tokens.len()).ok().filter(|count| *count > 0)?;
        }
        self.inputs.push(at);
        Some(())
    }

    /// Prompt tokens as far as the body's length tells.
    pub fn estimate(&self) -> u64 {
        self.token_count + self.text_bytes.div_ceil(4)
    }

    /// Tokens at most: no token of a text is less than a byte.
    pub fn length(&self) -> u64 {
        self.token_count.saturating_add(self.text_bytes)
    }

    /// Tokens at most, by the model's own tokenizer.
    pub fn counted_length(&self, body: &[u8], tokenizer: Tokenizer) -> u64 {
        self.token_count + self.texts(body).map(|raw| tokens::at_most(tokenizer, &unquoted(raw))).sum::<u64>()
    }

    /// Prompt tokens, counted.
    pub fn count(&self, body: &[u8]) -> u64 {
        self.token_count + self.texts(body).map(|raw| tokens::count(&unquoted(raw))).sum::<u64>()
    }

    fn texts<'a>(&'a self, body: &'a [u8]) -> impl Iterator<Item = &'a str> {
        let inputs = self.inputs.iter().filter_map(|at| std::str::from_utf8(body.get(at.clone())?).ok());
        inputs.filter(|raw| raw.starts_with('"'))
    }

    /// The body for a deployment. Untouched, and not copied, where nothing has to change.
    pub fn render(&self, body: &Bytes, model: &str) -> Bytes {
        if self.model == model {
            return body.clone();
        }
        let name = serde_json::Value::from(model).to_string();
        [&body[..self.model_at.start], name.as_bytes(), &body[self.model_at.end..]].concat().into()
    }
}

/// The entries of a list, up to one more than there may be.
struct Inputs<'a> {
    list: Vec<&'a str>,
    more: bool,
}

impl<'de> Deserialize<'de> for Inputs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InputsVisitor;
        impl<'de> Visitor<'de> for InputsVisitor {
            type Value = Inputs<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inputs<'de>, A::Error> {
                let mut inputs = Inputs { list: vec![], more: false };
                while let Some(raw) = seq.next_element::<&RawValue>()? {
                    if inputs.list.len() < INPUTS_MAX {
                        inputs.list.push(raw.get());
                    } else {
                        inputs.more = true;
                    }
                }
                Ok(inputs)
            }
        }
        deserializer.deserialize_seq(InputsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &str) -> Result<EmbeddingsRequest, Invalid> {
        EmbeddingsRequest::parse(format!(r#"{{"model":"m","input":{input}}}"#).as_bytes())
    }

    #[test]
    fn texts_and_tokens_are_counted_in_every_form() {
        tokens::load();
        let seen = |input: &str| parse(input).map(|request| (request.inputs.len(), request.estimate()));
        assert_eq!(seen(r#""Hello, world!""#), Ok((1, 4)));
        assert_eq!(seen(r#"["abcd", "efgh"]"#), Ok((2, 2)));
        assert_eq!(seen("[1, 2, 3]"), Ok((1, 3)));
        assert_eq!(seen("[[1,2],[ 3 ]]"), Ok((2, 3)));
        let body = r#"{"model":"m","input":["Hello, world!","Hello, world!"]}"#;
        assert_eq!(EmbeddingsRequest::parse(body.as_bytes()).unwrap().count(body.as_bytes()), 8);
        let counted = EmbeddingsRequest::parse(body.as_bytes()).unwrap().counted_length(body.as_bytes(), Tokenizer::Cl100k);
        assert_eq!(counted, 8);
        assert!(seen(&format!("[{}]", vec!["\"a\""; INPUTS_MAX].join(","))).is_ok());
        let many = parse(&format!("[{}]", vec!["\"a\""; INPUTS_MAX + 1].join(","))).unwrap_err();
        assert!(many.message.contains("2048"), "{many:?}");
    }

    #[test]
    fn what_is_no_input_is_refused() {
        for bad in [
            "\"\"",
            "[]",
            "[\"\"]",
            "[[]]",
            "null",
            "1",
            "true",
            "{}",
            "[null]",
            "[{}]",
            "[\"a\",1]",
            "[\"a\",[1]]",
            "[[1],\"a\"]",
            "[1,\"a\"]",
            "[1,-2]",
            "[-1]",
            "[1.5]",
            "[[1.5]]",
            "[4294967296]",
            "[[\"a\"]]",
            "[[[1]]]",
        ] {
            assert_eq!(parse(bad).unwrap_err().param, Some("input"), "{bad}");
        }
        for (body, field) in [
            (r#"{"model":"m"}"#, "input"),
            (r#"{"input":"a"}"#, "model"),
            (r#"{"model":"m","input":"a","input":"b"}"#, "input"),
            (r#"{"model":"m","Input":"b","input":"a"}"#, "input"),
            (r#"{"model":"m","input":"a","dimensions":0}"#, "dimensions"),
            (r#"{"model":"m","input":"a","dimensions":-5}"#, "dimensions"),
            (r#"{"model":"m","input":"a","dimensions":1e9}"#, "dimensions"),
            (r#"{"model":"m","input":"a","encoding_format":"int8"}"#, "encoding_format"),
            (r#"{"model":"m","input":"a","stream":true}"#, "stream"),
            (r#"{"model":"m","input":"a","api_base":"http://x"}"#, "api_base"),
            (r#"{"model":"m","input":"a","fallbacks":["x"]}"#, "fallbacks"),
        ] {
            assert_eq!(EmbeddingsRequest::parse(body.as_bytes()).unwrap_err().param, Some(field), "{body}");
        }
    }

    #[test]
    fn only_the_models_name_is_changed() {
        let body = Bytes::from_static(br#"{ "future":1e2, "input":[1], "model" : "m","dimensions":8}"#);
        let request = EmbeddingsRequest::parse(&body).unwrap();
        assert_eq!(request.render(&body, "up\"x"), r#"{ "future":1e2, "input":[1], "model" : "up\"x","dimensions":8}"#);
        assert_eq!(request.render(&body, "m").as_ptr(), body.as_ptr(), "not even copied");
    }
}
