//! Who and what the demo is about.

use crate::domain::{
    api_keys::KeyKind,
    catalog::{Modality, ModelState, Tier},
    roles::Role,
};

/// The organization.
pub(super) const ORGANIZATION: &str = "Northwind Labs";
/// Mail domain of its people.
pub(super) const DOMAIN: &str = "northwind.example";

/// Name, days since joining, whether the person administrates the organization. The first one also runs the platform.
pub(super) const PEOPLE: [(&str, i64, bool); 14] = [
    ("Maya Okafor", 312, true),
    ("Priya Raman", 312, false),
    ("Jonas Lindqvist", 290, false),
    ("Daniel Cho", 248, false),
    ("Aiko Tanaka", 248, false),
    ("Tomás Herrera", 228, false),
    ("Lena Fischer", 172, false),
    ("Noor El-Amin", 172, false),
    ("Rafael Souza", 130, false),
    ("Ines Carvalho", 81, false),
    ("Sam Whitfield", 81, false),
    ("Wei Zhang", 70, false),
    ("Henrik Sato", 300, true),
    ("Olivia Marsh", 66, false),
];

/// A team and who is in it, the owner first. It is as old as its owner's membership.
pub(super) struct Cast {
    pub(super) name: &'static str,
    pub(super) slug: &'static str,
    pub(super) discount_bp: i64,
    pub(super) members: &'static [(&'static str, Role)],
}

pub(super) const TEAMS: [Cast; 3] = [
    Cast {
        name: "Atlas Search",
        slug: "atlas-search",
        discount_bp: 500,
        members: &[
            ("Maya Okafor", Role::Owner),
            ("Priya Raman", Role::Admin),
            ("Jonas Lindqvist", Role::Admin),
            ("Daniel Cho", Role::Member),
            ("Aiko Tanaka", Role::Member),
            ("Tomás Herrera", Role::Member),
            ("Lena Fischer", Role::Member),
            ("Noor El-Amin", Role::Member),
            ("Rafael Souza", Role::Member),
            ("Sam Whitfield", Role::Viewer),
        ],
    },
    Cast {
        name: "Support Automation",
        slug: "support-automation",
        discount_bp: 0,
        members: &[
            ("Priya Raman", Role::Owner),
            ("Tomás Herrera", Role::Admin),
            ("Rafael Souza", Role::Member),
            ("Ines Carvalho", Role::Member),
            ("Olivia Marsh", Role::Member),
            ("Maya Okafor", Role::Viewer),
        ],
    },
    Cast {
        name: "Research",
        slug: "research",
        discount_bp: 0,
        members: &[
            ("Lena Fischer", Role::Owner),
            ("Aiko Tanaka", Role::Admin),
            ("Daniel Cho", Role::Member),
            ("Wei Zhang", Role::Member),
            ("Sam Whitfield", Role::Member),
        ],
    },
];

/// Who is invited to the first team: by whom, in which role, minutes ago. The last one's link ends soon.
pub(super) const INVITED: [(&str, &str, Role, i64); 3] = [
    ("hannah.berg@northwind.example", "Priya Raman", Role::Member, 125),
    ("k.mensah@northwind.example", "Maya Okafor", Role::Admin, 1_440 + 190),
    ("olu@brightpath.example", "Jonas Lindqvist", Role::Member, 6 * 1_440 + 170),
];

/// Providers and what they are like: first token and later tokens in milliseconds.
pub(super) const PROVIDERS: [(&str, u32, u32); 3] =
    [("OpenAI (simulated)", 180, 6), ("Anthropic (simulated)", 260, 9), ("vLLM eu-1 (simulated)", 60, 3)];

/// A model: prices in thousandths of a dollar per million tokens (input, cached, output).
pub(super) struct ModelCast {
    pub(super) name: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) tier: Tier,
    pub(super) modality: Modality,
    pub(super) price_mills: (i64, i64, i64),
    pub(super) context_window: i64,
    pub(super) max_output: i64,
    pub(super) state: ModelState,
    /// Into [`PROVIDERS`].
    pub(super) provider: usize,
    /// Usual prompt and completion, and milliseconds until the first token and for every token of the completion.
    pub(super) usual: (f64, f64, f64, f64),
}

pub(super) const MODELS: [ModelCast; 8] = [
    ModelCast {
        name: "gpt-4.1-mini",
        alias: Some("small"),
        tier: Tier::General,
        modality: Modality::Vision,
        price_mills: (400, 100, 1_600),
        context_window: 1_000_000,
        max_output: 32_768,
        state: ModelState::Open,
        provider: 0,
        usual: (6_000.0, 420.0, 240.0, 4.5),
    },
    ModelCast {
        name: "gemini-2.5-flash",
        alias: None,
        tier: Tier::General,
        modality: Modality::Vision,
        price_mills: (300, 75, 2_500),
        context_window: 1_000_000,
        max_output: 65_536,
        state: ModelState::Open,
        provider: 0,
        usual: (7_500.0, 520.0, 210.0, 3.5),
    },
    ModelCast {
        name: "llama-3.3-70b",
        alias: None,
        tier: Tier::General,
        modality: Modality::Chat,
        price_mills: (590, 590, 790),
        context_window: 128_000,
        max_output: 16_384,
        state: ModelState::Open,
        provider: 2,
        usual: (4_200.0, 380.0, 90.0, 3.0),
    },
    ModelCast {
        name: "mistral-small-3.2",
        alias: None,
        tier: Tier::General,
        modality: Modality::Chat,
        price_mills: (100, 100, 300),
        context_window: 128_000,
        max_output: 16_384,
        state: ModelState::Open,
        provider: 2,
        usual: (3_000.0, 300.0, 80.0, 2.5),
    },
    ModelCast {
        name: "gpt-4.1",
        alias: None,
        tier: Tier::HighPerformance,
        modality: Modality::Vision,
        price_mills: (2_000, 500, 8_000),
        context_window: 1_000_000,
        max_output: 32_768,
        state: ModelState::Open,
        provider: 0,
        usual: (11_000.0, 700.0, 420.0, 6.5),
    },
    ModelCast {
        name: "claude-sonnet-4-5",
        alias: None,
        tier: Tier::HighPerformance,
        modality: Modality::Vision,
        price_mills: (3_000, 300, 15_000),
        context_window: 200_000,
        max_output: 64_000,
        state: ModelState::Open,
        provider: 1,
        usual: (16_000.0, 900.0, 520.0, 7.0),
    },
    ModelCast {
        name: "claude-opus-4-1",
        alias: None,
        tier: Tier::HighPerformance,
        modality: Modality::Vision,
        price_mills: (15_000, 1_500, 75_000),
        context_window: 200_000,
        max_output: 32_000,
        state: ModelState::Approval,
        provider: 1,
        usual: (12_000.0, 900.0, 900.0, 11.0),
    },
    ModelCast {
        name: "text-embedding-3-large",
        alias: None,
        tier: Tier::Specialized,
        modality: Modality::Embedding,
        price_mills: (130, 130, 0),
        context_window: 8_192,
        max_output: 1,
        state: ModelState::Open,
        provider: 0,
        usual: (3_500.0, 0.0, 60.0, 0.0),
    },
];

/// Models that came later, which nobody calls yet: days in the catalog beside each. What waits for a review stands in
/// [`WAITS_FOR_REVIEW`].
pub(super) const NEW_MODELS: [(i64, ModelCast); 4] = [
    (8, new_model("gpt-4.1-nano", Tier::General, Modality::Vision, (100, 25, 400), ModelState::Open)),
    (8, new_model("gemini-2.5-pro", Tier::HighPerformance, Modality::Vision, (1_250, 310, 10_000), ModelState::Open)),
    (44, new_model("sora-2", Tier::Specialized, Modality::Video, (100_000, 100_000, 0), ModelState::Closed)),
    (2, new_model("o4-mini", Tier::HighPerformance, Modality::Chat, (1_100, 275, 4_400), ModelState::Closed)),
];
/// New, and not looked at by the organization.
pub(super) const WAITS_FOR_REVIEW: &str = "o4-mini";

const fn new_model(
    name: &'static str,
    tier: Tier,
    modality: Modality,
    price_mills: (i64, i64, i64),
    state: ModelState,
) -> ModelCast {
    ModelCast {
        name,
        alias: None,
        tier,
        modality,
        price_mills,
        context_window: 400_000,
        max_output: 32_768,
        state,
        provider: 0,
        usual: (0.0, 0.0, 0.0, 0.0),
    }
}

/// What became of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Works without an end.
    Active,
    /// Works for so many days more.
    ExpiresIn(i64),
    /// Ended so many days ago.
    ExpiredAgo(i64),
    /// Was revoked so many days ago.
    RevokedAgo(i64),
}

/// A key: team (into [`TEAMS`]), owner, name, kind, days since creation, fate, usual calls of a working day, and the models it calls
/// (into [`MODELS`]), the likeliest first.
pub(super) type KeyCast = (usize, &'static str, &'static str, KeyKind, i64, Fate, f64, &'static [usize]);

pub(super) const KEYS: [KeyCast; 26] = [
    (0, "Priya Raman", "search-api-prod", KeyKind::Application, 300, Fate::Active, 190.0, &[0, 1, 5]),
    (0, "Jonas Lindqvist", "query-rewrite-canary", KeyKind::Person, 160, Fate::ExpiresIn(100), 62.0, &[5, 4, 0]),
    (0, "Daniel Cho", "ranker-offline-eval", KeyKind::Person, 110, Fate::ExpiresIn(54), 48.0, &[5, 4, 2]),
    (0, "Aiko Tanaka", "nightly-reindex", KeyKind::Application, 87, Fate::ExpiresIn(2), 90.0, &[7, 2]),
    (0, "Tomás Herrera", "click-model-lab", KeyKind::Person, 90, Fate::ExpiresIn(39), 26.0, &[4, 1]),
    (0, "Lena Fischer", "answer-quality-eval", KeyKind::Person, 70, Fate::ExpiresIn(11), 30.0, &[5, 4]),
    (0, "Noor El-Amin", "embedding-backfill", KeyKind::Person, 60, Fate::ExpiresIn(19), 44.0, &[7]),
    (0, "Maya Okafor", "notebook-maya", KeyKind::Person, 200, Fate::ExpiresIn(89), 14.0, &[5, 0]),
    (0, "Rafael Souza", "synonyms-batch", KeyKind::Person, 58, Fate::ExpiresIn(30), 22.0, &[3, 0]),
    (0, "Jonas Lindqvist", "load-test", KeyKind::Test, 80, Fate::Active, 6.0, &[0, 3]),
    (0, "Jonas Lindqvist", "legacy-importer", KeyKind::Person, 280, Fate::RevokedAgo(12), 18.0, &[2]),
    (0, "Tomás Herrera", "demo-day", KeyKind::Person, 9, Fate::ExpiresIn(7), 0.0, &[0]),
    (0, "Aiko Tanaka", "spike-rerank", KeyKind::Person, 95, Fate::ExpiredAgo(21), 9.0, &[4]),
    (1, "Priya Raman", "helpdesk-bot-prod", KeyKind::Application, 210, Fate::Active, 120.0, &[0, 3]),
    (1, "Tomás Herrera", "support-macros", KeyKind::Person, 150, Fate::ExpiresIn(39), 36.0, &[0, 1]),
    (1, "Ines Carvalho", "triage-labels", KeyKind::Person, 70, Fate::ExpiresIn(60), 40.0, &[3, 0]),
    (1, "Olivia Marsh", "tone-check", KeyKind::Person, 50, Fate::ExpiresIn(75), 18.0, &[1]),
    (1, "Rafael Souza", "faq-drafts", KeyKind::Person, 64, Fate::ExpiresIn(26), 16.0, &[4, 1]),
    (1, "Tomás Herrera", "macro-tests", KeyKind::Test, 40, Fate::Active, 5.0, &[0]),
    (1, "Priya Raman", "old-helpdesk-bot", KeyKind::Application, 320, Fate::RevokedAgo(28), 34.0, &[2]),
    (2, "Lena Fischer", "paper-reader", KeyKind::Person, 140, Fate::ExpiresIn(45), 16.0, &[5, 4]),
    (2, "Aiko Tanaka", "judge-runs", KeyKind::Person, 120, Fate::ExpiresIn(20), 24.0, &[4, 5]),
    (2, "Wei Zhang", "tokenizer-study", KeyKind::Person, 60, Fate::ExpiresIn(80), 12.0, &[2, 3]),
    (2, "Daniel Cho", "distillation", KeyKind::Person, 75, Fate::ExpiresIn(15), 20.0, &[4, 2]),
    (2, "Sam Whitfield", "figures", KeyKind::Person, 33, Fate::ExpiresIn(57), 7.0, &[1]),
    (2, "Wei Zhang", "scratch", KeyKind::Person, 66, Fate::ExpiredAgo(6), 5.0, &[3]),
];

/// What became of a request.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// It waits.
    None,
    /// Approved by somebody, for so many days.
    Approved(&'static str, i64),
    /// Declined by somebody, with a word to who asked.
    Declined(&'static str, &'static str),
}

/// A request: team (into [`TEAMS`]), who, model, why, hours ago, and what became of it.
pub(super) type Asked = (usize, &'static str, &'static str, &'static str, i64, Answer);

pub(super) const ASKED: [Asked; 5] = [
    (0, "Aiko Tanaka", "claude-opus-4-1", "Judge run for the relevance set, about 4k calls.", 3, Answer::None),
    (0, "Rafael Souza", "gpt-4.1", "Query rewriting experiment.", 26, Answer::None),
    (0, "Daniel Cho", "claude-opus-4-1", "Compare rankers on long documents.", 220, Answer::Approved("Maya Okafor", 21)),
    (
        0,
        "Tomás Herrera",
        "claude-opus-4-1",
        "Nightly summaries.",
        300,
        Answer::Declined("Henrik Sato", "Try claude-sonnet-4-5 first."),
    ),
    (2, "Wei Zhang", "claude-opus-4-1", "Tokenizer study, one week.", 900, Answer::Approved("Henrik Sato", 7)),
];
