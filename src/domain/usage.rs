//! Usage events and the figures made of them (spec.md §7, "Figures").

use serde::{Deserialize, Serialize};

use super::{
    ids::{CallId, GrantId, KeyId, ModelId, OrgId, ProviderId, TeamId, UserId},
    money::NanoUsd,
    time::UnixMs,
};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The client got the whole answer.
    Completed,
    /// The client left before the end.
    Cancelled,
    /// The upstream refused what was asked (400, 413, 422).
    UpstreamRejected,
    /// The upstream failed, or sent garbage.
    UpstreamError,
    /// The upstream did not answer in time.
    UpstreamTimeout,
    /// This process ended before the call did.
    Interrupted,
    /// Not admitted; never sent upstream.
    Refused,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 7] = [
        Self::Completed,
        Self::Cancelled,
        Self::UpstreamRejected,
        Self::UpstreamError,
        Self::UpstreamTimeout,
        Self::Interrupted,
        Self::Refused,
    ];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::UpstreamRejected => "upstream_rejected",
            Self::UpstreamError => "upstream_error",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Counts against the success rate.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::UpstreamError | Self::UpstreamTimeout | Self::Interrupted)
    }
}

/// Tokens of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Prompt tokens, cached ones included.
    pub prompt: u64,
    /// Prompt tokens that the provider had cached.
    pub cached: u64,
    /// Completion tokens.
    pub completion: u64,
}

/// Everything about a call that is known when it is admitted; names are frozen, so that history reads as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFacts {
    /// Identifier, also the `x-request-id`.
    pub id: CallId,
    /// Admission; all figures are dated by it.
    pub at: UnixMs,
    /// Context that pays.
    pub team: TeamId,
    /// Name of the context.
    pub team_name: String,
    /// Organization of the context.
    pub organization: Option<OrgId>,
    /// Person.
    pub user: UserId,
    /// Name of the person.
    pub user_name: String,
    /// Key; none for calls from the playground.
    pub key: Option<KeyId>,
    /// Name of the key.
    pub key_name: String,
    /// Made with a test key: windows count, money does not.
    pub test: bool,
    /// Model; none where the name was not known.
    pub model: Option<ModelId>,
    /// Public name of the model, as it was asked for.
    pub model_name: String,
    /// Gateway path, such as `chat/completions`.
    pub endpoint: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Price per million prompt tokens.
    pub input_price: i64,
    /// Price per million cached prompt tokens.
    pub cached_price: i64,
    /// Price per million completion tokens.
    pub output_price: i64,
    /// Discount of the team.
    pub discount_bp: i64,
    /// To be covered by the team's balance, as it was decided at admission.
    #[serde(default)]
    pub billed: bool,
    /// Prompt tokens as far as the body's length tells: what an interrupted call is taken to have used upstream.
    #[serde(default)]
    pub prompt_estimate: u64,
    /// The member's own grant, where the call needed one.
    #[serde(default)]
    pub grant: Option<GrantId>,
    /// The grant to the whole team, where the call needed one.
    #[serde(default)]
    pub team_grant: Option<GrantId>,
    /// What was reserved: it is charged no more.
    #[serde(default = "anything")]
    pub reserve: NanoUsd,
}

/// What calls of a version that reserved nothing may cost.
fn anything() -> NanoUsd {
    NanoUsd(i64::MAX)
}

/// How a call ended: the other half of a usage event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// Status that the client got.
    pub status: u16,
    /// Error code that the client got; empty without an error.
    pub code: String,
    /// Tokens.
    pub tokens: Tokens,
    /// Tokens were counted here, not reported by the provider.
    pub estimated: bool,
    /// Provider that answered last.
    pub provider: Option<ProviderId>,
    /// Name of that provider.
    pub provider_name: String,
    /// Attempts upstream.
    pub attempts: u32,
    /// Admission to the last attempt, which waiting and the attempts before it are part of; none where nobody was asked.
    #[serde(default)]
    pub upstream_ms: Option<i64>,
    /// Admission to first byte from upstream.
    pub first_token_ms: Option<i64>,
    /// Admission to last byte.
    pub latency_ms: i64,
    /// What is charged.
    pub cost: NanoUsd,
    /// What it would cost without discount.
    pub list_cost: NanoUsd,
    /// What the platform bears: used upstream but not charged.
    pub loss: NanoUsd,
    /// The sentence of the error that the client was sent, where it was ours; as [`kept_sentence`] cuts it.
    #[serde(default)]
    pub message: String,
}

/// Longest sentence that is kept with a call, in characters.
const SENTENCE_MAX: usize = 500;

/// A sentence as it is kept with a call: names make it longer than it has to be, and PostgreSQL knows no NUL.
pub fn kept_sentence(sentence: &str) -> String {
    let mut kept: String = sentence.chars().filter(|c| *c != '\0').take(SENTENCE_MAX + 1).collect();
    let mut ends = kept.char_indices().skip(SENTENCE_MAX - 1).map(|(at, _)| at);
    if let (Some(last), Some(_)) = (ends.next(), ends.next()) {
        kept.truncate(last);
        kept.push('…');
    }
    kept
}

/// A gateway call that was admitted or refused: the only source of usage figures and charges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageEvent {
    /// Known at admission.
    #[serde(flatten)]
    pub call: CallFacts,
    /// Known at the end.
    #[serde(flatten)]
    pub end: CallEnd,
}

/// Sums over calls. Counts of the same calls, so they add up however they are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Calls, refused ones included.
    pub requests: i64,
    /// Completed calls.
    pub succeeded: i64,
    /// Upstream failures, time-outs and interrupted calls.
    pub failed: i64,
    /// Refused calls.
    pub refused: i64,
    /// Prompt tokens.
    pub prompt_tokens: i64,
    /// Completion tokens.
    pub completion_tokens: i64,
    /// Charged, in nano-dollars.
    pub cost: i64,
    /// Calls whose tokens were counted here.
    pub estimated: i64,
}

impl Figures {
    /// Completed ÷ (completed + failed), in ten-thousandths; none without such calls.
    pub fn success_rate_bp(&self) -> Option<i64> {
        let counted = self.succeeded + self.failed;
        (counted > 0).then(|| self.succeeded * 10_000 / counted)
    }

    /// Prompt and completion.
    pub fn tokens(&self) -> i64 {
        self.prompt_tokens + self.completion_tokens
    }

    /// Adds another group's sums.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.refused += other.refused;
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.cost += other.cost;
        self.estimated += other.estimated;
    }
}

/// Whether statistics and logs count the calls of test keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestCalls {
    /// Left out.
    #[default]
    Exclude,
    /// Counted with the others.
    Include,
    /// Nothing else.
    Only,
}

impl TestCalls {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Exclude, Self::Include, Self::Only];

    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Include => "include",
            Self::Only => "only",
        }
    }

    /// Reads the word; nothing means left out.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::Exclude) } else { Self::ALL.into_iter().find(|choice| choice.as_str() == text) }
    }
}

/// Figures by something that has a name: a member, a model, a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageShare {
    /// Identifier of the member, model or key; empty where there is none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Sums.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A row of the call log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRow {
    /// Identifier.
    pub id: CallId,
    /// Admission.
    pub at: UnixMs,
    /// Person.
    pub user: UserId,
    /// Name of the person.
    pub user_name: String,
    /// Key.
    pub key: Option<KeyId>,
    /// Name of the key.
    pub key_name: String,
    /// Model as asked for.
    pub model: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Status that the client got.
    pub status: u16,
    /// Error code; empty without an error.
    pub code: String,
    /// Prompt tokens.
    pub prompt_tokens: i64,
    /// Completion tokens.
    pub completion_tokens: i64,
    /// Charged, in nano-dollars.
    pub cost: i64,
    /// Admission to last byte.
    pub latency_ms: i64,
    /// Admission to first byte.
    pub first_token_ms: Option<i64>,
    /// A stream was asked for.
    pub stream: bool,
    /// Tokens were counted here.
    pub estimated: bool,
    /// Made with a test key.
    pub test: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_is_cut_between_characters() {
        for letter in ["a", "ü", "語", "🦀"] {
            let whole = letter.repeat(500);
            assert_eq!(kept_sentence(&whole), whole);
            let cut = kept_sentence(&letter.repeat(501));
            assert_eq!(cut, format!("{}…", letter.repeat(499)));
            assert_eq!(kept_sentence(&cut), cut, "once is enough");
        }
        assert_eq!(kept_sentence("a\0b"), "ab");
        assert_eq!(kept_sentence(""), "");
    }
}
