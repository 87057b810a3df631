//! A program that runs: how it is started, asked and ended.

#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cores::Cores;

/// How long a program may take for what takes it milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The running program. It is killed when this is dropped before [`end`](Process::end).
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// Where it listens, if it does.
    pub address: Option<SocketAddr>,
}

impl Process {
    /// Starts a program on its cores and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be started or does not become ready.
    pub fn start(command: &mut Command, cores: &Cores) -> Result<Process> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = cores
            .start(command)
            .with_context(|| format!("starting {:?}", command.get_program()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the pipe was asked for")?;
        let mut process = Process {
            child,
            stdin,
            stdout: BufReader::new(stdout),
            address: None,
        };
        let line = process.line(PATIENCE)?;
        process.address = match line.strip_prefix("listening ") {
            Some(address) => Some(address.parse().context("the program's address")?),
            None => None,
        };
        ensure!(
            process.address.is_some() || line == "ready",
            "the program began with `{line}`"
        );
        Ok(process)
    }

    /// Returns its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has a program that makes its own work do so, and returns what it prints.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not answer.
    pub fn work(&mut self, time: Duration) -> Result<String> {
        let stdin = self.stdin.as_mut().context("the program runs")?;
        writeln!(stdin, "{}", time.as_millis()).context("asking the program for work")?;
        self.line(time + PATIENCE)
    }

    /// Ends the program.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not end, or not with success.
    pub fn end(mut self) -> Result<()> {
        self.stdin = None;
        // Its output closes when it ends.
        let rest = self.read(PATIENCE)?;
        ensure!(
            rest.is_empty(),
            "the program printed `{}` in the end",
            rest.trim()
        );
        let status = self.child.wait()?;
        ensure!(status.success(), "the program ended with {status}");
        Ok(())
    }

    fn line(&mut self, limit: Duration) -> Result<String> {
        let line = self.read(limit)?;
        match line.strip_suffix('\n') {
            Some(line) => Ok(line.to_owned()),
            None => bail!("the program has ended with {}", self.child.wait()?),
        }
    }

    /// Reads up to the end of a line, or of the output. Programs write whole lines.
    fn read(&mut self, limit: Duration) -> Result<String> {
        if self.stdout.buffer().is_empty() {
            let timeout = Timespec::try_from(limit).context("the limit is a time")?;
            let mut pipe = [PollFd::new(self.stdout.get_ref(), PollFlags::IN)];
            // A signal that does not end this process is no reason to give up.
            let ready = rustix::io::retry_on_intr(|| poll(&mut pipe, Some(&timeout)))?;
            ensure!(
                ready > 0,
                "the program did not react within {} s",
                limit.as_secs()
            );
        }
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::Process;
    use crate::cores::{Cores, allowed};

    fn start(script: &str) -> anyhow::Result<Process> {
        let cores = Cores {
            program: allowed().unwrap(),
            load: 0,
        };
        Process::start(Command::new("/bin/sh").args(["-c", script]), &cores)
    }

    #[test]
    fn a_program_is_asked_and_ended() {
        let mut process = start("echo ready; while read -r time; do echo $time ms; done").unwrap();
        assert!(process.address.is_none());
        let answer = process.work(Duration::from_millis(20)).unwrap();
        assert_eq!(answer, "20 ms");
        process.end().unwrap();
    }

    #[test]
    fn a_program_that_fails_is_an_error() {
        let message = |script| start(script).err().unwrap().to_string();
        assert!(message("exit 3").contains("exit status: 3"));
        assert!(message("echo hello").contains("`hello`"));
        let address = start("echo listening 127.0.0.1:80; read -r _")
            .unwrap()
            .address;
        assert_eq!(address.unwrap().port(), 80);
        let process = start("echo ready; read -r _; exit 4").unwrap();
        assert!(
            process
                .end()
                .unwrap_err()
                .to_string()
                .contains("exit status: 4")
        );
    }
}
