//! Waiting on a channel allocates nothing, and sending through one allocates a block now and then
//! at most.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Waker};

use zokio::sync::{broadcast, mpsc, oneshot, watch};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static FREED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as promised to this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: as promised to this function.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

#[test]
fn counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
}

#[test]
fn waiting_allocates_nothing() {
    if cfg!(tsan) {
        // The locks that ThreadSanitizer sees are allocated.
        return;
    }
    let mut cx = Context::from_waker(Waker::noop());
    let (mut oneshot_tx, mut oneshot_rx) = oneshot::channel::<u32>();
    let (mpsc_tx, mut mpsc_rx) = mpsc::channel(1);
    let (unbounded_tx, mut unbounded_rx) = mpsc::unbounded_channel::<u32>();
    let (broadcast_tx, mut broadcast_rx) = broadcast::channel::<u32>(4);
    let (watch_tx, mut watch_rx) = watch::channel(0);
    let count = allocations(|| {
        for _ in 0..10 {
            assert!(oneshot_tx.poll_closed(&mut cx).is_pending());
            assert!(pin!(&mut oneshot_rx).poll(&mut cx).is_pending());
            assert!(pin!(mpsc_rx.recv()).poll(&mut cx).is_pending());
            mpsc_tx.try_send(1).unwrap();
            assert!(pin!(mpsc_tx.send(2)).poll(&mut cx).is_pending());
            assert!(pin!(mpsc_tx.reserve()).poll(&mut cx).is_pending());
            assert!(pin!(mpsc_tx.closed()).poll(&mut cx).is_pending());
            assert_eq!(mpsc_rx.try_recv(), Ok(1));
            assert!(pin!(unbounded_rx.recv()).poll(&mut cx).is_pending());
            assert!(pin!(unbounded_tx.closed()).poll(&mut cx).is_pending());
            assert!(pin!(broadcast_rx.recv()).poll(&mut cx).is_pending());
            assert!(pin!(broadcast_tx.closed()).poll(&mut cx).is_pending());
            assert!(pin!(watch_rx.changed()).poll(&mut cx).is_pending());
            assert!(pin!(watch_tx.closed()).poll(&mut cx).is_pending());
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn a_channel_in_use_goes_round_its_blocks() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    for depth in [1, 10, 31, 32, 33, 100] {
        for number in 0..depth {
            tx.send(number).unwrap();
        }
        let mut pass = || {
            for number in 0..10_000 {
                tx.send(number).unwrap();
                rx.try_recv().unwrap();
            }
        };
        pass();
        assert_eq!(allocations(pass), 0, "with {depth} values on their way");
        while rx.try_recv().is_ok() {}
    }
}

/// Values that were sent after the receiver had gone fill several blocks. While the queue takes them
/// out to drop them, it may use blocks again: it once lost track of the others by that.
#[test]
fn a_channel_frees_the_blocks_that_nobody_received() {
    const VALUES: usize = 300;
    let freed = FREED.get();
    let allocated = allocations(|| {
        let (tx, rx) = mpsc::channel(VALUES);
        let permits = tx.try_reserve_many(VALUES).unwrap();
        drop(rx);
        for permit in permits {
            permit.send(Box::new(1));
        }
        drop(tx);
    });
    assert!(allocated > VALUES);
    assert_eq!(FREED.get() - freed, allocated);
}

#[test]
fn a_oneshot_is_one_allocation() {
    let count = allocations(|| {
        let (tx, mut rx) = oneshot::channel();
        tx.send(1).unwrap();
        rx.try_recv().unwrap();
    });
    assert_eq!(count, 1);
}
