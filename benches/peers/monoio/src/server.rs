//! The servers.

use std::io;

use monoio::buf::IoBuf;
use monoio::io::{AsyncReadRent, AsyncReadRentExt, AsyncWriteRentExt};
use monoio::net::udp::UdpSocket;
use monoio::net::{TcpListener, TcpStream};
use peer_protocol::{DATAGRAM, REQUEST, STREAM, Server, bind_udp, ends_burst, listen, stream};

/// Serves until the process ends.
pub async fn serve(job: Server) -> io::Result<()> {
    if job == Server::Datagrams {
        return datagrams(UdpSocket::from_std(bind_udp(false)?)?).await;
    }
    let listener = TcpListener::from_std(listen(false)?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        monoio::spawn(async move {
            // A client that goes away in between is no concern of the others.
            let _ = connection(job, stream).await;
        });
    }
}

async fn connection(job: Server, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match job {
        Server::Echo => echo(stream).await,
        Server::Once => {
            let (read, request) = stream.read_exact(vec![0; REQUEST]).await;
            read?;
            stream.write_all(request).await.0.map(drop)
        }
        Server::Receive => receive(stream).await,
        Server::Send => send(stream).await,
        Server::Datagrams => unreachable!("it has no connections"),
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(REQUEST);
    loop {
        let read;
        (read, buffer) = stream.read(buffer).await;
        if read? == 0 {
            return Ok(());
        }
        let written;
        (written, buffer) = stream.write_all(buffer).await;
        written?;
    }
}

async fn receive(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(STREAM);
    let mut received = 0_u64;
    loop {
        let read;
        (read, buffer) = stream.read(buffer).await;
        let count = read?;
        if count == 0 {
            let count = received.to_le_bytes().to_vec();
            return stream.write_all(count).await.0.map(drop);
        }
        received += count as u64;
    }
}

async fn send(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = self::stream();
    loop {
        let written;
        (written, buffer) = stream.write_all(buffer).await;
        written?;
    }
}

async fn datagrams(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(DATAGRAM);
    let mut received = 0_u64;
    loop {
        let read;
        (read, buffer) = socket.recv_from(buffer).await;
        let (count, sender) = read?;
        received += 1;
        if ends_burst(&buffer[..count]) {
            let answer = received.to_le_bytes().to_vec().slice(..);
            socket.send_to(answer, sender).await.0?;
        }
    }
}
