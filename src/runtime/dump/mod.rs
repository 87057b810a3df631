//! Snapshots of what the tasks of a runtime wait for.
//!
//! [`Handle::dump`](super::Handle::dump) lists the tasks of a runtime with the calls that led to where each waits.
//! [`Trace::capture`] and [`trace_with`] do the same for one future. The feature `taskdump` is needed,
//! and no `cfg`.
//!
//! ```
//! use zokio::runtime::Handle;
//!
//! async fn stage(name: &str) {
//!     println!("{name}");
//!     std::future::pending::<()>().await
//! }
//!
//! #[zokio::main]
//! async fn main() {
//!     zokio::spawn(async {
//!         zokio::time::timeout(zokio::time::Duration::from_secs(60), stage("one")).await
//!     });
//!     let dump = Handle::current().dump().await;
//!     for task in dump.tasks().iter() {
//!         println!("{}\n{}", task.id(), task.trace());
//!     }
//! }
//! ```
//!
//! # Trace mode
//!
//! To find out where a future waits, it is polled in *trace mode*: every future of this crate that it
//! reaches notes the calls on the stack, makes no progress, and is pending. The future is polled
//! again as usual after that. To the code around those futures this is one spurious poll, which each
//! future has to allow for; code that does something whenever it is polled does it once more.
//! A future that waits for something that is not of this crate (a channel of another crate, a waker
//! that is kept by hand) does not appear, and the trace of a task that waits only for such is empty.
//! Nor does one that is not polled because nothing has woken it: a `FuturesUnordered`, or a `join_all`
//! of many, polls only what has been woken.
//!
//! # Names
//!
//! Addresses are turned into names when a [`Trace`] is printed or
//! [resolved](Trace::resolve_backtraces), which reads the debug information of the program: it has to
//! be there (`debug = "line-tables-only"` is enough), and the first time may take long. Do that in
//! [`spawn_blocking`](crate::task::spawn_blocking). While it happens, tasks that are traced wait for
//! it, since both take the lock of the `backtrace` crate.
#![forbid(unsafe_code)]

mod backtrace;
mod handle;
mod names;
mod snapshot;
mod trace;
mod tree;

pub use self::backtrace::{Backtrace, BacktraceFrame, BacktraceSymbol};
pub use self::snapshot::{Dump, Task, Tasks, UntracedTask};
pub use self::trace::{Root, Trace, trace_with};
pub use crate::util::trace_mode::TraceMeta;

/// Whether this crate's paths are shown as those of the tokio crate.
const IS_TOKIO: bool = cfg!(feature = "taskdump-as-tokio");
