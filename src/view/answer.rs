//! The lines that answer a request.
#![forbid(unsafe_code)]

use std::env;
use std::iter;
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use super::json::Json;
use super::request::Request;
use super::viewed::Source;
use super::{events, places, prometheus, snapshot, tasks, worker_stack};

/// The version of the protocol.
const PROTOCOL: u32 = 1;

/// The lines of one answer, each of which is made when the client is about to get it.
pub(super) type Answer = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// Returns the first line that a client gets.
pub(super) fn greeting(now: u64) -> Vec<u8> {
    let program = env::current_exe().ok();
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    Json::object_line(|json| {
        json.field("zokio", crate::VERSION);
        json.field("protocol", PROTOCOL);
        json.field("pid", process::id());
        json.field(
            "program",
            program.map(|path| path.to_string_lossy().into_owned()),
        );
        json.field("now", now);
        json.field(
            "unix_ns",
            since_epoch.map_or(0, |since| since.as_nanos() as u64),
        );
    })
}

/// Returns the line that reports why a request has no answer.
#[inline(never)]
pub(super) fn error(reason: &str) -> Vec<u8> {
    Json::line("error", |json| json.value(reason))
}

/// Returns the line of a snapshot.
#[inline(never)]
pub(super) fn snapshot(source: &Source) -> Vec<u8> {
    Json::line("snapshot", |json| snapshot::write(json, source))
}

/// Returns the answer to a request.
pub(super) fn to(request: Request, source: &Source) -> Answer {
    match request {
        Request::Snapshot => one(snapshot(source)),
        Request::Metrics => one(metrics(source)),
        // A stream is not answered, but begun and ended.
        Request::Stream { .. } | Request::Stop => Box::new(iter::empty()),
        Request::Tasks => Box::new(tasks::answer(source)),
        Request::Places => one(places::line(source)),
        Request::Events => Box::new(events::answer(source)),
        Request::Stack { runtime, worker } => {
            let line = worker_stack::line(&source.runtimes, runtime, worker);
            one(line.unwrap_or_else(|reason| error(&reason)))
        }
    }
}

fn one(line: Vec<u8>) -> Answer {
    Box::new(iter::once(line))
}

fn metrics(source: &Source) -> Vec<u8> {
    let handles = source.runtimes.iter().map(|runtime| &runtime.handle);
    let text = prometheus::page(handles);
    Json::line("metrics", |json| json.value(text))
}
