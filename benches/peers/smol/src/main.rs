//! The jobs on smol: one executor, which the main thread runs; sockets by async-io, files by the pool
//! for blocking calls.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::process::ExitCode;

use peer_protocol::{Job, work};
use smol::{Executor, Task, block_on};

static EXECUTOR: Executor<'static> = Executor::new();

fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    EXECUTOR.spawn(future)
}

fn main() -> ExitCode {
    peer_protocol::main(|arguments| match arguments.job {
        Job::Server(job) => block_on(EXECUTOR.run(server::serve(job))),
        Job::Files(job) => work(|end| block_on(EXECUTOR.run(files::all(job, &arguments, end)))),
        Job::Tasks(job) => work(|end| block_on(EXECUTOR.run(spawn(tasks::run(job, end))))),
    })
}
