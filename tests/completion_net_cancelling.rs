//! Operations on sockets of `zokio::completion` that are cancelled, limited or dropped: the buffer
//! comes back, and no byte, datagram or connection is lost.

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::future::Future;
use std::io;
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use zokio::completion::net::UnixListener;
use zokio::completion::net::{ByteStream, OwnedReadHalf, TcpListener, TcpStream, UdpSocket};
use zokio::completion::{Canceller, IoBuf, Operation};
use zokio::sync::Semaphore;
use zokio::task::yield_now;

use self::owned::{Census, pattern, poll_once, random};
use self::support::{everywhere, is_cancelled, is_limit, on_every_runtime, tcp_pair, udp_pair};
use self::support::{unix_pair, until};

/// Polls an operation and abandons it after a while, in one of several ways. Returns what it
/// returned if it was faster.
async fn impatient<O, T, B>(operation: O, state: &mut u64) -> Option<(T, B)>
where
    O: Operation<Output = (io::Result<T>, B)>,
{
    let (ways, after) = (random(state, 5), random(state, 200));
    let after = Duration::from_micros(after);
    let (result, buffer) = match ways {
        0 => operation.timeout(after).await,
        1 => {
            let canceller = Canceller::new();
            let mut operation = Box::pin(operation.with(&canceller));
            if let Poll::Ready(done) = poll_once(&mut operation).await {
                done
            } else {
                yield_now().await;
                canceller.cancel();
                operation.await
            }
        }
        // Dropped.
        2 => zokio::time::timeout(after, operation).await.ok()?,
        polls => {
            let mut operation = Box::pin(operation);
            let mut done = None;
            for _ in 0..polls {
                if let Poll::Ready(result) = poll_once(&mut operation).await {
                    done = Some(result);
                    break;
                }
                yield_now().await;
            }
            done?
        }
    };
    match result {
        Ok(value) => Some((value, buffer)),
        Err(error) => {
            assert!(is_limit(&error) || is_cancelled(&error), "{error:?}");
            None
        }
    }
}

const MESSAGES: u32 = 20_000;

/// As many messages are on their way at a time. Then the receiver has to wait for more, and gets a
/// chance to give up.
const AT_A_TIME: u32 = 10;

/// Receives messages of one byte, one after the other.
async fn every_byte<F>(write: impl FnOnce(Arc<Semaphore>) -> F, far: impl Reads)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let window = Arc::new(Semaphore::new(AT_A_TIME as usize));
    let writing = zokio::spawn(write(window.clone()));
    let (mut received, mut given_up, mut state) = (0, 0, 99);
    while received < MESSAGES {
        let bytes = match far.read_some(&mut state).await {
            Some(bytes) => bytes,
            None => {
                given_up += 1;
                continue;
            }
        };
        for byte in bytes {
            assert_eq!(byte, received as u8, "at {received}");
            received += 1;
            if received % AT_A_TIME == 0 {
                window.add_permits(AT_A_TIME as usize);
            }
        }
    }
    assert_eq!(received, MESSAGES);
    assert!(given_up > 100, "{given_up}");
    writing.await.unwrap().unwrap();
}

/// The end that is read.
trait Reads {
    fn read_some(&self, state: &mut u64) -> impl Future<Output = Option<Vec<u8>>>;
}

impl<S: ByteStream> Reads for OwnedReadHalf<S> {
    async fn read_some(&self, state: &mut u64) -> Option<Vec<u8>> {
        match random(state, 3) {
            0 => {
                let (count, mut bytes) = impatient(self.read(vec![0; 3]), state).await?;
                bytes.truncate(count);
                Some(bytes)
            }
            1 => {
                let rooms = [Vec::with_capacity(1), Vec::with_capacity(1)];
                let (count, rooms) = impatient(self.readv(rooms), state).await?;
                let mut bytes = rooms.concat();
                bytes.truncate(count);
                Some(bytes)
            }
            _ => {
                // Takes nothing.
                impatient(self.peek(vec![0; 2]), state).await?;
                let (_, bytes) = impatient(self.read(Box::new([0; 1])), state).await?;
                Some(bytes.to_vec())
            }
        }
    }
}

#[test]
fn receives_that_are_cancelled_lose_no_byte() {
    on_every_runtime(|| async {
        async fn write_all<O>(
            write: impl Fn(Vec<u8>) -> O,
            window: Arc<Semaphore>,
        ) -> io::Result<()>
        where
            O: Future<Output = (io::Result<()>, Vec<u8>)>,
        {
            for number in 0..MESSAGES {
                window.acquire().await.unwrap().forget();
                write(vec![number as u8]).await.0?;
                if number % 3 > 0 {
                    yield_now().await;
                }
            }
            Ok(())
        }
        let (near, far) = tcp_pair().await?;
        near.set_nodelay(true)?;
        let write = |window| async move { write_all(|byte| near.write_all(byte), window).await };
        every_byte(write, far.into_split().0).await;
        let (near, far) = unix_pair().await?;
        let write = |window| async move { write_all(|byte| near.write_all(byte), window).await };
        every_byte(write, far.into_split().0).await;
        Ok(())
    });
}

/// Datagrams are numbered, and few are on their way, so that the kernel drops none.
#[test]
fn receives_that_are_cancelled_lose_no_datagram() {
    on_every_runtime(|| async {
        let (near, far) = udp_pair().await?;
        let window = Arc::new(Semaphore::new(AT_A_TIME as usize));
        let permits = window.clone();
        let sending = zokio::spawn(async move {
            for number in 0..MESSAGES {
                permits.acquire().await.unwrap().forget();
                let (count, _) = near.send(number.to_le_bytes().to_vec()).await;
                assert_eq!(count?, 4);
                if number % 3 > 0 {
                    yield_now().await;
                }
            }
            Ok::<_, io::Error>(())
        });
        let (mut received, mut given_up, mut state) = (0, 0, 5);
        let sender = far.peer_addr()?;
        while received < MESSAGES {
            let datagram = if random(&mut state, 2) == 0 {
                impatient(far.recv(vec![0; 10]), &mut state).await
            } else {
                let receiving = impatient(far.recv_from(vec![0; 10]), &mut state);
                receiving.await.map(|((count, from), buffer)| {
                    assert_eq!(from, sender);
                    (count, buffer)
                })
            };
            let Some((count, buffer)) = datagram else {
                given_up += 1;
                continue;
            };
            assert_eq!((count, &buffer[..4]), (4, &received.to_le_bytes()[..]));
            received += 1;
            if received % AT_A_TIME == 0 {
                window.add_permits(AT_A_TIME as usize);
            }
        }
        assert!(given_up > 100, "{given_up}");
        sending.await.unwrap()
    });
}

#[test]
fn accepts_that_are_cancelled_lose_no_connection() {
    on_every_runtime(|| async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path)?;
        let (next, window) = mpsc::channel();
        let connecting = thread::spawn(move || {
            for number in 0..MESSAGES {
                if number % AT_A_TIME == 0 {
                    window.recv().unwrap();
                }
                let mut stream = std::os::unix::net::UnixStream::connect(&path)?;
                io::Write::write_all(&mut stream, &number.to_le_bytes())?;
            }
            Ok::<_, io::Error>(())
        });
        let (mut accepted, mut given_up, mut state) = (0_u32, 0, 21);
        next.send(()).unwrap();
        while accepted < MESSAGES {
            match impatient_accept(listener.accept(), &mut state).await {
                None => given_up += 1,
                Some((stream, _)) => {
                    let (read, number) = stream.read_exact(vec![0; 4]).await;
                    read?;
                    assert_eq!(number, accepted.to_le_bytes());
                    accepted += 1;
                    if accepted % AT_A_TIME == 0 && accepted < MESSAGES {
                        next.send(()).unwrap();
                    }
                }
            }
        }
        assert!(given_up > 100, "{given_up}");
        connecting.join().unwrap()?;

        // The same over TCP, with fewer, as their ports stay taken for a while.
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connecting = thread::spawn(move || {
            let connect = |_| std::net::TcpStream::connect(address)?.local_addr();
            (0..500).map(connect).collect::<io::Result<Vec<_>>>()
        });
        let mut peers = Vec::new();
        while peers.len() < 500 {
            if let Some((_, peer)) = impatient_accept(listener.accept(), &mut state).await {
                peers.push(peer);
            }
        }
        assert_eq!(peers, connecting.join().unwrap()?);
        Ok(())
    });
}

/// [`impatient`] for an operation without a buffer.
async fn impatient_accept<O, T>(accept: O, state: &mut u64) -> Option<T>
where
    O: Operation<Output = io::Result<T>>,
{
    let after = Duration::from_micros(random(state, 100));
    let result = match random(state, 4) {
        0 => accept.timeout(after).await,
        1 => {
            let canceller = Canceller::new();
            let mut accept = Box::pin(accept.with(&canceller));
            if let Poll::Ready(done) = poll_once(&mut accept).await {
                done
            } else {
                canceller.cancel();
                accept.await
            }
        }
        2 => zokio::time::timeout(after, accept).await.ok()?,
        _ => match poll_once(&mut Box::pin(accept)).await {
            Poll::Ready(done) => done,
            Poll::Pending => return None,
        },
    };
    match result {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            assert!(is_limit(&error) || is_cancelled(&error), "{error:?}");
            None
        }
    }
}

#[test]
fn a_limit_ends_what_waits() {
    everywhere(|| async {
        let limit = Duration::from_millis(15);
        let census = Census::default();
        let (near, far) = tcp_pair().await?;
        let begin = Instant::now();
        let (count, buffer) = near.read(census.buffer(vec![7; 9])).timeout(limit).await;
        let error = count.unwrap_err();
        assert!(is_limit(&error) && begin.elapsed() >= limit);
        let expected = "cannot receive from a socket: not done within 15ms";
        assert_eq!(error.to_string(), expected);
        assert_eq!((&buffer.bytes[..], census.living()), (&[7; 9][..], 1));
        drop(buffer);

        // What was read by then is in the buffer.
        far.write_all("early").await.0?;
        let room = Vec::with_capacity(9).slice(..9);
        let (read, buffer) = near.read_exact(room).timeout(limit).await;
        assert!(is_limit(&read.unwrap_err()));
        assert_eq!(&buffer[..], b"early");
        // A result that comes first counts.
        far.write_all("in time").await.0?;
        let (count, _) = near
            .read(vec![0; 9])
            .timeout(Duration::from_secs(600))
            .await;
        assert_eq!(count?, 7);
        far.write_all("x").await.0?;
        // The first poll finds it.
        near.peek(vec![0]).await.0?;
        let (count, _) = near.read(vec![0; 9]).timeout(Duration::ZERO).await;
        assert_eq!(count?, 1);

        // A prefix of what was to be written has gone.
        const LEN: usize = 32 << 20;
        let mut large = vec![0; LEN];
        for (number, page) in large.chunks_mut(4096).enumerate() {
            page.fill(number as u8);
        }
        let (written, buffer) = near.write_all(large).timeout(limit).await;
        let error = written.unwrap_err();
        assert!(is_limit(&error) && error.to_string().contains("send to a socket"));
        drop(near);
        let mut received = Vec::new();
        loop {
            let (count, mut part) = far.read(vec![0; 1 << 20]).await;
            part.truncate(count?);
            if part.is_empty() {
                break;
            }
            received.extend(part);
        }
        assert!(!received.is_empty() && received.len() < LEN);
        assert!(received == buffer[..received.len()]);

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let error = listener.accept().timeout(limit).await.unwrap_err();
        assert!(is_limit(&error) && error.to_string().contains("accept a connection"));
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let (received, buffer) = socket.recv_from(vec![1; 3]).timeout(limit).await;
        assert!(is_limit(&received.unwrap_err()) && buffer == [1; 3]);
        Ok(())
    });
}

/// The kernel ignores who wants to connect to a listener whose queue is full.
#[test]
fn a_limit_ends_a_connect() {
    on_every_runtime(|| async {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(
            &"127.0.0.1:0"
                .parse::<std::net::SocketAddr>()
                .unwrap()
                .into(),
        )?;
        listener.listen(0)?;
        let address = listener.local_addr()?.as_socket().unwrap();
        let mut connected = Vec::new();
        let error = loop {
            assert!(connected.len() < 10, "the queue is never full");
            let limit = Duration::from_millis(100);
            match TcpStream::connect(address).timeout(limit).await {
                Ok(stream) => connected.push(stream),
                Err(error) => break error,
            }
        };
        assert!(error.is_timeout());
        assert_eq!(error.address(), Some(address));
        let expected = format!("cannot connect to {address}: not done within 100ms");
        assert_eq!(error.to_string(), expected);

        let canceller = Canceller::new();
        let mut connecting = Box::pin(TcpStream::connect(address).with(&canceller));
        assert!(poll_once(&mut connecting).await.is_pending());
        canceller.cancel();
        let error = connecting.await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert!(is_cancelled(source.downcast_ref().unwrap()));
        Ok(())
    });
}

/// One call ends all of a group, at once, and nothing else.
#[test]
fn a_group_is_cancelled() {
    everywhere(|| async {
        let (census, group) = (Census::default(), Canceller::new());
        let (near, far) = tcp_pair().await?;
        let (_one, other) = udp_pair().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut reads: Vec<_> = (0..20)
            .map(|_| Box::pin(far.read(census.buffer(vec![0; 4])).with(&group)))
            .collect();
        let mut receives: Vec<_> = (0..20)
            .map(|_| Box::pin(other.recv_from(census.buffer(vec![0; 4])).with(&group)))
            .collect();
        let mut accept = Box::pin(listener.accept().with(&group));
        let mut left = Box::pin(far.read(census.buffer(vec![0; 4])));
        // Half of them have begun.
        for read in &mut reads[..10] {
            assert!(poll_once(read).await.is_pending());
        }
        for receive in &mut receives[10..] {
            assert!(poll_once(receive).await.is_pending());
        }
        assert!(poll_once(&mut accept).await.is_pending());
        assert!(poll_once(&mut left).await.is_pending());
        // Begun or not, they do not take what has come in the meantime.
        let waiting = zokio::spawn(accept);
        group.cancel();
        near.write_all("here").await.0?;
        assert!(is_cancelled(&waiting.await.unwrap().unwrap_err()));
        for mut read in reads {
            let Poll::Ready((count, buffer)) = poll_once(&mut read).await else {
                panic!("a receive is cancelled at once");
            };
            assert!(is_cancelled(&count.unwrap_err()));
            assert_eq!(buffer.bytes, [0; 4]);
        }
        for receive in receives {
            let (received, _buffer) = receive.await;
            assert!(is_cancelled(&received.unwrap_err()));
        }
        let (count, buffer) = left.await;
        assert_eq!((count?, &buffer.bytes[..]), (4, &b"here"[..]));
        // Who joins too late does not begin.
        near.write_all("more").await.0?;
        let (count, _) = far.read(vec![0; 4]).with(&group).await;
        assert!(is_cancelled(&count.unwrap_err()));
        let (count, _) = far.read(vec![0; 4]).await;
        assert_eq!(count?, 4);
        drop(buffer);
        assert_eq!(census.living(), 0);
        Ok(())
    });
}

/// The buffers of dropped operations are dropped at once, whatever they were doing.
#[test]
fn a_dropped_operation_drops_its_buffer() {
    everywhere(|| async {
        let census = Census::default();
        let (near, far) = unix_pair().await?;
        let mut reading = Box::pin(far.readv([census.buffer(vec![0; 4]), census.buffer(vec![])]));
        assert!(poll_once(&mut reading).await.is_pending());
        assert_eq!(census.living(), 2);
        drop(reading);
        assert_eq!(census.living(), 0);
        let mut writing = Box::pin(near.write_all(census.buffer(vec![7; 8 << 20])));
        assert!(poll_once(&mut writing).await.is_pending());
        assert_eq!(census.living(), 1);
        drop(writing);
        assert_eq!(census.living(), 0);
        drop(far.read(census.buffer(vec![0; 4])));
        assert_eq!(census.living(), 0);
        Ok(())
    });
}

/// Writes that are dropped at random: each has written what it has returned, and no more.
#[test]
fn dropped_writes_have_written_nothing() {
    on_every_runtime(|| async {
        let (near, far) = unix_pair().await?;
        let reading = zokio::spawn(async move {
            let mut received: Vec<u8> = Vec::new();
            loop {
                let (count, mut part) = far.read(vec![0; 3000]).await;
                part.truncate(count?);
                if part.is_empty() {
                    return Ok::<_, io::Error>(received);
                }
                received.extend(part);
                if received.len() % 5 == 0 {
                    yield_now().await;
                }
            }
        });
        let (all, mut at, mut state, mut given_up) = (pattern(4 << 20), 0, 77, 0);
        while at < all.len() {
            let len = 1 + random(&mut state, 100_000) as usize;
            let part = all[at..(at + len).min(all.len())].to_vec();
            match impatient(near.write(part), &mut state).await {
                Some((count, _)) => at += count,
                None => given_up += 1,
            }
        }
        assert!(given_up > 0);
        drop(near);
        assert!(reading.await.unwrap()? == all);
        Ok(())
    });
}

/// Cancelling by another thread while operations begin and complete.
#[test]
fn groups_are_cancelled_at_any_time() {
    on_every_runtime(|| async {
        let census = Census::default();
        let (near, far) = unix_pair().await?;
        let (mut state, mut sent, mut received) = (9, 0_usize, 0_usize);
        for _ in 0..200 {
            let group = Canceller::new();
            let reads: Vec<_> = (0..8)
                .map(|_| zokio::spawn(far.read(census.buffer(vec![0])).with(&group)))
                .collect();
            let after = Duration::from_micros(random(&mut state, 100));
            let other = group.clone();
            let cancelling = thread::spawn(move || {
                thread::sleep(after);
                other.cancel();
            });
            for _ in 0..random(&mut state, 8) {
                near.write_all(vec![sent as u8]).await.0?;
                sent += 1;
            }
            for read in reads {
                let (count, _buffer) = read.await.unwrap();
                match count {
                    Ok(count) => received += count,
                    Err(error) => assert!(is_cancelled(&error)),
                }
            }
            cancelling.join().unwrap();
        }
        drop(near);
        loop {
            let (count, _) = far.read(vec![0; 100]).await;
            match count? {
                0 => break,
                count => received += count,
            }
        }
        assert_eq!(received, sent);
        until(|| census.living() == 0).await;
        Ok(())
    });
}
