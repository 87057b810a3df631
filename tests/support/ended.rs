//! The threads of this process, which a test waits for until none is left that could carry out an
//! operation.

use std::fs;
use std::thread;

/// Returns how many threads there are, without those that the kernel has for a ring.
pub fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm"));
    let names = tasks.filter_map(|task| name(task).ok());
    names.filter(|name| !name.starts_with("iou-wrk")).count()
}

/// Waits until there are no more threads than these.
pub fn until_threads(count: usize) {
    while threads() > count {
        thread::yield_now();
    }
}
