//! What a task's life calls: a poll that may be traced, and the task's end.
#![forbid(unsafe_code)]

use std::cell::{OnceCell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::header::Header;
use super::held::HeldWakers;
use super::request;
use crate::util::trace_mode::{self, Stack, TraceMeta, Tracer};

pub(in crate::scheduler::task) use super::request::{ended, is_any};

/// How many leaves of a task are listed. One with more, such as a `join_all` of thousands, shows
/// what they are by then.
const MOST_STACKS: usize = 256;

/// Polls a task by `poll`, in trace mode if a dump waits for it.
#[cold]
pub(in crate::scheduler::task) fn poll(
    header: &Header,
    poll: impl FnOnce() -> Poll<()>,
) -> Poll<()> {
    let held = OnceCell::new();
    let hold = || Arc::clone(held.get_or_init(|| Arc::new(HeldWakers::new())));
    let requests = request::that_ask(header.id, hold);
    let Some(held) = held.into_inner() else {
        return poll();
    };
    let trace = TaskTrace {
        held,
        stacks: RefCell::default(),
    };
    let polled = trace_mode::enter(&trace, || {
        let _root = trace_mode::enter_root(header.vtable.poll as *const c_void);
        poll()
    });
    if polled.is_pending() {
        let stacks = trace.stacks.into_inner();
        for request in requests {
            request.answer(header.id, Some(stacks.clone()));
        }
        // This poll has taken the place of one that might have made progress. The task runs, so it
        // is queued when this returns.
        let queue = header.state.wake_by_ref();
        debug_assert!(!queue, "a running task is queued by its runner");
    }
    trace.held.release();
    polled
}

/// What one traced poll of a task has found.
struct TaskTrace {
    held: Arc<HeldWakers>,
    stacks: RefCell<Vec<Stack>>,
}

impl Tracer for TaskTrace {
    fn leaf(&self, cx: &Context<'_>, meta: &TraceMeta) -> bool {
        if !self.held.hold(cx.waker()) {
            return false;
        }
        let mut stacks = self.stacks.borrow_mut();
        if stacks.len() < MOST_STACKS {
            stacks.push(Stack::capture(meta));
        }
        true
    }
}
