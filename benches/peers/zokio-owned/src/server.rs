//! The servers.

use std::io;

use peer_protocol::{DATAGRAM, REQUEST, STREAM, Server, ends_burst, listening, stream};
use zokio::completion::BufferRing;
use zokio::completion::net::{TcpListener, TcpStream, UdpSocket};
use zokio::task::spawn_local;

/// The number of buffers that all connections share to receive into.
const BUFFERS: usize = 64;

/// Serves until the process ends.
pub async fn serve(job: Server) -> io::Result<()> {
    if job == Server::Datagrams {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        listening(socket.local_addr()?)?;
        return datagrams(socket).await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    listening(listener.local_addr()?)?;
    let ring = BufferRing::new(BUFFERS, REQUEST);
    loop {
        let (stream, _) = listener.accept().await?;
        let ring = ring.clone();
        spawn_local(async move {
            // A client that goes away in between is no concern of the others.
            let _ = connection(job, stream, &ring).await;
        });
    }
}

async fn connection(job: Server, stream: TcpStream, ring: &BufferRing) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match job {
        Server::Echo => echo(stream, ring).await,
        Server::Once => {
            let (read, request) = stream.read_exact(vec![0; REQUEST]).await;
            read?;
            stream.write_all(request).await.0
        }
        Server::Receive => receive(stream).await,
        Server::Send => send(stream).await,
        Server::Datagrams => unreachable!("it has no connections"),
    }
}

async fn echo(stream: TcpStream, ring: &BufferRing) -> io::Result<()> {
    let mut requests = stream.recv_multi(ring);
    while let Some(request) = requests.next().await {
        stream.write_all(request?).await.0?;
    }
    Ok(())
}

async fn receive(stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(STREAM);
    let mut received = 0_u64;
    loop {
        let read;
        (read, buffer) = stream.read(buffer).await;
        let count = read?;
        if count == 0 {
            return stream.write_all(received.to_le_bytes().to_vec()).await.0;
        }
        received += count as u64;
    }
}

async fn send(stream: TcpStream) -> io::Result<()> {
    let mut buffer = self::stream();
    loop {
        let written;
        (written, buffer) = stream.write_all(buffer).await;
        written?;
    }
}

async fn datagrams(socket: UdpSocket) -> io::Result<()> {
    let ring = BufferRing::new(BUFFERS, DATAGRAM);
    let mut incoming = socket.recv_multi(&ring);
    let mut received = 0_u64;
    while let Some(datagrams) = incoming.next().await {
        let datagrams = datagrams?;
        for datagram in datagrams.iter() {
            received += 1;
            if ends_burst(datagram) {
                let answer = received.to_le_bytes().to_vec();
                socket.send_to(answer, datagrams.sender()).await.0?;
            }
        }
    }
    Ok(())
}
