//! Which mounts are of this machine.
//!
//! A call on a file of a network file system may wait for a server even where it only asks for the
//! file's size, so a worker does not make it. Which file system a mount has is read from
//! `/proc/self/mountinfo`, once, and again when the kernel says that the table changed; a change is
//! noticed within [`PATIENCE`]. A mount that is not in the table counts as remote.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use crate::driver::nowait::mounts_changed;
use crate::loom::sync::RwLock;

/// How old the answer "nothing changed" may be.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a call on a file of a mount may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing: the file lives in memory.
    Memory,
    /// A disk of this machine, for data or names that are not cached.
    Disk,
    /// Layers of other file systems, on disks almost always; containers live on it. Opening a file
    /// to write copies the whole of it up first (overlayfs.rst in the kernel's documentation).
    Layers,
    /// A server, a user-space file system, a device: for anything.
    Remote,
}

struct Mounts {
    places: HashMap<u64, Place>,
    table: Option<File>,
    checked: Option<Instant>,
}

static MOUNTS: RwLock<Option<Mounts>> = RwLock::new(None);

/// What a call on a file of mount `id` may wait for.
pub(crate) fn place(id: u64) -> Place {
    let now = Instant::now();
    {
        let mounts = MOUNTS.read();
        if let Some(mounts) = &*mounts
            && mounts.is_fresh(now)
        {
            return mounts.place(id);
        }
    }
    let mut mounts = MOUNTS.write();
    let mounts = mounts.get_or_insert_with(|| Mounts {
        places: HashMap::new(),
        table: File::open("/proc/self/mountinfo").ok(),
        checked: None,
    });
    if !mounts.is_fresh(now) {
        mounts.refresh(now);
    }
    mounts.place(id)
}

impl Mounts {
    fn is_fresh(&self, now: Instant) -> bool {
        self.checked
            .is_some_and(|checked| now.saturating_duration_since(checked) < PATIENCE)
    }

    fn place(&self, id: u64) -> Place {
        self.places.get(&id).copied().unwrap_or(Place::Remote)
    }

    fn refresh(&mut self, now: Instant) {
        let changed = self.table.as_ref().is_some_and(mounts_changed);
        if changed || self.checked.is_none() {
            // A new descriptor for the text: the kept one remembers which changes it has told of.
            let mut text = String::new();
            let read = File::open("/proc/self/mountinfo")
                .and_then(|mut table| table.read_to_string(&mut text));
            self.places = match read {
                Ok(_) => parse(&text),
                Err(_) => HashMap::new(),
            };
        }
        self.checked = Some(now);
    }
}

/// Lines of proc_pid_mountinfo(5): the mount's number comes first, its file system after the
/// lone dash.
fn parse(text: &str) -> HashMap<u64, Place> {
    let entries = text.lines().filter_map(|line| {
        let (mount, rest) = line.split_once(" - ")?;
        let id = mount.split(' ').next()?.parse().ok()?;
        Some((id, classify(rest.split(' ').next()?)))
    });
    entries.collect()
}

fn classify(file_system: &str) -> Place {
    match file_system {
        "tmpfs" | "ramfs" => Place::Memory,
        "overlay" => Place::Layers,
        "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "f2fs" | "zfs" | "bcachefs" | "erofs"
        | "squashfs" | "jfs" | "reiserfs" | "nilfs2" | "vfat" | "exfat" | "ntfs3" | "iso9660"
        | "udf" => Place::Disk,
        _ => Place::Remote,
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, parse, place};
    use crate::driver::nowait::facts;
    use std::fs::File;

    #[test]
    fn reads_the_table() {
        let places = parse(
            "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
             28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n\
             90 28 0:45 / /mnt/a\\040b rw - nfs4 server:/export rw\n\
             92 28 0:47 / /merged rw - overlay overlay rw,lowerdir=/a\n\
             91 28 0:46 / /dev/shm rw master:3 propagate_from:2 - tmpfs tmpfs rw\n\
             broken line\n",
        );
        assert_eq!(places.len(), 5);
        assert_eq!(places[&92], Place::Layers);
        assert_eq!(places[&22], Place::Remote);
        assert_eq!(places[&28], Place::Disk);
        assert_eq!(places[&90], Place::Remote);
        assert_eq!(places[&91], Place::Memory);
    }

    #[test]
    fn knows_this_machine() {
        let proc = facts(&File::open("/proc/self/status").unwrap()).unwrap();
        assert_eq!(place(proc.mount.unwrap()), Place::Remote);
        assert_eq!(place(u64::MAX), Place::Remote);
        let here = facts(&tempfile::tempfile().unwrap()).unwrap();
        assert!(here.is_regular() && !here.is_directory());
        if let Some(mount) = here.mount {
            assert_ne!(place(mount), Place::Remote);
        }
    }
}
