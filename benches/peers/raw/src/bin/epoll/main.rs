//! The servers without a runtime: level-triggered epoll, one read and one write for a request. Files
//! are worked with by plain system calls, each task on a thread of its own.

#![forbid(unsafe_code)]

mod connection;
mod files;
mod server;

use std::io;
use std::process::ExitCode;

use peer_protocol::{Job, Server, work};

fn main() -> ExitCode {
    peer_protocol::main(|arguments| match arguments.job {
        Job::Server(Server::Datagrams) => server::datagrams(),
        Job::Server(job) => server::serve(job),
        Job::Files(job) => work(|end| files::all(job, &arguments, end)),
        Job::Tasks(_) => Err(io::Error::other("there are no tasks without a runtime")),
    })
}
