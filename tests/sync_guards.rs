//! The guards of Mutex and RwLock as types: auto traits, variance and size.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
use std::mem::size_of;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use zokio::sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};

/// Which auto traits a type has.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Autos {
    send: bool,
    sync: bool,
    unpin: bool,
    unwind_safe: bool,
    ref_unwind_safe: bool,
}

/// Has an associated constant per trait: the inherent one where the trait holds, which hides the
/// default of [`Lacking`].
struct Probe<T: ?Sized>(PhantomData<T>);

trait Lacking {
    const SEND: bool = false;
    const SYNC: bool = false;
    const UNPIN: bool = false;
    const UNWIND_SAFE: bool = false;
    const REF_UNWIND_SAFE: bool = false;
}

impl<T: ?Sized> Lacking for Probe<T> {}

impl<T: ?Sized + Send> Probe<T> {
    const SEND: bool = true;
}

impl<T: ?Sized + Sync> Probe<T> {
    const SYNC: bool = true;
}

impl<T: ?Sized + Unpin> Probe<T> {
    const UNPIN: bool = true;
}

impl<T: ?Sized + UnwindSafe> Probe<T> {
    const UNWIND_SAFE: bool = true;
}

impl<T: ?Sized + RefUnwindSafe> Probe<T> {
    const REF_UNWIND_SAFE: bool = true;
}

macro_rules! autos {
    ($type:ty) => {
        Autos {
            send: <Probe<$type>>::SEND,
            sync: <Probe<$type>>::SYNC,
            unpin: <Probe<$type>>::UNPIN,
            unwind_safe: <Probe<$type>>::UNWIND_SAFE,
            ref_unwind_safe: <Probe<$type>>::REF_UNWIND_SAFE,
        }
    };
}

type Both = u8;
type SendOnly = Cell<u8>;
type SyncOnly = std::sync::MutexGuard<'static, u8>;
type Neither = PhantomData<(*const u8, PhantomPinned)>;

/// Compares the auto traits of a guard of one type with what `$rule` makes of those of the data.
macro_rules! for_data {
    ($guard:ident, $rule:expr) => {
        for_data!($guard, $rule, Both, SendOnly, SyncOnly, Neither)
    };
    ($guard:ident, $rule:expr, $($data:ty),*) => {$(
        assert_eq!(
            autos!($guard<$data>),
            $rule(autos!($data)),
            "{} of {}", stringify!($guard), stringify!($data),
        );
    )*};
}

/// The same for a guard of two types.
macro_rules! for_data_and_part {
    ($guard:ident, $rule:expr) => {
        for_data_and_part!($guard, $rule, Both);
        for_data_and_part!($guard, $rule, SendOnly);
        for_data_and_part!($guard, $rule, SyncOnly);
        for_data_and_part!($guard, $rule, Neither);
    };
    ($guard:ident, $rule:expr, $data:ty) => {
        for_data_and_part!($guard, $rule, $data, Both, SendOnly, SyncOnly, Neither)
    };
    ($guard:ident, $rule:expr, $data:ty, $($part:ty),*) => {$(
        assert_eq!(
            autos!($guard<$data, $part>),
            $rule(autos!($data), autos!($part)),
            "{} of {} and {}", stringify!($guard), stringify!($data), stringify!($part),
        );
    )*};
}

type Borrowed<T> = MutexGuard<'static, T>;
type BorrowedMapped<T> = MappedMutexGuard<'static, T>;
type BorrowedRead<T> = RwLockReadGuard<'static, T>;
type BorrowedWrite<T> = RwLockWriteGuard<'static, T>;
type BorrowedMappedWrite<T> = RwLockMappedWriteGuard<'static, T>;

/// A guard that keeps a reference to its lock is not unwind safe, whatever the data.
fn of_lock(send: bool, sync: bool) -> Autos {
    Autos {
        send,
        sync,
        unpin: true,
        unwind_safe: false,
        ref_unwind_safe: false,
    }
}

#[test]
fn the_kinds_of_data_are_what_they_are_named() {
    let kinds = [
        autos!(Both),
        autos!(SendOnly),
        autos!(SyncOnly),
        autos!(Neither),
    ];
    assert_eq!(
        kinds.map(|kind| (kind.send, kind.sync)),
        [(true, true), (true, false), (false, true), (false, false)]
    );
    assert!(!autos!(SendOnly).ref_unwind_safe && !autos!(Neither).unpin);
}

#[test]
fn guards_of_a_mutex_have_the_auto_traits_of_their_data() {
    let whole = |data: Autos| of_lock(data.send, data.send && data.sync);
    for_data!(Borrowed, whole);
    for_data!(OwnedMutexGuard, whole);
    for_data!(BorrowedMapped, |data: Autos| Autos {
        ref_unwind_safe: data.ref_unwind_safe,
        ..of_lock(data.send, data.sync)
    });
    for_data_and_part!(OwnedMappedMutexGuard, |data: Autos, part: Autos| {
        let send = data.send && part.send;
        of_lock(send, send && data.sync && part.sync)
    });
}

#[test]
fn guards_of_a_rwlock_have_the_auto_traits_of_their_data() {
    let whole = |data: Autos| of_lock(data.send && data.sync, data.send && data.sync);
    for_data!(BorrowedWrite, whole);
    for_data!(OwnedRwLockWriteGuard, whole);
    for_data!(BorrowedMappedWrite, |data: Autos| Autos {
        ref_unwind_safe: data.ref_unwind_safe,
        ..whole(data)
    });
    for_data!(BorrowedRead, |data: Autos| Autos {
        unwind_safe: data.ref_unwind_safe,
        ref_unwind_safe: data.ref_unwind_safe,
        ..of_lock(data.sync, data.send && data.sync)
    });
    for_data_and_part!(OwnedRwLockMappedWriteGuard, |data: Autos, part: Autos| {
        let both = data.send && data.sync && part.send && part.sync;
        of_lock(both, both)
    });
    for_data_and_part!(OwnedRwLockReadGuard, |data: Autos, part: Autos| {
        let send = data.send && data.sync && part.sync;
        of_lock(send, send && part.send)
    });
}

#[test]
fn the_locks_have_the_auto_traits_of_their_data() {
    for_data!(Mutex, |data: Autos| Autos {
        unpin: data.unpin,
        unwind_safe: data.unwind_safe,
        ..of_lock(data.send, data.send)
    });
    for_data!(RwLock, |data: Autos| Autos {
        unpin: data.unpin,
        unwind_safe: data.unwind_safe,
        ..of_lock(data.send, data.send && data.sync)
    });
}

/// A guard may be used for a shorter borrow of its lock, and that of a reader for shorter data.
#[test]
fn borrows_may_be_shortened() {
    macro_rules! shortens {
        ($($guard:ident),*) => {$(
            let _ = {
                fn check<'long: 'short, 'short, T>(
                    guard: $guard<'long, T>,
                ) -> $guard<'short, T> {
                    guard
                }
                check::<'static, 'static, u8>
            };
        )*};
    }
    shortens!(
        MutexGuard,
        MappedMutexGuard,
        RwLockReadGuard,
        RwLockWriteGuard,
        RwLockMappedWriteGuard
    );

    fn borrowed<'a, 'short>(
        guard: RwLockReadGuard<'a, &'static str>,
    ) -> RwLockReadGuard<'a, &'short str>
    where
        'short: 'a,
    {
        guard
    }
    fn owned<'short>(
        guard: OwnedRwLockReadGuard<u8, &'static str>,
    ) -> OwnedRwLockReadGuard<u8, &'short str> {
        guard
    }
    let lock = RwLock::new("text");
    assert_eq!(*borrowed(lock.try_read().unwrap()), "text");
    let lock = Arc::new(RwLock::new(1));
    let guard = OwnedRwLockReadGuard::map(lock.try_read_owned().unwrap(), |_| &"text");
    assert_eq!(*owned(guard), "text");
}

#[test]
fn guards_are_as_small_as_they_may_be() {
    const WORD: usize = size_of::<usize>();
    let sizes = [
        size_of::<MutexGuard<'_, u8>>(),
        size_of::<OwnedMutexGuard<u8>>(),
        size_of::<RwLockWriteGuard<'_, u8>>(),
        size_of::<OwnedRwLockWriteGuard<u8>>(),
    ];
    assert_eq!(sizes, [WORD; 4]);
    let sizes = [
        size_of::<MappedMutexGuard<'_, u8>>(),
        size_of::<OwnedMappedMutexGuard<u8, u8>>(),
        size_of::<RwLockReadGuard<'_, u8>>(),
        size_of::<OwnedRwLockReadGuard<u8>>(),
        size_of::<OwnedRwLockMappedWriteGuard<u8>>(),
    ];
    assert_eq!(sizes, [2 * WORD; 5]);
    assert_eq!(size_of::<RwLockMappedWriteGuard<'_, u8>>(), 3 * WORD);
    assert_eq!(size_of::<RwLockReadGuard<'_, str>>(), 3 * WORD);
}

#[test]
fn futures_of_locks_may_move_between_threads() {
    fn send<F: Send>(future: F) {
        drop(future);
    }
    let mutex = Arc::new(Mutex::new(Cell::new(0)));
    send(mutex.lock());
    send(mutex.clone().lock_owned());
    let lock = Arc::new(RwLock::new(0));
    send(lock.read());
    send(lock.write());
    send(lock.clone().read_owned());
    send(lock.clone().write_owned());
}

#[test]
fn an_owned_guard_of_a_mutex_is_narrowed_and_unlocks() {
    let mutex = Arc::new(Mutex::new((vec![1, 2], "list")));
    let guard = mutex.clone().try_lock_owned().unwrap();
    let guard = OwnedMutexGuard::try_map(guard, |_| None::<&mut str>).unwrap_err();
    let list = OwnedMutexGuard::map(guard, |pair| &mut pair.0);
    let list = OwnedMappedMutexGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    let mut last = OwnedMappedMutexGuard::try_map(list, |list| list.last_mut()).unwrap();
    *last = 3;
    assert!(mutex.try_lock().is_err());
    assert_eq!(Arc::strong_count(&mutex), 2);
    let last = OwnedMappedMutexGuard::map(last, |last| last);
    assert_eq!(format!("{last} {last:?}"), "3 3");
    drop(last);
    assert_eq!(mutex.try_lock().unwrap().0, [1, 3]);
    let guard = mutex.clone().try_lock_owned().unwrap();
    drop(OwnedMutexGuard::try_map(guard, |pair| pair.0.first_mut()).unwrap());
    assert_eq!(Arc::into_inner(mutex).unwrap().into_inner().1, "list");
}

#[test]
fn owned_guards_of_a_rwlock_are_narrowed_and_release() {
    let lock = Arc::new(RwLock::with_max_readers((vec![1, 2], "list"), 2));
    let writer = || lock.clone().try_write_owned().unwrap();
    let guard = OwnedRwLockWriteGuard::try_map(writer(), |_| None::<&mut str>).unwrap_err();
    let list = OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.0);
    let list = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    let last = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.last_mut()).unwrap();
    let mut last = OwnedRwLockMappedWriteGuard::map(last, |last| last);
    *last = 3;
    assert!(lock.try_read().is_err());
    drop(last);
    OwnedRwLockWriteGuard::into_mapped(writer()).0.push(4);
    drop(OwnedRwLockWriteGuard::try_map(writer(), |pair| pair.0.first_mut()).unwrap());

    // A downgrade keeps one permit of two.
    let writer = OwnedRwLockWriteGuard::try_downgrade_map(writer(), |_| None::<&str>).unwrap_err();
    assert!(lock.try_read().is_err());
    let list = OwnedRwLockWriteGuard::downgrade_map(writer, |pair| &pair.0);
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&list), &lock));
    let other = lock.clone().try_read_owned().unwrap();
    assert!(lock.try_read().is_err());
    let list = OwnedRwLockReadGuard::try_map(list, |list| list.get(5)).unwrap_err();
    let last = OwnedRwLockReadGuard::try_map(list, |list| list.last()).unwrap();
    let name = OwnedRwLockReadGuard::map(other, |pair| pair.1);
    assert_eq!((*last, &*name), (4, "list"));
    drop(last);
    assert!(lock.try_write().is_err());
    drop(name);
    let writer = lock.clone().try_write_owned().unwrap();
    let first = OwnedRwLockWriteGuard::try_downgrade_map(writer, |pair| pair.0.first()).unwrap();
    assert_eq!(*first, 1);
    drop(first);
    let writer = lock.clone().try_write_owned().unwrap();
    assert_eq!(writer.downgrade().0, [1, 3, 4]);
    assert_eq!(Arc::into_inner(lock).unwrap().into_inner().1, "list");
}

#[test]
fn data_without_a_size_are_guarded_too() {
    let mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2]));
    mutex.try_lock().unwrap()[0] = 3;
    let guard = mutex.clone().try_lock_owned().unwrap();
    drop(OwnedMutexGuard::map(guard, |bytes| &mut bytes[1..]));
    assert_eq!(*mutex.try_lock().unwrap(), [3, 2]);
    let lock: Arc<RwLock<dyn std::fmt::Debug>> = Arc::new(RwLock::new(1));
    assert_eq!(format!("{:?}", lock.clone().try_read_owned().unwrap()), "1");
    assert_eq!(format!("{:?}", lock.try_write().unwrap().downgrade()), "1");
}
