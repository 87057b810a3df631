//! Sixteen tasks read 4 KiB at random places of one file, each through a descriptor of its own.

use std::io::{self, SeekFrom};
use std::process::ExitCode;
use std::time::Instant;

use programs::{BIG, BLOCK, Latencies, Turn};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

async fn reads(turn: Turn) -> io::Result<Latencies> {
    let mut file = File::open(turn.folder.join("big")).await?;
    let mut block = vec![0; BLOCK];
    let mut random = turn.task as u64 + 1;
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    loop {
        // Marsaglia's xorshift.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let place = random % (BIG / BLOCK as u64) * BLOCK as u64;
        file.seek(SeekFrom::Start(place)).await?;
        file.read_exact(&mut block).await?;
        if block[..8] != place.to_le_bytes() {
            return Err(io::Error::other("the block is not the one asked for"));
        }
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
    }
}

fn main() -> ExitCode {
    programs::work(16, reads)
}
