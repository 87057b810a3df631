//! Readiness: "tell me when this file descriptor may make progress".
//!
//! [`Registry`] belongs to the driver: it registers file descriptors with mio, edge-triggered, and
//! dispatches the events of a wait. [`Registration`] is what a socket holds. Between them is one
//! slot per registration: a `word` with the known readiness, and the waiters. A slot is 64 bytes,
//! comes from a page that is freed with the registry, and is reused, so a registration rarely
//! allocates.
//!
//! # Invariants
//!
//! - **R1** Flags are set by events and cleared only by a thread that saw an operation block, and
//!   only if no event came in since that operation was started (`word`).
//! - **R2** A waiter looks at the word again while it holds the lock under which it leaves its
//!   waker; an event writes the word before it takes that lock (`slot`).
//! - **R3** A token names the generation of its slot: events in flight when a registration ends
//!   have no effect (`word`). So ending one needs no coordination with the thread that waits.
//! - **R4** Wakers are woken and dropped while no lock but the driver's turn is held.
//! - **R5** After the shutdown every wait ends with an error and every registration fails.
//!
//! Read `word` first, then `slot`, then `registration`.

#[cfg(target_os = "freebsd")]
mod kqueue;
#[cfg_attr(not(target_os = "linux"), path = "without_priority.rs")]
mod mio_interest;
mod registration;
mod registry;
mod slot;
mod slots;
mod waiters;
mod waiting;
mod word;

pub(crate) use registration::{ReadyEvent, Registration, Verdict};
pub(crate) use registry::{Registry, Target};
pub(crate) use slot::Direction;
pub(crate) use waiting::{Ending, Registered, Waiting};
