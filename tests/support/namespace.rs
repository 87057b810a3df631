//! A network of the process's own, in which routes can be taken away (network_namespaces(7)).
#![allow(dead_code)]

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, UdpSocket};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::apart::{on_schedulers_prepared, runtime};

/// The address of the process in its network.
pub const ADDRESS: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 9);

/// The loopback interface is the first of every network.
const LOOPBACK: u32 = 1;

/// Runs a scenario in a network of its own.
pub fn in_a_network<F>(test: &str, scenario: fn() -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    on_schedulers_prepared(test, &[0, 2], with_a_network, |workers| {
        add(ADDRESS).unwrap();
        let task = async move { zokio::spawn(scenario()).await.unwrap() };
        runtime(workers).block_on(task).unwrap();
    });
}

/// Has the process begin in an empty network of its own. Where that is not allowed, it does not
/// start, and the error is `PermissionDenied`.
fn with_a_network(command: &mut Command) {
    let enter = || {
        // SAFETY: these calls take no pointers, and may be made between fork and exec.
        let entered = unsafe {
            libc::unshare(libc::CLONE_NEWNET) == 0
                || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) == 0
        };
        // A kernel without such networks is no place for the test either.
        entered
            .then_some(())
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EPERM))
    };
    // SAFETY: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(enter) };
}

/// Adds an address to the loopback interface, and returns when it can be used.
fn add(address: Ipv6Addr) -> io::Result<()> {
    let up = libc::IFF_UP as u32;
    let mut link = vec![0; 4];
    link.extend(LOOPBACK.to_ne_bytes());
    link.extend(up.to_ne_bytes());
    link.extend(up.to_ne_bytes());
    ask(libc::RTM_NEWLINK, 0, &link)?;
    ask(libc::RTM_NEWADDR, libc::NLM_F_CREATE, &of_loopback(address))?;
    // The kernel makes sure that no other machine has it, which here takes no time but a thread.
    loop {
        let socket = UdpSocket::bind((address, 0));
        match socket.and_then(|socket| socket.connect((address, 9))) {
            Ok(()) => return Ok(()),
            Err(error) if is_early(&error) => thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(error),
        }
    }
}

/// Whether an address is not known yet, or has no route yet.
fn is_early(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EADDRNOTAVAIL | libc::ENETUNREACH | libc::EHOSTUNREACH)
    )
}

/// Takes the address away, and refuses what is sent there: `EACCES`.
pub fn prohibit(address: Ipv6Addr) -> io::Result<()> {
    ask(libc::RTM_DELADDR, 0, &of_loopback(address))?;
    // struct rtmsg (rtnetlink(7)).
    let mut route = vec![
        libc::AF_INET6 as u8,
        128,
        0,
        0,
        libc::RT_TABLE_MAIN,
        libc::RTPROT_STATIC,
        libc::RT_SCOPE_UNIVERSE,
        libc::RTN_PROHIBIT,
    ];
    route.extend(0_u32.to_ne_bytes());
    route.extend(attribute(libc::RTA_DST, address));
    ask(libc::RTM_NEWROUTE, libc::NLM_F_CREATE, &route)
}

/// struct ifaddrmsg (rtnetlink(7)).
fn of_loopback(address: Ipv6Addr) -> Vec<u8> {
    let mut message = vec![libc::AF_INET6 as u8, 128, 0, 0];
    message.extend(LOOPBACK.to_ne_bytes());
    message.extend(attribute(libc::IFA_LOCAL, address));
    message
}

fn attribute(kind: u16, address: Ipv6Addr) -> Vec<u8> {
    let mut bytes = 20_u16.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(address.octets());
    bytes
}

/// Sends one request to the kernel, and waits for its answer (netlink(7)).
fn ask(kind: u16, flags: i32, body: &[u8]) -> io::Result<()> {
    // SAFETY: this call takes no pointer.
    let fd = unsafe {
        libc::socket(
            libc::AF_NETLINK,
            libc::SOCK_RAW | libc::SOCK_CLOEXEC,
            libc::NETLINK_ROUTE,
        )
    };
    if fd == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made this descriptor.
    let mut kernel = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    let flags = flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK;
    let mut message = (16 + body.len() as u32).to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((flags as u16).to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    kernel.write_all(&message)?;
    let mut answer = [0; 1024];
    let len = kernel.read(&mut answer)?;
    // Behind the header is the negative number of the error.
    let errno = answer.get(16..20).filter(|_| len >= 20);
    match errno
        .and_then(|errno| errno.try_into().ok())
        .map(i32::from_ne_bytes)
    {
        Some(0) => Ok(()),
        Some(errno) => Err(io::Error::from_raw_os_error(-errno)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
