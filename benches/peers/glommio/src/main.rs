//! The jobs on glommio: an executor with its tasks, not bound to a core by itself, without spinning.
//! Sockets have borrowed buffers, files have those of the executor.

#![forbid(unsafe_code)]

mod files;
mod server;
mod tasks;

use std::io;
use std::process::ExitCode;

use glommio::{LocalExecutorBuilder, Placement};
use peer_protocol::{Job, work};

fn main() -> ExitCode {
    peer_protocol::main(|arguments| {
        let executor = LocalExecutorBuilder::new(Placement::Unbound).make();
        let executor = executor.map_err(io::Error::from)?;
        match arguments.job {
            Job::Server(job) => executor.run(server::serve(job)),
            Job::Files(job) => work(|end| executor.run(files::all(job, &arguments, end))),
            Job::Tasks(job) => {
                work(|end| executor.run(async { glommio::spawn_local(tasks::run(job, end)).await }))
            }
        }
    })
}
