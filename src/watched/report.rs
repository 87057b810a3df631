//! What a [`Watched`] reports to `tracing`: that there is one, and the addresses of a socket.
#![forbid(unsafe_code)]

use std::os::fd::AsFd;

use socket2::{SockAddr, SockRef};

use super::Watched;
use crate::trace::{IoTrace, ResourceType, Side};

impl<S: AsFd> Watched<S> {
    /// Reports it as a resource that is made at the place of the caller.
    #[track_caller]
    pub(crate) fn reported(mut self, of: ResourceType) -> Self {
        self.trace = IoTrace::new(of);
        let source = &self.source;
        self.trace.address(Side::Local, || {
            text_of(&SockRef::from(source).local_addr().ok()?)
        });
        self.report_peer();
        self
    }

    /// Reports the address that the socket is connected to, if it is.
    pub(crate) fn report_peer(&self) {
        self.trace.address(Side::Peer, || {
            text_of(&SockRef::from(&self.source).peer_addr().ok()?)
        });
    }
}

/// Returns the text of an address, unless it is the one of a socket that has none.
fn text_of(address: &SockAddr) -> Option<String> {
    if let Some(address) = address.as_socket() {
        return Some(address.to_string());
    }
    if let Some(path) = address.as_pathname() {
        return Some(path.display().to_string());
    }
    let name = address.as_abstract_namespace()?;
    Some(format!("@{}", String::from_utf8_lossy(name)))
}
