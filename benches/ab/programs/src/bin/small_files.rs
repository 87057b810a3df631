//! Sixteen tasks write, read and remove a file of 4 KiB each, again and again. An operation is one
//! such round.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use programs::{BLOCK, Latencies, Turn};
use tokio::fs;

async fn files(turn: Turn) -> io::Result<Latencies> {
    let path = turn.folder.join(format!("small-{}", turn.task));
    let content = vec![turn.task as u8; BLOCK];
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    loop {
        fs::write(&path, &content).await?;
        if fs::read(&path).await? != content {
            return Err(io::Error::other("what was read is not what was written"));
        }
        fs::remove_file(&path).await?;
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
    }
}

fn main() -> ExitCode {
    programs::work(16, files)
}
