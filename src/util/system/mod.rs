//! What each system calls differently: one file for a system, with the same names in all of them. What
//! is the same on every Unix is called where it is needed.
//!
//! - `linux.rs`: Linux. `by_number.rs` has what its C library may lack, or declare with an offset of
//!   32 bits only: musl has no `statx`, `preadv2` and `pwritev2` before 1.2.5.
//! - `apple.rs`: macOS and the other systems of Apple.
//! - `bsd.rs`: FreeBSD and its relatives.
//! - `windows.rs`: Windows, in place of this file, with what the features that are there need.
//!
//! What is the same on several of them has files of its own: `flags_at_creation.rs` and, for Apple,
//! `flags_after_creation.rs`; `abstract_names.rs` and, where there are none,
//! `without_abstract_names.rs`; `errors.rs`.
//!
//! A system has to supply:
//!
//! | name | what |
//! |---|---|
//! | `O_DIRECT`, `O_LARGEFILE`, `O_NOATIME`, `MAP_POPULATE` | flags, zero where there is none |
//! | `COARSE_CLOCK` | the monotonic clock that is cheapest to read |
//! | `pread`, `preadv`, `pwritev`, `openat`, `ftruncate` | the calls, with offsets of 64 bits |
//! | `fdatasync`, `fsync` | the calls that reach the device |
//! | `write_synced` | a write that syncs what it writes, `None` where there is none |
//! | `allocate` | reserves room for a part of a file |
//! | `pipe` | a pipe whose ends do not block |
//! | `socket`, `socket_pair`, `accept` | sockets that do not block, are not inherited and raise no signal |
//! | `peer_credentials` | the process at the other end of a Unix stream |
//! | `abstract_name`, `from_abstract_name` | abstract names of Unix sockets |
//! | `TRANSIENT`, `TOO_MANY_OPEN` | codes of errors that may be over the next time, and those of them that are a limit of descriptors |
//! | `last_signal` | the greatest number of a signal |
//! | `thread_number`, `thread_stack` | the calling thread's number, and where its stack is |
//! | `voluntary_switches` | how often this thread has slept |

use std::io;

#[cfg_attr(not(target_os = "linux"), path = "without_abstract_names.rs")]
mod abstract_names;
#[cfg(all(
    target_os = "linux",
    not(all(target_env = "gnu", target_pointer_width = "64"))
))]
mod by_number;
mod errors;
#[cfg_attr(target_vendor = "apple", path = "flags_after_creation.rs")]
mod flags_at_creation;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "apple.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_vendor = "apple")),
    path = "bsd.rs"
)]
mod picked;

pub(crate) use abstract_names::{abstract_name, from_abstract_name};
#[cfg(all(
    target_os = "linux",
    not(all(target_env = "gnu", target_pointer_width = "64"))
))]
pub(crate) use by_number::{preadv2, pwritev2, statx};
pub(crate) use errors::{TOO_MANY_OPEN, TRANSIENT};
pub(crate) use flags_at_creation::{accept, pipe, socket, socket_pair};
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use libc::{preadv2, pwritev2, statx};
pub(crate) use picked::{
    COARSE_CLOCK, MAP_POPULATE, O_DIRECT, O_LARGEFILE, O_NOATIME, allocate, fdatasync, fsync,
    ftruncate, last_signal, openat, peer_credentials, pread, preadv, pwritev, thread_number,
    thread_stack, voluntary_switches, write_synced,
};

/// A process, its user and its group.
pub(crate) type Credentials = (Option<i32>, u32, u32);

/// Turns the -1 of a system call into its error.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}
