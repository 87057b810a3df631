//! Reading a whole file.
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::future::poll_fn;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::driver::completion::op::{Op, ReadFrom};
use crate::fs::inline::calls::{self, Refusal, Source};
use crate::fs::inline::mounts::Place;
use crate::fs::inline::paths::{self, Opened};
use crate::fs::run;
use crate::fs::system::READ_ONLY;
use crate::util::budget::{poll_proceed, spend_bytes};

/// Files up to this size are copied out of the page cache on the calling thread; copying more takes
/// longer than a handover to another one, and would hold up other tasks.
const AT_ONCE: u64 = 256 * 1024;

/// How much is read at a time once the file proves longer than reported.
const STEP: usize = 32;

/// Reads a whole file.
///
/// # Cancel safety
///
/// This function is cancel safe. A read has no effect that dropping the future could lose. The file
/// is closed.
///
/// # Errors
///
/// Returns an error if the file does not exist, may not be read, or is a directory. See
/// [`std::fs::read`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let text = zokio::fs::read("/proc/version").await?;
/// assert!(text.starts_with(b"Linux"));
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref();
    run::begin().await?;
    match paths::open_nonblock(path, READ_ONLY) {
        Some(Ok(opened)) if opened.about.facts.size <= AT_ONCE => read_opened(opened).await,
        Some(Err(error)) => Err(error),
        // Nothing to wait for, but much to copy.
        Some(Ok(Opened { file, about })) => {
            let size = usize::try_from(about.facts.size).unwrap_or(usize::MAX);
            read_aside(Arc::new(file), Vec::new(), size).await
        }
        None => {
            let path = path.to_owned();
            run::blocking(move || std::fs::read(path)).await
        }
    }
}

/// Reads a whole file of UTF-8 text.
///
/// # Cancel safety
///
/// The same as for [`read`].
///
/// # Errors
///
/// Returns [`InvalidData`](io::ErrorKind::InvalidData) if the content is not UTF-8, and an error if
/// the file cannot be read. See [`std::fs::read_to_string`].
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let text = zokio::fs::read_to_string("/proc/version").await?;
/// assert!(text.starts_with("Linux"));
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    let bytes = read(path).await?;
    String::from_utf8(bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "stream did not contain valid UTF-8",
        )
    })
}

/// Reads on until the end: what is cached inline, the rest by the driver.
async fn read_opened(opened: Opened) -> io::Result<Vec<u8>> {
    let source = match opened.about.place {
        Place::Memory => Source::Memory,
        Place::Disk | Place::Layers | Place::Remote => Source::Cache,
    };
    let stopwatch = opened.about.stopwatch;
    let file = Arc::new(opened.file);
    // With room for one more byte, a read that ends where the file ended when it was opened has
    // shown its end.
    let size = opened.about.facts.size as usize;
    let mut bytes = Vec::with_capacity(size + 1);
    loop {
        let position = bytes.len() as u64;
        // A full buffer is not grown just to see that the end has come.
        let probe = bytes.len() == bytes.capacity();
        let mut more = Vec::new();
        let into = if probe {
            more.reserve_exact(STEP);
            &mut more
        } else {
            &mut bytes
        };
        let count = match stopwatch.time(|| calls::read_to_vec(&file, source, into)) {
            Ok(count) => {
                spend_bytes(count);
                count
            }
            Err(Refusal::Failed(error)) => return Err(error),
            Err(Refusal::Waits) if stopwatch.is_slow() => {
                return read_aside(file, bytes, size).await;
            }
            Err(Refusal::Waits | Refusal::Unsupported) => {
                let done = run::perform(Op::Read {
                    fd: file.clone(),
                    // Nothing else knows the file, so this is its position, and it moves with us.
                    from: ReadFrom::Offset(position),
                    max: into.capacity() - into.len(),
                    buffer: std::mem::take(into),
                });
                let (count, buffer) = done.await.transferred();
                *into = buffer;
                let count = run::outcome(count)?;
                (&*file).seek(SeekFrom::Current(count as i64))?;
                count
            }
        };
        if probe {
            bytes.extend_from_slice(&more);
        }
        if count == 0 || bytes.len() == size {
            return Ok(bytes);
        }
        // A file that grows as fast as it is read has no end.
        poll_fn(poll_proceed).await.made_progress();
    }
}

/// Reads on until the end on a thread that may wait; about `size` bytes in all.
async fn read_aside(file: Arc<StdFile>, mut bytes: Vec<u8>, size: usize) -> io::Result<Vec<u8>> {
    run::blocking(move || {
        bytes.try_reserve_exact(size.saturating_sub(bytes.len()))?;
        io::Read::read_to_end(&mut &*file, &mut bytes)?;
        Ok(bytes)
    })
    .await
}
