//! TLS and gRPC on the sockets with owned buffers: tokio-rustls and tonic, which are generic over the
//! I/O traits, on `completion::Adapter`.

pub mod rpc;
pub mod tls;
