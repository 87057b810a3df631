//! The spans and events themselves; compiled with the feature `tracing`.
//!
//! The fields of a span and the target of an event are part of a static, so each target has its own,
//! made by a macro. With a subscriber that takes no events of the level `TRACE`, or without one,
//! what is here costs a load and a comparison.
#![forbid(unsafe_code)]

use std::future::Future;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tracing::{Level, Span, level_enabled, trace, trace_span};

use crate::loom::sync::OnceLock;
use crate::trace::io::Way;
use crate::trace::{ResourceType, Side, Update};
use crate::util::unwind::contain;

/// Returns whether some subscriber may take what is reported here.
#[inline]
pub(crate) fn is_on() -> bool {
    level_enabled!(Level::TRACE)
}

/// Evaluates `$span!(target, $args)` with the target of the type.
macro_rules! with_target {
    ($of:expr, $span:ident!($($args:tt)*)) => {
        match $of {
            ResourceType::Barrier => $span!("tokio::sync::barrier", $($args)*),
            ResourceType::BatchSemaphore => $span!("tokio::sync::batch_semaphore", $($args)*),
            ResourceType::Broadcast => $span!("tokio::sync::broadcast", $($args)*),
            ResourceType::Interval => $span!("tokio::time::interval", $($args)*),
            ResourceType::Mpsc => $span!("tokio::sync::mpsc", $($args)*),
            ResourceType::Mutex => $span!("tokio::sync::mutex", $($args)*),
            ResourceType::Notify => $span!("tokio::sync::notify", $($args)*),
            ResourceType::OnceCell => $span!("tokio::sync::once_cell", $($args)*),
            ResourceType::Oneshot => $span!("tokio::sync::oneshot", $($args)*),
            ResourceType::RwLock => $span!("tokio::sync::rwlock", $($args)*),
            ResourceType::Semaphore => $span!("tokio::sync::semaphore", $($args)*),
            ResourceType::Sleep => $span!("tokio::time::sleep", $($args)*),
            ResourceType::Watch => $span!("tokio::sync::watch", $($args)*),
            ResourceType::Child => $span!("tokio::process", $($args)*),
            ResourceType::File => $span!("tokio::fs::file", $($args)*),
            ResourceType::PipeReceiver | ResourceType::PipeSender => {
                $span!("tokio::net::unix::pipe", $($args)*)
            }
            ResourceType::TcpListener => $span!("tokio::net::tcp::listener", $($args)*),
            ResourceType::TcpStream => $span!("tokio::net::tcp::stream", $($args)*),
            ResourceType::UdpSocket => $span!("tokio::net::udp", $($args)*),
            ResourceType::UnixDatagram => $span!("tokio::net::unix::datagram", $($args)*),
            ResourceType::UnixListener => $span!("tokio::net::unix::listener", $($args)*),
            ResourceType::UnixStream => $span!("tokio::net::unix::stream", $($args)*),
        }
    };
}

macro_rules! resource_span {
    ($target:literal, $of:expr, $at:expr) => {
        trace_span!(
            target: $target,
            parent: None,
            "runtime.resource",
            concrete_type = $of.concrete_type(),
            kind = $of.kind(),
            is_internal = $of.is_internal(),
            inherits_child_attrs = $of.inherits_child_attrs(),
            loc.file = $at.file(),
            loc.line = $at.line(),
            loc.col = $at.column(),
        )
    };
}

macro_rules! op_span {
    ($target:literal, $parent:expr, $source:expr) => {
        trace_span!(
            target: $target,
            parent: $parent,
            "runtime.resource.async_op",
            source = $source,
            inherits_child_attrs = false,
        )
    };
    ($target:literal, $source:expr) => {
        trace_span!(
            target: $target,
            "runtime.resource.async_op",
            source = $source,
            inherits_child_attrs = false,
        )
    };
}

macro_rules! poll_span {
    ($target:literal, $parent:expr) => {
        trace_span!(target: $target, parent: $parent, "runtime.resource.async_op.poll")
    };
    ($target:literal,) => {
        trace_span!(target: $target, "runtime.resource.async_op.poll")
    };
}

macro_rules! state {
    ($field:ident = $value:expr, $op:literal) => {
        trace!(target: "runtime::resource::state_update", $field = $value, $field.op = $op)
    };
    ($field:ident = $value:expr, $op:literal, $unit:literal) => {
        trace!(
            target: "runtime::resource::state_update",
            $field = $value,
            $field.unit = $unit,
            $field.op = $op,
        )
    };
}

/// Something that tasks wait for.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// `None` if it was made in a constant, where there is no subscriber.
    span: Option<Span>,
    /// `None` if nothing is reported of it at all.
    of: Option<ResourceType>,
}

impl Resource {
    /// Reports that a resource is made at the place of the caller.
    #[track_caller]
    pub(crate) fn new(of: ResourceType) -> Self {
        let location = Location::caller();
        Self {
            span: is_on().then(|| new_resource(of, location)),
            of: Some(of),
        }
    }

    /// A resource that is made in a constant: its state is reported, but not the resource.
    pub(crate) const fn unseen(of: ResourceType) -> Self {
        Self {
            span: None,
            of: Some(of),
        }
    }

    /// A part of something else, of which nothing is reported.
    pub(crate) const fn silent() -> Self {
        Self {
            span: None,
            of: None,
        }
    }

    #[inline]
    pub(crate) const fn is_silent(&self) -> bool {
        self.of.is_none()
    }

    /// Returns whether a subscriber knows this resource.
    #[inline]
    pub(crate) fn is_seen(&self) -> bool {
        self.span.as_ref().is_some_and(|span| !span.is_disabled())
    }

    /// Runs `f` inside of the resource's span.
    #[inline]
    pub(crate) fn in_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        match &self.span {
            Some(span) => within(span, f),
            None => f(),
        }
    }

    /// Reports a change of the resource's state.
    #[inline]
    pub(crate) fn update(&self, update: Update) {
        if is_on() && self.of.is_some() {
            self.in_scope(|| report(update));
        }
    }

    /// Reports that a guard of the lock was made (`now`), or is gone.
    pub(crate) fn lock_changed(&self, exclusive: bool, now: bool) {
        match self.of {
            Some(ResourceType::Mutex) => self.update(Update::Locked(now)),
            Some(ResourceType::RwLock) if exclusive => self.update(Update::WriteLocked(now)),
            Some(ResourceType::RwLock) if now => self.update(Update::ReaderAdded),
            Some(ResourceType::RwLock) => self.update(Update::ReaderGone),
            _ => {}
        }
    }

    /// Begins an operation on the resource, in the method `source`.
    pub(crate) fn op(&self, source: &'static str) -> Op {
        let (Some(of), true) = (self.of, self.is_seen()) else {
            return Op::none();
        };
        let op = self.in_scope(|| with_target!(of, op_span!(source)));
        let poll = within(&op, || with_target!(of, poll_span!()));
        Op { op, poll }
    }

    /// Begins an operation that is part of the resource from the start: its spans name their
    /// parents, and none is entered.
    pub(crate) fn own_op(&self, source: &'static str) -> Op {
        let (Some(of), Some(span)) = (self.of, &self.span) else {
            return Op::none();
        };
        let op = with_target!(of, op_span!(span, source));
        let poll = with_target!(of, poll_span!(&op));
        Op { op, poll }
    }

    /// Runs `f`, which reports what it does, inside of the spans of a poll of `op`.
    #[inline]
    pub(crate) fn poll_in_scope<R>(&self, op: &Op, f: impl FnOnce() -> R) -> R {
        if op.op.is_disabled() {
            return f();
        }
        self.in_scope(|| within(&op.op, || within(&op.poll, f)))
    }

    /// Polls `op` by `f`, and reports the result.
    #[inline]
    pub(crate) fn poll<T>(
        &self,
        op: &Op,
        name: &'static str,
        f: impl FnOnce() -> Poll<T>,
    ) -> Poll<T> {
        if op.op.is_disabled() {
            return f();
        }
        self.poll_in_scope(op, || {
            let poll = f();
            report_poll(name, poll.is_ready());
            poll
        })
    }

    /// Polls the operation of one direction by `f`, and reports the result. The first poll begins it.
    #[inline]
    pub(crate) fn poll_lazy<T>(
        &self,
        lazy: &LazyOp,
        way: Way,
        f: impl FnOnce() -> Poll<T>,
    ) -> Poll<T> {
        match self.begun(lazy, way) {
            Some(op) => self.poll(op, self.io_names(way).1, f),
            None => f(),
        }
    }

    /// The operation of one direction, for a poll by what the resource is a part of.
    #[inline]
    pub(crate) fn lazy_operation(&self, lazy: &LazyOp, way: Way) -> Operation {
        match self.begun(lazy, way) {
            Some(op) => Operation {
                op: op.clone(),
                name: self.io_names(way).1,
                resource: self.clone(),
            },
            None => Operation {
                op: Op::none(),
                name: "",
                resource: Self::silent(),
            },
        }
    }

    /// Begins an operation, unless it has begun; `None` if no subscriber knows the resource.
    #[inline]
    fn begun<'a>(&self, lazy: &'a LazyOp, way: Way) -> Option<&'a Op> {
        if !self.is_seen() {
            return None;
        }
        // Not `get_or_init`, which would call the subscriber with a lock held.
        if lazy.0.get().is_none() {
            // If another thread was faster, its operation is the one.
            let _ = lazy.0.set(Box::new(self.own_op(self.io_names(way).0)));
        }
        lazy.0.get().map(Box::as_ref)
    }

    /// The names of an operation of this direction, and of its polls.
    #[inline]
    pub(crate) fn io_names(&self, way: Way) -> (&'static str, &'static str) {
        match self.of {
            Some(of) => of.io_names(way),
            None => ("", ""),
        }
    }

    /// Reports an address of a socket.
    pub(crate) fn address(&self, side: Side, address: &str) {
        self.in_scope(|| match side {
            Side::Local => state!(local_addr = address, "override"),
            Side::Peer => state!(peer_addr = address, "override"),
        });
    }

    /// Begins an operation whose future is not known yet; `name` is that of its polls.
    pub(crate) fn begin(&self, source: &'static str, name: &'static str) -> Operation {
        Operation {
            op: self.op(source),
            name,
            resource: self.clone(),
        }
    }
}

// A subscriber sees to its own state when one of its methods panics.
impl UnwindSafe for Resource {}
impl RefUnwindSafe for Resource {}

#[inline(never)]
fn new_resource(of: ResourceType, at: &Location<'_>) -> Span {
    with_target!(of, resource_span!(of, at))
}

/// One wait for a resource.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    op: Span,
    poll: Span,
}

impl Op {
    /// An operation that is not reported.
    #[inline]
    pub(crate) fn none() -> Self {
        Self {
            op: Span::none(),
            poll: Span::none(),
        }
    }

    /// Returns `true` if it is not reported.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.op.is_disabled()
    }

    /// Runs `f` inside of the operation's span.
    #[inline]
    pub(crate) fn in_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        within(&self.op, f)
    }

    /// Reports a change of the operation's state.
    #[inline]
    pub(crate) fn update(&self, update: Update) {
        if is_on() {
            within(&self.op, || report(update));
        }
    }
}

// As for `Resource`.
impl UnwindSafe for Op {}
impl RefUnwindSafe for Op {}

/// An operation that begins when it is polled for the first time.
///
/// Most are of something that is never polled in that way, so it is boxed.
pub(crate) struct LazyOp(OnceLock<Box<Op>>);

impl LazyOp {
    pub(crate) fn new() -> Self {
        Self(OnceLock::new())
    }
}

/// An operation that has begun and is about to get its future.
#[must_use = "an operation without a future is over at once"]
pub(crate) struct Operation {
    op: Op,
    name: &'static str,
    resource: Resource,
}

impl Operation {
    /// Reports a change of its state.
    #[inline]
    pub(crate) fn update(&self, update: Update) {
        self.op.update(update);
    }

    /// Polls it by `f`, and reports the result.
    #[inline]
    pub(crate) fn poll<T>(self, f: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.resource.poll(&self.op, self.name, f)
    }

    /// Returns `future`, whose polls are the operation's.
    pub(crate) fn around<F: Future>(self, future: F) -> Traced<F> {
        Traced {
            future,
            operation: self,
        }
    }
}

pin_project! {
    /// A future whose polls are reported.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Traced<F> {
        #[pin]
        future: F,
        operation: Operation,
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let operation = this.operation;
        let poll = || this.future.poll(cx);
        operation.resource.poll(&operation.op, operation.name, poll)
    }
}

/// Operations that received something while a lock was held, to be reported after it.
#[derive(Default)]
pub(crate) struct Served(Vec<(Span, Update)>);

impl Served {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[inline]
    pub(crate) fn push(&mut self, op: &Op, update: Update) {
        if is_on() {
            self.0.push((op.op.clone(), update));
        }
    }

    /// Reports them.
    #[inline]
    pub(crate) fn report(self) {
        for (op, update) in self.0 {
            within(&op, || report(update));
        }
    }
}

/// Runs `f` inside of `span`. What it returns is not lost if the subscriber panics as the span is left.
#[inline]
pub(super) fn within<R>(span: &Span, f: impl FnOnce() -> R) -> R {
    let entered = span.enter();
    let result = f();
    if span.is_disabled() {
        return result;
    }
    contain(|| drop(entered));
    result
}

/// Reports the result of a poll, inside of the spans that are entered.
fn report_poll(name: &'static str, is_ready: bool) {
    // The result is about to be returned.
    contain(|| trace!(target: "runtime::resource::poll_op", op_name = name, is_ready));
}

macro_rules! op_state {
    ($field:ident = $value:expr, $op:literal) => {
        trace!(
            target: "runtime::resource::async_op::state_update",
            $field = $value,
            $field.op = $op,
        )
    };
    ($field:ident = $value:expr) => {
        trace!(target: "runtime::resource::async_op::state_update", $field = $value)
    };
}

/// Reports a change of state, inside of the spans that are entered.
pub(crate) fn report(update: Update) {
    // The caller may have a value that it is about to return.
    contain(|| report_to_subscriber(update));
}

fn report_to_subscriber(update: Update) {
    match update {
        Update::Polled(name, is_ready) => report_poll(name, is_ready),
        Update::Arrived(tasks) => state!(arrived = tasks as i64, "override"),
        Update::ArrivedOne => state!(arrived = 1_i64, "add"),
        Update::Capacity(values) => state!(capacity = values as u64, "override"),
        Update::DurationMs(ms) => state!(duration = ms, "override", "ms"),
        Update::IsLeader(leads) => op_state!(is_leader = leads),
        Update::Locked(locked) => state!(locked = locked, "override"),
        Update::MaxReaders(readers) => state!(max_readers = readers as u64, "override"),
        Update::Permits(permits) => state!(permits = permits as u64, "override"),
        Update::PermitsAdded(permits) => state!(permits = permits as u64, "add"),
        Update::PermitsTaken(permits) => state!(permits = permits as u64, "sub"),
        Update::PermitsObtained(permits) => op_state!(permits_obtained = permits as u64, "add"),
        Update::PermitsRequested(permits) => {
            op_state!(permits_requested = permits as u64, "override");
        }
        Update::Pid(pid) => state!(pid = u64::from(pid), "override"),
        Update::Queued(values) => state!(queued = values as u64, "override"),
        Update::Readers(readers) => state!(current_readers = readers as i64, "override"),
        Update::ReaderAdded => state!(current_readers = 1_i64, "add"),
        Update::ReaderGone => state!(current_readers = 1_i64, "sub"),
        Update::ReceiverDropped(dropped) => state!(rx_dropped = dropped, "override"),
        Update::SenderDropped(dropped) => state!(tx_dropped = dropped, "override"),
        Update::Size(tasks) => state!(size = tasks as u64, "override"),
        Update::TaskArrived(arrived) => op_state!(arrived = arrived),
        Update::ValueReceived(received) => state!(value_received = received, "override"),
        Update::ValueSent(sent) => state!(value_sent = sent, "override"),
        Update::WriteLocked(locked) => state!(write_locked = locked, "override"),
    }
}
