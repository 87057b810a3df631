//! [`join!`](crate::join).
#![forbid(unsafe_code)]

/// Waits for several futures in the current task, until all are done.
///
/// Returns a tuple of their outputs, in the order in which the futures are written. It can only be
/// used where `.await` can be. Anything that can be converted
/// [into a future](std::future::IntoFuture) is accepted.
///
/// The futures run in one task, so they run concurrently but not in parallel, and one that blocks
/// the thread blocks all. To run them in parallel, [spawn](crate::spawn) them and join the
/// handles. To stop at the first error, use [`try_join!`](crate::try_join).
///
/// Each time the task is polled, a different future is polled first, so that one that uses up the
/// task's [coop budget](crate::task::coop) does not starve the others. `join!(biased; …)` always
/// polls them in the order in which they are written, which makes the order predictable and the
/// future a little smaller; a future that uses up the budget then has to come last.
///
/// # Examples
///
/// ```
/// async fn one() -> u32 {
///     1
/// }
///
/// async fn name() -> &'static str {
///     "two"
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let (number, name) = zokio::join!(one(), name());
///     assert_eq!((number, name), (1, "two"));
/// }
/// ```
///
/// In the written order:
///
/// ```
/// # #[zokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let order = std::cell::RefCell::new(Vec::new());
/// zokio::join!(
///     biased;
///     async { order.borrow_mut().push(1) },
///     async { order.borrow_mut().push(2) },
/// );
/// assert_eq!(order.into_inner(), [1, 2]);
/// # }
/// ```
#[macro_export]
macro_rules! join {
    // Every step takes one future and adds a name for it. The names differ although they are
    // written alike, because each is written by another expansion.
    (@ $mode:ident { $($done:tt)* } $future:expr $(, $($rest:tt)*)?) => {
        $crate::join!(@ $mode { $($done)* (future 1 $future) } $($($rest)*)?)
    };
    (@ $mode:ident { }) => {
        ()
    };
    (@ $mode:ident { $( ($name:ident $one:literal $future:expr) )+ }) => {{
        $(
            let mut $name =
                $crate::macros::support::pin!($crate::macros::support::maybe_done($future));
        )+
        let mut rotator = <$crate::macros::support::$mode
            as $crate::macros::support::RotatorSelect>::Rotator::<{ 0 $(+ $one)+ }>::default();
        $crate::macros::support::poll_fn(move |cx| {
            let mut is_pending = false;
            let skip = rotator.num_skip();
            // First the futures from `skip` on, then the futures before it.
            for first_pass in [true, false] {
                let mut index: u32 = 0;
                $(
                    if (index >= skip) == first_pass {
                        is_pending |=
                            $crate::macros::support::Future::poll($name.as_mut(), cx).is_pending();
                    }
                    index += $one;
                )+
                let _ = index;
            }
            if is_pending {
                return $crate::macros::support::Poll::Pending;
            }
            #[allow(unreachable_code)]
            {
                $crate::macros::support::Poll::Ready(($(
                    $name.as_mut().take_output().expect("every future is done"),
                )+))
            }
        })
        .await
    }};
    (biased; $($futures:tt)*) => {
        $crate::join!(@ SelectBiased { } $($futures)*)
    };
    ($($futures:tt)*) => {
        $crate::join!(@ SelectNormal { } $($futures)*)
    };
}
