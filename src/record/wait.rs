//! [`Wait`]: what a task waits for, in the words of the live view.
#![forbid(unsafe_code)]

/// What a leaf returned `Pending` for. Each is reported with a number, its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wait {
    /// The object is the deadline: nanoseconds of CLOCK_MONOTONIC.
    Timer = 1,
    /// The object of locks and channels is an address, the same for all that wait for the same.
    MutexLock,
    RwLockRead,
    RwLockWrite,
    SemaphoreAcquire,
    MpscRecv,
    MpscSend,
    MpscClosed,
    BroadcastRecv,
    BroadcastClosed,
    OneshotRecv,
    OneshotClosed,
    WatchChanged,
    WatchClosed,
    Notified,
    Barrier,
    OnceCellInit,
    SetOnce,
    /// The object is the id of the task that is joined, or zero for any of several.
    Join,
    /// The object is a file descriptor.
    Readable,
    /// The object is a file descriptor.
    Writable,
    /// The object of a pipe in memory is its address.
    DuplexRead,
    DuplexWrite,
    /// The object is the place of the operation in [`OPERATIONS`](super::OPERATIONS).
    File,
    /// The object is the process id.
    Child,
    /// The object is the number of the signal.
    Signal,
    /// The thread is blocked by the task, which has put the worker down.
    BlockInPlace,
    /// The task has only let others run.
    Yield,
    /// The task has spent its budget.
    Budget,
}

/// All, by number from 1 on.
const ALL: [Wait; Wait::Budget as usize] = [
    Wait::Timer,
    Wait::MutexLock,
    Wait::RwLockRead,
    Wait::RwLockWrite,
    Wait::SemaphoreAcquire,
    Wait::MpscRecv,
    Wait::MpscSend,
    Wait::MpscClosed,
    Wait::BroadcastRecv,
    Wait::BroadcastClosed,
    Wait::OneshotRecv,
    Wait::OneshotClosed,
    Wait::WatchChanged,
    Wait::WatchClosed,
    Wait::Notified,
    Wait::Barrier,
    Wait::OnceCellInit,
    Wait::SetOnce,
    Wait::Join,
    Wait::Readable,
    Wait::Writable,
    Wait::DuplexRead,
    Wait::DuplexWrite,
    Wait::File,
    Wait::Child,
    Wait::Signal,
    Wait::BlockInPlace,
    Wait::Yield,
    Wait::Budget,
];

impl Wait {
    pub(super) fn from_number(number: u8) -> Option<Wait> {
        ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Returns whether others may hold what is waited for, by which tasks block each other.
    pub(super) fn is_lock(self) -> bool {
        matches!(
            self,
            Wait::MutexLock | Wait::RwLockRead | Wait::RwLockWrite | Wait::SemaphoreAcquire
        )
    }

    /// Returns what is waited for.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Wait::Timer => "timer",
            Wait::MutexLock => "mutex",
            Wait::RwLockRead | Wait::RwLockWrite => "rwlock",
            Wait::SemaphoreAcquire => "semaphore",
            Wait::MpscRecv | Wait::MpscSend | Wait::MpscClosed => "mpsc",
            Wait::BroadcastRecv | Wait::BroadcastClosed => "broadcast",
            Wait::OneshotRecv | Wait::OneshotClosed => "oneshot",
            Wait::WatchChanged | Wait::WatchClosed => "watch",
            Wait::Notified => "notify",
            Wait::Barrier => "barrier",
            Wait::OnceCellInit | Wait::SetOnce => "once_cell",
            Wait::Join => "join",
            Wait::Readable | Wait::Writable => "fd",
            Wait::DuplexRead | Wait::DuplexWrite => "duplex",
            Wait::File => "file",
            Wait::Child => "child",
            Wait::Signal => "signal",
            Wait::BlockInPlace => "blocking",
            Wait::Yield | Wait::Budget => "yield",
        }
    }

    /// Returns what the task wants to do with it, where there is a choice. That of a file operation is
    /// its name, which the object tells.
    pub(crate) fn op(self) -> Option<&'static str> {
        Some(match self {
            Wait::MutexLock => "lock",
            Wait::RwLockRead | Wait::Readable | Wait::DuplexRead => "read",
            Wait::RwLockWrite | Wait::Writable | Wait::DuplexWrite => "write",
            Wait::SemaphoreAcquire => "acquire",
            Wait::MpscRecv | Wait::BroadcastRecv | Wait::OneshotRecv => "recv",
            Wait::MpscSend => "send",
            Wait::MpscClosed | Wait::BroadcastClosed | Wait::OneshotClosed | Wait::WatchClosed => {
                "closed"
            }
            Wait::WatchChanged => "changed",
            Wait::Budget => "budget",
            Wait::BlockInPlace => "block_in_place",
            Wait::Timer
            | Wait::Notified
            | Wait::Barrier
            | Wait::OnceCellInit
            | Wait::SetOnce
            | Wait::Join
            | Wait::File
            | Wait::Child
            | Wait::Signal
            | Wait::Yield => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Wait};

    #[test]
    fn a_number_is_that_of_its_wait() {
        for (index, wait) in ALL.into_iter().enumerate() {
            assert_eq!(wait as usize, index + 1);
            assert_eq!(Wait::from_number(wait as u8), Some(wait));
        }
        assert_eq!(Wait::from_number(0), None);
        assert_eq!(Wait::from_number(ALL.len() as u8 + 1), None);
    }
}
