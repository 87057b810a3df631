//! The stack of a worker: from the registers and bytes that the program has sent to functions and
//! lines of source.
//!
//! The program itself neither unwinds nor reads debug information. Its answer has the registers of
//! the thread, the bytes above its stack pointer and the map of its code ([`answer`]). Here the files
//! in that map are found ([`image`]), the return addresses ([`unwind`]), and their names ([`names`]).
//! What belongs to the program and what is machinery below it is told apart by [`part`], so that the
//! function that blocks can be shown first: [`blocking`].
#![forbid(unsafe_code)]

mod answer;
mod image;
mod modules;
mod names;
mod part;
mod unwind;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use self::answer::Answer;
use self::modules::Modules;
use self::names::Names;

pub use self::part::Part;

/// One function on a stack, the innermost first.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Frame {
    /// The address in the process: of the next instruction in the innermost frame, and the return
    /// address in the others.
    pub address: u64,
    /// The path of the file that the code is from, or `[vdso]`.
    pub module: Option<String>,
    /// The address as the module's file counts it, for `addr2line -e MODULE OFFSET`; `None` if that
    /// file is not there or no longer the one that was mapped.
    pub offset: Option<u64>,
    /// The name of the function.
    pub symbol: Option<String>,
    /// The path of the source, as the compiler has noted it.
    pub file: Option<String>,
    /// The line in it, from 1.
    pub line: Option<u32>,
    /// Whether the compiler has inlined the function into the next one.
    pub inlined: bool,
    /// Whose code it is.
    pub part: Part,
    /// Whether the frame was found by looking for return addresses, because there is no unwind
    /// information for the one before. It may be the remains of an earlier call.
    pub guessed: bool,
}

/// Resolves an answer to `stack`, which is the object or has it in a field `stack`.
///
/// # Errors
///
/// Returns an error if the answer is not of that form, or of an architecture that is not known.
/// Files that are missing cause no error: their frames have a module and an offset only.
pub fn resolve(answer: &Value) -> Result<Vec<Frame>> {
    let answer = Answer::parse(answer)?;
    let mut modules = Modules::new(&answer);
    let addresses = unwind::unwind(&answer, &mut modules)?;
    let mut names = Names::default();
    let frames = addresses
        .iter()
        .flat_map(|found| names.frames(found, &modules));
    let mut frames: Vec<Frame> = frames.collect();
    part::spread(&mut frames);
    Ok(frames)
}

/// Reads an answer that a program has saved to a file when a worker was stuck.
///
/// # Errors
///
/// Returns an error if the file cannot be read or holds no JSON.
pub fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let mut value: Value =
        serde_json::from_str(&text).with_context(|| format!("{}: no JSON", path.display()))?;
    Ok(match value.get_mut("stack") {
        Some(stack) if stack.is_object() => stack.take(),
        _ => value,
    })
}

/// Returns the place in `frames` of the function that blocks: the innermost one that belongs to the
/// program rather than to the system, the standard library or the runtime.
#[must_use]
pub fn blocking(frames: &[Frame]) -> Option<usize> {
    frames.iter().position(|frame| frame.part == Part::Program)
}

/// Writes the name of the function, or where its code is if that is all that is known.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.symbol, &self.module, self.offset) {
            (Some(symbol), ..) => f.write_str(symbol),
            (None, Some(module), offset) => {
                let name = Path::new(module).file_name();
                let name = name.map_or(module.as_str().into(), |name| name.to_string_lossy());
                match offset {
                    Some(offset) => write!(f, "{name}+{offset:#x}"),
                    None => write!(f, "{:#x} in {name}, which cannot be read", self.address),
                }
            }
            _ => write!(f, "{:#x}", self.address),
        }
    }
}
