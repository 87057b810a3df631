//! Priority data in an [`Interest`] and a [`Ready`]: not shown on this system, which never reports it.
#![forbid(unsafe_code)]

use super::{Interest, Ready, interest, ready};

impl Interest {
    pub(crate) const PRIORITY: Interest = Interest(interest::PRIORITY);

    pub(crate) const fn is_priority(self) -> bool {
        self.0 & interest::PRIORITY != 0
    }
}

impl Ready {
    pub(crate) const PRIORITY: Ready = Ready(ready::PRIORITY);

    pub(crate) fn is_priority(self) -> bool {
        self.0 & ready::PRIORITY != 0
    }
}
