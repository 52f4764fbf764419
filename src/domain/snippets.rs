//! The same first call in three languages. The secret is never in them: they read it from `TALLYGATE_KEY`.

use serde::{Deserialize, Serialize};

/// A call, ready to paste.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippets {
    /// For a shell.
    pub curl: String,
    /// With the official package.
    pub python: String,
    /// With the official package.
    pub javascript: String,
}

/// A chat completion against this installation. `base_url` has no slash at the end.
pub fn chat(base_url: &str, model: &str) -> Snippets {
    let curl = format!(
        r#"curl {base_url}/v1/chat/completions \
  -H "Authorization: Bearer $TALLYGATE_KEY" \
  -H "Content-Type: application/json" \
  -d '{{"model": "{model}",
       "messages": [{{"role": "user", "content": "ping"}}]}}'"#
    );
    let python = format!(
        r#"import os
from openai import OpenAI

client = OpenAI(base_url="{base_url}/v1", api_key=os.environ["TALLYGATE_KEY"])
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "ping"}}],
)
print(answer.choices[0].message.content)"#
    );
    let javascript = format!(
        r#"import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: "{base_url}/v1",
  apiKey: process.env.TALLYGATE_KEY,
}});
const answer = await client.chat.completions.create({{
  model: "{model}",
  messages: [{{ role: "user", content: "ping" }}],
}});
console.log(answer.choices[0].message.content);"#
    );
    Snippets { curl, python, javascript }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_name_address_and_model_but_no_secret() {
        let all = chat("https://gate.example", "small-1");
        for text in [&all.curl, &all.python, &all.javascript] {
            assert!(text.contains("https://gate.example/v1") && text.contains("\"small-1\"") && text.contains("TALLYGATE_KEY"));
        }
    }
}
