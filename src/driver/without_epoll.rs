//! On a system without epoll(7) there is no wait in place of mio's poll, whose own time-out is exact
//! there where the system's is.
#![forbid(unsafe_code)]

use std::io;
use std::time::Duration;

use mio::{Poll, Token};

use crate::stream::Ready;

/// The events of one wait: there is none.
#[derive(Debug)]
pub(super) struct EpollEvents;

impl EpollEvents {
    pub(super) fn with_capacity(_capacity: usize) -> EpollEvents {
        EpollEvents
    }

    /// Returns the error of a kernel that lacks the call.
    pub(super) fn wait(
        &mut self,
        _poll: &Poll,
        _most: usize,
        _timeout: Option<Duration>,
    ) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(libc::ENOSYS))
    }

    pub(super) fn len(&self) -> usize {
        0
    }

    pub(super) fn iter(&self) -> std::iter::Empty<(Token, Ready)> {
        std::iter::empty()
    }
}

/// Returns `false`.
pub(super) fn works(_poll: &Poll, _token: Token, _raise: impl FnOnce()) -> bool {
    false
}
