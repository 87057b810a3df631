//! The live view: a Unix socket through which another process sees what the runtimes of this one
//! do, while they do it.
//!
//! A runtime is shown if its builder or the environment asks for it. Then there is a thread, which
//! reads what the schedulers count and record, and writes it to the clients of the socket as JSON.
//! It polls no task and holds no lock of a runtime while it waits, so a runtime that is stuck can be
//! looked at, and a client that does not read holds up only itself.
//!
//! - [`registry`]: all runtimes of the process, and which server shows which of them.
//! - [`server`]: the thread, which waits for clients. `client.rs` serves one, `request.rs` reads what
//!   it asks for, `answer.rs` writes what it gets.
//! - [`socket`]: the file of the socket, and what happens if there is one already.
//! - `snapshot.rs`: the counters as JSON. [`prometheus`]: the same as a page of metrics, which needs
//!   neither thread nor socket.
//! - `tasks.rs`, `places.rs`, `events.rs`: what [`record`](crate::record) knows of tasks and of what
//!   has happened last. `descriptor.rs` finds out which socket a task waits for.
//! - [`stack`]: the stack of a thread, taken by a signal. `worker_stack.rs` takes that of a worker, and
//!   `stuck.rs` has the log name workers that are in one poll for too long.
//! - `json.rs`: writes JSON. `numbers.rs`: a map. `raw.rs`: system calls, and `system` those that differ.
//!
//! # Protocol
//!
//! A client sends lines, each a request; what it gets are lines as well, each a JSON object. The
//! first one tells who serves. All times are nanoseconds of `CLOCK_MONOTONIC`. A request is at most
//! 256 bytes long, and is answered by an object with the field `error` if it makes no sense. Answers
//! come in the order of the requests. Those to a client that reads nothing for 10 s end with the
//! connection, and after 1 s if it has asked for tasks or events and others wait for theirs. Snapshots
//! of a stream are left out while one before waits to be read.

mod answer;
mod client;
mod descriptor;
mod durations;
mod events;
mod json;
mod numbers;
mod places;
mod prometheus;
mod raw;
mod registry;
mod request;
mod server;
mod snapshot;
mod socket;
mod stack;
mod stuck;
mod system;
mod tasks;
mod viewed;
mod worker_stack;

pub(crate) use self::registry::{Membership, prometheus_page};
pub(crate) use self::viewed::ViewRequest;
