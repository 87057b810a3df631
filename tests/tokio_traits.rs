//! Code that knows the tokio crate's traits only, given the types of this crate.
#![cfg(feature = "tokio")]

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{Cursor, SeekFrom};
use std::mem::MaybeUninit;
use std::pin::Pin;

use futures::executor::block_on;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use zokio::io::{BufReader, BufStream, BufWriter, duplex, join, simplex, split};

/// Reads once, through the tokio crate's trait.
async fn read<R: AsyncRead + Unpin>(reader: &mut R) -> Vec<u8> {
    let mut space = [MaybeUninit::uninit(); 16];
    let mut buf = ReadBuf::uninit(&mut space);
    poll_fn(|cx| Pin::new(&mut *reader).poll_read(cx, &mut buf))
        .await
        .unwrap();
    buf.filled().to_vec()
}

/// Writes all that the writer takes, flushes and shuts down, through the tokio crate's trait.
async fn write<W: AsyncWrite + Unpin>(writer: &mut W, bytes: &[u8]) -> usize {
    let n = poll_fn(|cx| Pin::new(&mut *writer).poll_write(cx, bytes))
        .await
        .unwrap();
    poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx))
        .await
        .unwrap();
    poll_fn(|cx| Pin::new(&mut *writer).poll_shutdown(cx))
        .await
        .unwrap();
    n
}

#[test]
fn streams_in_memory_have_the_traits() {
    block_on(async {
        let (mut near, mut far) = duplex(4);
        assert!(AsyncWrite::is_write_vectored(&near));
        assert_eq!(write(&mut near, b"hello").await, 4);
        assert_eq!(read(&mut far).await, b"hell");
        assert_eq!(read(&mut far).await, b"");

        let (mut reader, mut writer) = simplex(16);
        assert_eq!(write(&mut writer, b"abc").await, 3);
        assert_eq!(read(&mut reader).await, b"abc");

        let (near, far) = duplex(64);
        let (mut reader, _) = split(far);
        assert_eq!(write(&mut BufWriter::new(near), b"abc").await, 3);
        assert_eq!(read(&mut reader).await, b"abc");

        assert_eq!(read(&mut zokio::io::repeat(1)).await, [1; 16]);
        assert_eq!(write(&mut zokio::io::sink(), b"abc").await, 3);
        assert_eq!(read(&mut zokio::io::empty()).await, b"");
    });
}

#[test]
fn adapters_have_the_traits_that_their_inner_types_have() {
    block_on(async {
        let mut reader = BufReader::new(Cursor::new(b"0123456789"));
        let start = poll_fn(|cx| {
            Pin::new(&mut reader)
                .poll_fill_buf(cx)
                .map(|bytes| bytes.unwrap()[0])
        });
        assert_eq!(start.await, b'0');
        AsyncBufRead::consume(Pin::new(&mut reader), 2);
        AsyncSeek::start_seek(Pin::new(&mut reader), SeekFrom::Current(3)).unwrap();
        let position = poll_fn(|cx| AsyncSeek::poll_complete(Pin::new(&mut reader), cx)).await;
        assert_eq!(position.unwrap(), 5);
        assert_eq!(read(&mut reader).await, b"56789");

        let mut both = join(&b"in"[..], Vec::new());
        assert_eq!(read(&mut both).await, b"in");
        assert_eq!(write(&mut both, b"out").await, 3);
        assert_eq!(both.writer(), b"out");
    });
}

#[test]
fn sockets_and_pipes_have_the_traits() {
    let runtime = zokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = zokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = zokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = zokio::join!(connect, listener.accept());
        let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
        let (_, mut writer) = near.split();
        assert_eq!(write(&mut writer, b"tcp").await, 3);
        let (mut reader, _) = far.split();
        assert_eq!(read(&mut reader).await, b"tcp");
        let (_, mut writer) = far.into_split();
        assert_eq!(write(&mut writer, b"back").await, 4);
        assert_eq!(read(&mut near).await, b"back");

        let (near, mut far) = zokio::net::UnixStream::pair().unwrap();
        let (_, mut writer) = near.into_split();
        assert_eq!(write(&mut writer, b"unix").await, 4);
        assert_eq!(read(&mut far).await, b"unix");

        let (mut sender, mut receiver) = zokio::net::unix::pipe::pipe().unwrap();
        assert_eq!(write(&mut sender, b"pipe").await, 4);
        assert_eq!(read(&mut receiver).await, b"pipe");
    });
}

#[test]
fn files_have_the_traits() {
    let runtime = zokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    runtime.block_on(async {
        let mut options = zokio::fs::OpenOptions::new();
        let mut file = options.read(true).write(true).open(&path).await.unwrap();
        assert_eq!(write(&mut file, b"hello").await, 5);
        AsyncSeek::start_seek(Pin::new(&mut file), SeekFrom::Start(1)).unwrap();
        let position = poll_fn(|cx| AsyncSeek::poll_complete(Pin::new(&mut file), cx)).await;
        assert_eq!(position.unwrap(), 1);
        assert_eq!(read(&mut file).await, b"ello");
    });
}

#[test]
fn pipes_to_children_have_the_traits() {
    let runtime = zokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let piped = std::process::Stdio::piped;
        let mut child = zokio::process::Command::new("sh")
            .args(["-c", "cat; echo oops >&2"])
            .stdin(piped())
            .stdout(piped())
            .stderr(piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        assert_eq!(write(&mut stdin, b"hello").await, 5);
        drop(stdin);
        assert_eq!(read(child.stdout.as_mut().unwrap()).await, b"hello");
        assert_eq!(read(child.stderr.as_mut().unwrap()).await, b"oops\n");
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn hyper_runs_over_a_stream() {
    async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok(Response::new(Full::new(Bytes::from(
            [b"got ", &body[..]].concat(),
        ))))
    }
    let (client, server) = duplex(64);
    let client = TokioIo::new(BufStream::new(client));
    let serve = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(server), service_fn(answer));
    let ask = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(client).await.unwrap();
        let exchange = async move {
            let body = Full::new(Bytes::from("x".repeat(1000)));
            let request = Request::post("/")
                .header("host", "zokio")
                .body(body)
                .unwrap();
            let response = sender.send_request(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        };
        let (body, closed) = futures::join!(exchange, connection);
        closed.unwrap();
        assert_eq!(body, format!("got {}", "x".repeat(1000)));
    };
    let (served, ()) = block_on(async { futures::join!(serve, ask) });
    served.unwrap();
}
