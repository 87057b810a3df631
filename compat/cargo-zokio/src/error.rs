//! Errors, with the text that is printed and the status that the program ends with.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::path::Path;

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// The status that cargo ends with when it fails by itself.
pub const CARGO_FAILED: u8 = 101;

/// An error as the user reads it.
#[derive(Debug)]
pub struct Error {
    /// The sentence behind `error:`; empty if cargo has printed its own.
    pub message: String,
    /// Sentences behind `note:`.
    pub notes: Vec<String>,
    /// Sentences behind `help:`.
    pub helps: Vec<String>,
    /// What cargo wrote to its standard error, printed before the rest.
    pub cargo: String,
    /// The exit status.
    pub code: u8,
}

impl Error {
    /// An error of this program, with cargo's exit status for errors.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            notes: Vec::new(),
            helps: Vec::new(),
            cargo: String::new(),
            code: CARGO_FAILED,
        }
    }

    /// An error that cargo has put into words.
    pub fn cargo(stderr: String, code: u8) -> Self {
        let mut error = Self::new("");
        error.cargo = stderr;
        error.code = code;
        error
    }

    /// An operation on a file that failed.
    pub fn file(verb: &str, path: &Path, cause: impl Display) -> Self {
        Self::new(format!("failed to {verb} `{}`", path.display())).note(cause.to_string())
    }

    /// Adds a line that explains.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a line that tells what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// Replaces a text wherever it stands.
    pub fn replace(mut self, from: &str, to: &str) -> Self {
        let parts = [&mut self.message, &mut self.cargo];
        let parts = parts.into_iter().chain(&mut self.notes);
        for part in parts.chain(&mut self.helps) {
            *part = part.replace(from, to);
        }
        self
    }

    /// Replaces the exit status.
    pub fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }
}
