//! Options that decide how tasks are treated: what a panic does, which choices are random, and how
//! a worker orders its tasks.
//!
//! Some of tokio's options ask for what zokio does in any case. They are here so that programs that
//! set them can be built.
#![forbid(unsafe_code)]

use super::Builder;
use crate::runtime::{RngSeed, UnhandledPanic};
use crate::util::rng_seed::Seeds;

/// The options of this file.
pub(super) struct Policy {
    pub(super) unhandled_panic: UnhandledPanic,
    pub(super) lifo_slot: bool,
    pub(super) alt_timer: bool,
    rng_seed: Option<RngSeed>,
    /// How many runtimes have been built with the seed.
    seeded: u64,
}

impl Policy {
    pub(super) fn new() -> Policy {
        Policy {
            unhandled_panic: UnhandledPanic::Ignore,
            lifo_slot: true,
            alt_timer: false,
            rng_seed: None,
            seeded: 0,
        }
    }

    /// Returns the generators of the next runtime.
    pub(super) fn next_seeds(&mut self) -> Option<Seeds> {
        let seed = self.rng_seed.as_ref()?.nth(self.seeded);
        self.seeded += 1;
        Some(Seeds::new(&seed))
    }
}

impl Builder {
    /// Sets what the runtime does when a spawned task panics; by default it continues.
    ///
    /// With [`UnhandledPanic::ShutdownRuntime`], no other task runs after the one that panicked,
    /// even if its [`JoinHandle`](crate::task::JoinHandle) exists. All tasks are cancelled, and so
    /// is at once what is spawned later. [`block_on`](crate::runtime::Runtime::block_on) panics on
    /// each thread that is inside it, and later on those whose future is not ready when it is first
    /// polled. [`Handle::block_on`](crate::runtime::Handle::block_on), which runs no tasks, only
    /// waits for its future. Sockets, timers and the blocking pool stay until the runtime is
    /// dropped.
    ///
    /// The panic of a closure of [`spawn_blocking`](crate::task::spawn_blocking), and that of the
    /// drop of a task that was cancelled, have no such effect.
    /// [`LocalSet::unhandled_panic`](crate::task::LocalSet::unhandled_panic) does the same for the
    /// tasks of a set, whose panics do not concern the runtime.
    ///
    /// # Panics
    ///
    /// Panics if `behavior` is [`UnhandledPanic::ShutdownRuntime`] and this builder was created by
    /// [`new_multi_thread`](Builder::new_multi_thread).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    /// use zokio::runtime::{Builder, UnhandledPanic};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread()
    ///     .unhandled_panic(UnhandledPanic::ShutdownRuntime)
    ///     .build()?;
    /// let other = rt.spawn(std::future::pending::<()>());
    /// // Without this option, the panic would wait for someone to join the task.
    /// drop(rt.spawn(async { panic!("a bug") }));
    /// assert!(catch_unwind(AssertUnwindSafe(|| rt.block_on(other))).is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        assert!(
            !(self.multi_thread && behavior.ends_the_runtime()),
            "UnhandledPanic::ShutdownRuntime is only supported in current thread runtime: use \
             `Builder::new_current_thread`"
        );
        self.policy.unhandled_panic = behavior;
        self
    }

    /// Sets the seed of the runtime's random choices, so that a run can be repeated.
    ///
    /// These are the order in which [`select!`](crate::select) polls its branches, on the threads
    /// that run tasks and those that are inside `block_on`, and the worker from which an idle one
    /// steals first. Without a seed each thread chooses by one of its own.
    ///
    /// Each call of `block_on` and each worker has a sequence of choices that depends on the seed,
    /// and on how many calls of `block_on` came before or on the worker's index, and on nothing
    /// else. The tasks of a thread share its sequence. So a current-thread runtime that does the
    /// same work in the same order makes the same choices. With several workers, which of them runs
    /// a task is no choice of the runtime's alone, and no seed makes it repeatable.
    ///
    /// Other versions of zokio may make other choices from the same seed, and so does tokio. If a
    /// builder builds several runtimes, they differ from each other.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, RngSeed};
    ///
    /// fn winners() -> std::io::Result<Vec<u32>> {
    ///     let seed = RngSeed::from_bytes(b"42");
    ///     let rt = Builder::new_current_thread().rng_seed(seed).build()?;
    ///     Ok(rt.block_on(async {
    ///         let mut winners = Vec::new();
    ///         for _ in 0..20 {
    ///             winners.push(zokio::select! {
    ///                 number = async { 1 } => number,
    ///                 number = async { 2 } => number,
    ///             });
    ///         }
    ///         winners
    ///     }))
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// assert_eq!(winners()?, winners()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rng_seed(&mut self, seed: RngSeed) -> &mut Self {
        self.policy.rng_seed = Some(seed);
        self.policy.seeded = 0;
        self
    }

    /// Disables the slot in which a worker of a multi-thread runtime keeps the task that was made
    /// runnable last, which it otherwise runs next.
    ///
    /// Every task then waits at the end of its worker's queue, from which idle workers may take it
    /// at once. A worker with quick polls lets others have the task in the slot only after a while,
    /// see [`runtime`](crate::runtime#how-it-works-today). Two tasks that wake each other are
    /// faster with the slot. A current-thread runtime has no slot, and ignores this option.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(1).disable_lifo_slot().build()?;
    /// let (tx, rx) = mpsc::channel();
    /// rt.spawn(async move {
    ///     for number in 1..=3 {
    ///         let tx = tx.clone();
    ///         zokio::spawn(async move { tx.send(number) });
    ///     }
    /// });
    /// // With the slot, the last one would be the first.
    /// assert_eq!(rx.iter().collect::<Vec<_>>(), [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn disable_lifo_slot(&mut self) -> &mut Self {
        self.policy.lifo_slot = false;
        self
    }

    /// Asks that another worker takes the wait for I/O and timers over from one that runs a task.
    ///
    /// A multi-thread runtime of two or more workers always does so, with this option or without
    /// it: a worker does not hold the wait while it runs a task, an idle worker may take it, and if
    /// none has done so, one is woken within 20 ms. So this option changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread()
    ///     .worker_threads(2)
    ///     .enable_time()
    ///     .enable_eager_driver_handoff()
    ///     .build()?;
    /// let (tx, rx) = std::sync::mpsc::channel();
    /// let task = rt.spawn(async move {
    ///     zokio::spawn(async move {
    ///         sleep(Duration::from_millis(1)).await;
    ///         tx.send("fired")
    ///     });
    ///     // This blocks the worker until the timer of the other task has fired.
    ///     rx.recv()
    /// });
    /// assert_eq!(rt.block_on(task)?, Ok("fired"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_eager_driver_handoff(&mut self) -> &mut Self {
        self
    }

    /// Enables timers, as [`enable_time`](Builder::enable_time) does, and lets those of a multi-thread
    /// runtime be ready once it has been shut down.
    ///
    /// Without this option a timer panics when it is polled after the shutdown of its runtime.
    ///
    /// On tokio the option chooses timers that suit many workers. Those of zokio are like that in any
    /// case: each worker has its own, behind a lock that is held for a moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().enable_alt_timer().build()?;
    /// rt.block_on(async { sleep(Duration::from_millis(1)).await });
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_alt_timer(&mut self) -> &mut Self {
        self.policy.alt_timer = true;
        self.enable_time()
    }

    /// Asks for a queue of blocking closures that many threads can use at a time.
    ///
    /// This option changes nothing. Closures begin in the order in which they were spawned, from
    /// one queue, whose lock is held while a closure is put in or taken out.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().enable_sharded_blocking_queue().build()?;
    /// let sum = rt.spawn_blocking(|| 1 + 1);
    /// assert_eq!(rt.block_on(sum)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_sharded_blocking_queue(&mut self) -> &mut Self {
        self
    }
}
