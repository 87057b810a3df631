//! How a runtime's sockets are read.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;

use crate::driver::sockets::Choice;

/// The environment variable that decides where the builder does not.
const VARIABLE: &str = "ZOKIO_SOCKETS";

/// How [`TcpStream`](crate::net::TcpStream) and [`UnixStream`](crate::net::UnixStream) wait for
/// bytes to read. See [`Builder::sockets`](super::Builder::sockets).
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, Sockets};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().enable_io().sockets(Sockets::Completion).build()?;
/// match rt.handle().driver_info().sockets() {
///     Sockets::Completion => println!("received by io_uring"),
///     other => println!("read by {other}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sockets {
    /// A read that finds nothing waits until the socket is readable, and is tried again.
    Readiness,
    /// A read that finds nothing begins a receive on io_uring, which completes with the bytes.
    Completion,
}

impl fmt::Display for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sockets::Readiness => "readiness",
            Sockets::Completion => "completion",
        })
    }
}

/// Decides how sockets are to be read.
pub(super) fn choose(asked: Option<Sockets>, multi_thread: bool) -> Result<Choice, crate::Error> {
    let (asked, by) = match asked {
        Some(asked) => (asked, "asked for by the builder"),
        None => from_environment(std::env::var_os(VARIABLE).as_deref())?,
    };
    Ok(match asked {
        Sockets::Completion if multi_thread => Choice {
            completion: false,
            reason: "a multi-thread runtime has no receives on io_uring".to_owned(),
        },
        asked => Choice {
            completion: asked == Sockets::Completion,
            reason: by.to_owned(),
        },
    })
}

fn from_environment(value: Option<&OsStr>) -> Result<(Sockets, &'static str), crate::Error> {
    match value.map(|value| value.to_str().unwrap_or("(not text)")) {
        None | Some("") => Ok((Sockets::Readiness, "the default")),
        Some("readiness") => Ok((Sockets::Readiness, "asked for by ZOKIO_SOCKETS=readiness")),
        Some("completion") => Ok((Sockets::Completion, "asked for by ZOKIO_SOCKETS=completion")),
        Some(other) => Err(crate::Error::resource(
            "choose how sockets are read",
            format!("{VARIABLE} is `{other}`; it must be `readiness`, `completion` or unset"),
            None,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sockets, choose, from_environment};
    use std::ffi::OsStr;

    #[test]
    fn the_environment_decides_or_is_refused() {
        assert_eq!(from_environment(None).unwrap().0, Sockets::Readiness);
        let read = |text: &str| from_environment(Some(OsStr::new(text))).map(|(asked, _)| asked);
        assert_eq!(read("").unwrap(), Sockets::Readiness);
        assert_eq!(read("readiness").unwrap(), Sockets::Readiness);
        assert_eq!(read("completion").unwrap(), Sockets::Completion);
        let error = read("epoll").unwrap_err();
        assert!(error.is_resource());
        assert!(error.to_string().contains("`epoll`"), "{error}");
    }

    #[test]
    fn a_multi_thread_runtime_reads_by_readiness() {
        let choice = choose(Some(Sockets::Completion), true).unwrap();
        assert!(!choice.completion);
        assert!(choice.reason.contains("multi-thread"), "{}", choice.reason);
        assert!(choose(Some(Sockets::Completion), false).unwrap().completion);
    }
}
