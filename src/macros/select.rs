//! [`select!`](crate::select).
#![forbid(unsafe_code)]

/// Waits for several futures in the current task, until one of them is done, and drops the rest.
///
/// It can only be used where `.await` can be. Each branch is
///
/// ```text
/// <pattern> = <future> [, if <condition>] => <handler>,
/// ```
///
/// and after the branches there may be one `else => <handler>`. Up to 64 branches are possible.
/// Anything that can be converted [into a future](std::future::IntoFuture) is accepted. The comma
/// may be omitted after a handler that is a block and after the last one.
///
/// 1. All conditions are evaluated. A branch whose condition is false is disabled for this
///    `select!`.
/// 2. All future expressions are evaluated, even if their branch is disabled, so that an expression
///    must not rely on its condition. The futures of disabled branches are never polled.
/// 3. The remaining futures are polled, beginning with a random one. One that is done is
///    matched with its branch's pattern. If it matches, all futures are dropped, and the value of
///    that branch's handler is the value of the `select!`. If it does not match, the branch is
///    disabled and the others are waited for.
/// 4. When all branches are disabled, the `else` handler is evaluated.
///
/// Handlers run after the futures are dropped, so they may use what the futures borrowed, and
/// `.await`, `return`, `break` and `?` mean in them, and in the other expressions, what they mean
/// around the `select!`.
///
/// The branches run in one task, so they run concurrently but not in parallel, and one that
/// blocks the thread blocks all.
///
/// # Order
///
/// Which future is polled first is random, so that each gets its turn when several are always
/// ready. `select! { biased; … }` polls them in the order in which they are written instead. That
/// is for branches whose order matters, a shutdown signal first for instance, and saves drawing a
/// random number. The branches must then be ordered with care: one that is ready all the time keeps
/// the branches below it from ever being polled.
///
/// # Cancel safety
///
/// The futures that did not win are dropped, in whatever state they are. In a loop, a future that
/// is created anew each round loses its progress unless it keeps it outside of itself. Each
/// function's documentation tells whether it is safe to drop: receiving from a channel and
/// accepting a connection are, [`read_exact`](crate::io::AsyncReadExt::read_exact) and
/// [`write_all`](crate::io::AsyncWriteExt::write_all) are not. A future that is not can be kept
/// from round to round: create it outside of the loop, [`pin!`](crate::pin) it, and wait for
/// `&mut future` in the branch.
///
/// # Panics
///
/// Panics if all branches are disabled and there is no `else`.
///
/// # Examples
///
/// The first of two:
///
/// ```
/// async fn quick() -> u32 {
///     1
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let value = zokio::select! {
///         n = quick() => n,
///         () = std::future::pending() => unreachable!("it is never done"),
///     };
///     assert_eq!(value, 1);
/// }
/// ```
///
/// Two channels until both are closed:
///
/// ```
/// use zokio::sync::mpsc;
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let (numbers, mut numbers_in) = mpsc::channel(8);
///     let (names, mut names_in) = mpsc::channel(8);
///     zokio::spawn(async move {
///         numbers.send(1).await.unwrap();
///         names.send("a").await.unwrap();
///         numbers.send(2).await.unwrap();
///     });
///     let mut seen = 0;
///     loop {
///         zokio::select! {
///             Some(_number) = numbers_in.recv() => seen += 1,
///             Some(_name) = names_in.recv() => seen += 1,
///             else => break,
///         }
///     }
///     assert_eq!(seen, 3);
/// }
/// ```
///
/// One operation that is kept over several rounds, with a condition that keeps it from being
/// polled again once it is done:
///
/// ```
/// use zokio::time::{Duration, interval, sleep};
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let work = sleep(Duration::from_millis(12));
///     zokio::pin!(work);
///     let mut ticks = interval(Duration::from_millis(5));
///     let (mut done, mut count) = (false, 0);
///     while count < 6 {
///         zokio::select! {
///             () = &mut work, if !done => done = true,
///             _ = ticks.tick() => count += 1,
///         }
///     }
///     assert!(done);
/// }
/// ```
///
/// Strictly in order:
///
/// ```
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let mut count = 0_u8;
///     loop {
///         zokio::select! {
///             biased;
///             _ = async {}, if count < 1 => {
///                 count += 1;
///                 assert_eq!(count, 1);
///             }
///             _ = async {}, if count < 2 => {
///                 count += 1;
///                 assert_eq!(count, 2);
///             }
///             else => break,
///         }
///     }
///     assert_eq!(count, 2);
/// }
/// ```
#[macro_export]
macro_rules! select {
    // All branches are read: `[count _ _]` is what the next branch would have been.
    (@ $mode:ident [ $(($($numbers:tt)*))* ] { } { $chain:expr } { $pins:pat } else => $else:expr $(,)?) => {
        $else
    };
    (@ $mode:ident [ $(($($numbers:tt)*))* ] { } { $chain:expr } { $pins:pat }) => {
        ::core::compile_error!("select! needs at least one branch")
    };
    (
        @ $mode:ident [ $next:tt $($numbers:tt)* ] { $($branch:tt)+ } { $chain:expr } { $pins:pat }
        else => $else:expr $(,)?
    ) => {
        $crate::select!(@emit $mode $next { $($branch)+ } { $chain } { $pins } $else)
    };
    (@ $mode:ident [ $next:tt $($numbers:tt)* ] { $($branch:tt)+ } { $chain:expr } { $pins:pat }) => {
        $crate::select!(@emit $mode $next { $($branch)+ } { $chain } { $pins }
            ::core::panic!("all branches are disabled and there is no else branch"))
    };

    // One branch, with the four ways in which it may end.
    (
        @ $mode:ident [ ($n:tt $name:ident $blank:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block, $($rest:tt)*
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name $blank; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) }
            $($rest)*)
    };
    (
        @ $mode:ident [ ($n:tt $name:ident $blank:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block $($rest:tt)*
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name $blank; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) }
            $($rest)*)
    };
    (
        @ $mode:ident [ ($n:tt $name:ident $blank:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name $blank; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) })
    };
    (
        @ $mode:ident [ ($n:tt $name:ident $blank:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr, $($rest:tt)*
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name $blank; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) }
            $($rest)*)
    };

    (
        @emit $mode:ident ($count:tt $($next:tt)*)
        { $( ($n:tt $name:ident $blank:tt; $pattern:tt; $future:tt; [$($condition:tt)?]; $handler:tt) )+ }
        { $chain:expr } { $pins:pat }
        $else:expr
    ) => {{
        #[doc(hidden)]
        mod __zokio_select {
            // `Out`, with a variant for each branch and `Disabled`, and `Mask`, with a bit for
            // each branch.
            $crate::macros::parsing::select_priv_declare_output_enum!( ( $($blank)+ ) );
        }
        let mut disabled: __zokio_select::Mask = 0;
        $($(
            if !$condition {
                disabled |= 1 << $n;
            }
        )?)+
        // A pattern may borrow the output mutably.
        #[allow(unused_mut)]
        let mut output = {
            // What the expressions borrow lives as long as the names.
            let ($($name,)+) = ($($future,)+);
            $( let $name = $crate::macros::support::IntoFuture::into_future($name); )+
            let mut futures = $crate::macros::support::pin!($chain);
            $crate::macros::support::poll_fn(move |cx| {
                // A branch that is always ready must not hide that the budget is used up.
                if $crate::macros::support::poll_budget_available(cx).is_pending() {
                    return $crate::macros::support::Poll::Pending;
                }
                let mut is_pending = false;
                let start = $crate::macros::support::$mode::first_of($count);
                let $pins = $crate::macros::support::Chain::pins(futures.as_mut());
                // First the futures from `start` on, then the futures before it.
                for first_pass in [true, false] {
                    $(
                        let mask: __zokio_select::Mask = 1 << $n;
                        #[allow(unused_variables, unreachable_code, unreachable_patterns)]
                        'branch: {
                            if (start <= $n) != first_pass || disabled & mask != 0 {
                                break 'branch;
                            }
                            let output = match $crate::macros::support::Future::poll(
                                $name.as_mut(),
                                cx,
                            ) {
                                $crate::macros::support::Poll::Ready(output) => output,
                                $crate::macros::support::Poll::Pending => {
                                    is_pending = true;
                                    break 'branch;
                                }
                            };
                            disabled |= mask;
                            match &output {
                                $crate::macros::parsing::select_priv_clean_pattern!($pattern) => {}
                                _ => break 'branch,
                            }
                            return $crate::macros::support::Poll::Ready(
                                __zokio_select::Out::$name(output),
                            );
                        }
                    )+
                }
                if is_pending {
                    $crate::macros::support::Poll::Pending
                } else {
                    $crate::macros::support::Poll::Ready(__zokio_select::Out::Disabled)
                }
            })
            .await
        };
        match output {
            $( __zokio_select::Out::$name($pattern) => $handler, )+
            __zokio_select::Out::Disabled => $else,
            #[allow(unreachable_patterns)]
            _ => ::core::unreachable!("the pattern matched a reference to the same value"),
        }
    }};

    (@begin $mode:ident $($branches:tt)*) => {
        $crate::select!(@ $mode [
            (0 _0 _) (1 _1 _) (2 _2 _) (3 _3 _) (4 _4 _) (5 _5 _) (6 _6 _) (7 _7 _) (8 _8 _)
            (9 _9 _) (10 _10 _) (11 _11 _) (12 _12 _) (13 _13 _) (14 _14 _) (15 _15 _) (16 _16 _)
            (17 _17 _) (18 _18 _) (19 _19 _) (20 _20 _) (21 _21 _) (22 _22 _) (23 _23 _)
            (24 _24 _) (25 _25 _) (26 _26 _) (27 _27 _) (28 _28 _) (29 _29 _) (30 _30 _)
            (31 _31 _) (32 _32 _) (33 _33 _) (34 _34 _) (35 _35 _) (36 _36 _) (37 _37 _)
            (38 _38 _) (39 _39 _) (40 _40 _) (41 _41 _) (42 _42 _) (43 _43 _) (44 _44 _)
            (45 _45 _) (46 _46 _) (47 _47 _) (48 _48 _) (49 _49 _) (50 _50 _) (51 _51 _)
            (52 _52 _) (53 _53 _) (54 _54 _) (55 _55 _) (56 _56 _) (57 _57 _) (58 _58 _)
            (59 _59 _) (60 _60 _) (61 _61 _) (62 _62 _) (63 _63 _) (64 _64 _)
        ] { } { $crate::macros::support::End } { () } $($branches)*)
    };
    (biased; $($branches:tt)*) => {
        $crate::select!(@begin SelectBiased $($branches)*)
    };
    ($($branches:tt)*) => {
        $crate::select!(@begin SelectNormal $($branches)*)
    };
}
