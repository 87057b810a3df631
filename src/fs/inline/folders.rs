//! Whether it is expected to take microseconds to change a name in a folder.
//!
//! It is on a file system of this machine that was not slow of late. To ask the kernel which one a
//! folder is on takes three system calls, as long as the change itself. So each thread remembers the
//! folder that it has asked for last, for a tenth of a second. If another file system is mounted there
//! in that time, or the working directory changes, a change may take longer than expected.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use crate::fs::inline::calls::coarse_ns;
use crate::fs::inline::paths::{About, about};

/// How long an answer is remembered.
const REMEMBERED: Duration = Duration::from_millis(100);

thread_local! {
    static LAST: RefCell<Option<Folder>> = const { RefCell::new(None) };
}

/// A folder on a file system of this machine.
struct Folder {
    path: Vec<u8>,
    about: About,
    /// The end of the time for which it is remembered, on the coarse clock.
    until: u64,
}

/// Returns whether it is expected to take microseconds to create, rename or remove `path`.
pub(in crate::fs) fn changes_briefly(path: &Path) -> bool {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let brief = LAST.try_with(|last| {
        let mut last = last.borrow_mut();
        let now = coarse_ns();
        let name = folder.as_os_str().as_bytes();
        if let Some(last) = last.as_ref() {
            if now < last.until && last.path == name {
                return last.about.is_brief();
            }
        }
        *last = about(folder).map(|about| Folder {
            path: name.to_owned(),
            about,
            until: now + REMEMBERED.as_nanos() as u64,
        });
        last.as_ref().is_some_and(|last| last.about.is_brief())
    });
    // A thread that ends does not keep operations.
    brief.unwrap_or(false)
}
