//! What a runtime that is observed records: what its workers do, what its tasks wait for, and what
//! has happened last.
//!
//! Nothing here exists for a runtime that is not observed, and nothing is done for it but this: a
//! worker looks at an `Option` of its own where it sleeps, steals or is handed over; a leaf that
//! returns `Pending`, or is dropped while it waits, looks at a thread-local value ([`waits`]), and so do
//! `select!`, `join!` and timeouts ([`poll_part`]); a new lock looks at a flag of the
//! process ([`ever_recorded`]). Polls, wakes and spawns look at nothing more than without this module: a task that is
//! recorded has details (`scheduler/task/origin.rs`), for which they look anyway.
//!
//! # Who writes and who reads
//!
//! | what | written by | read by |
//! |---|---|---|
//! | a worker's ring of events ([`ring`]) | the thread that has the worker | any thread, while it is written |
//! | the rings of other threads ([`outside`]) | any of them, under a lock of a ring that no other has | as above |
//! | a worker's slot ([`slot`]): what it polls, and since when | the thread that has the worker | any thread: fields of one moment |
//! | a task's line ([`noted`]): state, polls, wait | the thread that has the task's notification, or polls or ends it | any thread: fields of one task |
//! | what the leaves of a poll wait for ([`leaves`]) | the thread that polls | the same thread, which stores one of them in the task's line |
//! | the list of lines ([`page`]) | a spawning thread, under a shard's lock | any thread, under that lock for as long as it takes to clone a pointer for 64 tasks |
//! | who has locked a lock ([`holders`]) | the task that has locked it, and the thread that unlocks it | any thread: a hint |
//! | counters of operations ([`operations`]) | any thread | any thread |
//!
//! A thread that puts its worker down ([`Here::block_in_place`]) writes for it no more, before another
//! thread can pick it up. All values are atomic, so a mistake in this garbles what is read and
//! nothing else.
//!
//! # What may be old
//!
//! A worker reads the clock when a poll has ended and when it wakes up. A poll begins at the end of
//! the one before, unless the worker has slept, waited for the driver or stolen since. What happens in
//! a poll (a wake, a spawn, a submission) has the time of its begin. Other threads read the clock for
//! each event. A time that is later than the reading by which it is converted becomes that of the
//! reading.
//!
//! The tasks of a `LocalSet` are recorded if the runtime that is the current one where they are
//! spawned is. A closure of the blocking pool is a task with one poll. The future of `block_on` is a
//! task whose wakes are not seen: it is idle or running.
//!
//! # A build without it
//!
//! With `--cfg zokio_no_monitor`, and on Windows, the file `without.rs` is this module: the same names,
//! of types without a value and of functions without a body. `lib.rs` picks one of the two, so the code
//! that records has no `cfg`, and compiles to what it would be if it did not record.
//!
//! Read next: [`noted`], then [`here`], then [`recorder`].

mod wait;

#[cfg(feature = "rt")]
mod clock;
#[cfg(feature = "rt")]
mod event;
#[cfg(feature = "rt")]
mod here;
mod holders;
#[cfg(feature = "rt")]
mod journal;
mod leaves;
mod noted;
mod operation_names;
#[cfg(feature = "rt")]
mod operations;
#[cfg(feature = "rt")]
mod outside;
#[cfg(feature = "rt")]
mod page;
mod place;
mod polled;
#[cfg(feature = "rt")]
mod recorder;
#[cfg(feature = "rt")]
mod ring;
#[cfg(feature = "rt")]
mod slot;
#[cfg(feature = "rt")]
mod system;
#[cfg(all(feature = "rt", target_arch = "x86_64"))]
mod tsc;
#[cfg(all(feature = "rt", not(target_arch = "x86_64")))]
#[path = "without_tsc.rs"]
mod tsc;

#[cfg(all(test, feature = "completion", feature = "process"))]
mod tests;
#[cfg(all(test, feature = "completion", feature = "macros", feature = "process"))]
mod tests_of_macros;

#[cfg(feature = "rt")]
pub(crate) use self::clock::Reading;
#[cfg(feature = "rt")]
pub(crate) use self::event::Event;
#[cfg(feature = "rt")]
pub(crate) use self::here::{Here, enter};
pub(crate) use self::holders::{ever_recorded, locks, unlocks};
#[cfg(feature = "rt")]
pub(crate) use self::journal::{Journal, Submission};
pub(crate) use self::noted::{SeenKind, TaskState};
pub(crate) use self::operation_names::OPERATIONS;
#[cfg(feature = "rt")]
pub(crate) use self::page::Entry;
pub(crate) use self::polled::{
    address, poll_part, waits, waits_around, waits_at_most, waits_no_more,
};
#[cfg(feature = "rt")]
pub(crate) use self::recorder::{
    EventSeen, Recorder, Stuck, TaskSeen, WaitSeen, WorkerEvents, WorkerSeen,
};
#[cfg(feature = "rt")]
pub(crate) use self::slot::WorkerState;
#[cfg(feature = "rt")]
pub(crate) use self::system::{ThreadOf, instant_ns};
pub(crate) use self::wait::Wait;
