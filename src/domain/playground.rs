//! What somebody asks in the playground, as the call that it makes and as code that makes the same call.

use serde::{Deserialize, Serialize};

use super::snippets::Snippets;

/// A message of a conversation; a person's and the model's take turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Said by the person.
    pub mine: bool,
    /// Its text.
    pub text: String,
}

/// A call that is about to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatDraft {
    /// Model.
    pub model: String,
    /// System prompt; empty for none.
    pub system: String,
    /// The conversation, the newest question last.
    pub messages: Vec<Message>,
    /// As typed: what is no number is for the gateway to refuse.
    pub max_tokens: String,
}

/// A text in JSON, which is also how Python and JavaScript write it.
pub fn json_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // JavaScript took the last two for line ends once.
            c if c < ' ' || c == '\u{7f}' || c == '\u{2028}' || c == '\u{2029}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

impl ChatDraft {
    /// The body of the call.
    pub fn body(&self, stream: bool) -> String {
        let messages: Vec<String> =
            self.all().map(|(role, text)| format!("{{\"role\":\"{role}\",\"content\":{}}}", json_string(text))).collect();
        let mut body = format!("{{\"model\":{},\"messages\":[{}]", json_string(&self.model), messages.join(","));
        if let Some(most) = self.most() {
            body.push_str(&format!(",\"max_tokens\":{most}"));
        }
        if stream {
            body.push_str(",\"stream\":true");
        }
        body.push('}');
        body
    }

    /// Code that makes the same call with a key. `base_url` has no slash at the end.
    pub fn snippets(&self, base_url: &str) -> Snippets {
        Snippets { curl: self.curl(base_url), python: self.python(base_url), javascript: self.javascript(base_url) }
    }

    fn curl(&self, base_url: &str) -> String {
        let messages = self.lines("    ", |role, text| format!("{{\"role\": \"{role}\", \"content\": {text}}}"));
        let most = self.most().map_or_else(String::new, |most| format!(",\n  \"max_tokens\": {most}"));
        let body = format!("{{\n  \"model\": {},\n  \"messages\": [\n{messages}\n  ]{most}\n}}", json_string(&self.model));
        // A shell takes nothing inside single quotes for its own, and a single quote ends them.
        let body = body.replace('\'', "'\\''");
        format!(
            "curl {base_url}/v1/chat/completions \\\n  -H \"Authorization: Bearer $TALLYGATE_KEY\" \\\n  \
             -H \"Content-Type: application/json\" \\\n  -d '{body}'"
        )
    }

    fn python(&self, base_url: &str) -> String {
        let messages = self.lines("        ", |role, text| format!("{{\"role\": \"{role}\", \"content\": {text}}}"));
        let most = self.most().map_or_else(String::new, |most| format!("    max_tokens={most},\n"));
        format!(
            "import os\nfrom openai import OpenAI\n\n\
             client = OpenAI(base_url=\"{base_url}/v1\", api_key=os.environ[\"TALLYGATE_KEY\"])\n\
             answer = client.chat.completions.create(\n    model={},\n    messages=[\n{messages},\n    ],\n{most})\n\
             print(answer.choices[0].message.content)",
            json_string(&self.model)
        )
    }

    fn javascript(&self, base_url: &str) -> String {
        let messages = self.lines("    ", |role, text| format!("{{ role: \"{role}\", content: {text} }}"));
        let most = self.most().map_or_else(String::new, |most| format!("  max_tokens: {most},\n"));
        format!(
            "import OpenAI from \"openai\";\n\nconst client = new OpenAI({{\n  baseURL: \"{base_url}/v1\",\n  \
             apiKey: process.env.TALLYGATE_KEY,\n}});\nconst answer = await client.chat.completions.create({{\n  model: {},\n  \
             messages: [\n{messages},\n  ],\n{most}}});\nconsole.log(answer.choices[0].message.content);",
            json_string(&self.model)
        )
    }

    fn lines(&self, indent: &str, line: impl Fn(&str, &str) -> String) -> String {
        let lines: Vec<String> = self.all().map(|(role, text)| format!("{indent}{}", line(role, &json_string(text)))).collect();
        lines.join(",\n")
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let system = (!self.system.trim().is_empty()).then_some(("system", self.system.as_str()));
        let messages =
            self.messages.iter().map(|message| (if message.mine { "user" } else { "assistant" }, message.text.as_str()));
        system.into_iter().chain(messages)
    }

    /// The bound, as it stands in the call.
    fn most(&self) -> Option<String> {
        let typed = self.max_tokens.trim();
        if typed.is_empty() {
            return None;
        }
        let is_number = typed.len() <= 18 && typed.bytes().all(|byte| byte.is_ascii_digit());
        let digits = typed.trim_start_matches('0');
        Some(match (is_number, digits) {
            (false, _) => json_string(typed),
            (true, "") => "0".to_owned(),
            (true, digits) => digits.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn draft(text: &str, max_tokens: &str) -> ChatDraft {
        ChatDraft {
            model: "small-1".into(),
            system: "Be brief.".into(),
            messages: vec![
                Message { mine: true, text: "ping".into() },
                Message { mine: false, text: "pong".into() },
                Message { mine: true, text: text.into() },
            ],
            max_tokens: max_tokens.into(),
        }
    }

    #[test]
    fn the_body_holds_what_was_typed() {
        let hostile = "it's \"so\" \\ `$HOME` \n\r\t\u{1}\u{7f}\u{2028}é😀</script>";
        let body: Value = serde_json::from_str(&draft(hostile, "007").body(true)).unwrap();
        let messages = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "ping"},
            {"role": "assistant", "content": "pong"},
            {"role": "user", "content": hostile},
        ]);
        assert_eq!(body, json!({"model": "small-1", "messages": messages, "max_tokens": 7, "stream": true}));
        let bare = ChatDraft { system: " ".into(), ..draft("x", " ") };
        let body: Value = serde_json::from_str(&bare.body(false)).unwrap();
        assert_eq!(body["messages"][0]["role"], "user");
        assert!(body.get("max_tokens").is_none() && body.get("stream").is_none());
        for (typed, sent) in [("many", json!("many")), ("-1", json!("-1")), ("0", json!(0)), ("1.5", json!("1.5"))] {
            let body: Value = serde_json::from_str(&draft("x", typed).body(false)).unwrap();
            assert_eq!(body["max_tokens"], sent, "for the gateway to judge");
        }
    }

    #[test]
    fn the_code_makes_the_same_call_and_holds_no_secret() {
        let all = draft("it's me", "5").snippets("https://gate.example");
        for text in [&all.curl, &all.python, &all.javascript] {
            assert!(text.contains("https://gate.example/v1") && text.contains("small-1") && text.contains("TALLYGATE_KEY"));
            assert!(text.contains("pong"), "the whole conversation");
        }
        let body = all.curl.split_once("-d '").unwrap().1.strip_suffix('\'').unwrap().replace("'\\''", "'");
        let sent: Value = serde_json::from_str(&draft("it's me", "5").body(false)).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), sent, "{body}");
    }
}
