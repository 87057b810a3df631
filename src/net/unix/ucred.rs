//! [`UCred`]: who is at the other end.
#![forbid(unsafe_code)]

use super::{gid_t, pid_t, uid_t};
use crate::util::system::Credentials;

/// The credentials of a process.
///
/// Returned by [`UnixStream::peer_cred`](crate::net::UnixStream::peer_cred).
///
/// # Examples
///
/// ```
/// use std::os::unix::fs::MetadataExt;
/// use zokio::net::UnixStream;
///
/// # #[zokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let (stream, _peer) = UnixStream::pair()?;
/// let credentials = stream.peer_cred()?;
///
/// // One process made the pair, so the peer is the process itself.
/// let own = std::fs::metadata("/proc/self")?;
/// assert_eq!(credentials.pid(), Some(std::process::id() as i32));
/// assert_eq!((credentials.uid(), credentials.gid()), (own.uid(), own.gid()));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    pub(super) fn new((pid, uid, gid): Credentials) -> UCred {
        UCred { pid, uid, gid }
    }

    /// Returns the user.
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// Returns the group.
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// Returns the process, if it is known. A process of another PID namespace is not, and none is on
    /// FreeBSD.
    ///
    /// It may have ended in the meantime, and its number may belong to another process.
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}
