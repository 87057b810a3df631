//! [`Receives`], the receives of a runtime, and [`Receiver`], the part of one socket.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use mio::Poll;

use super::reaped::Reaped;
use super::ring::Ring;
use super::table::{Table, Taken};
use crate::driver::backend::BackendKind;
use crate::driver::readiness::{Registration, Registry, Target};
use crate::driver::uring::probe::{RingRefusal, ask_once, refusal};
use crate::driver::wake::Wake;
use crate::loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::loom::sync::{Condvar, Mutex, MutexGuard, OnceLock};
use crate::loom::thread;
use crate::stream::{Interest, ReadBuf, Ready};

/// The ring, while a thread drives and has needed it.
#[derive(Default)]
struct RingPlace {
    ring: Option<Box<Ring>>,
    /// The lists of the last wait, empty, so that the next one need not allocate.
    spare: (Reaped, Vec<Target>),
}

/// No thread drives.
const NOBODY: u64 = 0;

/// The receives of a runtime. See the module.
pub(crate) struct Receives {
    /// The number of the thread that drives the runtime, which writes it; others compare it with
    /// their own, so that no order is needed.
    driven_by: AtomicU64,
    /// The descriptor of the readiness poll.
    epoll: RawFd,
    readiness: Registry,
    wake: Arc<Wake>,
    /// Only the thread that drives takes this lock, so it may be held during a wait. Taken before
    /// that of the table.
    ring: Mutex<RingPlace>,
    /// Held for short times only.
    table: Mutex<Table>,
    /// Notified when the kernel has read the entries of the ring.
    handed_over: Condvar,
}

impl fmt::Debug for Receives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receives").finish_non_exhaustive()
    }
}

impl Receives {
    /// `poll` is the one that `readiness` belongs to, and outlives this.
    pub(in crate::driver) fn new(
        poll: &Poll,
        readiness: &Registry,
        wake: &Arc<Wake>,
    ) -> Option<Receives> {
        Some(Receives {
            driven_by: AtomicU64::new(NOBODY),
            epoll: poll.as_raw_fd(),
            readiness: readiness.clone(),
            wake: wake.clone(),
            ring: Mutex::new(RingPlace::default()),
            table: Mutex::new(Table::default()),
            handed_over: Condvar::new(),
        })
    }

    /// Returns why receives are not completions, although they were to be.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.table.lock().refusal().map(str::to_owned)
    }

    /// Called by a thread that begins to drive the runtime.
    pub(in crate::driver) fn begin(&self) {
        self.driven_by.store(thread::number(), Ordering::Relaxed);
    }

    /// Called by the thread that drives, when it ceases to: ends every receive in flight, so that
    /// nothing happens to a socket while nothing drives the runtime. The next thread begins them
    /// again.
    pub(in crate::driver) fn end(&self) {
        let mut targets = Vec::new();
        let ring = self.ring.lock().ring.take();
        if let Some(mut ring) = ring {
            let mut table = self.table.lock();
            match put_to_rest(&mut ring, &mut table, &mut targets) {
                Ok(()) => {
                    if let Some(buffers) = table.copy_held() {
                        drop(table);
                        ring.keep(buffers);
                    }
                }
                Err(error) => refuse(&mut table, &error, &mut targets),
            }
        }
        self.driven_by.store(NOBODY, Ordering::Relaxed);
        self.report(&mut targets);
    }

    fn is_driven_here(&self) -> bool {
        self.driven_by.load(Ordering::Relaxed) == thread::number()
    }

    /// Waits for at most `limit` on the ring, if there is anything on it to wait for, and reports
    /// what has completed. Returns `None` if there is not.
    pub(in crate::driver) fn wait(&self, limit: Option<Duration>) -> Option<Waited> {
        if !self.is_driven_here() {
            return None;
        }
        let mut place = self.ring.lock();
        let table = self.table.lock();
        if !table.is_engaged() {
            return None;
        }
        let (mut reaped, mut targets) = std::mem::take(&mut place.spare);
        let mut waited = self.wait_on_ring(table, &mut place.ring, limit, &mut reaped);
        let mut table = self.table.lock();
        let mut handed_over = false;
        if let Some(ring) = &mut place.ring {
            waited = waited.and_then(|()| {
                handed_over = table.confirm(ring, &mut reaped)?;
                Ok(())
            });
        }
        table.settle(&mut reaped.completions, &mut targets);
        if let Err(error) = &waited {
            place.ring = None;
            handed_over = true;
            refuse(&mut table, error, &mut targets);
        }
        drop(table);
        if handed_over {
            self.handed_over.notify_all();
        }
        drop(place);
        let waited = Waited {
            readiness: std::mem::take(&mut reaped.readiness) || waited.is_err(),
            progress: !targets.is_empty(),
        };
        self.report(&mut targets);
        self.ring.lock().spare = (reaped, targets);
        Some(waited)
    }

    fn wait_on_ring(
        &self,
        mut table: MutexGuard<'_, Table>,
        place: &mut Option<Box<Ring>>,
        limit: Option<Duration>,
        reaped: &mut Reaped,
    ) -> io::Result<()> {
        let ring = match place {
            Some(ring) => ring,
            None => {
                let (ring, buffers) = Ring::of_this_thread()?;
                table.set_buffers(buffers);
                place.insert(ring)
            }
        };
        table.flush(ring, self.epoll, reaped)?;
        drop(table);
        reaped.readiness |= std::mem::take(&mut ring.unread);
        ring.reap(reaped);
        let limit = if reaped.is_empty() {
            limit
        } else {
            Some(Duration::ZERO)
        };
        if limit != Some(Duration::ZERO) || ring.has_queued() || ring.has_news() {
            ring.enter(limit)?;
            ring.reap(reaped);
        }
        Ok(())
    }

    /// Ends a receive that is in flight, and waits until it has ended, which the kernel does at
    /// once. Called by the thread that drives.
    fn cancel(&self, word: u64) {
        let mut targets = Vec::new();
        let mut place = self.ring.lock();
        let mut table = self.table.lock();
        if let Some(ring) = &mut place.ring {
            if let Err(error) = cancel_on(ring, &mut table, word, &mut targets) {
                place.ring = None;
                refuse(&mut table, &error, &mut targets);
            }
        }
        drop(table);
        drop(place);
        self.report(&mut targets);
    }

    /// Wakes the tasks that wait for what has completed.
    fn report(&self, targets: &mut Vec<Target>) {
        for target in targets.drain(..) {
            self.readiness.announce(target, Ready::READABLE);
        }
    }
}

/// What came of [`Receives::wait`].
#[derive(Clone, Copy, Debug)]
pub(in crate::driver) struct Waited {
    /// Whether the readiness poll may have events.
    pub(in crate::driver) readiness: bool,
    /// Whether completions were reported.
    pub(in crate::driver) progress: bool,
}

/// Returns whether this process can have a ring for sockets, or why it cannot.
pub(in crate::driver) fn supported(backend: BackendKind) -> Result<(), String> {
    if backend == BackendKind::Threads {
        return Err("the driver has no io_uring".to_owned());
    }
    static ANSWER: OnceLock<Result<(), RingRefusal>> = OnceLock::new();
    let try_out = || {
        Ring::new()
            .map(drop)
            .map_err(|error| refusal(NO_RING, &error))
    };
    ask_once(&ANSWER, try_out).map_err(|refusal| refusal.to_string())
}

/// What is the case where there is no ring.
const NO_RING: &str = "no ring for sockets";

fn explain(error: &io::Error) -> String {
    format!("{NO_RING}: {error}")
}

fn refuse(table: &mut Table, error: &io::Error, targets: &mut Vec<Target>) {
    let reason = explain(error);
    log::warn!("zokio: receives wait for readiness from now on: {reason}");
    table.refuse(reason, targets);
}

/// Ends everything that the kernel has of a ring.
fn put_to_rest(ring: &mut Ring, table: &mut Table, targets: &mut Vec<Target>) -> io::Result<()> {
    let mut reaped = Reaped::default();
    let ended = end_all(ring, &mut reaped);
    table.settle(&mut reaped.completions, targets);
    ended
}

fn end_all(ring: &mut Ring, reaped: &mut Reaped) -> io::Result<()> {
    ring.reap(reaped);
    if ring.is_busy() {
        while !ring.cancel_all() {
            ring.enter(Some(Duration::ZERO))?;
            ring.reap(reaped);
        }
    }
    while ring.is_busy() {
        ring.enter(None)?;
        ring.reap(reaped);
    }
    Ok(())
}

fn cancel_on(
    ring: &mut Ring,
    table: &mut Table,
    word: u64,
    targets: &mut Vec<Target>,
) -> io::Result<()> {
    let mut limit = Some(Duration::ZERO);
    let mut asked = false;
    while table.is_in_flight(word) {
        asked = asked || ring.cancel(word);
        let mut reaped = Reaped::default();
        let entered = ring.enter(limit);
        ring.reap(&mut reaped);
        table.settle(&mut reaped.completions, targets);
        ring.unread |= reaped.readiness;
        entered?;
        limit = if asked { None } else { limit };
    }
    Ok(())
}

/// A socket's part: dropping it ends its receive, before the descriptor is closed.
#[derive(Debug)]
pub(crate) struct Receiver {
    receives: Arc<Receives>,
    key: usize,
    /// Whether the socket is read by readiness from now on, nothing is retained and no receive is
    /// in flight: then the table need not be asked. Never cleared.
    plain: AtomicBool,
    /// What the socket is registered for once it is read by readiness.
    interest: Interest,
}

/// A [`Receiver`] as its socket owns it.
pub(crate) type OwnedReceiver = Box<Receiver>;

/// What [`Receiver::receive`] found.
#[derive(Debug)]
pub(crate) enum Received {
    /// Bytes, which are in the buffer now.
    Bytes {
        /// Whether a system call would hardly find more, and a receive finds what comes next.
        drained: bool,
    },
    /// A receive is on its way, and its completion is an event. The socket must not be read.
    Pending,
    /// The socket is to be read by a system call.
    Read,
    /// The socket is to be watched: it has no receive here.
    Refused,
}

impl Receiver {
    /// Makes the receives of a socket completions; `None` only in a build that has none. The socket is
    /// not registered for reading, and will be, for `interest`, if it is ever read by readiness.
    pub(crate) fn new(
        receives: &Arc<Receives>,
        registration: &Registration,
        interest: Interest,
    ) -> Option<OwnedReceiver> {
        let key = receives
            .table
            .lock()
            .add(registration.fd(), registration.target());
        Some(Box::new(Receiver {
            receives: receives.clone(),
            key,
            plain: AtomicBool::new(false),
            interest,
        }))
    }

    /// Whether the socket is one like any other.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.plain.load(Ordering::Acquire)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.receives.table.lock()
    }

    /// Hands out what was received; otherwise, unless the socket looks `ready`, begins a receive.
    ///
    /// # Errors
    ///
    /// Returns the error that the receive ended with.
    pub(crate) fn receive(&self, buf: &mut ReadBuf<'_>, ready: bool) -> io::Result<Received> {
        let mut table = self.table();
        Ok(match table.take(self.key, buf, false) {
            Taken::Bytes { drained } => {
                self.note(&table);
                Received::Bytes { drained }
            }
            Taken::Error(errno) => {
                self.note(&table);
                return Err(io::Error::from_raw_os_error(errno));
            }
            Taken::Pending => Received::Pending,
            Taken::Nothing if ready => Received::Read,
            Taken::Nothing if self.receives.is_driven_here() => match table.demand(self.key) {
                true => Received::Pending,
                false => Received::Refused,
            },
            Taken::Nothing => Received::Refused,
        })
    }

    /// Hands out what was received, without beginning a receive; `None` if the socket is to be read.
    /// With `peek`, bytes stay.
    ///
    /// # Errors
    ///
    /// Returns the error that the receive ended with, or `WouldBlock` if one is still in flight.
    pub(crate) fn take(&self, buf: &mut ReadBuf<'_>, peek: bool) -> io::Result<Option<usize>> {
        if self.is_plain() {
            return Ok(None);
        }
        self.take_from(&mut self.table(), buf, peek)
    }

    /// Hands out at most `max` bytes of what was received, without beginning a receive; none if the
    /// socket is to be read.
    ///
    /// # Errors
    ///
    /// As for [`take`](Receiver::take).
    pub(crate) fn take_at_most(&self, max: usize) -> io::Result<Vec<u8>> {
        if self.is_plain() {
            return Ok(Vec::new());
        }
        let mut table = self.table();
        let mut bytes = vec![0; table.retained(self.key).min(max)];
        self.take_from(&mut table, &mut ReadBuf::new(&mut bytes), false)?;
        Ok(bytes)
    }

    fn take_from(
        &self,
        table: &mut Table,
        buf: &mut ReadBuf<'_>,
        peek: bool,
    ) -> io::Result<Option<usize>> {
        let before = buf.filled().len();
        let taken = match table.take(self.key, buf, peek) {
            Taken::Bytes { .. } => Ok(Some(buf.filled().len() - before)),
            Taken::Error(errno) => Err(io::Error::from_raw_os_error(errno)),
            Taken::Pending => return Err(io::ErrorKind::WouldBlock.into()),
            Taken::Nothing => Ok(None),
        };
        self.note(table);
        taken
    }

    /// Keeps the error of a system call for the next read.
    pub(crate) fn keep_error(&self, errno: i32) {
        self.table().keep_error(self.key, errno);
    }

    /// Takes the error that a receive ended with.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        let mut table = self.table();
        let errno = table.take_error(self.key)?;
        self.note(&table);
        Some(io::Error::from_raw_os_error(errno))
    }

    /// Returns how many bytes were received and not handed out.
    pub(crate) fn retained(&self) -> usize {
        if self.is_plain() {
            return 0;
        }
        self.table().retained(self.key)
    }

    /// Whether a receive is queued or in flight.
    pub(crate) fn is_pending(&self) -> bool {
        !self.is_plain() && self.table().is_pending(self.key)
    }

    /// Whether what comes next is found by a receive, so that the readiness may be cleared although
    /// the socket may hold bytes. Ask after the event was seen.
    pub(crate) fn is_unregistered(&self) -> bool {
        !self.is_plain() && !self.table().is_registered(self.key)
    }

    /// Whether the socket itself can be read: nothing that came before is elsewhere.
    pub(crate) fn is_idle(&self) -> bool {
        self.is_plain() || self.table().is_idle(self.key)
    }

    /// Has the socket read by readiness from now on. A receive in flight ends: at once on the thread
    /// that drives, otherwise when that thread next looks.
    ///
    /// # Errors
    ///
    /// Returns the error of the registration.
    pub(crate) fn watch(&self, registration: &Registration) -> io::Result<()> {
        if self.is_plain() {
            return Ok(());
        }
        if !self.table().is_watched(self.key) {
            self.table().set_registered(self.key);
            registration.reregister(self.interest)?;
            // A receive that was begun in between ends here.
            let in_flight = self.table().set_watched(self.key);
            self.cancel(in_flight);
        }
        let table = self.table();
        self.note(&table);
        if table.is_retained(self.key) {
            drop(table);
            registration.announce(Ready::READABLE);
        }
        Ok(())
    }

    /// Notes if from now on the table need not be asked any more.
    fn note(&self, table: &Table) {
        if table.is_watched(self.key) && table.is_idle(self.key) {
            self.plain.store(true, Ordering::Release);
        }
    }

    /// Ends the receive with this user data.
    fn cancel(&self, in_flight: Option<u64>) {
        let Some(word) = in_flight else {
            return;
        };
        if self.receives.is_driven_here() {
            self.receives.cancel(word);
        } else {
            self.table().cancel_later(word);
            self.receives.wake.wake();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut table = self.table();
        // The thread that drives has handed everything over when it is here.
        while table.is_being_handed_over(self.key) {
            self.receives.wake.wake();
            table = self.receives.handed_over.wait(table);
        }
        let in_flight = table.remove(self.key);
        drop(table);
        self.cancel(in_flight);
    }
}

#[cfg(all(test, loom))]
#[path = "receiver_loom.rs"]
mod loom_tests;
