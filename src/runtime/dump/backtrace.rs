//! [`Backtrace`]: one stack of a trace, with names.
#![forbid(unsafe_code)]

use std::ffi::c_void;
use std::path::{Path, PathBuf};

use super::names;
use crate::util::trace_mode::Stack;

/// The calls that led to one place where a task waits. Returned by
/// [`Trace::resolve_backtraces`](super::Trace::resolve_backtraces).
///
/// # Examples
///
/// ```
/// use zokio::runtime::dump::{Backtrace, Trace};
///
/// #[zokio::main]
/// async fn main() {
///     let (_tx, mut rx) = zokio::sync::oneshot::channel::<()>();
///     let (_, trace) = Trace::capture(|| zokio_poll(&mut rx));
///     let backtraces: Vec<Backtrace> = trace.resolve_backtraces();
///     assert_eq!(backtraces.len(), 1);
/// }
/// #
/// # fn zokio_poll(rx: &mut zokio::sync::oneshot::Receiver<()>) {
/// #     use std::future::Future;
/// #     let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// #     assert!(std::pin::Pin::new(rx).poll(&mut cx).is_pending());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Backtrace {
    frames: Vec<BacktraceFrame>,
}

/// One call of a [`Backtrace`].
///
/// # Examples
///
/// ```
/// use zokio::runtime::dump::{BacktraceFrame, Trace};
///
/// fn print(frame: &BacktraceFrame) {
///     for symbol in frame.symbols() {
///         println!("{:?}", symbol.name_demangled());
///     }
/// }
///
/// let ((), trace) = Trace::capture(|| {});
/// for backtrace in trace.resolve_backtraces() {
///     backtrace.frames().for_each(print);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BacktraceFrame {
    ip: Address,
    symbol_address: Address,
    symbols: Vec<BacktraceSymbol>,
}

/// A function of a [`BacktraceFrame`].
///
/// # Examples
///
/// ```
/// use zokio::runtime::dump::BacktraceSymbol;
///
/// fn place(symbol: &BacktraceSymbol) -> Option<String> {
///     Some(format!("{}:{}", symbol.filename()?.display(), symbol.lineno()?))
/// }
/// # let _ = place;
/// ```
#[derive(Clone, Debug)]
pub struct BacktraceSymbol {
    name_raw: Option<Box<[u8]>>,
    /// As it is shown, and as it is.
    names: Option<(Box<str>, Box<str>)>,
    addr: Option<Address>,
    filename: Option<PathBuf>,
    lineno: Option<u32>,
    colno: Option<u32>,
}

/// An address that is only looked at, so that it may go from thread to thread.
#[derive(Clone, Copy, Debug)]
struct Address(usize);

impl Address {
    fn of(pointer: *mut c_void) -> Address {
        Address(pointer.addr())
    }

    fn pointer(self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.0)
    }
}

impl Backtrace {
    /// Looks up the names of `stack`. What is not the user's at either end is left out.
    pub(super) fn resolve(stack: &Stack) -> Backtrace {
        let mut frames: Vec<BacktraceFrame> =
            stack.resolve().iter().map(BacktraceFrame::new).collect();
        let mut at_leaf = true;
        let mut at_root = false;
        for frame in &mut frames {
            frame.symbols.retain(|symbol| {
                at_leaf &= symbol.is(names::traces_a_leaf);
                at_root |= symbol.is(names::polls_a_task);
                !at_leaf && !at_root
            });
        }
        // A frame without a name, of code without debug information, is between others.
        let named = |frame: &BacktraceFrame| !frame.symbols.is_empty();
        let first = frames.iter().position(named).unwrap_or(0);
        let last = frames.iter().rposition(named).map_or(0, |last| last + 1);
        if first < last && at_root {
            frames.truncate(last);
        }
        if first < last {
            frames.drain(..first);
        }
        Backtrace { frames }
    }

    /// Returns the calls, the innermost first.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::Trace;
    /// # let ((), trace) = Trace::capture(|| {});
    /// for backtrace in trace.resolve_backtraces() {
    ///     println!("{} calls", backtrace.frames().count());
    /// }
    /// ```
    pub fn frames(&self) -> impl Iterator<Item = &BacktraceFrame> {
        self.frames.iter()
    }

    /// The same, as they can be iterated over from both ends.
    pub(super) fn as_slice(&self) -> &[BacktraceFrame] {
        &self.frames
    }
}

impl BacktraceFrame {
    fn new(frame: &::backtrace::BacktraceFrame) -> BacktraceFrame {
        BacktraceFrame {
            ip: Address::of(frame.ip()),
            symbol_address: Address::of(frame.symbol_address()),
            symbols: frame.symbols().iter().map(BacktraceSymbol::new).collect(),
        }
    }

    /// Returns the address at which the function continues.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceFrame;
    /// fn print(frame: &BacktraceFrame) {
    ///     println!("{:p}", frame.ip());
    /// }
    /// # let _ = print;
    /// ```
    pub fn ip(&self) -> *mut c_void {
        self.ip.pointer()
    }

    /// Returns the address at which the function begins.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceFrame;
    /// fn print(frame: &BacktraceFrame) {
    ///     println!("{:p}", frame.symbol_address());
    /// }
    /// # let _ = print;
    /// ```
    pub fn symbol_address(&self) -> *mut c_void {
        self.symbol_address.pointer()
    }

    /// Returns the functions, the innermost first: there are several if some were inlined into
    /// others, and none if there is no debug information.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceFrame;
    /// fn print(frame: &BacktraceFrame) {
    ///     for symbol in frame.symbols() {
    ///         println!("{:?}", symbol.name_demangled());
    ///     }
    /// }
    /// # let _ = print;
    /// ```
    pub fn symbols(&self) -> impl Iterator<Item = &BacktraceSymbol> {
        self.symbols.iter()
    }

    /// The same, as they can be iterated over from both ends.
    pub(super) fn as_slice(&self) -> &[BacktraceSymbol] {
        &self.symbols
    }
}

impl BacktraceSymbol {
    fn new(symbol: &::backtrace::BacktraceSymbol) -> BacktraceSymbol {
        let name = symbol.name();
        BacktraceSymbol {
            name_raw: name.as_ref().map(|name| name.as_bytes().into()),
            names: name.map(|name| {
                let name = format!("{name:#}");
                (names::shown(&name).into(), name.into())
            }),
            addr: symbol.addr().map(Address::of),
            filename: symbol.filename().map(Path::to_path_buf),
            lineno: symbol.lineno(),
            colno: symbol.colno(),
        }
    }

    fn is(&self, a_kind: fn(&str) -> bool) -> bool {
        self.names.as_ref().is_some_and(|(_, name)| a_kind(name))
    }

    /// Returns the name of the function as it is in the program.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceSymbol;
    /// fn print(symbol: &BacktraceSymbol) {
    ///     println!("{:?}", symbol.name_raw().map(String::from_utf8_lossy));
    /// }
    /// # let _ = print;
    /// ```
    pub fn name_raw(&self) -> Option<&[u8]> {
        self.name_raw.as_deref()
    }

    /// Returns the path of the function.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceSymbol;
    /// fn print(symbol: &BacktraceSymbol) {
    ///     println!("{}", symbol.name_demangled().unwrap_or("unknown"));
    /// }
    /// # let _ = print;
    /// ```
    pub fn name_demangled(&self) -> Option<&str> {
        self.names.as_ref().map(|(shown, _)| &**shown)
    }

    /// Returns the address at which the function begins, if it is known.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceSymbol;
    /// fn print(symbol: &BacktraceSymbol) {
    ///     println!("{:?}", symbol.addr());
    /// }
    /// # let _ = print;
    /// ```
    pub fn addr(&self) -> Option<*mut c_void> {
        self.addr.map(Address::pointer)
    }

    /// Returns the file of the function's source, if there is debug information.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceSymbol;
    /// fn print(symbol: &BacktraceSymbol) {
    ///     println!("{:?}", symbol.filename());
    /// }
    /// # let _ = print;
    /// ```
    pub fn filename(&self) -> Option<&Path> {
        self.filename.as_deref()
    }

    /// Returns the line at which the function continues, if there is debug information.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceSymbol;
    /// fn print(symbol: &BacktraceSymbol) {
    ///     println!("{:?}", symbol.lineno());
    /// }
    /// # let _ = print;
    /// ```
    pub fn lineno(&self) -> Option<u32> {
        self.lineno
    }

    /// Returns the column in that line, if there is debug information.
    ///
    /// # Examples
    ///
    /// ```
    /// # use zokio::runtime::dump::BacktraceSymbol;
    /// fn print(symbol: &BacktraceSymbol) {
    ///     println!("{:?}", symbol.colno());
    /// }
    /// # let _ = print;
    /// ```
    pub fn colno(&self) -> Option<u32> {
        self.colno
    }
}
