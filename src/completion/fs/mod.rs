//! Files by operations with owned buffers.
//!
//! A [`File`] here is read and written at explicit offsets, by any number of operations at a time.
//! [`zokio::fs::File`](crate::fs::File) has a position, reads and writes one piece after the other,
//! and implements the traits of [`io`](crate::io). The [module above](super) compares the two.
//!
//! Bytes that the program does not look at need no buffer: [`File::copy_range_to`],
//! [`File::send_to`] and [`File::receive_from`] move them between files and streams.
#![forbid(unsafe_code)]

mod copies;
mod file;
mod file_operation;
mod futures;
mod open_options;
mod opened;
mod transfer;
mod transfers;

pub use self::file::File;
pub use self::file_operation::FileOperation;
pub use self::futures::{
    ReadAt, ReadExactAt, ReadVectoredAt, WriteAllAt, WriteAt, WriteVectoredAt,
};
pub use self::open_options::OpenOptions;
