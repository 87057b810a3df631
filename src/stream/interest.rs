//! [`Interest`]: which events of a file descriptor a caller wants to be told about.
//!
//! A plain set of bits that is never empty. Its counterpart is [`Ready`], the readiness that was
//! observed.
#![forbid(unsafe_code)]

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use super::Ready;

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
pub(super) const PRIORITY: u8 = 1 << 2;
const ERROR: u8 = 1 << 3;

/// The events of a file descriptor to wait for.
///
/// The `ready`, `try_io` and `async_io` methods of the socket types and of `AsyncFd` take one. It
/// is never empty.
///
/// # Examples
///
/// ```
/// use zokio::io::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(pub(super) u8);

impl Interest {
    /// Something to read, or the end of what will be read.
    pub const READABLE: Interest = Interest(READABLE);

    /// Room to write, or the end of what can be written.
    pub const WRITABLE: Interest = Interest(WRITABLE);

    /// An error, or something in the error queue of a socket.
    ///
    /// The kernel reports errors whether or not they were asked for. A wait for this interest alone
    /// does not end when data arrives.
    pub const ERROR: Interest = Interest(ERROR);

    /// Returns `true` if [`READABLE`](Interest::READABLE) is part of the set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    ///
    /// assert!((Interest::READABLE | Interest::WRITABLE).is_readable());
    /// assert!(!Interest::WRITABLE.is_readable());
    /// ```
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Returns `true` if [`WRITABLE`](Interest::WRITABLE) is part of the set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    ///
    /// assert!((Interest::READABLE | Interest::WRITABLE).is_writable());
    /// assert!(!Interest::READABLE.is_writable());
    /// ```
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Returns `true` if [`ERROR`](Interest::ERROR) is part of the set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    ///
    /// assert!(Interest::ERROR.is_error());
    /// assert!(!Interest::READABLE.is_error());
    /// ```
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// Returns the union of both sets; the same as `self | other`, for constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    /// assert!(BOTH.is_readable() && BOTH.is_writable());
    /// ```
    #[must_use = "the sum is returned, `self` stays as it is"]
    #[allow(clippy::should_implement_trait)]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// Returns the set without `other`, or `None` if nothing is left.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
    /// assert_eq!(both.remove(both), None);
    /// ```
    #[must_use = "the difference is returned, `self` stays as it is"]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        let left = self.0 & !other.0;
        (left != 0).then_some(Interest(left))
    }

    /// Returns the flags of [`Ready`] that satisfy this interest.
    pub(crate) const fn mask(self) -> Ready {
        let mut bits = 0;
        if self.is_readable() {
            bits |= Ready::READABLE.bits() | Ready::READ_CLOSED.bits();
        }
        if self.is_writable() {
            bits |= Ready::WRITABLE.bits() | Ready::WRITE_CLOSED.bits();
        }
        if self.is_priority() {
            bits |= Ready::PRIORITY.bits() | Ready::READ_CLOSED.bits();
        }
        if self.is_error() {
            bits |= Ready::ERROR.bits();
        }
        Ready::from_bits(bits)
    }
}

impl BitOr for Interest {
    type Output = Interest;

    fn bitor(self, other: Interest) -> Interest {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        *self = self.add(other);
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.is_readable(), "READABLE"),
            (self.is_writable(), "WRITABLE"),
            (self.is_priority(), "PRIORITY"),
            (self.is_error(), "ERROR"),
        ];
        let mut separator = "";
        for (_, name) in names.into_iter().filter(|(set, _)| *set) {
            write!(f, "{separator}{name}")?;
            separator = " | ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Interest;
    use crate::stream::Ready;

    #[test]
    fn a_closed_side_satisfies_its_direction() {
        assert!(Interest::READABLE.mask().is_read_closed());
        assert!(!Interest::READABLE.mask().is_writable());
        assert!(Interest::WRITABLE.mask().is_write_closed());
        assert_eq!(Interest::ERROR.mask(), Ready::ERROR);
    }

    #[test]
    fn debug_names_every_flag() {
        let mut all = Interest::READABLE | Interest::PRIORITY | Interest::ERROR;
        all |= Interest::WRITABLE;
        assert_eq!(format!("{all:?}"), "READABLE | WRITABLE | PRIORITY | ERROR");
    }
}
