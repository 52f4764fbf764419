//! A look at a whole body before it is parsed: nested too deep, or numbers out of all range. Both are legal JSON that some parser
//! upstream would choke on.

use memchr::memchr2;

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;

/// Checks a body; the answer is a sentence for people. Says nothing about whether the text is JSON.
pub fn check(body: &str) -> Result<(), String> {
    let bytes = body.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(format!("The body is nested deeper than {DEPTH_MAX} levels."));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'e' | b'E' if at >= 2 && bytes[at - 2].is_ascii_digit() => {
                let sign = usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
                if bytes[at + sign..].iter().take_while(|b| b.is_ascii_digit()).nth(3).is_some() {
                    return Err("The body has a number that is out of range.".into());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where a string that begins at `at` has ended, behind its quote.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr2(b'"', b'\\', &bytes[at..]) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at = (at + 1).min(bytes.len());
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_strings() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(64)).is_ok());
        assert!(check(&nested(65)).is_err());
        assert!(check(&nested(100_000)).is_err());
        assert!(check(&format!(r#"{{"a":"{}\"{}"}}"#, "[".repeat(100), "{".repeat(100))).is_ok());
        assert!(check(&"[],".repeat(1_000)).is_ok());
        for odd in ["\"", "\"\\", "]", "", "\"\\\""] {
            assert!(check(odd).is_ok(), "{odd:?}");
        }
    }

    #[test]
    fn numbers_have_an_end() {
        assert!(check(r#"{"a":1e99999}"#).is_err());
        assert!(check(r#"{"a":1E+99999}"#).is_err());
        assert!(check(r#"{"a":1e-10,"b":true,"c":"1e99999"}"#).is_ok());
    }
}
