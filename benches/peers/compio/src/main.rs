//! The jobs on compio: a thread with its tasks, owned buffers, sockets and files by io_uring. The
//! runtime is built as `#[compio::main]` builds it.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::io;
use std::process::ExitCode;

use compio::runtime::{JoinHandle, Runtime};
use peer_protocol::{Job, work};

fn main() -> ExitCode {
    peer_protocol::main(|arguments| {
        let runtime = Runtime::new()?;
        match arguments.job {
            Job::Server(job) => runtime.block_on(server::serve(job)),
            Job::Files(job) => work(|end| runtime.block_on(files::all(job, &arguments, end))),
            // Not in a task: awaiting a task there takes this runtime two entries of the kernel.
            Job::Tasks(job) => work(|end| runtime.block_on(tasks::run(job, end))),
        }
    })
}

/// Returns the output of a task that has not panicked.
async fn joined<T>(task: JoinHandle<T>) -> io::Result<T> {
    let output = task.await;
    output.map_err(|_| io::Error::other("a task has panicked"))
}
