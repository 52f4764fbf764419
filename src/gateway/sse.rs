//! Splits a byte stream into server-sent events, wherever the network cut it. An event is handed on as it came, except that all line
//! ends become `\n`: so no client can see other events than the ones that were looked at here.

use std::{borrow::Cow, ops::Range};

use bytes::{Buf, Bytes, BytesMut};
use memchr::{memchr, memchr2};

/// Longest line that is believed.
pub const LINE_MAX: usize = 1 << 20;
/// Longest event that is believed.
const EVENT_MAX: usize = 4 << 20;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A line or an event is longer than anything that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is too long")]
pub struct TooLong;

/// Takes chunks, gives events.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The event that is not complete yet, and whatever came behind it.
    pending: BytesMut,
    /// Bytes of it that were looked at.
    scanned: usize,
    /// Where its current line begins.
    line_start: usize,
    /// The last line ended with `\r`: a `\n` right behind belongs to it.
    after_cr: bool,
    /// The first bytes, which may be a byte order mark, were looked at.
    begun: bool,
}

/// An event, or a block of comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The whole of it, empty line included.
    pub raw: Bytes,
    data: Data,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Data {
    /// No `data` line: a comment, which keeps the connection alive.
    None,
    Line(Range<usize>),
    Lines(Bytes),
}

impl Splitter {
    /// Adds what arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        self.pending.extend_from_slice(chunk);
    }

    /// The next complete event.
    pub fn next_event(&mut self) -> Result<Option<Event>, TooLong> {
        if !self.begun {
            if self.pending.len() < BOM.len() && BOM.starts_with(&self.pending) {
                return Ok(None);
            }
            if self.pending.starts_with(BOM) {
                self.pending.advance(BOM.len());
            }
            self.begun = true;
        }
        loop {
            self.skip_line_feed();
            let Some(at) = memchr2(b'\n', b'\r', &self.pending[self.scanned..]) else {
                self.scanned = self.pending.len();
                let too_long = self.scanned - self.line_start > LINE_MAX || self.scanned > EVENT_MAX;
                return if too_long { Err(TooLong) } else { Ok(None) };
            };
            let end = self.scanned + at;
            if end - self.line_start > LINE_MAX || end > EVENT_MAX {
                return Err(TooLong);
            }
            let is_blank = end == self.line_start;
            self.after_cr = self.pending[end] == b'\r';
            self.scanned = end + 1;
            self.line_start = end + 1;
            if is_blank {
                let raw = self.pending.split_to(end + 1).freeze();
                self.scanned = 0;
                self.line_start = 0;
                if end > 0 {
                    return Ok(Some(Event::new(raw)));
                }
            }
        }
    }

    /// What is left when the stream ended without an empty line.
    pub fn rest(&mut self) -> Option<Event> {
        self.skip_line_feed();
        let mut rest = std::mem::take(&mut self.pending);
        let text = rest.iter().rposition(|b| !matches!(b, b'\r' | b'\n'))?;
        rest.truncate(text + 1);
        rest.extend_from_slice(b"\n\n");
        (self.scanned, self.line_start, self.after_cr) = (0, 0, false);
        Some(Event::new(rest.freeze()))
    }

    fn skip_line_feed(&mut self) {
        if !self.after_cr || self.scanned >= self.pending.len() {
            return;
        }
        self.after_cr = false;
        if self.pending[self.scanned] == b'\n' {
            if self.scanned == 0 {
                // It belongs to an event that is gone already.
                self.pending.advance(1);
            } else {
                self.scanned += 1;
                self.line_start = self.scanned;
            }
        }
    }
}

impl Event {
    fn new(raw: Bytes) -> Self {
        let raw = if memchr(b'\r', &raw).is_some() { plain_line_ends(&raw) } else { raw };
        let mut data = Data::None;
        let mut start = 0;
        while let Some(length) = memchr(b'\n', &raw[start..]) {
            if let Some(value) = data_value(&raw, start..start + length) {
                data = match data {
                    Data::None => Data::Line(value),
                    Data::Line(first) => Data::Lines([&raw[first], b"\n", &raw[value]].concat().into()),
                    Data::Lines(lines) => Data::Lines([&lines, b"\n".as_slice(), &raw[value]].concat().into()),
                };
            }
            start += length + 1;
        }
        Self { raw, data }
    }

    /// The event's data; `None` for a comment.
    pub fn data(&self) -> Option<&[u8]> {
        match &self.data {
            Data::None => None,
            Data::Line(range) => Some(&self.raw[range.clone()]),
            Data::Lines(lines) => Some(lines),
        }
    }

    /// The event's data as text; `None` for a comment.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.data().map(String::from_utf8_lossy)
    }
}

/// The value of a `data` line, without the one blank behind the colon.
fn data_value(raw: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let rest = raw[line.clone()].strip_prefix(b"data")?;
    let start = match rest {
        [] => line.end,
        [b':', b' ', ..] => line.start + 6,
        [b':', ..] => line.start + 5,
        _ => return None,
    };
    Some(start..line.end)
}

fn plain_line_ends(raw: &[u8]) -> Bytes {
    let mut plain = Vec::with_capacity(raw.len() + 1);
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && raw[at - 1] == b'\r' => {}
            b'\r' => plain.push(b'\n'),
            byte => plain.push(*byte),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut splitter = Splitter::default();
        let mut events = vec![];
        for chunk in chunks {
            splitter.push(chunk);
            while let Some(event) = splitter.next_event().unwrap() {
                assert!(!event.raw.contains(&b'\r') && event.raw.ends_with(b"\n\n"), "{:?}", event.raw);
                events.push(event.data().map(<[u8]>::to_vec));
            }
        }
        events
    }

    /// The same, slowly and by the letter of the standard: over the whole text at once, line by line.
    fn reference(bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
        let text: Vec<u8> = bytes.strip_prefix(BOM).unwrap_or(bytes).to_vec();
        let text = String::from_utf8(text).unwrap().replace("\r\n", "\n").replace('\r', "\n");
        let mut events = vec![];
        let mut lines: Vec<&str> = vec![];
        let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
        for line in complete.split('\n') {
            if !line.is_empty() {
                lines.push(line);
            } else if !lines.is_empty() {
                let values: Vec<&str> = lines
                    .drain(..)
                    .filter_map(|line| match line.split_once(':') {
                        Some(("data", value)) => Some(value.strip_prefix(' ').unwrap_or(value)),
                        None if line == "data" => Some(""),
                        _ => None,
                    })
                    .collect();
                events.push((!values.is_empty()).then(|| values.join("\n").into_bytes()));
            }
        }
        events
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn events_do_not_depend_on_where_the_stream_is_cut(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r", "data: {\"a\":1}", "data:", "data", "data:  two", "dataset: x", ": comment",
                    "event: error", "id: 7", "data: [DONE]", "data: grüße 🦀\u{2028}", "\u{feff}", "x", " ", "data: a:b",
                ]),
                0..40,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole = parts.concat().into_bytes();
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
            at.extend([0, whole.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &whole[pair[0]..pair[1]]).collect();
            let expected = reference(&whole);
            prop_assert_eq!(&split(&chunks), &expected);
            let single: Vec<&[u8]> = whole.chunks(1).collect();
            prop_assert_eq!(&split(&single), &expected);
        }
    }

    #[test]
    fn what_looks_like_an_event_inside_json_is_text() {
        let event = br#"data: {"content":"\n\ndata: [DONE]\n\nevent: x\u0000"}"#;
        let events = split(&[event, b"\n\n"]);
        assert_eq!(events, vec![Some(event[6..].to_vec())]);
    }

    #[test]
    fn endless_lines_and_events_are_refused() {
        let mut splitter = Splitter::default();
        splitter.push(b"data: ");
        let piece = vec![b'x'; 64 << 10];
        let refused_after = (0..64).position(|_| {
            splitter.push(&piece);
            splitter.next_event().is_err()
        });
        assert_eq!(refused_after, Some(15), "one mebibyte");

        let mut splitter = Splitter::default();
        let line = [b"data: ".as_slice(), &piece, b"\n"].concat();
        assert!((0..80).any(|_| {
            splitter.push(&line);
            splitter.next_event().is_err()
        }));
    }

    #[test]
    fn a_last_event_without_an_empty_line_is_not_lost() {
        for rest in ["data: [DONE]", "data: [DONE]\n", "data: [DONE]\r\n", "data: [DONE]\r"] {
            let mut splitter = Splitter::default();
            splitter.push(rest.as_bytes());
            assert_eq!(splitter.next_event(), Ok(None));
            assert_eq!(splitter.rest().unwrap().raw, "data: [DONE]\n\n", "{rest:?}");
            assert_eq!(splitter.rest(), None);
        }
    }
}
