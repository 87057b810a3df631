//! The ring, and what its operations are told apart by.

use std::io;

use io_uring::{IoUring, cqueue, squeue};

/// The entries of the ring. There are eight times as many for completions, so that a thousand
/// connections fit.
const ENTRIES: u32 = 2048;

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Accept,
    Receive,
    Send,
}

/// What comes back with a completion: what it is for, and a descriptor or a place.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub kind: Kind,
    pub target: u32,
}

impl Key {
    pub fn data(self) -> u64 {
        (self.kind as u64) << 32 | u64::from(self.target)
    }

    fn of(data: u64) -> Key {
        let kind = match data >> 32 {
            0 => Kind::Accept,
            1 => Kind::Receive,
            _ => Kind::Send,
        };
        Key {
            kind,
            target: data as u32,
        }
    }
}

/// A completion.
#[derive(Clone, Copy, Debug)]
pub struct Completion {
    pub key: Key,
    result: i32,
    flags: u32,
}

impl Completion {
    /// Returns the count or the descriptor, or the error.
    pub fn result(&self) -> io::Result<u32> {
        u32::try_from(self.result).map_err(|_| io::Error::from_raw_os_error(-self.result))
    }

    /// Returns whether the operation, a multishot one, has ended.
    pub fn has_ended(&self) -> bool {
        !cqueue::more(self.flags)
    }

    /// Returns the buffer that the kernel took.
    pub fn buffer(&self) -> Option<u16> {
        cqueue::buffer_select(self.flags)
    }
}

/// The ring of this thread.
pub struct Ring(pub IoUring);

impl Ring {
    pub fn new() -> io::Result<Ring> {
        let mut builder = IoUring::builder();
        builder.setup_single_issuer().setup_defer_taskrun();
        Ok(Ring(builder.setup_cqsize(8 * ENTRIES).build(ENTRIES)?))
    }

    /// Adds an operation to the next submission.
    ///
    /// # Safety
    ///
    /// The memory that the operation points to must stay valid, and must not be used by others in a way
    /// that its kind forbids, until its last completion.
    pub unsafe fn push(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        // SAFETY: the caller's promise is the one that is asked for.
        while unsafe { self.0.submission().push(entry) }.is_err() {
            self.0.submit()?;
        }
        Ok(())
    }

    /// Submits, waits for a completion at least, and moves all that there are into `completions`.
    pub fn wait(&mut self, completions: &mut Vec<Completion>) -> io::Result<()> {
        self.0.submit_and_wait(1)?;
        completions.extend(self.0.completion().map(|completion| Completion {
            key: Key::of(completion.user_data()),
            result: completion.result(),
            flags: completion.flags(),
        }));
        Ok(())
    }
}
