//! The cell on one thread and on many, without a runtime.
