//! [`lookup_host`]: from a name to its addresses.
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;

use super::ToSocketAddrs;
use super::addr::resolve;

/// Looks up the addresses of a host.
///
/// The system's resolver does it (`getaddrinfo`), on a thread for blocking work, so `/etc/hosts`
/// counts. Literal addresses are not looked up. Names may have other addresses a moment later, and
/// the order of the result is the resolver's. Do not take this for a general DNS client.
///
/// A host always comes with a port, as in `"localhost:443"` or `("localhost", 443)`.
///
/// # Cancel safety
///
/// Dropping the future leaves the resolver at its work; its result is thrown away.
///
/// # Errors
///
/// The name has no address, the resolver failed, or the string has no port.
///
/// # Panics
///
/// Outside a runtime, when the host is not a literal address.
///
/// # Examples
///
/// ```
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// for address in zokio::net::lookup_host("localhost:3000").await? {
///     assert_eq!(address.port(), 3000);
/// }
/// # Ok(())
/// # }
/// ```
pub async fn lookup_host<T>(host: T) -> io::Result<impl Iterator<Item = SocketAddr>>
where
    T: ToSocketAddrs,
{
    resolve(&host).await
}
