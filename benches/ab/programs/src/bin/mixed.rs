//! Sends back each message of 64 bytes after some work, which the number that it begins with selects:
//! none, a question to a task that all connections share, a block of the file `big` in the folder that
//! is the argument, or a wait of a millisecond in a task of its own.

use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use programs::{BIG, BLOCK};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

const LIMIT: Duration = Duration::from_secs(30);

type Question = (u64, oneshot::Sender<u64>);

async fn counter(mut questions: mpsc::Receiver<Question>) {
    while let Some((number, answer)) = questions.recv().await {
        // Whose connection has closed does not wait.
        let _ = answer.send(number + 1);
    }
}

fn ensure(holds: bool) -> io::Result<()> {
    match holds {
        true => Ok(()),
        false => Err(io::Error::other("a result is wrong")),
    }
}

async fn work(number: u64, counter: &mpsc::Sender<Question>, file: &mut File) -> io::Result<()> {
    match number % 4 {
        0 => Ok(()),
        1 => {
            let (answer, answered) = oneshot::channel();
            let question = (number, answer);
            counter.send(question).await.map_err(io::Error::other)?;
            ensure(answered.await.map_err(io::Error::other)? == number + 1)
        }
        2 => {
            let mut block = [0; BLOCK];
            let place = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (BIG / BLOCK as u64);
            let place = place * BLOCK as u64;
            file.seek(SeekFrom::Start(place)).await?;
            file.read_exact(&mut block).await?;
            ensure(block[..8] == place.to_le_bytes())
        }
        _ => Ok(tokio::spawn(sleep(Duration::from_millis(1))).await?),
    }
}

async fn connection(
    mut stream: TcpStream,
    counter: mpsc::Sender<Question>,
    folder: PathBuf,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut file = File::open(folder.join("big")).await?;
    let mut message = [0; 64];
    while timeout(LIMIT, stream.read_exact(&mut message))
        .await?
        .is_ok()
    {
        let number = message.first_chunk().expect("a message has 64 bytes");
        work(u64::from_le_bytes(*number), &counter, &mut file).await?;
        timeout(LIMIT, stream.write_all(&message)).await??;
    }
    Ok(())
}

fn main() -> ExitCode {
    programs::serve(|folder| async move {
        let listener = programs::listen().await?;
        let (sender, questions) = mpsc::channel(16);
        tokio::spawn(counter(questions));
        loop {
            let (stream, _) = listener.accept().await?;
            let folder = PathBuf::from(&folder);
            tokio::spawn(connection(stream, sender.clone(), folder));
        }
    })
}
