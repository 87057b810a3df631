//! Registrations that are no descriptors: operations whose completion kqueue reports.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::Ordering;

use super::registration::Registration;
use super::registry::{Registry, token};
use super::slot::HeldSlot;

/// No descriptor, so that the end of the registration deregisters none.
const NONE: RawFd = -1;

impl Registry {
    /// Starts watching what `register` registers with the kqueue that it is passed, by the token that
    /// it is passed. Its events show it readable (`of_mio` in `driver/poller.rs`). Those that come
    /// after the end of the registration change nothing (R3).
    ///
    /// # Errors
    ///
    /// Returns [`shutdown_error`](crate::driver::shutdown_error) once the driver is shut down.
    pub(crate) fn register_by(
        &self,
        register: impl FnOnce(RawFd, usize),
    ) -> io::Result<Registration> {
        let shared = &self.shared;
        let index = shared.slots.acquire()?;
        let slot = HeldSlot::new(shared.clone(), |shared| shared.slots.slot(index))
            .expect("an acquired index has a slot");
        register(
            shared.mio.as_raw_fd(),
            token(index, slot.word().generation()).0,
        );
        shared.registered.fetch_add(1, Ordering::Relaxed);
        Ok(Registration::new(slot, index, NONE))
    }
}
