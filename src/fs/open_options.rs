//! `OpenOptions`.
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::driver::completion::op::Op;
use crate::fs::inline::paths;
use crate::fs::{File, run};
use crate::util::status_flags::status_flags;
use crate::util::system::{O_LARGEFILE, O_NOATIME};

/// Opens files with other options than [`File::open`] and [`File::create`].
///
/// All options start out off; the permissions of a new file start out as `0o666`, from which the
/// umask is subtracted.
///
/// # Examples
///
/// ```
/// use zokio::fs::OpenOptions;
/// use zokio::io::AsyncWriteExt;
///
/// # fn main() -> std::io::Result<()> {
/// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("log");
/// let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
/// log.write_all(b"started\n").await?;
/// log.flush().await?;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Own(Options),
    /// The standard library does not show what is in its options, so it opens the file itself.
    Std(std::fs::OpenOptions),
}

#[derive(Clone, Debug)]
struct Options {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
    mode: u32,
    custom_flags: i32,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions(Kind::Std(options))
    }
}

impl OpenOptions {
    /// Creates options with everything off.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// // Reading is off, too.
    /// let error = OpenOptions::new().open("/proc/version").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn new() -> OpenOptions {
        OpenOptions(Kind::Own(Options {
            read: false,
            write: false,
            append: false,
            truncate: false,
            create: false,
            create_new: false,
            mode: 0o666,
            custom_flags: 0,
        }))
    }

    /// Sets whether the file can be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    /// use zokio::io::AsyncReadExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let mut file = OpenOptions::new().read(true).open(&path).await?;
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.read = read,
            Kind::Std(options) => {
                options.read(read);
            }
        }
        self
    }

    /// Sets whether the file can be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let mut file = OpenOptions::new().write(true).open(&path).await?;
    /// file.write_all(b"J").await?;
    /// file.flush().await?;
    /// // What was not written over is still there.
    /// assert_eq!(zokio::fs::read(&path).await?, b"Jello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.write = write,
            Kind::Std(options) => {
                options.write(write);
            }
        }
        self
    }

    /// Sets whether every write goes to the end of the file, wherever that is by then.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    /// use zokio::io::{AsyncSeekExt, AsyncWriteExt};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("log");
    /// zokio::fs::write(&path, "one\n").await?;
    ///
    /// let mut log = OpenOptions::new().append(true).open(&path).await?;
    /// // The position does not matter.
    /// log.rewind().await?;
    /// log.write_all(b"two\n").await?;
    /// log.flush().await?;
    /// assert_eq!(zokio::fs::read(&path).await?, b"one\ntwo\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.append = append,
            Kind::Std(options) => {
                options.append(append);
            }
        }
        self
    }

    /// Sets whether a file that exists is truncated. Needs `write`.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let file = OpenOptions::new().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.truncate = truncate,
            Kind::Std(options) => {
                options.truncate(truncate);
            }
        }
        self
    }

    /// Sets whether a file that does not exist is created. Needs `write` or `append`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// let mut options = OpenOptions::new();
    /// options.write(true);
    ///
    /// let error = options.open(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    ///
    /// options.create(true).open(&path).await?;
    /// assert!(zokio::fs::try_exists(&path).await?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.create = create,
            Kind::Std(options) => {
                options.create(create);
            }
        }
        self
    }

    /// Sets whether the file is created and must not exist. Needs `write` or `append`; `create` and
    /// `truncate` then make no difference.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let lock = dir.path().join("lock");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    ///
    /// options.open(&lock).await?;
    /// // Another caller was here before.
    /// let error = options.open(&lock).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.create_new = create_new,
            Kind::Std(options) => {
                options.create_new(create_new);
            }
        }
        self
    }

    /// Sets the permissions of a new file, from which the umask is subtracted.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::PermissionsExt;
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("secret");
    /// // No other user may read it or write to it.
    /// let file = OpenOptions::new().write(true).create(true).mode(0o600).open(&path).await?;
    /// let permissions = file.metadata().await?.permissions();
    /// assert_eq!(permissions.mode() & 0o777, 0o600);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.mode = mode,
            Kind::Std(options) => {
                options.mode(mode);
            }
        }
        self
    }

    /// Sets further flags for open(2). They replace flags that were set before; the access mode in
    /// them is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let link = dir.path().join("link");
    /// zokio::fs::symlink("/proc/version", &link).await?;
    ///
    /// let mut options = OpenOptions::new();
    /// options.read(true).custom_flags(libc::O_NOFOLLOW);
    /// let error = options.open(&link).await.unwrap_err();
    /// assert_eq!(error.raw_os_error(), Some(libc::ELOOP));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        match &mut self.0 {
            Kind::Own(options) => options.custom_flags = flags,
            Kind::Std(options) => {
                options.custom_flags(flags);
            }
        }
        self
    }

    /// Opens the file at `path`.
    ///
    /// # Cancel safety
    ///
    /// A file that is opened after the future was dropped is closed again. Options that create or
    /// truncate a file take effect even then, once the future has been polled.
    ///
    /// # Errors
    ///
    /// Returns an error if the file does not exist and is not to be created, if it exists and
    /// `create_new` is set, if it may not be opened in this way, or if the options contradict each
    /// other. See [`std::fs::OpenOptions::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::OpenOptions;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let mut options = OpenOptions::new();
    /// options.write(true).create(true);
    /// // The same options serve for many files.
    /// for name in ["one", "two"] {
    ///     let file = options.open(dir.path().join(name)).await?;
    ///     file.set_len(10).await?;
    /// }
    /// assert_eq!(zokio::fs::metadata(dir.path().join("two")).await?.len(), 10);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref();
        let flags = match &self.0 {
            Kind::Own(options) => options.flags().ok_or_else(|| options.to_std()),
            Kind::Std(options) => Err(options.clone()),
        };
        match flags {
            Ok(flags) => open(path, flags, self.mode_bits()).await,
            Err(options) => {
                let path = path.to_owned();
                let opened = run::blocking(move || {
                    let file = options.open(path)?;
                    let flags = status_flags(&file)?;
                    Ok((file, flags))
                });
                let (file, flags) = opened.await?;
                Ok(File::private(file, flags))
            }
        }
    }

    fn mode_bits(&self) -> u32 {
        match &self.0 {
            Kind::Own(options) => options.mode,
            Kind::Std(_) => 0,
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

async fn open(path: &Path, flags: i32, mode: u32) -> io::Result<File> {
    let name = run::c_string(path)?;
    run::begin().await?;
    if flags & !HARMLESS & !libc::O_ACCMODE & !libc::O_APPEND == 0 {
        if let Some(opened) = paths::open(path, flags) {
            return opened.map(|opened| File::opened(opened, flags));
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
    Ok(File::private(fd.into(), flags))
}

#[cfg(test)]
mod tests {
    use super::{Kind, OpenOptions};
    use std::fs::File;
    use std::os::unix::fs::OpenOptionsExt;

    /// Every combination against the standard library: refused, or opened the same way.
    #[test]
    fn agrees_with_std() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for bits in 0..64 {
            let bit = |n: u32| bits >> n & 1 == 1;
            let mut options = OpenOptions::new();
            options
                .read(bit(0))
                .write(bit(1))
                .append(bit(2))
                .truncate(bit(3))
                .create(bit(4))
                .create_new(bit(5));
            let Kind::Own(own) = &options.0 else {
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
