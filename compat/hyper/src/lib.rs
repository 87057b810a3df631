//! What hyper requires of a runtime, implemented by zokio: for programs that use the crate `zokio`
//! under its own name. Under the drop-in, `hyper-util` works unchanged and nothing here is needed.
//!
//! - [`ZokioExecutor`] spawns hyper's background tasks,
//! - [`ZokioTimer`] implements its deadlines,
//! - [`ZokioIo`] adapts a connection between zokio's I/O traits and hyper's, both ways.
//!
//! This package must not know a protocol. Read `io.rs` next.
//!
//! # Examples
//!
//! ```no_run
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http_body_util::Full;
//! use hyper::server::conn::http1;
//! use hyper::service::service_fn;
//! use hyper::{Request, Response, body::Incoming};
//! use zokio_hyper::{ZokioIo, ZokioTimer};
//!
//! # async fn serve() -> std::io::Result<()> {
//! async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
//! }
//!
//! let listener = zokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! loop {
//!     let (stream, _) = listener.accept().await?;
//!     let connection = http1::Builder::new()
//!         .timer(ZokioTimer::new())
//!         .serve_connection(ZokioIo::new(stream), service_fn(hello));
//!     zokio::task::spawn(async move {
//!         if let Err(error) = connection.await {
//!             eprintln!("connection: {error}");
//!         }
//!     });
//! }
//! # }
//! ```

// Under loom the crate `zokio` has neither I/O nor a clock.
#![cfg(not(loom))]

mod executor;
mod io;
mod timer;

pub use self::executor::ZokioExecutor;
pub use self::io::ZokioIo;
pub use self::timer::ZokioTimer;
