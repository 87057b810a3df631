//! [`Ready`]: what a file descriptor was seen to be ready for.
//!
//! A plain set of bits. The driver fills it from the events of the kernel; a waiter looks at the
//! part that its [`Interest`](super::Interest) asks for. Nothing here knows where events come from.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const READ_CLOSED: u8 = 1 << 2;
const WRITE_CLOSED: u8 = 1 << 3;
pub(super) const PRIORITY: u8 = 1 << 4;
const ERROR: u8 = 1 << 5;

/// What a file descriptor is ready for.
///
/// A set of flags, which is what a `ready` method of a socket or pipe resolves to. Readiness is a
/// hint: an operation that was announced as ready may still fail with
/// [`WouldBlock`](std::io::ErrorKind::WouldBlock), because another task was faster or because the
/// kernel took the data back (a datagram with a bad checksum, for example). The two `closed` flags
/// are best effort; a read that returns 0 bytes is the proof.
///
/// # Examples
///
/// ```
/// use zokio::io::Ready;
///
/// let ready = Ready::READABLE | Ready::READ_CLOSED;
/// assert!(ready.is_readable());
/// assert_eq!(ready - Ready::READABLE, Ready::READ_CLOSED);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(pub(super) u8);

impl Ready {
    /// No readiness at all.
    pub const EMPTY: Ready = Ready(0);

    /// There may be something to read.
    pub const READABLE: Ready = Ready(READABLE);

    /// There may be room to write.
    pub const WRITABLE: Ready = Ready(WRITABLE);

    /// Nothing more will arrive: the peer closed its writing side, or this side stopped reading.
    pub const READ_CLOSED: Ready = Ready(READ_CLOSED);

    /// Nothing more can be written: both directions are shut, or the reader of a pipe is gone.
    pub const WRITE_CLOSED: Ready = Ready(WRITE_CLOSED);

    /// The file descriptor has an error pending, or something in its error queue.
    pub const ERROR: Ready = Ready(ERROR);

    /// Every flag.
    pub const ALL: Ready =
        Ready(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR);

    /// Returns `true` if no flag is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::EMPTY.is_empty());
    /// assert!(!Ready::READABLE.is_empty());
    /// ```
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns `true` if a read may make progress: [`READABLE`](Ready::READABLE) or
    /// [`READ_CLOSED`](Ready::READ_CLOSED), because a closed side is read as end of stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::READABLE.is_readable());
    /// assert!(Ready::READ_CLOSED.is_readable());
    /// assert!(!Ready::WRITABLE.is_readable());
    /// ```
    pub fn is_readable(self) -> bool {
        self.0 & (READABLE | READ_CLOSED) != 0
    }

    /// Returns `true` if a write may make progress: [`WRITABLE`](Ready::WRITABLE) or
    /// [`WRITE_CLOSED`](Ready::WRITE_CLOSED), because a closed side fails the write at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::WRITABLE.is_writable());
    /// assert!(Ready::WRITE_CLOSED.is_writable());
    /// assert!(!Ready::READABLE.is_writable());
    /// ```
    pub fn is_writable(self) -> bool {
        self.0 & (WRITABLE | WRITE_CLOSED) != 0
    }

    /// Returns `true` if [`READ_CLOSED`](Ready::READ_CLOSED) is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::READ_CLOSED.is_read_closed());
    /// assert!(!Ready::READABLE.is_read_closed());
    /// ```
    pub fn is_read_closed(self) -> bool {
        self.0 & READ_CLOSED != 0
    }

    /// Returns `true` if [`WRITE_CLOSED`](Ready::WRITE_CLOSED) is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::WRITE_CLOSED.is_write_closed());
    /// assert!(!Ready::WRITABLE.is_write_closed());
    /// ```
    pub fn is_write_closed(self) -> bool {
        self.0 & WRITE_CLOSED != 0
    }

    /// Returns `true` if [`ERROR`](Ready::ERROR) is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::ERROR.is_error());
    /// assert!(!Ready::READABLE.is_error());
    /// ```
    pub fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    pub(crate) const fn from_bits(bits: u8) -> Ready {
        Ready(bits & Ready::ALL.0)
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Ready;

    fn sub(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_priority", &self.is_priority())
            .field("is_error", &self.is_error())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Ready;

    #[test]
    fn sets_behave_as_sets() {
        let mut ready = Ready::EMPTY;
        ready |= Ready::READABLE;
        ready |= Ready::ERROR;
        assert_eq!(ready & Ready::ALL, ready);
        assert_eq!(ready - Ready::READABLE, Ready::ERROR);
        assert_eq!(Ready::ALL - Ready::ALL, Ready::EMPTY);
        assert_eq!(Ready::from_bits(u8::MAX), Ready::ALL);
    }
}
