//! The table of mounts as text, and what it tells about each mount.
//!
//! An overlay is as remote as the most remote of its layers. Its options name the folders that the
//! layers are; which mount such a folder lies on follows from the mount points in the same table. A
//! folder whose mount is not in the table (the layers of a container's root are not visible in the
//! container) tells nothing, and neither does one that is named by a relative path or through
//! symbolic links that lead elsewhere.
#![forbid(unsafe_code)]

use std::collections::{BinaryHeap, HashMap};

use super::Place;

/// How many overlays may lie on top of one another; the kernel allows two.
const DEPTH: usize = 3;

/// The mounts of a process.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Sorted by the number of the mount.
    places: Vec<(u64, Place)>,
}

/// A line of the table.
struct Line<'a> {
    id: u64,
    point: Vec<u8>,
    file_system: &'a str,
    options: &'a str,
}

impl Table {
    /// Parses lines of proc_pid_mountinfo(5). A line that is not understood is left out.
    pub(super) fn parse(text: &str) -> Table {
        let mut lines = Vec::new();
        for line in text.lines() {
            lines.extend(Line::parse(line));
        }
        let mut points = HashMap::new();
        for line in &lines {
            // Of two mounts at one point the later one is on top.
            points.insert(&*line.point, line);
        }
        // A heap sorts them with a small part of the code that `sort` would bring.
        let mut places = BinaryHeap::new();
        for line in &lines {
            places.push((line.id, line.place(&points, DEPTH)));
        }
        Table {
            places: places.into_sorted_vec(),
        }
    }

    /// Returns what a call on a file of mount `id` may wait for; `None` if the table lacks the
    /// mount.
    pub(super) fn place(&self, id: u64) -> Option<Place> {
        let at = self.places.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.places[at].1)
    }
}

impl<'a> Line<'a> {
    /// The mount's number comes first and its mount point fifth; its file system, the source and
    /// the file system's options come after the lone dash.
    fn parse(line: &'a str) -> Option<Line<'a>> {
        let mut fields = line.split(' ');
        let id = fields.next()?.parse().ok()?;
        let point = fields.nth(3).map(unescape)?;
        fields.find(|&field| field == "-")?;
        Some(Line {
            id,
            point,
            file_system: fields.next()?,
            options: fields.nth(1).unwrap_or_default(),
        })
    }

    fn place(&self, points: &HashMap<&[u8], &Line<'_>>, depth: usize) -> Place {
        let place = classify(self.file_system);
        if place != Place::Layers || depth == 0 {
            return place;
        }
        for layer in self.layers() {
            // In a container the root is the overlay itself: the layer is not visible.
            let mount = mount_of(points, &layer).filter(|mount| mount.id != self.id);
            if mount.is_some_and(|mount| mount.is_remote(points, depth - 1)) {
                return Place::Remote;
            }
        }
        place
    }

    fn is_remote(&self, points: &HashMap<&[u8], &Line<'_>>, depth: usize) -> bool {
        self.place(points, depth) == Place::Remote
    }

    /// Returns the folders of an overlay: one option with a list of them, or an option for each
    /// (overlayfs.rst in the kernel's documentation).
    fn layers(&self) -> Vec<Vec<u8>> {
        let mut layers = Vec::new();
        for option in self.options.split(',') {
            let (name, value) = option.split_once('=').unwrap_or_default();
            match name {
                "lowerdir" => layers.extend(split_layers(value)),
                "lowerdir+" | "datadir+" | "upperdir" => layers.push(unescape(value)),
                _ => {}
            }
        }
        layers
    }
}

/// Returns the mount that the absolute `path` lies on.
fn mount_of<'a>(points: &HashMap<&[u8], &'a Line<'a>>, path: &[u8]) -> Option<&'a Line<'a>> {
    if path.first() != Some(&b'/') {
        return None;
    }
    let mut folder = path;
    loop {
        if let Some(mount) = points.get(folder) {
            return Some(mount);
        }
        match folder.iter().rposition(|&byte| byte == b'/')? {
            0 if folder.len() == 1 => return None,
            0 => folder = b"/",
            end => folder = &folder[..end],
        }
    }
}

/// Splits `/a:/b::/c`, where a backslash makes the next character a part of the name. Both the
/// backslash and the colon in a name may be escaped again as an octal number.
fn split_layers(value: &str) -> Vec<Vec<u8>> {
    let mut layers = Vec::new();
    let mut layer = Vec::new();
    let mut rest = value.as_bytes();
    let mut literal = false;
    while let Some((byte, escaped, after)) = next_byte(rest) {
        rest = after;
        match byte {
            b'\\' if !literal => literal = true,
            b':' if !literal && !escaped => end_layer(&mut layer, &mut layers),
            _ => {
                literal = false;
                layer.push(byte);
            }
        }
    }
    end_layer(&mut layer, &mut layers);
    layers
}

/// Moves `layer` to `layers`. Layers of data only stand after two colons, between which there is
/// nothing.
fn end_layer(layer: &mut Vec<u8>, layers: &mut Vec<Vec<u8>>) {
    if !layer.is_empty() {
        layers.push(std::mem::take(layer));
    }
}

/// Undoes the octal escapes of blanks and backslashes.
fn unescape(value: &str) -> Vec<u8> {
    let mut rest = value.as_bytes();
    let mut name = Vec::new();
    while let Some((byte, _, after)) = next_byte(rest) {
        rest = after;
        name.push(byte);
    }
    name
}

/// Returns the first byte of `text`, whether it was escaped as `\ooo`, and what follows.
fn next_byte(text: &[u8]) -> Option<(u8, bool, &[u8])> {
    match text {
        [
            b'\\',
            high @ b'0'..=b'7',
            middle @ b'0'..=b'7',
            low @ b'0'..=b'7',
            after @ ..,
        ] => {
            let digit = |digit: &u8| u32::from(digit - b'0');
            let byte = (digit(high) * 8 + digit(middle)) * 8 + digit(low);
            Some((u8::try_from(byte).ok()?, true, after))
        }
        [byte, after @ ..] => Some((*byte, false, after)),
        [] => None,
    }
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
mod tests;
