//! A price list that was uploaded, beside the catalog: what each of its entries would change.

use serde::{Deserialize, Serialize};

use super::{catalog::Modality, prices::Prices};

/// Longest list, in bytes.
pub const PRICE_LIST_MAX: usize = 4 << 20;
/// Most entries of a list.
pub const ENTRIES_MAX: usize = 20_000;

/// What an entry would do to the catalog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryEffect {
    /// The model has other prices.
    #[default]
    Changed,
    /// There is no such model yet.
    New,
    /// The model has these prices already.
    Unchanged,
    /// The entry is not understood.
    Unreadable,
}

impl EntryEffect {
    /// All effects, in the order of pages.
    pub const ALL: [Self; 4] = [Self::Changed, Self::New, Self::Unchanged, Self::Unreadable];

    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::New => "new",
            Self::Unchanged => "unchanged",
            Self::Unreadable => "unreadable",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == text)
    }

    /// The words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Changed => "Changed",
            Self::New => "New",
            Self::Unchanged => "Unchanged",
            Self::Unreadable => "Not understood",
        }
    }
}

/// An entry of the list that was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedModel {
    /// What it can do.
    pub modality: Modality,
    /// Prices, exactly as the list says.
    pub prices: Prices,
    /// Prompt and completion together.
    pub context_window: i64,
    /// Largest completion.
    pub max_output: i64,
    /// Prices of the entry that the catalog has no place for, by the list's names.
    pub left_out: Vec<String>,
}

/// An entry of the list: understood, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// Its name.
    pub name: String,
    /// What it says, or a sentence that says what is wrong with it.
    pub read: Result<ListedModel, String>,
}

/// A row of the preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// The entry's name.
    pub name: String,
    /// What it would do.
    pub effect: EntryEffect,
    /// Prices that hold now.
    pub before: Prices,
    /// Prices of the list.
    pub after: Prices,
    /// What it can do; none where it was not understood.
    pub modality: Option<Modality>,
    /// The price crosses the platform's threshold: the model becomes restricted.
    pub restricts: bool,
    /// Why it was not understood, or what of it is left out; empty where there is nothing to say.
    pub note: String,
}

/// What came of applying a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Models with new prices.
    pub changed: i64,
    /// Models that were added.
    pub created: i64,
}
