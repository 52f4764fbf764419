//! How many tokens a prompt can be at most, without counting them. No token of a text is less than a byte, so a body's length bounds
//! what stands in it; what a provider adds around it is covered by constants. Where the body does not hold the prompt (pictures,
//! sounds, files, tools that fetch), the model's context window is the bound.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::unquoted;
use crate::{domain::tokenizer::Tokenizer, service::tokens};

/// What formats add to a call.
const PER_CALL: u64 = 64;
/// To a message, a tool, an input of embeddings.
const PER_ITEM: u64 = 32;
/// What providers add once where there are tools: some put a page of instructions before them.
const WITH_TOOLS: u64 = 1_024;

#[derive(Deserialize)]
struct Prompt<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    tools: Option<Vec<Tool<'a>>>,
    #[serde(borrow, default)]
    functions: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    /// An earlier answer, by its id.
    #[serde(borrow, default)]
    audio: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct TextPart<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

/// For a body of a chat.
pub fn chat(body: &[u8], context_window: u64) -> u64 {
    let in_body = std::str::from_utf8(body).ok().and_then(|body| serde_json::from_str::<Prompt>(body).ok());
    match in_body.and_then(|prompt| around(&prompt)) {
        Some(extra) => (body.len() as u64).saturating_add(extra).min(context_window),
        None => context_window,
    }
}

/// The same with its texts counted by the model's own tokenizer instead of by their length; everything else of the body still is.
pub fn counted_chat(body: &[u8], context_window: u64, tokenizer: Tokenizer) -> u64 {
    let in_body = std::str::from_utf8(body).ok().and_then(|body| serde_json::from_str::<Prompt>(body).ok());
    let Some((prompt, extra)) = in_body.and_then(|prompt| around(&prompt).map(|extra| (prompt, extra))) else {
        return context_window;
    };
    let (mut length, mut tokens) = (body.len() as u64, extra);
    let mut count = |raw: &str| {
        if raw.starts_with('"') {
            length = length.saturating_sub(raw.len() as u64);
            tokens += tokens::at_most(tokenizer, &unquoted(raw));
        }
    };
    for content in prompt.messages.iter().filter_map(|message| message.content.map(RawValue::get)) {
        match serde_json::from_str::<Vec<TextPart>>(content) {
            Ok(parts) => parts.iter().filter_map(|part| part.text).for_each(|text| count(text.get())),
            Err(_) => count(content),
        }
    }
    length.saturating_add(tokens).min(context_window)
}

/// For inputs of embeddings, each of which has the context window to itself.
pub fn embeddings(inputs: u64, in_body: u64, context_window: u64) -> u64 {
    in_body.saturating_add(inputs.saturating_mul(PER_ITEM)).min(context_window.saturating_mul(inputs.max(1)))
}

/// What may come around the text; none where the text is not all.
fn around(prompt: &Prompt<'_>) -> Option<u64> {
    for message in &prompt.messages {
        if message.audio.is_some_and(|audio| audio.get() != "null") {
            return None;
        }
        let content = message.content.map_or("", RawValue::get);
        if content.starts_with('[') {
            let parts: Vec<Part> = serde_json::from_str(content).ok()?;
            if !parts.iter().all(|part| matches!(part.r#type.as_deref(), Some("text" | "refusal"))) {
                return None;
            }
        } else if content.starts_with('{') {
            return None;
        }
    }
    let tools = prompt.tools.as_deref().unwrap_or_default();
    if !tools.iter().all(|tool| matches!(tool.r#type.as_deref(), Some("function" | "custom"))) {
        return None;
    }
    let offered = tools.len() + prompt.functions.as_deref().unwrap_or_default().len();
    let items = (prompt.messages.len() + offered) as u64;
    Some(PER_CALL + items * PER_ITEM + if offered > 0 { WITH_TOOLS } else { 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::gateway::wire::prompt;

    const WINDOW: u64 = 128_000;

    fn bound(body: &serde_json::Value) -> u64 {
        chat(body.to_string().as_bytes(), WINDOW)
    }

    #[test]
    fn what_is_not_in_the_body_may_fill_the_context_window() {
        let says = |content: serde_json::Value| json!({"messages": [{"role": "user", "content": content}]});
        for all_there in [json!("Hi"), json!(null), json!([{"type": "text", "text": "Hi"}]), json!([])] {
            assert!(bound(&says(all_there)) < 300);
        }
        for elsewhere in [
            json!([{"type": "image_url", "image_url": {"url": "https://x.example/1.png"}}]),
            json!([{"type": "text", "text": "Hi"}, {"type": "input_audio", "input_audio": {}}]),
            json!([{"type": "file", "file": {"file_id": "f"}}]),
            json!([{"text": "Hi"}]),
            json!({"parts": []}),
        ] {
            assert_eq!(bound(&says(elsewhere.clone())), WINDOW, "{elsewhere}");
        }
        assert_eq!(bound(&json!({"messages": [{"role": "assistant", "audio": {"id": "a"}}]})), WINDOW);
        assert_eq!(bound(&json!({"messages": [{"content": "Hi"}], "tools": [{"type": "web_search"}]})), WINDOW);
        assert_eq!(chat(br#"{"messages":[{"content":[{"type":"text","type":"image_url"}]}]}"#, WINDOW), WINDOW);
        let tool = json!({"messages": [{"content": "Hi"}], "tools": [{"type": "function", "function": {"name": "f"}}]});
        assert!((1_024..1_400).contains(&bound(&tool)));
        // Nothing is longer than the window.
        assert_eq!(bound(&says(json!("x".repeat(1_000_000)))), WINDOW);
        assert_eq!(embeddings(3, 10, 8_000), 10 + 3 * PER_ITEM);
        assert_eq!(embeddings(2, 100_000, 8_000), 16_000);
    }

    #[test]
    fn texts_are_counted_by_a_known_tokenizer_and_the_rest_by_its_length() {
        let book = "The tally is kept at the gate, and every cart is counted once. ".repeat(200);
        let counted = |body: &serde_json::Value| counted_chat(body.to_string().as_bytes(), WINDOW, Tokenizer::Cl100k);
        let body = |content: serde_json::Value| json!({"messages": [{"role": "user", "content": content}]});
        let plain = counted(&body(json!(book)));
        assert!(plain * 3 < bound(&body(json!(book))), "{plain}");
        let parts = counted(&body(json!([{"type": "text", "text": book}])));
        assert!((plain..plain + 40).contains(&parts), "{parts}");
        // What tools are made of is known to no tokenizer.
        let mut tools = body(json!("Hi"));
        tools["tools"] = json!([{"type": "function", "function": {"name": "f", "description": book}}]);
        assert!(counted(&tools) > book.len() as u64);
        let picture =
            body(json!([{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "https://x.example/1.png"}}]));
        assert_eq!(counted(&picture), WINDOW);
    }

    proptest! {
        #[test]
        fn a_bound_is_never_below_what_is_counted(
            texts in prop::collection::vec("\\PC{0,200}", 1..6),
            tool in prop::option::of("[a-z]{1,20}"),
        ) {
            tokens::load();
            let messages: Vec<_> = texts.iter().map(|text| json!({"role": "user", "content": text})).collect();
            let mut body = json!({"model": "m", "messages": messages});
            if let Some(name) = tool {
                body["tools"] = json!([{"type": "function", "function": {"name": name, "parameters": {}}}]);
            }
            let text = body.to_string();
            let counted = prompt::count(text.as_bytes());
            prop_assert!(chat(text.as_bytes(), u64::MAX) >= counted);
            prop_assert!(counted_chat(text.as_bytes(), u64::MAX, Tokenizer::O200k) >= counted);
        }
    }
}
