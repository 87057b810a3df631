//! The thread that owns the ring: it submits, waits, reaps, and wakes tasks.
//!
//! What the kernel may touch lies in the thread's table of flights until the final completion (I1).
//! An entry's user data is its index in that table and the lower half of a running number (I4).

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use io_uring::types::Fd;
use io_uring::{IoUring, opcode, squeue};
use slab::Slab;

use super::buffers::BufferTable;
use super::entry::entry;
use super::ring::{Request, Ring};
use super::setup;
use crate::blocking::pool::{Kind, Pool};
use crate::driver::completion::op::{Completed, Op};
use crate::driver::completion::operation::{Counted, Ended};
use crate::driver::completion::pool_memory::Registrar;
use crate::driver::completion::{Submitted, threads};
use crate::driver::uring::enter::{Enter, is_interruption};
use crate::driver::uring::probe;
use crate::driver::uring::released::Released;
use crate::loom::thread::Builder;
use crate::util::thread;
use crate::util::unwind::contain;
use crate::util::wake::wake_some;

/// How long the thread waits for a request when nothing is in flight, before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The user data of the read of the eventfd.
const ALARM: u64 = u64::MAX;
/// The user data of a request to cancel.
const CANCEL: u64 = u64::MAX - 1;

/// Starts the thread.
pub(super) fn start(ring: Arc<Ring>) -> io::Result<()> {
    let builder = Builder::new().name("zokio-ring".to_owned());
    thread::start(builder, Box::new(move || run(ring)))?;
    Ok(())
}

/// The body of the thread.
fn run(ring: Arc<Ring>) {
    block_signals();
    if let Err(refusal) = probe::probed() {
        // Threads have what was queued.
        if refusal.may_pass() {
            ring.give_up();
        } else {
            ring.give_up_for_good(format!("no io_uring: {refusal}"));
        }
        return;
    }
    match setup::ring(ring.entries) {
        Ok((io, released)) => RingThread::new(ring, io, released).run(),
        Err(error) => {
            log::warn!("zokio: no ring, threads serve instead: {error}");
            match error.raw_os_error() {
                // Descriptors or memory may become available again.
                Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN) => {
                    ring.give_up();
                }
                _ => ring.give_up_for_good(format!("io_uring worked when it was tried: {error}")),
            }
        }
    }
}

/// Keeps signal handlers off this thread.
fn block_signals() {
    // SAFETY: the set is initialized by sigfillset before it is read, and lives across the calls,
    // which cannot fail with these arguments.
    unsafe {
        let mut all = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

struct RingThread {
    ring: Arc<Ring>,
    io: IoUring,
    /// Tells when the kernel has released the ring, if it is given up.
    released: Released,
    flights: Slab<Flight>,
    buffers: BufferTable,
    /// How many entries have been queued.
    queued: u64,
    /// The requests that this turn has not handled yet, the next one last. Empty between turns.
    requests: Vec<Request>,
    /// Where the kernel puts the eventfd's count. Its address is fixed as long as the ring lives.
    alarm_count: Box<u64>,
    alarm_set: bool,
    enter: Enter,
    closing: bool,
}

/// An operation that was submitted to the kernel.
struct Flight {
    operation: Submitted,
    op: Op,
    counted: Counted,
    /// How many entries had been queued before this one.
    sequence: u64,
    /// Whether its memory is registered.
    is_registered: bool,
}

/// The kernel no longer serves the ring.
struct Broken(io::Error);

impl RingThread {
    fn new(ring: Arc<Ring>, io: IoUring, released: Released) -> RingThread {
        let registrar: Arc<dyn Registrar> = ring.clone();
        RingThread {
            ring,
            io,
            released,
            flights: Slab::new(),
            buffers: BufferTable::new(Arc::downgrade(&registrar)),
            queued: 0,
            requests: Vec::new(),
            alarm_count: Box::new(0),
            alarm_set: false,
            enter: Enter::new(),
            closing: false,
        }
    }

    fn run(mut self) {
        loop {
            match self.turn() {
                Ok(true) => return,
                Ok(false) => {}
                Err(Broken(error)) => return self.leave_the_ring(&error),
            }
        }
    }

    /// Takes requests, enters the kernel, and takes completions; returns `true` when the thread is
    /// to end.
    fn turn(&mut self) -> Result<bool, Broken> {
        let closed = self.ring.requests.take(&mut self.requests);
        // Requests are popped from the end, the first one first.
        self.requests.reverse();
        if closed && !self.closing {
            self.closing = true;
            self.cancel_everything()?;
        }
        while let Some(request) = self.requests.pop() {
            match request {
                Request::CarryOut(operation) => self.carry_out(operation)?,
                Request::Cancel(operation) => self.cancel(&operation)?,
                Request::Deregister(memory) => self.buffers.deregister(&self.io, &memory),
            }
        }
        if self.requests.capacity() > 1024 {
            self.requests = Vec::new();
        }
        let idle = self.flights.is_empty();
        if idle && self.closing && self.end()? {
            return Ok(true);
        }
        self.set_alarm()?;
        let limit = if !self.ring.requests.sleep(self.closing) {
            Some(Duration::ZERO)
        } else if idle {
            Some(KEEP_ALIVE)
        } else {
            None
        };
        let timed_out = self.enter(limit)?;
        self.ring.requests.wake_up();
        self.reap()?;
        Ok(timed_out && self.flights.is_empty() && self.end()?)
    }

    /// Ends the service unless a request has come; returns whether it ended.
    ///
    /// The read of the eventfd is cancelled first: it would consume a wake-up meant for the next
    /// thread, and the kernel must not keep any of this thread's memory. No wake-up is needed until
    /// this thread announces a sleep again.
    fn end(&mut self) -> Result<bool, Broken> {
        if self.alarm_set {
            self.ask_for_the_end(ALARM)?;
        }
        while self.alarm_set {
            self.enter(None)?;
            self.reap()?;
        }
        self.buffers.clear(Some(&self.io));
        Ok(self.ring.requests.end())
    }

    fn carry_out(&mut self, operation: Submitted) -> Result<(), Broken> {
        // An operation that was cancelled before has ended already.
        let Some((op, counted)) = operation.begin() else {
            return Ok(());
        };
        if self.closing {
            threads::finish(&operation, counted, op.refuse());
            return Ok(());
        }
        self.launch(operation, op, counted)
    }

    fn launch(&mut self, operation: Submitted, mut op: Op, counted: Counted) -> Result<(), Broken> {
        // Room is made first, so that every entry of the table is in the queue.
        if let Err(broken) = self.make_room() {
            threads::submit_begun(&self.ring.pool, operation, (op, counted));
            return Err(broken);
        }
        let slot = self.slot(&op);
        let entry =
            entry(&mut op, slot).expect("what does not suit a ring is not submitted to one");
        let flight = Flight {
            operation,
            op,
            counted,
            sequence: self.queued,
            is_registered: slot.is_some(),
        };
        let word = word(self.flights.vacant_key(), self.queued);
        flight.operation.ticket.store(word, Ordering::Relaxed);
        self.flights.insert(flight);
        // SAFETY: I1: the table owns the operation until its final completion, and nothing touches
        // its buffer until then; moving it within the table does not move what it points to. When
        // the ring is given up, the table lives until the kernel has released it (`leave_the_ring`).
        unsafe { self.push(&entry.user_data(word)) }
    }

    /// Returns the slot of the memory of `op`, if that is registered.
    fn slot(&mut self, op: &Op) -> Option<u16> {
        let memory = op.lent()?.pool_memory()?;
        self.buffers.slot(&self.io, memory)
    }

    fn cancel(&mut self, operation: &Submitted) -> Result<(), Broken> {
        let word = operation.ticket.load(Ordering::Relaxed);
        match self.flight(word) {
            Some(flight) if Arc::ptr_eq(&flight.operation, operation) => self.ask_for_the_end(word),
            // It has ended, or was not submitted to this ring.
            _ => Ok(()),
        }
    }

    fn ask_for_the_end(&mut self, word: u64) -> Result<(), Broken> {
        let entry = opcode::AsyncCancel::new(word).build().user_data(CANCEL);
        // SAFETY: the entry points to nothing.
        unsafe { self.push(&entry) }
    }

    /// Returns the operation with the user data `word`, unless it has ended (I4).
    fn flight(&self, word: u64) -> Option<&Flight> {
        let flight = self.flights.get(place(word))?;
        (self::word(place(word), flight.sequence) == word).then_some(flight)
    }

    fn cancel_everything(&mut self) -> Result<(), Broken> {
        let mut words = Vec::with_capacity(self.flights.len());
        for (place, flight) in &self.flights {
            words.push(word(place, flight.sequence));
        }
        for word in words {
            self.ask_for_the_end(word)?;
        }
        Ok(())
    }

    /// Queues a read of the eventfd, so that a write to it completes an entry.
    fn set_alarm(&mut self) -> Result<(), Broken> {
        if self.alarm_set {
            return Ok(());
        }
        let alarm = self.ring.alarm.get();
        let fd = alarm.expect("made before the thread").as_raw_fd();
        let target = (&raw mut *self.alarm_count).cast();
        let entry = opcode::Read::new(Fd(fd), target, 8).build();
        self.alarm_set = true;
        // SAFETY: I1: the count lives in a box of its own until the ring is gone, and the eventfd
        // as long as `Ring`, of which this thread has a reference.
        unsafe { self.push(&entry.user_data(ALARM)) }
    }

    /// Makes room for an entry (I6).
    fn make_room(&mut self) -> Result<(), Broken> {
        while self.io.submission().is_full() {
            self.enter(Some(Duration::ZERO))?;
            self.reap()?;
        }
        Ok(())
    }

    /// Queues an entry.
    ///
    /// # Safety
    ///
    /// What `entry` points to stays valid and untouched until its final completion (I1).
    unsafe fn push(&mut self, entry: &squeue::Entry) -> Result<(), Broken> {
        // SAFETY: the caller's promise.
        while unsafe { self.io.submission().push(entry) }.is_err() {
            self.make_room()?;
        }
        self.queued += 1;
        Ok(())
    }

    /// Hands the kernel what is queued and waits for a completion, at most for `limit`; returns
    /// whether the limit was reached.
    fn enter(&mut self, limit: Option<Duration>) -> Result<bool, Broken> {
        self.enter.enter(&mut self.io, limit).map_err(Broken)
    }

    /// Handles all available completions.
    fn reap(&mut self) -> Result<(), Broken> {
        loop {
            let next = self.io.completion().next();
            let Some(entry) = next else {
                // The kernel holds more back, which the next call delivers (I6).
                return Ok(());
            };
            match entry.user_data() {
                CANCEL => {}
                ALARM => self.alarm_set = false,
                word => self.settle(word, entry.result())?,
            }
        }
    }

    /// Handles a completion queue entry.
    fn settle(&mut self, word: u64, raw: i32) -> Result<(), Broken> {
        if self.flight(word).is_none() {
            return Ok(());
        }
        let Flight {
            operation,
            op,
            counted,
            is_registered,
            ..
        } = self.flights.remove(place(word));
        let interrupted = is_interruption(-raw);
        let wanted = !self.closing && !operation.is_cancelled();
        if interrupted && wanted {
            // I5: no cancellation was asked for.
            return self.launch(operation, op, counted);
        }
        // What cannot be reached as registered memory can be reached by its address.
        let unreachable = is_registered && raw == -libc::EFAULT;
        if (raw == -libc::EAGAIN || unreachable) && wanted {
            // I5: the kernel has stopped polling, or the descriptor is non-blocking. A system call
            // waits, or returns the right answer (I12).
            threads::submit_begun(&self.ring.pool, operation, (op, counted));
            return Ok(());
        }
        if is_registered && raw >= 0 {
            self.ring
                .registered_transfers
                .fetch_add(1, Ordering::Relaxed);
        }
        let completed = if interrupted {
            op.refuse()
        } else {
            // SAFETY: `raw` is the kernel's answer for this operation, by the number that went with
            // the entry (I4).
            unsafe { op.finish(raw) }
        };
        finish(&self.ring.pool, &operation, counted, completed);
        Ok(())
    }

    /// Leaves a ring that the kernel refuses (because of a system call filter that was installed
    /// later, or for lack of memory for over a second): what the kernel has not taken goes to
    /// threads, and so do all later operations. What it has taken ends with the error, but not
    /// before the kernel has released the ring and with it all memory (I1).
    fn leave_the_ring(mut self, error: &io::Error) {
        log::warn!("zokio: the ring is no longer served, threads take over: {error}");
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        let taken = self.queued - self.io.submission().len() as u64;
        let mut left = Vec::new();
        for (_, flight) in std::mem::take(&mut self.flights) {
            if flight.sequence < taken {
                left.push(flight);
                continue;
            }
            let begun = (flight.op, flight.counted);
            threads::submit_begun(&self.ring.pool, flight.operation, begun);
        }
        while let Some(request) = self.requests.pop() {
            self.ring.refuse(request);
        }
        self.ring
            .give_up_for_good(format!("the kernel serves io_uring no longer: {error}"));
        self.released.close(self.io);
        self.buffers.clear(None);
        for flight in left {
            let completed = flight.op.fail(errno);
            finish(
                &self.ring.pool,
                &flight.operation,
                flight.counted,
                completed,
            );
        }
    }
}

/// Completes `operation` and wakes its task. An outcome that no future waits for may close a
/// descriptor, which may block, so another thread drops it.
fn finish(pool: &Pool, operation: &Submitted, counted: Counted, completed: Completed) {
    match operation.complete(completed) {
        Ended::Wake(waker) => {
            wake_some(waker);
            drop(counted);
        }
        Ended::Unwanted(completed) => {
            let work = Box::new(move || drop((completed, counted)));
            // A pool that refuses it drops it here, and with it perhaps a user's buffer, whose
            // destructor is the user's code.
            contain(|| {
                if pool.push(work, Kind::Detached).is_err() {
                    log::debug!("zokio: a descriptor was closed on the ring's thread");
                }
            });
        }
    }
}

/// Returns the user data of an entry: its index in the table, and the lower half of its number.
fn word(place: usize, sequence: u64) -> u64 {
    let place = u32::try_from(place).expect("fewer than 2^32 operations in flight");
    sequence << 32 | u64::from(place)
}

fn place(word: u64) -> usize {
    word as u32 as usize
}
