//! Child processes.
//!
//! [`Command`] mirrors [`std::process::Command`]. What it starts is a [`Child`], whose end and
//! whose pipes are waited for without blocking a thread.
//!
//! [`Command::status`] runs a program to its end, and [`Command::output`] collects what it prints:
//!
//! ```
//! use zokio::process::Command;
//!
//! #[zokio::main]
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
//! # Talking to a child
//!
//! To exchange data with a child while it runs, ask for pipes and take them out of the [`Child`].
//! Write and read concurrently: a child that cannot print anymore, because its pipe is full, does
//! not read either.
//!
//! ```
//! use std::process::Stdio;
//! use zokio::io::{AsyncReadExt, AsyncWriteExt};
//! use zokio::process::Command;
//!
//! #[zokio::main]
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
//! # Children that are dropped
//!
//! As with the standard library, a child that is dropped runs on, unless [`Command::kill_on_drop`]
//! is set. A process that has ended has to be waited for once, or it stays in the process table as
//! a zombie. The runtime does that for children that were dropped, in the background and as long as
//! it runs. Those that outlive it are waited for when the program next starts or drops a child. A
//! program that has to be sure waits for its children itself.
//!
//! # Limiting the time
//!
//! A [`timeout`](crate::time::timeout) around [`Child::wait`] stops waiting and leaves the child as
//! it is. Kill it then:
//!
//! ```
//! use zokio::process::Command;
//! use zokio::time::{Duration, timeout};
//!
//! #[zokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let mut child = Command::new("sleep").arg("60").spawn()?;
//!     if timeout(Duration::from_millis(10), child.wait()).await.is_err() {
//!         child.kill().await?; // It waits for the end as well.
//!     }
//!     assert!(!child.wait().await?.success());
//!     Ok(())
//! }
//! ```
//!
//! # How the end is noticed
//!
//! The runtime watches a file descriptor for the process (`pidfd_open(2)`, since Linux 5.3) as it
//! watches a socket. Where there is none, and while another process traces the child, each
//! `SIGCHLD` makes the runtime look.

mod child;
mod command;
mod exit;
mod orphan;
#[cfg_attr(not(target_os = "linux"), path = "without_pidfd.rs")]
mod pidfd;
mod raw;
mod stdio;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
