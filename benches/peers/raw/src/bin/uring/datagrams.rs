//! The server of datagrams.

use std::io;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;

use io_uring::opcode;
use io_uring::types::{Fd, RecvMsgOut};
use peer_protocol::{bind_udp, ends_burst};

use crate::buffers::Buffers;
use crate::ring::{Key, Kind, Ring};

/// A datagram with its sender's address and the kernel's header.
const BUFFER: usize = 256;

/// Receives datagrams until the process ends.
pub fn receive() -> io::Result<()> {
    let socket = bind_udp(false)?;
    let mut ring = Ring::new()?;
    let mut buffers = Buffers::new(&ring, 1024, BUFFER)?;
    // SAFETY: all-zero bytes are a valid `msghdr`, with null pointers for what is not used.
    let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
    let key = Key {
        kind: Kind::Receive,
        target: 0,
    };
    let receive = opcode::RecvMsgMulti::new(Fd(socket.as_raw_fd()), &raw const header, 0)
        .build()
        .user_data(key.data());
    let mut completions = Vec::new();
    let mut again = true;
    let mut received = 0_u64;
    loop {
        buffers.publish();
        if std::mem::take(&mut again) {
            // SAFETY: the header is there until this function returns, and is not changed. The buffers
            // are provided ones.
            unsafe { ring.push(&receive) }?;
        }
        ring.wait(&mut completions)?;
        for completion in completions.drain(..) {
            again |= completion.has_ended();
            let length = match completion.result() {
                Ok(length) => length as usize,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => continue,
                Err(error) => return Err(error),
            };
            let Some(buffer) = completion.buffer() else {
                return Err(io::Error::other("a receive without a buffer"));
            };
            let message = RecvMsgOut::parse(buffers.received(buffer, length), &header);
            let message = message.map_err(|()| io::Error::other("a receive without a header"))?;
            received += 1;
            if ends_burst(message.payload_data()) {
                let sender = sender(message.name_data())?;
                socket.send_to(&received.to_le_bytes(), sender)?;
            }
            buffers.provide(buffer);
        }
    }
}

/// Reads a `sockaddr_in`: the family, then the port and the address in network order.
fn sender(name: &[u8]) -> io::Result<SocketAddr> {
    let [_, _, port_high, port_low, a, b, c, d, ..] = name else {
        return Err(io::Error::other("a datagram without a sender"));
    };
    let address = Ipv4Addr::new(*a, *b, *c, *d);
    let port = u16::from_be_bytes([*port_high, *port_low]);
    Ok(SocketAddr::from((address, port)))
}
