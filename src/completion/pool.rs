//! `BufferPool`: a bounded number of buffers, which a ring has registered.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::sync::Arc;

use super::pooled_buf::PooledBuf;
use crate::driver::completion::pool_memory::{NotRegistered, Owner, page_size};
use crate::error::Error;
use crate::loom::sync::Mutex;
use crate::sync::Semaphore;

/// A fixed number of page-aligned buffers of one size, which are checked out and come back when they
/// are dropped.
///
/// A pool bounds the memory of a program that has many operations in flight: [`get`](BufferPool::get)
/// waits while all buffers are checked out. The buffers are aligned for direct I/O (`O_DIRECT`).
/// Clones are handles to the same pool.
///
/// # Registered memory
///
/// When io_uring reads a file into a buffer or writes one, the kernel looks up the pages of the
/// buffer and pins them, each time. For the buffers of a pool it does so once: the memory is
/// *registered* when the first operation on it goes to io_uring. The reads and writes of
/// [`fs::File`](super::fs::File) at an offset, on a buffer or a [slice](super::IoBuf::slice) of it,
/// need nothing else for that. What is done inline or on threads is the same as with other buffers,
/// and so are vectored operations and sockets.
///
/// Registered memory counts as locked, for which there may be a limit (`RLIMIT_MEMLOCK`, often
/// 8 MiB, unless the process has `CAP_IPC_LOCK`). A pool of more than 1 GiB is not registered, nor
/// are more than 256 pools with one runtime, and kernels before Linux 5.19 register none. Registering
/// takes some 0.05 to 0.1 ms for 1 MiB, once, and other operations on io_uring wait for it. Nothing
/// but speed depends on it; [`registered`](BufferPool::registered) and
/// [`registration_error`](BufferPool::registration_error) tell.
///
/// A pool belongs to no runtime. Each runtime whose io_uring works on the buffers registers the
/// memory, and lets go of it when the pool and all of its buffers are gone, when the runtime is shut
/// down, or when it has had nothing to do for ten seconds.
///
/// # Examples
///
/// ```
/// use zokio::completion::{BufferPool, fs::File};
///
/// #[zokio::main]
/// async fn main() -> zokio::Result<()> {
///     let pool = BufferPool::new(16, 64 * 1024)?;
///     let file = File::open("/proc/version").await?;
///     let (count, buffer) = file.read_at(pool.get().await, 0).await;
///     assert_eq!(count.unwrap(), buffer.len());
///     assert!(buffer.starts_with(b"Linux"));
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct BufferPool {
    shared: Arc<PoolShared>,
}

/// What the handles of a pool and its buffers share.
pub(super) struct PoolShared {
    pub(super) owner: Owner,
    /// The places of the buffers that are not checked out, the one that was used last at the end.
    /// Changed by each check-out and each return.
    free: Mutex<Vec<usize>>,
    /// One permit for each place in `free` that was promised to no one yet.
    available: Semaphore,
    count: usize,
    size: usize,
    /// The distance of the buffers: `size` in whole pages.
    pub(super) distance: usize,
}

impl BufferPool {
    /// Allocates `count` buffers of `size` bytes each.
    ///
    /// Each begins at a page. The memory is allocated by this call, which takes some 0.5 to 1 ms for
    /// 1 MiB.
    ///
    /// # Errors
    ///
    /// Returns an error of the resource family if there is no such memory.
    ///
    /// # Panics
    ///
    /// Panics if `count` or `size` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let pool = BufferPool::new(4, 4096)?;
    /// assert_eq!((pool.count(), pool.buffer_size()), (4, 4096));
    ///
    /// let error = BufferPool::new(usize::MAX, 4096).unwrap_err();
    /// assert!(error.is_resource());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn new(count: usize, size: usize) -> Result<BufferPool, Error> {
        assert!(count > 0, "a pool needs at least one buffer");
        assert!(size > 0, "a buffer of a pool needs at least one byte");
        let distance = size.checked_next_multiple_of(page_size());
        let len = distance.and_then(|distance| distance.checked_mul(count));
        let (Some(distance), Some(len)) = (distance, len) else {
            return Err(no_memory(count, size, io::ErrorKind::OutOfMemory.into()));
        };
        let owner = Owner::allocate(len).map_err(|error| no_memory(count, size, error))?;
        Ok(BufferPool {
            shared: Arc::new(PoolShared {
                owner,
                free: Mutex::new((0..count).rev().collect()),
                available: Semaphore::new(count),
                count,
                size,
                distance,
            }),
        })
    }

    /// Waits for a buffer, which is empty. Those who wait are served in their order.
    ///
    /// It is no [`Operation`](super::Operation); [`time::timeout`](crate::time::timeout) limits the
    /// wait.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If the future is dropped, no buffer is lost, but its place in the
    /// order is.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// #[zokio::main]
    /// async fn main() -> zokio::Result<()> {
    ///     let pool = BufferPool::new(1, 4096)?;
    ///     let buffer = pool.get().await;
    ///     let next = zokio::spawn({
    ///         let pool = pool.clone();
    ///         async move { pool.get().await.capacity() }
    ///     });
    ///     drop(buffer);
    ///     assert_eq!(next.await.unwrap(), 4096);
    ///     Ok(())
    /// }
    /// ```
    pub async fn get(&self) -> PooledBuf {
        let permit = self.shared.available.acquire().await;
        permit.expect("the semaphore is never closed").forget();
        self.check_out()
    }

    /// Returns a buffer, which is empty, or `None` if all are checked out or promised to those who
    /// wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let pool = BufferPool::new(1, 4096)?;
    /// let buffer = pool.try_get().unwrap();
    /// assert!(pool.try_get().is_none());
    /// drop(buffer);
    /// assert!(pool.try_get().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_get(&self) -> Option<PooledBuf> {
        self.shared.available.try_acquire().ok()?.forget();
        Some(self.check_out())
    }

    /// Takes a buffer, for which the caller has taken a permit.
    fn check_out(&self) -> PooledBuf {
        let place = self.shared.free.lock().pop();
        let place = place.expect("there is a buffer for each permit");
        PooledBuf::new(self.shared.clone(), place)
    }

    /// Returns how many buffers the pool has, checked out or not.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// assert_eq!(BufferPool::new(3, 100)?.count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(&self) -> usize {
        self.shared.count
    }

    /// Returns how many buffers can be had at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let pool = BufferPool::new(3, 100)?;
    /// let _buffer = pool.try_get();
    /// assert_eq!(pool.available(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn available(&self) -> usize {
        self.shared.available.available_permits()
    }

    /// Returns how many bytes a buffer has room for.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// assert_eq!(BufferPool::new(3, 100)?.buffer_size(), 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn buffer_size(&self) -> usize {
        self.shared.size
    }

    /// Returns whether the io_uring of a runtime has the memory registered at the moment.
    ///
    /// It has not before the first operation on a buffer goes to io_uring, and where there is none.
    /// [`DriverInfo::registered_transfers`](crate::runtime::DriverInfo::registered_transfers) counts
    /// the operations that made use of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// // No runtime has seen it.
    /// assert!(!BufferPool::new(3, 100)?.registered());
    /// # Ok(())
    /// # }
    /// ```
    pub fn registered(&self) -> bool {
        let memory = self.shared.owner.memory();
        memory.registration() == Some(Ok(()))
    }

    /// Returns why the memory is not registered, if that was tried and refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::BufferPool;
    ///
    /// # fn main() -> zokio::Result<()> {
    /// let pool = BufferPool::new(3, 100)?;
    /// if let Some(error) = pool.registration_error() {
    ///     eprintln!("reads are slower than they could be: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn registration_error(&self) -> Option<Error> {
        let memory = self.shared.owner.memory();
        let refusal = memory.registration()?.err()?;
        let (reason, source) = match refusal {
            NotRegistered::TooLarge => ("a pool of more than 1 GiB cannot be".to_owned(), None),
            NotRegistered::TableFull => ("256 pools are registered already".to_owned(), None),
            NotRegistered::Kernel(errno) => {
                let source = io::Error::from_raw_os_error(errno);
                (likely_cause(errno, &source), Some(source))
            }
        };
        Some(Error::resource("register a buffer pool", reason, source))
    }
}

fn likely_cause(errno: i32, error: &io::Error) -> String {
    match errno {
        libc::ENOMEM => format!("{error}; likely cause: the limit on locked memory"),
        libc::EINVAL => format!("{error}; likely cause: the kernel is older than Linux 5.19"),
        _ => error.to_string(),
    }
}

fn no_memory(count: usize, size: usize, error: io::Error) -> Error {
    let reason = format!("no memory for {count} buffers of {size} bytes: {error}");
    Error::resource("allocate a buffer pool", reason, Some(error))
}

impl PoolShared {
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Takes back the buffer that was checked out from `place`.
    pub(super) fn give_back(&self, place: usize) {
        // In this order: the permit promises a place.
        self.free.lock().push(place);
        self.available.add_permits(1);
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool")
            .field("count", &self.count())
            .field("available", &self.available())
            .field("buffer_size", &self.buffer_size())
            .field("registered", &self.registered())
            .finish()
    }
}
