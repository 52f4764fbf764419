//! Where an HTTP/1 message begins and ends, said in one way only. hyper repairs what it can: of two lengths it takes one, and it takes a
//! bare line feed for a line's end. A proxy in front may repair it another way, and then what one of them takes for a body the other
//! takes for the next request. So bytes are followed here before hyper sees them, and the first that allows two readings is refused.

/// HTTP/2 frames its messages itself.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// As much of a line as is looked at; what decides is shorter.
const LINE_KEPT: usize = 128;

/// Follows the bytes of a connection.
#[derive(Debug)]
pub struct Framing {
    state: State,
    /// The present line, as far as it is kept.
    line: Vec<u8>,
    /// The present line is longer than that.
    is_cut: bool,
    after_cr: bool,
    has_request_line: bool,
    length: Option<u64>,
    is_chunked: bool,
    /// Bytes of HTTP/2's preface that were seen; none once something else came.
    preface: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    /// A body of so many bytes more.
    Body(u64),
    ChunkSize,
    /// A chunk of so many bytes more.
    Chunk(u64),
    /// The line's end behind a chunk.
    ChunkEnd,
    Trailers,
    /// HTTP/2.
    Frames,
}

/// Two readings are possible.
#[derive(Debug, PartialEq, Eq)]
struct Ambiguous;

impl Default for Framing {
    fn default() -> Self {
        Self {
            state: State::Head,
            line: Vec::with_capacity(LINE_KEPT),
            is_cut: false,
            after_cr: false,
            has_request_line: false,
            length: None,
            is_chunked: false,
            preface: Some(0),
        }
    }
}

impl Framing {
    /// How many of these bytes are beyond doubt: all of them, or those before the first that is not.
    pub fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match &mut self.state {
                State::Frames => return bytes.len(),
                State::Body(left) | State::Chunk(left) => {
                    let taken = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    at += taken;
                    if *left == 0 {
                        self.state = if matches!(self.state, State::Body(_)) { State::Head } else { State::ChunkEnd };
                    }
                }
                State::Head | State::ChunkSize | State::ChunkEnd | State::Trailers => {
                    self.follow_preface(rest[0]);
                    if self.take(rest[0]).is_err() {
                        return at;
                    }
                    at += 1;
                }
            }
        }
        at
    }

    fn follow_preface(&mut self, byte: u8) {
        let Some(seen) = self.preface else { return };
        self.preface = (PREFACE[seen] == byte).then_some(seen + 1);
        if self.preface == Some(PREFACE.len()) {
            self.state = State::Frames;
        }
    }

    /// A byte of a line.
    fn take(&mut self, byte: u8) -> Result<(), Ambiguous> {
        match (byte, std::mem::replace(&mut self.after_cr, byte == b'\r')) {
            (b'\n', true) => self.end_line(),
            (b'\n', false) | (_, true) => Err(Ambiguous),
            (b'\r', false) => Ok(()),
            _ if self.state == State::ChunkEnd => Err(Ambiguous),
            (byte, false) if self.line.len() < LINE_KEPT => {
                self.line.push(byte);
                Ok(())
            }
            _ => {
                self.is_cut = true;
                Ok(())
            }
        }
    }

    fn end_line(&mut self) -> Result<(), Ambiguous> {
        let mut line = std::mem::take(&mut self.line);
        let is_cut = std::mem::take(&mut self.is_cut);
        let next = match self.state {
            State::Head => self.end_of_head_line(&line, is_cut),
            State::ChunkSize => {
                chunk_size(&line, is_cut).map(|size| if size == 0 { State::Trailers } else { State::Chunk(size) })
            }
            State::ChunkEnd if line.is_empty() => Ok(State::ChunkSize),
            State::Trailers if line.is_empty() => Ok(State::Head),
            State::Trailers => Ok(State::Trailers),
            state @ State::Frames => Ok(state),
            _ => Err(Ambiguous),
        };
        line.clear();
        self.line = line;
        self.state = next?;
        Ok(())
    }

    fn end_of_head_line(&mut self, line: &[u8], is_cut: bool) -> Result<State, Ambiguous> {
        if !line.is_empty() {
            if std::mem::replace(&mut self.has_request_line, true) {
                self.note_header(line, is_cut)?;
            }
            return Ok(State::Head);
        }
        // Empty lines before a request are passed over, here as in hyper.
        self.has_request_line = false;
        Ok(match (self.length.take(), std::mem::take(&mut self.is_chunked)) {
            (None, true) => State::ChunkSize,
            (Some(length), _) if length > 0 => State::Body(length),
            _ => State::Head,
        })
    }

    /// A header: only those count that say how long the message is, each at most once and not both.
    fn note_header(&mut self, line: &[u8], is_cut: bool) -> Result<(), Ambiguous> {
        if line[0].is_ascii_whitespace() {
            return Err(Ambiguous);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = (&line[..colon], line.get(colon + 1..).unwrap_or_default().trim_ascii());
        let (says_length, says_coding) = match name.trim_ascii() {
            name if name.eq_ignore_ascii_case(b"content-length") => (true, false),
            name if name.eq_ignore_ascii_case(b"transfer-encoding") => (false, true),
            _ => return Ok(()),
        };
        if is_cut || name.len() != name.trim_ascii().len() || self.length.is_some() || self.is_chunked {
            return Err(Ambiguous);
        }
        if says_length {
            self.length = Some(number(value, 10).ok_or(Ambiguous)?);
        }
        self.is_chunked = says_coding;
        if says_coding && !value.eq_ignore_ascii_case(b"chunked") { Err(Ambiguous) } else { Ok(()) }
    }
}

fn chunk_size(line: &[u8], is_cut: bool) -> Result<u64, Ambiguous> {
    // Extensions are passed over, but not endless ones.
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    if is_cut { Err(Ambiguous) } else { number(size, 16).ok_or(Ambiguous) }
}

/// Digits and nothing else: no sign, no blank, no separator.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.iter().all(|byte| char::from(*byte).is_digit(radix));
    is_plain.then(|| u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that are beyond doubt, when they come in these pieces.
    fn followed(pieces: &[&[u8]]) -> usize {
        let mut framing = Framing::default();
        let mut good = 0;
        for piece in pieces {
            let taken = framing.follow(piece);
            good += taken;
            if taken < piece.len() {
                break;
            }
        }
        good
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\na\nb\r\n\r\nGET /";
    const CHUNKED: &str = "\r\nPOST / HTTP/1.1\r\ntransfer-encoding:CHUNKED \r\nX: 1\r\n\r\n5;x=y\r\n0\r\n\r\n\r\nA\r\n\n234567890\r\n0\r\nX-Sum: 1\r\n\r\n";
    /// Each is refused at its last byte.
    const AMBIGUOUS: [&str; 14] = [
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +4\r\n",
        "POST / HTTP/1.1\r\nContent-Length : 4\r\n",
        "POST / HTTP/1.1\r\nX: 1\r\n folded: 1\r\n",
        "POST / HTTP/1.1\n",
        "POST / HTTP/1.1\r\nHost: a\n",
        "POST / HTTP/1.1\r\nHost: a\r\n\n",
        "POST / HTTP/1.1\r\nHost: a\rX",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_refused_does_not_depend_on_where_the_network_cuts(
            messages in prop::collection::vec(prop::sample::select(vec![GET, POST, CHUNKED]), 0..5),
            bad in prop::option::of(prop::sample::select(AMBIGUOUS.to_vec())),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let good = messages.concat();
            let whole = format!("{good}{}", bad.map(|bad| format!("{bad}{GET}")).unwrap_or_default());
            let expected = good.len() + bad.map_or(0, |bad| bad.len() - 1);
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
            at.extend([0, whole.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &whole.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(followed(&pieces), expected, "{:?}", whole);
        }
    }

    #[test]
    fn http2_is_left_alone_and_what_only_begins_like_it_is_not() {
        let frames = [PREFACE, b"\n\x00\r\xff\nContent-Length: 1\n"].concat();
        assert_eq!(followed(&[&frames]), frames.len());
        let alike = b"PROPFIND / HTTP/1.1\n";
        assert_eq!(followed(&[alike]), alike.len() - 1);
    }

    #[test]
    fn long_lines_are_followed_without_being_kept() {
        let long = format!("GET /{} HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(9_000), "b".repeat(60_000));
        let mut framing = Framing::default();
        assert_eq!(framing.follow(long.as_bytes()), long.len());
        assert!(framing.line.capacity() <= LINE_KEPT && framing.state == State::Head && !framing.has_request_line);
    }
}
