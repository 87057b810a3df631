//! The back-ends for completions: which there are, and which one is asked for.
#![forbid(unsafe_code)]

use std::ffi::OsStr;

use crate::error::Error;

/// The environment variable that forces a back-end.
const VARIABLE: &str = "ZOKIO_DRIVER";

/// The back-end that a runtime asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// What `ZOKIO_DRIVER` asks for; otherwise io_uring where it works.
    #[default]
    Auto,
    /// io_uring, or an error.
    ForceRing,
    /// The fallback.
    ForceThreads,
}

/// How operations are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackendKind {
    /// On a ring, where that needs no thread of the kernel; otherwise on threads.
    Ring,
    /// On threads.
    Threads,
}

/// The back-end in use.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) kind: BackendKind,
    /// Why this back-end was chosen, as a text for humans.
    pub(crate) reason: String,
}

/// Returns what `ZOKIO_DRIVER` asks for, and how to say so.
///
/// # Errors
///
/// Returns an error if it is none of the back-ends.
pub(super) fn from_environment() -> Result<(Choice, &'static str), Error> {
    read(std::env::var_os(VARIABLE).as_deref())
}

fn read(value: Option<&OsStr>) -> Result<(Choice, &'static str), Error> {
    match value.map(|value| value.to_str().unwrap_or("(not text)")) {
        None | Some("") => Ok((Choice::Auto, "a trial run succeeded")),
        Some("uring") => Ok((Choice::ForceRing, "asked for by ZOKIO_DRIVER=uring")),
        Some("mio") => Ok((Choice::ForceThreads, "asked for by ZOKIO_DRIVER=mio")),
        Some(other) => Err(Error::resource(
            "choose a driver",
            format!("{VARIABLE} is `{other}`; it must be `uring`, `mio` or unset"),
            None,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, read};
    use std::ffi::OsStr;

    #[test]
    fn the_environment_forces_or_is_refused() {
        assert_eq!(read(None).unwrap().0, Choice::Auto);
        let asked = |text: &str| read(Some(OsStr::new(text))).map(|(choice, _)| choice);
        assert_eq!(asked("uring").unwrap(), Choice::ForceRing);
        assert_eq!(asked("mio").unwrap(), Choice::ForceThreads);
        let error = asked("epoll").unwrap_err();
        assert!(error.is_resource());
        assert!(error.to_string().contains("`epoll`"), "{error}");
    }
}
