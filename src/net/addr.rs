//! [`ToSocketAddrs`]: what can be turned into socket addresses, and how.
//!
//! Addresses are taken as they are. Strings that are no literal addresses are looked up by the
//! system's resolver, on the blocking pool.
#![forbid(unsafe_code)]

use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::{iter, option, vec};

use socket2::SockAddr;

use self::sealed::{Internal, ToSocketAddrsPriv};
use crate::error::Subject;
use crate::task::{JoinHandle, spawn_blocking};

type Lookup = JoinHandle<io::Result<vec::IntoIter<SocketAddr>>>;

/// A value that can be resolved to one or more socket addresses.
///
/// The functions that bind, connect or send take one: a [`SocketAddr`], a pair of an IP address and
/// a port, or a string such as `"localhost:8080"` or `("localhost", 8080)`. A string that is not a
/// literal address is looked up by the system, on a thread for blocking work. If there are several
/// addresses, they are tried in order.
///
/// The trait has no methods to call and cannot be implemented elsewhere. To look a name up, call
/// [`lookup_host`](fn@super::lookup_host).
///
/// # Examples
///
/// ```
/// use zokio::net::{ToSocketAddrs, lookup_host};
///
/// async fn first(host: impl ToSocketAddrs) -> Option<std::net::SocketAddr> {
///     lookup_host(host).await.ok()?.next()
/// }
///
/// #[zokio::main]
/// async fn main() {
///     let expected = "127.0.0.1:80".parse().ok();
///     assert_eq!(first("127.0.0.1:80").await, expected);
///     assert_eq!(first(("127.0.0.1", 80)).await, expected);
///     assert_eq!(first((std::net::Ipv4Addr::LOCALHOST, 80)).await, expected);
/// }
/// ```
pub trait ToSocketAddrs: ToSocketAddrsPriv {}

/// The addresses of `source`.
pub(crate) fn resolve<A: ToSocketAddrs>(source: &A) -> A::Future {
    source.to_socket_addrs(Internal)
}

/// What an error of an operation on `source` calls it.
pub(crate) fn subject<A: ToSocketAddrs>(source: &A) -> Subject {
    source.subject(Internal)
}

/// Runs `attempt` on the addresses of `source`, in order, until it succeeds.
///
/// # Errors
///
/// Returns the last error of `attempt`, or `InvalidInput` if there is no address at all.
pub(super) async fn first_that_works<A, R, F>(
    source: A,
    mut attempt: impl FnMut(SocketAddr) -> F,
) -> io::Result<R>
where
    A: ToSocketAddrs,
    F: Future<Output = io::Result<R>>,
{
    let mut last = None;
    for address in resolve(&source).await? {
        match attempt(address).await {
            Ok(result) => return Ok(result),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "could not resolve to any address",
        )
    }))
}

/// The IP address that a system call filled in.
pub(crate) fn ip(address: &SockAddr) -> io::Result<SocketAddr> {
    address.as_socket().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the socket's address is neither IPv4 nor IPv6",
        )
    })
}

type ReadyFuture<T> = Ready<io::Result<T>>;

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrsPriv for &T {
    type Iter = T::Iter;
    type Future = T::Future;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        (**self).to_socket_addrs(internal)
    }

    fn subject(&self, internal: Internal) -> Subject {
        (**self).subject(internal)
    }
}

impl ToSocketAddrs for SocketAddr {}

impl ToSocketAddrsPriv for SocketAddr {
    type Iter = option::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, _: Internal) -> Self::Future {
        ready(Ok(Some(*self).into_iter()))
    }

    fn subject(&self, _: Internal) -> Subject {
        Subject::Address(*self)
    }
}

impl ToSocketAddrs for SocketAddrV4 {}

impl ToSocketAddrsPriv for SocketAddrV4 {
    type Iter = option::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        SocketAddr::V4(*self).to_socket_addrs(internal)
    }

    fn subject(&self, _: Internal) -> Subject {
        Subject::Address(SocketAddr::V4(*self))
    }
}

impl ToSocketAddrs for SocketAddrV6 {}

impl ToSocketAddrsPriv for SocketAddrV6 {
    type Iter = option::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        SocketAddr::V6(*self).to_socket_addrs(internal)
    }

    fn subject(&self, _: Internal) -> Subject {
        Subject::Address(SocketAddr::V6(*self))
    }
}

impl ToSocketAddrs for (IpAddr, u16) {}

impl ToSocketAddrsPriv for (IpAddr, u16) {
    type Iter = option::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        SocketAddr::from(*self).to_socket_addrs(internal)
    }

    fn subject(&self, _: Internal) -> Subject {
        Subject::Address(SocketAddr::from(*self))
    }
}

impl ToSocketAddrs for (Ipv4Addr, u16) {}

impl ToSocketAddrsPriv for (Ipv4Addr, u16) {
    type Iter = option::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        SocketAddr::from(*self).to_socket_addrs(internal)
    }

    fn subject(&self, _: Internal) -> Subject {
        Subject::Address(SocketAddr::from(*self))
    }
}

impl ToSocketAddrs for (Ipv6Addr, u16) {}

impl ToSocketAddrsPriv for (Ipv6Addr, u16) {
    type Iter = option::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        SocketAddr::from(*self).to_socket_addrs(internal)
    }

    fn subject(&self, _: Internal) -> Subject {
        Subject::Address(SocketAddr::from(*self))
    }
}

impl ToSocketAddrs for &[SocketAddr] {}

impl ToSocketAddrsPriv for &[SocketAddr] {
    type Iter = vec::IntoIter<SocketAddr>;
    type Future = ReadyFuture<Self::Iter>;

    fn to_socket_addrs(&self, _: Internal) -> Self::Future {
        let addresses = self.to_vec();
        ready(Ok(addresses.into_iter()))
    }

    fn subject(&self, _: Internal) -> Subject {
        match self {
            [] => Subject::Unnamed,
            [address] => Subject::Address(*address),
            [first, ..] => Subject::Host(format!("{first}, ...")),
        }
    }
}

impl ToSocketAddrs for str {}

impl ToSocketAddrsPriv for str {
    type Iter = Resolved;
    type Future = Resolving;

    fn to_socket_addrs(&self, _: Internal) -> Self::Future {
        if let Ok(address) = self.parse() {
            return Resolving::literal(address);
        }
        Resolving::lookup(self, None)
    }

    fn subject(&self, _: Internal) -> Subject {
        match self.parse() {
            Ok(address) => Subject::Address(address),
            Err(_) => Subject::Host(self.to_owned()),
        }
    }
}

impl ToSocketAddrs for String {}

impl ToSocketAddrsPriv for String {
    type Iter = Resolved;
    type Future = Resolving;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        self.as_str().to_socket_addrs(internal)
    }

    fn subject(&self, internal: Internal) -> Subject {
        self.as_str().subject(internal)
    }
}

impl ToSocketAddrs for (&str, u16) {}

impl ToSocketAddrsPriv for (&str, u16) {
    type Iter = Resolved;
    type Future = Resolving;

    fn to_socket_addrs(&self, _: Internal) -> Self::Future {
        let (host, port) = *self;
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Resolving::literal(SocketAddr::new(ip, port));
        }
        Resolving::lookup(host, Some(port))
    }

    fn subject(&self, _: Internal) -> Subject {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => Subject::Address(SocketAddr::new(ip, port)),
            Err(_) => Subject::Host(format!("{host}:{port}")),
        }
    }
}

impl ToSocketAddrs for (String, u16) {}

impl ToSocketAddrsPriv for (String, u16) {
    type Iter = Resolved;
    type Future = Resolving;

    fn to_socket_addrs(&self, internal: Internal) -> Self::Future {
        (self.0.as_str(), self.1).to_socket_addrs(internal)
    }

    fn subject(&self, internal: Internal) -> Subject {
        (self.0.as_str(), self.1).subject(internal)
    }
}

/// The addresses of a string: one literal, or what the lookup found.
pub type Resolved = iter::Chain<option::IntoIter<SocketAddr>, vec::IntoIter<SocketAddr>>;

/// The future of a string's addresses.
#[derive(Debug)]
pub struct Resolving(LookupState);

#[derive(Debug)]
enum LookupState {
    Literal(SocketAddr),
    Lookup(Lookup),
}

impl Resolving {
    fn literal(address: SocketAddr) -> Resolving {
        Resolving(LookupState::Literal(address))
    }

    /// Looks `host` up. If the port is not given, it is a part of `host`.
    fn lookup(host: &str, port: Option<u16>) -> Resolving {
        let host = host.to_owned();
        Resolving(LookupState::Lookup(spawn_blocking(move || match port {
            Some(port) => std::net::ToSocketAddrs::to_socket_addrs(&(host.as_str(), port)),
            None => std::net::ToSocketAddrs::to_socket_addrs(host.as_str()),
        })))
    }
}

impl Future for Resolving {
    type Output = io::Result<Resolved>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            LookupState::Literal(address) => {
                Poll::Ready(Ok(Some(*address).into_iter().chain(Vec::new())))
            }
            LookupState::Lookup(lookup) => Pin::new(lookup).poll(cx).map(|joined| match joined {
                Ok(found) => Ok(None.into_iter().chain(found?)),
                Err(error) => Err(io::Error::other(error)),
            }),
        }
    }
}

/// The part of the trait that is not public.
pub mod sealed {
    use std::io;
    use std::net::SocketAddr;

    use crate::error::Subject;

    /// See [`ToSocketAddrs`](super::ToSocketAddrs).
    pub trait ToSocketAddrsPriv {
        /// The addresses.
        type Iter: Iterator<Item = SocketAddr> + Send + 'static;

        /// The future of them.
        type Future: Future<Output = io::Result<Self::Iter>> + Send + 'static;

        /// Starts to find the addresses.
        fn to_socket_addrs(&self, internal: Internal) -> Self::Future;

        /// What an error calls it.
        fn subject(&self, internal: Internal) -> Subject;
    }

    /// Keeps the method out of reach of other crates.
    #[derive(Debug)]
    pub struct Internal;
}
