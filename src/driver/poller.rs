//! [`Poller`]: one wait for readiness events, with mio's poll or in its place.
//!
//! Descriptors are registered with a mio poll. Where the kernel has a wait with an exact time-out
//! (`epoll.rs`), events are taken from the poll's descriptor by that; otherwise mio takes them, and
//! a time-out is rounded up to whole milliseconds. The caller cannot tell which, except by the time
//! that a wait takes.
#![forbid(unsafe_code)]

use std::io;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll, Token};

use super::epoll::EpollEvents;
use crate::stream::Ready;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Poller {
    poll: Poll,
    buffers: Buffers,
    /// The most events of a wait.
    most: usize,
    /// The most events of a poll that does not wait.
    busy_most: usize,
    /// Whether the last poll took as many events as it may.
    more: bool,
}

#[derive(Debug)]
enum Buffers {
    Exact(EpollEvents),
    /// The capacity of a buffer limits the events that mio takes, hence two of them.
    Mio {
        events: Events,
        busy_events: Events,
    },
}

impl Poller {
    /// Creates a poller that takes at most `most` events at a time, or `busy_most` if it does not
    /// wait. `exact` is whether [`EpollEvents`] may take the place of mio's poll.
    pub(super) fn new(poll: Poll, exact: bool, most: usize, busy_most: usize) -> Poller {
        let buffers = if exact {
            Buffers::Exact(EpollEvents::with_capacity(most.max(busy_most)))
        } else {
            Buffers::of_mio(most, busy_most)
        };
        Poller {
            poll,
            buffers,
            most,
            busy_most,
            more: false,
        }
    }

    /// Returns whether the last poll took as many events as it may, so that more may be left.
    pub(super) fn has_more(&self) -> bool {
        self.more
    }

    /// Waits until there are events, at most for `timeout`, and passes each to `f`. `None` waits
    /// without a limit; zero does not wait. `busy` chooses the other maximum of events.
    pub(super) fn poll(
        &mut self,
        timeout: Option<Duration>,
        busy: bool,
        mut f: impl FnMut(Token, Ready),
    ) -> io::Result<()> {
        if let Buffers::Exact(events) = &mut self.buffers {
            let most = if busy { self.busy_most } else { self.most };
            match events.wait(&self.poll, most, timeout) {
                Ok(()) => {
                    self.more = events.len() == most;
                    for (token, ready) in events.iter() {
                        f(token, ready);
                    }
                    return Ok(());
                }
                Err(error) if is_refusal(&error) => {
                    // A filter was installed after the call had been tried.
                    self.buffers = Buffers::of_mio(self.most, self.busy_most);
                }
                Err(error) => return Err(error),
            }
        }
        if let Buffers::Mio {
            events,
            busy_events,
        } = &mut self.buffers
        {
            let events = if busy { busy_events } else { events };
            self.poll.poll(events, timeout)?;
            let mut count = 0;
            for event in events.iter() {
                count += 1;
                f(event.token(), of_mio(event));
            }
            self.more = count == events.capacity();
        }
        Ok(())
    }
}

impl Buffers {
    fn of_mio(most: usize, busy_most: usize) -> Buffers {
        Buffers::Mio {
            events: Events::with_capacity(most),
            busy_events: Events::with_capacity(busy_most),
        }
    }
}

/// Returns whether the kernel, or a filter of system calls, refuses a call whatever its arguments.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENOSYS | libc::EPERM | libc::EACCES)
    )
}

/// Returns the flags that an event sets which mio took; the table is in `epoll.rs`.
fn of_mio(event: &Event) -> Ready {
    flags([
        // The last two are operations of FreeBSD's that are done (`io::bsd`).
        (
            event.is_readable() || event.is_aio() || event.is_lio(),
            Ready::READABLE,
        ),
        (event.is_writable(), Ready::WRITABLE),
        (event.is_read_closed(), Ready::READ_CLOSED),
        (event.is_write_closed(), Ready::WRITE_CLOSED),
        (event.is_priority(), Ready::PRIORITY),
        (
            event.is_error(),
            Ready::ERROR | Ready::READABLE | Ready::WRITABLE,
        ),
    ])
}

pub(super) fn flags(conditions: [(bool, Ready); 6]) -> Ready {
    let mut ready = Ready::EMPTY;
    for (_, flag) in conditions.into_iter().filter(|(set, _)| *set) {
        ready |= flag;
    }
    ready
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::Poller;
    use crate::stream::Ready;
    use mio::unix::SourceFd;
    use mio::{Interest, Poll, Token};
    use std::io::{self, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::fd::{AsRawFd, RawFd};
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    const ALL: Interest = Interest::READABLE
        .add(Interest::WRITABLE)
        .add(Interest::PRIORITY);

    /// Returns what a new poller reports about a descriptor.
    fn seen(fd: RawFd, exact: bool) -> Vec<(Token, Ready)> {
        let poll = Poll::new().unwrap();
        let token = Token(usize::MAX / 3);
        poll.registry()
            .register(&mut SourceFd(&fd), token, ALL)
            .unwrap();
        let mut seen = Vec::new();
        let record = |token, ready| seen.push((token, ready));
        Poller::new(poll, exact, 8, 8)
            .poll(Some(Duration::ZERO), true, record)
            .unwrap();
        seen
    }

    fn assert_alike(what: &str, fd: RawFd, expected: Ready) {
        let both = [true, false].map(|exact| seen(fd, exact));
        assert_eq!(both[0], both[1], "{what}");
        assert_eq!(both[0], [(Token(usize::MAX / 3), expected)], "{what}");
    }

    #[test]
    fn both_ways_report_the_same_flags() {
        let (idle, _peer) = UnixStream::pair().unwrap();
        assert_alike("idle", idle.as_raw_fd(), Ready::WRITABLE);

        let (readable, mut peer) = UnixStream::pair().unwrap();
        peer.write_all(b"x").unwrap();
        let both = Ready::READABLE | Ready::WRITABLE;
        assert_alike("readable", readable.as_raw_fd(), both);

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || {
            let stream = TcpStream::connect(address).unwrap();
            (stream, listener.accept().unwrap().0)
        };
        let (half, peer) = connect();
        peer.shutdown(Shutdown::Write).unwrap();
        let closed = both | Ready::READ_CLOSED;
        assert_alike("half closed", half.as_raw_fd(), closed);
        half.shutdown(Shutdown::Write).unwrap();
        let closed = closed | Ready::WRITE_CLOSED;
        assert_alike("closed", half.as_raw_fd(), closed);

        let (urgent, peer) = connect();
        let peer = socket2::Socket::from(peer);
        peer.send_out_of_band(b"!").unwrap();
        let priority = both | Ready::PRIORITY;
        assert_alike("urgent", urgent.as_raw_fd(), priority);

        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let failed = both | Ready::ERROR | Ready::WRITE_CLOSED;
        assert_alike("no reader", writer.as_raw_fd(), failed);
        let (reader, writer) = io::pipe().unwrap();
        drop(writer);
        let hung_up = Ready::READ_CLOSED | Ready::WRITE_CLOSED;
        assert_alike("no writer", reader.as_raw_fd(), hung_up);
    }

    #[test]
    fn a_maximum_of_events_leaves_the_rest_for_later() {
        for exact in [true, false] {
            let poll = Poll::new().unwrap();
            let pairs: Vec<_> = (0..5).map(|_| UnixStream::pair().unwrap()).collect();
            for (at, (one, _)) in pairs.iter().enumerate() {
                let mut source = SourceFd(&one.as_raw_fd());
                poll.registry()
                    .register(&mut source, Token(at), ALL)
                    .unwrap();
            }
            let mut poller = Poller::new(poll, exact, 2, 1);
            let mut counts = Vec::new();
            for busy in [true, false, true, false] {
                let mut count = 0;
                poller
                    .poll(Some(Duration::ZERO), busy, |_, _| count += 1)
                    .unwrap();
                counts.push(count);
            }
            assert_eq!(counts, [1, 2, 1, 1], "exact: {exact}");
        }
    }

    /// The longest time-outs are none: the event ends the wait.
    #[test]
    fn every_time_out_is_accepted_and_none_ends_early() {
        for exact in [true, false] {
            let poll = Poll::new().unwrap();
            let (one, _other) = UnixStream::pair().unwrap();
            let registry = poll.registry().try_clone().unwrap();
            let mut poller = Poller::new(poll, exact, 2, 1);
            for timeout in [1, 999, 123_456, 1_500_000].map(Duration::from_nanos) {
                let start = Instant::now();
                poller
                    .poll(Some(timeout), false, |_, _| panic!("there is no event"))
                    .unwrap();
                assert!(start.elapsed() >= timeout, "exact: {exact}");
            }
            registry
                .register(&mut SourceFd(&one.as_raw_fd()), Token(0), ALL)
                .unwrap();
            for timeout in [
                Some(Duration::MAX),
                Some(Duration::from_secs(1 << 33)),
                None,
            ] {
                registry
                    .reregister(&mut SourceFd(&one.as_raw_fd()), Token(0), ALL)
                    .unwrap();
                let mut count = 0;
                poller.poll(timeout, false, |_, _| count += 1).unwrap();
                assert_eq!(count, 1, "exact: {exact}");
            }
        }
    }
}
