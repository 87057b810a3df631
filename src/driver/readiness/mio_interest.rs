//! What mio is to watch a descriptor for.
#![forbid(unsafe_code)]

use crate::stream::Interest;

pub(super) fn to_mio(interest: Interest) -> mio::Interest {
    let mut wanted = None;
    let mut want = |set: bool, one: mio::Interest| {
        if set {
            wanted = Some(wanted.map_or(one, |all| all | one));
        }
    };
    want(interest.is_readable(), mio::Interest::READABLE);
    want(interest.is_writable(), mio::Interest::WRITABLE);
    want(interest.is_priority(), mio::Interest::PRIORITY);
    // Errors are always reported, but a registration must name something: the rarest event.
    wanted.unwrap_or(mio::Interest::PRIORITY)
}

#[cfg(test)]
mod tests {
    use super::to_mio;
    use crate::stream::Interest;

    #[test]
    fn an_error_interest_still_names_something() {
        assert!(to_mio(Interest::ERROR).is_priority());
        let both = to_mio(Interest::READABLE | Interest::WRITABLE);
        assert!(both.is_readable() && both.is_writable() && !both.is_priority());
    }
}
