//! Connections to a listener of the same runtime, one after the other.

use std::io;
use std::time::Instant;

use hdrhistogram::Histogram;
use peer_protocol::Pace;
use zokio::completion::net::{TcpListener, TcpStream};
use zokio::task::spawn_local;

/// Returns how many were made, and the 50th and 99th percentile of the time that it took until both
/// sides had one, in nanoseconds.
pub async fn all(end: Instant) -> io::Result<String> {
    let bounds = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3);
    let mut latencies = bounds.map_err(io::Error::other)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut pace = Pace::new(end, 1);
    loop {
        let start = Instant::now();
        let accepted = spawn_local(listener.accept());
        let connected = TcpStream::connect(address).await?;
        let (_other, peer) = accepted.await??;
        let taken = start.elapsed().as_nanos();
        latencies.saturating_record(u64::try_from(taken).unwrap_or(u64::MAX));
        if peer != connected.local_addr()? {
            return Err(io::Error::other("the listener took another connection"));
        }
        if !pace.more() {
            break;
        }
    }
    let [half, slow] = [0.5, 0.99].map(|part| latencies.value_at_quantile(part));
    Ok(format!("{} {half} {slow}", pace.made()))
}
