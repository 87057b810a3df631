//! How Unix opens a file: the options as flags for open(2).
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::names::c_string;
use crate::driver::completion::op::Op;
use crate::fs::inline::paths::{self, About};
use crate::fs::run;
use crate::util::status_flags::status_flags;
use crate::util::system::{O_LARGEFILE, O_NOATIME};

/// The options that were chosen.
#[derive(Clone, Debug)]
pub(in crate::fs) enum Chosen {
    Own(Options),
    /// The standard library does not show what is in its options, so it opens the file itself.
    Std(std::fs::OpenOptions),
}

#[derive(Clone, Debug)]
pub(in crate::fs) struct Options {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    mode: u32,
    custom_flags: i32,
}

impl From<std::fs::OpenOptions> for Chosen {
    fn from(options: std::fs::OpenOptions) -> Chosen {
        Chosen::Std(options)
    }
}

impl Chosen {
    /// Creates options with everything off.
    pub(in crate::fs) fn new() -> Chosen {
        Chosen::Own(Options {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            mode: 0o666,
            custom_flags: 0,
        })
    }

    pub(in crate::fs) fn read(&mut self, read: bool) {
        match self {
            Chosen::Own(options) => options.read = read,
            Chosen::Std(options) => {
                options.read(read);
            }
        }
    }

    pub(in crate::fs) fn write(&mut self, write: bool) {
        match self {
            Chosen::Own(options) => options.write = write,
            Chosen::Std(options) => {
                options.write(write);
            }
        }
    }

    pub(in crate::fs) fn append(&mut self, append: bool) {
        match self {
            Chosen::Own(options) => options.append = append,
            Chosen::Std(options) => {
                options.append(append);
            }
        }
    }

    pub(in crate::fs) fn truncate(&mut self, truncate: bool) {
        match self {
            Chosen::Own(options) => options.truncate = truncate,
            Chosen::Std(options) => {
                options.truncate(truncate);
            }
        }
    }

    pub(in crate::fs) fn create(&mut self, create: bool) {
        match self {
            Chosen::Own(options) => options.create = create,
            Chosen::Std(options) => {
                options.create(create);
            }
        }
    }

    pub(in crate::fs) fn create_new(&mut self, create_new: bool) {
        match self {
            Chosen::Own(options) => options.create_new = create_new,
            Chosen::Std(options) => {
                options.create_new(create_new);
            }
        }
    }

    pub(in crate::fs) fn mode(&mut self, mode: u32) {
        match self {
            Chosen::Own(options) => options.mode = mode,
            Chosen::Std(options) => {
                options.mode(mode);
            }
        }
    }

    pub(in crate::fs) fn custom_flags(&mut self, custom_flags: i32) {
        match self {
            Chosen::Own(options) => options.custom_flags = custom_flags,
            Chosen::Std(options) => {
                options.custom_flags(custom_flags);
            }
        }
    }

    fn mode_bits(&self) -> u32 {
        match self {
            Chosen::Own(options) => options.mode,
            Chosen::Std(_) => 0,
        }
    }
}

impl Options {
    /// Returns the flags for open(2); `None` for a combination that the standard library refuses.
    fn flags(&self) -> Option<i32> {
        let access = match (self.read, self.write, self.append) {
            (true, false, false) => libc::O_RDONLY,
            (false, true, false) => libc::O_WRONLY,
            (true, true, false) => libc::O_RDWR,
            (false, _, true) => libc::O_WRONLY | libc::O_APPEND,
            (true, _, true) => libc::O_RDWR | libc::O_APPEND,
            (false, false, false) => return None,
        };
        let creates = self.create || self.create_new;
        let refused = match (self.write, self.append) {
            (true, false) => false,
            (false, false) => self.truncate || creates,
            (_, true) => self.truncate && !self.create_new,
        };
        if refused {
            return None;
        }
        let creation = match (self.create, self.truncate, self.create_new) {
            (_, _, true) => libc::O_CREAT | libc::O_EXCL,
            (true, true, false) => libc::O_CREAT | libc::O_TRUNC,
            (true, false, false) => libc::O_CREAT,
            (false, true, false) => libc::O_TRUNC,
            (false, false, false) => 0,
        };
        Some(access | creation | (self.custom_flags & !libc::O_ACCMODE))
    }

    fn to_std(&self) -> std::fs::OpenOptions {
        let mut options = StdFile::options();
        options
            .read(self.read)
            .write(self.write)
            .append(self.append)
            .truncate(self.truncate)
            .create(self.create)
            .create_new(self.create_new)
            .mode(self.mode)
            .custom_flags(self.custom_flags);
        options
    }
}

/// Flags with which an open has no effect and requests nothing but the file.
const HARMLESS: i32 = libc::O_CLOEXEC
    | libc::O_NONBLOCK
    | libc::O_DIRECTORY
    | O_NOATIME
    | libc::O_NOCTTY
    | O_LARGEFILE;

/// Flags with which an open changes the file system.
const CHANGES: i32 = libc::O_CREAT | libc::O_TRUNC;

/// A file that was opened, the flags that it was opened with, and the facts that are known of it.
pub(in crate::fs) type Found = (StdFile, i32, Option<About>);

pub(in crate::fs) async fn open(options: &Chosen, path: &Path) -> io::Result<Found> {
    let flags = match options {
        Chosen::Own(own) => own.flags().ok_or_else(|| own.to_std()),
        Chosen::Std(options) => Err(options.clone()),
    };
    match flags {
        Ok(flags) => open_with(path, flags, options.mode_bits()).await,
        Err(options) => {
            let path = path.to_owned();
            let opened = run::blocking(move || {
                let file = options.open(path)?;
                let flags = status_flags(&file)?;
                Ok((file, flags))
            });
            let (file, flags) = opened.await?;
            Ok((file, flags, None))
        }
    }
}

async fn open_with(path: &Path, flags: i32, mode: u32) -> io::Result<Found> {
    let name = c_string(path)?;
    run::begin().await?;
    if flags & !HARMLESS & !libc::O_ACCMODE & !libc::O_APPEND == 0 {
        if let Some(opened) = paths::open(path, flags) {
            return opened.map(|opened| (opened.file, flags, Some(opened.about)));
        }
    }
    let op = Op::Open {
        path: name,
        flags,
        mode,
    };
    let completed = if flags & CHANGES == 0 {
        run::perform(op).await
    } else {
        run::perform_change(op, || paths::creates_briefly(path)).await
    };
    let fd = run::outcome(completed.opened())?;
    Ok((fd.into(), flags, None))
}

#[cfg(test)]
mod tests {
    use super::Chosen;
    use std::fs::File;
    use std::os::unix::fs::OpenOptionsExt;

    /// Every combination against the standard library: refused, or opened the same way.
    #[test]
    fn agrees_with_std() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for bits in 0..64 {
            let bit = |n: u32| bits >> n & 1 == 1;
            let mut options = Chosen::new();
            options.read(bit(0));
            options.write(bit(1));
            options.append(bit(2));
            options.truncate(bit(3));
            options.create(bit(4));
            options.create_new(bit(5));
            let Chosen::Own(own) = &options else {
                unreachable!("made by `new`")
            };
            for exists in [false, true] {
                let attempt = |options: &std::fs::OpenOptions| {
                    let _ = std::fs::remove_file(&path);
                    if exists {
                        std::fs::write(&path, b"old").unwrap();
                    }
                    let opened = options.open(&path).map(|file| flags_of(&file));
                    let len = std::fs::metadata(&path).map(|found| found.len()).ok();
                    (opened.map_err(|error| error.kind()), len)
                };
                let expected = attempt(&own.to_std());
                match own.flags() {
                    None => assert_eq!(expected.0, Err(std::io::ErrorKind::InvalidInput)),
                    Some(flags) => {
                        let mut raw = File::options();
                        // The access mode is the only part that custom flags cannot set.
                        raw.read(bit(0)).write(bit(1) || bit(2)).custom_flags(flags);
                        assert_eq!(attempt(&raw), expected, "{options:?}");
                    }
                }
            }
        }
    }

    fn flags_of(file: &File) -> String {
        use std::os::fd::AsRawFd;
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()));
        let info = info.unwrap();
        info.lines()
            .find(|line| line.starts_with("flags"))
            .unwrap()
            .to_owned()
    }
}
