//! `SIGINFO`, which Linux does not have.
#![forbid(unsafe_code)]

use super::unix::SignalKind;

impl SignalKind {
    /// `SIGINFO`: the user asks at the terminal for the program's state. Ignored by default.
    pub const fn info() -> SignalKind {
        SignalKind::from_raw(libc::SIGINFO)
    }
}
