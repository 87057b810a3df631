//! `seed`: the figures that zokio was begun with as its goals, one line each. They are absolute, so
//! that they are about the machine as much as about zokio, and nothing is compared with others.

mod figures;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use zokio_ab::{Cores, Data, Machine, allowed, figure};

use crate::build::Builds;
use crate::runtime;

use self::figures::Bench;

/// A figure with its goal.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    value: f64,
    goal: Goal,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    fn is_met(&self) -> bool {
        match self.goal {
            Goal::AtLeast(goal) => self.value >= goal,
            Goal::AtMost(goal) => self.value <= goal,
        }
    }

    fn line(&self) -> String {
        let (sign, goal) = match self.goal {
            Goal::AtLeast(goal) => (">=", goal),
            Goal::AtMost(goal) => ("<=", goal),
        };
        let met = if self.is_met() { "yes" } else { "NO" };
        let (value, goal) = (figure(self.value), figure(goal));
        let (name, unit) = (&self.name, self.unit);
        format!("  {name:<60}{value:>12} {unit:<14}{sign} {goal:<9} {met}")
    }

    fn json(&self) -> Value {
        let (direction, goal) = match self.goal {
            Goal::AtLeast(goal) => ("at least", goal),
            Goal::AtMost(goal) => ("at most", goal),
        };
        json!({
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "goal": goal,
            "direction": direction,
            "met": self.is_met(),
        })
    }
}

/// Measures all figures and prints them. Returns whether the programs were built; goals that are not met
/// are no failure.
///
/// # Errors
///
/// Returns an error if a program fails, or if the file for JSON cannot be written.
pub(crate) fn run(time: Duration, debug: bool, file: Option<&Path>) -> Result<bool> {
    let zokio = runtime::named("zokio")?;
    let builds = Builds::of_packages(&[zokio.package, "peer-seed"], debug)?;
    for (package, error) in &builds.failed {
        println!("NOT BUILT: {package}: {error}");
    }
    if !builds.failed.is_empty() {
        return Ok(false);
    }
    let data = Data::make()?;
    let machine = Machine::find(data.folder())?;
    println!(
        "zokio on {}, {} cores, Linux {}\nfiles of 64 MiB on {}, blocks of 4 KiB; {} s a figure",
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.files_on,
        time.as_secs_f64()
    );
    let allowed = allowed()?;
    let load = allowed.last().copied().unwrap_or(0);
    let cores = Cores {
        program: allowed,
        load,
    };
    cores.pin_the_load()?;
    let bench = Bench {
        builds: &builds,
        folder: data.folder(),
        cores,
        time,
    };
    let mut figures = Vec::new();
    for measure in figures::ALL {
        for figure in measure(&bench)? {
            println!("{}", figure.line());
            figures.push(figure);
        }
    }
    if let Some(path) = file {
        let value = json!({
            "optimized": !debug,
            "kernel": machine.kernel,
            "processor": machine.processor,
            "cores": machine.cores,
            "files_on": machine.files_on,
            "figures": figures.iter().map(Figure::json).collect::<Vec<_>>(),
        });
        let text = format!("{value:#}\n");
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(true)
}
