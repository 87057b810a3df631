//! The names of the driver's operations.
#![forbid(unsafe_code)]

/// An operation has a place in this list, by which events and counters tell it.
pub(crate) const OPERATIONS: [&str; 13] = [
    "open", "read", "write", "allocate", "close", "sync", "truncate", "rename", "unlink", "mkdir",
    "link", "symlink", "transfer",
];
