//! `/api/docs`: the OpenAPI document as a plain page. Rendered here, so that it needs no program from elsewhere.

use std::fmt::Write;

use axum::{Extension, response::Html};
use leptos::nonce::Nonce;
use serde_json::Value;

/// The page.
pub async fn page(nonce: Option<Extension<Nonce>>) -> Html<String> {
    let nonce = nonce.map_or_else(String::new, |Extension(nonce)| nonce.to_string());
    let document = serde_json::to_value(super::document()).unwrap_or_default();
    Html(render(&document, &nonce))
}

const STYLE: &str = "
    :root { color-scheme: light dark; }
    body { font: 15px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
    h2 { margin-top: 2.5rem; } h3 { margin: 0; font-size: 1rem; }
    code { font: 0.9em ui-monospace, monospace; }
    section { border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent); padding: 1rem 0; }
    table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
    th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; font-weight: normal; }
    td:first-child { white-space: nowrap; } p { margin: 0.4rem 0; }
    details { margin: 0.25rem 0; } .method { font-weight: 600; display: inline-block; min-width: 4.5rem; }
";

fn render(document: &Value, nonce: &str) -> String {
    let mut html = String::with_capacity(64 << 10);
    let info = &document["info"];
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>API · Tallygate</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"icon\" href=\"/favicon.svg\">\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main><h1>{}</h1><p>{}</p>\
         <p>Machine-readable: <a href=\"/api/v1/openapi.json\">openapi.json</a>. All paths begin with <code>/api/v1</code>.</p>",
        text(&info["title"]),
        text(&info["description"]),
    );
    let mut tag = String::new();
    for (path, operations) in object(&document["paths"]) {
        for (method, operation) in object(operations) {
            let own = text(&operation["tags"][0]);
            if own != tag {
                let _ = write!(html, "<h2>{own}</h2>");
                tag = own;
            }
            operation_html(&mut html, document, path, method, operation);
        }
    }
    html.push_str("</main></body></html>");
    html
}

fn operation_html(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        html,
        "<section><h3><span class=\"method\">{}</span><code>{}</code></h3><p>{}</p>",
        escape(&method.to_uppercase()),
        escape(path),
        text(&operation["summary"]),
    );
    if operation["description"].is_string() {
        let _ = write!(html, "<p>{}</p>", text(&operation["description"]));
    }
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        html.push_str("<table>");
        for parameter in parameters {
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                text(&parameter["description"]),
            );
        }
        html.push_str("</table>");
    }
    schema_html(html, document, "Body", &operation["requestBody"]["content"]);
    for (status, response) in object(&operation["responses"]) {
        let title = format!("Answer {status}");
        if response["content"].is_object() {
            schema_html(html, document, &title, &response["content"]);
        } else {
            let _ = write!(html, "<p>{}: {}</p>", escape(&title), text(&response["description"]));
        }
    }
    html.push_str("</section>");
}

fn schema_html(html: &mut String, document: &Value, title: &str, content: &Value) {
    let Some((_, media)) = object(content).next() else { return };
    let mut schema = resolve(document, &media["schema"]);
    let mut list = "";
    if let Some(items) = schema["properties"].get("items") {
        list = " (a list of)";
        schema = resolve(document, &items["items"]);
    }
    let _ = write!(html, "<details><summary>{}{list}</summary><table>", escape(title));
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (name, property) in object(&schema["properties"]) {
        let optional = if required.iter().any(|field| field == name) { "" } else { "optional" };
        let _ = write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{optional}</td><td>{}</td></tr>",
            escape(name),
            type_of(document, property),
            text(&property["description"]),
        );
    }
    html.push_str("</table></details>");
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    target.unwrap_or(schema)
}

fn type_of(document: &Value, property: &Value) -> String {
    let kind = &resolve(document, property)["type"];
    match kind {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        Value::String(_) => text(kind),
        _ => "object".into(),
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A text of the document: what stands between backticks is code.
fn text(value: &Value) -> String {
    let mut html = String::new();
    for (at, piece) in value.as_str().unwrap_or_default().split('`').enumerate() {
        let piece = escape(piece);
        html.push_str(&if at % 2 == 1 { format!("<code>{piece}</code>") } else { piece });
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_text_and_code_is_code() {
        let value = serde_json::json!("Use `<me>` & \"you\"");
        assert_eq!(text(&value), "Use <code>&lt;me&gt;</code> &amp; &quot;you&quot;");
    }
}
