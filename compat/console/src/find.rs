//! Which processes have a socket to attach to.
//!
//! A process that can be looked at has a thread of the name [`THREAD`]. The kernel lists the bound
//! sockets of its network namespace in `/proc/PID/net/unix`, each with its inode, and the descriptors
//! of the process in `/proc/PID/fd`. A socket was bound as `PATH.PID` and then renamed to `PATH`, so that
//! the kernel's list has it under the first name. Of the sockets in both, one that `ZOKIO_MONITOR` names, or whose
//! name is `PID.sock`, is tried first. No socket of any other process is ever connected to.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use crate::client::Client;
use crate::protocol::Hello;

/// The thread that serves the socket.
const THREAD: &str = "zokio-view";

/// A process that can be attached to.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its number here, which in a container is another one.
    pub pid: u32,
    /// Where its socket is.
    pub path: PathBuf,
    /// The first line of a connection.
    pub hello: Hello,
}

/// Attaches to what an argument names: a process by its number, or a socket by its path.
///
/// # Errors
///
/// Returns an error if there is no such process or socket, or if it cannot be attached to.
pub fn attach(argument: &str) -> Result<Client> {
    match argument.parse::<u32>() {
        Ok(pid) => attach_process(pid),
        Err(_) => Client::connect(Path::new(argument)),
    }
}

/// Returns the processes of this user that can be attached to, by number.
///
/// # Errors
///
/// Returns an error if `/proc` cannot be read.
pub fn list() -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for pid in processes()? {
        // A process that ended by now, or that refuses, is not one to attach to.
        if has_thread(pid)
            && let Ok(client) = attach_process(pid)
        {
            found.push(Found {
                pid,
                path: client.path().to_path_buf(),
                hello: client.hello().clone(),
            });
        }
    }
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

fn attach_process(pid: u32) -> Result<Client> {
    if !Path::new(&format!("/proc/{pid}")).exists() {
        bail!("there is no process {pid}");
    }
    let mut problem = None;
    if has_thread(pid) {
        let sockets = sockets_of(pid).map_err(|error| {
            anyhow!("cannot look at process {pid}, which may belong to another user: {error}")
        })?;
        for path in sockets {
            match Client::connect(&path) {
                Ok(client) => return Ok(client),
                Err(error) => problem = problem.or(Some(error)),
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

/// The listening sockets of a process that have a path: first those that are zokio's by their name.
fn sockets_of(pid: u32) -> Result<Vec<PathBuf>> {
    let bound = bound_sockets(pid)?;
    let asked = environment(pid);
    let file_name = format!("{pid}.sock");
    let mut named = Vec::new();
    let mut others = Vec::new();
    for inode in open_sockets(pid)? {
        let Some(bound) = bound.get(&inode) else {
            continue;
        };
        let path = renamed(bound);
        let is_named =
            path.file_name() == Some(OsStr::new(&file_name)) || asked.as_ref() == Some(&path);
        let list = if is_named { &mut named } else { &mut others };
        list.push(seen_from_here(pid, &path));
    }
    named.append(&mut others);
    Ok(named)
}

/// The listening sockets of the process' network that have a path, by inode.
fn bound_sockets(pid: u32) -> Result<HashMap<u64, PathBuf>> {
    let table = fs::read(format!("/proc/{pid}/net/unix"))?;
    Ok(table
        .split(|byte| *byte == b'\n')
        .skip(1)
        .filter_map(listening)
        .collect())
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

    use super::{Path, PathBuf, THREAD, attach, has_thread, listening, renamed, sockets_of};

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
        assert_eq!(sockets.first(), Some(&named));
        assert!(sockets.contains(&other), "{sockets:?}");
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
        let error = attach(&pid.to_string()).unwrap_err().to_string();
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
        let error = attach("4294967295").unwrap_err().to_string();
        assert_eq!(error, "there is no process 4294967295");
    }
}
