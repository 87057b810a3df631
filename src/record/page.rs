//! [`Registry`]: what is noted of all tasks of a recorder, in pages that never move.
//!
//! A task takes a line of a page when it is spawned, and returns it when its cell is freed. A reader
//! clones the list of pages under the lock of a shard, and reads the lines without a lock; so it
//! holds up a spawning thread for as long as it takes to clone one pointer for 64 tasks. A page is
//! kept until the recorder and the last of its tasks are gone: there are about as many as the most
//! tasks at a time needed.
#![forbid(unsafe_code)]

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use super::event::Event;
use super::here;
use super::journal::Journal;
use super::noted::{Noted, Read, SeenKind};
use crate::loom::sync::Mutex;
use crate::util::cache_padded::CachePadded;

/// The lines of a page.
const LINES: usize = 64;

/// How many pages are looked at for each task, unless it is time to look at all of them.
const LOOK_AT: usize = 8;

/// How many consecutive ids a shard takes; those of a thread come in blocks of this size.
const BLOCK: u64 = 64;

#[derive(Debug)]
pub(super) struct Registry {
    shards: Box<[CachePadded<Mutex<Pages>>]>,
}

#[derive(Debug, Default)]
struct Pages {
    pages: Vec<Arc<Page>>,
    /// Where a line was found last.
    last: usize,
    /// How many lines are taken before all pages are looked at again: as many as the last such look
    /// took, so that a task costs no more than a few pages on average.
    until_all: usize,
}

#[derive(Debug)]
pub(super) struct Page {
    journal: Arc<Journal>,
    /// A bit for each line without a task. Taken under the lock of the shard, returned by any thread.
    free: AtomicU64,
    /// The names of tasks that have one, by line. Few have.
    names: Mutex<Vec<(usize, Arc<str>)>>,
    lines: [Noted; LINES],
}

/// The line of a task, which it has until this is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    page: Arc<Page>,
    line: usize,
}

impl Registry {
    /// Creates a registry of a power of two of shards.
    pub(super) fn new(shards: usize) -> Registry {
        let shards = (0..shards.next_power_of_two())
            .map(|_| CachePadded::new(Mutex::new(Pages::default())))
            .collect();
        Registry { shards }
    }

    /// Returns how many pages there are.
    #[cfg(test)]
    pub(super) fn pages(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| shard.lock().pages.len()).sum()
    }

    /// Takes a line for a task that is spawned at `since`.
    pub(super) fn enter(
        &self,
        journal: &Arc<Journal>,
        id: u64,
        kind: SeenKind,
        place: &'static Location<'static>,
        name: Option<&str>,
        since: u64,
    ) -> Entry {
        let shard = (id / BLOCK) as usize & (self.shards.len() - 1);
        let (page, line) = self.shards[shard].lock().take(journal);
        if let Some(name) = name {
            page.names.lock().push((line, name.into()));
        }
        page.lines[line].enter(id, kind, place, name.is_some(), since);
        Entry { page, line }
    }

    /// Calls `f` with each task, and its name.
    pub(super) fn for_each(&self, mut f: impl FnMut(&Read, Option<Arc<str>>)) {
        for shard in &self.shards {
            let pages = shard.lock().pages.clone();
            for page in pages {
                for (line, noted) in page.lines.iter().enumerate() {
                    if let Some(read) = noted.read() {
                        let name = read.is_named().then(|| page.name(line)).flatten();
                        f(&read, name);
                    }
                }
            }
        }
    }
}

impl Pages {
    fn take(&mut self, journal: &Arc<Journal>) -> (Arc<Page>, usize) {
        let count = self.pages.len();
        let look_at = match self.until_all {
            0 => count,
            _ => count.min(LOOK_AT),
        };
        self.until_all = self.until_all.saturating_sub(1);
        for offset in 0..look_at {
            let index = (self.last + offset) % count;
            if let Some(line) = self.pages[index].take() {
                self.last = index;
                if offset >= LOOK_AT {
                    self.until_all = offset;
                }
                return (self.pages[index].clone(), line);
            }
        }
        if look_at > LOOK_AT {
            self.until_all = look_at;
        }
        let page = Arc::new(Page {
            journal: journal.clone(),
            free: AtomicU64::new(u64::MAX >> (64 - LINES)),
            names: Mutex::new(Vec::new()),
            lines: std::array::from_fn(|_| Noted::new()),
        });
        let line = page.take().expect("all lines of a new page are free");
        self.last = count;
        self.pages.push(page.clone());
        (page, line)
    }
}

impl Page {
    /// Takes a free line. Called under the lock of the shard, so that no one else takes it.
    fn take(&self) -> Option<usize> {
        let free = self.free.load(Ordering::Acquire);
        if free == 0 {
            return None;
        }
        let line = free.trailing_zeros();
        self.free.fetch_and(!(1 << line), Ordering::Relaxed);
        Some(line as usize)
    }

    fn name(&self, line: usize) -> Option<Arc<str>> {
        let names = self.names.lock();
        let (_, name) = names.iter().find(|(named, _)| *named == line)?;
        Some(name.clone())
    }
}

impl Entry {
    #[inline]
    fn noted(&self) -> &Noted {
        &self.page.lines[self.line % LINES]
    }

    /// Polls the task by `poll`.
    pub(crate) fn poll<T>(&self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        here::poll(&self.page.journal, self.noted(), poll)
    }

    /// Notes that the task is queued: it was woken, and if `by_itself` in its poll.
    pub(crate) fn queued(&self, by_itself: bool) {
        let noted = self.noted();
        let id = noted.id();
        if id != 0 {
            let now = self.page.journal.write(Event::Wake(id));
            noted.queued(now, by_itself);
        }
    }

    /// Notes that the task is over, unless a poll has ended it.
    pub(crate) fn ended(&self) {
        let noted = self.noted();
        let id = noted.id();
        if id != 0 {
            self.page.journal.write(Event::Cancel(id));
            noted.leave();
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let noted = self.noted();
        let named = noted.is_named();
        noted.leave();
        if named {
            let mut names = self.page.names.lock();
            names.retain(|(line, _)| *line != self.line);
        }
        self.page.free.fetch_or(1 << self.line, Ordering::Release);
    }
}
