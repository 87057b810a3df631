//! Which cores the program and the load run on.

#![forbid(unsafe_code)]

use std::io;
use std::num::NonZeroU64;
use std::process::{Child, Command};
use std::thread;

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};

use crate::scenario::{Scenario, Work};

/// The division of the cores.
#[derive(Clone, Debug, PartialEq)]
pub struct Cores {
    /// Those of the program.
    pub program: Vec<usize>,
    /// The one of the load.
    pub load: usize,
}

/// Returns the cores that this process may run on.
///
/// # Errors
///
/// Returns an error if the kernel does not tell.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("asking for the cores that may be used")?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .collect())
}

impl Cores {
    /// The load takes the last core. The program takes as many of the others as it has workers, or
    /// what there is; one that makes its own work takes all, since this process only waits then.
    pub(crate) fn choose(allowed: &[usize], workers: usize, scenario: &Scenario) -> Cores {
        let last = allowed.len().saturating_sub(1);
        let load = allowed.get(last).copied().unwrap_or(0);
        let program = match scenario.work {
            Work::Own => allowed,
            _ => &allowed[..workers.min(last.max(1)).min(allowed.len())],
        };
        Cores {
            program: program.to_vec(),
            load,
        }
    }

    /// Binds this thread, which generates the load, to its core, and lets it wake exactly when it
    /// asks to.
    pub fn pin_the_load(&self) -> Result<()> {
        pin(&[self.load])
            .and_then(|()| Ok(set_current_timer_slack(NonZeroU64::new(1))?))
            .context("binding the load to its core")
    }

    /// Starts a program on its cores.
    pub fn start(&self, command: &mut Command) -> io::Result<Child> {
        // A child has the affinity of the thread that starts it, from its first instruction.
        let start = || {
            pin(&self.program)?;
            command.spawn()
        };
        thread::scope(|scope| scope.spawn(start).join()).expect("starting a program does not panic")
    }
}

fn pin(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(test)]
mod tests {
    use super::Cores;
    use crate::scenario::named;

    #[test]
    fn the_load_has_a_core_of_its_own() {
        let choose = |allowed: &[usize], workers, name| {
            let cores = Cores::choose(allowed, workers, named(name).unwrap());
            (cores.program, cores.load)
        };
        assert_eq!(choose(&[0, 1, 2, 3], 2, "echo"), (vec![0, 1], 3));
        assert_eq!(choose(&[4, 6], 2, "echo"), (vec![4], 6));
        assert_eq!(choose(&[0, 1, 2], 8, "proxy-bulk"), (vec![0, 1], 2));
        assert_eq!(choose(&[0, 1, 2], 1, "fsync"), (vec![0, 1, 2], 2));
        // With one core there is nothing to divide.
        assert_eq!(choose(&[5], 1, "echo"), (vec![5], 5));
    }
}
