//! Datagrams that the kernel makes of one message or joins to one (udp(7)), and several messages in one
//! call.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, iovec, msghdr};

use super::raw::{Message, check};
use crate::completion::IoBuf;

/// Room for a few control messages, aligned as their headers are.
#[repr(C)]
pub(super) union Control {
    header: libc::cmsghdr,
    bytes: [u8; 64],
}

impl Control {
    pub(super) fn new() -> Control {
        Control { bytes: [0; 64] }
    }
}

/// Returns the value of the control message `UDP_GRO`.
///
/// # Safety
///
/// The kernel has filled in the message, whose control buffer is still there.
pub(super) unsafe fn segment_of(message: &msghdr) -> Option<usize> {
    // SAFETY: the kernel has written well-formed control messages and their total length.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while !header.is_null() {
            if ((*header).cmsg_level, (*header).cmsg_type) == (libc::SOL_UDP, libc::UDP_GRO) {
                // It need not be aligned for a number.
                let value = libc::CMSG_DATA(header).cast::<c_int>().read_unaligned();
                return usize::try_from(value).ok().filter(|&segment| segment > 0);
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    None
}

/// Sends several messages by one call of sendmmsg(2); returns how many were sent, at least one.
pub(super) fn send_many<B: IoBuf>(
    fd: BorrowedFd<'_>,
    buffers: &[&B],
    messages: &[Message],
) -> io::Result<usize> {
    let parts: Vec<iovec> = buffers
        .iter()
        .map(|buffer| iovec {
            iov_base: buffer.stable_ptr().cast_mut().cast(),
            iov_len: buffer.bytes_init(),
        })
        .collect();
    let mut controls: Vec<Control> = messages.iter().map(control_of).collect();
    let mut rest = &parts[..];
    let mut headers = Vec::with_capacity(messages.len());
    for (message, control) in messages.iter().zip(&mut controls) {
        let (parts, after) = rest.split_at(message.buffers);
        rest = after;
        // SAFETY: all fields are numbers and pointers, for which zero is a value.
        let mut header: libc::mmsghdr = unsafe { zeroed() };
        if let Some(target) = &message.target {
            header.msg_hdr.msg_name = target.as_ptr().cast_mut().cast();
            header.msg_hdr.msg_namelen = target.len();
        }
        header.msg_hdr.msg_iov = parts.as_ptr().cast_mut();
        header.msg_hdr.msg_iovlen = parts.len() as _;
        if message.segment.is_some() {
            header.msg_hdr.msg_control = (&raw mut *control).cast();
            header.msg_hdr.msg_controllen = SEGMENT_SPACE as _;
        }
        headers.push(header);
    }
    let count = libc::c_uint::try_from(headers.len()).unwrap_or(libc::c_uint::MAX);
    // SAFETY: each header leads to an address, to control messages and to parts that live across the
    // call. The parts are initialized bytes of buffers, as `IoBuf` promises, which are borrowed. Of
    // all that the kernel writes to the lengths in the headers only (sendmmsg(2)).
    let sent = unsafe {
        libc::sendmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_NOSIGNAL as _,
        )
    };
    check(sent as isize)
}

/// How much of a [`Control`] the one message with the length of the parts takes.
const SEGMENT_SPACE: usize = {
    // SAFETY: this function only calculates.
    unsafe { libc::CMSG_SPACE(size_of::<u16>() as u32) as usize }
};

const _: () = assert!(SEGMENT_SPACE <= size_of::<Control>());

fn control_of(message: &Message) -> Control {
    let mut control = Control::new();
    if let Some(segment) = message.segment {
        // SAFETY: the union is as large and as aligned as a header with a `u16` needs, and all of it
        // is initialized.
        unsafe {
            let header = (&raw mut control).cast::<libc::cmsghdr>();
            (*header).cmsg_level = libc::SOL_UDP;
            (*header).cmsg_type = libc::UDP_SEGMENT;
            (*header).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
            libc::CMSG_DATA(header)
                .cast::<u16>()
                .write_unaligned(segment);
        }
    }
    control
}

/// Sets whether the kernel joins datagrams that were received (`UDP_GRO`, udp(7)).
pub(super) fn set_gro(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    let value = c_int::from(on);
    // SAFETY: pointer and length are those of one number.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_UDP,
            libc::UDP_GRO,
            (&raw const value).cast(),
            size_of::<c_int>() as libc::socklen_t,
        )
    };
    check(result as isize).map(drop)
}
