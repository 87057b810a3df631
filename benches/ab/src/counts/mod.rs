//! `counts`: how many instructions the hot paths take on both runtimes. callgrind counts them: the same
//! number on a busy machine as on an idle one, and no time.
//!
//! Read on in `count.rs`, which says what a figure is, and in `guard.rs`, which compares with what was
//! saved.

#![forbid(unsafe_code)]

mod count;
mod guard;
mod options;
mod paths;
mod valgrind;

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::Verdict;
use crate::build::{Builds, Profile, Side};
use crate::data::Data;
use crate::progress::Progress;

use self::count::Count;
use self::guard::Saved;
use self::options::Action;
pub(crate) use self::options::{Options, parse};
use self::paths::Path;

const PROGRAM: &str = "counts";

/// How often a figure that is shown or saved is taken.
const REPEATS: usize = 3;

/// What a path takes on each side.
struct Row {
    path: &'static Path,
    tokio: Count,
    zokio: Count,
}

/// Does what the options ask for.
///
/// # Errors
///
/// Returns an error if a program cannot be built or fails.
pub(crate) fn run(options: &Options) -> Result<Verdict> {
    let Some(valgrind) = valgrind::version() else {
        return Ok(Verdict::Unknown("valgrind is not installed".into()));
    };
    let sides: &[Side] = match options.action {
        Action::Check => &[Side::Zokio],
        Action::Show | Action::Save => &Side::BOTH,
    };
    let profile = match options.debug {
        true => Profile::Dev,
        false => Profile::Counts,
    };
    let counter = Counter {
        driver: options.driver.clone(),
        builds: Builds::make(&BTreeSet::from([PROGRAM]), sides, profile)?,
        data: Data::make()?,
    };
    let mut verdict = Verdict::Passed;
    for &workers in &options.workers {
        let saved = Saved::find(&valgrind, counter.driver_name(), workers, profile)?;
        match options.action {
            Action::Check => match saved.check(&counter, &options.paths)? {
                Verdict::Passed => {}
                other => verdict = other,
            },
            Action::Show | Action::Save => {
                let rows = counter.rows(&options.paths, workers)?;
                println!("{}", table(&rows, &counter, workers));
                if options.action == Action::Save {
                    saved.save(&rows, &counter.builds.tokio)?;
                }
            }
        }
    }
    Ok(verdict)
}

/// Counts the instructions of paths.
struct Counter {
    builds: Builds,
    /// What zokio is told to use; if nothing, it tries io_uring out when it needs a ring.
    driver: Option<String>,
    data: Data,
}

impl Counter {
    fn driver_name(&self) -> &str {
        self.driver.as_deref().unwrap_or("auto")
    }

    fn rows(&self, paths: &[&'static Path], workers: usize) -> Result<Vec<Row>> {
        let mut progress = Progress::new(paths.len() * 2);
        let mut rows = Vec::new();
        for &path in paths {
            let [tokio, zokio] = Side::BOTH.map(|side| {
                progress.next(&format!("{}, {}", path.name, side.name()));
                self.repeat(side, path, workers)
            });
            rows.push(Row {
                path,
                tokio: tokio?,
                zokio: zokio?,
            });
        }
        progress.clear();
        Ok(rows)
    }

    fn repeat(&self, side: Side, path: &Path, workers: usize) -> Result<Count> {
        let mut count = Count::new(path.times);
        for _ in 0..REPEATS {
            self.once(side, path, workers, &mut count)?;
        }
        Ok(count)
    }

    /// Adds two runs.
    fn once(&self, side: Side, path: &Path, workers: usize, count: &mut Count) -> Result<()> {
        let program = self.builds.program(side, PROGRAM)?;
        let folder = self.data.folder().to_str();
        let folder = folder.context("the name of the target folder")?;
        let run = |times: usize| {
            let [workers, times] = [workers, times].map(|number| number.to_string());
            let args = [&workers, path.name, &times, folder];
            valgrind::count(program, &args, self.driver.as_deref())
                .with_context(|| format!("{} on {}", path.name, side.name()))
        };
        count.add(run(path.times)?, run(2 * path.times)?);
        Ok(())
    }
}

/// The lines for the terminal.
fn table(rows: &[Row], counter: &Counter, workers: usize) -> String {
    let mut text = format!(
        "instructions of a repetition: tokio {}, zokio {} (driver: {}), {}\n",
        counter.builds.tokio,
        env!("CARGO_PKG_VERSION"),
        counter.driver_name(),
        match workers {
            1 => "current-thread".to_owned(),
            workers => format!("{workers} workers"),
        }
    );
    let mut line = |name: &str, tokio: &str, zokio: &str, ratio: &str, about: &str| {
        let line = format!("  {name:<15}{tokio:>15} {zokio:>15} {ratio:>7}   {about}");
        text += &format!("{}\n", line.trim_end());
    };
    line("", "tokio", "zokio", "ratio", "");
    for Row { path, tokio, zokio } in rows {
        let ratio = match (tokio.figure(), zokio.figure()) {
            (Some(tokio), Some(zokio)) if tokio > 0.0 => format!("{:.2}", zokio / tokio),
            _ => "-".to_owned(),
        };
        let [tokio, zokio] = [tokio, zokio].map(Count::to_string);
        line(path.name, &tokio, &zokio, &ratio, path.about);
    }
    let calls = rows.iter().filter_map(|row| row.zokio.unknown_call());
    let calls: BTreeSet<_> = calls.map(|call| call.to_string()).collect();
    if !calls.is_empty() {
        let calls = Vec::from_iter(calls).join(", ");
        text += &format!(
            "  -: this Valgrind does not know the system call {calls}, without which the path is another one\n"
        );
    }
    text
}
