//! The jobs on monoio: its io_uring driver, a thread with its tasks, owned buffers, files by
//! io_uring. The ring has monoio's 1,024 entries.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::process::ExitCode;

use monoio::{IoUringDriver, RuntimeBuilder};
use peer_protocol::{Job, work};

fn main() -> ExitCode {
    peer_protocol::main(|arguments| {
        let builder = RuntimeBuilder::<IoUringDriver>::new();
        let mut runtime = builder.enable_timer().build()?;
        match arguments.job {
            Job::Server(job) => runtime.block_on(server::serve(job)),
            Job::Files(job) => work(|end| runtime.block_on(files::all(job, &arguments, end))),
            Job::Tasks(job) => {
                work(|end| runtime.block_on(async { monoio::spawn(tasks::run(job, end)).await }))
            }
        }
    })
}
