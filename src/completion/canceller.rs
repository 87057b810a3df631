//! `Canceller`: one call that cancels many operations.
#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};

use slab::Slab;

use crate::loom::sync::Mutex;
use crate::util::wake::{drop_waker, wake};

/// Cancels the operations of a group.
///
/// An operation joins the group by [`Operation::with`](super::Operation::with). Clones are handles
/// to the same group. Once it is cancelled, it stays cancelled: operations that join later end
/// without having begun. Dropping the handles cancels nothing.
///
/// # Examples
///
/// ```
/// use zokio::completion::{Canceller, Operation, fs::File};
///
/// #[zokio::main]
/// async fn main() -> std::io::Result<()> {
///     let file = File::open("/proc/version").await?;
///     let requests = Canceller::new();
///     let (count, buffer) = file.read_at(vec![0; 5], 0).with(&requests).await;
///     assert_eq!((count?, &buffer[..]), (5, &b"Linux"[..]));
///
///     requests.cancel();
///     let (count, buffer) = file.read_at(buffer, 0).with(&requests).await;
///     assert_eq!(count.unwrap_err().raw_os_error(), Some(libc::ECANCELED));
///     assert_eq!(buffer.len(), 5);
///     Ok(())
/// }
/// ```
#[derive(Clone, Default)]
pub struct Canceller {
    group: Arc<Mutex<Group>>,
}

#[derive(Default)]
struct Group {
    /// Never false again once it is true.
    cancelled: bool,
    /// The tasks of the operations that are in flight. Empty once the group is cancelled.
    waiting: Slab<Waker>,
}

impl Canceller {
    /// Creates a group without operations.
    ///
    /// # Examples
    ///
    /// ```
    /// let requests = zokio::completion::Canceller::new();
    /// assert!(!requests.is_cancelled());
    /// ```
    pub fn new() -> Canceller {
        Canceller::default()
    }

    /// Cancels all operations of the group, from any thread, and returns at once.
    ///
    /// Each of them ends when the kernel or the thread that carries it out has let go of it, and
    /// returns `ECANCELED` and its buffer then; see the [module](super#cancelling). One that
    /// succeeds nevertheless returns its result.
    ///
    /// # Examples
    ///
    /// ```
    /// let requests = zokio::completion::Canceller::new();
    /// requests.clone().cancel();
    /// assert!(requests.is_cancelled());
    /// ```
    pub fn cancel(&self) {
        let mut group = self.group.lock();
        group.cancelled = true;
        let waiting = std::mem::take(&mut group.waiting);
        drop(group);
        for (_, waker) in waiting {
            wake(waker);
        }
    }

    /// Returns whether the group was cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// let requests = zokio::completion::Canceller::new();
    /// requests.cancel();
    /// assert!(requests.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.group.lock().cancelled
    }

    pub(super) fn join(&self) -> Member {
        Member {
            canceller: self.clone(),
            place: None,
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// One operation's membership of a group.
pub(super) struct Member {
    canceller: Canceller,
    /// Where the group has the waker of the operation's task.
    place: Option<usize>,
}

impl Member {
    /// Returns whether the group was cancelled; if it is later, the task is woken.
    pub(super) fn poll_cancelled(&mut self, cx: &mut Context<'_>) -> bool {
        let mut group = self.canceller.group.lock();
        if group.cancelled {
            self.place = None;
            return true;
        }
        let mut former = None;
        match self.place {
            Some(place) if group.waiting[place].will_wake(cx.waker()) => {}
            Some(place) => {
                former = Some(std::mem::replace(
                    &mut group.waiting[place],
                    cx.waker().clone(),
                ));
            }
            None => self.place = Some(group.waiting.insert(cx.waker().clone())),
        }
        drop(group);
        drop_waker(former);
        false
    }

    /// Leaves the group.
    pub(super) fn leave(&mut self) {
        let Some(place) = self.place.take() else {
            return;
        };
        let mut group = self.canceller.group.lock();
        // A group that was cancelled has let go of all wakers.
        let waker = (!group.cancelled).then(|| group.waiting.remove(place));
        drop(group);
        drop_waker(waker);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::Canceller;
    use futures_test::task::new_count_waker;
    use std::task::Context;

    #[test]
    fn every_member_is_woken_once() {
        let canceller = Canceller::new();
        let (mut first, mut second) = (canceller.join(), canceller.join());
        let (waker, count) = new_count_waker();
        let mut cx = Context::from_waker(&waker);
        for _ in 0..3 {
            assert!(!first.poll_cancelled(&mut cx));
        }
        let (other, others) = new_count_waker();
        assert!(!second.poll_cancelled(&mut cx));
        // The last waker counts.
        assert!(!second.poll_cancelled(&mut Context::from_waker(&other)));
        canceller.cancel();
        canceller.cancel();
        assert_eq!((count.get(), others.get()), (1, 1));
        assert!(first.poll_cancelled(&mut cx) && second.poll_cancelled(&mut cx));
    }

    #[test]
    fn a_member_that_left_is_forgotten() {
        let canceller = Canceller::new();
        let (waker, count) = new_count_waker();
        let mut cx = Context::from_waker(&waker);
        let mut member = canceller.join();
        assert!(!member.poll_cancelled(&mut cx));
        member.leave();
        assert!(canceller.group.lock().waiting.is_empty());
        assert!(!member.poll_cancelled(&mut cx));
        drop(member);
        assert!(canceller.group.lock().waiting.is_empty());
        canceller.cancel();
        assert_eq!(count.get(), 0);
    }

    #[test]
    fn a_member_that_leaves_after_the_cancellation_takes_no_other_place() {
        let canceller = Canceller::new();
        let (waker, _) = new_count_waker();
        let mut cx = Context::from_waker(&waker);
        let mut member = canceller.join();
        assert!(!member.poll_cancelled(&mut cx));
        canceller.cancel();
        drop(member);
        assert!(canceller.is_cancelled());
    }
}
