//! Children whose handles were dropped before they ended.
//!
//! An orphan is the waker of its own wait: when the runtime finds that the child has ended, it
//! "wakes" the orphan, which takes the child's status and is dropped. No task is needed. A child
//! whose runtime is gone goes to a list that is checked when a child is started or dropped.
#![forbid(unsafe_code)]

use std::process::Child as StdChild;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::exit::Process;
use crate::loom::unmodeled::sync::Mutex;
use crate::util::budget::{self, Budget};

static UNATTENDED: Mutex<Vec<StdChild>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Orphan(Mutex<Option<Process>>);

/// Takes over a child that may still run.
pub(super) fn reap_later(mut process: Process) {
    sweep();
    if let Ok(None) = process.try_wait() {
        Arc::new(Orphan(Mutex::new(Some(process)))).wake();
    }
}

/// Takes over a child that no runtime watches.
pub(super) fn leave(mut child: StdChild) {
    // An error means that there is nothing to wait for.
    if let Ok(None) = child.try_wait() {
        UNATTENDED.lock().push(child);
    }
}

/// Drops the unattended children that have ended.
pub(super) fn sweep() {
    if let Some(mut unattended) = UNATTENDED.try_lock() {
        unattended.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    }
}

impl Wake for Orphan {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut slot = self.0.lock();
        let Some(process) = slot.as_mut() else {
            return;
        };
        // This runs in the task or thread that polls the driver.
        let exit = budget::with(Budget::UNCONSTRAINED, || {
            process.poll_exit(&mut Context::from_waker(&waker))
        });
        if let Poll::Ready(exit) = exit {
            let process = slot.take();
            drop(slot);
            if let (Some(process), Err(_)) = (process, exit) {
                leave(process.into_child());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{UNATTENDED, reap_later, sweep};
    use crate::process::exit::Process;
    use crate::runtime::Builder;
    use std::fs;
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, Instant};

    /// Waits until a process is gone from the process table.
    fn assert_reaped(pid: u32, meanwhile: impl Fn()) {
        let start = Instant::now();
        while Path::new(&format!("/proc/{pid}")).exists() {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_secs(10), "{state}");
            meanwhile();
        }
    }

    #[test]
    fn a_dropped_child_leaves_no_zombie() {
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let pid = rt.block_on(async {
            let child = Command::new("sleep").arg("0.05").spawn().unwrap();
            let pid = child.id();
            reap_later(Process::new(child).unwrap());
            pid
        });
        let nap = || rt.block_on(async { crate::time::sleep(Duration::from_millis(5)).await });
        assert_reaped(pid, nap);
    }

    #[test]
    fn a_child_that_outlives_its_runtime_is_swept_later() {
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let (pid, process) = rt.block_on(async {
            let child = Command::new("sleep").arg("0.2").spawn().unwrap();
            (child.id(), Process::new(child).unwrap())
        });
        reap_later(process);
        drop(rt);
        assert!(UNATTENDED.lock().iter().any(|child| child.id() == pid));
        assert_reaped(pid, || {
            std::thread::sleep(Duration::from_millis(5));
            sweep();
        });
    }
}
