//! Sixteen tasks overwrite 4 KiB of a file of their own and wait until the device has it, again and
//! again. An operation is one write with its `sync_data`.

use std::io::{self, SeekFrom};
use std::process::ExitCode;
use std::time::Instant;

use programs::{BLOCK, Latencies, Turn};
use tokio::fs::OpenOptions;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// The file's length in blocks. They are written first, so that an operation allocates none.
const BLOCKS: usize = 256;

async fn syncs(turn: Turn) -> io::Result<Latencies> {
    let path = turn.folder.join(format!("synced-{}", turn.task));
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).write(true);
    let mut file = options.open(&path).await?;
    let block = vec![turn.task as u8; BLOCK];
    if file.metadata().await?.len() == 0 {
        file.write_all(&block.repeat(BLOCKS)).await?;
        file.sync_all().await?;
    }
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    let mut place = 0;
    loop {
        file.seek(SeekFrom::Start(place * BLOCK as u64)).await?;
        file.write_all(&block).await?;
        file.sync_data().await?;
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
        place = (place + 1) % BLOCKS as u64;
    }
}

fn main() -> ExitCode {
    programs::work(16, syncs)
}
