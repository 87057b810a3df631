//! Descriptors of every kind to copy between, each with its far end on a thread.
#![allow(dead_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};

use socket2::SockRef;
use zokio::io::{AsyncRead, AsyncWrite, BufReader, BufStream, BufWriter, join, sink, split};
use zokio::net::unix::pipe;
use zokio::net::{TcpListener, TcpStream, UnixStream};
use zokio::process::{ChildStdin, ChildStdout};
use zokio::runtime::Handle;

pub type Reader = Box<dyn AsyncRead + Unpin + Send>;
pub type Writer = Box<dyn AsyncWrite + Unpin + Send>;
pub type FarWriter = Box<dyn Write + Send>;
pub type FarReader = Box<dyn Read + Send>;

/// Every kind of source.
pub const SOURCES: [&str; 10] = [
    "tcp",
    "tcp half",
    "unix",
    "unix half",
    "pipe",
    "child",
    "split",
    "join",
    "buffered",
    "buffered both ways",
];

/// Every kind of sink.
pub const SINKS: [&str; 10] = SOURCES;

/// How many bytes copies of this runtime have moved within the kernel.
pub fn copied() -> u64 {
    Handle::current().driver_info().copied_in_kernel()
}

/// Bytes that repeat nowhere near, always the same.
pub fn data(len: usize) -> &'static [u8] {
    static DATA: OnceLock<Vec<u8>> = OnceLock::new();
    let data = DATA.get_or_init(|| {
        let mut state = 1_u64;
        let mut data = Vec::with_capacity(8 * 1024 * 1024);
        while data.len() < data.capacity() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            data.extend_from_slice(&state.to_le_bytes());
        }
        data
    });
    &data[..len]
}

/// A connection of which this program has both ends.
pub async fn tcp() -> io::Result<(TcpStream, std::net::TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    let far = listener.accept().await?.0.into_std()?;
    far.set_nonblocking(false)?;
    Ok((near, far))
}

/// Has a connection hold about this much on its way from the second end to the first.
pub fn narrow(to: &impl AsFd, from: &impl AsFd, bytes: usize) -> io::Result<()> {
    SockRef::from(to).set_recv_buffer_size(bytes)?;
    SockRef::from(from).set_send_buffer_size(bytes)
}

pub fn unix() -> io::Result<(UnixStream, StdUnixStream)> {
    let (near, far) = StdUnixStream::pair()?;
    near.set_nonblocking(true)?;
    Ok((UnixStream::from_std(near)?, far))
}

/// A source of one kind.
pub async fn source(kind: &str) -> io::Result<(Reader, FarWriter)> {
    Ok(match kind {
        "tcp" => {
            let (near, far) = tcp().await?;
            (Box::new(near), Box::new(far))
        }
        "tcp half" => {
            let (near, far) = tcp().await?;
            (Box::new(near.into_split().0), Box::new(far))
        }
        "unix" => {
            let (near, far) = unix()?;
            (Box::new(near), Box::new(far))
        }
        "unix half" => {
            let (near, far) = unix()?;
            (Box::new(near.into_split().0), Box::new(far))
        }
        "pipe" => {
            let (far, near) = pipe::pipe()?;
            (
                Box::new(near),
                Box::new(File::from(far.into_blocking_fd()?)),
            )
        }
        "child" => {
            let mut cat = cat()?;
            let near = ChildStdout::from_std(cat.stdout.take().unwrap())?;
            let far = cat.stdin.take().unwrap();
            thread::spawn(move || cat.wait());
            (Box::new(near), Box::new(far))
        }
        "split" => {
            let (near, far) = tcp().await?;
            (Box::new(split(near).0), Box::new(far))
        }
        "join" => {
            let (near, far) = unix()?;
            (Box::new(join(near, sink())), Box::new(far))
        }
        "buffered" => {
            let (near, far) = tcp().await?;
            (Box::new(BufReader::new(near)), Box::new(far))
        }
        "buffered both ways" => {
            let (near, far) = tcp().await?;
            let near = BufWriter::new(BufStream::with_capacity(100, 100, near));
            (Box::new(near), Box::new(far))
        }
        other => panic!("no source is called {other}"),
    })
}

/// A sink of one kind.
pub async fn sink_of(kind: &str) -> io::Result<(Writer, FarReader)> {
    Ok(match kind {
        "tcp" => {
            let (near, far) = tcp().await?;
            (Box::new(near), Box::new(far))
        }
        "tcp half" => {
            let (near, far) = tcp().await?;
            (Box::new(near.into_split().1), Box::new(far))
        }
        "unix" => {
            let (near, far) = unix()?;
            (Box::new(near), Box::new(far))
        }
        "unix half" => {
            let (near, far) = unix()?;
            (Box::new(near.into_split().1), Box::new(far))
        }
        "pipe" => {
            let (near, far) = pipe::pipe()?;
            (
                Box::new(near),
                Box::new(File::from(far.into_blocking_fd()?)),
            )
        }
        "child" => {
            let mut cat = cat()?;
            let near = ChildStdin::from_std(cat.stdin.take().unwrap())?;
            let far = cat.stdout.take().unwrap();
            thread::spawn(move || cat.wait());
            (Box::new(near), Box::new(far))
        }
        "split" => {
            let (near, far) = tcp().await?;
            (Box::new(split(near).1), Box::new(far))
        }
        "join" => {
            let (near, far) = unix()?;
            (Box::new(join(zokio::io::empty(), near)), Box::new(far))
        }
        "buffered" => {
            let (near, far) = tcp().await?;
            (Box::new(BufWriter::new(near)), Box::new(far))
        }
        "buffered both ways" => {
            let (near, far) = tcp().await?;
            let near = BufReader::new(BufStream::with_capacity(100, 100, near));
            (Box::new(near), Box::new(far))
        }
        other => panic!("no sink is called {other}"),
    })
}

fn cat() -> io::Result<std::process::Child> {
    Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

/// Sends everything from a thread, and closes the far end.
pub fn sending(mut far: FarWriter, data: &'static [u8]) -> JoinHandle<io::Result<()>> {
    thread::spawn(move || far.write_all(data))
}

/// Receives everything on a thread.
pub fn receiving(mut far: FarReader) -> JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut received = Vec::new();
        far.read_to_end(&mut received)?;
        Ok(received)
    })
}

/// Fails if the two differ, without printing them.
#[track_caller]
pub fn same(received: &[u8], sent: &[u8]) {
    // Adapters of iterators take many times as long where nothing is optimized.
    if received == sent {
        return;
    }
    assert_eq!(received.len(), sent.len());
    let at = received.iter().zip(sent).position(|(one, two)| one != two);
    panic!("the byte at {at:?} differs");
}

/// How many bytes wait to be read.
pub fn waiting(fd: RawFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the pointer is to one integer, which lives across the call.
    let result = unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut count) };
    assert_eq!(result, 0);
    usize::try_from(count).unwrap()
}

/// Waits until that many bytes wait to be read.
pub async fn until_waiting(fd: &impl AsRawFd, count: usize) {
    while waiting(fd.as_raw_fd()) < count {
        zokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// The pipes that this process has open: how many ends.
pub fn open_pipes() -> usize {
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("pipe:"))
        .count()
}
