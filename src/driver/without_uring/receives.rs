//! Receives of a build without the feature `completion`, or for a system without io_uring: there are
//! none, so every socket is read by readiness. [`Receives`] and [`Receiver`] have no values, so that
//! the compiler leaves out what would use one.
#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::Poll;

use crate::driver::backend::BackendKind;
use crate::driver::readiness::{Registration, Registry};
use crate::driver::wake::Wake;
use crate::stream::{Interest, ReadBuf};
use crate::util::warning::warn;

/// The receives of a runtime.
#[derive(Debug)]
pub(crate) enum Receives {}

impl Receives {
    pub(in crate::driver) fn new(_: &Poll, _: &Registry, _: &Arc<Wake>) -> Option<Receives> {
        None
    }

    pub(crate) fn refusal(&self) -> Option<String> {
        match *self {}
    }

    pub(in crate::driver) fn begin(&self) {
        match *self {}
    }

    pub(in crate::driver) fn end(&self) {
        match *self {}
    }

    pub(in crate::driver) fn wait(&self, _limit: Option<Duration>) -> Option<Waited> {
        match *self {}
    }
}

/// What came of [`Receives::wait`].
#[derive(Clone, Copy, Debug)]
pub(in crate::driver) struct Waited {
    pub(in crate::driver) readiness: bool,
    pub(in crate::driver) progress: bool,
}

/// Returns why no runtime of this program can receive on io_uring, and logs it.
pub(in crate::driver) fn supported(_backend: BackendKind) -> Result<(), String> {
    const REASON: &str = "the program was built without zokio's feature `completion`, or for a \
                          system without io_uring";
    warn(format_args!(
        "zokio: sockets are read by readiness: {REASON}"
    ));
    Err(REASON.to_owned())
}

/// A socket's part.
#[derive(Debug)]
pub(crate) enum Receiver {}

/// A [`Receiver`] as its socket owns it.
pub(crate) type OwnedReceiver = Receiver;

/// What [`Receiver::receive`] found.
#[derive(Debug)]
pub(crate) enum Received {
    Bytes { drained: bool },
    Pending,
    Read,
    Refused,
}

impl Receiver {
    pub(crate) fn new(
        receives: &Arc<Receives>,
        _registration: &Registration,
        _interest: Interest,
    ) -> Option<OwnedReceiver> {
        match **receives {}
    }

    pub(crate) fn is_plain(&self) -> bool {
        match *self {}
    }

    pub(crate) fn receive(&self, _buf: &mut ReadBuf<'_>, _ready: bool) -> io::Result<Received> {
        match *self {}
    }

    pub(crate) fn take(&self, _buf: &mut ReadBuf<'_>, _peek: bool) -> io::Result<Option<usize>> {
        match *self {}
    }

    pub(crate) fn take_at_most(&self, _max: usize) -> io::Result<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn keep_error(&self, _errno: i32) {
        match *self {}
    }

    pub(crate) fn take_error(&self) -> Option<io::Error> {
        match *self {}
    }

    pub(crate) fn retained(&self) -> usize {
        match *self {}
    }

    pub(crate) fn is_pending(&self) -> bool {
        match *self {}
    }

    pub(crate) fn is_unregistered(&self) -> bool {
        match *self {}
    }

    pub(crate) fn is_idle(&self) -> bool {
        match *self {}
    }

    pub(crate) fn watch(&self, _registration: &Registration) -> io::Result<()> {
        match *self {}
    }
}
