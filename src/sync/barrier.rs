//! Waiting until enough tasks have arrived: [`Barrier`].
//!
//! The arrivals are counted under a lock. Tasks that arrive early wait on a notify, whose
//! generations keep the rounds apart: a round ends by beginning a new generation under that lock,
//! so no task of the next round is released by mistake.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Poll, ready};

use crate::loom::sync::Mutex;
use crate::record::{self, Wait};
use crate::sync::Notify;
use crate::trace::{self, Resource, ResourceType, Update};
use crate::util::budget;

/// A point at which a fixed number of tasks wait for each other.
///
/// Once that many tasks have called [`wait`](Self::wait), all of them continue, and the barrier is
/// ready for the next round.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Barrier;
///
/// let barrier = Arc::new(Barrier::new(3));
/// let mut tasks = Vec::new();
/// for _ in 0..3 {
///     let barrier = barrier.clone();
///     tasks.push(zokio::spawn(async move {
///         // No task passes this point before all have arrived.
///         barrier.wait().await.is_leader()
///     }));
/// }
/// let mut leaders = 0;
/// for task in tasks {
///     leaders += usize::from(task.await.unwrap());
/// }
/// assert_eq!(leaders, 1);
/// # })
/// ```
pub struct Barrier {
    /// How many tasks have arrived in this round.
    arrived: Mutex<usize>,
    round: Notify,
    needed: usize,
    resource: Resource,
}

impl Barrier {
    /// Creates a barrier for `n` tasks; 0 is treated as 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::sync::Barrier;
    ///
    /// let barrier = Barrier::new(10);
    /// # drop(barrier);
    /// ```
    #[track_caller]
    pub fn new(n: usize) -> Barrier {
        let needed = n.max(1);
        let resource = Resource::new(ResourceType::Barrier);
        resource.in_scope(|| {
            trace::report(Update::Size(needed));
            trace::report(Update::Arrived(0));
        });
        Self {
            arrived: Mutex::new(0),
            round: Notify::unreported(),
            needed,
            resource,
        }
    }

    /// Waits until all `n` tasks have arrived. For one of them, the last to arrive, the result
    /// reports that it [is the leader](BarrierWaitResult::is_leader).
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: a task counts as arrived from its first poll on, even if the
    /// future is dropped afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Barrier;
    ///
    /// let barrier = Barrier::new(1);
    /// assert!(barrier.wait().await.is_leader());
    /// # })
    /// ```
    pub async fn wait(&self) -> BarrierWaitResult {
        let op = self.resource.begin("Barrier::wait", "poll");
        let round = {
            let mut arrived = self.arrived.lock();
            *arrived += 1;
            if *arrived == self.needed {
                *arrived = 0;
                let generation = self.round.advance();
                drop(arrived);
                self.round.wake_older(generation);
                self.resource.update(Update::Arrived(0));
                op.update(Update::IsLeader(true));
                return BarrierWaitResult(true);
            }
            self.round.notified()
        };
        self.resource.update(Update::ArrivedOne);
        op.update(Update::TaskArrived(true));
        let mut round = pin!(round);
        op.around(poll_fn(|cx| {
            let budget = ready!(budget::poll_proceed(cx));
            if round.as_mut().poll(cx).is_pending() {
                record::waits_around(Wait::Barrier, || record::address(self));
                return Poll::Pending;
            }
            budget.made_progress();
            Poll::Ready(())
        }))
        .await;
        BarrierWaitResult(false)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("arrived", &self.arrived)
            .field("round", &self.round)
            .field("needed", &self.needed)
            .finish()
    }
}

/// Tells the leader of a round from the other tasks; returned by [`Barrier::wait`].
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use zokio::sync::Barrier;
///
/// let barrier = Arc::new(Barrier::new(2));
/// let other = barrier.clone();
/// let task = zokio::spawn(async move { other.wait().await });
/// let mine = barrier.wait().await;
/// let theirs = task.await.unwrap();
/// assert_ne!(mine.is_leader(), theirs.is_leader());
/// # })
/// ```
#[derive(Clone, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Returns `true` if this task is the leader of its round, the one to do what has to be
    /// done once per round.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use zokio::sync::Barrier;
    ///
    /// let result = Barrier::new(1).wait().await;
    /// if result.is_leader() {
    ///     println!("the round is over");
    /// }
    /// # })
    /// ```
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::Barrier;
    use crate::loom::thread;
    use loom::future::block_on;
    use std::sync::Arc;

    #[test]
    fn loom_rounds_do_not_mix() {
        loom::model(|| {
            let barrier = Arc::new(Barrier::new(2));
            let other = barrier.clone();
            let rounds =
                move |barrier: Arc<Barrier>| [(); 2].map(|()| block_on(barrier.wait()).is_leader());
            let thread = thread::spawn(move || rounds(other));
            let mine = rounds(barrier);
            let theirs = thread.join().unwrap();
            assert!(
                mine.iter()
                    .zip(&theirs)
                    .all(|(mine, theirs)| mine != theirs)
            );
        });
    }
}
