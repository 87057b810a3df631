//! A TLS server that sends everything back, and its client.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncWriteExt, split};
use tokio::zokio::completion::net::{TcpListener, TcpStream};
use tokio::zokio::completion::{Adapter, BufferRing};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// A stream of the client.
pub type ClientStream = client::TlsStream<Adapter<TcpStream>>;

/// Serves on a free port until the runtime ends; returns the address and the certificate.
pub async fn serve() -> Result<(SocketAddr, CertificateDer<'static>), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()])?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let ring = BufferRing::new(64, 4096);
        while let Ok((stream, _)) = listener.accept().await {
            let accepting = acceptor.accept(Adapter::with_ring(stream, &ring));
            tokio::spawn(async move {
                // A client that leaves during the handshake is its own affair.
                if let Ok(stream) = accepting.await {
                    let _ = echo(stream).await;
                }
            });
        }
    });
    Ok((address, certificate))
}

async fn echo(stream: server::TlsStream<Adapter<TcpStream>>) -> std::io::Result<()> {
    let (mut reader, mut writer) = split(stream);
    tokio::io::copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}

/// Connects to the server, whose certificate it trusts.
pub async fn connect(
    address: SocketAddr,
    certificate: CertificateDer<'static>,
) -> Result<ClientStream, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost")?;
    Ok(connector.connect(name, Adapter::new(stream)).await?)
}
