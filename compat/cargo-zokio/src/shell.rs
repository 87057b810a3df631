//! Lines on standard error in cargo's style, with its rules for color.

#![forbid(unsafe_code)]

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::error::Error;

const GREEN: &str = "\x1b[1m\x1b[92m";
const CYAN: &str = "\x1b[1m\x1b[96m";
const RED: &str = "\x1b[1m\x1b[91m";
const RESET: &str = "\x1b[0m";

/// Where status lines and errors go.
pub struct Shell {
    colored: bool,
    quiet: bool,
}

impl Shell {
    /// Decides on color as cargo does: `--color`, then `CARGO_TERM_COLOR`, `NO_COLOR`, the terminal.
    pub fn new(choice: Option<&str>, quiet: bool) -> Self {
        let variable = std::env::var("CARGO_TERM_COLOR").ok();
        let colored = match choice.or(variable.as_deref()) {
            Some("always") => true,
            Some("never") => false,
            _ => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::io::stderr().is_terminal()
            }
        };
        Self { colored, quiet }
    }

    /// Prints a status line with a right-aligned verb.
    pub fn status(&self, verb: &str, message: &str) {
        if !self.quiet {
            self.line(GREEN, &format!("{verb:>12}"), message);
        }
    }

    /// Prints a note.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.line(CYAN, "note:", message);
        }
    }

    /// Prints an error and returns its exit status.
    pub fn fail(&self, error: &Error) -> ExitCode {
        if !error.cargo.is_empty() {
            // Standard error is the last resort: a failure to write has no other place to go.
            let _ = std::io::stderr().write_all(error.cargo.as_bytes());
        }
        if !error.message.is_empty() {
            self.line(RED, "error:", &error.message);
        }
        for note in &error.notes {
            self.line(CYAN, "note:", note);
        }
        for help in &error.helps {
            self.line(CYAN, "help:", help);
        }
        ExitCode::from(error.code)
    }

    /// Prints a text to standard output. A reader that has gone, as `head` does, is no error.
    pub fn print(text: &str) {
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    fn line(&self, color: &str, head: &str, message: &str) {
        let line = if self.colored {
            format!("{color}{head}{RESET} {message}\n")
        } else {
            format!("{head} {message}\n")
        };
        // See `fail`: there is no other place to report to.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
