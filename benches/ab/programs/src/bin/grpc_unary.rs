//! Sixteen tasks make unary gRPC calls over one connection, to a server in the same process. An
//! operation is a call.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use programs::grpc::{self, Number};
use programs::{Latencies, Turn};

async fn calls(turn: Turn) -> io::Result<Latencies> {
    let mut client = grpc::client().await?;
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    let mut value = turn.task as u64;
    loop {
        let answer = client.next(Number { value }).await;
        value += 1;
        if answer.map_err(io::Error::other)?.into_inner().value != value {
            return Err(io::Error::other("the answer is wrong"));
        }
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
    }
}

fn main() -> ExitCode {
    programs::work(16, calls)
}
