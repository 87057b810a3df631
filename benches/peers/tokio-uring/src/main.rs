//! The jobs on tokio-uring: tokio's current-thread runtime with a ring, owned buffers; tasks, timers
//! and channels are tokio's. The ring has 1,024 entries in place of 256, so that a thousand
//! connections fit.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::process::ExitCode;

use peer_protocol::{Job, work};
use tokio_uring::Runtime;

fn main() -> ExitCode {
    peer_protocol::main(|arguments| {
        let mut builder = tokio_uring::builder();
        let runtime = Runtime::new(builder.entries(1024))?;
        match arguments.job {
            Job::Server(job) => runtime.block_on(server::serve(job)),
            Job::Files(job) => work(|end| runtime.block_on(files::all(job, &arguments, end))),
            Job::Tasks(job) => work(|end| {
                runtime.block_on(async { tokio_uring::spawn(tasks::run(job, end)).await? })
            }),
        }
    })
}
