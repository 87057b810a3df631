//! A table of [`DueWord`]s that grows under a lock and is read without one.
//!
//! Words are in pages that are never moved or freed while the table lives. Page `n` holds
//! `FIRST << n` words, so 27 pages serve every `u32` index. A word is 8 bytes: a peak of 100,000
//! timers leaves 1 MB.
#![forbid(unsafe_code)]

use crate::loom::sync::OnceLock;
use crate::timer::due::DueWord;

const FIRST: u32 = 64;
const PAGES: usize = 27;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Words {
    pages: [OnceLock<Box<[DueWord]>>; PAGES],
}

impl Words {
    pub(crate) fn new() -> Self {
        Self {
            pages: [const { OnceLock::new() }; PAGES],
        }
    }

    /// Returns the word at an index, creating it if necessary.
    pub(crate) fn get_or_grow(&self, index: u32) -> &DueWord {
        let (page, offset) = locate(index);
        let words = self.pages[page].get_or_init(|| {
            let len = (FIRST as usize) << page;
            (0..len).map(|_| DueWord::new()).collect()
        });
        &words[offset]
    }

    /// Returns the word at an index for which [`Self::get_or_grow`] was called.
    pub(crate) fn get(&self, index: u32) -> Option<&DueWord> {
        let (page, offset) = locate(index);
        Some(&self.pages[page].get()?[offset])
    }
}

/// Returns the page of an index and the offset in it. Pages start at indices 0, 64, 192, 448:
/// shifted by `FIRST`, at the powers of two.
fn locate(index: u32) -> (usize, usize) {
    let shifted = u64::from(index) + u64::from(FIRST);
    let page = shifted.ilog2() - FIRST.ilog2();
    let start = u64::from(FIRST) << page;
    (page as usize, (shifted - start) as usize)
}

#[cfg(test)]
mod tests {
    use super::{FIRST, PAGES, locate};

    #[test]
    fn indices_fill_the_pages_without_gap_or_overlap() {
        let mut expected = (0, 0);
        for index in 0..100_000 {
            assert_eq!(locate(index), expected);
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(locate(u32::MAX).0 < PAGES);
    }
}
