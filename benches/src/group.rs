//! The rows of one question on one scheduler.

use std::time::Duration;

use crate::{Asker, Question, pairs};

/// Rows that belong together. A row's name ends in its runtime: `read/zokio`, `read/tokio`.
pub struct Group<'a> {
    name: String,
    rows: Vec<(String, Question<'a>)>,
}

/// What a row's body is given: it says how many rounds are wanted and takes their time.
pub struct Bencher {
    rounds: u64,
    elapsed: Option<Duration>,
}

impl Bencher {
    /// Runs `rounds`, which gets the number of rounds and returns the time they took.
    pub fn iter_custom(&mut self, mut rounds: impl FnMut(u64) -> Duration) {
        self.elapsed = Some(rounds(self.rounds));
    }
}

impl<'a> Group<'a> {
    /// A group without rows.
    pub fn new(name: String) -> Group<'a> {
        Group {
            name,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn bench_function(
        &mut self,
        name: impl Into<String>,
        mut body: impl FnMut(&mut Bencher) + 'a,
    ) {
        let question = move |rounds| {
            let mut bencher = Bencher {
                rounds,
                elapsed: None,
            };
            body(&mut bencher);
            bencher.elapsed.expect("a row's body takes its time")
        };
        self.rows.push((name.into(), Box::new(question)));
    }

    /// Asks every row.
    pub fn ask(self, asker: &mut Asker) {
        match asker {
            Asker::Criterion(criterion) => {
                let mut group = criterion.benchmark_group(self.name);
                for (name, mut question) in self.rows {
                    group.bench_function(name, |bencher| bencher.iter_custom(&mut question));
                }
                group.finish();
            }
            Asker::Pairs(part) => self.ask_in_turns(part),
        }
    }

    fn ask_in_turns(self, part: &str) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for (name, question) in self.rows {
            match name.strip_suffix("zokio") {
                Some(row) => ours.push((row.trim_end_matches('/').to_owned(), question)),
                None => theirs.push(question),
            }
        }
        assert_eq!(ours.len(), theirs.len(), "both runtimes run the same text");
        println!("{}: {}", self.name, pairs::HEADING);
        for ((row, mut ours), mut theirs) in ours.into_iter().zip(theirs) {
            if format!("{}/{row}", self.name).contains(part) {
                println!("{row:35} {}", pairs::compare(&mut ours, &mut theirs));
            }
        }
    }
}
