//! A QUIC server that sends every stream back.

use std::error::Error;
use std::sync::Arc;

use quinn::{Connection, Endpoint, ServerConfig};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

async fn echo(connection: Connection) {
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        tokio::spawn(async move {
            let copied = tokio::io::copy(&mut receive, &mut send).await;
            let _ = send.finish();
            copied
        });
    }
}

/// Serves on a free port until the endpoint is closed; returns it with its certificate.
pub fn serve() -> Result<(Endpoint, CertificateDer<'static>), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()])?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::with_single_cert(vec![certificate.clone()], key)?;
    let transport =
        Arc::get_mut(&mut config.transport).expect("the configuration is not shared yet");
    transport.max_concurrent_bidi_streams(100u8.into());
    let endpoint = Endpoint::server(config, "127.0.0.1:0".parse()?)?;
    let server = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = server.accept().await {
            tokio::spawn(async move {
                if let Ok(connection) = incoming.await {
                    echo(connection).await;
                }
            });
        }
    });
    Ok((endpoint, certificate))
}
