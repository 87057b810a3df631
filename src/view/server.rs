//! The thread `zokio-view`, which serves the clients of one socket.
//!
//! It waits in poll(2) for connections, for its clients, for the next snapshot of a stream, and for
//! its end. Nothing in the process waits for this thread, and it waits for nothing else: its sockets
//! do not block. [`Client`] is what it does for one of them.
//!
//! Foreign code runs on it: a logger, and what a runtime owns if this thread is the last to let go of
//! it. A panic of these is contained.
#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::answer;
use super::client::{Client, Room};
use super::raw::{self, PollFd};
use super::socket::{self, SocketFile};
use super::stuck::StuckLog;
use super::viewed::{Source, Viewed};
use crate::loom::thread::Builder;
use crate::loom::unmodeled::sync::Mutex;
use crate::util::clock::monotonic_ns;
use crate::util::system::peer_credentials;
use crate::util::{thread, unwind};

/// Further connections are closed at once.
const MAX_CLIENTS: usize = 64;

/// How many answers may exist at a time for which all tasks or events are copied. A copy has tens of
/// bytes for each of them, and a client that does not read keeps it for a while.
const MAX_COPIES: usize = 4;

/// How long no connection is accepted, or nothing at all is done, after that failed, for lack of a
/// descriptor for instance.
const REST_AFTER_ERROR: Duration = Duration::from_millis(500);

/// What the thread and the registry share.
#[derive(Debug)]
pub(super) struct Server {
    /// The path that was asked for.
    path: Option<PathBuf>,
    file: Option<SocketFile>,
    /// The runtimes that are shown. Changed by threads that create and end runtimes, read by the
    /// thread of the server.
    runtimes: Mutex<Vec<Viewed>>,
    /// Set by the thread that ends the last of the runtimes, and by that of the server when it ends.
    ended: AtomicBool,
    /// Wakes the thread, which waits for the other end.
    wake: UnixStream,
}

impl Server {
    /// Starts the thread, with a socket at `path`, or in the folder `path`.
    ///
    /// # Errors
    ///
    /// Returns an error if there can be no such socket, or no thread.
    pub(super) fn start(path: Option<&Path>) -> io::Result<Arc<Server>> {
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let (listener, file) = path.map(socket::listen).transpose()?.unzip();
        let server = Arc::new(Server {
            path: path.map(Path::to_owned),
            file,
            runtimes: Mutex::new(Vec::new()),
            ended: AtomicBool::new(false),
            wake,
        });
        let serving = Serving {
            server: server.clone(),
            woken,
            listener,
            rests_until: 0,
            is_refused: false,
            stuck: StuckLog::new(path),
            clients: Vec::new(),
        };
        let builder = Builder::new().name("zokio-view".to_owned());
        let started = thread::start(builder, Box::new(move || serving.run()));
        if let Err(error) = started {
            // The error that comes first is the one to report.
            let _ = server.remove_file();
            return Err(error);
        }
        Ok(server)
    }

    /// Returns the path that was asked for.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns whether the thread has ended, or is about to.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Shows a runtime.
    pub(super) fn show(&self, runtime: Viewed) {
        self.runtimes.lock().push(runtime);
        self.wake();
    }

    /// Shows a runtime no longer, and returns it.
    pub(super) fn hide(&self, id: NonZeroU64) -> Option<Viewed> {
        let mut runtimes = self.runtimes.lock();
        let at = runtimes.iter().position(|runtime| runtime.id() == id)?;
        Some(runtimes.remove(at))
    }

    pub(super) fn shows_none(&self) -> bool {
        self.runtimes.lock().is_empty()
    }

    /// Removes the file, and has the thread end.
    pub(super) fn end(&self) -> io::Result<()> {
        let removed = self.remove_file();
        self.ended.store(true, Ordering::Release);
        self.wake();
        removed
    }

    pub(super) fn remove_file(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), SocketFile::remove)
    }

    fn wake(&self) {
        // A socket that is full has woken the thread already, and one that is closed has none.
        let _ = (&self.wake).write(&[0]);
    }
}

/// What the thread has.
struct Serving {
    server: Arc<Server>,
    /// Becomes readable when the thread is woken.
    woken: UnixStream,
    listener: Option<UnixListener>,
    /// When connections are accepted again.
    rests_until: u64,
    /// Whether the last wait was refused, which is logged once.
    is_refused: bool,
    stuck: StuckLog,
    clients: Vec<Client>,
}

/// Called without a lock: a logger is foreign.
pub(super) fn warn_that_it_stays(error: &io::Error) {
    log::warn!("zokio: the socket of the live view stays: {error}");
}

/// Ends the server also if the thread panics: another one can take its place then.
struct Ends<'a>(&'a Server);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
        if let Err(error) = self.0.remove_file() {
            warn_that_it_stays(&error);
        }
    }
}

impl Serving {
    fn run(mut self) {
        let server = self.server.clone();
        let _ends = Ends(&server);
        let mut ready = Vec::new();
        while !server.has_ended() {
            match self.wait(&mut ready) {
                Ok(()) => {
                    self.is_refused = false;
                    self.serve(&ready);
                }
                Err(error) => self.rest(&error),
            }
        }
    }

    /// Lets time pass, in which there may be memory, or descriptors, again.
    fn rest(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.is_refused, true) {
            unwind::contain(|| log::warn!("zokio: the live view rests: {error}"));
        }
        std::thread::sleep(REST_AFTER_ERROR);
    }

    /// Returns what clients may take at the moment.
    fn room(&self) -> Room {
        let copies = self.clients.iter().filter(|client| client.has_copy());
        Room {
            copies: MAX_COPIES.saturating_sub(copies.count()),
            is_short: self.clients.iter().any(Client::waits_for_copy),
        }
    }

    /// Waits until there is something to do. Leaves the events of the wake, of the listener, and of
    /// each client in `ready`.
    fn wait(&self, ready: &mut Vec<PollFd>) -> io::Result<()> {
        let now = monotonic_ns();
        let entry = |fd: i32, events| PollFd {
            fd,
            events,
            revents: 0,
        };
        ready.clear();
        ready.push(entry(self.woken.as_raw_fd(), libc::POLLIN));
        let rests = self.rests_until > now;
        let listener = self.listener.as_ref().filter(|_| !rests);
        // poll(2) passes over a negative descriptor.
        let listener = listener.map_or(-1, AsRawFd::as_raw_fd);
        ready.push(entry(listener, libc::POLLIN));
        let clients = self.clients.iter();
        ready.extend(clients.map(|client| entry(client.descriptor(), client.interest())));
        let room = self.room();
        let clients = self.clients.iter();
        let deadlines = clients.filter_map(|client| client.deadline(&room));
        let rest = rests.then_some(self.rests_until);
        let look = self.stuck.deadline();
        let timeout = deadlines.chain(rest).chain(look).min();
        let timeout = timeout.map(|at| Duration::from_nanos(at.saturating_sub(now)));
        raw::poll(ready, timeout)
    }

    fn serve(&mut self, ready: &[PollFd]) {
        if ready[0].revents != 0 {
            self.take_wakes();
        }
        let now = monotonic_ns();
        let source = Source {
            now,
            runtimes: self.server.runtimes.lock().clone(),
        };
        let mut room = self.room();
        let mut events = ready[2..].iter().map(|entry| entry.revents);
        self.clients.retain_mut(|client| {
            let events = events.next().expect("each client has an entry");
            client.turn(events, &source, &mut room)
        });
        if ready[1].revents != 0 {
            unwind::contain(|| self.accept(&source, &mut room));
        }
        unwind::contain(|| self.stuck.look(&source));
        unwind::contain(|| drop(source));
    }

    /// Takes what was written to wake the thread.
    fn take_wakes(&mut self) {
        // There is something to be read, so this does not wait; what is left wakes the thread again.
        // The other end is open as long as the server exists.
        let _ = (&self.woken).read(&mut [0; 64]);
    }

    /// Accepts all connections that wait.
    fn accept(&mut self, source: &Source, room: &mut Room) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((socket, _)) => self.admit(socket, source, room),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The client has given up already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    self.rests_until = source.now + REST_AFTER_ERROR.as_nanos() as u64;
                    log::warn!("zokio: the live view cannot accept a connection: {error}");
                    return;
                }
            }
        }
    }

    fn admit(&mut self, socket: UnixStream, source: &Source, room: &mut Room) {
        let may_connect = |user| user == 0 || user == raw::effective_user();
        let is_admitted =
            peer_credentials(socket.as_fd()).is_ok_and(|(_, user, _)| may_connect(user));
        if !is_admitted || self.clients.len() >= MAX_CLIENTS {
            return;
        }
        if let Err(error) = socket.set_nonblocking(true) {
            log::debug!("zokio: the live view closes a connection: {error}");
            return;
        }
        let mut client = Client::new(socket, answer::greeting(source.now));
        if client.turn(0, source, room) {
            self.clients.push(client);
        }
    }
}
