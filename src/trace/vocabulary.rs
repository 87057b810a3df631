//! The words of the reports: which types are resources, and what is told of their state.
#![forbid(unsafe_code)]

use std::panic::Location;

use crate::trace::io::Way;

/// A type that is reported as a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceType {
    Barrier,
    BatchSemaphore,
    Broadcast,
    Child,
    File,
    Interval,
    Mpsc,
    Mutex,
    Notify,
    OnceCell,
    Oneshot,
    PipeReceiver,
    PipeSender,
    RwLock,
    Semaphore,
    Sleep,
    TcpListener,
    TcpStream,
    UdpSocket,
    UnixDatagram,
    UnixListener,
    UnixStream,
    Watch,
}

impl ResourceType {
    /// The name of the type; both ends of a channel are one resource.
    pub(super) const fn concrete_type(self) -> &'static str {
        match self {
            Self::Barrier => "Barrier",
            Self::BatchSemaphore | Self::Semaphore => "Semaphore",
            Self::Broadcast | Self::Mpsc | Self::Oneshot | Self::Watch => "Sender|Receiver",
            Self::Child => "Child",
            Self::File => "File",
            Self::Interval => "Interval",
            Self::Mutex => "Mutex",
            Self::Notify => "Notify",
            Self::OnceCell => "OnceCell",
            Self::PipeReceiver => "pipe::Receiver",
            Self::PipeSender => "pipe::Sender",
            Self::RwLock => "RwLock",
            Self::Sleep => "Sleep",
            Self::TcpListener => "TcpListener",
            Self::TcpStream => "TcpStream",
            Self::UdpSocket => "UdpSocket",
            Self::UnixDatagram => "UnixDatagram",
            Self::UnixListener => "UnixListener",
            Self::UnixStream => "UnixStream",
        }
    }

    /// The group that a viewer sorts the resource into.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Interval | Self::Sleep => "timer",
            Self::Child => "process",
            Self::File => "fs",
            Self::PipeReceiver
            | Self::PipeSender
            | Self::TcpListener
            | Self::TcpStream
            | Self::UdpSocket
            | Self::UnixDatagram
            | Self::UnixListener
            | Self::UnixStream => "net",
            _ => "Sync",
        }
    }

    /// The names of an operation that reads or writes, and of its polls.
    pub(super) const fn io_names(self, way: Way) -> (&'static str, &'static str) {
        match (self, way) {
            (Self::TcpListener | Self::UnixListener, Way::Read) => ("accept", "poll_accept"),
            (Self::UdpSocket | Self::UnixDatagram, Way::Read) => ("recv", "poll_recv"),
            (Self::UdpSocket | Self::UnixDatagram, Way::Write) => ("send", "poll_send"),
            (_, Way::Read) => ("read", "poll_read"),
            (_, Way::Write) => ("write", "poll_write"),
            (_, Way::Flush) => ("write", "poll_flush"),
            (_, Way::Seek) => ("seek", "poll_complete"),
        }
    }

    /// Whether it is a part of another resource, which the program does not see.
    pub(super) const fn is_internal(self) -> bool {
        matches!(self, Self::BatchSemaphore)
    }

    /// Whether it shows the state of the resource within.
    pub(super) const fn inherits_child_attrs(self) -> bool {
        matches!(self, Self::Semaphore)
    }

    /// Whether the semaphore within is reported as a resource of its own, as it is for those types
    /// for which tokio does so.
    pub(super) const fn shows_semaphore(self) -> bool {
        matches!(self, Self::Mutex | Self::RwLock | Self::Semaphore)
    }
}

/// A change of the state of a resource, or of an operation on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    Arrived(usize),
    ArrivedOne,
    Capacity(usize),
    /// Milliseconds until the deadline.
    DurationMs(u64),
    IsLeader(bool),
    Locked(bool),
    MaxReaders(usize),
    /// The number of a process.
    Pid(u32),
    /// How many permits are free.
    Permits(usize),
    PermitsAdded(usize),
    PermitsTaken(usize),
    /// How many permits an operation has got by now, of those it waits for.
    PermitsObtained(usize),
    PermitsRequested(usize),
    /// An operation was polled under this name; whether it is ready.
    Polled(&'static str, bool),
    /// Values that wait for the receiver.
    Queued(usize),
    Readers(usize),
    ReaderAdded,
    ReaderGone,
    ReceiverDropped(bool),
    SenderDropped(bool),
    Size(usize),
    /// An operation has arrived as this one of its round.
    TaskArrived(bool),
    ValueReceived(bool),
    ValueSent(bool),
    WriteLocked(bool),
}

/// Whose address it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Local,
    Peer,
}

/// What a task is reported with.
pub(crate) struct TaskFields<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<&'a str>,
    pub(crate) id: u64,
    /// The size of the future, or of the box that it was moved to.
    pub(crate) size: usize,
    /// The size of a future that was moved to a box.
    pub(crate) original_size: Option<usize>,
    /// The type of a closure that may block.
    pub(crate) function: Option<&'static str>,
    pub(crate) location: &'static Location<'static>,
}

/// What happens to a task's waker. A wake by value is its end as well.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WakerOp {
    Clone,
    Drop,
    Wake,
    WakeByRef,
}

impl WakerOp {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Clone => "waker.clone",
            Self::Drop => "waker.drop",
            Self::Wake => "waker.wake",
            Self::WakeByRef => "waker.wake_by_ref",
        }
    }
}
