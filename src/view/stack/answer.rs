//! What is sent of a captured stack, and what is written to a file.
//!
//! The answer has all that is needed to name the functions later, as long as the files that the
//! process has mapped are there: the map of its code is part of it.
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process;

use super::captured::Captured;
use crate::view::json::Json;

impl Captured {
    /// Writes the fields `pid`, `arch`, `registers`, `stack_at`, `stack`, `missing`, `maps` and `exe`
    /// to an object.
    pub(in crate::view) fn fields(&self, json: &mut Json) {
        json.field("pid", process::id());
        json.field("arch", self.architecture);
        json.object_field("registers", |json| {
            for (name, value) in self.registers.named() {
                json.field(name, value);
            }
        });
        json.field("stack_at", self.registers.sp());
        json.field("stack", hexadecimal(&self.bytes));
        json.field("missing", self.missing());
        json.field("maps", maps_of_code());
        json.field("exe", executable());
    }
}

/// Writes an answer, which is one line, to a file that only its owner may read. A file that is there
/// is replaced, and a link is not followed.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub(crate) fn save(path: &Path, answer: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(answer)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes any text");
    }
    text
}

/// Returns the lines of `/proc/self/maps` whose memory can be executed, which is a few of hundreds.
/// Empty if it cannot be read, which leaves the addresses without names.
fn maps_of_code() -> String {
    let maps = fs::read("/proc/self/maps").unwrap_or_default();
    let maps = String::from_utf8_lossy(&maps);
    // "55d0-55e0 r-xp 00001000 08:01 42   /usr/bin/x"
    let is_code = |line: &&str| {
        let access = line.split(' ').nth(1).unwrap_or_default();
        access.as_bytes().get(2) == Some(&b'x')
    };
    let lines: Vec<&str> = maps.lines().filter(is_code).collect();
    lines.join("\n")
}

/// Returns the path of the executable, with " (deleted)" at its end if that is so.
fn executable() -> Option<String> {
    let path = fs::read_link("/proc/self/exe").ok()?;
    Some(path.to_string_lossy().into_owned())
}
