//! Recording over a time: the recorders of a process reach back only so far, so that they are read
//! again and again, and what was read before is left out.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Event;
use crate::client::{Client, Recorded};

/// How often the recorders are read. One holds thousands of events.
const EVERY: Duration = Duration::from_millis(250);

/// Returns what the recorders hold now and, with `duration`, what they record in that time, by time.
/// The number is that of events known to be lost.
///
/// # Errors
///
/// Returns an error if the process does not answer.
pub fn record(client: &mut Client, duration: Option<Duration>) -> Result<(Vec<Event>, u64)> {
    let mut record = Record::default();
    record.add(&client.events()?)?;
    let end = Instant::now() + duration.unwrap_or_default();
    loop {
        let rest = end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return Ok(record.finish());
        }
        thread::sleep(rest.min(EVERY));
        record.add(&client.events()?)?;
    }
}

/// Events by runtime and worker, each in order.
#[derive(Debug, Default)]
pub struct Record {
    workers: BTreeMap<(u64, Option<u64>), Vec<Event>>,
    lost: u64,
}

impl Record {
    /// Takes an answer of the process, which begins with events that an earlier one had as well.
    ///
    /// # Errors
    ///
    /// Returns an error if an event cannot be read.
    pub fn add(&mut self, recorded: &Recorded) -> Result<()> {
        let mut read: BTreeMap<_, Vec<Event>> = BTreeMap::new();
        for value in &recorded.events {
            if let Some(event) = Event::read(value)? {
                let worker = (event.runtime, event.worker);
                read.entry(worker).or_default().push(event);
            }
        }
        self.lost = self.lost.max(recorded.lost);
        for (worker, events) in read {
            let known = self.workers.entry(worker).or_default();
            let new = match known.last() {
                Some(last) => events
                    .iter()
                    .rposition(|event| event == last)
                    .map_or(0, |at| at + 1),
                None => 0,
            };
            known.extend(events.into_iter().skip(new));
        }
        Ok(())
    }

    /// Returns all events by time. Those of one worker stay in the order in which it recorded them.
    #[must_use]
    pub fn finish(self) -> (Vec<Event>, u64) {
        let mut events: Vec<Event> = self.workers.into_values().flatten().collect();
        events.sort_by_key(|event| event.at);
        (events, self.lost)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Record, Recorded};

    #[test]
    fn what_two_answers_share_is_there_once() {
        let mut record = Record::default();
        let first = json!([
            [10, 1, 0, "poll", 1, 0],
            [20, 1, 0, "end", 1, 0],
            [15, 1, 1, "park", null, 0]
        ]);
        let second = json!([
            [20, 1, 0, "end", 1, 0],
            [30, 1, 0, "poll", 1, 0],
            [15, 1, 1, "park", null, 0],
            [25, 1, 1, "unpark", null, 0]
        ]);
        for answer in [first, second] {
            let events = answer.as_array().unwrap().clone();
            record.add(&Recorded { events, lost: 2 }).unwrap();
        }
        let (events, lost) = record.finish();
        let times: Vec<u64> = events.iter().map(|event| event.at).collect();
        assert_eq!(times, [10, 15, 20, 25, 30]);
        assert_eq!(lost, 2);
    }
}
