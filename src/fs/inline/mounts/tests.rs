//! When a reload is handed out, and what is known before and after it.

use std::cell::RefCell;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use super::{Mounts, Place, Reload, Watched, place};
use crate::fs::inline::calls::{coarse_ns, facts};
use crate::loom::unmodeled::sync::Mutex;

thread_local! {
    static HANDED_OUT: RefCell<Vec<Reload>> = const { RefCell::new(Vec::new()) };
}

fn hold(reload: Reload) {
    HANDED_OUT.with_borrow_mut(|held| held.push(reload));
}

fn held() -> usize {
    HANDED_OUT.with_borrow(Vec::len)
}

fn run_all() {
    for reload in HANDED_OUT.take() {
        reload.run();
    }
}

/// Creates separate tables. They stay to the end of the process, as the product's own do, where a
/// search for leaks finds them.
fn mounts() -> &'static Mounts {
    static ALL: Mutex<Vec<&'static Mounts>> = Mutex::new(Vec::new());
    let mounts = Box::leak(Box::new(Mounts::new()));
    ALL.lock().push(mounts);
    mounts
}

/// Asks as [`place`] does.
fn is_valid(mounts: &'static Mounts) -> bool {
    let now = coarse_ns();
    now < mounts.valid_until.load(Ordering::Acquire) || mounts.check(now, hold)
}

#[test]
fn asking_reads_nothing_and_hands_out_one_reload() {
    let mounts = mounts();
    let mut seen = (0, Arc::default());
    for _ in 0..100 {
        assert!(!is_valid(mounts));
        assert_eq!(held(), 1);
    }
    assert_eq!(mounts.generation.load(Ordering::Relaxed), 0);
    run_all();
    assert!(mounts.update(&mut seen));
    assert_eq!(seen.0, 1);
    // Mounts of this machine may change at any time, but then it is handed out again.
    assert!(is_valid(mounts) || held() == 1);
}

#[test]
fn a_reload_that_is_dropped_is_handed_out_again() {
    let mounts = mounts();
    for _ in 0..3 {
        assert!(!is_valid(mounts));
        assert_eq!(held(), 1);
        drop(HANDED_OUT.take());
    }
}

#[test]
fn a_table_of_another_process_is_read_again() {
    let mounts = mounts();
    *mounts.watched.lock() = Some(Watched {
        table: None,
        process: 0,
    });
    mounts.reloading.store(1, Ordering::Relaxed);
    assert!(!is_valid(mounts));
    // The thread that ran it in the parent does not exist in the child.
    assert_eq!(held(), 1);
}

#[test]
fn without_a_table_there_is_no_reason_to_read_it_again() {
    let mounts = mounts();
    *mounts.watched.lock() = Some(Watched {
        table: None,
        process: std::process::id(),
    });
    for _ in 0..10 {
        assert!(is_valid(mounts));
        assert_eq!(held(), 0);
    }
}

#[test]
fn an_unknown_mount_has_the_table_read_again_but_not_often() {
    let mounts = mounts();
    *mounts.watched.lock() = Some(Watched {
        table: None,
        process: std::process::id(),
    });
    let now = coarse_ns();
    assert!(!mounts.is_known_to_lack_one(now, hold));
    assert_eq!(held(), 1);
    drop(HANDED_OUT.take());
    for _ in 0..10 {
        assert!(mounts.is_known_to_lack_one(now, hold));
        assert_eq!(held(), 0);
    }
}

#[test]
fn a_reader_does_not_wait_for_a_lock() {
    let mounts = mounts();
    assert!(!is_valid(mounts));
    run_all();
    let table = mounts.table.lock();
    let watched = mounts.watched.lock();
    let other = thread::spawn(|| {
        let mut seen = (0, Arc::default());
        (mounts.update(&mut seen), mounts.check(u64::MAX, hold))
    });
    assert_eq!(other.join().unwrap(), (false, false));
    drop((table, watched));
}

/// Asks until it is known.
fn find(id: u64) -> Place {
    loop {
        match place(id, hold) {
            Some(place) => return place,
            // Another test may be about to run the reload.
            None => run_all(),
        }
        thread::yield_now();
    }
}

#[test]
fn knows_this_machine() {
    let proc = facts(&File::open("/proc/self/status").unwrap()).unwrap();
    assert_eq!(find(proc.mount.unwrap()), Place::Remote);
    assert_eq!(find(u64::MAX), Place::Remote);
    let here = facts(&tempfile::tempfile().unwrap()).unwrap();
    assert!(here.is_regular() && !here.is_directory());
    if let Some(mount) = here.mount {
        assert_ne!(find(mount), Place::Remote);
    }
}
