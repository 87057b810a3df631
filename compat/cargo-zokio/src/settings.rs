//! Settings of cargo that this program has to know of, and that no stable command of cargo reports.
//!
//! `resolver.lockfile-path` moves the project's lock file. It reaches every call of cargo, also one on a
//! tree of links, which would then write the project's lock. A patch of tokio in a configuration file is
//! as good as one in the manifest.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use crate::args::Invocation;
use crate::cargo::Cargo;
use crate::error::{Error, Result};
use crate::files;

const VARIABLE: &str = "CARGO_RESOLVER_LOCKFILE_PATH";

/// Fails if the lock file of the project is elsewhere than in its folder.
///
/// # Errors
///
/// Returns an error that names the place of the setting.
pub fn refuse_lockfile_path(cargo: &Cargo) -> Result<()> {
    let place = match std::env::var_os(VARIABLE) {
        Some(_) => Some(VARIABLE.to_owned()),
        None => configuration()
            .into_iter()
            .find(|file| parsed(file).as_ref().is_some_and(sets_lockfile_path))
            .map(|file| file.display().to_string()),
    };
    match place {
        Some(place) if cargo.has_lockfile_path() => Err(Error::new(format!(
            "`resolver.lockfile-path` is set by `{place}`"
        ))
        .note("`cargo zokio` takes the lock file from the workspace's folder, and sets this itself")
        .help("remove the setting, and put the lock file beside the workspace's Cargo.toml")),
        _ => Ok(()),
    }
}

/// The configuration files that cargo reads here.
fn configuration() -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut folders: Vec<_> = here
        .ancestors()
        .map(|folder| folder.join(".cargo"))
        .collect();
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")));
    folders.extend(home);
    let names = ["config.toml", "config"];
    let files = folders
        .iter()
        .flat_map(|folder| names.map(|name| folder.join(name)));
    files.collect()
}

/// Returns true if cargo's configuration patches tokio, in a file or by `--config`.
pub fn patches_tokio(invocation: &Invocation) -> bool {
    let values = invocation.common.windows(2).filter_map(|pair| {
        let value = pair[1].to_str().filter(|_| pair[0] == "--config")?;
        value.parse().ok().or_else(|| parsed(Path::new(value)))
    });
    let files = configuration();
    let mut documents = files.iter().filter_map(|file| parsed(file)).chain(values);
    documents.any(|document| patches(&document))
}

/// A file that cannot be read or parsed is cargo's to report.
fn parsed(file: &Path) -> Option<DocumentMut> {
    files::read(file).ok()??.parse().ok()
}

fn sets_lockfile_path(document: &DocumentMut) -> bool {
    let setting = document
        .get("resolver")
        .and_then(|table| table.get("lockfile-path"));
    setting.is_some()
}

fn patches(document: &DocumentMut) -> bool {
    let sources = document.get("patch").and_then(|item| item.as_table_like());
    let mut sources = sources.into_iter().flat_map(|table| table.iter());
    sources.any(|(_, patches)| patches.get("tokio").is_some())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml_edit::DocumentMut;

    use super::{parsed, patches, sets_lockfile_path};

    fn document(text: &str) -> DocumentMut {
        text.parse().unwrap()
    }

    #[test]
    fn a_lock_file_elsewhere_is_found_in_every_form() {
        for (text, sets) in [
            ("[resolver]\nlockfile-path = \"x/Cargo.lock\"\n", true),
            ("resolver.lockfile-path = \"x/Cargo.lock\"\n", true),
            ("resolver = { lockfile-path = \"x/Cargo.lock\" }\n", true),
            (
                "[resolver]\nincompatible-rust-versions = \"allow\"\n",
                false,
            ),
            ("", false),
        ] {
            assert_eq!(sets_lockfile_path(&document(text)), sets, "{text}");
        }
    }

    #[test]
    fn a_patch_of_tokio_is_found_in_every_form() {
        for (text, has) in [
            ("[patch.crates-io]\ntokio = { path = \"x\" }\n", true),
            ("[patch.\"https://host/x\".tokio]\npath = \"x\"\n", true),
            ("patch.crates-io.tokio.path = \"x\"", true),
            ("[patch.crates-io]\nbytes = { path = \"x\" }\n", false),
            ("patch = 1\n", false),
            ("", false),
        ] {
            assert_eq!(patches(&document(text)), has, "{text}");
        }
    }

    #[test]
    fn a_file_that_is_broken_or_not_there_sets_nothing() {
        let file = std::env::temp_dir().join(format!("cargo-zokio-config-{}", std::process::id()));
        std::fs::write(&file, "[resolver\n").unwrap();
        assert!(parsed(&file).is_none());
        std::fs::remove_file(&file).unwrap();
        assert!(parsed(&file).is_none());
        assert!(parsed(Path::new("/")).is_none());
    }
}
