//! Counts tokens where no provider does: for streams that were cut off, and for providers that report no usage. What is counted here
//! is always marked as estimated.

use std::sync::OnceLock;

use tiktoken_rs::CoreBPE;

/// Texts are counted in pieces, so that no input makes the tokenizer's time grow faster than its length.
const PIECE: usize = 8 << 10;
/// Longer texts are judged by samples spread over them.
const EXACT_MAX: usize = 64 << 10;

static TOKENIZER: OnceLock<CoreBPE> = OnceLock::new();

/// Loads the tokenizer (o200k_base): a second or so of work, so it is done once in the background at start.
pub fn load() {
    TOKENIZER.get_or_init(|| tiktoken_rs::o200k_base().expect("the tokenizer's table is part of the program"));
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

fn count_pieces(mut text: &str) -> u64 {
    let Some(tokenizer) = TOKENIZER.get() else { return (text.len() as u64).div_ceil(4) };
    let mut tokens = 0;
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE.min(text.len())));
        tokens += tokenizer.encode_ordinary(piece).len() as u64;
        text = rest;
    }
    tokens
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
        // Neither a long word nor characters of several bytes at the pieces' ends are a problem.
        assert!(count(&"a".repeat(300_000)) > 1_000);
        assert!(count(&"🦀".repeat(30_000)) > 10_000);
    }
}
