//! Mutex, RwLock and Semaphore: who gets in, in which order, and what a cancelled wait leaves.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio_test::task::{self, Spawn};
use tokio_test::{assert_pending, assert_ready};
use zokio::runtime::Builder;
use zokio::sync::{
    Mutex, MutexGuard, OwnedRwLockWriteGuard, RwLock, RwLockWriteGuard, Semaphore, TryAcquireError,
};
use zokio::task::yield_now;

/// A task that was polled once and waits for `future`.
#[track_caller]
fn waiting_for<F: Future<Output: Debug>>(future: F) -> Spawn<F> {
    let mut task = task::spawn(future);
    assert_pending!(task.poll());
    task
}

#[test]
fn a_mutex_goes_round_in_the_order_of_arrival_without_those_who_left() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut first = waiting_for(mutex.lock());
    let left = waiting_for(mutex.lock());
    let second = waiting_for(mutex.lock());
    drop(left);
    drop(guard);
    assert!(first.is_woken() && !second.is_woken());
    // No other task overtakes the one that has been chosen.
    assert!(mutex.try_lock().is_err());
    drop(assert_ready!(first.poll()));
    assert!(second.is_woken());
    drop(second);
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn a_panic_unlocks_and_poisons_nothing() {
    let mutex = Mutex::new(1);
    catch_unwind(AssertUnwindSafe(|| {
        let mut guard = MutexGuard::map(mutex.try_lock().unwrap(), |value| value);
        *guard = 2;
        panic!("while it has the lock");
    }))
    .unwrap_err();
    assert_eq!(*mutex.try_lock().unwrap(), 2);
    // A panic in `map` itself as well.
    catch_unwind(AssertUnwindSafe(|| {
        let guard = mutex.try_lock().unwrap();
        let _ = MutexGuard::map(guard, |_| -> &mut i32 { panic!("in the closure") });
    }))
    .unwrap_err();
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn tasks_on_two_workers_lose_no_update() {
    const TASKS: usize = 20;
    const ROUNDS: usize = 500;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mutex = Arc::new(Mutex::new(0));
        let lock = Arc::new(RwLock::new((0, 0)));
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (mutex, lock) = (mutex.clone(), lock.clone());
                zokio::spawn(async move {
                    for round in 0..ROUNDS {
                        let mut guard = mutex.lock().await;
                        let seen = *guard;
                        if (task + round) % 7 == 0 {
                            yield_now().await;
                        }
                        *guard = seen + 1;
                        drop(guard);
                        let mut pair = lock.write().await;
                        pair.0 += 1;
                        if (task + round) % 5 == 0 {
                            yield_now().await;
                        }
                        pair.1 += 1;
                        drop(pair);
                        let pair = lock.read().await;
                        assert_eq!(pair.0, pair.1);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*mutex.lock().await, TASKS * ROUNDS);
        assert_eq!(lock.read().await.0, TASKS * ROUNDS);
    });
}

#[test]
fn a_waiting_writer_holds_later_readers_back() {
    let lock = RwLock::new(0);
    let reader = lock.try_read().unwrap();
    let mut writer = waiting_for(lock.write());
    let mut late = waiting_for(lock.read());
    assert!(lock.try_read().is_err());
    drop(reader);
    assert!(writer.is_woken() && !late.is_woken());
    *assert_ready!(writer.poll()) = 1;
    assert_eq!(*assert_ready!(late.poll()), 1);
    // A writer that stops waiting lets them in.
    let reader = lock.try_read().unwrap();
    let writer = waiting_for(lock.write());
    let mut late = waiting_for(lock.read());
    drop(writer);
    assert!(late.is_woken());
    drop((assert_ready!(late.poll()), reader));
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_downgrade_lets_readers_in_and_no_writer() {
    let lock = Arc::new(RwLock::with_max_readers((1, 2), 3));
    let writer = lock.try_write().unwrap();
    let mut reader = waiting_for(lock.read());
    let mut other = waiting_for(lock.write());
    let part = RwLockWriteGuard::downgrade_map(writer, |pair| &pair.0);
    assert!(reader.is_woken() && !other.is_woken());
    assert_eq!((*part, *assert_ready!(reader.poll())), (1, (1, 2)));
    drop(part);
    drop(assert_ready!(other.poll()));
    // A mapped guard returns all permits.
    let writer = lock.clone().try_write_owned().unwrap();
    drop(OwnedRwLockWriteGuard::map(writer, |pair| &mut pair.1));
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_large_acquire_is_not_overtaken_and_passes_on_what_it_had() {
    let semaphore = Semaphore::new(2);
    let large = waiting_for(semaphore.acquire_many(3));
    let mut small = waiting_for(semaphore.acquire());
    assert_eq!(semaphore.available_permits(), 0);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    drop(large);
    assert!(small.is_woken());
    drop(assert_ready!(small.poll()).unwrap());
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn cancelled_acquires_lose_no_permit() {
    let semaphore = Semaphore::new(4);
    let mut waiting = Vec::new();
    let mut held = Vec::new();
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..5_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let below = |n: usize| (random >> 17) as usize % n;
        match random % 4 {
            0 => waiting.push(task::spawn(semaphore.acquire_many(1 + below(4) as u32))),
            1 if !waiting.is_empty() => drop(waiting.swap_remove(below(waiting.len()))),
            2 if !held.is_empty() => drop(held.swap_remove(below(held.len()))),
            _ => waiting.retain_mut(|future| match future.poll() {
                std::task::Poll::Ready(permit) => {
                    held.push(permit.unwrap());
                    false
                }
                std::task::Poll::Pending => true,
            }),
        }
        let taken: usize = held.iter().map(|permit| permit.num_permits()).sum();
        assert!(taken <= 4);
    }
    drop((waiting, held));
    assert_eq!(semaphore.available_permits(), 4);
}

#[test]
fn blocking_calls_wait_for_tasks_and_refuse_to_run_in_them() {
    let lock = Arc::new(RwLock::new(0));
    let mutex = Arc::new(Mutex::new(0));
    let done = Arc::new(AtomicUsize::new(0));
    let guards = (mutex.try_lock().unwrap(), lock.try_write().unwrap());
    let threads = [0; 3].map(|_| {
        let (lock, mutex, done) = (lock.clone(), mutex.clone(), done.clone());
        thread::spawn(move || {
            *mutex.blocking_lock() += 1;
            *lock.blocking_write() += 1;
            assert!(*lock.blocking_read() > 0);
            done.fetch_add(1, Ordering::SeqCst);
        })
    });
    assert_eq!(done.load(Ordering::SeqCst), 0);
    drop(guards);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!((*mutex.blocking_lock(), *lock.blocking_read()), (3, 3));

    let runtime = Builder::new_current_thread().build().unwrap();
    let refused = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async { drop(mutex.blocking_lock()) });
    }));
    let message = *refused.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.starts_with("Cannot block the current thread from within a runtime"));
    assert!(mutex.try_lock().is_ok());
}
