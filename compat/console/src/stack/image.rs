//! An ELF file that the process has mapped: finding the very file, and what unwinding needs of it.
//!
//! A path may lead to another file by now: programs are replaced while they run, and a process may
//! live in another mount namespace. A file counts as the mapped one if
//!
//! - it has the inode that the map shows; or
//! - the process still lives, with the same memory mapped there, and either the file was found
//!   through its root folder and is not deleted, or the kernel itself leads to it
//!   (`/proc/PID/map_files`, `/proc/PID/exe`).
//!
//! The inode alone decides otherwise. On an overlay file system the map may show that of the layer
//! below, in which case the files of a process that has ended are not found.
#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gimli::{BaseAddresses, CieOrFde, EhFrame, LittleEndian, UnwindSection};
use object::read::ReadCache;
use object::{Object, ObjectSection, ObjectSegment, SegmentFlags};

use super::answer::Mapping;

/// Where the bytes of a module are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(PathBuf),
    /// The code that the kernel maps into each process.
    Memory(Arc<[u8]>),
}

/// A section, at the address that the file counts by.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) range: Range<u64>,
    pub(super) bytes: Arc<[u8]>,
}

/// What unwinding needs of a file.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) source: Source,
    /// What is added to the file's addresses in the process; modulo 2^64.
    pub(super) bias: u64,
    pub(super) text: Option<Section>,
    pub(super) eh_frame: Option<Section>,
    pub(super) eh_frame_hdr: Option<Section>,
    /// The code that has unwind information, at the file's addresses, sorted.
    unwindable: Vec<Range<u64>>,
}

impl Image {
    /// Loads the file of a mapping. Returns `None` if there is none, it is not the mapped one any
    /// more, or it is not an ELF file.
    pub(super) fn load(mapping: &Mapping, pid: Option<u64>) -> Option<Image> {
        if mapping.path == "[vdso]" {
            let bytes = own_vdso(mapping)?;
            let object = object::File::parse(&*bytes).ok()?;
            return Image::of(&object, mapping, Source::Memory(bytes.clone()));
        }
        let path = find(mapping, pid)?;
        let cache = ReadCache::new(File::open(&path).ok()?);
        let object = object::File::parse(&cache).ok()?;
        Image::of(&object, mapping, Source::File(path))
    }

    fn of<'a, R: object::ReadRef<'a>>(
        object: &object::File<'a, R>,
        mapping: &Mapping,
        source: Source,
    ) -> Option<Image> {
        let mut image = Image {
            source,
            bias: bias(object, mapping)?,
            text: section(object, ".text"),
            eh_frame: section(object, ".eh_frame"),
            eh_frame_hdr: section(object, ".eh_frame_hdr"),
            unwindable: Vec::new(),
        };
        if let Some(eh_frame) = &image.eh_frame {
            image.unwindable = unwindable(eh_frame, image.text.as_ref());
        }
        Some(image)
    }

    /// Whether there is unwind information for an address of the file.
    pub(super) fn is_unwindable(&self, address: u64) -> bool {
        let after = self
            .unwindable
            .partition_point(|range| range.start <= address);
        after > 0 && self.unwindable[after - 1].contains(&address)
    }

    /// Returns the bytes of code before an address of the file, at most `count`.
    pub(super) fn code_before(&self, address: u64, count: usize) -> &[u8] {
        let Some(text) = &self.text else { return &[] };
        let end = address.checked_sub(text.range.start);
        let Some(end) = end.and_then(|end| usize::try_from(end).ok()) else {
            return &[];
        };
        let bytes = text.bytes.get(..end).unwrap_or_default();
        &bytes[bytes.len().saturating_sub(count)..]
    }
}

/// Returns the path by which the mapped file can be opened.
fn find(mapping: &Mapping, pid: Option<u64>) -> Option<PathBuf> {
    if !mapping.path.starts_with('/') {
        return None;
    }
    let path = Path::new(&mapping.path);
    let has_inode =
        |path: &Path| fs::metadata(path).is_ok_and(|found| found.ino() == mapping.inode);
    // The path itself comes first: files with debug information are beside it.
    if !mapping.deleted && has_inode(path) {
        return Some(path.to_path_buf());
    }
    let process = PathBuf::from(format!("/proc/{}", pid?));
    if !is_mapped(&process, mapping) {
        return None;
    }
    let within_root = process.join("root").join(path.strip_prefix("/").ok()?);
    if !mapping.deleted && File::open(&within_root).is_ok() {
        return Some(within_root);
    }
    let Range { start, end } = mapping.range;
    let mapped = process.join(format!("map_files/{start:x}-{end:x}"));
    if File::open(&mapped).is_ok() {
        return Some(mapped);
    }
    // For which other than for `map_files` no capability is needed.
    let executable = process.join("exe");
    has_inode(&executable).then_some(executable)
}

/// Whether the process has the same memory mapped now.
fn is_mapped(process: &Path, mapping: &Mapping) -> bool {
    let maps = fs::read(process.join("maps")).unwrap_or_default();
    let maps = String::from_utf8_lossy(&maps);
    maps.lines().filter_map(Mapping::parse).any(|now| {
        (now.range, now.offset, now.inode) == (mapping.range.clone(), mapping.offset, mapping.inode)
    })
}

/// Reads the code that the kernel maps into each process, from this one, if it has the same size.
fn own_vdso(mapping: &Mapping) -> Option<Arc<[u8]>> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let own = maps
        .lines()
        .filter_map(Mapping::parse)
        .find(|own| own.path == "[vdso]")?;
    let length = own.range.end - own.range.start;
    if length != mapping.range.end - mapping.range.start {
        return None;
    }
    let mut memory = File::open("/proc/self/mem").ok()?;
    memory.seek(SeekFrom::Start(own.range.start)).ok()?;
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    memory.read_exact(&mut bytes).ok()?;
    Some(bytes.into())
}

/// Returns what is added to the file's addresses, from the segment that the mapping is of.
fn bias<'a, R: object::ReadRef<'a>>(
    object: &object::File<'a, R>,
    mapping: &Mapping,
) -> Option<u64> {
    let end = mapping.offset + (mapping.range.end - mapping.range.start);
    let segment = object.segments().find(|segment| {
        let (offset, size) = segment.file_range();
        let executable = match segment.flags() {
            SegmentFlags::Elf { p_flags } => p_flags & object::elf::PF_X != 0,
            _ => false,
        };
        executable && offset < end && mapping.offset < offset + size
    })?;
    let address = segment
        .address()
        .wrapping_add(mapping.offset)
        .wrapping_sub(segment.file_range().0);
    Some(mapping.range.start.wrapping_sub(address))
}

fn section<'a, R: object::ReadRef<'a>>(
    object: &object::File<'a, R>,
    name: &str,
) -> Option<Section> {
    let section = object.section_by_name(name)?;
    let bytes = section.data().ok()?;
    Some(Section {
        range: section.address()..section.address() + section.size(),
        bytes: bytes.into(),
    })
}

/// Returns the sorted ranges of code that `.eh_frame` describes.
fn unwindable(eh_frame: &Section, text: Option<&Section>) -> Vec<Range<u64>> {
    let mut bases = BaseAddresses::default().set_eh_frame(eh_frame.range.start);
    if let Some(text) = text {
        bases = bases.set_text(text.range.start);
    }
    let section = EhFrame::new(&eh_frame.bytes, LittleEndian);
    let mut entries = section.entries(&bases);
    let mut found = Vec::new();
    // An entry that cannot be read ends the walk: what follows has no place then.
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else {
            continue;
        };
        if let Ok(fde) = partial.parse(EhFrame::cie_from_offset) {
            let start = fde.initial_address();
            found.push(start..start.saturating_add(fde.len()));
        }
    }
    found.sort_by_key(|range| range.start);
    found
}
