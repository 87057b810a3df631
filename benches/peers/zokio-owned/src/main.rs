//! The jobs on zokio's own API: a `LocalRuntime`, whose tasks never leave their thread, and
//! `zokio::completion`, whose operations own their buffers.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::process::ExitCode;

use peer_protocol::{Job, work};
use zokio::runtime::{Builder, LocalOptions};
use zokio::task::spawn_local;

fn main() -> ExitCode {
    peer_protocol::main(|arguments| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(LocalOptions::default())?;
        match arguments.job {
            Job::Server(job) => runtime.block_on(server::serve(job)),
            Job::Files(job) => work(|end| runtime.block_on(files::all(job, &arguments, end))),
            Job::Tasks(job) => {
                work(|end| runtime.block_on(async { spawn_local(tasks::run(job, end)).await? }))
            }
        }
    })
}
