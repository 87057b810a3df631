//! Sends back what each connection sends, with a time limit on every request and on every answer.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = timeout(LIMIT, stream.read(&mut buffer)).await??;
        if length == 0 {
            return Ok(());
        }
        timeout(LIMIT, stream.write_all(&buffer[..length])).await??;
    }
}

fn main() -> ExitCode {
    programs::serve(|_| async {
        let listener = programs::listen().await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(echo(stream));
        }
    })
}
