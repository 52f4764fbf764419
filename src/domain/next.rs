//! Where to go after signing in: a path of this product, never another site.

/// Longest path that is believed.
const LONGEST: usize = 2_048;

/// The path itself if it is one of ours, else `/`.
pub fn own_path(wanted: &str) -> &str {
    // Browsers read `\` as `/` and drop tabs and line breaks. What an address bar shows otherwise is percent-encoded in a path.
    let plain = wanted.len() <= LONGEST && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if plain && wanted.starts_with('/') && !wanted.starts_with("//") { wanted } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_followed() {
        for good in ["/", "/teams?new=1", "/t/atlas-search/keys?q=a%20b#x"] {
            assert_eq!(own_path(good), good);
        }
        for bad in [
            "",
            "teams",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/ok\\..",
            "/a\r\nSet-Cookie: x",
            " /teams",
        ] {
            assert_eq!(own_path(bad), "/", "{bad:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(4_000))), "/");
    }
}
