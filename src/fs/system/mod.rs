//! What `fs` asks of the system, and has to ask each in its own way: how a file is opened, how names
//! are changed, and the parts of the API that one system has alone. This is Unix; `fs/windows` takes
//! its place on Windows.
#![forbid(unsafe_code)]

mod extensions;
pub(in crate::fs) mod names;
pub(in crate::fs) mod open;

use crate::util::system::O_DIRECT;

pub use self::extensions::symlink;

/// With any of these flags a write waits for the device, or goes to where another process may write
/// at the same time and must arrive there in one piece.
pub(in crate::fs) const NOT_WRITTEN_INLINE: i32 =
    libc::O_APPEND | libc::O_SYNC | libc::O_DSYNC | O_DIRECT;

/// With any of these flags a file bypasses the page cache.
pub(in crate::fs) const BYPASSES_CACHE: i32 = O_DIRECT;

/// The access of an open for reading.
pub(in crate::fs) const READ_ONLY: i32 = libc::O_RDONLY;
