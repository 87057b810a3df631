//! The buffers of a ring, in models: too few for all sockets.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::loom::sync::Mutex;

/// How many buffers there are.
pub(super) const COUNT: u16 = 1;

/// The size of a buffer.
const SIZE: usize = 2;

/// The buffers that the kernel may take.
pub(super) type Offered = Arc<Mutex<Vec<u16>>>;

pub(super) struct Buffers {
    offered: Offered,
}

/// A buffer with bytes in it.
#[derive(Debug)]
pub(super) struct Received {
    id: u16,
    bytes: Vec<u8>,
}

impl Received {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() == SIZE
    }
}

impl Buffers {
    /// Makes buffers, and offers all of them.
    pub(super) fn new() -> Buffers {
        Buffers {
            offered: Arc::new(Mutex::new((0..COUNT).collect())),
        }
    }

    pub(super) fn offered(&self) -> &Offered {
        &self.offered
    }

    pub(super) fn bytes<'a>(&'a self, received: &'a Received) -> &'a [u8] {
        &received.bytes
    }

    pub(super) fn give_back(&mut self, received: Received) {
        let mut offered = self.offered.lock();
        assert!(!offered.contains(&received.id), "B1: it is ours");
        offered.push(received.id);
    }
}

/// Takes a buffer and fills it from the front of `bytes`, as the kernel does; `None` if there is
/// none.
pub(super) fn fill(offered: &Offered, bytes: &mut Vec<u8>) -> Option<Received> {
    let id = offered.lock().pop()?;
    let rest = bytes.split_off(bytes.len().min(SIZE));
    let bytes = std::mem::replace(bytes, rest);
    Some(Received { id, bytes })
}
