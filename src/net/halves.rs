//! The halves of a stream that own it together, for any kind of stream, and how a stream's writing
//! side is closed. The public halves of `tcp` and `unix` wrap these.
//!
//! A stream that was taken apart has one half of each kind. It is closed when both are gone; its
//! writing side is closed earlier, when the half that writes is dropped.
#![forbid(unsafe_code)]

use std::io;
use std::net::Shutdown;
use std::ops::Deref;
use std::sync::Arc;

use socket2::SockRef;

use crate::watched::{ByteStream, Watched};

/// A connection that can be taken apart.
pub(super) trait Connection {
    /// The socket of `std`.
    type Source: ByteStream;

    fn io(&self) -> &Watched<Self::Source>;

    /// Closes the writing side.
    fn close_writing(&self) -> io::Result<()> {
        match SockRef::from(self.io().source()).shutdown(Shutdown::Write) {
            // The peer reset the connection: the writing side is as closed as it can be.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

/// The half that reads.
#[derive(Debug)]
pub(super) struct OwnedReadHalf<C> {
    inner: Arc<C>,
}

/// The half that writes.
#[derive(Debug)]
pub(super) struct OwnedWriteHalf<C: Connection> {
    inner: Arc<C>,
    shutdown_on_drop: bool,
}

/// Takes a stream apart.
pub(super) fn split<C: Connection>(stream: C) -> (OwnedReadHalf<C>, OwnedWriteHalf<C>) {
    let inner = Arc::new(stream);
    let reader = OwnedReadHalf {
        inner: inner.clone(),
    };
    let writer = OwnedWriteHalf {
        inner,
        shutdown_on_drop: true,
    };
    (reader, writer)
}

impl<C: Connection> OwnedReadHalf<C> {
    /// Whether both halves are of the same stream.
    pub(super) fn belongs_to(&self, writer: &OwnedWriteHalf<C>) -> bool {
        Arc::ptr_eq(&self.inner, &writer.inner)
    }

    /// Turns the half into the stream. The other half is dropped.
    pub(super) fn into_stream(self) -> C {
        Arc::into_inner(self.inner).expect("a stream has one half of each kind")
    }
}

impl<C: Connection> OwnedWriteHalf<C> {
    /// Keeps the drop from closing the writing side.
    pub(super) fn forget(&mut self) {
        self.shutdown_on_drop = false;
    }

    /// Closes the writing side, so that the drop does not have to.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.inner.close_writing()?;
        self.forget();
        Ok(())
    }

    /// What the drop of the public half does.
    pub(super) fn dropped(&mut self) {
        if self.shutdown_on_drop {
            // It can only fail on a connection that is over anyway.
            let _ = self.inner.close_writing();
        }
    }
}

impl<C> Deref for OwnedReadHalf<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C: Connection> Deref for OwnedWriteHalf<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}
