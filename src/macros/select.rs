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
    // Each branch takes the next number, a name made of it, and the smallest type with a bit for
    // each of that many branches. When all are read, the next number is the count.
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
        @ $mode:ident [ ($n:tt $name:ident $mask:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block, $($rest:tt)*
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) }
            $($rest)*)
    };
    (
        @ $mode:ident [ ($n:tt $name:ident $mask:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:block $($rest:tt)*
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) }
            $($rest)*)
    };
    (
        @ $mode:ident [ ($n:tt $name:ident $mask:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) })
    };
    (
        @ $mode:ident [ ($n:tt $name:ident $mask:tt) $($numbers:tt)* ] { $($branch:tt)* }
        { $chain:expr } { $pins:pat }
        $pattern:pat = $future:expr $(, if $condition:expr)? => $handler:expr, $($rest:tt)*
    ) => {
        $crate::select!(@ $mode [ $($numbers)* ]
            { $($branch)* ($n $name; $pattern; $future; [$($condition)?]; $handler) }
            { $crate::macros::support::Node { rest: $chain, future: $name } } { ($pins, mut $name) }
            $($rest)*)
    };

    (
        @emit $mode:ident ($count:tt $next:tt $mask:tt)
        { $( ($n:tt $name:ident; $pattern:tt; $future:tt; [$($condition:tt)?]; $handler:tt) )+ }
        { $chain:expr } { $pins:pat }
        $else:expr
    ) => {{
        // Items are not hygienic: in a module, the enum does not hide a name of the caller's.
        #[doc(hidden)]
        mod __zokio_select {
            #[allow(non_camel_case_types)]
            pub(super) enum Out<$($name),+> {
                $( $name($name), )+
                Disabled,
            }
        }
        // A bit for each branch.
        let mut disabled: $mask = 0;
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
            $crate::macros::support::poll_parts(move |cx| {
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
                        let mask: $mask = 1 << $n;
                        #[allow(unreachable_code, unreachable_patterns, unused_mut, unused_variables)]
                        'branch: {
                            if (start <= $n) != first_pass || disabled & mask != 0 {
                                break 'branch;
                            }
                            // A pattern may borrow the output mutably.
                            let mut output = match $crate::macros::support::Future::poll(
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
                            // The guard runs if the pattern matches. It refuses, so that
                            // nothing is moved out of the output.
                            let mut matches = false;
                            match output {
                                $pattern if { matches = true; false } => break 'branch,
                                _ if matches => {}
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
            _ => ::core::unreachable!("the pattern matched the value before"),
        }
    }};

    (@begin $mode:ident $($branches:tt)*) => {
        $crate::select!(@ $mode [
            (0 _0 u8) (1 _1 u8) (2 _2 u8) (3 _3 u8) (4 _4 u8) (5 _5 u8) (6 _6 u8) (7 _7 u8)
            (8 _8 u8) (9 _9 u16) (10 _10 u16) (11 _11 u16) (12 _12 u16) (13 _13 u16) (14 _14 u16)
            (15 _15 u16) (16 _16 u16) (17 _17 u32) (18 _18 u32) (19 _19 u32) (20 _20 u32)
            (21 _21 u32) (22 _22 u32) (23 _23 u32) (24 _24 u32) (25 _25 u32) (26 _26 u32)
            (27 _27 u32) (28 _28 u32) (29 _29 u32) (30 _30 u32) (31 _31 u32) (32 _32 u32)
            (33 _33 u64) (34 _34 u64) (35 _35 u64) (36 _36 u64) (37 _37 u64) (38 _38 u64)
            (39 _39 u64) (40 _40 u64) (41 _41 u64) (42 _42 u64) (43 _43 u64) (44 _44 u64)
            (45 _45 u64) (46 _46 u64) (47 _47 u64) (48 _48 u64) (49 _49 u64) (50 _50 u64)
            (51 _51 u64) (52 _52 u64) (53 _53 u64) (54 _54 u64) (55 _55 u64) (56 _56 u64)
            (57 _57 u64) (58 _58 u64) (59 _59 u64) (60 _60 u64) (61 _61 u64) (62 _62 u64)
            (63 _63 u64) (64 _64 u64)
        ] { } { $crate::macros::support::End } { () } $($branches)*)
    };
    (biased; $($branches:tt)*) => {
        $crate::select!(@begin SelectBiased $($branches)*)
    };
    ($($branches:tt)*) => {
        $crate::select!(@begin SelectNormal $($branches)*)
    };
}
