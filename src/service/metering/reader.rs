//! Reading the spool back: records in the order in which they were written, in bounded memory, while more are being written.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::{
    record::{self, Frame, Record},
    spool::Spool,
};

/// Bytes that are read at once.
const CHUNK: usize = 128 << 10;

/// A place in the spool, and what was read ahead of it.
#[derive(Debug, Default)]
pub(super) struct SpoolReader {
    segment: u64,
    file: Option<File>,
    /// Where the next bytes are read from the file.
    offset: u64,
    buffer: Vec<u8>,
    /// How much of the buffer is used up.
    used: usize,
}

/// What was read.
#[derive(Debug)]
pub(super) enum Next {
    /// A record.
    Record(Record),
    /// Something that was damaged on the device and can not be read; reading goes on behind it.
    Damage,
    /// All that is written so far has been read.
    CaughtUp,
}

impl SpoolReader {
    /// The segment that is being read.
    pub(super) fn segment(&self) -> u64 {
        self.segment
    }

    /// The next record. Blocks for the file system.
    pub(super) fn next(&mut self, spool: &Spool) -> io::Result<Next> {
        loop {
            match record::read(&self.buffer[self.used..]) {
                Frame::Whole(record, length) => {
                    self.used += length;
                    return Ok(Next::Record(record));
                }
                Frame::Damaged(length) => {
                    self.used += length;
                    return Ok(Next::Damage);
                }
                Frame::Garbage if self.leave(spool) => return Ok(Next::Damage),
                Frame::Garbage => return Ok(Next::CaughtUp),
                Frame::Partial => {}
            }
            // What is written is asked first: a segment that is not the last one then, does not grow any more.
            let written = spool.written();
            if !self.fill(spool, if self.segment == written.segment { written.length } else { u64::MAX })?
                && (self.segment == written.segment || !self.leave(spool))
            {
                return Ok(Next::CaughtUp);
            }
        }
    }

    /// Reads more of the segment, up to `end`; false when there is no more.
    fn fill(&mut self, spool: &Spool, end: u64) -> io::Result<bool> {
        if self.segment == 0 {
            return Ok(false);
        }
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(spool.reader(self.segment)?),
        };
        self.buffer.drain(..self.used);
        self.used = 0;
        let have = self.buffer.len();
        let want = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(CHUNK).min(CHUNK);
        self.buffer.resize(have + want, 0);
        let read = file.read_at(&mut self.buffer[have..], self.offset);
        self.buffer.truncate(have + *read.as_ref().unwrap_or(&0));
        self.offset += read? as u64;
        Ok(self.buffer.len() > have)
    }

    /// Goes on to the next segment; a frame that a crash cut short is left behind. False when there is none.
    fn leave(&mut self, spool: &Spool) -> bool {
        let Some(next) = spool.segment_from(self.segment + 1) else { return false };
        *self = Self { segment: next, ..Self::default() };
        true
    }
}
