//! The time of creation, which Windows can set.
#![forbid(unsafe_code)]

use std::os::windows::fs::FileTimesExt;
use std::time::SystemTime;

use super::FileTimes;

impl FileTimes {
    /// Sets the time of the creation.
    pub fn set_created(self, t: SystemTime) -> Self {
        FileTimes(self.0.set_created(t))
    }
}
