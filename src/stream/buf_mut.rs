//! `ReadBuf` as a buffer of the `bytes` crate.

use bytes::BufMut;
use bytes::buf::UninitSlice;

use super::ReadBuf;

// SAFETY: `chunk_mut` is the unfilled part, whose length is `remaining_mut`, and `advance_mut`
// adds the first bytes of exactly that part to the filled one.
unsafe impl<'a> BufMut for ReadBuf<'a> {
    fn remaining_mut(&self) -> usize {
        self.remaining()
    }

    #[track_caller]
    unsafe fn advance_mut(&mut self, cnt: usize) {
        assert!(
            cnt <= self.remaining(),
            "advance_mut by at most remaining_mut()"
        );
        // SAFETY: the caller of `advance_mut` has initialized the next `cnt` bytes, and they are
        // inside of the buffer (checked above).
        unsafe { self.assume_init(cnt) };
        self.advance(cnt);
    }

    fn chunk_mut(&mut self) -> &mut UninitSlice {
        // SAFETY: what is handed out accepts initialized bytes only. The pointer and the length
        // belong to the slice, which is borrowed from `self` for as long as the result.
        unsafe {
            let room = self.unfilled_mut();
            UninitSlice::from_raw_parts_mut(room.as_mut_ptr().cast(), room.len())
        }
    }
}
