//! What the `completion_transfers*` tests share: files to transfer from and to.

use std::io;
use std::os::unix::fs::FileExt;

/// A folder on the disk.
pub const DISK: &str = env!("CARGO_TARGET_TMPDIR");

pub fn temporary(place: &str) -> io::Result<std::fs::File> {
    tempfile::tempfile_in(place)
}

pub fn with_content(place: &str, content: &[u8]) -> io::Result<std::fs::File> {
    let file = temporary(place)?;
    file.write_all_at(content, 0)?;
    Ok(file)
}

pub fn content_of(file: &std::fs::File) -> Vec<u8> {
    let mut content = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut content, 0).unwrap();
    content
}
