//! System calls of Linux that a C library may lack, or declare with an offset of 32 bits only: musl
//! has no `statx`, `preadv2` and `pwritev2` before 1.2.5. The C library's own are used where they are
//! sure to be there and to take every offset.

#[cfg(not(all(target_env = "gnu", target_pointer_width = "64")))]
mod by_number;

#[cfg(not(all(target_env = "gnu", target_pointer_width = "64")))]
pub(crate) use by_number::{preadv2, pwritev2, statx};
#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
pub(crate) use libc::{preadv2, pwritev2, statx};
