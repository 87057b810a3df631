//! The back-end of a runtime's driver, and what copies moved within the kernel.
#![forbid(unsafe_code)]

use std::fmt;

use super::Sockets;
use crate::driver::Driver;
use crate::driver::backend::{BackendKind, Choice};

/// A back-end of the driver.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, DriverKind};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().build()?;
/// match rt.handle().driver_info().kind() {
///     DriverKind::Ring => println!("files are read on rings"),
///     DriverKind::Threads => println!("files are read on threads"),
///     other => println!("files are read by {other}"),
/// }
/// assert_eq!(DriverKind::Ring.to_string(), "uring");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriverKind {
    /// io_uring carries out reads of files that have to wait, and a pool of threads carries out the
    /// other file operations; readiness comes from mio.
    Ring,
    /// A pool of threads carries out file operations; readiness comes from mio.
    Threads,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DriverKind::Ring => "uring",
            DriverKind::Threads => "mio",
        })
    }
}

/// The back-end in use, the reason, and what copies moved within the kernel: see
/// [`Handle::driver_info`](super::Handle::driver_info).
///
/// `Display` prints the back-end and the reason on one line.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, DriverKind};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().driver(DriverKind::Threads).build()?;
/// let info = rt.handle().driver_info();
/// assert_eq!(info.to_string(), format!("{} ({})", info.kind(), info.reason()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DriverInfo {
    pub(super) kind: DriverKind,
    pub(super) reason: String,
    sockets: Sockets,
    sockets_reason: String,
    copied_in_kernel: u64,
    registered_transfers: u64,
}

impl DriverInfo {
    pub(super) fn of(driver: &Driver) -> DriverInfo {
        let backend = driver.completions().backend();
        let sockets = driver.sockets();
        DriverInfo {
            kind: match backend.kind {
                BackendKind::Ring => DriverKind::Ring,
                BackendKind::Threads => DriverKind::Threads,
            },
            reason: backend.reason,
            sockets: match sockets.completion {
                true => Sockets::Completion,
                false => Sockets::Readiness,
            },
            sockets_reason: sockets.reason,
            copied_in_kernel: driver.readiness().copied_in_kernel(),
            registered_transfers: driver.completions().registered_transfers(),
        }
    }

    /// Returns the back-end in use.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, DriverKind};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().driver(DriverKind::Threads).build()?;
    /// assert_eq!(rt.handle().driver_info().kind(), DriverKind::Threads);
    /// # Ok(())
    /// # }
    /// ```
    pub fn kind(&self) -> DriverKind {
        self.kind
    }

    /// Returns why the back-end is in use: it was asked for, it works here, or what keeps io_uring
    /// from working, perhaps since a moment when it was in use.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, DriverKind};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().driver(DriverKind::Threads).build()?;
    /// assert_eq!(rt.handle().driver_info().reason(), "asked for by the builder");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns how streams wait for bytes to read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, Sockets};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().sockets(Sockets::Readiness).build()?;
    /// assert_eq!(rt.handle().driver_info().sockets(), Sockets::Readiness);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sockets(&self) -> Sockets {
        self.sockets
    }

    /// Returns why streams wait that way: it was asked for, it is the default, or what keeps
    /// receives on io_uring from working.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, Sockets};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(1).sockets(Sockets::Completion).build()?;
    /// let info = rt.handle().driver_info();
    /// assert_eq!(info.sockets(), Sockets::Readiness);
    /// assert!(info.sockets_reason().contains("multi-thread"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn sockets_reason(&self) -> &str {
        &self.sockets_reason
    }

    /// Returns how many bytes [`copy`](crate::io::copy()) and its siblings, and the transfers of
    /// `completion` that begin at a socket or pipe, have moved within the kernel so far, instead of
    /// through the memory of the program.
    ///
    /// The count is that of the whole runtime. It stays at 0 while all copies are small, and where
    /// the kernel or a filter of system calls refuses splice(2). Transfers from a file are not part
    /// of it, nor are those to a file whose future was dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// assert_eq!(rt.handle().driver_info().copied_in_kernel(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copied_in_kernel(&self) -> u64 {
        self.copied_in_kernel
    }

    /// Returns how many reads and writes of files have made use of the registered memory of a
    /// [`BufferPool`](crate::completion::BufferPool) so far.
    ///
    /// The count is that of the whole runtime. It stays at 0 without io_uring, and where the memory
    /// cannot be registered; see
    /// [`BufferPool::registration_error`](crate::completion::BufferPool::registration_error).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// assert_eq!(rt.handle().driver_info().registered_transfers(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn registered_transfers(&self) -> u64 {
        self.registered_transfers
    }
}

impl fmt::Display for DriverInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind, self.reason)
    }
}

/// Returns the back-end that a builder asks the driver for.
pub(super) fn choice(forced: Option<DriverKind>) -> Choice {
    match forced {
        None => Choice::Auto,
        Some(DriverKind::Ring) => Choice::ForceRing,
        Some(DriverKind::Threads) => Choice::ForceThreads,
    }
}
