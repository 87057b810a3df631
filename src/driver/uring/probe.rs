//! Which back-end is available, and why.
//!
//! The question is answered by trying, once per process: set up a ring, ask it for its opcodes, and
//! send one operation through it. A refusal is explained with its likely cause.
//!
//! That needs a thread, and a process that has had more than one pays for it in each call of glibc
//! that may wait. So it is tried when the answer is needed: at once if io_uring is forced or
//! asked about, otherwise by the ring's thread, before it makes its first ring.

use std::fmt;
use std::fs;
use std::io;
use std::sync::Arc;

use io_uring::opcode;

use super::operations::setup;
use crate::driver::backend::{Backend, BackendKind, Choice, from_environment};
use crate::error::Error;
use crate::loom::sync::OnceLock;
use crate::loom::thread::Builder;
use crate::util::thread;

/// Why io_uring is not available.
#[derive(Clone, Debug)]
pub(crate) struct RingRefusal {
    step: &'static str,
    errno: Option<i32>,
    likely: String,
}

impl RingRefusal {
    /// Returns whether a shortage caused the refusal, which this program or another one may end.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self.errno,
            Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EAGAIN)
        )
    }
}

impl fmt::Display for RingRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.errno {
            Some(errno) => &format!("{}: {}", self.step, io::Error::from_raw_os_error(errno)),
            None => self.step,
        };
        write!(f, "{step}; likely cause: {}", self.likely)
    }
}

/// What a driver was built with: the choice, with the environment taken into account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    choice: Choice,
    by: &'static str,
}

/// Decides for `choice`. Tries io_uring out only if it is forced.
pub(crate) fn decide(choice: Choice) -> Result<Decision, Error> {
    let (choice, by) = match choice {
        Choice::Auto => from_environment()?,
        Choice::ForceRing | Choice::ForceThreads => (choice, "asked for by the builder"),
    };
    if choice == Choice::ForceRing {
        probed().map_err(|refusal| {
            Error::resource(
                "use io_uring",
                format!("{refusal} (io_uring was {by})"),
                refusal.errno.map(io::Error::from_raw_os_error),
            )
        })?;
    }
    Ok(Decision { choice, by })
}

impl Decision {
    /// Returns whether operations may go to a ring: `true` also while that was not tried.
    pub(crate) fn allows_ring(self) -> bool {
        match self.choice {
            Choice::ForceRing => true,
            Choice::ForceThreads => false,
            Choice::Auto => !matches!(ANSWER.get(), Some(Err(_))),
        }
    }

    /// Returns the back-end and why it is used. Tries io_uring out if that was not done before.
    pub(crate) fn backend(self) -> Backend {
        let by = self.by.to_owned();
        let (kind, reason) = match self.choice {
            Choice::ForceRing => (BackendKind::Ring, by),
            Choice::ForceThreads => (BackendKind::Threads, by),
            Choice::Auto => match probed() {
                Ok(()) => (BackendKind::Ring, by),
                Err(refusal) => (BackendKind::Threads, format!("no io_uring: {refusal}")),
            },
        };
        Backend { kind, reason }
    }

    /// Like [`backend`](Decision::backend), or `None` if that depends on a trial that was not made.
    pub(crate) fn backend_so_far(self) -> Option<Backend> {
        let is_known = self.choice != Choice::Auto || ANSWER.get().is_some();
        is_known.then(|| self.backend())
    }
}

/// The result of the probe of this process, once it is known and final.
static ANSWER: OnceLock<Result<(), RingRefusal>> = OnceLock::new();

/// Returns the result of the probe of this process.
pub(super) fn probed() -> Result<(), RingRefusal> {
    if let Some(answer) = ANSWER.get() {
        return answer.clone();
    }
    let answer = ask_once(&ANSWER, try_out);
    match &answer {
        Ok(()) => log::debug!("zokio: io_uring is in use"),
        Err(refusal) => log::warn!("zokio: no io_uring, threads carry out operations: {refusal}"),
    }
    answer
}

/// Returns the answer of this process to a question about its rings, which `try_out` finds at the
/// first call. A refusal that a passing shortage caused (no descriptor left, no memory) is not kept:
/// the next call tries again.
pub(in crate::driver) fn ask_once(
    answer: &OnceLock<Result<(), RingRefusal>>,
    try_out: fn() -> Result<(), RingRefusal>,
) -> Result<(), RingRefusal> {
    if let Some(answer) = answer.get() {
        return answer.clone();
    }
    match elsewhere(try_out) {
        Err(refusal) if refusal.may_pass() => Err(refusal),
        found => answer.get_or_init(|| found).clone(),
    }
}

/// Tries a ring out on a thread of its own: when a ring is torn down, the kernel interrupts a
/// system call of the thread that has used it (`io_ring_exit_work` in io_uring/io_uring.c), which
/// must not be one of the user's (I10).
fn elsewhere(try_out: fn() -> Result<(), RingRefusal>) -> Result<(), RingRefusal> {
    let builder = Builder::new().name("zokio-probe".to_owned());
    let answer = Arc::new(OnceLock::new());
    let of_thread = answer.clone();
    let run = move || {
        let _ = of_thread.set(try_out());
    };
    let thread = thread::start(builder, Box::new(run))
        .map_err(|error| refusal("to start a thread", &error))?;
    let ended = thread.join().ok();
    let answer = ended.and_then(|()| answer.get().cloned());
    answer.expect("a trial run does not panic")
}

/// Tries io_uring out, without the cached result.
pub(crate) fn try_out() -> Result<(), RingRefusal> {
    let (mut io, _released) = setup::ring(8).map_err(|error| refusal("io_uring_setup", &error))?;
    let unknown =
        setup::unknown_entry(&io).map_err(|error| refusal("io_uring_register", &error))?;
    if let Some(name) = unknown {
        return Err(too_old(&format!(
            "the kernel's io_uring has no operation `{name}`"
        )));
    }
    let parameters = io.params();
    if !parameters.is_feature_nodrop() || !parameters.is_feature_ext_arg() {
        return Err(too_old("the kernel's io_uring is older than Linux 5.11"));
    }
    let failed = |error: io::Error| refusal("io_uring_enter", &error);
    // SAFETY: the entry points to nothing.
    let pushed = unsafe { io.submission().push(&opcode::Nop::new().build()) };
    pushed.expect("a new queue has room");
    io.submit_and_wait(1).map_err(failed)?;
    match io.completion().next() {
        Some(entry) if entry.result() >= 0 => Ok(()),
        _ => Err(too_old("an operation that does nothing did not succeed")),
    }
}

fn too_old(likely: &str) -> RingRefusal {
    RingRefusal {
        step: "a trial run",
        errno: None,
        likely: likely.to_owned(),
    }
}

/// Explains an error.
pub(in crate::driver) fn refusal(step: &'static str, error: &io::Error) -> RingRefusal {
    let errno = error.raw_os_error();
    let facts = Surroundings::gather();
    RingRefusal {
        step,
        errno,
        likely: facts.likely_cause(errno.unwrap_or(0)),
    }
}

/// What the system reports about itself, to find the likely cause of a refusal.
#[derive(Debug, Default)]
struct Surroundings {
    /// `kernel.io_uring_disabled`.
    disabled: Option<u8>,
    /// Whether a seccomp filter is installed on this process.
    filtered: bool,
    /// `RLIMIT_MEMLOCK` in KiB, where there is a limit.
    memlock_kib: Option<u64>,
}

impl Surroundings {
    fn gather() -> Surroundings {
        // A filter may be installed on some threads only.
        let disabled = fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
        let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        Surroundings {
            disabled: disabled.ok().and_then(|text| text.trim().parse().ok()),
            // proc_pid_status(5): 0 off, 1 strict, 2 filter.
            filtered: value_of(&status, "Seccomp:").is_some_and(|mode| mode != "0"),
            memlock_kib: value_of(&limits, "Max locked memory")
                .and_then(|bytes| bytes.parse::<u64>().ok())
                .map(|bytes| bytes / 1024),
        }
    }

    fn likely_cause(&self, errno: i32) -> String {
        match (errno, self.disabled) {
            // The sysctl explains the refusal even where a filter is installed as well.
            (libc::EPERM, Some(2)) => "the sysctl kernel.io_uring_disabled is 2".to_owned(),
            (libc::EPERM, Some(1)) => {
                "the sysctl kernel.io_uring_disabled is 1 and this process is not privileged"
                    .to_owned()
            }
            (libc::EPERM | libc::ENOSYS | libc::EACCES, _) if self.filtered => {
                "a seccomp filter forbids it, as containers often do".to_owned()
            }
            (libc::EPERM | libc::EACCES, _) => "a security policy forbids it".to_owned(),
            (libc::ENOSYS, _) => "the kernel was built without io_uring".to_owned(),
            (libc::ENOMEM, _) => match self.memlock_kib {
                Some(kib) => format!("the limit on locked memory (RLIMIT_MEMLOCK) is {kib} KiB"),
                None => "the system is out of memory".to_owned(),
            },
            (libc::EMFILE | libc::ENFILE, _) => "no file descriptors are left".to_owned(),
            (libc::EINVAL, _) => "the kernel's io_uring is too old".to_owned(),
            _ => "unknown".to_owned(),
        }
    }
}

/// Returns the first word behind `name` in the first line that begins with it.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix(name) {
            return rest.trim_start().split(' ').next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{BackendKind, Choice, Surroundings, decide, try_out, value_of};
    use crate::driver::conformance::forbidden::{forbid, on_a_thread};

    #[test]
    fn a_value_is_the_first_word_behind_its_name() {
        let limits = "Limit  Soft  Hard\nMax locked memory  8388608  unlimited  bytes\n";
        assert_eq!(value_of(limits, "Max locked memory"), Some("8388608"));
        let status = "NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n";
        assert_eq!(value_of(status, "Seccomp:"), Some("2"));
        assert_eq!(value_of(status, "Speculation:"), None);
    }

    #[test]
    fn the_fallback_is_always_there() {
        let backend = decide(Choice::ForceThreads).unwrap().backend();
        assert_eq!(backend.kind, BackendKind::Threads);
        assert_eq!(backend.reason, "asked for by the builder");
    }

    #[test]
    fn a_forced_ring_is_there_or_explained() {
        match decide(Choice::ForceRing) {
            Ok(decision) => assert_eq!(decision.backend().kind, BackendKind::Ring),
            Err(error) => assert!(error.to_string().contains("likely cause"), "{error}"),
        }
    }

    #[test]
    fn likely_causes() {
        let cause = |facts: Surroundings, errno| facts.likely_cause(errno);
        let disabled = Surroundings {
            disabled: Some(2),
            filtered: true,
            memlock_kib: Some(64),
        };
        assert!(
            disabled
                .likely_cause(libc::EPERM)
                .contains("io_uring_disabled")
        );
        assert!(disabled.likely_cause(libc::ENOSYS).contains("seccomp"));
        assert!(disabled.likely_cause(libc::ENOMEM).contains("64 KiB"));
        assert!(cause(Surroundings::default(), libc::EPERM).contains("policy"));
        assert!(cause(Surroundings::default(), libc::ENOSYS).contains("without io_uring"));
        assert!(cause(Surroundings::default(), libc::EINVAL).contains("too old"));
    }

    #[test]
    fn a_refused_setup_is_explained() {
        for errno in [libc::EPERM, libc::ENOSYS] {
            on_a_thread(|| {
                forbid(libc::SYS_io_uring_setup, errno);
                let refusal = try_out().unwrap_err().to_string();
                assert!(refusal.starts_with("io_uring_setup"), "{refusal}");
                let by_sysctl = refusal.contains("kernel.io_uring_disabled");
                assert!(by_sysctl || refusal.contains("seccomp"), "{refusal}");
            });
        }
    }

    #[test]
    fn a_refused_enter_is_explained() {
        on_a_thread(|| {
            forbid(libc::SYS_io_uring_enter, libc::EACCES);
            let refusal = try_out().unwrap_err().to_string();
            assert!(
                refusal.contains("seccomp") || refusal.contains("sysctl"),
                "{refusal}"
            );
        });
    }

    /// Neither what a ring needs besides itself, for good or for now.
    #[test]
    fn what_a_ring_needs_is_refused() {
        let needed = [
            (libc::SYS_io_uring_register, libc::EPERM, "seccomp"),
            (libc::SYS_pipe2, libc::EMFILE, "no file descriptors"),
            (libc::SYS_pipe2, libc::ENFILE, "no file descriptors"),
        ];
        for (call, errno, likely) in needed {
            on_a_thread(|| {
                forbid(call, errno);
                let refusal = try_out().unwrap_err().to_string();
                let by_sysctl = refusal.contains("kernel.io_uring_disabled");
                assert!(by_sysctl || refusal.contains(likely), "{refusal}");
            });
        }
    }
}
