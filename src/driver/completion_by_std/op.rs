//! Operations on open files as plain data, and how `std::fs` carries them out.
//!
//! An [`Op`] owns the file and the buffer that it needs (I1). The calls wait: no file is used
//! overlapped. A handle that was opened with `FILE_FLAG_OVERLAPPED` has no position of its own; the
//! standard library, whose calls these are, waits for what becomes pending on one.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

/// A handle that stays open as long as an operation on it is in flight.
pub(crate) type SharedFd = Arc<File>;

/// The code of an operation that was refused or cancelled. Bit 29 is set in no code of the system
/// (SetLastError, remarks).
pub(crate) const CANCELED: i32 = 1 << 29;

/// Where a read starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    /// The position of the open file, which the read moves.
    Position,
    /// The given offset, which is the position; the caller moves that. No file is read in this way
    /// here, since there are no facts about one that would allow it.
    Offset(u64),
    /// A pipe, which has no position.
    Stream,
}

/// An operation and everything it needs.
#[derive(Debug)]
pub(crate) enum Op {
    /// ReadFile: at most `max` bytes into the unused capacity of `buffer`.
    Read {
        fd: SharedFd,
        from: ReadFrom,
        buffer: Vec<u8>,
        max: usize,
    },
    /// WriteFile of `buffer` from `written` on, repeated until everything is written or a call fails,
    /// whether or not a task waits for it.
    Write {
        fd: SharedFd,
        buffer: Vec<u8>,
        written: usize,
    },
    /// FlushFileBuffers.
    Sync { fd: SharedFd, data_only: bool },
    /// SetFileInformationByHandle with the end of the file.
    Truncate { fd: SharedFd, len: u64 },
}

/// The outcome of an operation, and its buffer if it has one.
#[derive(Debug)]
pub(crate) struct Completed {
    result: io::Result<usize>,
    buffer: Vec<u8>,
}

impl Op {
    /// Returns the operation's place among the names (`record/operation_names.rs`).
    pub(super) fn number(&self) -> u8 {
        match self {
            Op::Read { .. } => 1,
            Op::Write { .. } => 2,
            Op::Sync { .. } => 5,
            Op::Truncate { .. } => 6,
        }
    }

    /// Returns the outcome of an operation that was refused or cancelled.
    pub(super) fn refuse(self) -> Completed {
        let buffer = match self {
            Op::Read { buffer, .. } | Op::Write { buffer, .. } => buffer,
            Op::Sync { .. } | Op::Truncate { .. } => Vec::new(),
        };
        Completed {
            result: Err(io::Error::from_raw_os_error(CANCELED)),
            buffer,
        }
    }

    /// Carries out the operation; an interrupted call is made again (I5).
    pub(super) fn perform(self) -> Completed {
        let mut buffer = Vec::new();
        let result = match self {
            Op::Read {
                fd,
                from,
                buffer: into,
                max,
            } => {
                buffer = into;
                debug_assert!(
                    !matches!(from, ReadFrom::Offset(_)),
                    "a read at the position"
                );
                read(&fd, &mut buffer, max)
            }
            Op::Write {
                fd,
                buffer: from,
                written,
            } => {
                buffer = from;
                write(&fd, &buffer[written..])
            }
            Op::Sync { fd, data_only } => match data_only {
                true => fd.sync_data(),
                false => fd.sync_all(),
            }
            .map(|()| 0),
            Op::Truncate { fd, len } => fd.set_len(len).map(|()| 0),
        };
        Completed { result, buffer }
    }
}

/// One read at the file's position, into what `buffer` has behind its bytes.
fn read(mut file: &File, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
    let before = buffer.len();
    let room = (buffer.capacity() - before).min(max);
    buffer.resize(before + room, 0);
    let result = loop {
        match file.read(&mut buffer[before..]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => break result,
        }
    };
    buffer.truncate(before + result.as_ref().map_or(0, |count| *count));
    result
}

/// Writes all of `bytes`; returns the count of the last call.
fn write(mut file: &File, mut bytes: &[u8]) -> io::Result<usize> {
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(count) if count > 0 && count < bytes.len() => bytes = &bytes[count..],
            result => return result,
        }
    }
}

impl Completed {
    /// Returns the outcome of an operation that has no result but success.
    pub(crate) fn done(self) -> io::Result<()> {
        self.result.map(drop)
    }

    /// Returns the outcome of a read or write: the number of bytes, and the buffer. For a write the
    /// number is that of its last call.
    pub(crate) fn transferred(self) -> (io::Result<usize>, Vec<u8>) {
        (self.result, self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::{CANCELED, Op, ReadFrom};
    use std::io::{Seek, Write};
    use std::sync::Arc;

    #[test]
    fn a_read_fills_the_unused_capacity_up_to_its_limit() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        file.rewind().unwrap();
        let fd = Arc::new(file);
        for (expected, position) in [(&b"012"[..], 3), (b"345", 6)] {
            let read = Op::Read {
                fd: fd.clone(),
                from: ReadFrom::Position,
                buffer: Vec::with_capacity(100),
                max: 3,
            };
            let (result, buffer) = read.perform().transferred();
            assert_eq!(result.unwrap(), 3);
            assert_eq!(buffer, expected);
            assert_eq!((&*fd).stream_position().unwrap(), position);
        }
    }

    #[test]
    fn a_write_continues_where_it_was() {
        let fd = Arc::new(tempfile::tempfile().unwrap());
        let write = Op::Write {
            fd: fd.clone(),
            buffer: b"not this, but this".to_vec(),
            written: 10,
        };
        let (result, buffer) = write.perform().transferred();
        assert_eq!(result.unwrap(), 8);
        assert_eq!(buffer.len(), 18);
        assert_eq!(fd.metadata().unwrap().len(), 8);
    }

    #[test]
    fn what_is_refused_returns_its_buffer() {
        let write = Op::Write {
            fd: Arc::new(tempfile::tempfile().unwrap()),
            buffer: b"kept".to_vec(),
            written: 0,
        };
        let (result, buffer) = write.refuse().transferred();
        assert_eq!(result.unwrap_err().raw_os_error(), Some(CANCELED));
        assert_eq!(buffer, b"kept");
    }
}
