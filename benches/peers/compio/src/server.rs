//! The servers.

use std::io;

use compio::BufResult;
use compio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream, UdpSocket};
use compio::runtime::spawn;
use peer_protocol::{DATAGRAM, REQUEST, STREAM, Server, bind_udp, ends_burst, listen, stream};

/// Serves until the process ends.
pub async fn serve(job: Server) -> io::Result<()> {
    if job == Server::Datagrams {
        return datagrams(UdpSocket::from_std(bind_udp(false)?)?).await;
    }
    let listener = TcpListener::from_std(listen(false)?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let task = spawn(async move {
            // A client that goes away in between is no concern of the others.
            let _ = connection(job, stream).await;
        });
        task.detach();
    }
}

async fn connection(job: Server, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match job {
        Server::Echo => echo(stream).await,
        Server::Once => {
            let BufResult(read, request) = stream.read_exact([0; REQUEST]).await;
            read?;
            stream.write_all(request).await.0
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
        BufResult(read, buffer) = stream.read(buffer).await;
        if read? == 0 {
            return Ok(());
        }
        let written;
        BufResult(written, buffer) = stream.write_all(buffer).await;
        written?;
        buffer.clear();
    }
}

async fn receive(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(STREAM);
    let mut received = 0_u64;
    loop {
        let read;
        BufResult(read, buffer) = stream.read(buffer).await;
        let count = read?;
        if count == 0 {
            return stream.write_all(received.to_le_bytes()).await.0;
        }
        received += count as u64;
        buffer.clear();
    }
}

async fn send(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = self::stream();
    loop {
        let written;
        BufResult(written, buffer) = stream.write_all(buffer).await;
        written?;
    }
}

async fn datagrams(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(DATAGRAM);
    let mut received = 0_u64;
    loop {
        let read;
        BufResult(read, buffer) = socket.recv_from(buffer).await;
        let (count, sender) = read?;
        received += 1;
        if ends_burst(&buffer[..count]) {
            socket.send_to(received.to_le_bytes(), sender).await.0?;
        }
        buffer.clear();
    }
}
