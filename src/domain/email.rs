//! E-mail addresses: what is accepted, how two are compared, and where mail goes.

use super::punycode;

/// Checks an address and gives its normalized form: lower case, the domain in ASCII. The stored form keeps what was typed, trimmed.
///
/// Addresses that look alike can not stand for one another: the part before the @ is plain ASCII, a label of the domain keeps to one
/// script, in either of its spellings, and wide forms are their plain ones.
pub fn normalize(typed: &str) -> Result<String, String> {
    let (local, domain) = parse(typed)?;
    Ok(format!("{}@{domain}", local.to_ascii_lowercase()))
}

/// The address that mail goes to: as typed, with the domain in ASCII. None for what is no address.
pub fn deliverable(typed: &str) -> Option<String> {
    parse(typed).ok().map(|(local, domain)| format!("{local}@{domain}"))
}

/// The local part as typed, and the domain in ASCII and lower case.
fn parse(typed: &str) -> Result<(String, String), String> {
    let text: String = typed.trim().chars().map(plain).collect();
    if text.is_empty() {
        return Err("Enter an email address.".into());
    }
    if text.len() > 254 {
        return Err("An email address has at most 254 characters.".into());
    }
    let wrong = || format!("“{}” is not an email address. It looks like name@company.example.", shorten(&text));
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    if !local.is_ascii() {
        return Err("Use plain letters before the @: look-alike characters are not accepted.".into());
    }
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b));
    if !local_ok || !domain.contains('.') {
        return Err(wrong());
    }
    let labels: Vec<String> = domain.split('.').map(ascii_label).collect::<Option<_>>().ok_or_else(wrong)?;
    Ok((local.to_owned(), labels.join(".")))
}

/// Wide forms of ASCII characters, and of the dot, as the plain ones.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3002}' | '\u{ff61}' => '.',
        other => other,
    }
}

/// The ASCII form of a domain's label. None for what is no label, or mixes scripts, in either spelling.
fn ascii_label(label: &str) -> Option<String> {
    let label: String = label.chars().flat_map(char::to_lowercase).collect();
    let (ascii, shown) = match label.strip_prefix("xn--") {
        Some(rest) => {
            let shown = punycode::decode(rest).filter(|shown| !shown.is_ascii())?;
            // One label has one spelling.
            let again = punycode::encode(&shown)?;
            if again != rest || shown.chars().flat_map(char::to_lowercase).ne(shown.chars()) {
                return None;
            }
            (label.clone(), shown)
        }
        None if label.is_ascii() => (label.clone(), label),
        None => (format!("xn--{}", punycode::encode(&label)?), label),
    };
    let shape = !ascii.is_empty()
        && ascii.len() <= 63
        && !ascii.starts_with('-')
        && !ascii.ends_with('-')
        && ascii.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let mut scripts = shown.chars().filter(|c| !c.is_ascii_digit() && *c != '-').map(script);
    let first = scripts.next();
    let one_script = first.is_none_or(|first| first.is_some() && scripts.all(|other| other == first));
    (shape && one_script).then_some(ascii)
}

/// Scripts that domains are written in; what belongs to none of them is not accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    Georgian,
    Hangul,
    /// Han with both Kana.
    EastAsian,
}

fn script(c: char) -> Option<Script> {
    Some(match c {
        'a'..='z' | '\u{df}'..='\u{f6}' | '\u{f8}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{386}'..='\u{3ff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{561}'..='\u{587}' => Script::Armenian,
        '\u{5d0}'..='\u{5ea}' => Script::Hebrew,
        '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}' => Script::Arabic,
        '\u{904}'..='\u{939}' | '\u{93e}'..='\u{94d}' => Script::Devanagari,
        '\u{e01}'..='\u{e4e}' => Script::Thai,
        '\u{10d0}'..='\u{10fa}' => Script::Georgian,
        '\u{ac00}'..='\u{d7a3}' => Script::Hangul,
        '\u{3005}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fe}' | '\u{4e00}'..='\u{9fff}' => Script::EastAsian,
        _ => return None,
    })
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
    fn domains_of_other_scripts_have_one_form() {
        let bucher = normalize("Ada@Bücher.example").unwrap();
        assert_eq!(bucher, "ada@xn--bcher-kva.example");
        assert_eq!(normalize("ada@XN--bcher-kva.example"), Ok(bucher.clone()));
        assert_eq!(deliverable(" Ada@bücher.example").as_deref(), Some("Ada@xn--bcher-kva.example"));
        assert_eq!(normalize("ada@пример.example").as_deref(), Ok("ada@xn--e1afmkfd.example"));
        assert_eq!(
            normalize("ａｄａ＠ｅｘａｍｐｌｅ。ｃｏｍ").as_deref(),
            Ok("ada@example.com"),
            "wide forms are the plain ones"
        );
        // аpple with a Cyrillic а, as people see it and as it travels; Greek omicron; an accent that floats; an emoji; a bad form.
        for bad in [
            "a@аpple.com",
            "a@xn--pple-43d.com",
            "a@gοogle.com",
            "a@e\u{301}.com",
            "a@🦀.com",
            "a@xn--99999999.com",
            "a@xn--abc-.com",
        ] {
            assert!(normalize(bad).is_err(), "{bad}");
        }
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
