//! The attribute macros of zokio, and of the drop-in that is named `tokio`.
//!
//! They have no parser of the whole language, which would take longer to compile than the rest of
//! a small program. `function` finds the parts of the function that change and passes every other
//! token through, so that the compiler's errors point to where they are. `arguments` reads the
//! arguments.
#![forbid(unsafe_code)]

mod arguments;
mod error;
mod function;

use proc_macro::TokenStream;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::function::{Function, Role};

/// Runs an `async fn` to its end on a runtime that is created for it.
///
/// The function becomes an ordinary one that builds a runtime, blocks on the body, and returns what
/// it returns. It is meant for `main`, but works on any function; one that is called often should
/// share a runtime instead.
///
/// The body does not run on a worker of a multi-thread runtime. What it spawns does.
///
/// # Arguments
///
/// - `flavor = "multi_thread"` (the default), `"current_thread"` or `"local"`.
/// - `worker_threads = 4`: the number of threads of a `multi_thread` runtime; as many as there are
///   cores by default.
/// - `start_paused = true`: the clock of a `current_thread` runtime is paused from the start.
/// - `name = "…"`: the runtime's name.
/// - `unhandled_panic = "ignore"` (the default) or `"shutdown_runtime"`: what the panic of a task does
///   to a `current_thread` or `local` runtime.
/// - `crate = "path::to::zokio"`: the path of zokio if it has another name.
///
/// # Examples
///
/// ```
/// #[zokio::main]
/// async fn main() {
///     println!("hello");
/// }
/// ```
///
/// ```
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     Ok(())
/// }
/// ```
///
/// An argument that the flavor has no use for does not compile:
///
/// ```compile_fail
/// #[zokio::main(flavor = "current_thread", worker_threads = 4)]
/// async fn main() {}
/// ```
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("zokio", Role::Main, args, item)
}

/// Runs an `async fn` as a test, on a runtime that is created for it.
///
/// It takes the arguments of [`macro@main`], but the runtime has one thread by default.
///
/// # Examples
///
/// ```no_run
/// #[zokio::test]
/// async fn adds() {
///     assert_eq!(1 + 1, 2);
/// }
///
/// #[zokio::test(flavor = "multi_thread", worker_threads = 2)]
/// async fn adds_on_a_worker() {
///     let sum = zokio::spawn(async { 1 + 1 });
///     assert_eq!(sum.await.unwrap(), 2);
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("zokio", Role::Test, args, item)
}

/// [`macro@main`] for a crate of the name `tokio`.
#[proc_macro_attribute]
pub fn tokio_main(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("tokio", Role::Main, args, item)
}

/// [`macro@test`] for a crate of the name `tokio`.
#[proc_macro_attribute]
pub fn tokio_test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("tokio", Role::Test, args, item)
}

fn expand(krate: &str, role: Role, args: TokenStream, item: TokenStream) -> TokenStream {
    let function = match Function::parse(item.clone(), role) {
        Ok(function) => function,
        Err(error) => return with_error(error, item),
    };
    match Arguments::parse(krate, role, args) {
        Ok(arguments) => function.expand(role, &arguments),
        // The function is still there, so that the error is the only one.
        Err(error) => with_error(error, function.expand(role, &Arguments::new(krate, role))),
    }
}

fn with_error(error: Error, item: TokenStream) -> TokenStream {
    let mut output = error.into_tokens();
    output.extend(item);
    output
}
