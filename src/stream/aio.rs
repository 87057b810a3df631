//! Completions of aio(4) in an [`Interest`], which FreeBSD alone reports.
#![forbid(unsafe_code)]

use super::Interest;

impl Interest {
    /// The end of an operation; see [`Aio::new_for_aio`](crate::io::bsd::Aio::new_for_aio), which
    /// asks for it.
    pub const AIO: Interest = Interest(1 << 4);

    /// The end of a list of operations; see
    /// [`Aio::new_for_lio`](crate::io::bsd::Aio::new_for_lio), which asks for it.
    pub const LIO: Interest = Interest(1 << 5);
}
