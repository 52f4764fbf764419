//! Answers as far as the gateway meters them: usage, what was produced, and whether it is an error. Read leniently: what a provider
//! adds or leaves out is no reason to fail a call that was answered.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::usage::Tokens;

/// More tokens than any call has: such a report is not believed.
const TOKENS_MAX: u64 = 1 << 40;

/// What an answer, or a chunk of one, says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the provider counted.
    pub usage: Option<Tokens>,
    /// Only usage: the chunk that `include_usage` adds.
    pub is_usage_only: bool,
    /// A choice is complete.
    pub is_finished: bool,
}

/// Not an answer: no JSON object, or one that reports an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Garbage;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    choices: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    delta: Option<Produced<'a>>,
    #[serde(borrow, default)]
    message: Option<Produced<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Produced<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_call: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

/// Reads an answer or a chunk; what it produced is added to `text`.
pub fn read(json: &str, text: &mut String) -> Result<Reading, Garbage> {
    let answer: Answer = serde_json::from_str(json).map_err(|_| Garbage)?;
    // The parser would take a list for the fields in order.
    if !json.trim_start().starts_with('{') {
        return Err(Garbage);
    }
    if answer.error.is_some_and(|error| error.get() != "null") {
        return Err(Garbage);
    }
    let usage = answer.usage.and_then(|raw| usage(raw.get()));
    let raw_choices = answer.choices.map_or("[]", RawValue::get);
    let mut reading = Reading { usage, ..Reading::default() };
    match serde_json::from_str::<Vec<Choice>>(raw_choices) {
        Ok(choices) => {
            // Some servers add a choice that says nothing.
            let has_usage = answer.usage.is_some_and(|raw| raw.get() != "null");
            reading.is_usage_only = has_usage && choices.iter().all(Choice::says_nothing);
            for choice in &choices {
                reading.is_finished |= choice.finish_reason.is_some_and(|raw| raw.get() != "null");
                for produced in [&choice.delta, &choice.message].into_iter().flatten() {
                    produced.add_to(text);
                }
            }
        }
        // Choices of another shape still are something that was produced.
        Err(_) => text.push_str(raw_choices),
    }
    Ok(reading)
}

impl Choice<'_> {
    fn says_nothing(&self) -> bool {
        let Self { delta: Some(delta), message: None, finish_reason } = self else { return false };
        let parts = [
            delta.role,
            delta.content,
            delta.reasoning_content,
            delta.reasoning,
            delta.refusal,
            delta.tool_calls,
            delta.function_call,
            *finish_reason,
        ];
        parts.into_iter().flatten().all(|raw| matches!(raw.get(), "null" | "\"\""))
    }
}

impl Produced<'_> {
    fn add_to(&self, text: &mut String) {
        let parts = [self.content, self.reasoning_content.or(self.reasoning), self.refusal];
        for raw in parts.into_iter().flatten().map(RawValue::get).filter(|raw| *raw != "null") {
            text.push_str(&unquoted(raw));
        }
        if let Some(raw) = self.tool_calls.or(self.function_call).map(RawValue::get).filter(|raw| *raw != "null") {
            add_arguments(raw, text);
        }
    }
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow, default)]
    function: Option<FunctionCall<'a>>,
}

#[derive(Deserialize)]
struct FunctionCall<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

fn add_arguments(raw: &str, text: &mut String) {
    let functions = match serde_json::from_str::<Vec<ToolCall>>(raw) {
        Ok(calls) => calls.into_iter().filter_map(|call| call.function).collect(),
        Err(_) => match serde_json::from_str::<FunctionCall>(raw) {
            Ok(function) => vec![function],
            Err(_) => return text.push_str(raw),
        },
    };
    for part in functions.iter().flat_map(|function| [function.name, function.arguments]).flatten() {
        text.push_str(&unquoted(part.get()));
    }
}

fn usage(raw: &str) -> Option<Tokens> {
    let usage: Usage = serde_json::from_str(raw).ok()?;
    let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
    let tokens =
        Tokens { prompt: usage.prompt_tokens, cached: cached.min(usage.prompt_tokens), completion: usage.completion_tokens };
    (tokens.prompt <= TOKENS_MAX && tokens.completion <= TOKENS_MAX).then_some(tokens)
}

/// The text of a JSON string; anything else stays as it is.
pub(super) fn unquoted(raw: &str) -> Cow<'_, str> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text>(raw).map_or(Cow::Borrowed(raw), |text| text.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(json: &str) -> (Result<Reading, Garbage>, String) {
        let mut text = String::new();
        (read(json, &mut text), text)
    }

    #[test]
    fn chunks_say_what_was_produced_and_what_was_used() {
        let (reading, text) =
            read_all(r#"{"choices":[{"delta":{"role":"assistant","content":"a\nb"},"finish_reason":null}],"usage":null}"#);
        assert_eq!((reading, text.as_str()), (Ok(Reading::default()), "a\nb"));
        let (reading, text) = read_all(
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]}"#,
        );
        assert_eq!((reading.unwrap().is_finished, text.as_str()), (true, r#"f{"a":1}"#));
        let (reading, _) = read_all(
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":5,"audio_tokens":0}}}"#,
        );
        let tokens = Tokens { prompt: 9, cached: 5, completion: 4 };
        assert_eq!(reading, Ok(Reading { usage: Some(tokens), is_usage_only: true, is_finished: false }));
        for quiet in ["{}", r#"{"content":null,"role":null}"#, r#"{"content":"","tool_calls":null}"#] {
            let chunk = |finish: &str| {
                format!(r#"{{"choices":[{{"index":0,"delta":{quiet},"finish_reason":{finish}}}],"usage":{{"prompt_tokens":1}}}}"#)
            };
            assert!(read_all(&chunk("null")).0.unwrap().is_usage_only, "{quiet}");
            assert!(!read_all(&chunk("\"stop\"")).0.unwrap().is_usage_only, "{quiet}");
        }
        // Azure's first chunk has no choices and no usage; it is the client's.
        assert!(!read_all(r#"{"choices":[],"prompt_filter_results":[]}"#).0.unwrap().is_usage_only);
        let (reading, text) =
            read_all(r#"{"choices":[{"message":{"content":[{"type":"text","text":"x"}],"reasoning_content":"why"}}]}"#);
        assert!(reading.is_ok() && text.ends_with("why"), "{text}");
    }

    #[test]
    fn errors_and_other_texts_are_no_answers() {
        for bad in ["", "<html>", "{", "[]", "1", r#"{"error":{"message":"x"}}"#, r#"{"error":"x","choices":[]}"#] {
            assert_eq!(read_all(bad).0, Err(Garbage), "{bad}");
        }
        assert!(read_all(r#"{"error":null,"choices":[]}"#).0.is_ok());
    }

    #[test]
    fn absurd_usage_is_not_believed() {
        for bad in ["-1", "1.5", "\"9\"", "18446744073709551615", "1e30"] {
            let json = format!(r#"{{"choices":[],"usage":{{"prompt_tokens":{bad},"completion_tokens":1}}}}"#);
            assert_eq!(read_all(&json).0.unwrap().usage, None, "{bad}");
        }
        let more =
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":99}}}"#;
        assert_eq!(read_all(more).0.unwrap().usage.unwrap().cached, 3);
    }
}
