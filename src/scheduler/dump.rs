//! Dumps of the tasks of either scheduler: see `task/dumps/mod.rs`.
#![forbid(unsafe_code)]

use super::Handle;
use crate::scheduler::task::DumpRequest;

impl Handle {
    /// Asks all tasks of this runtime where they wait.
    pub(crate) fn request_dump(&self) -> DumpRequest {
        match self {
            Handle::CurrentThread(shared) => DumpRequest::new(&shared.owned),
            Handle::MultiThread(shared) => {
                let request = DumpRequest::new(&shared.owned);
                shared.wake_sleepers();
                request
            }
        }
    }
}
