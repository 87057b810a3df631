//! What the figures depend on besides the programs.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The machine.
pub struct Machine {
    /// The version of the kernel.
    pub kernel: String,
    /// The name of the processor.
    pub processor: String,
    /// How many there are.
    pub cores: usize,
    /// The type of the file system that the programs' files are on.
    pub files_on: String,
}

impl Machine {
    /// Describes this machine, with the file system of `folder`.
    ///
    /// # Errors
    ///
    /// Returns an error if `/proc` is not there.
    pub fn find(folder: &Path) -> Result<Machine> {
        let read = |path: &str| fs::read_to_string(path).with_context(|| format!("reading {path}"));
        let processors = read("/proc/cpuinfo")?;
        let model = processors
            .lines()
            .find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split_once(": "));
        Ok(Machine {
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            processor: model
                .map_or("unknown processor", |(_, model)| model)
                .to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            files_on: file_system(&read("/proc/self/mounts")?, folder).to_owned(),
        })
    }
}

/// Returns the type of the mount that `folder` is on: the one with the longest path that leads to it,
/// and the last of those, which hides the others.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> &'a str {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((Path::new(fields.next()?), fields.next()?))
    });
    mounts
        .filter(|(point, _)| folder.starts_with(point))
        .max_by_key(|(point, _)| point.components().count())
        .map_or("an unknown file system", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_system;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "/dev/vda / ext4 rw 0 0\nnone /work tmpfs rw 0 0\n/dev/vdb /work xfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/work/target")), "xfs");
        assert_eq!(file_system(mounts, Path::new("/workshop")), "ext4");
        assert_eq!(file_system("", Path::new("/")), "an unknown file system");
    }
}
