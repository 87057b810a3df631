//! What mio is to watch a descriptor for, on a system that reports no priority events.
#![forbid(unsafe_code)]

use crate::stream::Interest;

pub(super) fn to_mio(interest: Interest) -> mio::Interest {
    match (interest.is_readable(), interest.is_writable()) {
        (true, true) => mio::Interest::READABLE | mio::Interest::WRITABLE,
        (false, true) => mio::Interest::WRITABLE,
        // Errors are always reported, but a registration must name something.
        (_, false) => mio::Interest::READABLE,
    }
}
