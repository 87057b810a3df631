//! What the kernel can tell about a path from memory.
//!
//! Everything here returns `None` where only a call that may wait can tell. First the path is
//! *located*: opened as a mere reference (`O_PATH`), which has no effect on what is there, and only
//! if the way to it is cached. That shows what is there and on which mount. Only then a regular
//! file or directory of a disk of this machine is really opened or asked for its attributes:
//! opening a named pipe waits for its other end, opening a device may do anything, and a network
//! file system asks its server. Every call is timed by a [`Stopwatch`], which refuses it where such
//! calls have waited before: one for each known mount, one for all walks along a path, and one for
//! all mounts that are not known.
#![forbid(unsafe_code)]

use std::ffi::CStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::fs::inline::calls::{self, Facts, Refusal};
use crate::fs::inline::folders::changes_briefly;
use crate::fs::inline::mounts::{self, Place, Reload};
use crate::fs::inline::stopwatch::Stopwatch;
use crate::scheduler::context::with_current;

/// A file that was opened inline.
pub(in crate::fs) struct Opened {
    pub(in crate::fs) file: File,
    pub(in crate::fs) about: About,
}

/// What an open file is and where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) facts: Facts,
    pub(crate) place: Place,
    /// Times the inline calls on it.
    pub(crate) stopwatch: &'static Stopwatch,
}

impl About {
    /// Returns what `file` is; `None` where that is not known. A later call may know.
    pub(crate) fn of(file: &File) -> Option<About> {
        let facts = Stopwatch::of(None).time(|| facts(file)).ok()?;
        if facts.is_stream() {
            // Where a pipe lies tells nothing about it, and most lie nowhere.
            return Some(About::at(facts, Place::Remote));
        }
        Some(About::at(facts, place(&facts)?))
    }

    fn at(facts: Facts, place: Place) -> About {
        About {
            facts,
            place,
            stopwatch: Stopwatch::of(facts.mount),
        }
    }

    /// Returns whether asking for its attributes does not wait.
    pub(crate) fn is_local(&self) -> bool {
        self.place != Place::Remote
    }

    /// Returns whether a write to the page cache is expected to take microseconds.
    pub(crate) fn writes_briefly(&self) -> bool {
        self.is_local() && !self.stopwatch.is_slow()
    }

    /// Returns whether a change of its name or its length is expected to take microseconds. The blocks
    /// of a large file take longer to free.
    pub(crate) fn is_brief(&self) -> bool {
        let is_small = !self.facts.is_regular() || self.facts.size <= BRIEFLY_FREED;
        is_small && self.writes_briefly()
    }
}

/// The largest file that is truncated in microseconds.
const BRIEFLY_FREED: u64 = 1 << 20;

fn facts(file: &impl AsRawFd) -> Result<Facts, Refusal> {
    calls::facts(file).ok_or(Refusal::Unsupported)
}

fn place(facts: &Facts) -> Option<Place> {
    match facts.mount {
        Some(mount) => mounts::place(mount, reload),
        None => Some(Place::Remote),
    }
}

/// Has the current runtime read the table of mounts on a thread that may wait.
fn reload(reload: Reload) {
    // Without a runtime, or after its shutdown, it is dropped, and the next caller gets another.
    let _ = with_current(|handle| {
        let threads = handle.services().driver.completions().threads();
        threads.spawn(Box::new(|| reload.run()))
    });
}

/// Returns the attributes of what is at `path`; of a link itself without `follow`.
pub(in crate::fs) fn metadata(path: &Path, follow: bool) -> Option<io::Result<Metadata>> {
    with_c_str(path, |path| {
        let (found, about) = match locate(path, follow)? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        if !about.is_local() {
            return None;
        }
        let found = File::from(found);
        about.stopwatch.time(|| Ok(found.metadata())).ok()
    })
}

/// Returns whether there is something at `path`.
pub(in crate::fs) fn exists(path: &Path) -> Option<bool> {
    with_c_str(path, |path| match walk(path, true) {
        Ok(_) => Some(true),
        Err(Refusal::Failed(error)) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    })
}

/// Returns the target of the symbolic link at `path`.
pub(in crate::fs) fn read_link(path: &Path) -> Option<PathBuf> {
    with_c_str(path, |path| {
        let (link, about) = locate(path, false)?.ok()?;
        if !about.facts.is_link() || !about.is_local() {
            return None;
        }
        let stopwatch = about.stopwatch;
        // Walking through the link reads it, and does so only if its text is cached.
        let in_memory = about.place == Place::Memory
            || stopwatch
                .time(|| Ok(calls::text_is_in_inode(&link, &about.facts)))
                .ok()?;
        if !in_memory && matches!(walk(path, true), Err(Refusal::Waits | Refusal::Unsupported)) {
            return None;
        }
        let text = stopwatch.time(|| Ok(calls::read_link(&link, c"")));
        text.ok().flatten().map(PathBuf::from)
    })
}

/// Returns the path without links of what is at `path`.
///
/// The kernel knows the name of what is open, and reports it through `/proc/self/fd`
/// (proc_pid_fd(5)). A name that is more than a path, or something else, is not used.
pub(in crate::fs) fn canonicalize(path: &Path) -> Option<io::Result<PathBuf>> {
    with_c_str(path, |path| {
        let (found, about) = match locate(path, true)? {
            Ok(found) => found,
            Err(error) => return Some(Err(error)),
        };
        if !about.is_local() {
            return None;
        }
        let name = format!("/proc/self/fd/{}\0", found.as_raw_fd());
        let name = CStr::from_bytes_with_nul(name.as_bytes()).ok()?;
        let name = about.stopwatch.time(|| Ok(calls::read_link(&found, name)));
        let name = name.ok().flatten()?;
        let is_path =
            name.as_bytes().starts_with(b"/") && !name.as_bytes().ends_with(b" (deleted)");
        is_path.then(|| Ok(PathBuf::from(name)))
    })
}

/// Returns whether it is expected to take microseconds to open `path`, which creates or truncates a
/// file.
pub(in crate::fs) fn creates_briefly(path: &Path) -> bool {
    match with_c_str(path, |path| locate(path, true)) {
        // To open anything else may take without a bound.
        Some(Ok((_, about))) => about.facts.is_regular() && about.is_brief(),
        // A name that was not looked up lately is most likely new.
        Some(Err(_)) | None => changes_briefly(path),
    }
}

/// Returns what is at `path`.
pub(super) fn about(path: &Path) -> Option<About> {
    let (_found, about) = with_c_str(path, |path| locate(path, true)?.ok())?;
    Some(about)
}

/// Opens the regular file or directory at `path`; `flags` as for open(2), none of which creates or
/// truncates. On most file systems opening for writing waits no more than opening for reading does.
pub(in crate::fs) fn open(path: &Path, flags: i32) -> Option<io::Result<Opened>> {
    let opened = open_nonblock(path, flags)?;
    Some(opened.and_then(|opened| {
        if flags & libc::O_NONBLOCK == 0 {
            calls::clear_nonblock(&opened.file, flags)?;
        }
        Ok(opened)
    }))
}

/// Like [`open`], but leaves `O_NONBLOCK` set. It has no meaning for what is opened here.
pub(in crate::fs) fn open_nonblock(path: &Path, flags: i32) -> Option<io::Result<Opened>> {
    with_c_str(path, |path| {
        let about = match locate(path, true)? {
            Ok((_found, about)) => about,
            Err(error) => return Some(Err(error)),
        };
        let facts = about.facts;
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY;
        if writes && about.place == Place::Layers {
            return None;
        }
        if !about.is_local() || !(facts.is_regular() || facts.is_directory()) {
            return None;
        }
        match about.stopwatch.time(|| calls::open(path, flags)) {
            Ok(fd) => Some(Ok(Opened {
                file: fd.into(),
                about,
            })),
            Err(Refusal::Failed(error)) => Some(Err(error)),
            Err(Refusal::Waits | Refusal::Unsupported) => None,
        }
    })
}

/// Opens `path` as a mere reference if the way to it is cached.
fn walk(path: &CStr, follow: bool) -> Result<OwnedFd, Refusal> {
    Stopwatch::of_paths().time(|| calls::locate(path, follow))
}

fn locate(path: &CStr, follow: bool) -> Option<io::Result<(OwnedFd, About)>> {
    let found = Stopwatch::of_paths().time(|| {
        let fd = calls::locate(path, follow)?;
        let facts = facts(&fd)?;
        Ok((fd, facts))
    });
    match found {
        Ok((fd, facts)) => {
            let place = place(&facts)?;
            Some(Ok((fd, About::at(facts, place))))
        }
        Err(Refusal::Failed(error)) => Some(Err(error)),
        Err(Refusal::Waits | Refusal::Unsupported) => None,
    }
}

/// Calls `f` with the path as system calls take it, without allocating; `None` if it is long.
fn with_c_str<T>(path: &Path, f: impl FnOnce(&CStr) -> Option<T>) -> Option<T> {
    f(c_str(path, &mut [0; 512])?)
}

/// Copies the path to `space`, which is zero.
fn c_str<'a>(path: &Path, space: &'a mut [u8; 512]) -> Option<&'a CStr> {
    let bytes = path.as_os_str().as_bytes();
    space.get_mut(..bytes.len())?.copy_from_slice(bytes);
    // A zero byte within the path, or no room for the one behind it: left to the waiting call.
    CStr::from_bytes_with_nul(space.get(..=bytes.len())?).ok()
}
