//! The tokio API, served by zokio.
#![forbid(unsafe_code)]
