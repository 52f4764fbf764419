//! The fields of requests that the gateway knows. Everything else passes through untouched.

/// What a field must be. All but the first three may also be `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Model,
    Messages,
    /// What embeddings are made of; checked where it is read.
    Given,
    Flag,
    Number,
    /// A whole number, of any sign.
    Integer,
    Text,
    List,
    Object,
    /// Known by name only, so that another spelling of it is refused.
    Any,
    /// Would send the call elsewhere than the catalog does, or ask for what the catalog has no price for.
    Refused(&'static str),
}

/// A known field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

const ELSEWHERE: &str = "Where calls go is set in the catalog; leave this field out.";
const NO_PRICE: &str = "The catalog has no price for this; leave this field out.";

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind }
}

pub(super) const FIELDS: [Field; 28] = [
    field("model", Kind::Model),
    field("messages", Kind::Messages),
    field("stream", Kind::Flag),
    field("stream_options", Kind::Object),
    field("max_tokens", Kind::Integer),
    field("max_completion_tokens", Kind::Integer),
    field("n", Kind::Integer),
    field("temperature", Kind::Number),
    field("top_p", Kind::Number),
    field("presence_penalty", Kind::Number),
    field("frequency_penalty", Kind::Number),
    field("seed", Kind::Integer),
    field("stop", Kind::Any),
    field("user", Kind::Text),
    field("tools", Kind::List),
    field("tool_choice", Kind::Any),
    field("parallel_tool_calls", Kind::Flag),
    field("functions", Kind::List),
    field("response_format", Kind::Object),
    field("logprobs", Kind::Flag),
    field("top_logprobs", Kind::Integer),
    field("logit_bias", Kind::Object),
    field("metadata", Kind::Object),
    field("store", Kind::Flag),
    field("service_tier", Kind::Text),
    field("modalities", Kind::List),
    field("audio", Kind::Refused(NO_PRICE)),
    field("web_search_options", Kind::Refused(NO_PRICE)),
];

/// The fields of a request for embeddings.
pub(super) const EMBEDDING_FIELDS: [Field; 6] = [
    field("model", Kind::Model),
    field("input", Kind::Given),
    field("encoding_format", Kind::Text),
    field("dimensions", Kind::Integer),
    field("user", Kind::Text),
    field("stream", Kind::Flag),
];

/// What no request may hold: gateways upstream (LiteLLM, OpenRouter) and compatible servers read these.
const NOWHERE: [Field; 13] = [
    field("api_base", Kind::Refused(ELSEWHERE)),
    field("base_url", Kind::Refused(ELSEWHERE)),
    field("api_key", Kind::Refused(ELSEWHERE)),
    field("api_version", Kind::Refused(ELSEWHERE)),
    field("headers", Kind::Refused(ELSEWHERE)),
    field("extra_headers", Kind::Refused(ELSEWHERE)),
    field("extra_body", Kind::Refused(ELSEWHERE)),
    field("base_model", Kind::Refused(ELSEWHERE)),
    field("custom_llm_provider", Kind::Refused(ELSEWHERE)),
    field("fallbacks", Kind::Refused(ELSEWHERE)),
    field("models", Kind::Refused(ELSEWHERE)),
    field("model_list", Kind::Refused(ELSEWHERE)),
    field("user_config", Kind::Refused(ELSEWHERE)),
];

/// All fields that one kind of request knows: its own, and what none may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known(pub(super) &'static [Field]);

impl Known {
    pub(super) fn all(self) -> impl Iterator<Item = &'static Field> {
        self.0.iter().chain(&NOWHERE)
    }

    pub(super) fn count(self) -> usize {
        self.0.len() + NOWHERE.len()
    }

    pub(super) fn find(self, key: &str) -> Match {
        let folded;
        // Go's JSON reader ignores case, and folds these two as well.
        let plain = if key.contains(['ſ', '\u{212a}']) {
            folded = key.replace('ſ', "s").replace('\u{212a}', "k");
            folded.as_str()
        } else {
            key
        };
        match self.all().enumerate().find(|(_, field)| field.name.eq_ignore_ascii_case(plain)) {
            Some((at, field)) if field.name == key => Match::Exact(at, field),
            Some((_, field)) => Match::Lookalike(field),
            None => Match::Unknown,
        }
    }
}

/// How a key stands to a known field.
#[derive(Debug)]
pub(super) enum Match {
    /// It is that field; with its position among all.
    Exact(usize, &'static Field),
    /// Some servers would read it as that field, this one would not: that difference is how limits are got around.
    Lookalike(&'static Field),
    /// No known field.
    Unknown,
}

impl Kind {
    /// Whether a raw JSON value is of this kind, and if not, what it must be.
    pub(super) fn check(self, raw: &str) -> Result<(), &'static str> {
        let first = raw.as_bytes().first().copied().unwrap_or_default();
        if raw == "null" && !matches!(self, Self::Model | Self::Messages | Self::Given) {
            return Ok(());
        }
        let (right, what) = match self {
            Self::Model => (first == b'"', "must be the name of a model."),
            Self::Messages => (holds_object(raw), "must be a list of messages, and not empty."),
            Self::Flag => (matches!(raw, "true" | "false"), "must be true or false."),
            Self::Number => (raw.parse::<f64>().is_ok_and(f64::is_finite) && first != b'"', "must be a number."),
            Self::Integer => (raw.parse::<i128>().is_ok(), "must be a whole number."),
            Self::Text => (first == b'"', "must be a text."),
            Self::List => (first == b'[', "must be a list."),
            Self::Object => (first == b'{', "must be an object."),
            Self::Any | Self::Given => (true, ""),
            Self::Refused(why) => (false, why),
        };
        if right { Ok(()) } else { Err(what) }
    }
}

/// Whether a JSON list begins with an object. The rest of it is the provider's to judge.
fn holds_object(raw: &str) -> bool {
    raw.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('{'))
}
