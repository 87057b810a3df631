//! The place where a lock file of this program's own takes effect.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use crate::cargo::Cargo;
use crate::error::{Error, Result};
use crate::files;
use crate::project::Project;
use crate::shell::Shell;
use crate::source::toml_string;
use crate::tree::Tree;

/// Cargo looks for a workspace in the folders above a package, and stops at one of this name, in which
/// `cargo package` builds. Without it, the search from a folder outside of the workspace would end in
/// the manifest of the project, whose target folder the tree lies in.
const TREE: &str = "target/package";

/// A lock file of this program's own, with the options that make cargo read and write it.
pub struct Stage {
    /// The lock file.
    pub lock: PathBuf,
    /// The options of cargo, without `--config` of a patch.
    pub args: Vec<OsString>,
    /// What the lock was made from; absent while another is being made.
    pub stamp: PathBuf,
    /// The package's manifest as cargo is to see it.
    pub manifest: PathBuf,
    /// What stands in cargo's messages for a path of the project, and that path: the folder of the
    /// tree, for nothing, or the copy of the lock.
    names: (PathBuf, PathBuf),
    /// Keeps other runs of this program out of the folder.
    _hold: File,
}

impl Stage {
    /// A stage for commands of cargo that build.
    ///
    /// # Errors
    ///
    /// Returns an error if the target folder cannot be written.
    pub fn for_builds(shell: &Shell, cargo: &Cargo, project: &Project, name: &str) -> Result<Self> {
        if !cargo.has_lockfile_path() {
            return Self::of_links(shell, project, name, None);
        }
        let folder = project.folder(&format!("{name}-lock"));
        files::create_dir(&folder)?;
        let lock = folder.join("Cargo.lock");
        let path = toml_string(&lock.to_string_lossy());
        let args = vec![
            "--manifest-path".into(),
            project.manifest.clone().into(),
            "--config".into(),
            format!("resolver.lockfile-path={path}").into(),
        ];
        let hold = files::hold(shell, &folder)?;
        let stamp = folder.join("stamp");
        Ok(Self {
            args,
            stamp,
            manifest: project.manifest.clone(),
            names: (lock.clone(), project.lock()),
            lock,
            _hold: hold,
        })
    }

    /// A stage that is a tree of links, optionally with another text as the workspace's manifest.
    ///
    /// # Errors
    ///
    /// Returns an error if the target folder cannot be written.
    pub fn of_links(
        shell: &Shell,
        project: &Project,
        name: &str,
        manifest: Option<&str>,
    ) -> Result<Self> {
        let folder = project.folder(name);
        files::create_dir(&folder)?;
        let hold = files::hold(shell, &folder)?;
        let tree = Tree::new(folder.join(TREE), project, manifest.is_some())?;
        tree.make()?;
        if let Some(text) = manifest {
            files::write(&tree.place(&project.root_manifest()), text)?;
        }
        let manifest = tree.place(&project.manifest);
        Ok(Self {
            lock: tree.place(&project.lock()),
            args: vec!["--manifest-path".into(), manifest.clone().into()],
            stamp: folder.join("stamp"),
            manifest,
            names: (folder.join(TREE), PathBuf::new()),
            _hold: hold,
        })
    }

    /// Names the project's files in an error, not what stands for them here.
    pub fn in_project(&self, error: Error) -> Error {
        let (here, there) = &self.names;
        error.replace(&here.to_string_lossy(), &there.to_string_lossy())
    }

    /// Makes the lock what it is in another stage, in one step.
    pub fn take_lock(&self, other: &Stage) -> Result<()> {
        let text = files::read(&other.lock)?;
        let text = text.ok_or_else(|| Error::new("cargo has written no lock file"))?;
        files::publish(&self.lock, &self.stamp.with_file_name("new"), &text)
    }

    /// Makes the lock what it is in the project, or removes it.
    pub fn set_lock(&self, text: Option<&str>) -> Result<()> {
        match text {
            Some(text) => files::write(&self.lock, text),
            None => files::remove(&self.lock),
        }
    }
}
