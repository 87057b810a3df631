//! Guides: how to use zokio, and what to know about it, by subject.
//!
//! These modules hold text and examples and no items. The documentation of each type and function
//! describes that item; a guide connects them.
//!
//! | Guide | Read it |
//! |---|---|
//! | [`porting`] | to run a program that uses tokio on zokio, to make sure that it does, and to go back |
//! | [`back_ends`] | to see what io_uring is used for and how it is chosen, and before running in a container |
//! | [`cancellation`] | before using `select!`, `timeout` or `abort` around anything that must not be left half done |
//! | [`files`] | when a program reads or writes many files, shares open files, or needs data on disk |
//! | [`observing`] | to see what the workers and tasks of a running program do and wait for, and for metrics |
//!
//! The documentation of [`runtime`](crate::runtime) is the guide to schedulers, fairness, blocking
//! and shutdown; that of [`sync`](crate::sync) helps to choose a channel or a lock.
#![forbid(unsafe_code)]

pub mod back_ends;
pub mod cancellation;
pub mod files;
pub mod observing;
pub mod porting;
