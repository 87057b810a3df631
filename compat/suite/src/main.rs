//! Runs the test suite of a published archive on the drop-in and compares it, name by name, with
//! the list of what passes on tokio itself.
//!
//! This file owns the order of the steps: fetch the archive, lay out a package that holds its tests
//! unchanged, compile, run under each back-end, report. The archives that are known are in
//! `archive.rs`.

#![forbid(unsafe_code)]

mod archive;
mod cargo;
mod compile;
mod expect;
mod nextest;
mod options;
mod package;
mod plain;
mod report;
mod run;

use std::process::ExitCode;

use anyhow::Result;

use self::archive::Archive;
use self::expect::Expectations;
use self::options::{Against, Options};
use self::package::Package;
use self::run::Run;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match judge(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs one suite and prints the report; returns `true` when nothing is worse than expected.
fn judge(options: &Options) -> Result<bool> {
    let archive = Archive::fetch(options.suite)?;
    let package = Package::lay_out(&archive, options)?;
    package.check_the_tokio_in_force()?;
    let compiled = compile::compile(&package, options)?;
    let expectations = Expectations::load(options)?;
    let drivers: &[Option<&str>] = match options.against {
        Against::Tokio => &[None],
        Against::Zokio => &options
            .drivers
            .iter()
            .map(|driver| Some(driver.as_str()))
            .collect::<Vec<_>>(),
    };
    let mut runs: Vec<Run> = Vec::new();
    for driver in drivers {
        runs.push(run::run(
            &package,
            &compiled,
            &expectations,
            *driver,
            options,
        )?);
    }
    if options.write_reference {
        return expect::write_reference(options, &compiled, &runs).map(|()| true);
    }
    Ok(report::report(options, &compiled, &expectations, &runs))
}
