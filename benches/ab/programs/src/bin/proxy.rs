//! Connects each client to the server whose address is the argument, and copies both ways.

use std::io;
use std::process::ExitCode;

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

async fn proxy(mut client: TcpStream, server: String) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

fn main() -> ExitCode {
    programs::serve(|server| async move {
        let listener = programs::listen().await?;
        loop {
            let (client, _) = listener.accept().await?;
            tokio::spawn(proxy(client, server.clone()));
        }
    })
}
