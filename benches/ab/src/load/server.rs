//! An HTTP/1 server for the programs that are clients: a thread with an epoll instance, on the core of
//! the thread that starts it, which is the load's.

#![forbid(unsafe_code)]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::poller::Poller;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nHello, World!";

/// A request ends like this, and has no body.
const END: &[u8] = b"\r\n\r\n";

/// The keys of what is no connection.
const LISTENER: u64 = u64::MAX;
const END_OF_SERVER: u64 = u64::MAX - 1;

/// The server. It ends when this is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    /// The server ends when this is closed.
    life: Option<UnixStream>,
    thread: Option<JoinHandle<Result<()>>>,
    /// How many connections it has taken: written by the thread, read here.
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a server on a free port.
    pub(crate) fn start() -> Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding a socket")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (life, end) = UnixStream::pair().context("making a pair of sockets")?;
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let thread = thread::spawn(move || serve(&listener, &end, &count));
        Ok(Server {
            address,
            life: Some(life),
            thread: Some(thread),
            connections,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the error that the server has ended with.
    pub(crate) fn is_running(&mut self) -> Result<()> {
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
            thread
                .join()
                .map_err(|_| anyhow!("the server panicked"))??;
            return Err(anyhow!("the server has ended"));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.life = None;
        if let Some(thread) = self.thread.take() {
            // What it ended with was asked for before, or does not matter any more.
            let _ = thread.join();
        }
    }
}

struct Client {
    stream: TcpStream,
    /// What has come of a request.
    request: Vec<u8>,
}

fn serve(listener: &TcpListener, end: &UnixStream, count: &AtomicUsize) -> Result<()> {
    let mut poller = Poller::new()?;
    poller.add_read(listener, LISTENER)?;
    poller.add_read(end, END_OF_SERVER)?;
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        // Nothing but sockets is waited for.
        for at in 0..poller.wait(Duration::from_secs(3600))? {
            match poller.key(at) {
                END_OF_SERVER => return Ok(()),
                LISTENER => {
                    let (stream, _) = match listener.accept() {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                        accepted => accepted.context("taking a connection of the client")?,
                    };
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    poller.add_read(&stream, clients.len() as u64)?;
                    let request = Vec::new();
                    clients.push(Some(Client { stream, request }));
                    count.fetch_add(1, Ordering::Relaxed);
                }
                key => {
                    let place = usize::try_from(key).ok();
                    let client = place.and_then(|place| clients.get_mut(place));
                    let client = client.context("an event of no connection")?;
                    if let Some(open) = client {
                        if !answer(open, &mut buffer)? {
                            *client = None;
                        }
                    }
                }
            }
        }
    }
}

/// Answers what has come, and returns whether the connection is open.
fn answer(client: &mut Client, buffer: &mut [u8]) -> Result<bool> {
    let length = match client.stream.read(buffer) {
        // The program ends.
        Ok(0) => return Ok(false),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(false),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
        read => read.context("reading from the client")?,
    };
    client.request.extend_from_slice(&buffer[..length]);
    if client.request.ends_with(END) {
        let is_request = client.request.starts_with(b"GET / HTTP/1.1\r\n");
        ensure!(is_request, "the client's request is wrong");
        client.request.clear();
        // The client waits for it: the buffer of the socket has room.
        let sent = client
            .stream
            .write(ANSWER)
            .context("answering the client")?;
        ensure!(sent == ANSWER.len(), "the client took {sent} bytes");
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::{ANSWER, Server};

    #[test]
    fn requests_are_answered_and_connections_counted() {
        let mut server = Server::start().unwrap();
        for connections in 1..=2 {
            let mut client = TcpStream::connect(server.address()).unwrap();
            for part in ["GET / HTTP/1.1\r\n", "host: x\r\n\r\n"] {
                client.write_all(part.as_bytes()).unwrap();
            }
            let mut answer = vec![0; ANSWER.len()];
            client.read_exact(&mut answer).unwrap();
            assert_eq!(answer, ANSWER);
            assert_eq!(server.connections(), connections);
        }
        server.is_running().unwrap();
        let mut client = TcpStream::connect(server.address()).unwrap();
        client.write_all(b"PUT / HTTP/1.1\r\n\r\n").unwrap();
        // The connection closes when the server has ended.
        let _ = client.read(&mut [0]);
        let error = loop {
            match server.is_running() {
                Err(error) => break error,
                Ok(()) => std::thread::yield_now(),
            }
        };
        assert!(error.to_string().contains("request is wrong"));
    }
}
