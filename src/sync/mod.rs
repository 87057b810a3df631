//! placeholder

pub mod oneshot;
