//! The servers and the work with files without a runtime, on io_uring: a ring of one thread with
//! deferred task work, multishot accepts and receives into provided buffers, and sends by send(2) at
//! once, which go to the ring only where the socket has no room.

mod buffers;
mod connection;
mod datagrams;
mod files;
mod ring;
mod server;

use std::io;
use std::process::ExitCode;

use peer_protocol::{Job, Server, work};

fn main() -> ExitCode {
    peer_protocol::main(|arguments| match arguments.job {
        Job::Server(Server::Datagrams) => datagrams::receive(),
        Job::Server(job) => server::serve(job),
        Job::Files(job) => work(|end| files::all(job, &arguments, end)),
        Job::Tasks(_) => Err(io::Error::other("there are no tasks without a runtime")),
    })
}
