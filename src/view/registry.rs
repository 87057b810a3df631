//! The runtimes of this process, and the threads that show them.
//!
//! A runtime is here from its creation until its owner has ended it. It may ask for a view: then a
//! [`Server`] shows it, which all runtimes that ask for the same path share. A server starts with
//! the first of them and ends with the last. Its file is removed then, or when the process exits.
#![forbid(unsafe_code)]

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{io, process};

use super::prometheus;
use super::raw;
use super::server::{Server, warn_that_it_stays};
use super::viewed::{ViewRequest, Viewed};
use crate::loom::unmodeled::sync::Mutex;
use crate::scheduler::Handle;
use crate::util::warning::warn;

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    runtimes: Vec::new(),
    servers: Vec::new(),
    refused: Vec::new(),
});

/// The process whose exit removes the files; 0 before there is one. Stored with the lock held, read
/// by [`remove_files`].
static REMOVES_AT_EXIT: AtomicU32 = AtomicU32::new(0);

/// The process whose runtimes are here; 0 before there is one. In a child that it has forked the lock
/// may be held by a thread that does not exist there, so runtimes of the child do without.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// No foreign code is called while this is locked.
struct Registry {
    /// In the order of their ids.
    runtimes: Vec<(Handle, Option<Arc<Server>>)>,
    /// Those of the runtimes.
    servers: Vec<Arc<Server>>,
    /// The paths at which there could be no server, which is logged once.
    refused: Vec<PathBuf>,
}

/// The place of a runtime in the registry, which it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Membership {
    id: NonZeroU64,
}

/// What leaves the registry with a runtime. It may drop what is foreign.
struct Left {
    _runtime: Handle,
    _shown: Option<Viewed>,
    /// Of the server that has ended with it.
    removed: io::Result<()>,
}

/// Returns whether this process is the one whose runtimes are here.
fn is_of_this_process() -> bool {
    let process = process::id();
    let former = PROCESS.compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed);
    former.is_ok() || former == Err(process)
}

impl Membership {
    /// Enters a runtime, and starts what it asks for.
    ///
    /// A view that cannot be started is a warning: the program works without it.
    pub(crate) fn new(handle: Handle, request: Option<ViewRequest>) -> Membership {
        let id = handle.services().id;
        if !is_of_this_process() {
            if request.is_some() {
                warn(format_args!(
                    "zokio: no live view in a process that was forked from another"
                ));
            }
            return Membership { id };
        }
        let refused = REGISTRY.lock().enter(handle, request);
        if let Some((path, error)) = refused {
            warn(format_args!(
                "zokio: no live view at {}: {error}",
                path.display()
            ));
        }
        Membership { id }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if !is_of_this_process() {
            return;
        }
        let left = REGISTRY.lock().leave(self.id);
        // What a runtime owns may be foreign, and so is a logger.
        if let Some(Err(error)) = left.map(|left| left.removed) {
            warn_that_it_stays(&error);
        }
    }
}

impl Registry {
    /// Enters a runtime; returns why it is not shown, if it asked for that and this is to be logged.
    fn enter(
        &mut self,
        handle: Handle,
        request: Option<ViewRequest>,
    ) -> Option<(PathBuf, io::Error)> {
        let mut failed = None;
        let server = request.and_then(|ViewRequest { path, stuck }| {
            let mut server = None;
            if let Some(path) = path {
                match self.server(Some(&path)) {
                    Ok(started) => server = Some(started),
                    Err(error) => failed = Some((path, error)),
                }
            }
            if server.is_none() && stuck.is_some() {
                // The log does not need the socket.
                match self.server(None) {
                    Ok(started) => server = Some(started),
                    Err(error) => failed = Some((PathBuf::new(), error)),
                }
            }
            let server = server?;
            let handle = handle.clone();
            server.show(Viewed { handle, stuck });
            Some(server)
        });
        let id = handle.services().id;
        let is_before = |(other, _): &(Handle, _)| other.services().id < id;
        let at = self.runtimes.partition_point(is_before);
        self.runtimes.insert(at, (handle, server));
        let failed = failed.filter(|(path, _)| !self.refused.contains(path));
        self.refused
            .extend(failed.iter().map(|(path, _)| path.clone()));
        failed
    }

    /// Returns the server of a path, or the one without a socket.
    fn server(&mut self, path: Option<&Path>) -> io::Result<Arc<Server>> {
        let same = |server: &&Arc<Server>| server.path() == path && !server.has_ended();
        if let Some(server) = self.servers.iter().find(same) {
            return Ok(server.clone());
        }
        if REMOVES_AT_EXIT.swap(process::id(), Ordering::Relaxed) == 0 {
            raw::at_exit(remove_files)?;
        }
        let server = Server::start(path)?;
        self.servers.push(server.clone());
        Ok(server)
    }

    /// Removes a runtime, and ends its server if it was the last one there.
    fn leave(&mut self, id: NonZeroU64) -> Option<Left> {
        let of = |(handle, _): &(Handle, _)| handle.services().id == id;
        let at = self.runtimes.iter().position(of)?;
        let (handle, server) = self.runtimes.remove(at);
        let mut removed = Ok(());
        let shown = server.and_then(|server| {
            let shown = server.hide(id);
            if server.shows_none() {
                removed = server.end();
                self.servers.retain(|other| !Arc::ptr_eq(other, &server));
            }
            shown
        });
        Some(Left {
            _runtime: handle,
            _shown: shown,
            removed,
        })
    }
}

/// Returns a page in the text format of Prometheus, of all runtimes that have not ended.
pub(crate) fn prometheus_page() -> String {
    if !is_of_this_process() {
        return String::new();
    }
    let registry = REGISTRY.lock();
    let runtimes: Vec<Handle> = registry.runtimes.iter().map(|it| it.0.clone()).collect();
    drop(registry);
    prometheus::page(runtimes.iter())
}

/// Called by exit(3).
extern "C" fn remove_files() {
    // In a forked child the lock may be held by a thread that does not exist there.
    if REMOVES_AT_EXIT.load(Ordering::Relaxed) == process::id() {
        for server in &REGISTRY.lock().servers {
            // The process ends: there may be no logger any more.
            let _ = server.remove_file();
        }
    }
}
