//! The jobs on tokio, and, compiled again by the package `peer-zokio`, on zokio: a current-thread
//! runtime with a task for each connection, borrowed buffers, and `tokio::fs`.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::process::ExitCode;

use peer_protocol::{Job, work};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    peer_protocol::main(|arguments| {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        match arguments.job {
            Job::Server(job) => runtime.block_on(server::serve(job)),
            Job::Files(job) => work(|end| runtime.block_on(files::all(job, &arguments, end))),
            // In a task of its own, as most code of a program runs.
            Job::Tasks(job) => {
                work(|end| runtime.block_on(async { tokio::spawn(tasks::run(job, end)).await? }))
            }
        }
    })
}
