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
/// The number is that of the events in between that were overwritten before they were read.
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
    /// How many had been overwritten before the first answer.
    older: Option<u64>,
    /// How many were recorded until the last answer.
    recorded: u64,
}

impl Record {
    /// Takes an answer of the process, which begins with events that an earlier one had as well.
    ///
    /// # Errors
    ///
    /// Returns an error if an event cannot be read.
    pub fn add(&mut self, recorded: &Recorded) -> Result<()> {
        let mut read: BTreeMap<_, Vec<Event>> = BTreeMap::new();
        let mut count = recorded.lost;
        for value in &recorded.events {
            if let Some(event) = Event::read(value)? {
                let worker = (event.runtime, event.worker);
                read.entry(worker).or_default().push(event);
                count += 1;
            }
        }
        self.older.get_or_insert(recorded.lost);
        // It shrinks when a runtime ends.
        self.recorded = self.recorded.max(count);
        for (worker, events) in read {
            let known = self.workers.entry(worker).or_default();
            let new = known.last().map_or(0, |last| after(&events, last));
            known.extend(events.into_iter().skip(new));
        }
        Ok(())
    }

    /// Returns all events by time, and how many are missing between the first and the last. Those of
    /// one worker stay in the order in which it recorded them.
    #[must_use]
    pub fn finish(self) -> (Vec<Event>, u64) {
        let mut events: Vec<Event> = self.workers.into_values().flatten().collect();
        events.sort_by_key(|event| event.at);
        let known = self.older.unwrap_or(0) + events.len() as u64;
        (events, self.recorded.saturating_sub(known))
    }
}

/// Returns the index of the first event after `last`, or 0 if that is not there. The process converts
/// times for each answer anew, so they differ by some nanoseconds, and whose poll it was may be
/// forgotten.
fn after(events: &[Event], last: &Event) -> usize {
    let distance = |event: &Event| event.at.abs_diff(last.at);
    let same = events.iter().enumerate().filter(|(_, event)| {
        distance(event) < 1_000 && (event.kind, event.task) == (last.kind, last.task)
    });
    let nearest = same.min_by_key(|(_, event)| distance(event));
    nearest.map_or(0, |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Record, Recorded};

    fn add(record: &mut Record, events: &serde_json::Value, lost: u64) {
        let events = events.as_array().unwrap().clone();
        record.add(&Recorded { events, lost }).unwrap();
    }

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
        add(&mut record, &first, 2);
        // The event of 10 has been overwritten, but was read before.
        add(&mut record, &second, 3);
        let (events, lost) = record.finish();
        let times: Vec<u64> = events.iter().map(|event| event.at).collect();
        assert_eq!(times, [10, 15, 20, 25, 30]);
        assert_eq!(lost, 0);
    }

    #[test]
    fn an_event_whose_time_was_converted_anew_is_the_same() {
        let mut record = Record::default();
        add(&mut record, &json!([[5_000, 1, 0, "poll", 1, 0]]), 0);
        let second = json!([[4_999, 1, 0, "poll", 1, 0], [5_300, 1, 0, "end", 1, 0]]);
        add(&mut record, &second, 0);
        let (events, lost) = record.finish();
        let times: Vec<u64> = events.iter().map(|event| event.at).collect();
        assert_eq!((times, lost), (vec![5_000, 5_300], 0));
    }

    #[test]
    fn what_is_overwritten_between_two_answers_is_lost() {
        let mut record = Record::default();
        add(&mut record, &json!([[10, 1, 0, "poll", 1, 0]]), 100);
        // Two were recorded and overwritten since.
        add(&mut record, &json!([[40000, 1, 0, "poll", 1, 0]]), 103);
        let (events, lost) = record.finish();
        assert_eq!((events.len(), lost), (2, 2));
    }
}
