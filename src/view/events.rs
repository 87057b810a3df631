//! What has happened last: all events that the recorders hold.
#![forbid(unsafe_code)]

use super::json::Json;
use super::viewed::Source;
use crate::record::{Event, EventSeen, OPERATIONS};

/// The events of one line.
const PAGE: usize = 1000;

/// Consecutive events of one worker.
struct Page {
    runtime: u64,
    /// `None` for threads that run no worker.
    worker: Option<usize>,
    events: Vec<EventSeen>,
    /// How many there were before.
    lost: u64,
}

/// Returns the lines of the answer: those of one worker after the other, the oldest event first.
pub(super) fn answer(source: &Source) -> impl Iterator<Item = Vec<u8>> + Send + use<> {
    let mut pages = Vec::new();
    for runtime in &source.runtimes {
        let recorder = runtime.recorder();
        let reading = recorder.read();
        for of_worker in recorder.events(&reading) {
            let mut events = of_worker.events.into_iter();
            let mut lost = of_worker.lost;
            loop {
                let page: Vec<EventSeen> = events.by_ref().take(PAGE).collect();
                if page.is_empty() && lost == 0 {
                    break;
                }
                pages.push(Page {
                    runtime: runtime.id().get(),
                    worker: of_worker.worker,
                    events: page,
                    lost: std::mem::take(&mut lost),
                });
            }
        }
    }
    let count = pages.len();
    let lines = pages.into_iter().enumerate();
    let lines = lines.map(move |(index, page)| page.line(index + 1 < count));
    // Without any event, there is one line all the same.
    let none = (count == 0).then(|| line(&[], 0, false, &|_, _| {}));
    none.into_iter().chain(lines)
}

impl Page {
    fn line(&self, more: bool) -> Vec<u8> {
        let worker = self.worker.map_or(-1, |worker| worker as i64);
        line(&self.events, self.lost, more, &|json, event| {
            json.value(event.at_ns);
            json.value(self.runtime);
            json.value(worker);
            write(json, event);
        })
    }
}

fn line(
    events: &[EventSeen],
    lost: u64,
    more: bool,
    write: &dyn Fn(&mut Json, &EventSeen),
) -> Vec<u8> {
    Json::object_line(|json| {
        json.array_field("events", |json| {
            for event in events {
                json.array(|json| write(json, event));
            }
        });
        json.field("lost", lost);
        json.field("more", more);
    })
}

/// Writes the kind of an event, its task, and what else is known of it.
fn write(json: &mut Json, seen: &EventSeen) {
    let by = seen.by;
    let operation = |number: u8| OPERATIONS.get(usize::from(number)).copied();
    let mut write = |kind: &str, task: Option<u64>, argument: u64| {
        json.value(kind);
        json.value(task);
        json.value(argument);
    };
    match seen.event {
        Event::Poll(task) => write("poll", Some(task), 0),
        Event::End(task) => write("end", Some(task), 0),
        Event::Ready(task) => write("ready", Some(task), 0),
        Event::Cancel(task) => write("cancel", Some(task), 0),
        Event::Wake(task) => write("wake", Some(task), by.unwrap_or(0)),
        Event::Spawn(task) => write("spawn", Some(task), by.unwrap_or(0)),
        Event::Park => write("park", None, 0),
        Event::Unpark => write("unpark", None, 0),
        Event::Steal(count) => write("steal", None, count),
        Event::HandOver => write("hand_over", by, 0),
        Event::Submit(number) => {
            json.value("submit");
            json.value(by);
            json.value(operation(number));
        }
        Event::Complete {
            operation: number,
            latency_ns,
        } => {
            write("complete", None, latency_ns);
            json.value(operation(number));
        }
    }
}
