//! The attribute macros of zokio.
//!
//! Each adds `crate = "zokio"` to its arguments and hands the item to the attribute of the same
//! name in the `tokio-macros` crate, which does the parsing.
#![forbid(unsafe_code)]
