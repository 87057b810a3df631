//! [`UCred`]: who is at the other end.
#![forbid(unsafe_code)]

use super::{gid_t, pid_t, uid_t};

/// The credentials of a process.
///
/// Given by [`UnixStream::peer_cred`](crate::net::UnixStream::peer_cred).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    pub(super) fn new(credentials: &libc::ucred) -> UCred {
        UCred {
            // 0 is a process outside of this PID namespace.
            pid: (credentials.pid != 0).then_some(credentials.pid),
            uid: credentials.uid,
            gid: credentials.gid,
        }
    }

    /// The user.
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group.
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process, if it is known.
    ///
    /// It may be gone, and the number given to another process, by the time one looks.
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}
