//! [`UCred`]: who is at the other end.
#![forbid(unsafe_code)]

use super::{gid_t, pid_t, uid_t};

/// The credentials of a process.
///
/// Given by [`UnixStream::peer_cred`](crate::net::UnixStream::peer_cred).
///
/// # Examples
///
/// ```
/// use zokio::net::UnixStream;
/// use zokio::net::unix::UCred;
///
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (stream, peer) = UnixStream::pair()?;
/// let credentials: UCred = stream.peer_cred()?;
///
/// // A pair was made by one process, so the peer is the process itself.
/// assert_eq!(credentials.pid(), Some(std::process::id() as i32));
/// assert_eq!(credentials, peer.peer_cred()?);
/// # Ok(())
/// # }
/// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::MetadataExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// // A pair was made by one process, so the peer is the process itself.
    /// assert_eq!(stream.peer_cred()?.uid(), std::fs::metadata("/proc/self")?.uid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::MetadataExt;
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// // A pair was made by one process, so the peer is the process itself.
    /// assert_eq!(stream.peer_cred()?.gid(), std::fs::metadata("/proc/self")?.gid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process, if it is known.
    ///
    /// It may be gone, and the number given to another process, by the time one looks.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UnixStream;
    ///
    /// # #[zokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// // A pair was made by one process, so the peer is the process itself.
    /// assert_eq!(stream.peer_cred()?.pid(), Some(std::process::id() as i32));
    /// # Ok(())
    /// # }
    /// ```
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}
