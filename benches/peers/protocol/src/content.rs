//! The bytes of messages and files.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// The length of a request to [`Echo`](crate::Server::Echo) and [`Once`](crate::Server::Once).
pub const REQUEST: usize = 64;

/// The length of the buffers that a stream is sent from and received into.
pub const STREAM: usize = 64 << 10;

/// The length of a datagram.
pub const DATAGRAM: usize = 64;

/// The number of datagrams in a burst. A few bursts fit into the default buffer of a socket.
pub const BURST: u64 = 32;

/// The length of a block, which is what is read and written of files at a time.
pub const BLOCK: usize = 4096;

/// The length of the file that is read. Each word of eight bytes is its own place, little-endian.
pub const FILE: u64 = 64 << 20;

/// The length, in blocks, of the files that are overwritten.
pub const SYNCED_BLOCKS: u64 = 256;

/// The flag that makes reads and writes of a file pass the page cache.
pub const O_DIRECT: i32 = libc::O_DIRECT;

/// Returns the bytes that [`Send`](crate::Server::Send) repeats: each word of eight bytes is its own
/// place.
pub fn stream() -> Vec<u8> {
    (0..STREAM as u64)
        .step_by(8)
        .flat_map(u64::to_le_bytes)
        .collect()
}

/// Returns whether a datagram, which begins with its number, is the last one of a burst.
pub fn ends_burst(datagram: &[u8]) -> bool {
    datagram
        .first_chunk()
        .is_some_and(|number| (u64::from_le_bytes(*number) + 1).is_multiple_of(BURST))
}

/// Random places of blocks of the file.
#[derive(Debug)]
pub struct Places(u64);

impl Places {
    /// Returns the sequence of a task.
    pub fn of(task: usize) -> Places {
        Places((task as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Returns the next place, in bytes.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (FILE / BLOCK as u64) * BLOCK as u64
    }
}

/// Checks that a whole block was read, and from where it was asked for.
///
/// # Errors
///
/// Returns an error if not.
#[inline]
pub fn check_block(block: &[u8], place: u64) -> io::Result<()> {
    let last = place + BLOCK as u64 - 8;
    if block.len() == BLOCK
        && block.starts_with(&place.to_le_bytes())
        && block.ends_with(&last.to_le_bytes())
    {
        return Ok(());
    }
    Err(io::Error::other("the block is not the one asked for"))
}

/// Returns a buffer, and where in it a block begins that is aligned for `O_DIRECT`. The buffer must not
/// grow.
pub fn aligned() -> (Vec<u8>, usize) {
    let buffer = vec![0; 2 * BLOCK];
    let start = buffer.as_ptr().align_offset(BLOCK);
    (buffer, start)
}

/// Makes sure that a file that is overwritten has its length, so that no write allocates.
///
/// # Errors
///
/// Returns an error if it cannot be written.
pub fn ready_file(path: &Path) -> io::Result<()> {
    let length = SYNCED_BLOCKS * BLOCK as u64;
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == length) {
        return Ok(());
    }
    let mut file = File::create(path)?;
    file.write_all(&vec![0; length as usize])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, FILE, Places, aligned, check_block, ends_burst, stream};

    #[test]
    fn a_wrong_block_is_an_error() {
        let file: Vec<u8> = (0..3 * BLOCK as u64)
            .step_by(8)
            .flat_map(u64::to_le_bytes)
            .collect();
        check_block(&file[BLOCK..2 * BLOCK], BLOCK as u64).unwrap();
        assert!(check_block(&file[BLOCK..2 * BLOCK], 0).is_err());
        assert!(check_block(&file[BLOCK..2 * BLOCK - 8], BLOCK as u64).is_err());
    }

    #[test]
    fn places_are_those_of_blocks() {
        let mut places = Places::of(0);
        for _ in 0..1000 {
            let place = places.draw();
            assert!(place < FILE && place.is_multiple_of(BLOCK as u64));
        }
        let (buffer, start) = aligned();
        assert_eq!(buffer[start..].as_ptr().addr() % BLOCK, 0);
        assert_eq!(stream()[8..16], 8_u64.to_le_bytes());
    }

    #[test]
    fn the_last_of_a_burst_is_told() {
        let ends = (0..64_u64).filter(|number| ends_burst(&number.to_le_bytes()));
        assert_eq!(ends.collect::<Vec<_>>(), [31, 63]);
        assert!(!ends_burst(&[31]));
    }
}
