//! [`DumpRequest`]: one dump, from the question to the answers.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use super::super::Schedule;
use super::super::id::Id;
use super::super::owned::OwnedTasks;
use super::PATIENCE;
use super::held::HeldWakers;
pub(crate) use super::listing::DumpedTask;
use crate::loom::thread::Builder;
use crate::loom::unmodeled::sync::{Condvar, Mutex};
use crate::util::trace_mode::Stack;
use crate::util::{thread, wake};

/// The dumps that wait for answers.
static OPEN: OpenRequests = OpenRequests {
    count: AtomicUsize::new(0),
    requests: Mutex::new(Vec::new()),
};

struct OpenRequests {
    /// How many there are, for threads without the lock. Written under the lock. A thread that polls
    /// a task because a dump has woken it sees that dump: the wake passes it on.
    count: AtomicUsize,
    requests: Mutex<Vec<Arc<Answers>>>,
}

/// Returns whether there is a dump that waits for answers.
#[inline]
pub(in crate::scheduler::task) fn is_any() -> bool {
    OPEN.count.load(Ordering::Relaxed) != 0
}

/// Returns the dumps that wait for this task, which the calling thread is about to poll. A dump
/// that ends before that poll releases what `held` returns.
pub(super) fn that_ask(id: Id, held: impl Fn() -> Arc<HeldWakers>) -> Vec<Arc<Answers>> {
    let requests = OPEN.requests.lock();
    let asks = |request: &&Arc<Answers>| request.is_asked(id, &held);
    requests.iter().filter(asks).cloned().collect()
}

/// Tells every dump that this task has ended.
pub(in crate::scheduler::task) fn ended(id: Id) {
    let requests = OPEN.requests.lock().clone();
    for request in requests {
        request.answer(id, None);
    }
}

/// What a dump has found out.
#[derive(Debug, Default)]
pub(crate) struct Dumped {
    pub(crate) traced: Vec<(DumpedTask, Vec<Stack>)>,
    /// The tasks that were there at the beginning, and have not answered.
    pub(crate) untraced: Vec<DumpedTask>,
}

/// A dump. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct DumpRequest(Arc<Answers>);

/// What the dump, the workers and the dump's thread share.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Written by the dump when it begins and is dropped, by workers that answer, and by the
    /// dump's thread when it ends.
    asked: Mutex<Asked>,
    /// Notified when the thread has nothing to wait for.
    over: Condvar,
}

#[derive(Debug, Default)]
struct Asked {
    /// The tasks that have not answered, and for each the wakers that its traced poll holds, if it
    /// is in one.
    waiting: HashMap<Id, (DumpedTask, Option<Arc<HeldWakers>>)>,
    traced: Vec<(DumpedTask, Vec<Stack>)>,
    /// How many tasks have answered.
    answers: usize,
    /// Whether no more answers are waited for.
    is_over: bool,
    /// The one that waits for the dump.
    waker: Option<Waker>,
}

impl DumpRequest {
    /// Asks the tasks of `owned`.
    pub(crate) fn new<S: Schedule>(owned: &OwnedTasks<S>) -> DumpRequest {
        let request = DumpRequest(Arc::default());
        let answers = &request.0;
        answers.open();
        let listed = owned.list(|task| {
            let mut asked = answers.asked.lock();
            asked.waiting.insert(task.id, (task, None));
        });
        listed.into_iter().for_each(|task| task.wake());
        if answers.asked.lock().waiting.is_empty() || answers.start_thread().is_err() {
            // Without a thread there is no end to the waiting, so there is none.
            answers.end();
        }
        request
    }

    /// Returns `Ready` once all have answered, or those that have not will not soon.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Dumped> {
        let waker = cx.waker().clone();
        let mut asked = self.0.asked.lock();
        if !asked.is_over {
            let former = asked.waker.replace(waker);
            drop(asked);
            wake::drop_waker(former);
            return Poll::Pending;
        }
        let dumped = Dumped {
            traced: std::mem::take(&mut asked.traced),
            untraced: asked.waiting.drain().map(|(_, (task, _))| task).collect(),
        };
        drop(asked);
        wake::drop_waker(Some(waker));
        Poll::Ready(dumped)
    }
}

impl Drop for DumpRequest {
    fn drop(&mut self) {
        self.0.end();
        self.0.over.notify_one();
    }
}

impl Answers {
    /// Adds this to the dumps that wait for answers.
    fn open(self: &Arc<Self>) {
        let mut requests = OPEN.requests.lock();
        requests.push(self.clone());
        OPEN.count.store(requests.len(), Ordering::Relaxed);
    }

    /// Returns whether this waits for the task, which is about to be polled.
    fn is_asked(&self, id: Id, held: impl Fn() -> Arc<HeldWakers>) -> bool {
        let mut asked = self.asked.lock();
        if asked.is_over {
            return false;
        }
        let Some((_, polled)) = asked.waiting.get_mut(&id) else {
            return false;
        };
        *polled = Some(held());
        true
    }

    /// Notes what a traced poll of a task has found; `None` if the task has ended.
    pub(super) fn answer(&self, id: Id, trace: Option<Vec<Stack>>) {
        let mut asked = self.asked.lock();
        if asked.is_over {
            return;
        }
        let Some((task, _)) = asked.waiting.remove(&id) else {
            return;
        };
        asked.answers += 1;
        if let Some(trace) = trace {
            asked.traced.push((task, trace));
        }
        if asked.waiting.is_empty() {
            drop(asked);
            self.over.notify_one();
        }
    }

    fn start_thread(self: &Arc<Self>) -> std::io::Result<()> {
        let answers = self.clone();
        let run = move || {
            answers.wait();
            answers.end();
        };
        thread::start(Builder::new().name("zokio-dump".into()), Box::new(run))?;
        Ok(())
    }

    /// Waits until all have answered, or none has for as long as a dump is patient.
    fn wait(&self) {
        let mut asked = self.asked.lock();
        let mut answers = asked.answers;
        while !asked.waiting.is_empty() && !asked.is_over {
            let timed_out;
            (asked, timed_out) = self.over.wait_timeout(asked, PATIENCE);
            if timed_out && asked.answers == answers {
                break;
            }
            answers = asked.answers;
        }
    }

    /// Waits for no more answers.
    fn end(self: &Arc<Self>) {
        let mut asked = self.asked.lock();
        if std::mem::replace(&mut asked.is_over, true) {
            return;
        }
        let waiting = asked.waiting.values_mut();
        let held: Vec<Arc<HeldWakers>> = waiting.filter_map(|(_, held)| held.take()).collect();
        let waker = asked.waker.take();
        drop(asked);

        let mut requests = OPEN.requests.lock();
        requests.retain(|request| !Arc::ptr_eq(request, self));
        OPEN.count.store(requests.len(), Ordering::Relaxed);
        drop(requests);

        held.iter().for_each(|held| held.release());
        wake::wake_some(waker);
    }
}
