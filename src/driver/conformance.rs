//! One test body for every back-end.
