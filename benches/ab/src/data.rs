//! The files that the programs read, and the folder that they write to.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::build;

/// The length of the file `big`, which the programs know as well.
const BIG: u64 = 64 << 20;

/// The pages of the folder `www`, with their lengths.
const PAGES: [(&str, u64); 2] = [("4k", 4 << 10), ("1m", 1 << 20)];

/// What the folder's name begins with; the number of this process follows.
const PREFIX: &str = "files-";

/// A folder in the target folder, which is removed when this is dropped. Its files are in the page
/// cache and on the device.
pub struct Data {
    folder: TempDir,
    big: Arc<[u8]>,
}

impl Data {
    /// Writes the files.
    ///
    /// # Errors
    ///
    /// Returns an error if the target folder cannot be written.
    pub fn make() -> Result<Data> {
        let target = build::target();
        let writing = || format!("writing files below {}", target.display());
        fs::create_dir_all(&target).with_context(writing)?;
        remove_left_over(&target).with_context(writing)?;
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(&target);
        let folder = folder.with_context(writing)?;
        let big: Arc<[u8]> = content(BIG).into();
        let fill = || {
            write(&folder.path().join("big"), &big)?;
            fs::create_dir(folder.path().join("www"))?;
            for (name, length) in PAGES {
                write(&folder.path().join("www").join(name), &content(length))?;
            }
            Ok::<_, std::io::Error>(())
        };
        fill().with_context(writing)?;
        Ok(Data { folder, big })
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the content of the file `big`.
    pub(crate) fn big(&self) -> Arc<[u8]> {
        Arc::clone(&self.big)
    }

    /// Returns the content of a page of `www`.
    pub(crate) fn page(&self, name: &str) -> Result<Arc<[u8]>> {
        let path = self.folder().join("www").join(name);
        let page = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(page.into())
    }
}

/// Removes the folders of processes that were ended before they could do it.
fn remove_left_over(target: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let process = process.and_then(|rest| rest.split_once('-'));
        if process.is_some_and(|(number, _)| !Path::new("/proc").join(number).exists()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Each word of eight bytes is its own place.
fn content(length: u64) -> Vec<u8> {
    (0..length).step_by(8).flat_map(u64::to_le_bytes).collect()
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    // Nothing is to be written to the device while something is measured.
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::remove_left_over;

    #[test]
    fn only_what_no_process_uses_is_removed() {
        let target = tempfile::tempdir().unwrap();
        let own = format!("files-{}-abc", std::process::id());
        // No process has a number above 2^22.
        for name in ["files-8388608-abc", own.as_str(), "release"] {
            fs::create_dir(target.path().join(name)).unwrap();
            fs::write(target.path().join(name).join("big"), "").unwrap();
        }
        remove_left_over(target.path()).unwrap();
        let left = fs::read_dir(target.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [own.as_str(), "release"]);
    }
}
