//! hyper::rt adapters for zokio.
#![forbid(unsafe_code)]
