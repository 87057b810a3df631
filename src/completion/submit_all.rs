//! `submit_all`: many operations at once.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::operation::Operation;
use super::operation::sealed::{Cancel, Cause};
use crate::driver::completion::batch::Batch;
use crate::loom::sync::Mutex;
use crate::util::atomic_waker::AtomicWaker;

/// Begins many operations at once, and hands those that need io_uring to the kernel together.
///
/// All of them begin at the first poll of the result, or at the next ones if the task's budget runs
/// out; see [`coop`](crate::task::coop). Awaited, it returns their results in the order of the
/// operations. [`SubmitAll::next`] returns the results as they come. It is an [`Operation`]
/// itself: [`timeout`](Operation::timeout) and [`with`](Operation::with) hold for all of them, and no
/// buffer is lost.
///
/// Operations that are polled one after the other, as by a `join_all`, go to io_uring one after the
/// other as well, and its thread may enter the kernel for each. These here are handed over with one
/// entry, up to the 128 that the submission queue has room for. Operations that are done inline or
/// on threads gain nothing.
///
/// # Cancel safety
///
/// If the future is dropped, each operation that has not completed is dropped, and the results that
/// were not taken are lost.
///
/// # Examples
///
/// ```
/// use zokio::completion::{BufferPool, fs::File, submit_all};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let dir = tempfile::tempdir()?;
///     let path = dir.path().join("file");
///     std::fs::write(&path, (0..=255).collect::<Vec<u8>>())?;
///     let file = File::open(&path).await?;
///     let pool = BufferPool::new(8, 4)?;
///     let mut reads = Vec::new();
///     for block in 0..8 {
///         reads.push(file.read_exact_at(pool.get().await, block * 32));
///     }
///     for (block, (read, buffer)) in submit_all(reads).await.into_iter().enumerate() {
///         read?;
///         assert_eq!(usize::from(buffer[0]), block * 32);
///     }
///     Ok(())
/// }
/// ```
pub fn submit_all<O: Operation>(operations: impl IntoIterator<Item = O>) -> SubmitAll<O> {
    let woken = Arc::new(Woken {
        places: Mutex::new(Vec::new()),
        task: AtomicWaker::new(),
    });
    let member = |(place, operation)| Member {
        operation: Some(Box::pin(operation)),
        waker: Arc::new(Turn {
            place,
            is_listed: AtomicBool::new(true),
            woken: woken.clone(),
        }),
    };
    let members: Vec<Member<O>> = operations.into_iter().enumerate().map(member).collect();
    *woken.places.lock() = (0..members.len()).collect();
    SubmitAll {
        left: members.len(),
        members,
        woken,
        done: VecDeque::new(),
        in_order: Vec::new(),
    }
}

/// The future returned by [`submit_all`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct SubmitAll<O: Operation> {
    members: Vec<Member<O>>,
    /// How many operations have not completed.
    left: usize,
    woken: Arc<Woken>,
    /// Results that were not returned yet, as they came.
    done: VecDeque<(usize, O::Output)>,
    /// The results that the future itself has gathered.
    in_order: Vec<(usize, O::Output)>,
}

struct Member<O> {
    /// `None` once it has completed.
    operation: Option<Pin<Box<O>>>,
    waker: Arc<Turn>,
}

/// The operations that are to be polled.
struct Woken {
    /// Each at most once. Added to by the wakers of the operations, taken by the future.
    places: Mutex<Vec<usize>>,
    /// The task that polls the future.
    task: AtomicWaker,
}

/// The waker of one operation.
struct Turn {
    place: usize,
    /// Whether the operation is in the list of those to be polled. Set by the waker that
    /// adds it, cleared by the future before it polls the operation.
    is_listed: AtomicBool,
    woken: Arc<Woken>,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_listed.swap(true, Ordering::AcqRel) {
            self.woken.places.lock().push(self.place);
            self.woken.task.wake();
        }
    }
}

impl<O: Operation> SubmitAll<O> {
    /// Waits for the next result, and returns it with the place of its operation in the order of
    /// [`submit_all`]; `None` after the last one.
    ///
    /// Results that were returned by this method are not among those that the future returns when it
    /// is awaited.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. If its future is dropped, the operations continue, and no result
    /// is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::{fs::File, submit_all};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::open("/proc/version").await?;
    ///     let mut reads = submit_all([0, 6].map(|offset| file.read_exact_at(vec![0; 4], offset)));
    ///     let mut seen = [false; 2];
    ///     while let Some((place, (read, _))) = reads.next().await {
    ///         read?;
    ///         seen[place] = true;
    ///     }
    ///     assert_eq!(seen, [true; 2]);
    ///     Ok(())
    /// }
    /// ```
    pub async fn next(&mut self) -> Option<(usize, O::Output)> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Returns how many results [`next`](SubmitAll::next) has not returned yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::completion::{fs::File, submit_all};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let file = File::open("/proc/version").await?;
    ///     let mut reads = submit_all([file.read_at(vec![0; 4], 0)]);
    ///     assert_eq!(reads.remaining(), 1);
    ///     reads.next().await;
    ///     assert_eq!(reads.remaining(), 0);
    ///     Ok(())
    /// }
    /// ```
    pub fn remaining(&self) -> usize {
        self.left + self.done.len() + self.in_order.len()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, O::Output)>> {
        if self.done.is_empty() {
            self.woken.task.register(cx.waker());
            self.poll_woken();
        }
        match self.done.pop_front() {
            Some(next) => Poll::Ready(Some(next)),
            None if self.left == 0 => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// Polls each operation that was woken once. One that is woken again by that, because the budget
    /// is used up, has its turn at the next poll.
    fn poll_woken(&mut self) {
        let places = std::mem::take(&mut *self.woken.places.lock());
        let mut batch = Batch::default();
        for place in places {
            let Member { operation, waker } = &mut self.members[place];
            waker.is_listed.store(false, Ordering::Release);
            let Some(polled) = operation else {
                continue;
            };
            let waker = Waker::from(waker.clone());
            let mut cx = Context::from_waker(&waker);
            if let Poll::Ready(output) = polled.as_mut().advance_with(&mut cx, &mut batch) {
                *operation = None;
                self.left -= 1;
                self.done.push_back((place, output));
            }
        }
    }
}

// The operations are pinned in boxes of their own.
impl<O: Operation> Unpin for SubmitAll<O> {}

impl<O: Operation> Future for SubmitAll<O> {
    type Output = Vec<O::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<O::Output>> {
        while let Poll::Ready(next) = self.poll_next(cx) {
            match next {
                Some(next) => self.in_order.push(next),
                None => {
                    let mut all = std::mem::take(&mut self.in_order);
                    all.sort_unstable_by_key(|(place, _)| *place);
                    return Poll::Ready(all.into_iter().map(|(_, output)| output).collect());
                }
            }
        }
        Poll::Pending
    }
}

impl<O: Operation> Cancel for SubmitAll<O> {
    fn cancel(mut self: Pin<&mut Self>, cause: Cause) {
        for member in &mut self.members {
            if let Some(operation) = &mut member.operation {
                operation.as_mut().cancel(cause);
                // One that has not begun ends at its next poll.
                member.waker.wake_by_ref();
            }
        }
    }
}

impl<O: Operation> fmt::Debug for SubmitAll<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmitAll")
            .field("operations", &self.members.len())
            .field("remaining", &self.remaining())
            .finish()
    }
}
