//! Runs upstream test suites on the drop-in and reports.
#![forbid(unsafe_code)]

fn main() {}
