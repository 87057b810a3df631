//! [`try_join!`](crate::try_join).
#![forbid(unsafe_code)]

/// Waits for several futures in the current task, until all are done or one fails.
///
/// Each future's output is a `Result`, all with the same type of error. The result is `Ok` with a
/// tuple of the values, in the order in which the futures are written, or the first `Err` that
/// occurs: the other futures are then dropped. It can only be used where `.await` can be. Anything
/// that can be converted [into a future](std::future::IntoFuture) is accepted.
///
/// The futures run in one task, so they run concurrently but not in parallel. Handles of
/// [spawned](crate::spawn) tasks can be joined too, but a failed one does not stop the others:
/// the tasks of dropped handles continue to run.
///
/// Each time the task is polled, a different future is polled first, so that one that uses up
/// the task's [coop budget](crate::task::coop) does not starve the others.
/// `try_join!(biased; …)` always polls them in the order in which they are written.
///
/// # Examples
///
/// ```
/// use std::num::ParseIntError;
///
/// async fn number(text: &str) -> Result<u32, ParseIntError> {
///     text.parse()
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     assert_eq!(zokio::try_join!(number("1"), number("2")), Ok((1, 2)));
///     assert!(zokio::try_join!(number("1"), number("two")).is_err());
/// }
/// ```
///
/// With spawned tasks, whose panics and errors are both to be reported:
///
/// ```
/// use zokio::task::JoinHandle;
///
/// async fn flatten<T>(task: JoinHandle<Result<T, String>>) -> Result<T, String> {
///     task.await.map_err(|error| error.to_string())?
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let first = zokio::spawn(async { Ok(1) });
///     let second = zokio::spawn(async { Err::<u32, _>("no second".to_owned()) });
///     let both = zokio::try_join!(flatten(first), flatten(second));
///     assert_eq!(both, Err("no second".to_owned()));
/// }
/// ```
#[macro_export]
macro_rules! try_join {
    // Every step takes one future and adds a name for it. The names differ although they are
    // written alike, because each is written by another expansion.
    (@ $mode:ident { $($done:tt)* } $future:expr $(, $($rest:tt)*)?) => {
        $crate::try_join!(@ $mode { $($done)* (future 1 $future) } $($($rest)*)?)
    };
    (@ $mode:ident { }) => {
        $crate::macros::support::Result::Ok(())
    };
    (@ $mode:ident { $( ($name:ident $one:literal $future:expr) )+ }) => {{
        $(
            let mut $name =
                $crate::macros::support::pin!($crate::macros::support::try_maybe_done($future));
        )+
        let mut rotator = <$crate::macros::support::$mode
            as $crate::macros::support::RotatorSelect>::Rotator::<{ 0 $(+ $one)+ }>::default();
        $crate::macros::support::poll_parts(move |cx| {
            let mut is_pending = false;
            let skip = rotator.num_skip();
            // First the futures from `skip` on, then the futures before it.
            for first_pass in [true, false] {
                let mut index: u32 = 0;
                $(
                    if (index >= skip) == first_pass {
                        match $name.as_mut().poll_ok(cx) {
                            $crate::macros::support::Poll::Pending => is_pending = true,
                            $crate::macros::support::Poll::Ready(
                                $crate::macros::support::Result::Ok(()),
                            ) => {}
                            #[allow(unreachable_code)]
                            $crate::macros::support::Poll::Ready(
                                $crate::macros::support::Result::Err(error),
                            ) => {
                                return $crate::macros::support::Poll::Ready(
                                    $crate::macros::support::Result::Err(error),
                                );
                            }
                        }
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
                $crate::macros::support::Poll::Ready($crate::macros::support::Result::Ok(($(
                    $name.as_mut().take_ok().expect("every future is done"),
                )+)))
            }
        })
        .await
    }};
    (biased; $($futures:tt)*) => {
        $crate::try_join!(@ SelectBiased { } $($futures)*)
    };
    ($($futures:tt)*) => {
        $crate::try_join!(@ SelectNormal { } $($futures)*)
    };
}
