//! What `fs` asks of Windows: the names are those of `fs/system`, which is Unix. The standard library
//! carries everything out, on threads where it may block.
#![forbid(unsafe_code)]

mod extensions;
pub(in crate::fs) mod names;
pub(in crate::fs) mod open;

pub use self::extensions::{symlink_dir, symlink_file};

/// No flag of a file is known, and nothing is written inline.
pub(in crate::fs) const NOT_WRITTEN_INLINE: i32 = 0;

/// The same. What `FILE_FLAG_NO_BUFFERING` asks of a buffer is between the caller and the file.
pub(in crate::fs) const BYPASSES_CACHE: i32 = 0;

/// The access of an open for reading, which is not made inline.
pub(in crate::fs) const READ_ONLY: i32 = 0;
