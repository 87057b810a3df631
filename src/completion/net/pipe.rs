//! The ends of a pipe.
#![forbid(unsafe_code)]

use std::fs::File;

use super::forward::forward;
use super::socket::{Owner, SocketKind};
use crate::net::unix::pipe;

/// The end of a pipe that is written to, for a [`Transfer`](crate::completion::Transfer).
///
/// It is made from a [`pipe::Sender`], or from a descriptor that is the end of a pipe, such as one
/// that a child inherits. It has no other operations: convert it back for these.
///
/// # Examples
///
/// ```
/// use zokio::completion::fs::File;
/// use zokio::completion::net::PipeSender;
/// use zokio::io::AsyncReadExt;
/// use zokio::net::unix::pipe;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (sender, mut receiver) = pipe::pipe()?;
///     let sender = PipeSender::from(sender);
///     let file = File::open("/proc/version").await?;
///     file.send_to(0, &sender, 5).await.0?;
///     drop(sender);
///     let mut text = String::new();
///     receiver.read_to_string(&mut text).await?;
///     assert_eq!(text, "Linux");
///     Ok(())
/// }
/// ```
pub struct PipeSender {
    owner: Owner,
}

/// The end of a pipe that is read from, for a [`Transfer`](crate::completion::Transfer).
///
/// It is made from a [`pipe::Receiver`], or from a descriptor that is the end of a pipe, such as one
/// that a child writes to. It has no other operations: convert it back for these.
///
/// # Examples
///
/// ```
/// use zokio::completion::fs::File;
/// use zokio::completion::net::PipeReceiver;
/// use zokio::io::AsyncWriteExt;
/// use zokio::net::unix::pipe;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (mut sender, receiver) = pipe::pipe()?;
///     let receiver = PipeReceiver::from(receiver);
///     sender.write_all(b"output").await?;
///     drop(sender);
///     let file = File::from(tempfile::tempfile()?);
///     let (received, transferred) = file.receive_from(0, &receiver, u64::MAX).await;
///     received?;
///     assert_eq!(transferred.count(), 6);
///     Ok(())
/// }
/// ```
pub struct PipeReceiver {
    owner: Owner,
}

impl PipeSender {
    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl PipeReceiver {
    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }
}

forward!(PipeSender, SocketKind::PipeSender, pipe::Sender, File);
forward!(PipeReceiver, SocketKind::PipeReceiver, pipe::Receiver, File);
