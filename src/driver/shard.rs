//! One worker's share of the completion half: an in-flight table and, once used, a ring.
//!
//! Both are behind one short lock. No system call is made under it: a thread takes what it needs
//! to know, lets go, enters the kernel, and comes back for the completions. So the lock delays
//! nobody, whether the thread that owns the shard is busy, stuck or gone.
//!
//! # Notification
//!
//! The ring writes to the driver's eventfd only while a thread sleeps in the driver's wait. Each
//! side raises its flag before it looks at the other's: the waiter sets `waiting` and then looks at
//! `active`; a submitter raises `active` and then, after it entered the kernel, looks at `waiting`
//! and unmutes the ring if it is set. Whoever unmutes looks at the completion queue afterwards.
//! While a thread hands over its own submissions the ring is muted, because that thread is about
//! to look anyway.
//!
//! # Kernel trouble
//!
//! A full submission queue is entered and tried again; an operation that still finds no room goes
//! to the pool (I6). A ring that the kernel stops serving altogether (a seccomp filter that came
//! late) is given up: what it has not taken goes to the pool, and so does all that follows.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use crate::blocking::Pool;
use crate::driver::inflight::{Key, Orphaned, Polled, Table};
use crate::driver::op::{Completed, Op};
use crate::driver::pool;
use crate::driver::probe::Capabilities;
use crate::driver::uring::{Ring, setup};
use crate::loom::sync::{Mutex, OnceLock};

mod job;
mod state;
mod teardown;

use job::Job;
use state::{Action, Pending, Place, Push, State};

/// Completions that are taken under one hold of the lock.
const BATCH: usize = 32;

/// What all shards of a driver have in common.
pub(crate) struct Shared {
    /// A thread sleeps, or is about to, and wants completions written to `wake`.
    pub(crate) waiting: AtomicBool,
    pub(crate) wake: Arc<OwnedFd>,
    pub(crate) pool: Pool,
    /// `None` where there is no io_uring.
    pub(crate) capabilities: Option<&'static Capabilities>,
    /// Submission queue entries of a ring.
    pub(crate) entries: u32,
}

/// See the file's head.
pub(crate) struct Shard {
    state: Mutex<State>,
    ring: OnceLock<Option<Ring>>,
    /// Entries pushed to the ring whose completion was not taken yet.
    active: AtomicUsize,
    /// Something was pushed since the ring was last entered.
    queued: AtomicBool,
    /// The thread that flushes and reaps this shard on every tick; see [`thread_token`].
    owner: AtomicUsize,
    /// Threads that end an operation and have not woken its task yet.
    ending: AtomicUsize,
    shared: Arc<Shared>,
}

/// A number of the calling thread that no other thread ever has; zero if its locals are gone.
fn thread_token() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    thread_local! {
        static TOKEN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    TOKEN.try_with(|token| *token).unwrap_or(0)
}

impl Shard {
    pub(crate) fn new(shared: Arc<Shared>) -> Shard {
        Shard {
            state: Mutex::new(State {
                table: Table::new(),
                queue: None,
                pushed: Vec::new(),
                broken: false,
                closed: false,
                cancels: HashMap::new(),
            }),
            ring: OnceLock::new(),
            active: AtomicUsize::new(0),
            queued: AtomicBool::new(false),
            owner: AtomicUsize::new(0),
            ending: AtomicUsize::new(0),
            shared,
        }
    }

    /// The ring, made at first use; `None` where the system gives none.
    pub(crate) fn ring(&self) -> Result<Option<&Ring>, io::Error> {
        if let Some(ring) = self.ring.get() {
            return Ok(ring.as_ref());
        }
        let io = match setup::ring(self.shared.entries, Some(self.shared.wake.as_fd())) {
            Ok(io) => io,
            // Descriptors may come free again: try at the next operation.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
                return Err(error);
            }
            Err(error) => {
                log::warn!("zokio: no further ring, the blocking pool serves instead: {error}");
                let _ = self.ring.set(None);
                return Err(error);
            }
        };
        let (ring, mut queue) = Ring::split(io);
        let mut state = self.state.lock();
        if self.ring.set(Some(ring)).is_ok() {
            queue.mute();
            state.queue = Some(queue);
        }
        Ok(self.ring.get().and_then(Option::as_ref))
    }

    /// Takes note that the calling thread serves this shard on every tick.
    pub(crate) fn adopt(&self) {
        let token = thread_token();
        if self.owner.load(Ordering::Relaxed) != token {
            self.owner.store(token, Ordering::Relaxed);
        }
    }

    /// Whether the calling thread serves this shard on every tick.
    pub(crate) fn is_mine(&self) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        owner != 0 && owner == thread_token()
    }

    /// Takes an operation in; it is on its way when this returns. `Err` gives it back: the driver
    /// is closed.
    pub(crate) fn submit(self: &Arc<Self>, op: Op, ring_allowed: bool) -> Result<Key, Op> {
        let on_ring = ring_allowed
            && self.shared.capabilities.is_some_and(|known| known.has(&op))
            && matches!(self.ring(), Ok(Some(_)));
        let mut state = self.state.lock();
        if state.closed {
            return Err(op);
        }
        let place = if on_ring { Place::Ring } else { Place::Pool };
        let key = state.table.insert(Pending { op, place });
        let push = if on_ring {
            state.push(key, self)
        } else {
            Push::Broken
        };
        drop(state);
        match push {
            Push::Done | Push::Stale => {}
            Push::Full | Push::Cancelled => self.to_ring(key),
            Push::Broken => self.to_pool(key),
        }
        Ok(key)
    }

    /// Queues the operation of `key` on the ring; on the pool if there is no room to be made.
    fn to_ring(self: &Arc<Self>, key: Key) {
        for _ in 0..3 {
            let push = self.state.lock().push(key, self);
            match push {
                Push::Done | Push::Stale => return,
                Push::Full => {
                    self.enter();
                }
                Push::Cancelled => {
                    self.finish(key, None, -libc::ECANCELED);
                    return;
                }
                Push::Broken => break,
            }
        }
        self.to_pool(key);
    }

    /// Takes note of one more entry on the ring; under the lock.
    fn pushed(&self) {
        self.active.fetch_add(1, Ordering::SeqCst);
        self.queued.store(true, Ordering::Release);
    }

    /// Has the pool perform the operation of `key`.
    fn to_pool(self: &Arc<Self>, key: Key) {
        let mandatory = {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            let Some(pending) = state.table.payload(key) else {
                return;
            };
            pending.place = Place::Pool;
            if matches!(pending.op, Op::Poll { .. }) {
                match pool::cancel_descriptor() {
                    Ok(fd) => {
                        state.cancels.insert(key, Arc::new(fd));
                    }
                    Err(error) => {
                        drop(guard);
                        self.finish(key, None, errno(&error));
                        return;
                    }
                }
            }
            matches!(pending.op, Op::Write { .. })
        };
        let job = Job {
            shard: self.clone(),
            key,
            refusal: libc::ECANCELED,
        };
        let work = Box::new(move || job.run());
        let result = if mandatory {
            self.shared.pool.spawn_mandatory(work)
        } else {
            self.shared.pool.spawn(work)
        };
        if let Err(refused) = result {
            // The job was dropped, which completed the entry.
            log::debug!("zokio: an operation could not begin: {refused}");
        }
    }

    /// Hands queued entries to the kernel if there are any, and takes what completed; returns how
    /// many did.
    pub(crate) fn flush(self: &Arc<Self>) -> usize {
        if self.queued.load(Ordering::Acquire) {
            self.enter()
        } else {
            0
        }
    }

    /// Takes what completed; returns how many. No system call when nothing did.
    pub(crate) fn reap(self: &Arc<Self>) -> usize {
        if self.active.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.drain()
    }

    fn enter(self: &Arc<Self>) -> usize {
        let Some(Some(ring)) = self.ring.get() else {
            return 0;
        };
        {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            self.queued.store(false, Ordering::Relaxed);
            let Some(queue) = state.queue.as_mut().filter(|_| !state.broken) else {
                return 0;
            };
            if queue.queued() == 0 && !queue.is_overflown() {
                return 0;
            }
            queue.mute();
        }
        let result = ring.enter();
        let abandoned = self.state.lock().entered(&result, &self.queued);
        if !abandoned.is_empty() {
            log::warn!("zokio: a ring is no longer served, the blocking pool takes over");
        }
        // Each counts as progress: one that the pool refuses ends here, and wakes its task.
        let count = abandoned.len();
        for key in abandoned {
            self.active.fetch_sub(1, Ordering::SeqCst);
            if let Some(key) = key {
                self.to_pool(key);
            }
        }
        count + self.drain()
    }

    fn drain(self: &Arc<Self>) -> usize {
        let mut total = 0;
        loop {
            let mut actions = [const { None }; BATCH];
            let (count, overflown) = {
                let mut guard = self.state.lock();
                let Some(mut queue) = guard.queue.take() else {
                    return total;
                };
                if self.shared.waiting.load(Ordering::SeqCst) {
                    queue.unmute();
                }
                let mut next = actions.iter_mut();
                let count = queue.drain(BATCH, |bits, raw| {
                    if let Some(slot) = next.next() {
                        *slot = guard.settle(Key::from_bits(bits), raw);
                    }
                });
                let overflown = queue.is_overflown() && !guard.broken;
                guard.queue = Some(queue);
                (count, overflown)
            };
            self.active.fetch_sub(count, Ordering::SeqCst);
            total += count;
            for action in actions.into_iter().flatten() {
                total += self.act(action);
            }
            if overflown && let Some(Some(ring)) = self.ring.get() {
                if ring.enter().is_err() {
                    // The next flush finds the reason and deals with it.
                    self.queued.store(true, Ordering::Release);
                    return total;
                }
            } else if count < BATCH {
                return total;
            }
        }
    }

    /// Does what a completion left to do; returns how many more completed by that.
    fn act(self: &Arc<Self>, action: Action) -> usize {
        match action {
            Action::Wake(waker) => waker.wake(),
            Action::Drop(completed) => drop(completed),
            Action::Retry(key) => {
                self.to_ring(key);
                return self.flush();
            }
            Action::ToPool(key) => self.to_pool(key),
            // A closed ring takes nothing more. The pool does, until it is closed too; from then on
            // this is one of its threads (a worker's), for which a shutdown waits as it was told to.
            Action::PerformHere(key) if !self.shared.pool.is_closed() => self.to_pool(key),
            Action::PerformHere(key) => {
                let taken = self.state.lock().table.take_payload(key);
                if let Some((mut pending, _)) = taken {
                    let raw = pool::perform(&mut pending.op, None);
                    self.finish(key, Some(pending), raw);
                }
            }
        }
        0
    }

    /// The final completion of an operation that is not on the ring.
    fn finish(&self, key: Key, returned: Option<Pending>, raw: i32) {
        self.ending.fetch_add(1, Ordering::SeqCst);
        let finished = {
            let mut state = self.state.lock();
            state.cancels.remove(&key);
            state.end(key, returned, raw)
        };
        match finished {
            Some(Action::Wake(waker)) => waker.wake(),
            Some(Action::Drop(completed)) => drop(completed),
            Some(Action::Retry(_) | Action::ToPool(_) | Action::PerformHere(_)) | None => {}
        }
        self.ending.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether an operation is in flight, or its task not woken yet.
    pub(crate) fn is_busy(&self) -> bool {
        // In this order: whoever ends one says so before it is not in flight any more.
        self.in_flight() > 0 || self.ending.load(Ordering::SeqCst) > 0
    }

    /// Fetches an outcome or leaves a waker.
    pub(crate) fn poll(&self, key: Key, cx: &mut Context<'_>) -> Poll<Completed> {
        let polled = self.state.lock().table.poll(key, cx);
        match polled {
            Polled::Ready(completed) => Poll::Ready(completed),
            Polled::Pending(_old) => Poll::Pending,
        }
    }

    /// Asks for the end of an operation.
    pub(crate) fn cancel(self: &Arc<Self>, key: Key) {
        let first = self.state.lock().table.cancel(key);
        if first {
            self.send_cancel(key);
        }
    }

    /// Nobody waits for `key` any more; `cancel` asks for its end (I8).
    pub(crate) fn orphan(self: &Arc<Self>, key: Key, cancel: bool) {
        let orphaned = self.state.lock().table.orphan(key, cancel);
        match orphaned {
            Orphaned::Completed(completed) => drop(completed),
            Orphaned::InFlight { cancel, waker } => {
                drop(waker);
                if cancel {
                    self.send_cancel(key);
                }
            }
            Orphaned::Stale => {}
        }
    }

    /// Sends the request for an entry that has just been marked cancelled.
    fn send_cancel(self: &Arc<Self>, key: Key) {
        for _ in 0..3 {
            let place = {
                let mut guard = self.state.lock();
                let state = &mut *guard;
                match state.table.payload(key).map(|pending| pending.place) {
                    Some(Place::Ring) => {
                        if state.push_cancel(key, self) {
                            drop(guard);
                            if !self.is_mine() {
                                self.enter();
                            }
                            return;
                        }
                        Some(Place::Ring)
                    }
                    // It has begun: only a poll can be stopped.
                    None => {
                        if let Some(descriptor) = state.cancels.get(&key) {
                            pool::cancel(descriptor);
                        }
                        None
                    }
                    Some(Place::Pool) => Some(Place::Pool),
                }
            };
            match place {
                Some(Place::Ring) => {
                    self.enter();
                }
                // It has not begun and now never will; the job finds nothing to do.
                Some(Place::Pool) => {
                    self.finish(key, None, -libc::ECANCELED);
                    return;
                }
                None => return,
            }
        }
    }

    /// Asks the ring to write to the eventfd from now on; true if there is something to do first.
    pub(crate) fn prepare_wait(&self) -> bool {
        if self.active.load(Ordering::SeqCst) == 0 {
            return false;
        }
        let mut state = self.state.lock();
        let Some(queue) = state.queue.as_mut() else {
            return false;
        };
        queue.unmute();
        queue.has_completions() || queue.is_overflown() || self.queued.load(Ordering::Relaxed)
    }

    /// Mutes the ring.
    pub(crate) fn finish_wait(&self) {
        if self.active.load(Ordering::SeqCst) == 0 {
            return;
        }
        if let Some(queue) = self.state.lock().queue.as_mut() {
            queue.mute();
        }
    }

    /// Whether the ring has entries whose completion was not taken yet.
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::SeqCst) > 0
    }

    /// For a thread that has nothing else to do: waits for a completion or for the bell, takes what
    /// completed, and hands over what that left to do.
    pub(crate) fn serve(self: &Arc<Self>, bell: Option<&File>) {
        if let Some(Some(ring)) = self.ring.get() {
            pool::poll(
                ring.as_raw_fd(),
                libc::POLLIN as u32,
                bell.map(File::as_raw_fd),
            );
        }
        if let Some(mut bell) = bell {
            // It does not wait; an empty bell is as good as one that was emptied.
            let _ = bell.read(&mut [0; 8]);
        }
        self.flush();
        self.reap();
    }

    /// How many operations are in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.state.lock().table.submitted()
    }
}

/// The kernel's form of an error.
fn errno(error: &io::Error) -> i32 {
    -error.raw_os_error().unwrap_or(libc::EIO)
}
