//! Priority data in an [`Interest`] and a [`Ready`], which Linux alone reports.
#![forbid(unsafe_code)]

use super::{Interest, Ready, interest, ready};

impl Interest {
    /// Priority data, such as a byte that was sent out of band on a TCP connection.
    pub const PRIORITY: Interest = Interest(interest::PRIORITY);

    /// Returns `true` if [`PRIORITY`](Interest::PRIORITY) is part of the set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Interest;
    ///
    /// assert!(Interest::PRIORITY.is_priority());
    /// assert!(!Interest::READABLE.is_priority());
    /// ```
    pub const fn is_priority(self) -> bool {
        self.0 & interest::PRIORITY != 0
    }
}

impl Ready {
    /// There is priority data, such as a byte that was sent out of band on a TCP connection.
    pub const PRIORITY: Ready = Ready(ready::PRIORITY);

    /// Returns `true` if [`PRIORITY`](Ready::PRIORITY) is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::Ready;
    ///
    /// assert!(Ready::PRIORITY.is_priority());
    /// assert!(!Ready::READABLE.is_priority());
    /// ```
    pub fn is_priority(self) -> bool {
        self.0 & ready::PRIORITY != 0
    }
}
