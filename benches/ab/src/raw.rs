//! The system calls that neither `std` nor rustix has a name for, behind safe functions.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::FromRawFd;
use std::time::Duration;

/// The clock of the CPU time of a process.
#[derive(Clone, Copy)]
pub(crate) struct CpuClock(libc::clockid_t);

impl CpuClock {
    /// Returns the clock of a process.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such process.
    pub(crate) fn of(pid: u32) -> io::Result<CpuClock> {
        let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
        let mut clock = 0;
        // SAFETY: the pointer is valid for a write during the call, and is not kept.
        match unsafe { libc::clock_getcpuclockid(pid, &mut clock) } {
            0 => Ok(CpuClock(clock)),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// Returns the CPU time that all threads of the process have used, those included that have
    /// ended.
    ///
    /// # Errors
    ///
    /// Returns an error if the process has ended.
    pub(crate) fn read(self) -> io::Result<Duration> {
        let mut time = MaybeUninit::<libc::timespec>::zeroed();
        // SAFETY: the pointer is valid for a write during the call, and is not kept.
        if unsafe { libc::clock_gettime(self.0, time.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: all-zero bytes, and what the kernel wrote over them, are a valid `timespec`: it
        // consists of integers.
        let time = unsafe { time.assume_init() };
        let seconds = u64::try_from(time.tv_sec).map_err(io::Error::other)?;
        let nanoseconds = u64::try_from(time.tv_nsec).map_err(io::Error::other)?;
        Ok(Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds))
    }
}

/// The first version of the kernel's `perf_event_attr` (`PERF_ATTR_SIZE_VER0`), see
/// perf_event_open(2). The fields that are not named here stay zero.
#[repr(C)]
#[derive(Default)]
struct EventAttributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint: u32,
    config1: u64,
}

const PERF_TYPE_TRACEPOINT: u32 = 2;
const INHERIT: u64 = 1 << 1;
const PERF_FLAG_FD_CLOEXEC: libc::c_ulong = 8;

/// Starts to count how often a thread, and those that it starts later, pass a tracepoint. A read of
/// the file returns the count, in eight bytes.
///
/// # Errors
///
/// Returns an error if the kernel does not let this process count, or if there is no such thread.
pub(crate) fn count_passes(thread: i32, tracepoint: u64) -> io::Result<File> {
    let attributes = EventAttributes {
        kind: PERF_TYPE_TRACEPOINT,
        size: size_of::<EventAttributes>() as u32,
        config: tracepoint,
        flags: INHERIT,
        ..EventAttributes::default()
    };
    let (any_core, no_group) = (-1, -1);
    // SAFETY: the pointer is valid for reads of the size in the structure during the call, and is not
    // kept.
    let descriptor = unsafe {
        libc::syscall(
            libc::SYS_perf_event_open,
            &raw const attributes,
            thread,
            any_core,
            no_group,
            PERF_FLAG_FD_CLOEXEC,
        )
    };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    let descriptor = i32::try_from(descriptor).map_err(io::Error::other)?;
    // SAFETY: the kernel has just returned the descriptor, so that nothing else owns it.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::CpuClock;

    #[test]
    fn the_clock_advances_with_work() {
        let clock = CpuClock::of(std::process::id()).unwrap();
        let start = clock.read().unwrap();
        let mut turns = 0_u64;
        while clock.read().unwrap() - start < Duration::from_micros(100) {
            turns += 1;
        }
        assert!(turns > 0);
        // No process has a number above 2^22.
        assert!(CpuClock::of(1 << 23).is_err());
    }
}
