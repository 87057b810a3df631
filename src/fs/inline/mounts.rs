//! Which mounts belong to this machine.
//!
//! A call on a file of a network file system may wait for a server even where it only asks for the
//! file's size, so a worker does not make it. Which file system a mount has is read from
//! `/proc/self/mountinfo`. With thousands of mounts that takes milliseconds, so no worker does it:
//! [`place`] hands a [`Reload`] to its caller, which runs it on a thread that may wait. A worker
//! only asks the kernel whether the table changed (poll(2), 0.5 us): ten times a second at most,
//! and at each lookup of a mount that is not in the table. Until the table has been read for the
//! first time, and again after it changed, nothing is known.
//!
//! Readers never wait for a lock: each thread keeps the table that it saw last, and a generation
//! tells whether there is a newer one.
//!
//! # Forks and mount namespaces
//!
//! The table shows the mount namespace that the process's first thread had when it was read.
//! Numbers of mounts are unique in the whole system: a file of another namespace (after unshare(2),
//! setns(2), or received from another process) is on a mount that is not in the table, which counts
//! as remote. If such a mount is met, the table is read again, once in ten seconds at most. A child
//! after fork(2) shares the descriptor that reports changes, so it reads the table again and opens
//! a descriptor of its own.
#![forbid(unsafe_code)]

mod table;

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use self::table::Table;
use crate::fs::inline::calls::{coarse_ns, mounts_changed};
use crate::loom::unmodeled::sync::Mutex;
use crate::util::local_worker::local_worker;

/// How old the answer "nothing changed" may be.
const TABLE_PATIENCE: Duration = Duration::from_millis(100);

/// How long a table is kept at least if a mount that it lacks is the reason to read it again.
const UNKNOWN_PATIENCE: Duration = Duration::from_secs(10);

/// What a call on a file of a mount may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Nothing: the file lives in memory.
    Memory,
    /// A disk of this machine, for data or names that are not cached.
    Disk,
    /// Layers of other file systems of this machine, as far as is known; containers live on it.
    /// Opening a file for writing copies the whole of it up first (overlayfs.rst in the kernel's
    /// documentation).
    Layers,
    /// A server, a user-space file system, a device: for any call.
    Remote,
}

static MOUNTS: Mounts = Mounts::new();

thread_local! {
    /// The newest table that this thread has seen, and its generation.
    static SEEN: RefCell<(u64, Arc<Table>)> = RefCell::new((0, Arc::default()));
}

/// Returns what a call on a file of mount `id` may wait for; `None` if that is not known now but
/// may be soon. A mount that is not in the table counts as remote.
///
/// `run` gets the [`Reload`] if the table has to be read.
pub(crate) fn place(id: u64, run: fn(Reload)) -> Option<Place> {
    let now = coarse_ns();
    if now >= MOUNTS.valid_until.load(Ordering::Acquire) && !MOUNTS.check(now, run) {
        return None;
    }
    let place = SEEN.try_with(|seen| {
        let mut seen = seen.borrow_mut();
        MOUNTS.update(&mut seen).then(|| seen.1.place(id))
    });
    match place.ok().flatten()? {
        Some(place) => Some(place),
        None => MOUNTS
            .is_known_to_lack_one(now, run)
            .then_some(Place::Remote),
    }
}

/// The tables of the process.
#[derive(Debug)]
struct Mounts {
    /// The newest table, if there was one; locked to replace it and to fetch it.
    table: Mutex<Option<Arc<Table>>>,
    /// How many tables there were. Written under the lock of `table`, read by every reader.
    generation: AtomicU64,
    /// The time until which the newest table counts as right without asking whether it changed.
    /// Moved under the lock of `watched`, by the reader that asked and by a reload; storing it
    /// publishes the generation before it.
    valid_until: AtomicU64,
    /// When a mount that is not in the table is again a reason to read it.
    reload_at: AtomicU64,
    /// The process in which a reload is waiting or running, or zero. A child after a fork inherits
    /// the number, but not the thread.
    reloading: AtomicU32,
    /// What reports changes; `None` if the table was not read yet or changed since. Emptied by the
    /// reader that learns of a change, replaced by a reload.
    watched: Mutex<Option<Watched>>,
}

#[derive(Debug)]
struct Watched {
    /// An open `/proc/self/mountinfo`; `None` where there is none.
    table: Option<File>,
    /// The process that opened it. In a child it would lack the changes reported to the parent.
    process: u32,
}

/// The reading of the table, to be run where it may wait. Dropping it has no effect; another one is
/// handed out then.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reload {
    mounts: &'static Mounts,
}

impl Mounts {
    const fn new() -> Mounts {
        Mounts {
            table: Mutex::new(None),
            generation: AtomicU64::new(0),
            valid_until: AtomicU64::new(0),
            reload_at: AtomicU64::new(0),
            reloading: AtomicU32::new(0),
            watched: Mutex::new(None),
        }
    }

    /// Asks whether the newest table is still right. If it is not, or while another thread asks,
    /// nothing is known.
    #[cold]
    fn check(&'static self, now: u64, run: fn(Reload)) -> bool {
        let Some(mut watched) = self.watched.try_lock() else {
            return false;
        };
        if watched
            .as_ref()
            .is_some_and(|watched| !watched.has_changed())
        {
            let until = now.saturating_add(nanos(TABLE_PATIENCE));
            self.valid_until.store(until, Ordering::Release);
            return true;
        }
        *watched = None;
        self.valid_until.store(0, Ordering::Release);
        drop(watched);
        self.reload(run);
        false
    }

    /// Returns whether reading the table again would not help with a mount that it lacks.
    #[cold]
    fn is_known_to_lack_one(&'static self, now: u64, run: fn(Reload)) -> bool {
        if !self.check(now, run) {
            return false;
        }
        let due = self.reload_at.load(Ordering::Relaxed);
        let next = now.saturating_add(nanos(UNKNOWN_PATIENCE));
        let claimed = now >= due
            && self
                .reload_at
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if claimed {
            self.reload(run);
        }
        !claimed
    }

    /// Hands out a reload, unless there is one.
    fn reload(&'static self, run: fn(Reload)) {
        let process = process::id();
        let running = self.reloading.load(Ordering::Relaxed);
        if running != process
            && self
                .reloading
                .compare_exchange(running, process, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        {
            run(Reload { mounts: self });
        }
    }

    /// Updates what a thread has seen; returns `false` if that would wait for another thread.
    fn update(&self, seen: &mut (u64, Arc<Table>)) -> bool {
        if seen.0 != self.generation.load(Ordering::Acquire) {
            let newest = self.table.try_lock();
            let Some(table) = newest.as_ref().and_then(|newest| newest.as_ref()) else {
                return false;
            };
            *seen = (self.generation.load(Ordering::Acquire), table.clone());
        }
        true
    }
}

impl Watched {
    fn has_changed(&self) -> bool {
        self.process != process::id() || self.table.as_ref().is_some_and(mounts_changed)
    }
}

impl Reload {
    /// Reads the table; not on a thread that runs tasks.
    pub(crate) fn run(self) {
        debug_assert!(
            local_worker().is_none(),
            "a worker reads the table of mounts"
        );
        let mounts = self.mounts;
        let begun = coarse_ns();
        // Opened before it is read: the descriptor reports a change in between.
        let mut file = File::open("/proc/self/mountinfo").ok();
        let mut text = Vec::new();
        let read = file.as_mut().map(|file| file.read_to_end(&mut text));
        if matches!(read, Some(Err(_))) {
            file = None;
            text.clear();
        }
        let table = Arc::new(Table::parse(&String::from_utf8_lossy(&text)));
        {
            let mut newest = mounts.table.lock();
            *newest = Some(table);
            mounts.generation.fetch_add(1, Ordering::Release);
        }
        let mut watched = mounts.watched.lock();
        *watched = Some(Watched {
            table: file,
            process: process::id(),
        });
        let until = begun.saturating_add(nanos(TABLE_PATIENCE));
        mounts.valid_until.store(until, Ordering::Release);
    }
}

impl Drop for Reload {
    fn drop(&mut self) {
        self.mounts.reloading.store(0, Ordering::Release);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
