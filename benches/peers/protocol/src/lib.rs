//! What the programs and their driver agree on: how a program is started, what it is to do, and the
//! bytes that it sends and finds. It knows of no runtime.
//!
//! A program is started as `PROGRAM JOB TASKS FOLDER`. A [server](Server) prints the address that it
//! listens at, and serves until its standard input closes. A program that makes its own work prints
//! `ready`; then it works for as many milliseconds as each line of its standard input has, and prints
//! how many operations it has made.

#![forbid(unsafe_code)]

mod content;
mod job;
mod pace;
mod yielding;

use std::fmt::Display;
use std::io::{self, BufRead, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub use self::content::{
    BLOCK, BURST, DATAGRAM, FILE, O_DIRECT, Places, REQUEST, STREAM, SYNCED_BLOCKS, aligned,
    check_block, ends_burst, ready_file, stream,
};
pub use self::job::{Arguments, Files, Job, Server, Tasks};
pub use self::pace::Pace;
pub use self::yielding::yield_now;

/// Runs a program: `run` with the arguments of the process.
pub fn main(run: impl FnOnce(Arguments) -> io::Result<()>) -> ExitCode {
    match Arguments::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Works as often and as long as standard input asks for: `turn` is told when to end, and returns what
/// is printed, the number of its operations.
///
/// # Errors
///
/// Returns the error of a turn, and an error if the standard streams fail.
pub fn work<T: Display>(mut turn: impl FnMut(Instant) -> io::Result<T>) -> io::Result<()> {
    print("ready")?;
    for line in io::stdin().lock().lines() {
        let time = line?.parse().map_err(io::Error::other)?;
        let made = turn(Instant::now() + Duration::from_millis(time))?;
        print(&made.to_string())?;
    }
    Ok(())
}

/// Returns a listener at a free port, with the backlog that `std` chooses (the system's maximum), and
/// prints its address. It is for readiness if `nonblocking` is set, and for io_uring otherwise, which
/// would end operations on it with `EAGAIN`.
///
/// # Errors
///
/// Returns an error if there is no free port, or if standard output fails.
pub fn listen(nonblocking: bool) -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(nonblocking)?;
    listening(listener.local_addr()?)?;
    Ok(listener)
}

/// Returns a socket for datagrams, in the same way as [`listen`].
///
/// # Errors
///
/// The same as for [`listen`].
pub fn bind_udp(nonblocking: bool) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(nonblocking)?;
    listening(socket.local_addr()?)?;
    Ok(socket)
}

/// Prints the address of a server, and ends the process when standard input closes.
///
/// # Errors
///
/// Returns an error if standard output fails.
pub fn listening(address: SocketAddr) -> io::Result<()> {
    // A thread of its own, so that waiting for the end does not involve the runtime.
    std::thread::spawn(|| {
        let closed = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(i32::from(closed.is_err()));
    });
    print(&format!("listening {address}"))
}

fn print(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
