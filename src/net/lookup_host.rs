//! [`lookup_host`]: from a name to its addresses.
#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;

use super::ToSocketAddrs;
use super::addr::resolve;

/// Looks up the addresses of a host.
///
/// The lookup is that of the system (`getaddrinfo`) and runs on a thread for blocking work, so
/// `/etc/hosts` counts. Literal addresses are not looked up. The addresses of a name may change at
/// any time, and their order is the system's. This is not a general DNS client.
///
/// A host always comes with a port, as in `"localhost:443"` or `("localhost", 443)`.
///
/// # Cancel safety
///
/// This function is cancel safe. If the future is dropped, the lookup runs to its end on its thread
/// and the result is discarded.
///
/// # Errors
///
/// Returns an error if the name has no address, if the lookup fails, or if a string has no port.
///
/// # Panics
///
/// Panics if called outside a runtime with a host that is not a literal address.
///
/// # Examples
///
/// ```
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     for address in zokio::net::lookup_host("localhost:3000").await? {
///         assert_eq!(address.port(), 3000);
///     }
///     Ok(())
/// }
/// ```
pub async fn lookup_host<T>(host: T) -> io::Result<impl Iterator<Item = SocketAddr>>
where
    T: ToSocketAddrs,
{
    resolve(&host).await
}
