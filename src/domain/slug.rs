//! The short name of a team or an organization in addresses.

/// Words that are not given away, because addresses use them or they would mislead.
const RESERVED: [&str; 14] = [
    "new",
    "me",
    "admin",
    "api",
    "account",
    "teams",
    "login",
    "logout",
    "signup",
    "settings",
    "tallygate",
    "null",
    "undefined",
    "pkg",
];

/// Checks a slug: 2 to 40 of `a-z`, `0-9` and `-`, starting with a letter, not ending with `-`, not reserved.
pub fn check(text: &str) -> Result<String, String> {
    let text = text.trim();
    let shape = text.len() >= 2
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !shape {
        return Err("Use 2 to 40 lower-case letters, digits and single hyphens, starting with a letter.".into());
    }
    if RESERVED.contains(&text) {
        return Err(format!("“{text}” is used by Tallygate itself. Choose another address."));
    }
    Ok(text.to_owned())
}

/// A slug made of a name; `fallback` where nothing usable is left.
pub fn from_name(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 32 {
            break;
        }
    }
    let slug = slug.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_matches('-').to_owned();
    if check(&slug).is_ok() { slug } else { fallback.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_come_from_names() {
        assert_eq!(from_name("Atlas Search", "team"), "atlas-search");
        assert_eq!(from_name("  3D & Motion!! ", "team"), "d-motion");
        assert_eq!(from_name("日本", "team"), "team");
        assert_eq!(from_name("Admin", "team"), "team");
        assert!(check("a--b").is_err() && check("Atlas").is_err() && check("me").is_err() && check("x").is_err());
    }
}
