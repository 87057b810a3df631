//! [`BufferRing`]: receive buffers that many streams share.
//!
//! A permit of the semaphore stands for a buffer that may be taken; the semaphore's queue is that of
//! the streams that wait for one. The memory is a stack of its own:
//!
//! - R1: memory is put on the stack before its permit is released, and taken from it after a permit
//!   was taken. So the buffers on the stack and those that are taken are never more than `count`,
//!   and the holder of a permit that finds the stack empty may allocate one.
//! - R2: the permits of a ring are never forgotten and its semaphore is never closed, so a wait ends
//!   only with a permit.
//!
//! A stream has a [`Supply`], which also counts what the stream's consumer holds ([`Share`]).
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::loom::sync::atomic::AtomicUsize;
use crate::loom::sync::atomic::Ordering::{AcqRel, Acquire};
use crate::loom::sync::{Arc, Mutex};
use crate::sync::RawSemaphore;
use crate::util::atomic_waker::AtomicWaker;
use crate::util::budget::{self, Budget};
use crate::util::wake::wake_some;

/// A bounded set of buffers that receives of many sockets share.
///
/// A receive of [`recv_multi`](super::net::TcpStream::recv_multi) takes a buffer when bytes have
/// come, and not before, so that a connection that is idle holds none: a few buffers serve thousands
/// of connections. What is received is a [`ReceivedBuf`](super::ReceivedBuf), which returns its
/// buffer when it is dropped, on whatever thread.
///
/// Clones are handles to the same set. It belongs to no runtime.
///
/// # When there is no buffer
///
/// The streams wait, and each buffer that comes back goes to the one that has waited longest. What
/// has come for them stays with the kernel, which slows the senders down.
///
/// A consumer that keeps what it has received must not stop all others. So each stream has at most a
/// quarter of the buffers (rounded up) at a time, or what
/// [`with_limit`](super::net::RecvMulti::with_limit) sets, and waits for one of its own beyond that.
/// To keep bytes for long, copy them.
///
/// # Memory
///
/// A buffer is allocated when one is needed and none is free, and is kept until the ring and all
/// that was received into it are dropped. The one that came back last is used first.
///
/// # Examples
///
/// ```
/// use zokio::completion::BufferRing;
/// use zokio::completion::net::UnixStream;
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     // 16 buffers of 4 KiB.
///     let ring = BufferRing::new(16, 4096);
///     let (near, far) = UnixStream::pair()?;
///     let mut received = far.recv_multi(&ring);
///     near.write_all("hello").await.0?;
///
///     let bytes = received.next().await.expect("not the end")?;
///     assert_eq!(bytes, b"hello"[..]);
///     assert_eq!(ring.available(), 15);
///     drop(bytes);
///     assert_eq!(ring.available(), 16);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct BufferRing {
    shared: Arc<RingShared>,
}

/// What the handles of a ring, its streams and all that was received share.
struct RingShared {
    /// How many buffers there are at most.
    count: usize,
    /// The length of each buffer.
    size: usize,
    /// One permit for each buffer that may be taken.
    permits: RawSemaphore,
    /// The buffers that are not taken, as far as they are allocated.
    free: Mutex<Vec<Box<[u8]>>>,
}

impl BufferRing {
    /// The most buffers that a ring has, 32,768: as many as the kernel accepts in one of its own.
    pub const MAX_BUFFERS: usize = 1 << 15;

    /// Creates a ring of `count` buffers, each of `size` bytes. Nothing is allocated for them yet.
    ///
    /// One receive fills at most one buffer. A size of 4 to 16 KiB suits requests, and 64 KiB or
    /// more suits bulk data; a datagram that is longer than a buffer is cut off.
    ///
    /// # Panics
    ///
    /// Panics if `count` is 0 or more than [`MAX_BUFFERS`](BufferRing::MAX_BUFFERS), or if `size` is
    /// 0 or more than `u32::MAX`.
    ///
    /// # Examples
    ///
    /// ```
    /// let ring = zokio::completion::BufferRing::new(64, 16 << 10);
    /// assert_eq!(ring.available(), 64);
    /// ```
    #[track_caller]
    pub fn new(count: usize, size: usize) -> BufferRing {
        assert!(
            (1..=BufferRing::MAX_BUFFERS).contains(&count),
            "a ring has 1 to {} buffers, not {count}",
            BufferRing::MAX_BUFFERS
        );
        assert!(
            size > 0 && u32::try_from(size).is_ok(),
            "a buffer of a ring has 1 to {} bytes, not {size}",
            u32::MAX
        );
        BufferRing {
            shared: Arc::new(RingShared {
                count,
                size,
                permits: RawSemaphore::new(count),
                free: Mutex::new(Vec::new()),
            }),
        }
    }

    /// Returns how many buffers the ring has.
    ///
    /// # Examples
    ///
    /// ```
    /// let ring = zokio::completion::BufferRing::new(64, 4096);
    /// assert_eq!(ring.count(), 64);
    /// ```
    pub fn count(&self) -> usize {
        self.shared.count
    }

    /// Returns the length of each buffer, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// let ring = zokio::completion::BufferRing::new(64, 4096);
    /// assert_eq!(ring.buffer_size(), 4096);
    /// ```
    pub fn buffer_size(&self) -> usize {
        self.shared.size
    }

    /// Returns how many buffers are not in use at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// let ring = zokio::completion::BufferRing::new(64, 4096);
    /// assert_eq!(ring.available(), ring.count());
    /// ```
    pub fn available(&self) -> usize {
        self.shared.permits.available_permits()
    }

    /// Returns a supply with the default limit.
    pub(super) fn supply(&self) -> Supply {
        Supply {
            share: Share::new(self.shared.count.div_ceil(4)),
            ring: self.shared.clone(),
            queued: None,
        }
    }
}

impl fmt::Debug for BufferRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferRing")
            .field("count", &self.count())
            .field("buffer_size", &self.buffer_size())
            .field("available", &self.available())
            .finish()
    }
}

/// How many buffers a stream and its consumer have.
struct Share {
    limit: usize,
    /// Increased by the stream, decreased by the drop of each buffer.
    taken: AtomicUsize,
    /// The task that waits for `taken` to be below the limit.
    waiting: AtomicWaker,
}

impl Share {
    fn new(limit: usize) -> Arc<Share> {
        Arc::new(Share {
            limit,
            taken: AtomicUsize::new(0),
            waiting: AtomicWaker::new(),
        })
    }

    /// Waits until one more buffer may be taken.
    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let has_room = || self.taken.load(Acquire) < self.limit;
        if has_room() {
            return Poll::Ready(());
        }
        self.waiting.register(cx.waker());
        if has_room() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn put_back(&self) {
        // Below the limit no task waits.
        if self.taken.fetch_sub(1, AcqRel) >= self.limit {
            wake_some(self.waiting.take());
        }
    }
}

/// A stream's access to a ring.
pub(super) struct Supply {
    ring: Arc<RingShared>,
    share: Arc<Share>,
    /// The wait for a permit, while there is one.
    queued: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

impl Supply {
    /// Sets how many buffers the stream may have at a time. What it has now does not count.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.share = Share::new(limit);
    }

    /// Takes a buffer; waits if the stream or the ring has none left. At most one task may poll.
    pub(super) fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Taken> {
        if self.share.poll_room(cx).is_pending() {
            self.leave();
            return Poll::Pending;
        }
        if self.queued.is_some() || self.ring.permits.try_acquire(1).is_err() {
            ready!(self.poll_queue(cx));
        }
        self.share.taken.fetch_add(1, AcqRel);
        Poll::Ready(Taken {
            memory: self.ring.memory(),
            ring: self.ring.clone(),
            share: self.share.clone(),
        })
    }

    /// Waits in the queue for a permit.
    #[cold]
    fn poll_queue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let queued = self.queued.get_or_insert_with(|| {
            let ring = self.ring.clone();
            Box::pin(async move {
                let acquired = ring.permits.acquire(1).await;
                acquired.expect("R2: the semaphore is never closed");
            })
        });
        // The receive that follows takes a unit.
        ready!(budget::with(Budget::UNCONSTRAINED, || queued
            .as_mut()
            .poll(cx)));
        self.queued = None;
        Poll::Ready(())
    }

    /// Leaves the queue, with the permit that it may have brought.
    pub(super) fn leave(&mut self) {
        self.queued = None;
    }
}

impl RingShared {
    /// Returns the memory for a permit that was just taken.
    fn memory(&self) -> Box<[u8]> {
        let free = self.free.lock().pop();
        free.unwrap_or_else(|| vec![0; self.size].into_boxed_slice())
    }
}

/// A buffer that was taken from a ring. Dropping it puts it back.
pub(super) struct Taken {
    /// Empty if it was moved to where it does not come back from.
    memory: Box<[u8]>,
    ring: Arc<RingShared>,
    share: Arc<Share>,
}

impl Taken {
    pub(super) fn memory(&self) -> &[u8] {
        &self.memory
    }

    pub(super) fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    /// Takes the memory out. Unless [`restore`](Taken::restore) brings it back, the ring replaces it.
    pub(super) fn detach(&mut self) -> Box<[u8]> {
        mem::take(&mut self.memory)
    }

    pub(super) fn restore(&mut self, memory: Box<[u8]>) {
        self.memory = memory;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let memory = self.detach();
        if !memory.is_empty() {
            self.ring.free.lock().push(memory);
        }
        self.ring.permits.release(1);
        self.share.put_back();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::task::{Context, Poll};

    use futures_test::task::new_count_waker;

    use super::{BufferRing, Supply, Taken};

    fn take(supply: &mut Supply) -> Option<Taken> {
        let (waker, _) = new_count_waker();
        match supply.poll_take(&mut Context::from_waker(&waker)) {
            Poll::Ready(taken) => Some(taken),
            Poll::Pending => None,
        }
    }

    #[test]
    fn buffers_are_allocated_when_needed_and_used_again() {
        let ring = BufferRing::new(3, 8);
        let mut supply = ring.supply();
        supply.set_limit(5);
        let mut taken: Vec<_> = (0..3).map(|_| take(&mut supply).unwrap()).collect();
        assert!(take(&mut supply).is_none());
        supply.leave();
        let first = taken[0].memory().as_ptr();
        taken.remove(0);
        let again = take(&mut supply).unwrap();
        assert_eq!(again.memory().as_ptr(), first);
        drop((taken, again));
        assert_eq!((ring.available(), ring.shared.free.lock().len()), (3, 3));
        // One that does not come back is replaced.
        let mut lost = take(&mut supply).unwrap();
        assert_eq!(lost.detach().len(), 8);
        drop(lost);
        assert_eq!((ring.available(), ring.shared.free.lock().len()), (3, 2));
        let all = [(); 3].map(|()| take(&mut supply).unwrap());
        assert!(all.iter().all(|taken| taken.memory().len() == 8));
    }

    #[test]
    fn who_waits_is_served_in_order_and_who_leaves_passes_on() {
        let ring = BufferRing::new(1, 1);
        let holder = take(&mut ring.supply()).unwrap();
        let mut supplies = [(); 3].map(|()| ring.supply());
        let wakers = [(); 3].map(|()| new_count_waker());
        for (supply, (waker, _)) in supplies.iter_mut().zip(&wakers) {
            let mut cx = Context::from_waker(waker);
            assert!(supply.poll_take(&mut cx).is_pending());
        }
        let counts = || wakers.each_ref().map(|(_, count)| count.get());
        drop(holder);
        assert_eq!(counts(), [1, 0, 0]);
        // No other overtakes.
        assert!(take(&mut ring.supply()).is_none());
        assert!(take(&mut supplies[1]).is_none());
        supplies[0].leave();
        let taken = take(&mut supplies[1]).unwrap();
        drop(supplies);
        drop(taken);
        assert_eq!(ring.available(), 1);
    }

    #[test]
    fn a_share_is_limited() {
        let ring = BufferRing::new(8, 1);
        let (mut hoarder, mut other) = (ring.supply(), ring.supply());
        let kept = [take(&mut hoarder).unwrap(), take(&mut hoarder).unwrap()];
        let (waker, count) = new_count_waker();
        let mut cx = Context::from_waker(&waker);
        assert!(hoarder.poll_take(&mut cx).is_pending());
        assert_eq!(ring.available(), 6);
        drop(take(&mut other).unwrap());
        assert_eq!(count.get(), 0);
        drop(kept);
        assert_eq!(count.get(), 1);
        assert!(take(&mut hoarder).is_some());
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for (count, size) in [
            (0, 1),
            ((1 << 15) + 1, 1),
            (1, 0),
            (1, (u32::MAX as usize).wrapping_add(1)),
        ] {
            catch_unwind(|| BufferRing::new(count, size)).unwrap_err();
        }
        assert_eq!(
            BufferRing::new(1 << 15, u32::MAX as usize).available(),
            1 << 15
        );
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use std::future::poll_fn;
    use std::task::{Context, Waker};

    use loom::future::block_on;

    use super::BufferRing;
    use crate::loom::thread;

    /// Two threads take, mark and return the only buffer; each has it alone.
    #[test]
    fn loom_buffer_ring_take_return_wait() {
        loom::model(|| {
            let ring = BufferRing::new(1, 1);
            let use_once = |mut supply: super::Supply| {
                let mut taken = block_on(poll_fn(|cx| supply.poll_take(cx)));
                taken.memory_mut()[0] += 1;
            };
            let supply = ring.supply();
            let other = thread::spawn(move || use_once(supply));
            use_once(ring.supply());
            other.join().unwrap();
            assert_eq!(ring.available(), 1);
            // R1: no second one was allocated.
            let free = ring.shared.free.lock();
            assert_eq!((free.len(), free[0][0]), (1, 2));
        });
    }

    /// A stream at its limit waits for a buffer that its consumer returns on another thread.
    #[test]
    fn loom_buffer_ring_share() {
        loom::model(|| {
            let ring = BufferRing::new(3, 1);
            let mut supply = ring.supply();
            let first = block_on(poll_fn(|cx| supply.poll_take(cx)));
            let other = thread::spawn(move || drop(first));
            drop(block_on(poll_fn(|cx| supply.poll_take(cx))));
            other.join().unwrap();
            assert_eq!(ring.available(), 3);
        });
    }

    /// A stream leaves the queue while a buffer is handed to it. Another one gets it.
    #[test]
    fn loom_buffer_ring_leave() {
        loom::model(|| {
            let ring = BufferRing::new(1, 1);
            let mut supply = ring.supply();
            let taken = block_on(poll_fn(|cx| supply.poll_take(cx)));
            let mut leaving = ring.supply();
            let mut cx = Context::from_waker(Waker::noop());
            assert!(leaving.poll_take(&mut cx).is_pending());
            let other = thread::spawn(move || drop(taken));
            let waiting = thread::spawn(move || {
                drop(block_on(poll_fn(|cx| supply.poll_take(cx))));
            });
            leaving.leave();
            other.join().unwrap();
            waiting.join().unwrap();
            assert_eq!(ring.available(), 1);
        });
    }
}
