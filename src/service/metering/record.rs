//! What stands in the spool: framed records. A frame is `length u32 | CRC-32 u32 | kind u8 | call id 16 bytes | body`, little
//! endian; length and checksum are of what follows them. A write that a crash cut short is told by its length or its checksum.

use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::{
    ids::CallId,
    time::UnixMs,
    usage::{CallEnd, CallFacts, Tokens, UsageEvent},
};

/// Length and checksum.
pub(super) const HEADER: usize = 8;
/// Kind and call id.
const PREFIX: usize = 17;
/// No record is longer; a larger length is damage.
const LONGEST: usize = 1 << 20;

/// A step of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// Admitted; written before the first byte goes upstream.
    Open(Box<CallFacts>),
    /// Still running: what was used so far.
    Checkpoint(CallId, Checkpoint),
    /// Over; written before the last byte goes to the client.
    End(CallId, Box<CallEnd>),
    /// Refused: begins and ends at once.
    Refused(Box<UsageEvent>),
}

/// What a running call had used at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// When.
    pub(super) at: UnixMs,
    /// Tokens so far.
    pub(super) tokens: Tokens,
}

/// What stands at a place of the spool.
#[derive(Debug)]
pub(super) enum Frame {
    /// A record, and the length of its frame.
    Whole(Record, usize),
    /// More bytes are needed.
    Partial,
    /// The frame is whole but not what was written, or from a version that wrote other things; its length.
    Damaged(usize),
    /// Nothing that could be a frame.
    Garbage,
}

const OPEN: u8 = 1;
const CHECKPOINT: u8 = 2;
const END: u8 = 3;
const REFUSED: u8 = 4;

/// The frame of an `open` record.
pub(super) fn open(facts: &CallFacts) -> Vec<u8> {
    frame(OPEN, facts.id, 768, |body| json(body, facts))
}

/// The frame of an `end` record.
pub(super) fn end(id: CallId, end: &CallEnd) -> Vec<u8> {
    frame(END, id, 384, |body| json(body, end))
}

/// The frame of a `refused` record.
pub(super) fn refused(event: &UsageEvent) -> Vec<u8> {
    frame(REFUSED, event.call.id, 1_024, |body| json(body, event))
}

/// The frame of a `checkpoint` record.
pub(super) fn checkpoint(id: CallId, checkpoint: Checkpoint) -> Vec<u8> {
    let Tokens { prompt, cached, completion } = checkpoint.tokens;
    frame(CHECKPOINT, id, 32, |body| {
        body.extend_from_slice(&checkpoint.at.0.to_le_bytes());
        for count in [prompt, cached, completion] {
            body.extend_from_slice(&count.to_le_bytes());
        }
    })
}

/// Reads the frame at the start of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Frame {
    let (Some(length), Some(sum)) = (u32_at(bytes, 0), u32_at(bytes, 4)) else { return Frame::Partial };
    let length = length as usize;
    if !(PREFIX..=LONGEST).contains(&length) {
        return Frame::Garbage;
    }
    let Some(content) = bytes.get(HEADER..HEADER + length) else { return Frame::Partial };
    if crc32fast::hash(content) != sum {
        return Frame::Damaged(HEADER + length);
    }
    match record(content) {
        Some(record) => Frame::Whole(record, HEADER + length),
        None => Frame::Damaged(HEADER + length),
    }
}

fn frame(kind: u8, id: CallId, room: usize, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + PREFIX + room);
    bytes.extend_from_slice(&[0; HEADER]);
    bytes.push(kind);
    bytes.extend_from_slice(id.0.as_bytes());
    write(&mut bytes);
    // Names and codes are short and checked; a record never comes near 4 GiB.
    let length = (bytes.len() - HEADER) as u32;
    let sum = crc32fast::hash(&bytes[HEADER..]);
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..HEADER].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// The frame of an `end` record as it was written before a call's phases were kept.
#[cfg(test)]
pub(super) fn end_without_phases(id: CallId, end: &CallEnd) -> Vec<u8> {
    let mut old = serde_json::to_value(end).unwrap();
    let fields = old.as_object_mut().unwrap();
    assert!(fields.remove("upstream_ms").is_some() && fields.remove("message").is_some());
    frame(END, id, 0, |body| json(body, &old))
}

fn json(body: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Plain structs with text keys into memory: neither can fail.
    serde_json::to_writer(body, value).expect("usage records serialize");
}

fn record(content: &[u8]) -> Option<Record> {
    let (kind, rest) = content.split_first()?;
    let (id, body) = rest.split_at_checked(16)?;
    let id = CallId(Uuid::from_slice(id).ok()?);
    match *kind {
        OPEN => from_json(body).map(Record::Open),
        END => from_json(body).map(|end| Record::End(id, end)),
        REFUSED => from_json(body).map(Record::Refused),
        CHECKPOINT => {
            let tokens = Tokens { prompt: u64_at(body, 8)?, cached: u64_at(body, 16)?, completion: u64_at(body, 24)? };
            Some(Record::Checkpoint(id, Checkpoint { at: UnixMs(u64_at(body, 0)?.cast_signed()), tokens }))
        }
        _ => None,
    }
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Option<Box<T>> {
    serde_json::from_slice(body).ok().map(Box::new)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::metering::testing;

    #[test]
    fn every_record_reads_back_and_every_cut_is_seen() {
        let event = testing::event(7);
        let id = event.call.id;
        let point = Checkpoint { at: UnixMs(12), tokens: Tokens { prompt: 3, cached: 2, completion: u64::MAX } };
        let records = [
            (open(&event.call), Record::Open(Box::new(event.call.clone()))),
            (checkpoint(id, point), Record::Checkpoint(id, point)),
            (end(id, &event.end), Record::End(id, Box::new(event.end.clone()))),
            (refused(&event), Record::Refused(Box::new(event.clone()))),
        ];
        for (bytes, record) in records {
            let Frame::Whole(read_back, length) = read(&bytes) else { panic!("{record:?} does not read back") };
            assert_eq!((read_back, length), (record, bytes.len()));
            for cut in 0..bytes.len() {
                assert!(matches!(read(&bytes[..cut]), Frame::Partial), "cut at {cut}");
            }
            for at in HEADER..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 0x20;
                assert!(matches!(read(&changed), Frame::Damaged(_)), "changed at {at}");
            }
        }
        assert!(matches!(read(&[0; 64]), Frame::Garbage), "zeros are what a power cut leaves");
        assert!(matches!(read(&[0xff; 64]), Frame::Garbage));
    }
}
