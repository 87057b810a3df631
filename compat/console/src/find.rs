//! Which processes have a socket to attach to.
//!
//! A process that can be looked at has a thread of the name [`THREAD`]. The kernel lists the bound
//! sockets of its network namespace in `/proc/PID/net/unix`, each with its inode, and the descriptors
//! of the process in `/proc/PID/fd`. A socket was bound as `PATH.PID` and then renamed to `PATH`, so that
//! the kernel's list has it under the first name. Of the sockets in both, those that `ZOKIO_MONITOR` names,
//! whose name is `PID.sock`, or that were renamed, are tried first. No socket of any other process is ever
//! connected to.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Error, Result, anyhow, bail};

use crate::client::{self, Client, NoAnswer};
use crate::protocol::Hello;
use crate::text::{self, end_of, printable};

/// The thread that serves the socket.
const THREAD: &str = "zokio-view";

/// How long a process may take for the first line while the list is made.
pub const LIMIT: Duration = Duration::from_secs(2);

/// How much of the path of a program is shown in a table.
const PROGRAM: usize = 80;

/// A process that can be attached to.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its number here, which in a container is another one.
    pub pid: u32,
    /// Where its socket is.
    pub path: PathBuf,
    /// The path of its program, as it tells or, if it does not answer, as the kernel does.
    pub program: Option<String>,
    /// The first line of a connection, or `None` if the process does not answer.
    pub hello: Option<Hello>,
}

impl Found {
    /// Returns the version of zokio in the process, for a table.
    #[must_use]
    pub fn zokio(&self) -> String {
        let hello = self.hello.as_ref();
        hello.map_or_else(|| "?".to_string(), |hello| printable(&hello.zokio))
    }

    /// Returns the program, for a table.
    #[must_use]
    pub fn program(&self) -> String {
        let program = self.program.as_deref().unwrap_or("?");
        end_of(&printable(program), PROGRAM)
    }

    /// Returns the path of the socket, for a table, with a mark if nothing answers there.
    #[must_use]
    pub fn socket(&self) -> String {
        let path = text::path(&self.path);
        match self.hello {
            Some(_) => path,
            None => format!("{path} (does not answer)"),
        }
    }
}

/// Attaches to what an argument names: a process by its number, or a socket by its path.
///
/// # Errors
///
/// Returns an error if there is no such process or socket, or if it cannot be attached to.
pub fn attach(argument: &OsStr) -> Result<Client> {
    match argument.to_str().map(str::parse::<u32>) {
        Some(Ok(pid)) => attach_process(pid, client::LIMIT),
        _ => Client::connect(Path::new(argument)),
    }
}

/// Returns the processes of this user that can be attached to, by number. They are asked beside each
/// other, since one that is stopped takes until the limit.
///
/// # Errors
///
/// Returns an error if `/proc` cannot be read.
pub fn list() -> Result<Vec<Found>> {
    let mut pids = processes()?;
    pids.retain(|pid| has_thread(*pid));
    pids.sort_unstable();
    Ok(beside(pids, look_at)?.flatten().collect())
}

/// A process that ended by now, or that refuses, is not one to attach to.
fn look_at(pid: u32) -> Option<Found> {
    match attach_process(pid, LIMIT) {
        Ok(client) => Some(Found {
            pid,
            path: client.path().to_path_buf(),
            program: client.hello().program.clone(),
            hello: Some(client.hello().clone()),
        }),
        Err(error) => {
            let silent = error.downcast_ref::<NoAnswer>()?;
            let program = fs::read_link(format!("/proc/{pid}/exe")).ok();
            Some(Found {
                pid,
                path: silent.path.clone(),
                program: program.map(|path| path.to_string_lossy().into_owned()),
                hello: None,
            })
        }
    }
}

/// Calls `look` for all items at the same time, and returns the results in the order of the items.
fn beside<T, R, F>(items: Vec<T>, look: F) -> Result<impl Iterator<Item = R>>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(T) -> R + Copy + Send + 'static,
{
    let threads = items
        .into_iter()
        .map(|item| thread::Builder::new().spawn(move || look(item)))
        .collect::<io::Result<Vec<_>>>()?;
    Ok(threads.into_iter().map(|thread| match thread.join() {
        Ok(result) => result,
        Err(panic) => resume_unwind(panic),
    }))
}

fn attach_process(pid: u32, limit: Duration) -> Result<Client> {
    if !Path::new(&format!("/proc/{pid}")).exists() {
        bail!("there is no process {pid}");
    }
    let mut problem: Option<Error> = None;
    if has_thread(pid) {
        let sockets = sockets_of(pid).map_err(|error| {
            anyhow!("cannot look at process {pid}, which may belong to another user: {error}")
        })?;
        let is_silent = |error: &Error| error.is::<NoAnswer>();
        for paths in [sockets.named, sockets.others] {
            let connect = move |path: PathBuf| Client::connect_within(&path, limit);
            for outcome in beside(paths, connect)? {
                match outcome {
                    Ok(client) => return Ok(client),
                    Err(error) if is_silent(&error) => {
                        problem = problem.filter(is_silent).or(Some(error));
                    }
                    Err(error) => problem = problem.or(Some(error)),
                }
            }
            // It is stopped, and answers nowhere.
            if problem.as_ref().is_some_and(is_silent) {
                break;
            }
        }
    }
    Err(match problem {
        Some(error) => error,
        None => anyhow!(
            "process {pid} has no socket to attach to: start it with ZOKIO_MONITOR=PATH in its \
             environment, or use `Builder::monitor`"
        ),
    })
}

/// Returns whether the process has a live view. A thread that ends while the folder is read can hide
/// others, so there are several looks.
fn has_thread(pid: u32) -> bool {
    (0..4).any(|_| sees_thread(pid))
}

fn sees_thread(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads
        .filter_map(Result::ok)
        .filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok())
        .any(|name| name.trim_end() == THREAD)
}

/// A path of a process, as seen from here: that process may be in a container.
fn seen_from_here(pid: u32, path: &Path) -> PathBuf {
    let absolute = match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(folder) => folder.join(path),
        Err(_) => path.to_path_buf(),
    };
    if absolute.exists() {
        return absolute;
    }
    let mut within = OsString::from(format!("/proc/{pid}/root"));
    within.push(&absolute);
    PathBuf::from(within)
}

/// The name that a socket got after it was bound.
fn renamed(bound: &Path) -> PathBuf {
    let is_number = |text: &OsStr| text.as_bytes().iter().all(u8::is_ascii_digit);
    match bound.extension() {
        Some(pid) if is_number(pid) => bound.with_extension(""),
        _ => bound.to_path_buf(),
    }
}

/// `ZOKIO_MONITOR` of a process, as it was when the process began.
fn environment(pid: u32) -> Option<PathBuf> {
    let variables = fs::read(format!("/proc/{pid}/environ")).ok()?;
    variables
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(b"ZOKIO_MONITOR="))
        .map(|path| PathBuf::from(OsStr::from_bytes(path)))
}

fn processes() -> Result<Vec<u32>> {
    let user = rustix::process::geteuid().as_raw();
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may have ended by now.
        if entry.metadata().is_ok_and(|of| of.uid() == user) {
            pids.push(pid);
        }
    }
    Ok(pids)
}

/// The listening sockets of a process that have a path.
#[derive(Debug, Default)]
struct Sockets {
    /// Those that are zokio's by their name.
    named: Vec<PathBuf>,
    /// All others.
    others: Vec<PathBuf>,
}

fn sockets_of(pid: u32) -> Result<Sockets> {
    let bound = bound_sockets(pid)?;
    let asked = environment(pid);
    let file_name = format!("{pid}.sock");
    let mut sockets = Sockets::default();
    for inode in open_sockets(pid)? {
        let Some(bound) = bound.get(&inode) else {
            continue;
        };
        let path = renamed(bound);
        let is_named = path.file_name() == Some(OsStr::new(&file_name))
            || asked.as_ref() == Some(&path)
            || path != *bound;
        let list = if is_named {
            &mut sockets.named
        } else {
            &mut sockets.others
        };
        list.push(seen_from_here(pid, &path));
    }
    Ok(sockets)
}

/// The listening sockets of the process' network that have a path, by inode.
fn bound_sockets(pid: u32) -> Result<HashMap<u64, PathBuf>> {
    let table = fs::read(format!("/proc/{pid}/net/unix"))?;
    Ok(records(&table).filter_map(listening).collect())
}

/// Splits the kernel's list. A path may contain line feeds, which the kernel writes as they are: a line
/// that does not begin as a record does is part of the path in the one before.
fn records(table: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in table.split(|byte| *byte == b'\n') {
        if begins_record(line) {
            starts.push(at);
        }
        at += line.len() + 1;
    }
    // Each record ends with a line feed of the kernel's.
    let ends = starts.clone().into_iter().skip(1).chain([table.len()]);
    let records = starts.into_iter().zip(ends);
    records.map(|(start, end)| &table[start..end.saturating_sub(1)])
}

/// Returns whether a line begins with `Num: RefCount Protocol Flags Type St`, in hexadecimal digits.
fn begins_record(line: &[u8]) -> bool {
    let mut fields = line.trim_ascii_start().split(|byte| *byte == b' ');
    let number = fields.next().and_then(|field| field.strip_suffix(b":"));
    let is_hex = |field: &[u8]| !field.is_empty() && field.iter().all(u8::is_ascii_hexdigit);
    number.is_some_and(is_hex)
        && [8, 8, 8, 4, 2].iter().all(|length| {
            let field = fields.next();
            field.is_some_and(|field| field.len() == *length && is_hex(field))
        })
}

/// Reads `Num RefCount Protocol Flags Type St Inode Path`. A listening socket has the flag
/// `__SO_ACCEPTCON`, and a path may contain spaces.
fn listening(line: &[u8]) -> Option<(u64, PathBuf)> {
    let mut rest = line;
    let mut fields = Vec::new();
    while fields.len() < 7 {
        let start = rest.iter().position(|byte| *byte != b' ')?;
        rest = &rest[start..];
        let end = rest.iter().position(|byte| *byte == b' ')?;
        fields.push(&rest[..end]);
        rest = &rest[end..];
    }
    let flags = u64::from_str_radix(std::str::from_utf8(fields[3]).ok()?, 16).ok()?;
    let inode = std::str::from_utf8(fields[6]).ok()?.parse().ok()?;
    let path = rest.strip_prefix(b" ")?;
    // An abstract name begins with `@`.
    let named = !path.is_empty() && !path.starts_with(b"@");
    (flags & 0x10000 != 0 && named).then(|| (inode, PathBuf::from(OsStr::from_bytes(path))))
}

/// The inodes of the sockets that a process has open.
fn open_sockets(pid: u32) -> Result<Vec<u64>> {
    let mut inodes = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // A descriptor may be closed by now.
        let Ok(target) = fs::read_link(entry?.path()) else {
            continue;
        };
        let inode: Option<u64> = target
            .to_str()
            .and_then(|name| name.strip_prefix("socket:["))
            .and_then(|name| name.strip_suffix(']'))
            .and_then(|inode| inode.parse().ok());
        inodes.extend(inode);
    }
    Ok(inodes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::{
        OsStr, OsStrExt, Path, PathBuf, THREAD, attach, has_thread, listening, renamed, sockets_of,
    };

    #[test]
    fn only_a_listening_socket_with_a_path_counts() {
        let listens = b"0000000000000000: 00000002 00000000 00010000 0001 01 18531 /tmp/a b.sock";
        assert_eq!(
            listening(listens),
            Some((18531, PathBuf::from("/tmp/a b.sock")))
        );
        let connected = b"0000000000000000: 00000003 00000000 00000000 0001 03 20001 /tmp/a.sock";
        assert_eq!(listening(connected), None);
        let unnamed = b"0000000000000000: 00000003 00000000 00000000 0001 03 20001";
        assert_eq!(listening(unnamed), None);
        let abstract_name = b"0000000000000000: 00000002 00000000 00010000 0001 01 7 @/tmp/x";
        assert_eq!(listening(abstract_name), None);
    }

    #[test]
    fn sockets_of_this_process_are_found_and_the_named_one_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.sock");
        let _other = UnixListener::bind(&other).unwrap();
        let pid = std::process::id();
        let named = folder.path().join(format!("{pid}.sock"));
        let _named = UnixListener::bind(&named).unwrap();
        let sockets = sockets_of(pid).unwrap();
        assert_eq!(sockets.named.first(), Some(&named));
        assert!(sockets.others.contains(&other), "{sockets:?}");
    }

    #[test]
    fn a_socket_is_found_whatever_the_bytes_of_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        let names: [&[u8]; 3] = [b"new\nline.sock", b"\n0: x", b"not-utf-8-\xff.sock"];
        let paths = names.map(|name| folder.path().join(OsStr::from_bytes(name)));
        let _listeners = paths.clone().map(|path| UnixListener::bind(path).unwrap());
        let sockets = sockets_of(pid).unwrap().others;
        for path in paths {
            assert!(sockets.contains(&path), "{path:?} is not in {sockets:?}");
        }
    }

    #[test]
    fn the_number_of_a_process_is_no_part_of_a_name() {
        let name = |bound: &str| renamed(Path::new(bound)).to_string_lossy().into_owned();
        assert_eq!(name("/run/7.sock.7"), "/run/7.sock");
        assert_eq!(name("/run/program.4711"), "/run/program");
        assert_eq!(name("/run/7.sock"), "/run/7.sock");
    }

    #[test]
    fn a_process_is_known_by_its_thread() {
        let pid = std::process::id();
        let error = attach(OsStr::new(&pid.to_string()))
            .unwrap_err()
            .to_string();
        assert!(error.contains("has no socket to attach to"), "{error}");
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new()
            .name(THREAD.to_string())
            .spawn(move || {
                ready.send(()).unwrap();
                receiver.recv().ok();
            })
            .unwrap();
        is_ready.recv().unwrap();
        // The threads of the other tests come and go.
        let begin = std::time::Instant::now();
        while !has_thread(pid) {
            assert!(begin.elapsed().as_secs() < 60);
            std::thread::yield_now();
        }
        drop(sender);
        thread.join().unwrap();
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        let error = attach(OsStr::new("4294967295")).unwrap_err().to_string();
        assert_eq!(error, "there is no process 4294967295");
    }
}
