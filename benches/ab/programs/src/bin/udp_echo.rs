//! Sends back each datagram, over one socket.

use std::process::ExitCode;

use tokio::net::UdpSocket;

fn main() -> ExitCode {
    programs::serve(|_| async {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        programs::listening(socket.local_addr()?)?;
        let mut buffer = vec![0; 2048];
        loop {
            let (length, sender) = socket.recv_from(&mut buffer).await?;
            socket.send_to(&buffer[..length], sender).await?;
        }
    })
}
