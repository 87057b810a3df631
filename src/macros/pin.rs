//! [`pin!`](crate::pin).
#![forbid(unsafe_code)]

/// Pins values to the stack of the function, or to the task if it is an async one.
///
/// Each name is bound anew, as a `Pin<&mut T>` to the value. Futures made by `async` blocks and
/// `async fn`s have to be pinned before they can be polled by reference, which is what
/// [`select!`](crate::select) in a loop does. To return a pinned future or to put it into a
/// collection, use [`Box::pin`] instead. The standard library's [`std::pin::pin!`] does the same
/// as an expression.
///
/// # Examples
///
/// Pin what variables hold:
///
/// ```
/// async fn answer() -> u32 {
///     42
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     let first = answer();
///     let second = answer();
///     zokio::pin!(first, second);
///     assert_eq!((&mut first).await + second.await, 84);
/// }
/// ```
///
/// Create and pin in one go:
///
/// ```
/// async fn answer() -> u32 {
///     42
/// }
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() {
///     zokio::pin! {
///         let first = answer();
///         let second = answer();
///     }
///     zokio::select! {
///         x = &mut first => assert_eq!(x, 42),
///         x = &mut second => assert_eq!(x, 42),
///     }
/// }
/// ```
#[macro_export]
macro_rules! pin {
    ($($name:ident),* $(,)?) => { $(
        #[allow(unused_mut)]
        let mut $name = $crate::macros::support::pin!($name);
    )* };
    ($( let $name:ident = $value:expr; )*) => { $(
        #[allow(unused_mut)]
        let mut $name = $crate::macros::support::pin!($value);
    )* };
}
