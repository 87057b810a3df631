//! Extension traits, the futures that their methods return, and adapters over the traits.
//!
//! One future or adapter a file; the `*_ext.rs` files hold the traits and their documentation.
//! Everything public is re-exported by `io/mod.rs`; the futures have no public name.

mod async_buf_read_ext;
mod async_read_ext;
mod async_seek_ext;
mod async_write_ext;
mod chain;
mod fill_buf;
mod flush;
mod lines;
mod read;
mod read_buf;
mod read_exact;
mod read_int;
mod read_line;
mod read_to_end;
mod read_to_string;
mod read_until;
mod seek;
mod shutdown;
mod split;
mod take;
mod write;
mod write_all;
mod write_buf;
mod write_int;
mod write_vectored;

use std::io;

pub use self::async_buf_read_ext::AsyncBufReadExt;
pub use self::async_read_ext::AsyncReadExt;
pub use self::async_seek_ext::AsyncSeekExt;
pub use self::async_write_ext::AsyncWriteExt;
pub use self::chain::Chain;
pub use self::lines::Lines;
pub use self::split::Split;
pub use self::take::Take;

/// The error of a source that ended in the middle of something.
fn early_eof() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "early eof")
}

/// The error of a destination that takes no more bytes.
fn write_zero() -> io::Error {
    io::ErrorKind::WriteZero.into()
}

/// Whether the operation only needs to be tried again.
fn interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
