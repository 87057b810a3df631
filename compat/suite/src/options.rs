//! The command line.

#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};

use crate::archive::Suite;

pub(crate) const USAGE: &str = "\
usage: cargo run -p zokio-suite -- SUITE [options]

SUITE is tokio, hyper, hyper-util, console-subscriber, dial9-tokio-telemetry,
opentelemetry-instrumentation-tokio, tokio-metrics or turmoil.

  --unstable           build with `--cfg tokio_unstable`, and compare with the list for that; a suite
                       that cannot be built without it needs no option
  --driver uring|mio   one back-end only (both, without it)
  --group NAME         only this file of tests; may be given again
  --filter TEXT        only tests whose name contains TEXT
  --feature NAME       build with this feature as well, such as tokio/completion
  --against tokio      run on tokio itself: what this machine can pass
  --target TRIPLE      build for this target; cargo's CARGO_TARGET_*_RUNNER runs the tests
  --plain              a process per test without cargo-nextest
  --jobs N             tests at a time (the number of processors, without it)
  --limit SECONDS      how long one test may take (60, without it)
  --brief              of the table, only the groups that are not complete
  --write-reference    keep the names that pass on tokio as the reference list";

/// Which runtime the tests are built on.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Against {
    /// The drop-in of this repository.
    Zokio,
    /// The published tokio.
    Tokio,
}

/// The parsed command line.
pub(crate) struct Options {
    pub(crate) suite: Suite,
    /// Whether everything is built with `--cfg tokio_unstable`.
    pub(crate) unstable: bool,
    pub(crate) drivers: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) filter: Option<String>,
    /// What the tests are built with beside the features of the suite.
    pub(crate) features: Vec<String>,
    pub(crate) against: Against,
    /// What the tests are built for, unless it is this machine.
    pub(crate) target: Option<String>,
    pub(crate) plain: bool,
    pub(crate) jobs: usize,
    pub(crate) limit_s: u64,
    pub(crate) brief: bool,
    pub(crate) write_reference: bool,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Options> {
        let suite = args.next().context("which suite?")?;
        let suite = Suite::named(&suite).with_context(|| format!("no suite is named `{suite}`"))?;
        let mut options = Options {
            suite,
            unstable: !suite.stable,
            drivers: vec!["uring".to_string(), "mio".to_string()],
            groups: Vec::new(),
            filter: None,
            features: Vec::new(),
            against: Against::Zokio,
            target: None,
            plain: false,
            jobs: std::thread::available_parallelism()?.get(),
            limit_s: 60,
            brief: false,
            write_reference: false,
        };
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .with_context(|| format!("`{arg}` needs a value"))
            };
            match arg.as_str() {
                "--driver" => options.drivers = vec![value()?],
                "--group" => options.groups.push(value()?),
                "--filter" => options.filter = Some(value()?),
                "--feature" => options.features.push(value()?),
                "--target" => options.target = Some(value()?),
                "--against" if value()? == "tokio" => options.against = Against::Tokio,
                "--plain" => options.plain = true,
                "--jobs" => options.jobs = value()?.parse()?,
                "--limit" => options.limit_s = value()?.parse()?,
                "--unstable" => options.unstable = true,
                "--brief" => options.brief = true,
                "--write-reference" => options.write_reference = true,
                _ => bail!("`{arg}` is not an option"),
            }
        }
        if let Some(driver) = options
            .drivers
            .iter()
            .find(|driver| !["uring", "mio"].contains(&driver.as_str()))
        {
            bail!("`{driver}` is not a driver: uring or mio");
        }
        if options.write_reference && options.against != Against::Tokio {
            bail!("a reference list is made with `--against tokio`");
        }
        if options.unstable && options.suite.unstable.is_none() {
            bail!("there is no `--unstable` list of `{}`", suite.name);
        }
        Ok(options)
    }

    /// Returns the name of the suite's lists and folders.
    pub(crate) fn id(&self) -> String {
        match self.unstable && self.suite.stable {
            true => format!("{}-unstable", self.suite.id()),
            false => self.suite.id(),
        }
    }

    /// Returns the suite's features.
    pub(crate) fn suite_features(&self) -> Vec<&'static str> {
        let unstable = self.suite.unstable.filter(|_| self.unstable);
        [self.suite.features, unstable.unwrap_or_default()].concat()
    }

    /// Returns the features that the tests are built with, as cargo takes them.
    pub(crate) fn features(&self) -> String {
        let mut names = self.suite_features();
        names.extend(self.features.iter().map(String::as_str));
        names.join(",")
    }

    /// Returns what tells cargo the target.
    pub(crate) fn target_arguments(&self) -> Vec<&str> {
        let target = self.target.as_deref();
        target.map_or_else(Vec::new, |target| vec!["--target", target])
    }

    /// Returns the program that runs programs for the target, with its arguments, as cargo is told.
    pub(crate) fn runner(&self) -> Vec<String> {
        let target = self.target.as_deref().unwrap_or_default();
        let name = target.to_uppercase().replace('-', "_");
        let runner = std::env::var(format!("CARGO_TARGET_{name}_RUNNER")).unwrap_or_default();
        runner.split_whitespace().map(str::to_string).collect()
    }

    /// Returns whether a test of this group and name is requested.
    pub(crate) fn wants(&self, group: &str, name: &str) -> bool {
        let group = self.groups.is_empty() || self.groups.iter().any(|wanted| wanted == group);
        group && self.filter.as_ref().is_none_or(|text| name.contains(text))
    }
}
