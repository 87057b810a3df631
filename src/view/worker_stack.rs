//! The stack of a worker's thread, with what the worker polls.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::json::Json;
use super::stack;
use super::viewed::Viewed;

/// How long a thread has to answer.
const LIMIT: Duration = Duration::from_millis(200);

/// Returns the line of a worker's stack.
///
/// # Errors
///
/// Returns why there is none.
#[inline(never)]
pub(super) fn line(runtimes: &[Viewed], runtime: u64, worker: usize) -> Result<Vec<u8>, String> {
    let viewed = runtimes.iter().find(|viewed| viewed.id().get() == runtime);
    let viewed = viewed.ok_or("there is no runtime of this id")?;
    let recorder = viewed.recorder();
    let workers = recorder.workers(&recorder.read());
    let before = workers.get(worker);
    let before = before.ok_or("the runtime has no worker of this index")?;
    let thread = before.thread.as_ref();
    let thread = thread.ok_or("no thread runs the worker at this moment")?;
    let captured = stack::capture(thread, LIMIT).map_err(|reason| reason.to_string())?;
    let reading = recorder.read();
    let mut after = recorder.workers(&reading);
    let after = after.swap_remove(worker);
    // In between, the worker may have gone from one task to another.
    let task = after.task.filter(|_| after.polls == before.polls);
    let names = viewed.names(&reading, task.as_slice());
    Ok(Json::line("stack", |json| {
        json.object(|json| {
            json.field("runtime", runtime);
            json.field("worker", worker);
            json.field("tid", thread.tid as u64);
            json.field("task", task);
            json.field("name", names.of(task));
            json.field("at", task.and(after.place));
            json.field("since", task.map(|_| after.since_ns));
            json.field("now", reading.now());
            captured.fields(json);
        });
    }))
}
