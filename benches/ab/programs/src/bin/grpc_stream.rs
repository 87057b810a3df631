//! Sixteen tasks send messages on a gRPC stream each and wait for the answer to each, over one
//! connection, to a server in the same process. An operation is a message with its answer.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use programs::grpc::{self, Number};
use programs::{Latencies, Turn};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

async fn messages(turn: Turn) -> io::Result<Latencies> {
    let mut client = grpc::client().await?;
    let (sender, numbers) = mpsc::channel(4);
    let answers = client.next_of_each(ReceiverStream::new(numbers)).await;
    let mut answers = answers.map_err(io::Error::other)?.into_inner();
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    let mut value = turn.task as u64;
    loop {
        sender
            .send(Number { value })
            .await
            .map_err(io::Error::other)?;
        value += 1;
        let answer = answers.message().await.map_err(io::Error::other)?;
        if answer.map(|answer| answer.value) != Some(value) {
            return Err(io::Error::other("the answer is wrong"));
        }
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
    }
}

fn main() -> ExitCode {
    programs::work(16, messages)
}
