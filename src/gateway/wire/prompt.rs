//! Tokens of a prompt, counted here where no provider reported them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::unquoted;
use crate::service::tokens;

/// What the chat format adds per message, and once.
const PER_MESSAGE: u64 = 3;
/// A picture, a sound, a file: their tokens are not in the text.
const PER_ATTACHMENT: u64 = 765;

#[derive(Deserialize)]
struct Prompt<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

/// Counts the prompt of a request's body.
pub fn count(body: &[u8]) -> u64 {
    let Some(prompt) = std::str::from_utf8(body).ok().and_then(|body| serde_json::from_str::<Prompt>(body).ok()) else {
        return tokens::count(&String::from_utf8_lossy(body));
    };
    let mut text = String::with_capacity(body.len());
    let mut extra = PER_MESSAGE;
    for message in &prompt.messages {
        extra += PER_MESSAGE;
        for raw in [message.role, message.tool_calls].into_iter().flatten() {
            text.push_str(&unquoted(raw.get()));
            text.push('\n');
        }
        let Some(content) = message.content.map(RawValue::get) else { continue };
        match serde_json::from_str::<Vec<Part>>(content) {
            Ok(parts) => {
                for part in parts {
                    match part.text {
                        Some(raw) => text.push_str(&unquoted(raw.get())),
                        None => extra += PER_ATTACHMENT,
                    }
                }
            }
            Err(_) => text.push_str(&unquoted(content)),
        }
        text.push('\n');
    }
    if let Some(tools) = prompt.tools {
        text.push_str(tools.get());
    }
    // The line ends between the parts are not the prompt's, but about as many tokens as the format has anyway.
    tokens::count(&text) + extra
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_counted_by_their_text_and_not_by_their_pictures() {
        tokens::load();
        let plain = count(br#"{"model":"m","messages":[{"role":"user","content":"Hello, world!"}]}"#);
        assert!((9..=14).contains(&plain), "{plain}");
        let picture = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"Hello, world!"}},{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}}]}}]}}"#,
            "iVBORw0KGgo".repeat(10_000)
        );
        assert_eq!(count(picture.as_bytes()), plain + PER_ATTACHMENT);
        assert!(count(br#"{"messages":"odd"}"#) > 0);
    }
}
