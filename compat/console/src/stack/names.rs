//! Names of functions and lines of source, from debug information or, without it, from symbols.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use addr2line::Loader;
use object::Object;
use object::read::ReadCache;

use super::Frame;
use super::image::Source;
use super::modules::Modules;
use super::part;
use super::unwind::Found;

/// What is known of the files, each of which is opened once.
#[derive(Default)]
pub(super) struct Names {
    /// By the path of the file; empty if it has neither debug information nor symbols.
    loaders: HashMap<PathBuf, Vec<Loader>>,
}

/// A function, and where in the source it was.
#[derive(Default)]
struct Named {
    symbol: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

impl Names {
    /// Returns the functions at an address: those that were inlined there, and the one around them.
    pub(super) fn frames(&mut self, found: &Found, modules: &Modules) -> Vec<Frame> {
        // A call may be the last instruction of its function.
        let lookup = found.address - u64::from(found.returns);
        let module = modules.place(lookup).map(|place| modules.at(place));
        let image = module.and_then(|module| module.image());
        let mut named = match image.map(|image| (&image.source, lookup.wrapping_sub(image.bias))) {
            Some((Source::File(path), address)) => self.of_file(path, address),
            Some((Source::Memory(bytes), address)) => vec![of_memory(bytes, address)],
            None => Vec::new(),
        };
        if named.is_empty() {
            named.push(Named::default());
        }
        let path = module.map(|module| module.mapping.path.clone());
        let last = named.len() - 1;
        let frames = named.into_iter().enumerate().map(|(at, named)| Frame {
            address: found.address,
            module: path.clone().filter(|path| !path.is_empty()),
            offset: image.map(|image| found.address.wrapping_sub(image.bias)),
            inlined: at < last,
            part: part::of(
                path.as_deref(),
                named.symbol.as_deref(),
                named.file.as_deref(),
            ),
            guessed: found.guessed,
            symbol: named.symbol,
            file: named.file,
            line: named.line,
        });
        frames.collect()
    }

    /// The functions at an address of a file.
    fn of_file(&mut self, path: &Path, address: u64) -> Vec<Named> {
        let loaders = self
            .loaders
            .entry(path.to_path_buf())
            .or_insert_with(|| open(path));
        let mut named = loaders
            .iter()
            .map(|loader| of_debug_information(loader, address))
            .find(|named| !named.is_empty())
            .unwrap_or_default();
        // The outermost one is what the symbol is of. Line tables have names without their modules.
        let is_bare = |name: &String| !name.contains("::");
        let last = named.last().and_then(|last| last.symbol.as_ref());
        if last.is_none_or(is_bare) {
            let symbol = loaders
                .iter()
                .find_map(|loader| loader.find_symbol(address));
            let symbol = symbol.map(demangled).filter(|symbol| match last {
                Some(bare) => is_path_of(symbol, bare),
                None => true,
            });
            if let Some(symbol) = symbol {
                let mut last = named.pop().unwrap_or_default();
                last.symbol = Some(symbol);
                named.push(last);
            }
        }
        named
    }
}

/// Whether a symbol is the whole name of a function of which debug information has the last part.
/// Functions that were merged because they are equal have one symbol.
fn is_path_of(symbol: &str, bare: &str) -> bool {
    let name = bare.split('<').next().unwrap_or_default();
    let is_closure = name.starts_with('{') && symbol.contains("closure");
    symbol.contains("::") && (is_closure || symbol.contains(name))
}

/// Opens a file and those that hold its debug information: by its build ID, or beside it.
fn open(path: &Path) -> Vec<Loader> {
    let mut paths = debug_files(path).unwrap_or_default();
    paths.push(path.to_path_buf());
    let loaders = paths.iter().filter_map(|path| Loader::new(path).ok());
    loaders.collect()
}

/// Returns where the debug information of a file is expected to be, as gdb does.
fn debug_files(path: &Path) -> Option<Vec<PathBuf>> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let object = object::File::parse(&cache).ok()?;
    let mut paths = Vec::new();
    if let Ok(Some([first, rest @ ..])) = object.build_id() {
        let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
        paths.push(PathBuf::from(format!(
            "/usr/lib/debug/.build-id/{first:02x}/{rest}.debug"
        )));
    }
    if let Ok(Some((name, _))) = object.gnu_debuglink()
        && let (Ok(name), Some(folder)) = (str::from_utf8(name), path.parent())
    {
        paths.push(folder.join(name));
        paths.push(folder.join(".debug").join(name));
        let below = folder.strip_prefix("/").unwrap_or(folder);
        paths.push(Path::new("/usr/lib/debug").join(below).join(name));
    }
    paths.retain(|path| path.is_file());
    Some(paths)
}

fn of_debug_information(loader: &Loader, address: u64) -> Vec<Named> {
    let mut named = Vec::new();
    let Ok(mut frames) = loader.find_frames(address) else {
        return named;
    };
    // Debug information that cannot be read ends the list: the symbol is asked then.
    while let Ok(Some(frame)) = frames.next() {
        let symbol = frame.function.as_ref();
        let location = frame.location;
        named.push(Named {
            symbol: symbol.and_then(|name| name.demangle().ok().map(|name| name.into_owned())),
            file: location
                .as_ref()
                .and_then(|place| place.file.map(str::to_string)),
            line: location.and_then(|place| place.line),
        });
    }
    named
}

/// The function at an address of an image that is in memory.
fn of_memory(bytes: &[u8], address: u64) -> Named {
    let object = object::File::parse(bytes).ok();
    let symbols = object.map(|object| object.symbol_map());
    let symbol = symbols
        .as_ref()
        .and_then(|symbols| symbols.containing(address));
    Named {
        symbol: symbol.map(|symbol| demangled(symbol.name())),
        ..Named::default()
    }
}

fn demangled(symbol: &str) -> String {
    addr2line::demangle_auto(symbol.into(), None).into_owned()
}
