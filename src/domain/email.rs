//! E-mail addresses: what is accepted and how two are compared.

/// Checks an address and gives its normalized form (lower case). The stored form keeps what was typed, trimmed.
///
/// Only ASCII is accepted: addresses that look alike in other scripts can not stand for one another.
pub fn normalize(typed: &str) -> Result<String, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Err("Enter an email address.".into());
    }
    if text.len() > 254 {
        return Err("An email address has at most 254 characters.".into());
    }
    if !text.is_ascii() {
        return Err("Use an address of plain letters: look-alike characters are not accepted.".into());
    }
    let wrong = || format!("“{}” is not an email address. It looks like name@company.example.", shorten(text));
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b));
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let domain_ok = domain.contains('.') && domain.split('.').all(label_ok);
    if local_ok && domain_ok { Ok(text.to_ascii_lowercase()) } else { Err(wrong()) }
}

/// The domain of a normalized address.
pub fn domain(normalized: &str) -> &str {
    normalized.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(normalize(" Ada@Example.COM ").as_deref(), Ok("ada@example.com"));
        assert_eq!(domain("ada@example.com"), "example.com");
    }

    #[test]
    fn look_alikes_lists_and_header_tricks_are_refused() {
        for bad in [
            "",
            "a",
            "a@b",
            "a@b.c@d",
            "a@x\nb@y.z",
            "a@x.y,b@x.y",
            "a b@x.y",
            "аda@example.com",
            "a@-x.com",
            "a..b@x.com",
            "a@x.com\r\nBcc: v@y.z",
        ] {
            assert!(normalize(bad).is_err(), "{bad}");
        }
    }
}
