//! Child processes.
//!
//! [`Command`] is the standard library's, but what it starts is a [`Child`] whose end and whose
//! pipes are waited for without blocking a thread.
//!
//! # Examples
//!
//! ```
//! use zokio::process::Command;
//!
//! #[zokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     let status = Command::new("true").status().await?;
//!     assert!(status.success());
//!
//!     let output = Command::new("echo").arg("hello").output().await?;
//!     assert_eq!(output.stdout, b"hello\n");
//!     Ok(())
//! }
//! ```
//!
//! To talk to a child while it runs, ask for pipes and take them out of the [`Child`]:
//!
//! ```
//! use std::process::Stdio;
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//! use zokio::process::Command;
//!
//! #[zokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     let mut child = Command::new("sort")
//!         .stdin(Stdio::piped())
//!         .stdout(Stdio::piped())
//!         .spawn()?;
//!     let mut stdin = child.stdin.take().expect("it was asked for");
//!     let mut stdout = child.stdout.take().expect("it was asked for");
//!     let write = async move {
//!         // Dropping the pipe at the end of this block tells the child that there is no more.
//!         stdin.write_all(b"pear\napple\n").await
//!     };
//!     let mut sorted = String::new();
//!     let (written, _) = zokio::try_join!(write, stdout.read_to_string(&mut sorted))?;
//!     assert_eq!((written, sorted.as_str()), ((), "apple\npear\n"));
//!     assert!(child.wait().await?.success());
//!     Ok(())
//! }
//! ```
//!
//! # What happens to a child that is dropped
//!
//! As with the standard library, it runs on, unless [`Command::kill_on_drop`] says otherwise. A
//! process that ended has to be waited for once, or it stays in the process table as a zombie.
//! The runtime does that for children that were dropped, in the background and as long as it
//! runs; those that outlive it are looked after when the program next starts or drops one. A
//! program that has to be sure waits for its children.
//!
//! # How the end is waited for
//!
//! Linux tells by way of a file descriptor for the process (`pidfd_open`, since 5.3), which the
//! runtime watches as it does a socket. Where that is not to be had, and while another process
//! traces the child, every `SIGCHLD` makes the runtime ask.

mod child;
mod command;
mod exit;
mod orphan;
mod raw;
mod stdio;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
