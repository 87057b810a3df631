//! Small parts without a runtime: the coop budget, intrusive lists, batches of wakers, parking.

pub(crate) mod apart;
pub(crate) mod atomic_waker;
pub(crate) mod bit_lock;
pub(crate) mod budget;
#[cfg(feature = "rt")]
pub(crate) mod cache_padded;
#[cfg(all(unix, any(feature = "fs", all(feature = "rt", not(zokio_no_monitor)))))]
pub(crate) mod clock;
pub(crate) mod enter;
pub(crate) mod large;
pub(crate) mod list;
pub(crate) mod local_worker;
pub(crate) mod park;
pub(crate) mod rng;
#[cfg(feature = "rt")]
pub(crate) mod rng_seed;
pub(crate) mod scoped;
pub(crate) mod shrink;
#[cfg(all(feature = "rt", unix))]
pub(crate) mod status_flags;
#[cfg(feature = "rt")]
#[cfg_attr(windows, path = "system/windows.rs")]
pub(crate) mod system;
#[cfg(feature = "rt")]
pub(crate) mod thread;
pub(crate) mod trace_mode;
pub(crate) mod unwind;
pub(crate) mod wait_queue;
#[cfg(feature = "rt")]
pub(crate) mod wait_while;
pub(crate) mod wake;
pub(crate) mod wake_list;
#[cfg(feature = "rt")]
pub(crate) mod warning;

/// How often a taken lock is checked before parking: about as long as a short critical section.
/// None in a model, so that it reaches the parking.
const LOCK_SPINS: usize = if cfg!(loom) { 0 } else { 40 };

/// The largest future, in bytes, that is passed by value (`large.rs`). Without optimization a
/// function may have several copies of an argument.
const LARGEST_BY_VALUE: usize = if cfg!(debug_assertions) {
    2 << 10
} else {
    16 << 10
};
