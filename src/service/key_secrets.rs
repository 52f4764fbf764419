//! The shape of secrets: keys of the gateway (`tg_`) and tokens of management (`tgm_`).

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes a secret with a prefix (`tg_` or `tgm_`): 43 base62 characters of 256 random bits and 6 of checksum.
/// The checksum (CRC-32, IEEE) lets scanners and the gateway tell a typing error without looking anything up.
pub fn make_secret(prefix: &str, random: [u8; 32]) -> String {
    let mut digits = [0u8; 43];
    let mut number = random;
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::from(divide_by_62(&mut number))];
    }
    let text = |digits: &[u8]| digits.iter().map(|b| char::from(*b)).collect::<String>();
    let body = text(&digits);
    let sum = text(&checksum(&body));
    format!("{prefix}{body}{sum}")
}

/// Whether a text has the shape of a secret with this prefix, checksum included.
pub fn is_well_formed(prefix: &str, text: &str) -> bool {
    let Some(rest) = text.strip_prefix(prefix) else { return false };
    rest.len() == 49 && rest.bytes().all(|b| b.is_ascii_alphanumeric()) && checksum(&rest[..43]) == rest.as_bytes()[43..]
}

/// `tg_k7Qm` and `3fXw` of a secret.
pub fn shown_parts(secret: &str) -> (String, String) {
    let start = secret.find('_').map_or(0, |at| at + 1) + 4;
    (secret.chars().take(start).collect(), secret[secret.len().saturating_sub(4)..].to_owned())
}

/// What lists show of a gateway key's secret that begins like this text, or of a text that was copied from such a list; empty for anything
/// else, and for what is common to all secrets.
pub fn shown_of(text: &str) -> String {
    let shown = text.split('…').next().unwrap_or_default();
    if shown.starts_with("tg_") && shown.is_ascii() && shown.len() > 3 { shown_parts(shown).0 } else { String::new() }
}

fn divide_by_62(number: &mut [u8; 32]) -> u8 {
    let mut rest = 0u16;
    for byte in number.iter_mut() {
        let value = rest << 8 | u16::from(*byte);
        *byte = (value / 62) as u8;
        rest = value % 62;
    }
    rest as u8
}

/// The checksum of a body as six base62 characters.
fn checksum(body: &str) -> [u8; 6] {
    let mut value = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(value % 62) as usize];
        value /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_contracts_shape() {
        for seed in 0..=255u8 {
            let secret = make_secret("tg_", [seed; 32]);
            assert_eq!(secret.len(), 3 + 43 + 6);
            assert!(is_well_formed("tg_", &secret));
        }
        let secret = make_secret("tg_", *b"0123456789abcdef0123456789abcdef");
        let mut wrong = secret.clone().into_bytes();
        wrong[10] = if wrong[10] == b'a' { b'b' } else { b'a' };
        assert!(!is_well_formed("tg_", &String::from_utf8(wrong).unwrap()), "one changed character is seen");
        assert!(!is_well_formed("tgm_", &secret));
        assert!(!is_well_formed("tg_", "tg_ä"));
        assert_eq!(shown_parts(&secret), (secret[..7].to_owned(), secret[48..].to_owned()));
    }

    #[test]
    fn what_is_shown_of_a_secret_is_found_by_all_of_it_or_by_less() {
        let secret = make_secret("tg_", [7; 32]);
        let (shown, end) = shown_parts(&secret);
        for text in [secret.clone(), shown.clone(), format!("{shown}…{end}")] {
            assert_eq!(shown_of(&text), shown, "{text}");
        }
        assert_eq!(shown_of(&shown[..5]), shown[..5]);
        for none in ["", "tg_", "tgm_abcd", "abcd", "tg_é", "…"] {
            assert_eq!(shown_of(none), "", "{none}");
        }
    }

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of CRC-32/ISO-HDLC for "123456789" is 0xCBF43926.
        let mut value = 0xCBF4_3926_u32;
        let mut digits = vec![];
        for _ in 0..6 {
            digits.push(ALPHABET[(value % 62) as usize]);
            value /= 62;
        }
        digits.reverse();
        assert_eq!(checksum("123456789"), *digits);
    }
}
