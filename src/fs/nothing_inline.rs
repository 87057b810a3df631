//! File operations that complete inline, of a system where none does: no call of Windows promises to
//! answer from memory or not at all.
//!
//! The names are those of `fs/inline`. Nothing is known about any file, and the types of what would be
//! known have no values, so that the compiler leaves out what would use them.
#![forbid(unsafe_code)]

pub(in crate::fs) mod calls {
    //! The calls, none of which is ever made.

    use std::convert::Infallible;
    use std::fs::File;
    use std::io;

    use crate::io::ReadBuf;

    /// Why a call was not carried out.
    #[derive(Debug)]
    pub(in crate::fs) enum Refusal {
        Waits,
        Unsupported,
        Failed(io::Error),
    }

    /// What is known about a file.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::fs) struct Facts {
        pub(in crate::fs) size: u64,
        never: Infallible,
    }

    impl Facts {
        pub(in crate::fs) fn is_regular(&self) -> bool {
            match self.never {}
        }

        pub(in crate::fs) fn is_stream(&self) -> bool {
            match self.never {}
        }
    }

    /// Where a file has its bytes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::fs) enum Source {
        Cache,
        Memory,
    }

    pub(in crate::fs) fn read_to_buf(
        _file: &File,
        _source: Source,
        _into: &mut ReadBuf<'_>,
        _max: usize,
    ) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }

    pub(in crate::fs) fn read_to_vec(
        _file: &File,
        _source: Source,
        _into: &mut Vec<u8>,
    ) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }

    pub(in crate::fs) fn write_memory(_file: &File, _from: &[u8]) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }

    pub(in crate::fs) fn write(_file: &File, _from: &[u8]) -> Result<usize, Refusal> {
        Err(Refusal::Unsupported)
    }
}

pub(in crate::fs) mod mounts {
    //! On what file system a file is.

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::fs) enum Place {
        Memory,
        Disk,
        Layers,
        Remote,
    }
}

pub(in crate::fs) mod paths {
    //! What is known about a path: nothing.

    use std::convert::Infallible;
    use std::fs::{File, Metadata};
    use std::io;
    use std::path::{Path, PathBuf};

    use super::calls::{Facts, Refusal};
    use super::mounts::Place;

    /// Measures calls, of which there are none.
    #[derive(Debug)]
    pub(in crate::fs) struct Stopwatch(Infallible);

    impl Stopwatch {
        pub(in crate::fs) fn time<T>(
            &self,
            _f: impl FnOnce() -> Result<T, Refusal>,
        ) -> Result<T, Refusal> {
            match self.0 {}
        }

        pub(in crate::fs) fn is_slow(&self) -> bool {
            match self.0 {}
        }
    }

    /// What is known about an open file.
    #[derive(Debug)]
    pub(crate) struct About {
        pub(in crate::fs) facts: Facts,
        pub(in crate::fs) place: Place,
        pub(in crate::fs) stopwatch: &'static Stopwatch,
    }

    impl About {
        /// Returns `None`: a call that asks may wait for a server.
        pub(in crate::fs) fn of(_file: &File) -> Option<About> {
            None
        }

        pub(in crate::fs) fn is_local(&self) -> bool {
            match self.stopwatch.0 {}
        }

        pub(in crate::fs) fn writes_briefly(&self) -> bool {
            match self.stopwatch.0 {}
        }
    }

    /// A file that was opened inline.
    #[derive(Debug)]
    pub(in crate::fs) struct Opened {
        pub(in crate::fs) file: File,
        pub(in crate::fs) about: About,
    }

    pub(in crate::fs) fn metadata(_path: &Path, _follow: bool) -> Option<io::Result<Metadata>> {
        None
    }

    pub(in crate::fs) fn exists(_path: &Path) -> Option<bool> {
        None
    }

    pub(in crate::fs) fn read_link(_path: &Path) -> Option<PathBuf> {
        None
    }

    pub(in crate::fs) fn canonicalize(_path: &Path) -> Option<io::Result<PathBuf>> {
        None
    }

    pub(in crate::fs) fn open_nonblock(_path: &Path, _flags: i32) -> Option<io::Result<Opened>> {
        None
    }
}
