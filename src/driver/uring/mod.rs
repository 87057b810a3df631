//! What the driver does on io_uring: everything that needs the crate `io-uring`, and nothing that
//! could do without.
//!
//! Whether this folder is compiled is decided once, in `driver/mod.rs`. Where it is not,
//! `driver/without_uring` takes its place, whose types have the same names and no values. The other
//! parts of the driver use four names of it: [`Ring`], on which [`operations`] are carried out, a
//! thread owning it; [`receives`] of sockets, on rings of the threads that drive; and whether there
//! is a ring, and why not, from [`probe`].

mod enter;
mod operations;
pub(in crate::driver) mod probe;
#[cfg_attr(not(feature = "completion"), path = "../without_uring/receives.rs")]
pub(in crate::driver) mod receives;
mod released;

pub(in crate::driver) use operations::Ring;
