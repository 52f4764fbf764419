//! Counts tokens where no provider does: for streams that were cut off, and for providers that report no usage. What is counted so
//! is always marked as estimated. And counts prompts with a model's own tokenizer, where their length alone would refuse a call.

use std::sync::OnceLock;

use tiktoken_rs::CoreBPE;

use crate::domain::tokenizer::Tokenizer;

/// Texts are counted in pieces, so that no input makes the tokenizer's time grow faster than its length.
const PIECE: usize = 8 << 10;
/// Longer texts are judged by samples spread over them.
const EXACT_MAX: usize = 64 << 10;

/// Longer texts are not counted to find out what they have at most.
pub const BOUND_MAX: usize = 4 << 20;
/// By how much cutting a text into pieces may change its count, per cut: a word may be cut in two.
const PER_CUT: u64 = 16;

static TOKENIZER: OnceLock<CoreBPE> = OnceLock::new();
static OLDER: OnceLock<CoreBPE> = OnceLock::new();

/// Loads the tokenizer (o200k_base): a second or so of work, so it is done once in the background at start.
pub fn load() {
    TOKENIZER.get_or_init(load_newer);
}

fn load_newer() -> CoreBPE {
    tiktoken_rs::o200k_base().expect("the tokenizer's table is part of the program")
}

/// Tokens of a text. Until the tokenizer is loaded, four bytes count as one.
pub fn count(text: &str) -> u64 {
    if text.len() <= EXACT_MAX {
        return count_pieces(text);
    }
    let (mut tokens, mut bytes) = (0u128, 0u128);
    let step = text.len() / (EXACT_MAX / PIECE);
    for start in (0..text.len()).step_by(step) {
        let start = text.floor_char_boundary(start);
        let sample = &text[start..text.floor_char_boundary((start + PIECE).min(text.len()))];
        tokens += u128::from(count_pieces(sample));
        bytes += sample.len() as u128;
    }
    u64::try_from(tokens * text.len() as u128 / bytes.max(1)).unwrap_or(u64::MAX)
}

/// What a text has at most with a model's own tokenizer. Takes its time, so it is asked where waiting does no harm; loads the
/// tokenizer if nobody did.
pub fn at_most(tokenizer: Tokenizer, text: &str) -> u64 {
    let table = match tokenizer {
        Tokenizer::O200k => TOKENIZER.get_or_init(load_newer),
        Tokenizer::Cl100k => {
            OLDER.get_or_init(|| tiktoken_rs::cl100k_base().expect("the tokenizer's table is part of the program"))
        }
    };
    let (tokens, pieces) = count_with(table, text);
    tokens + pieces.saturating_sub(1) * PER_CUT
}

fn count_pieces(text: &str) -> u64 {
    TOKENIZER.get().map_or_else(|| (text.len() as u64).div_ceil(4), |table| count_with(table, text).0)
}

/// Tokens of a text, and in how many pieces it was counted.
fn count_with(table: &CoreBPE, mut text: &str) -> (u64, u64) {
    let (mut tokens, mut pieces) = (0, 0);
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE.min(text.len())));
        tokens += table.encode_ordinary(piece).len() as u64;
        pieces += 1;
        text = rest;
    }
    (tokens, pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_exactly_for_texts_and_about_for_books() {
        load();
        assert_eq!(count(""), 0);
        assert_eq!(count("Hello, world!"), 4);
        let book = "The tally is kept at the gate, and every cart is counted once. ".repeat(10_000);
        let exact = count_pieces(&book);
        assert!(count(&book).abs_diff(exact) < exact / 50);
        // Counted in pieces, it is never less than counted as a whole.
        for tokenizer in Tokenizer::ALL {
            let (most, length) = (at_most(tokenizer, &book), book.len() as u64);
            assert!(most < length / 3, "{most} tokens of {length} bytes");
        }
        let whole = TOKENIZER.get().unwrap().encode_ordinary(&book).len() as u64;
        assert!((whole..whole + whole / 50).contains(&at_most(Tokenizer::O200k, &book)));
        // Neither a long word nor characters of several bytes at the pieces' ends are a problem.
        assert!(count(&"a".repeat(300_000)) > 1_000);
        assert!(count(&"🦀".repeat(30_000)) > 10_000);
    }
}
