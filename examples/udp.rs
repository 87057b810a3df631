//! Datagrams: a server that reverses words, and a client that asks with a deadline.
//!
//! Run it with `cargo run --example udp`.

use std::io;
use std::time::Duration;

use zokio::net::UdpSocket;
use zokio::task;
use zokio::time::timeout;

/// The largest word; a longer datagram is cut off by the kernel.
const MAX_BYTES: usize = 512;

async fn serve(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = [0; MAX_BYTES];
    loop {
        let (received, peer) = socket.recv_from(&mut buffer).await?;
        buffer[..received].reverse();
        socket.send_to(&buffer[..received], peer).await?;
    }
}

#[zokio::main]
async fn main() -> io::Result<()> {
    let server = UdpSocket::bind("127.0.0.1:0").await?;
    let address = server.local_addr()?;
    let server = task::spawn(serve(server));

    let client = UdpSocket::bind("127.0.0.1:0").await?;
    client.connect(address).await?;
    for word in ["desserts", "stressed", "oikoz"] {
        client.send(word.as_bytes()).await?;
        let mut buffer = [0; MAX_BYTES];
        // A datagram may be lost, also over loopback: a receive needs a deadline.
        let received = timeout(Duration::from_secs(5), client.recv(&mut buffer)).await??;
        println!("{word} -> {}", String::from_utf8_lossy(&buffer[..received]));
    }

    server.abort();
    Ok(())
}
