//! [`AbortHandle`]: the right to cancel a task, without its output.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

use super::header::Header;
use super::id::Id;
use super::raw;

/// The right to cancel a task.
///
/// It keeps neither the future nor the output of the task. Dropping it does nothing to the task.
///
/// # Examples
///
/// ```
/// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let handle = zokio::task::spawn(std::future::pending::<()>());
/// let abort = handle.abort_handle();
/// abort.clone().abort();
/// assert!(handle.await.unwrap_err().is_cancelled());
/// assert!(abort.is_finished());
/// # });
/// ```
pub struct AbortHandle {
    raw: NonNull<Header>,
}

// SAFETY: the handle reaches the state word and the scheduler, which any thread may use, and
// neither the future nor the output.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// # Safety
    ///
    /// The caller passes a reference on.
    pub(super) unsafe fn from_raw(raw: NonNull<Header>) -> Self {
        Self { raw }
    }

    fn header(&self) -> &Header {
        // SAFETY: T1: the handle has a reference.
        unsafe { self.raw.as_ref() }
    }

    /// Requests the cancellation of the task; see
    /// [`JoinHandle::abort`](crate::task::JoinHandle::abort).
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(std::future::pending::<()>());
    /// handle.abort_handle().abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort(&self) {
        // SAFETY: T1: the handle has a reference.
        unsafe { raw::abort(self.raw) };
    }

    /// Returns whether the task is over; see
    /// [`JoinHandle::is_finished`](crate::task::JoinHandle::is_finished).
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(async {});
    /// let abort = handle.abort_handle();
    /// handle.await.unwrap();
    /// assert!(abort.is_finished());
    /// # });
    /// ```
    pub fn is_finished(&self) -> bool {
        self.header().state.load().is_complete()
    }

    /// Returns the id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # zokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let handle = zokio::task::spawn(async {});
    /// assert_eq!(handle.abort_handle().id(), handle.id());
    /// # });
    /// ```
    pub fn id(&self) -> Id {
        self.header().id
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        self.header().state.ref_inc();
        // SAFETY: the reference was just made.
        unsafe { Self::from_raw(self.raw) }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: T1: the handle's reference, released once.
        unsafe { raw::drop_ref(self.raw) };
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish()
    }
}
