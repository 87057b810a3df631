//! Receives of sockets, by the protocol of `driver/sockets.rs`.
//!
//! [`Receives`] are those of a runtime and [`Receiver`] is the part of one socket (`receiver.rs`). The
//! [`table`] has what is in flight, retained or asked for, the [`ring`] is that of the thread that
//! drives, and the [`buffers`] are the ring's. [`reaped`] is what a wait returns from one to the
//! other.
//!
//! Read `receiver.rs` first, then `table.rs`. Models run both on a kernel of their own
//! (`ring_model.rs`).

#[cfg_attr(all(test, loom), path = "buffers_model.rs")]
mod buffers;
mod reaped;
mod receiver;
#[cfg_attr(all(test, loom), path = "ring_model.rs")]
mod ring;
mod table;

pub(in crate::driver) use receiver::supported;
pub(crate) use receiver::{OwnedReceiver, Received, Receiver, Receives};
