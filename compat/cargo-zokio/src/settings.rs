//! A setting of cargo that this program has to know of: `resolver.lockfile-path`.
//!
//! It moves the project's lock file, and no stable command of cargo reports it. It reaches every call of
//! cargo, also one on a tree of links, which would then write the project's lock.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

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
            .find(|file| sets_lockfile_path(file))
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

/// A file that cannot be read or parsed is cargo's to report.
fn sets_lockfile_path(file: &Path) -> bool {
    let text = files::read(file).ok().flatten();
    let document = text.and_then(|text| text.parse::<DocumentMut>().ok());
    let has = |document: DocumentMut| document.get("resolver")?.get("lockfile-path").map(drop);
    document.and_then(has).is_some()
}

#[cfg(test)]
mod tests {
    use super::sets_lockfile_path;

    #[test]
    fn the_setting_is_found_in_every_form() {
        let file = std::env::temp_dir().join(format!("cargo-zokio-config-{}", std::process::id()));
        for (text, sets) in [
            ("[resolver]\nlockfile-path = \"x/Cargo.lock\"\n", true),
            ("resolver.lockfile-path = \"x/Cargo.lock\"\n", true),
            ("resolver = { lockfile-path = \"x/Cargo.lock\" }\n", true),
            (
                "[resolver]\nincompatible-rust-versions = \"allow\"\n",
                false,
            ),
            ("[resolver\n", false),
            ("", false),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(sets_lockfile_path(&file), sets, "{text}");
        }
        std::fs::remove_file(&file).unwrap();
        assert!(!sets_lockfile_path(&file));
    }
}
