//! The counter of the program `grpc`, and a client of it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::zokio::completion::net::{TcpListener, TcpStream};
use tokio::zokio::completion::{Adapter, BufferRing};
use tokio_stream::StreamExt;
use tonic::transport::server::Connected;
use tonic::transport::{Channel, Endpoint, Server, Uri};
use tower::service_fn;

/// A connection of the server. tonic asks what there is to know about it.
struct Connection(Adapter<TcpStream>);

impl Connected for Connection {
    type ConnectInfo = Option<SocketAddr>;

    fn connect_info(&self) -> Option<SocketAddr> {
        self.0.get_ref().peer_addr().ok()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Serves on a free port until the runtime ends.
pub async fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let ring = BufferRing::new(64, 4096);
        let connections = listener.incoming();
        let connections = connections
            .map(|accepted| accepted.map(|it| Connection(Adapter::with_ring(it, &ring))));
        let server = Server::builder().add_service(grpc::service());
        server.serve_with_incoming(connections).await
    });
    Ok(address)
}

/// Connects to the server.
pub async fn connect(address: SocketAddr) -> Result<Channel, tonic::transport::Error> {
    let connector = service_fn(move |_: Uri| async move {
        let stream = TcpStream::connect(address).await?;
        Ok::<_, tokio::zokio::Error>(TokioIo::new(Adapter::new(stream)))
    });
    let endpoint = Endpoint::from_static("http://the-counter.invalid");
    endpoint.connect_with_connector(connector).await
}
