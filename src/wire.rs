//! How answers travel to the pages: values by position, without names, as text. Small to send, and small to read: the browser carries
//! for each type only the order of its fields, where JSON would take a table of names and the words of a dozen errors.
//!
//! What may travel is therefore plain: no fields that are left out, no enums that are told apart by their content.

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

/// Postcard (<https://postcard.jamesmunns.com>) with each byte as a character: printable ASCII as itself, the others moved by 0x100 to
/// where characters stand that need no escape in a script. `<` is moved, too: in the page it would be escaped as JSON is, and this is none.
pub struct PageText;

/// The codec of the server functions' answers.
pub type PageAnswer = Post<PageText>;

/// What [`read`] can not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Another build wrote it: by position its values would be misread.
    #[error("written by another build")]
    OtherBuild,
    /// It was not written by [`write`].
    #[error("not an answer of this server")]
    Garbled,
}

/// Stands before each text; another one in each build whose values may differ. See `build.rs`.
const MARK: &str = concat!("~", env!("TALLYGATE_WIRE"));

impl ContentType for PageText {
    const CONTENT_TYPE: &'static str = "text/plain; charset=utf-8";
}

impl FormatType for PageText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for PageText {
    type Error = Unreadable;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        Ok(Bytes::from(write(output)))
    }
}

impl<T: DeserializeOwned> Decodes<T> for PageText {
    type Error = Unreadable;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        std::str::from_utf8(&bytes).map_err(|_| Unreadable::Garbled).and_then(read)
    }
}

/// A value as text. What pages show can always be written.
pub fn write<T: Serialize>(value: &T) -> String {
    as_text(&postcard::to_allocvec(value).unwrap_or_default())
}

/// Reads what [`write`] wrote.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    postcard::from_bytes(&marked_bytes(text)?).map_err(|_| Unreadable::Garbled)
}

fn marked_bytes(text: &str) -> Result<Vec<u8>, Unreadable> {
    let (mark, text) = text.split_at_checked(MARK.len()).ok_or(Unreadable::Garbled)?;
    match mark {
        MARK => as_bytes(text).ok_or(Unreadable::Garbled),
        _ if mark.starts_with('~') => Err(Unreadable::OtherBuild),
        _ => Err(Unreadable::Garbled),
    }
}

const MOVED_BY: u32 = 0x100;

fn as_text(bytes: &[u8]) -> String {
    MARK.chars().chain(bytes.iter().map(|&byte| if is_printable(byte) { char::from(byte) } else { moved(byte) })).collect()
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) && byte != b'<'
}

fn moved(byte: u8) -> char {
    char::from_u32(u32::from(byte) + MOVED_BY).unwrap_or_default()
}

fn as_bytes(text: &str) -> Option<Vec<u8>> {
    let byte = |c: char| u8::try_from(u32::from(c)).ok().or_else(|| u8::try_from(u32::from(c).checked_sub(MOVED_BY)?).ok());
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_and_none_needs_an_escape() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = as_text(&bytes);
        assert_eq!(marked_bytes(&text), Ok(bytes));
        assert!(text.chars().all(|c| !c.is_control() && c != '<'));
    }

    #[test]
    fn words_stay_words() {
        let text = write(&("Atlas Search – team", 7_i64, Some(true)));
        assert!(text.contains("Atlas Search"), "{text}");
        assert_eq!(read(&text), Ok(("Atlas Search – team".to_owned(), 7_i64, Some(true))));
    }

    #[test]
    fn what_nobody_wrote_is_not_read() {
        for garbled in
            ["", "\u{ff00}", "<html>502 Bad Gateway</html>", "ääääää", &format!("{MARK}\u{ff00}"), &format!("{MARK}\u{14f}ab")]
        {
            assert_eq!(read::<String>(garbled), Err(Unreadable::Garbled), "{garbled}");
        }
    }

    #[test]
    fn what_another_build_wrote_is_told_apart() {
        let newer = write(&"Atlas Search").replacen(MARK, "~0123abcd", 1);
        assert_eq!(read::<String>(&newer), Err(Unreadable::OtherBuild));
        assert_eq!(MARK.len(), 9);
    }
}
