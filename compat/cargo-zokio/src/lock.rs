//! Lock files: which tokios one holds, and what differs between two of them.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use toml_edit::DocumentMut;

use crate::ZOKIO_VERSION;
use crate::error::{Error, Result};

const CRATES_IO: [&str; 2] = [
    "registry+https://github.com/rust-lang/crates.io-index",
    "sparse+https://index.crates.io/",
];

/// The packages of a lock file: name, version, and source if it is not a path.
pub struct Lock {
    packages: Vec<(String, Version, Option<String>)>,
}

/// The packages named `tokio` in a lock.
#[derive(Debug, Default, PartialEq)]
pub struct Tokios {
    /// zokio's stands there.
    pub zokio: bool,
    /// The published tokio 1.x.
    pub published: Option<Version>,
    /// A tokio 1.x from elsewhere, with its source. A patch of crates.io does not reach it.
    pub foreign: Vec<String>,
    /// tokio 0.x, which zokio does not replace.
    pub old: Vec<Version>,
}

impl Lock {
    /// Reads the text of a lock file.
    ///
    /// # Errors
    ///
    /// Returns an error if it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |cause: String| Error::new("failed to parse Cargo.lock").note(cause);
        let document: DocumentMut = text
            .parse()
            .map_err(|e: toml_edit::TomlError| fail(e.to_string()))?;
        let mut packages = Vec::new();
        let tables = document
            .get("package")
            .and_then(|item| item.as_array_of_tables());
        for table in tables.into_iter().flatten() {
            let field = |key: &str| table.get(key)?.as_str().map(str::to_owned);
            let version = field("version").and_then(|version| Version::parse(&version).ok());
            let (Some(name), Some(version)) = (field("name"), version) else {
                return Err(fail("a package has no name or no version".to_owned()));
            };
            packages.push((name, version, field("source")));
        }
        Ok(Self { packages })
    }

    /// Returns the tokios in it.
    pub fn tokios(&self) -> Tokios {
        let mut found = Tokios::default();
        for (_, version, source) in self.packages.iter().filter(|(name, ..)| name == "tokio") {
            let published = source
                .as_deref()
                .is_some_and(|source| CRATES_IO.contains(&source));
            match version.major {
                0 => found.old.push(version.clone()),
                _ if published => found.published = Some(version.clone()),
                _ if version.to_string() == ZOKIO_VERSION => found.zokio = true,
                _ => found
                    .foreign
                    .push(source.clone().unwrap_or_else(|| "a path".to_owned())),
            }
        }
        found
    }

    /// Returns how many packages of `former` are in this lock as they were, and the moves of the
    /// others that are still there in another version. tokio itself is not among them.
    pub fn moved_from(&self, former: &Lock) -> (usize, Vec<String>) {
        let (old, new) = (former.by_name(), self.by_name());
        let mut kept = 0;
        let mut moves = Vec::new();
        for (name, before) in old.iter().filter(|(name, _)| **name != "tokio") {
            let Some(after) = new.get(name) else { continue };
            kept += before.intersection(after).count();
            let gone: Vec<_> = before.difference(after).map(|v| v.to_string()).collect();
            let come: Vec<_> = after.difference(before).map(|v| v.to_string()).collect();
            if !gone.is_empty() && !come.is_empty() {
                moves.push(format!("{name} {} -> {}", gone.join(", "), come.join(", ")));
            }
        }
        (kept, moves)
    }

    fn by_name(&self) -> BTreeMap<&str, BTreeSet<&Version>> {
        let mut names: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        // The version of a path is not the lock's to keep.
        for (name, version, _) in self.packages.iter().filter(|(.., source)| source.is_some()) {
            names.entry(name.as_str()).or_default().insert(version);
        }
        names
    }
}

impl Tokios {
    /// Returns true if zokio is the only tokio 1.x.
    pub fn in_use(&self) -> bool {
        self.zokio && self.published.is_none() && self.foreign.is_empty()
    }

    /// A sentence on tokio 0.x, if it is there.
    pub fn old_note(&self) -> Option<String> {
        let versions: Vec<_> = self.old.iter().map(Version::to_string).collect();
        (!versions.is_empty()).then(|| {
            format!(
                "tokio {} is in the graph too and stays as it is; zokio replaces tokio 1.x",
                versions.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::{CRATES_IO, Lock};
    use crate::ZOKIO_VERSION;

    fn lock(packages: &[(&str, &str, Option<&str>)]) -> Lock {
        let mut text = String::from("version = 4\n");
        for (name, version, source) in packages {
            text += &format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            if let Some(source) = source {
                text += &format!("source = \"{source}\"\n");
            }
        }
        Lock::parse(&text).unwrap()
    }

    #[test]
    fn tokios_are_told_apart() {
        let published = lock(&[
            ("tokio", "1.49.0", Some(CRATES_IO[0])),
            ("tokio", "0.2.25", Some(CRATES_IO[0])),
        ]);
        let found = published.tokios();
        assert_eq!(found.published, Some(Version::new(1, 49, 0)));
        assert_eq!(found.old, [Version::new(0, 2, 25)]);
        assert!(!found.in_use());
        for source in [None, Some("git+https://github.com/zokio/zokio#abc")] {
            assert!(lock(&[("tokio", ZOKIO_VERSION, source)]).tokios().in_use());
        }
        let fork = lock(&[("tokio", "1.40.0", Some("git+https://host/fork#abc"))]);
        assert_eq!(fork.tokios().foreign, ["git+https://host/fork#abc"]);
        assert!(!lock(&[("other", "1.0.0", None)]).tokios().in_use());
    }

    #[test]
    fn moves_are_counted_by_name() {
        let registry = Some(CRATES_IO[0]);
        let old = lock(&[
            ("a", "1.0.0", registry),
            ("b", "1.0.0", registry),
            ("b", "2.0.0", registry),
            ("tokio", "1.0.0", registry),
        ]);
        let new = lock(&[
            ("a", "1.1.0", registry),
            ("b", "1.0.0", registry),
            ("b", "2.0.0", registry),
            ("c", "1.0.0", registry),
        ]);
        assert_eq!(
            new.moved_from(&old),
            (2, vec!["a 1.0.0 -> 1.1.0".to_owned()])
        );
    }
}
