//! The project that the command is about: its workspace, folders and path dependencies.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use toml_edit::DocumentMut;

use crate::args::Invocation;
use crate::cargo::{Cargo, run};
use crate::error::{Error, Result};
use crate::files;
use crate::settings;

/// A workspace, as seen from one folder.
pub struct Project {
    /// The workspace's folder.
    pub root: PathBuf,
    /// The manifest that cargo takes from the folder or `--manifest-path`.
    pub manifest: PathBuf,
    /// Folders outside of `root` that hold path dependencies or members; also single manifests above
    /// `root` which such a folder's manifest inherits from.
    pub outside: BTreeSet<PathBuf>,
    /// The target folder that a plain build uses.
    pub target: PathBuf,
    /// The folder for all that this program writes.
    pub base: PathBuf,
}

impl Project {
    /// Finds the project of the caller. Reads manifests only.
    ///
    /// # Errors
    ///
    /// Returns cargo's error if there is no manifest or a broken one.
    pub fn find(cargo: &Cargo, invocation: &Invocation) -> Result<Self> {
        settings::refuse_lockfile_path(cargo)?;
        let manifest = invocation.manifest_path.as_deref();
        let metadata = members(cargo, manifest)?;
        let path = |key: &str| -> Result<PathBuf> {
            let found = metadata[key].as_str().map(PathBuf::from);
            found.ok_or_else(|| Error::new(format!("`cargo metadata` reports no `{key}`")))
        };
        let root = path("workspace_root")?;
        let target = path("target_directory")?;
        let mut locate = cargo.command("locate-project");
        locate.args(["--message-format", "plain"]);
        if let Some(manifest) = manifest {
            locate.arg("--manifest-path").arg(manifest);
        }
        let located = run(&mut locate)?;
        let located = String::from_utf8_lossy(&located.stdout)
            .trim_end_matches('\n')
            .to_owned();
        let base = match &invocation.target_dir {
            Some(folder) => {
                std::path::absolute(folder).map_err(|error| Error::file("find", folder, error))?
            }
            None => target.join("zokio"),
        };
        let mut project = Self {
            root,
            manifest: located.into(),
            outside: BTreeSet::new(),
            target,
            base,
        };
        project.look_outside(cargo, &metadata)?;
        Ok(project)
    }

    /// The workspace's manifest.
    pub fn root_manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// The workspace's lock file, which need not exist.
    pub fn lock(&self) -> PathBuf {
        self.root.join("Cargo.lock")
    }

    /// A folder of this program's own. Where projects share a target folder, each has its own.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.base.join("cargo-zokio");
        if self.base.starts_with(&self.root) {
            return folder.join(name);
        }
        // FNV-1a: the same in all releases of Rust.
        let bytes = self.root.as_os_str().as_encoded_bytes().iter();
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        folder.join(format!("{name}-{hash:016x}"))
    }

    /// Fills `outside`: path dependencies, theirs in turn, and those of the patches.
    fn look_outside(&mut self, cargo: &Cargo, metadata: &Value) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut open = paths_in(metadata);
        open.extend(self.patched_paths()?);
        while let Some(folder) = open.pop() {
            let folder = normalize(&folder);
            if folder.starts_with(&self.root) || !seen.insert(folder.clone()) {
                continue;
            }
            // A folder that is not there is cargo's to report.
            let Ok(metadata) = members(cargo, Some(&folder.join("Cargo.toml"))) else {
                self.outside.insert(folder);
                continue;
            };
            let root = PathBuf::from(metadata["workspace_root"].as_str().unwrap_or_default());
            if self.root.starts_with(&root) {
                // A workspace around this one: its manifest, from which the folder inherits.
                if root != self.root {
                    self.outside.insert(root.join("Cargo.toml"));
                }
                self.outside.insert(folder);
            } else {
                // By `package.workspace`, the workspace's folder need not be around its member's.
                if !folder.starts_with(&root) {
                    self.outside.insert(folder);
                }
                self.outside.insert(root);
            }
            open.extend(paths_in(&metadata));
        }
        // A folder inside of another one is linked with it.
        let all = self.outside.clone();
        self.outside
            .retain(|path| !path.ancestors().skip(1).any(|above| all.contains(above)));
        Ok(())
    }

    fn patched_paths(&self) -> Result<Vec<PathBuf>> {
        let text = files::read(&self.root_manifest())?.unwrap_or_default();
        // Cargo has read it before: a parse error cannot come up here but by a change in between.
        let document: DocumentMut = text
            .parse()
            .map_err(|error| Error::file("parse", &self.root_manifest(), error))?;
        let mut found = Vec::new();
        let sources = document.get("patch").and_then(|item| item.as_table_like());
        for (_, source) in sources.into_iter().flat_map(|table| table.iter()) {
            for (_, patch) in source
                .as_table_like()
                .into_iter()
                .flat_map(|table| table.iter())
            {
                let path = patch
                    .as_table_like()
                    .and_then(|patch| patch.get("path")?.as_str());
                found.extend(path.map(|path| self.root.join(path)));
            }
        }
        Ok(found)
    }
}

/// The members of a manifest's workspace, without a resolution, which would write a lock.
fn members(cargo: &Cargo, manifest: Option<&Path>) -> Result<Value> {
    let mut command = cargo.command("metadata");
    command.args(["--no-deps", "--format-version", "1"]);
    if let Some(manifest) = manifest {
        command.arg("--manifest-path").arg(manifest);
    }
    json(&run(&mut command)?.stdout)
}

/// Reads the output of `cargo metadata`.
pub fn json(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text).map_err(|error| {
        Error::new("failed to read the output of `cargo metadata`").note(error.to_string())
    })
}

/// The folders of the packages and of their path dependencies.
fn paths_in(metadata: &Value) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let manifest = package["manifest_path"].as_str().map(Path::new);
        found.extend(manifest.and_then(Path::parent).map(Path::to_owned));
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            found.extend(dependency["path"].as_str().map(PathBuf::from));
        }
    }
    found
}

/// Resolves `.` and `..` by name, as cargo does.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}
