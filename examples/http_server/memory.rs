//! Gives the memory of a burst of connections back when it is over.
//!
//! An allocator keeps what is freed: of glibc's heap only the end goes back to the system, and a few
//! small blocks that happen to lie there keep all below them. A server that serves on does not mind;
//! one that idles after ten thousand connections would hold their buffers for ever.

use std::time::Duration;

use zokio::sync::watch;
use zokio::{task, time};

/// How long no connection must be open.
const QUIET: Duration = Duration::from_millis(50);

/// Counts the open connections.
pub struct Connections(watch::Sender<usize>);

/// One open connection, until it is dropped.
pub struct Open(watch::Sender<usize>);

impl Connections {
    /// Starts the task that gives memory back.
    pub fn new() -> Self {
        let (sender, receiver) = watch::channel(0);
        task::spawn(give_back(receiver));
        Connections(sender)
    }

    pub fn open(&self) -> Open {
        // Only the first and the last are news.
        self.0.send_if_modified(|open| {
            *open += 1;
            *open == 1
        });
        Open(self.0.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_if_modified(|open| {
            *open -= 1;
            *open == 0
        });
    }
}

async fn give_back(mut open: watch::Receiver<usize>) -> Result<(), watch::error::RecvError> {
    loop {
        open.wait_for(|open| *open > 0).await?;
        loop {
            open.wait_for(|open| *open == 0).await?;
            match time::timeout(QUIET, open.wait_for(|open| *open > 0)).await {
                Ok(opened) => _ = opened?,
                Err(_) => break trim(),
            }
        }
    }
}

#[cfg(target_env = "gnu")]
fn trim() {
    // SAFETY: it may be called at any time; it takes the locks of the allocator itself.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn trim() {}
