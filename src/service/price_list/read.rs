//! Reads the community's format of price lists (`model_prices_and_context_window.json`): an object of models, each with costs per
//! token. Numbers are read digit by digit, never as floats: what can not be kept exactly is refused.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::domain::{
    catalog::{Modality, NO_OUTPUT, TOKENS_MAX, check_model_name},
    money::{MAX_PRICE, Price},
    price_list::{ENTRIES_MAX, ListEntry, ListedModel},
    prices::Prices,
};

/// The list explains itself in an entry of this name.
const SAMPLE: &str = "sample_spec";
/// One dollar per token is this much per million tokens, in powers of ten of a nano-dollar.
const SHIFT: i64 = 15;

/// Reads a list; entries in their order. The error is a sentence for people.
pub fn read(text: &str) -> Result<Vec<ListEntry>, String> {
    let members: Members = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            "The list must be a JSON object of models.".to_owned()
        } else {
            format!("This is not JSON: {error}.")
        }
    })?;
    if members.0.len() > ENTRIES_MAX {
        return Err(format!("The list has more than {ENTRIES_MAX} entries."));
    }
    let mut seen = HashSet::new();
    let mut twice = HashSet::new();
    for (name, _) in &members.0 {
        if !seen.insert(name.as_ref()) {
            twice.insert(name.as_ref());
        }
    }
    let mut told = HashSet::new();
    let mut entries = vec![];
    for (name, raw) in &members.0 {
        if name == SAMPLE {
            continue;
        }
        let read = if twice.contains(name.as_ref()) {
            if !told.insert(name.as_ref()) {
                continue;
            }
            Err("It stands in the list twice.".into())
        } else {
            entry(name, raw)
        };
        // Names that no model can have are shown shortened.
        entries.push(ListEntry { name: name.chars().filter(|c| !c.is_control()).take(120).collect(), read });
    }
    if entries.is_empty() { Err("The list names no models.".into()) } else { Ok(entries) }
}

fn entry(name: &str, raw: &str) -> Result<ListedModel, String> {
    check_model_name(name).map_err(|_| "Its name has characters that model names here do not have.".to_owned())?;
    let fields: Members = serde_json::from_str(raw).map_err(|_| "It is not an object.".to_owned())?;
    let find = |wanted: &str| {
        let mut found = fields.0.iter().filter(|(key, _)| key == wanted).map(|(_, value)| *value);
        match (found.next().filter(|value| *value != "null"), found.next()) {
            (_, Some(_)) => Err(format!("{wanted} stands in it twice.")),
            (value, None) => Ok(value),
        }
    };
    let mode = find("mode")?.ok_or("It names no mode.")?;
    let vision = find("supports_vision")? == Some("true");
    let modality = match mode {
        "\"chat\"" if vision => Modality::Vision,
        "\"chat\"" => Modality::Chat,
        "\"embedding\"" => Modality::Embedding,
        _ => return Err(format!("Models of the mode {} can not be called here.", shown(mode))),
    };
    let price = |wanted: &str| match find(wanted)? {
        None => Ok(None),
        Some(raw) => per_million(raw).map(Some).map_err(|what| format!("{wanted} {what}")),
    };
    let prices = Prices {
        input: price("input_cost_per_token")?,
        output: price("output_cost_per_token")?,
        cached: price("cache_read_input_token_cost")?,
    };
    if !prices.cover(modality) {
        return Err("It has no price per token.".into());
    }
    let mut left_out = vec![];
    for (key, value) in fields.0.iter().filter(|(key, _)| key.contains("cost")) {
        let known = ["input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost"].contains(&key.as_ref());
        if known || *value == "null" || is_zero(value) {
            continue;
        }
        if key.contains("_above_") {
            return Err("Its price depends on the length of the prompt, which prices here do not.".into());
        }
        left_out.push(key.chars().take(60).collect());
    }
    let tokens = |wanted: &str| match find(wanted)? {
        None => Ok(None),
        Some(raw) => match raw.parse::<i64>() {
            Ok(count) if (1..=TOKENS_MAX).contains(&count) => Ok(Some(count)),
            _ => Err(format!("{wanted} must be a whole number from 1 to {TOKENS_MAX}.")),
        },
    };
    let largest = tokens("max_tokens")?;
    let context_window = tokens("max_input_tokens")?.or(largest).ok_or("It names no max_input_tokens.")?;
    let max_output = match (modality, tokens("max_output_tokens")?.or(largest)) {
        (Modality::Embedding, _) => NO_OUTPUT,
        (_, Some(count)) => count,
        (_, None) => return Err("It names no max_output_tokens.".into()),
    };
    Ok(ListedModel { modality, prices, context_window, max_output, left_out })
}

fn shown(raw: &str) -> String {
    let plain: String = raw.chars().filter(|c| c.is_alphanumeric() || "_- ".contains(*c)).take(40).collect();
    format!("“{plain}”")
}

/// Dollars per token as a price per million tokens, exactly. A number may be written as a text.
fn per_million(raw: &str) -> Result<Price, &'static str> {
    const NO_NUMBER: &str = "is no number.";
    let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().map_err(|_| NO_NUMBER)?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty() && [whole, fraction].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if !is_number || (digits.contains('.') && fraction.is_empty()) {
        return Err(NO_NUMBER);
    }
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Ok(Price(0));
    }
    if negative {
        return Err("is negative.");
    }
    let dropped = all.len() - all.trim_end_matches('0').len();
    // At most a few million digits: both fit easily.
    let power = exponent.saturating_sub(fraction.len() as i64).saturating_add(dropped as i64).saturating_add(SHIFT);
    if power < 0 {
        return Err("has more than 15 decimals, which can not be kept exactly.");
    }
    if significant.len() as i64 + power.min(100) > 18 {
        return Err("is above $100,000 per million tokens.");
    }
    let number: i64 = significant.parse().map_err(|_| NO_NUMBER)?;
    let scale = 10i64.checked_pow(u32::try_from(power).map_err(|_| NO_NUMBER)?);
    let price = scale.and_then(|scale| number.checked_mul(scale)).map(Price);
    price.filter(|price| *price <= MAX_PRICE).ok_or("is above $100,000 per million tokens.")
}

fn is_zero(raw: &str) -> bool {
    let text = raw.trim_matches('"');
    !text.is_empty()
        && text.split(['e', 'E']).next().is_some_and(|digits| digits.bytes().all(|b| matches!(b, b'0' | b'.' | b'-')))
}

/// The members of an object in order, repeated ones included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = vec![];
                while let Some(Key(key)) = map.next_key::<Key>()? {
                    let value = map.next_value::<&RawValue>()?.get();
                    // One more than may be tells that there are too many.
                    if members.len() <= ENTRIES_MAX {
                        members.push((key, value));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::DOLLAR;

    fn one(fields: &str) -> Result<ListedModel, String> {
        let text = format!(r#"{{"labs/small":{{{fields}}}}}"#);
        read(&text).unwrap().remove(0).read
    }

    const CHAT: &str = r#""mode":"chat","max_input_tokens":128000,"max_output_tokens":16000"#;

    #[test]
    fn costs_per_token_become_prices_exactly() {
        for (raw, nano) in [
            ("1.5e-07", 150_000_000),
            ("0.00000015", 150_000_000),
            ("3E-6", 3 * DOLLAR),
            ("\"2.5e-06\"", 2_500_000_000),
            ("0", 0),
            ("0.0", 0),
            ("0e5", 0),
            ("-0.0", 0),
            // Twelve decimals of a dollar per token, and the finest there is.
            ("0.000000000001", 1_000),
            ("1e-15", 1),
            ("0.0000000000000010", 1),
            ("0.1", 100_000 * DOLLAR),
        ] {
            assert_eq!(per_million(raw), Ok(Price(nano)), "{raw}");
        }
        for (raw, what) in [
            ("-1e-06", "negative"),
            ("1e-16", "15 decimals"),
            ("1.0000000000000002e-06", "15 decimals"),
            ("0.1000001", "above"),
            ("1", "above"),
            ("1e300", "above"),
            ("1e99999999999999999999", "no number"),
            ("9223372036854775807", "above"),
            ("\"cheap\"", "no number"),
            ("\"\"", "no number"),
            ("\"1.\"", "no number"),
            ("\".5\"", "no number"),
            ("true", "no number"),
            ("[1]", "no number"),
            ("{}", "no number"),
        ] {
            assert!(per_million(raw).unwrap_err().contains(what), "{raw}: {:?}", per_million(raw));
        }
    }

    #[test]
    fn entries_are_read_as_far_as_calls_can_be_priced() {
        let model = one(&format!(
            r#"{CHAT},"input_cost_per_token":1e-06,"output_cost_per_token":2e-06,"cache_read_input_token_cost":1e-07"#
        ))
        .unwrap();
        let prices = Prices { input: Some(Price(DOLLAR)), cached: Some(Price(DOLLAR / 10)), output: Some(Price(2 * DOLLAR)) };
        assert_eq!(
            (model.prices, model.modality, model.context_window, model.max_output),
            (prices, Modality::Chat, 128_000, 16_000)
        );
        let vision = one(&format!(r#"{CHAT},"supports_vision":true,"input_cost_per_token":0,"output_cost_per_token":0,"cache_creation_input_token_cost":1e-06,"search_context_cost_per_query":{{"a":1}}"#)).unwrap();
        assert_eq!((vision.modality, vision.left_out.len()), (Modality::Vision, 2));
        let vectors = one(r#""mode":"embedding","max_tokens":8191,"input_cost_per_token":2e-08"#).unwrap();
        assert_eq!((vectors.modality, vectors.max_output, vectors.context_window), (Modality::Embedding, NO_OUTPUT, 8_191));
        for (fields, why) in [
            (r#""max_tokens":1"#, "no mode"),
            (r#""mode":"rerank""#, "rerank"),
            (r#""mode":{"a":"<b>"}"#, "can not be called"),
            (CHAT, "no price"),
            (r#""mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":1e-06"#, "max_input_tokens"),
            (
                r#""mode":"chat","max_tokens":"many","input_cost_per_token":1e-06,"output_cost_per_token":1e-06"#,
                "max_tokens must",
            ),
            (r#""mode":"chat","max_tokens":-5,"input_cost_per_token":1e-06,"output_cost_per_token":1e-06"#, "max_tokens must"),
            (&format!(r#"{CHAT},"input_cost_per_token":-1,"output_cost_per_token":1e-06"#), "input_cost_per_token is negative"),
            (&format!(r#"{CHAT},"input_cost_per_token":1e-06,"output_cost_per_token":7"#), "output_cost_per_token is above"),
            (&format!(r#"{CHAT},"input_cost_per_token":1e-06,"input_cost_per_token":2e-06,"output_cost_per_token":0"#), "twice"),
            (
                &format!(
                    r#"{CHAT},"input_cost_per_token":1e-06,"output_cost_per_token":1e-06,"input_cost_per_token_above_128k_tokens":2e-06"#
                ),
                "length of the prompt",
            ),
        ] {
            let refused = one(fields).unwrap_err();
            assert!(refused.contains(why) && refused.ends_with('.'), "{fields}: {refused}");
        }
    }

    #[test]
    fn lists_that_are_none_are_refused_as_a_whole() {
        for bad in ["", "[]", "1", "{", "null", "{}", r#"{"sample_spec":{}}"#, "<html>"] {
            assert!(read(bad).unwrap_err().ends_with('.'), "{bad}");
        }
        let many = (0..=ENTRIES_MAX).map(|n| format!(r#""m{n}":1"#)).collect::<Vec<_>>().join(",");
        assert!(read(&format!("{{{many}}}")).is_err());
        let nested = format!(r#"{{"m":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&nested).unwrap()[0].read.is_err(), "depth is no matter: nothing descends into it");
        let twice = read(r#"{"m":{},"m":{},"bad name":{},"n":[],"o":"text"}"#).unwrap();
        let said: Vec<_> = twice.iter().map(|entry| (entry.name.as_str(), entry.read.clone().unwrap_err())).collect();
        assert_eq!(said.len(), 4);
        assert!(said[0].1.contains("twice") && said[1].1.contains("name") && said[2].1.contains("object"), "{said:?}");
    }
}
