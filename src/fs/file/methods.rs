//! The other operations on an open file.
#![forbid(unsafe_code)]

use std::fs::{File as StdFile, Metadata, Permissions};
use std::future::poll_fn;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::time::SystemTime;

use super::File;
use super::state::FileState;
use crate::driver::completion::op::Op;
use crate::fs::{FileTimes, run};

impl File {
    /// Waits until the file's content and attributes are on disk.
    ///
    /// This method waits for an accepted write first, but the error of that write is returned only
    /// by the next write or flush. So flush the file before.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file may or may not be synced. Call the method again.
    ///
    /// # Errors
    ///
    /// Returns an error if the file system or the device fails to write the data, as fsync(2) does.
    /// See [`std::fs::File::sync_all`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let mut file = zokio::fs::File::from_std(tempfile::tempfile()?);
    /// file.write_all(b"important").await?;
    /// file.flush().await?;
    /// file.sync_all().await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn sync_all(&self) -> io::Result<()> {
        self.sync("sync_all", false).await
    }

    /// Waits until the file's content is on disk, and the attributes that are needed to read it.
    ///
    /// Other attributes, such as the time of the last change, may be left out, so this can be
    /// faster than [`sync_all`](File::sync_all).
    ///
    /// # Cancel safety
    ///
    /// The same as for [`sync_all`](File::sync_all).
    ///
    /// # Errors
    ///
    /// Returns an error under the same conditions as [`sync_all`](File::sync_all); the call is
    /// fdatasync(2). See [`std::fs::File::sync_data`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("journal");
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"entry\n").await?;
    /// file.flush().await?;
    /// file.sync_data().await?;
    /// assert_eq!(zokio::fs::read(&path).await?, b"entry\n");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn sync_data(&self) -> io::Result<()> {
        self.sync("sync_data", true).await
    }

    async fn sync(&self, source: &'static str, data_only: bool) -> io::Result<()> {
        let op = self.trace.begin(source, "poll_sync");
        op.around(async {
            let mut inner = self.inner.lock().await;
            poll_fn(|cx| inner.poll_idle(cx)).await;
            run::check()?;
            let fd = self.std.clone();
            run::outcome(run::perform(Op::Sync { fd, data_only }).await.done())
        })
        .await
    }

    /// Truncates the file or extends it with zeros, to `size` bytes.
    ///
    /// The position does not move. This method waits for an accepted write first; if that write
    /// fails, the next write or flush returns the error.
    ///
    /// # Cancel safety
    ///
    /// Once the change has begun, it continues even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is not open for writing, is not a regular file, or if `size` is
    /// larger than the file system allows. See [`std::fs::File::set_len`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let file = zokio::fs::File::from_std(tempfile::tempfile()?);
    /// file.set_len(100).await?;
    /// assert_eq!(file.metadata().await?.len(), 100);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        let op = self.trace.begin("set_len", "poll_set_len");
        op.around(async {
            let mut inner = self.inner.lock().await;
            poll_fn(|cx| inner.poll_idle(cx)).await;
            run::check()?;
            let ahead = inner.forget_ahead() as i64;
            if ahead > 0 {
                let std = self.std.clone();
                inner.state = FileState::Seeking(run::start_blocking(move || {
                    (&*std).seek(SeekFrom::Current(-ahead))
                }));
                poll_fn(|cx| inner.poll_seek(cx)).await?;
            }
            let fd = self.std.clone();
            inner.state = FileState::Other(run::submit(Op::Truncate { fd, len: size }));
            poll_fn(|cx| inner.poll_other(cx)).await
        })
        .await
    }

    /// Returns the file's attributes.
    ///
    /// This does not wait for an accepted write: flush first if the length matters.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: it changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the kernel or the file system fails to report them, as statx(2) does.
    /// See [`std::fs::File::metadata`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("file");
    /// zokio::fs::write(&path, "hello").await?;
    ///
    /// let found = File::open(&path).await?.metadata().await?;
    /// assert!(found.is_file());
    /// assert_eq!(found.len(), 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let op = self.trace.begin("metadata", "poll_metadata");
        op.around(async {
            run::begin().await?;
            let about = self.about().filter(|about| about.is_local());
            let found = about.map(|about| about.stopwatch.time(|| Ok(self.std.metadata())));
            if let Some(Ok(found)) = found {
                return found;
            }
            let std = self.std.clone();
            run::blocking(move || std.metadata()).await
        })
        .await
    }

    /// Creates another handle of the same open file.
    ///
    /// Both have one position, which reads, writes and seeks of either move. From then on, both are
    /// read and written [on other threads](File#other-handles-of-the-same-open-file). To read a
    /// file in several places at the same time, open it several times instead.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe. Dropping the future has no effect on this file.
    ///
    /// # Errors
    ///
    /// Returns an error if the process has too many open files. See [`std::fs::File::try_clone`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let file = zokio::fs::File::from_std(tempfile::tempfile()?);
    /// let same = file.try_clone().await?;
    /// same.set_len(1).await?;
    /// assert_eq!(file.metadata().await?.len(), 1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn try_clone(&self) -> io::Result<File> {
        run::begin().await?;
        let mut inner = self.inner.lock().await;
        poll_fn(|cx| inner.poll_idle(cx)).await;
        let mut clone = File::from_std(self.std.try_clone()?);
        clone.max_buf_size = self.max_buf_size;
        self.share();
        Ok(clone)
    }

    /// Converts this into a file of the standard library, after the operation in flight has ended.
    ///
    /// Flush first, or the error of an accepted write is lost. If the future of a read was dropped,
    /// the bytes that it has read are lost, and the position is after them.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: if the future is dropped, so is the file.
    ///
    /// # Panics
    ///
    /// Panics if no descriptor is left while a call whose future was dropped, such as
    /// [`set_permissions`](File::set_permissions), is still using the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Seek};
    /// use zokio::fs::File;
    /// use zokio::io::AsyncWriteExt;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let mut file = File::create_new(dir.path().join("file")).await?;
    /// file.write_all(b"hello").await?;
    /// file.flush().await?;
    ///
    /// let mut std = file.into_std().await;
    /// let mut text = String::new();
    /// std.rewind()?;
    /// std.read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn into_std(mut self) -> StdFile {
        let inner = self.inner.get_mut();
        poll_fn(|cx| inner.poll_idle(cx)).await;
        Arc::try_unwrap(self.std).unwrap_or_else(|shared| {
            // A call whose future was dropped still uses it on another thread.
            let clone = shared.try_clone();
            clone.expect("a descriptor is left to give the file back with")
        })
    }

    /// Converts this into a file of the standard library, without waiting.
    ///
    /// As with [`into_std`](File::into_std), flush first, and bytes that a dropped read has left
    /// are lost.
    ///
    /// # Errors
    ///
    /// Returns the `File` itself if an operation is in flight, including one whose future was
    /// dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use zokio::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let file = File::open("/proc/version").await?;
    /// // Nothing is in flight.
    /// let mut std = file.try_into_std().unwrap();
    /// let mut text = String::new();
    /// std.read_to_string(&mut text)?;
    /// assert!(text.starts_with("Linux"));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[expect(clippy::result_large_err, reason = "the signature is tokio's")]
    pub fn try_into_std(mut self) -> Result<StdFile, Self> {
        match Arc::try_unwrap(self.std) {
            Ok(std) => Ok(std),
            Err(std) => {
                self.std = std;
                Err(self)
            }
        }
    }

    /// Sets the file's permissions.
    ///
    /// # Cancel safety
    ///
    /// Once it has been polled, the change continues even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the process may not change the permissions, or if the file system is
    /// read-only. See [`std::fs::File::set_permissions`].
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let file = File::create(dir.path().join("file")).await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    ///
    /// file.set_permissions(permissions).await?;
    /// assert!(file.metadata().await?.permissions().readonly());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        let std = self.std.clone();
        let op = self.trace.begin("set_permissions", "poll_set_permissions");
        op.around(run::blocking(move || std.set_permissions(perm)))
            .await
    }

    /// Sets the times of the last access and of the last change.
    ///
    /// # Cancel safety
    ///
    /// Once it has been polled, the change continues even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the process may not change the times, or if the file system cannot store
    /// them. See [`std::fs::File::set_times`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use zokio::fs::{File, FileTimes};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let file = File::create(dir.path().join("file")).await?;
    /// let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    /// let accessed = SystemTime::UNIX_EPOCH + Duration::from_secs(2);
    ///
    /// let times = FileTimes::new().set_modified(changed).set_accessed(accessed);
    /// file.set_times(times).await?;
    /// let found = file.metadata().await?;
    /// assert_eq!(found.modified()?, changed);
    /// assert_eq!(found.accessed()?, accessed);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        let std = self.std.clone();
        let op = self.trace.begin("set_times", "poll_set_times");
        op.around(run::blocking(move || std.set_times(times.0)))
            .await
    }

    /// Sets the time of the last change of the content.
    ///
    /// # Cancel safety
    ///
    /// Once it has been polled, the change continues even if the future is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the process may not change the time, or if the file system cannot store
    /// it. See [`std::fs::File::set_modified`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use zokio::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # zokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dir = tempfile::tempdir()?;
    /// let file = File::create(dir.path().join("file")).await?;
    /// let an_hour_in = SystemTime::UNIX_EPOCH + Duration::from_secs(3600);
    ///
    /// file.set_modified(an_hour_in).await?;
    /// assert_eq!(file.metadata().await?.modified()?, an_hour_in);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }
}
