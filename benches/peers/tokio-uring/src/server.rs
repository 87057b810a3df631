//! The servers.

use std::io;

use peer_protocol::{DATAGRAM, REQUEST, STREAM, Server, bind_udp, ends_burst, listen, stream};
use tokio_uring::buf::BoundedBuf;
use tokio_uring::net::{TcpListener, TcpStream, UdpSocket};
use tokio_uring::spawn;

/// Serves until the process ends.
pub async fn serve(job: Server) -> io::Result<()> {
    if job == Server::Datagrams {
        return datagrams(UdpSocket::from_std(bind_udp(false)?)).await;
    }
    let listener = TcpListener::from_std(listen(false)?);
    loop {
        let (stream, _) = listener.accept().await?;
        spawn(async move {
            // A client that goes away in between is no concern of the others.
            let _ = connection(job, stream).await;
        });
    }
}

async fn connection(job: Server, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match job {
        Server::Echo => echo(stream).await,
        Server::Once => once(stream).await,
        Server::Receive => receive(stream).await,
        Server::Send => send(stream).await,
        Server::Datagrams => unreachable!("it has no connections"),
    }
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; REQUEST];
    loop {
        let (read, filled) = stream.read(buffer).await;
        let count = read?;
        if count == 0 {
            return Ok(());
        }
        let (written, slice) = stream.write_all(filled.slice(..count)).await;
        buffer = slice.into_inner();
        written?;
    }
}

/// Reads until the request is whole, which this crate has no function for.
async fn once(stream: TcpStream) -> io::Result<()> {
    let mut request = vec![0; REQUEST];
    let mut filled = 0;
    while filled < REQUEST {
        let (read, slice) = stream.read(request.slice(filled..)).await;
        request = slice.into_inner();
        filled += match read? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => count,
        };
    }
    stream.write_all(request).await.0
}

async fn receive(stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; STREAM];
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
    let mut buffer = vec![0; DATAGRAM];
    let mut received = 0_u64;
    loop {
        let read;
        (read, buffer) = socket.recv_from(buffer).await;
        let (count, sender) = read?;
        received += 1;
        if ends_burst(&buffer[..count]) {
            let answer = received.to_le_bytes().to_vec();
            socket.send_to(answer, sender).await.0?;
        }
    }
}
