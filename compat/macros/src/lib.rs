//! The attribute macros of zokio.
//!
//! Each adds `crate = "zokio"` to its arguments and hands the item to the attribute of the same
//! name in the `tokio-macros` crate, which does the parsing. Every token of the caller is passed
//! through unchanged, so that errors point to where they are.
#![forbid(unsafe_code)]

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

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
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    forward("main", args, item)
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
    forward("test", args, item)
}

/// `#[<crate>::__private::<attribute>(<args>, crate = "<crate>")] <item>`
fn forward(attribute: &str, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut args: Vec<TokenTree> = args.into_iter().collect();
    let root = match crate_argument(&args) {
        Some(path) => path,
        None => {
            if args.last().is_some_and(|last| last.to_string() != ",") {
                args.push(punct(',', Spacing::Alone));
            }
            args.push(ident("crate"));
            args.push(punct('=', Spacing::Alone));
            args.push(Literal::string("zokio").into());
            "::zokio".to_owned()
        }
    };
    let Ok(root) = root.parse::<TokenStream>() else {
        // Not a path: the attribute that is forwarded to reports it best, and needs some path.
        return forward_from("::zokio".parse().unwrap_or_default(), attribute, args, item);
    };
    forward_from(root, attribute, args, item)
}

fn forward_from(
    root: TokenStream,
    attribute: &str,
    args: Vec<TokenTree>,
    item: TokenStream,
) -> TokenStream {
    let mut path = root;
    for segment in ["__private", attribute] {
        path.extend([punct(':', Spacing::Joint), punct(':', Spacing::Alone)]);
        path.extend([ident(segment)]);
    }
    path.extend([group(Delimiter::Parenthesis, args.into_iter().collect())]);
    let mut output = TokenStream::from_iter([punct('#', Spacing::Alone)]);
    output.extend([group(Delimiter::Bracket, path)]);
    output.extend(item);
    output
}

/// Returns the value of the argument `crate = "…"`, if it is present.
fn crate_argument(args: &[TokenTree]) -> Option<String> {
    args.windows(3).find_map(|window| {
        let [
            TokenTree::Ident(name),
            TokenTree::Punct(equals),
            TokenTree::Literal(value),
        ] = window
        else {
            return None;
        };
        if name.to_string() != "crate" || equals.as_char() != '=' {
            return None;
        }
        let value = value.to_string();
        Some(value.trim_matches('"').to_owned())
    })
}

fn ident(name: &str) -> TokenTree {
    Ident::new(name, Span::call_site()).into()
}

fn punct(sign: char, spacing: Spacing) -> TokenTree {
    Punct::new(sign, spacing).into()
}

fn group(delimiter: Delimiter, content: TokenStream) -> TokenTree {
    Group::new(delimiter, content).into()
}
