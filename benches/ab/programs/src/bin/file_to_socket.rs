//! Sends the file `big` of the folder that is the argument for each byte that a connection sends.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

async fn send(mut stream: TcpStream, path: PathBuf) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = [0];
    while stream.read(&mut request).await? > 0 {
        let mut file = File::open(&path).await?;
        tokio::io::copy(&mut file, &mut stream).await?;
    }
    Ok(())
}

fn main() -> ExitCode {
    programs::serve(|folder| async move {
        let path = PathBuf::from(folder).join("big");
        let listener = programs::listen().await?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(send(stream, path.clone()));
        }
    })
}
