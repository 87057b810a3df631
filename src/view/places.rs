//! Tasks by the place where they were spawned.
//!
//! How long polls took, and how long tasks waited for them, is what the events tell that the
//! recorders hold: of the last polls of each worker.
#![forbid(unsafe_code)]

use std::collections::BinaryHeap;
use std::panic::Location;
use std::ptr;

use super::durations::Durations;
use super::json::Json;
use super::numbers::Numbers;
use super::tasks::kind;
use super::viewed::{Source, Viewed};
use crate::record::{Event, SeenKind, WorkerEvents};

/// The tasks of one place.
struct Place {
    at: &'static Location<'static>,
    kind: SeenKind,
    alive: u64,
    polls: u64,
    poll_time: Durations,
    schedule_delay: Durations,
}

/// Returns the line of the answer, with the places in the order of their files.
pub(super) fn line(source: &Source) -> Vec<u8> {
    let mut places = Places::default();
    for runtime in &source.runtimes {
        places.add(runtime);
    }
    written(places.places)
}

fn written(places: Vec<Place>) -> Vec<u8> {
    let key = |(index, place): (usize, &Place)| {
        let at = place.at;
        (at.file(), at.line(), at.column(), index)
    };
    // A heap sorts them with a small part of the code that `sort` would bring.
    let order: BinaryHeap<_> = places.iter().enumerate().map(key).collect();
    Json::line("places", |json| {
        json.array(|json| {
            for (.., index) in order.into_sorted_vec() {
                let place = &places[index];
                json.object(|json| {
                    json.field("at", place.at);
                    json.field("kind", kind(place.kind));
                    json.field("alive", place.alive);
                    json.field("polls", place.polls);
                    place.poll_time.write(json, "poll_time");
                    place.schedule_delay.write(json, "schedule_delay");
                });
            }
        });
    })
}

#[derive(Default)]
struct Places {
    places: Vec<Place>,
    /// Where a place is, by the address of its location and the kind of its tasks.
    indices: Numbers,
    /// Where the place of a task is.
    of_tasks: Numbers,
}

impl Places {
    fn add(&mut self, runtime: &Viewed) {
        let recorder = runtime.recorder();
        let reading = recorder.read();
        recorder.tasks(&reading, &mut |task| {
            if let Some(at) = task.place {
                let index = self.index(at, task.kind);
                self.of_tasks.insert(task.id, index as u64);
                self.places[index].alive += 1;
                self.places[index].polls += task.polls;
            }
        });
        let rings = recorder.events(&reading);
        rings.iter().for_each(|ring| self.add_polls(ring));
        self.add_delays(&rings);
    }

    fn index(&mut self, at: &'static Location<'static>, kind: SeenKind) -> usize {
        const { assert!(align_of::<Location<'static>>() > SeenKind::BlockOn as usize) };
        let key = ptr::from_ref(at).addr() as u64 | kind as u64;
        if let Some(index) = self.indices.get(key) {
            return index as usize;
        }
        // The same location may be at several addresses.
        let mut places = self.places.iter();
        let known = places.position(|place| place.at == at && place.kind == kind);
        let index = known.unwrap_or_else(|| {
            self.places.push(Place {
                at,
                kind,
                alive: 0,
                polls: 0,
                poll_time: Durations::default(),
                schedule_delay: Durations::default(),
            });
            self.places.len() - 1
        });
        self.indices.insert(key, index as u64);
        index
    }

    /// Returns the place of a task, if that is known.
    fn of(&mut self, task: u64) -> Option<&mut Place> {
        let index = self.of_tasks.get(task)?;
        Some(&mut self.places[index as usize])
    }

    /// Adds how long polls took: each begins and ends on the same worker.
    fn add_polls(&mut self, ring: &WorkerEvents) {
        let mut begun = Numbers::default();
        for seen in &ring.events {
            match seen.event {
                Event::Poll(task) => {
                    begun.insert(task, seen.at_ns);
                }
                Event::End(task) | Event::Ready(task) => {
                    let begin = begun.remove(task);
                    if let (Some(begin), Some(place)) = (begin, self.of(task)) {
                        place.poll_time.add(seen.at_ns.saturating_sub(begin));
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds how long tasks waited, from the first wake to the poll, which may be of another worker.
    fn add_delays(&mut self, rings: &[WorkerEvents]) {
        // A ring of few events reaches back further than that of the worker which polled the task
        // then, and a wake whose poll has been overwritten must not count up to a later poll.
        let overwritten = rings.iter().filter(|ring| ring.lost > 0);
        let firsts = overwritten.filter_map(|ring| ring.events.first());
        let begin = firsts.map(|first| first.at_ns).max().unwrap_or(0);
        let events = rings.iter().flat_map(|ring| &ring.events).enumerate();
        // Events of one worker may have the same time, and are in their order.
        let events: BinaryHeap<(u64, u64, usize, bool)> = events
            .filter(|(_, seen)| seen.at_ns >= begin)
            .filter_map(|(index, seen)| match seen.event {
                Event::Wake(task) | Event::Spawn(task) => Some((task, seen.at_ns, index, false)),
                Event::Poll(task) => Some((task, seen.at_ns, index, true)),
                _ => None,
            })
            .collect();
        let mut woken = None;
        for (task, at_ns, _, is_poll) in events.into_sorted_vec() {
            let since = woken.filter(|(of, _)| *of == task);
            match (since, is_poll) {
                (Some((_, since)), true) => {
                    woken = None;
                    if let Some(place) = self.of(task) {
                        place.schedule_delay.add(at_ns - since);
                    }
                }
                (None, false) => woken = Some((task, at_ns)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::record::{Event, EventSeen, SeenKind, WorkerEvents};
    use std::panic::Location;

    fn ring(events: &[(u64, Event)]) -> WorkerEvents {
        let seen = |(at_ns, event): &(u64, Event)| EventSeen {
            at_ns: *at_ns,
            event: *event,
            by: None,
        };
        WorkerEvents {
            worker: Some(0),
            events: events.iter().map(seen).collect(),
            lost: 0,
        }
    }

    /// Returns one place, of the task 7.
    fn of_a_task() -> Places {
        let mut places = Places::default();
        let index = places.index(Location::caller(), SeenKind::Task);
        places.of_tasks.insert(7, index as u64);
        places
    }

    /// Returns what is answered of the only place.
    fn the_only(places: Places) -> serde_json::Value {
        let line = super::written(places.places);
        let mut line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        line["places"][0].take()
    }

    #[test]
    fn a_delay_is_that_from_the_first_wake_to_the_poll_on_any_worker() {
        let mut places = of_a_task();
        let one = ring(&[
            (100, Event::End(7)),
            (200, Event::Spawn(7)),
            (300, Event::Wake(9)),
            (1_700, Event::Wake(7)),
            (1_800, Event::Wake(7)),
        ]);
        let other = ring(&[
            (1_300, Event::Poll(7)),
            (1_600, Event::End(7)),
            (5_700, Event::Poll(7)),
            (9_000, Event::Poll(9)),
            (9_500, Event::Ready(7)),
        ]);
        for ring in [&one, &other] {
            places.add_polls(ring);
        }
        places.add_delays(&[one, other]);
        let place = the_only(places);
        // Of 300 ns, and of 3,800 ns.
        assert_eq!(place["poll_time"]["sum_ns"], 4_100);
        // From 200 to 1,300 ns, and from 1,700 to 5,700 ns.
        assert_eq!(place["schedule_delay"]["sum_ns"], 5_100);
        let counts = place["schedule_delay"]["counts"].as_array().unwrap();
        assert_eq!(counts[..3], [0, 1, 1]);
    }

    #[test]
    fn a_wake_in_a_poll_that_has_its_time_waits_for_the_next_poll() {
        let mut places = of_a_task();
        let worker = ring(&[
            (100, Event::Spawn(7)),
            (200, Event::Poll(7)),
            (200, Event::Wake(7)),
            (500, Event::End(7)),
            (500, Event::Poll(7)),
        ]);
        places.add_delays(&[worker]);
        assert_eq!(the_only(places)["schedule_delay"]["sum_ns"], 400);
    }

    #[test]
    fn a_wake_whose_poll_may_be_overwritten_is_no_delay() {
        let mut places = of_a_task();
        let outside = ring(&[(100, Event::Spawn(7)), (8_200, Event::Wake(7))]);
        let mut worker = ring(&[
            (8_000, Event::Poll(7)),
            (8_100, Event::End(7)),
            (8_300, Event::Poll(7)),
        ]);
        worker.lost = 1;
        places.add_delays(&[outside, worker]);
        assert_eq!(the_only(places)["schedule_delay"]["sum_ns"], 100);
    }
}
