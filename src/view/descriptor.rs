//! What a descriptor is, for a task that waits for it.
//!
//! The descriptor is that of the moment at which a task began to wait. It may have been closed, and
//! even be another file by now, so what is found is a hint.
#![forbid(unsafe_code)]

use std::fs;
use std::os::fd::RawFd;

use socket2::{Domain, SockAddr, Type};

use super::raw;

/// What kind of a thing a descriptor is, and which one.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) what: &'static str,
    pub(super) detail: Option<String>,
}

/// Describes a descriptor of this process.
pub(super) fn describe(fd: RawFd) -> Description {
    let link = fs::read_link(format!("/proc/self/fd/{fd}")).ok();
    let link = link.map(|link| link.to_string_lossy().into_owned());
    match &link {
        Some(name) if name.starts_with("socket:") => Description {
            what: "socket",
            detail: socket(fd),
        },
        Some(name) if name.starts_with("pipe:") => Description {
            what: "pipe",
            detail: link,
        },
        _ => Description {
            what: "fd",
            detail: link,
        },
    }
}

/// Returns the kind and the addresses of a socket.
fn socket(fd: RawFd) -> Option<String> {
    let local = raw::local_address(fd).ok()?;
    let kind = match (local.domain(), raw::socket_type(fd).ok()?) {
        (Domain::UNIX, Type::STREAM) => "unix",
        (Domain::UNIX, Type::DGRAM) => "unix datagram",
        (Domain::UNIX, _) => "unix seqpacket",
        (_, Type::STREAM) => "tcp",
        (_, Type::DGRAM) => "udp",
        _ => "socket",
    };
    let local = address(&local);
    // One that listens, or is not connected, has no peer.
    match raw::peer_address(fd).ok() {
        Some(peer) => Some(format!("{kind} {local} -> {}", address(&peer))),
        None => Some(format!("{kind} {local}")),
    }
}

fn address(address: &SockAddr) -> String {
    if let Some(address) = address.as_socket() {
        return address.to_string();
    }
    match address.as_pathname() {
        Some(path) => path.display().to_string(),
        None => "(unnamed)".to_owned(),
    }
}
