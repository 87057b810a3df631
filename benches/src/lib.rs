//! What the benches share: the two schedulers of both runtimes, and how a question is asked.
//!
//! A bench body is a macro that takes the runtime's crate name, so that both runtimes run the same
//! text; it adds its rows to a [`Group`]. `cargo bench` asks criterion for each runtime's figures.
//! `cargo bench -- pairs [PART OF A ROW'S NAME]` lets the runtimes take turns instead and prints
//! the ratio turn by turn, which a machine that changes its speed does not disturb ([`pairs`]).

#![forbid(unsafe_code)]

use std::time::Duration;

use criterion::Criterion;

mod group;
pub mod pairs;

pub use group::{Bencher, Group};

/// The time that so many rounds take.
pub type Question<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// How the questions are asked.
pub enum Asker {
    /// Each runtime by itself, with criterion's statistics.
    Criterion(Box<Criterion>),
    /// Both runtimes in turn; the rows whose names contain this.
    Pairs(String),
}

impl Asker {
    /// What the command line asks for.
    pub fn from_args() -> Asker {
        let mut words = std::env::args()
            .skip(1)
            .filter(|word| !word.starts_with('-'));
        if words.next().as_deref() == Some("pairs") {
            return Asker::Pairs(words.next().unwrap_or_default());
        }
        let criterion = Criterion::default()
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2))
            .sample_size(30)
            .configure_from_args();
        Asker::Criterion(Box::new(criterion))
    }

    /// After the last group.
    pub fn finish(self) {
        if let Asker::Criterion(criterion) = self {
            criterion.final_summary();
        }
    }
}

/// The schedulers that every question is asked of.
pub const SCHEDULERS: [&str; 2] = ["current_thread", "two_workers"];

/// Builds a runtime of the crate `$runtime` with the scheduler that `$scheduler` names.
#[macro_export]
macro_rules! runtime {
    ($runtime:ident, $scheduler:expr) => {{
        let mut builder = match $scheduler {
            "current_thread" => $runtime::runtime::Builder::new_current_thread(),
            _ => {
                let mut builder = $runtime::runtime::Builder::new_multi_thread();
                builder.worker_threads(2);
                builder
            }
        };
        builder
            .enable_all()
            .build()
            .expect("a runtime can be built here")
    }};
}

/// A program that asks `$question`, a macro, of both runtimes on both schedulers.
#[macro_export]
macro_rules! side_by_side {
    ($name:literal, $question:ident) => {
        fn main() {
            let mut asker = $crate::Asker::from_args();
            for scheduler in $crate::SCHEDULERS {
                let mut group = $crate::Group::new(format!("{}/{scheduler}", $name));
                {
                    $question!(zokio, group, scheduler);
                }
                {
                    $question!(tokio, group, scheduler);
                }
                group.ask(&mut asker);
            }
            asker.finish();
        }
    };
}
