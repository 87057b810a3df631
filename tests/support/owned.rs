//! What the `completion_*` tests share: a buffer that reports its end, and files that are not
//! answered inline.
#![allow(dead_code)]

use std::fs::File as StdFile;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use zokio::completion::{IoBuf, IoBufMut};

/// Larger than what io_uring is used for: only a thread reads as much at once.
pub const ON_A_THREAD: usize = (2 << 20) + 1;

/// How many buffers there are, and how many there were.
#[derive(Clone, Default)]
pub struct Census {
    made: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl Census {
    pub fn buffer(&self, bytes: Vec<u8>) -> Counted {
        self.made.fetch_add(1, Ordering::SeqCst);
        Counted {
            bytes,
            census: self.clone(),
            panics: false,
        }
    }

    /// A buffer that panics when it is dropped.
    pub fn panicking_buffer(&self, bytes: Vec<u8>) -> Counted {
        let mut buffer = self.buffer(bytes);
        buffer.panics = true;
        buffer
    }

    /// How many buffers were made and not dropped.
    pub fn living(&self) -> isize {
        let dropped = self.dropped.load(Ordering::SeqCst);
        self.made.load(Ordering::SeqCst) as isize - dropped as isize
    }
}

/// A buffer that counts its drop.
pub struct Counted {
    pub bytes: Vec<u8>,
    census: Census,
    panics: bool,
}

impl Drop for Counted {
    fn drop(&mut self) {
        // What the kernel still wrote to would be seen by a sanitizer.
        self.bytes.fill(0xdd);
        self.census.dropped.fetch_add(1, Ordering::SeqCst);
        if self.panics {
            // Without a message.
            std::panic::resume_unwind(Box::new("dropped"));
        }
    }
}

// SAFETY: it is a vector in everything that counts.
unsafe impl IoBuf for Counted {
    fn stable_ptr(&self) -> *const u8 {
        self.bytes.stable_ptr()
    }

    fn bytes_init(&self) -> usize {
        self.bytes.bytes_init()
    }

    fn bytes_total(&self) -> usize {
        self.bytes.bytes_total()
    }
}

// SAFETY: as above.
unsafe impl IoBufMut for Counted {
    fn stable_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.stable_mut_ptr()
    }

    unsafe fn set_init(&mut self, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.bytes.set_init(len) };
    }
}

/// Bytes that tell where they belong.
pub fn pattern(len: usize) -> Vec<u8> {
    // Adapters of iterators take several times as long where nothing is optimized.
    let mut bytes = Vec::with_capacity(len + 4);
    for number in 0..len as u32 / 4 + 1 {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Makes the next reads of the file wait for the device, where there is one.
pub fn make_cold(path: &Path) {
    let file = StdFile::open(path).unwrap();
    file.sync_all().unwrap();
    // The systems of Apple have no such call: there, what is in memory stays.
    #[cfg(not(target_vendor = "apple"))]
    {
        use std::os::fd::AsRawFd;
        // SAFETY: posix_fadvise(2) takes no pointer.
        let result =
            unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        assert_eq!(result, 0);
    }
}

/// Polls once.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// A random number below `bound`; xorshift.
pub fn random(state: &mut u64, bound: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % bound
}
