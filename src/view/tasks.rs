//! All tasks, and what each of them waits for.
//!
//! What is recorded of the tasks is copied at once, and no task is polled for it. The lines are
//! written from the copy, one by one, as the client reads them.
#![forbid(unsafe_code)]

use std::os::fd::RawFd;

use super::descriptor;
use super::json::Json;
use super::numbers::Numbers;
use super::viewed::{Source, Viewed};
use crate::record::{OPERATIONS, SeenKind, TaskSeen, TaskState, Wait, WaitSeen};

/// The tasks of one line.
const PAGE: usize = 500;

/// All tasks of all runtimes.
struct Tasks {
    tasks: Vec<Task>,
    /// Where the tasks are that have a name, by id.
    named: Numbers,
    now: u64,
}

struct Task {
    seen: TaskSeen,
    runtime: u64,
    /// The worker that polls it.
    worker: Option<u64>,
    /// The task that has locked the lock that this one waits for.
    holder: Option<u64>,
}

/// Returns the lines of the answer.
pub(super) fn answer(source: &Source) -> impl Iterator<Item = Vec<u8>> + Send + use<> {
    let mut all = Tasks {
        tasks: Vec::new(),
        named: Numbers::default(),
        now: source.now,
    };
    for runtime in &source.runtimes {
        all.add(runtime);
    }
    all.forget_former_holders();
    let pages = all.tasks.len().div_ceil(PAGE).max(1);
    (0..pages).map(move |page| all.line(page, page + 1 < pages))
}

impl Tasks {
    fn add(&mut self, runtime: &Viewed) {
        let recorder = runtime.recorder();
        let reading = recorder.read();
        self.now = reading.now();
        let mut polled = Numbers::default();
        for (index, worker) in recorder.workers(&reading).iter().enumerate() {
            if let Some(task) = worker.task {
                polled.insert(task, index as u64);
            }
        }
        recorder.tasks(&reading, &mut |seen| {
            if seen.name.is_some() {
                self.named.insert(seen.id, self.tasks.len() as u64);
            }
            let lock = seen.waits.filter(|waits| is_lock(waits.wait));
            self.tasks.push(Task {
                runtime: runtime.id().get(),
                worker: polled.get(seen.id),
                holder: lock.and_then(|waits| recorder.holder(waits.object)),
                seen,
            });
        });
    }

    /// A task that has ended may have left its guard to another one, which is not known.
    fn forget_former_holders(&mut self) {
        if self.tasks.iter().any(|task| task.holder.is_some()) {
            let mut alive = Numbers::default();
            for task in &self.tasks {
                alive.insert(task.seen.id, 0);
            }
            for task in &mut self.tasks {
                task.holder = task.holder.filter(|holder| alive.get(*holder).is_some());
            }
        }
    }

    fn line(&self, page: usize, more: bool) -> Vec<u8> {
        let tasks = self.tasks.iter().skip(page * PAGE).take(PAGE);
        Json::object_line(|json| {
            json.field("now", self.now);
            json.array_field("tasks", |json| {
                tasks.for_each(|task| json.object(|json| self.write(json, task)));
            });
            json.field("more", more);
        })
    }

    fn write(&self, json: &mut Json, task: &Task) {
        let seen = &task.seen;
        json.field("id", seen.id);
        json.field("runtime", task.runtime);
        json.field("name", seen.name.as_deref());
        json.field("kind", kind(seen.kind));
        json.field("at", seen.place);
        json.field("state", state(seen.state));
        json.field("since", seen.since_ns);
        json.field("polls", seen.polls);
        json.field("busy_ns", seen.busy_ns);
        json.field("worker", task.worker);
        json.name("waits_for");
        match &seen.waits {
            Some(waits) => json.object(|json| self.write_wait(json, waits, task.holder)),
            None => json.value(None::<u64>),
        }
        json.field("wakes", seen.wakes);
        json.field("self_wakes", seen.self_wakes);
    }

    fn write_wait(&self, json: &mut Json, waits: &WaitSeen, holder: Option<u64>) {
        let wait = waits.wait;
        let mut what = wait.what();
        let mut op = wait.op();
        let (mut object, mut detail, mut fd, mut holder) = (None, None, None, holder);
        match wait {
            Wait::Timer => detail = Some(self.deadline(waits.object)),
            // It may be any of several.
            Wait::Join => holder = Some(waits.object).filter(|task| *task != 0),
            Wait::Readable | Wait::Writable => {
                let number = waits.object as RawFd;
                let description = descriptor::describe(number);
                (what, detail) = (description.what, description.detail);
                fd = Some(waits.object);
            }
            Wait::File => op = OPERATIONS.get(waits.object as usize).copied(),
            Wait::Child => detail = Some(format!("process {}", waits.object)),
            Wait::Signal => detail = Some(format!("signal {}", waits.object)),
            Wait::BlockInPlace | Wait::Yield | Wait::Budget => {}
            _ => object = Some(format!("0x{:x}", waits.object)),
        }
        json.field("what", what);
        json.field("op", op);
        json.field("object", object);
        json.field("fd", fd);
        json.field("detail", detail);
        json.field("several", waits.several);
        json.field("holder", holder);
        let holder = holder.and_then(|holder| self.named.get(holder));
        let name = holder.and_then(|at| self.tasks[at as usize].seen.name.as_deref());
        json.field("holder_name", name);
    }

    /// Returns how far a deadline is away.
    fn deadline(&self, deadline: u64) -> String {
        // In whole milliseconds, rounded: to format a float takes far more code.
        let ms = (deadline.abs_diff(self.now) + 500_000) / 1_000_000;
        let (seconds, ms) = (ms / 1000, ms % 1000);
        match deadline >= self.now {
            true => format!("in {seconds}.{ms:03} s"),
            false => format!("{seconds}.{ms:03} s ago"),
        }
    }
}

fn is_lock(wait: Wait) -> bool {
    matches!(wait, Wait::MutexLock | Wait::RwLockRead | Wait::RwLockWrite)
}

/// Returns the name of a task's kind.
pub(super) fn kind(kind: SeenKind) -> &'static str {
    match kind {
        SeenKind::Task => "task",
        SeenKind::Local => "local",
        SeenKind::Blocking => "blocking",
        SeenKind::BlockOn => "block_on",
    }
}

fn state(state: TaskState) -> &'static str {
    match state {
        TaskState::Idle => "idle",
        TaskState::Queued => "queued",
        TaskState::Running => "running",
    }
}
