//! What the benches share: the two schedulers of both runtimes, and how long a bench measures.
//!
//! A bench body is a macro that takes the runtime's crate name, so that both runtimes run the same
//! text. One criterion group holds one question on one scheduler, with a line for each runtime.

#![forbid(unsafe_code)]

use std::time::Duration;

use criterion::Criterion;

/// Criterion with times that suit a bench that runs for two runtimes and two schedulers.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(30)
        .configure_from_args()
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

/// A criterion program that asks `$question`, a macro, of both runtimes on both schedulers.
#[macro_export]
macro_rules! side_by_side {
    ($name:literal, $question:ident) => {
        fn main() {
            let mut criterion = $crate::criterion();
            for scheduler in $crate::SCHEDULERS {
                let mut group = criterion.benchmark_group(format!("{}/{scheduler}", $name));
                {
                    $question!(zokio, group, scheduler);
                }
                {
                    $question!(tokio, group, scheduler);
                }
                group.finish();
            }
            criterion.final_summary();
        }
    };
}
