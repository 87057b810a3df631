//! The servers.

use std::io;

use peer_protocol::{DATAGRAM, REQUEST, STREAM, Server, bind_udp, ends_burst, listen, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Serves until the process ends.
pub async fn serve(job: Server) -> io::Result<()> {
    if job == Server::Datagrams {
        return datagrams(UdpSocket::from_std(bind_udp(true)?)?).await;
    }
    let listener = TcpListener::from_std(listen(true)?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
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
            let mut request = [0; REQUEST];
            stream.read_exact(&mut request).await?;
            stream.write_all(&request).await
        }
        Server::Receive => receive(stream).await,
        Server::Send => send(stream).await,
        Server::Datagrams => unreachable!("it has no connections"),
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; REQUEST];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

async fn receive(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; STREAM];
    let mut received = 0_u64;
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return stream.write_all(&received.to_le_bytes()).await;
        }
        received += count as u64;
    }
}

async fn send(mut stream: TcpStream) -> io::Result<()> {
    let buffer = self::stream();
    loop {
        stream.write_all(&buffer).await?;
    }
}

async fn datagrams(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = [0; DATAGRAM];
    let mut received = 0_u64;
    loop {
        let (count, sender) = socket.recv_from(&mut buffer).await?;
        received += 1;
        if ends_burst(&buffer[..count]) {
            socket.send_to(&received.to_le_bytes(), sender).await?;
        }
    }
}
