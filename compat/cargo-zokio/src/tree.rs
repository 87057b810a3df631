//! A tree of links that stands for a project, so that cargo finds a lock file of this program's in it.
//!
//! Below its own folder, the tree repeats the absolute path of the project: a path dependency such as
//! `../other` then leads to a link at the right place. The workspace's folder is a real folder with a
//! link for each entry of the project's; so are the folders above it, up to the top of its git
//! repository, so that `../other/file` is found too. All below are links to folders, so that the kernel
//! resolves `..` there within the project. Cargo itself resolves paths by name and stays in the tree.
//!
//! No link leads to a folder around the workspace, also if that is a path dependency (as it is of
//! `fuzz`): the lock file of the tree would be the project's then.
//!
//! The target folder is left out, as it holds the tree; so is `.git`, if the tree lies in that
//! repository.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files;
use crate::project::Project;

/// What stands at a path of the tree.
enum Entry {
    Folder,
    Link(PathBuf),
    /// A file of this program's own, which is left alone.
    Own,
}

/// The tree's folder and what is to be in it.
pub struct Tree<'a> {
    folder: PathBuf,
    project: &'a Project,
    entries: BTreeMap<PathBuf, Entry>,
}

impl<'a> Tree<'a> {
    /// Lists what the tree of a project holds. `own_manifest` keeps the workspace's manifest a file.
    ///
    /// # Errors
    ///
    /// Returns an error if a folder of the project cannot be read.
    pub fn new(folder: PathBuf, project: &'a Project, own_manifest: bool) -> Result<Self> {
        let mut tree = Self {
            folder,
            project,
            entries: BTreeMap::new(),
        };
        let is_repository = |folder: &&Path| folder.join(".git").exists();
        let top = project.root.ancestors().find(is_repository);
        tree.list(top.unwrap_or(&project.root))?;
        for path in &project.outside {
            tree.add(path)?;
        }
        let root = tree.place(&project.root);
        tree.entries.insert(root.join("Cargo.lock"), Entry::Own);
        if own_manifest {
            tree.entries.insert(root.join("Cargo.toml"), Entry::Own);
        }
        let places: Vec<_> = tree.entries.keys().cloned().collect();
        for place in places {
            let above = place.ancestors().skip(1);
            for folder in above.take_while(|above| **above != tree.folder) {
                tree.entries
                    .entry(folder.to_owned())
                    .or_insert(Entry::Folder);
            }
        }
        Ok(tree)
    }

    /// The place of a path of the project in the tree.
    pub fn place(&self, path: &Path) -> PathBuf {
        self.folder.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Makes the tree on disk what is listed.
    ///
    /// # Errors
    ///
    /// Returns an error if an entry cannot be made.
    pub fn make(&self) -> Result<()> {
        files::create_dir(&self.folder)?;
        self.prune(&self.folder)
            .map_err(|error| Error::file("read", &self.folder, error))?;
        for (place, entry) in &self.entries {
            let made = match entry {
                Entry::Folder => fs::create_dir(place),
                Entry::Link(target) => symlink(target, place),
                Entry::Own => Ok(()),
            };
            match made {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(Error::file("create", place, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Lists a path outside of the project, if it is not below a link.
    fn add(&mut self, path: &Path) -> Result<()> {
        let place = self.place(path);
        if self.is_on_the_way(path) {
            return self.list(path);
        }
        let is_link = |above: &Path| matches!(self.entries.get(above), Some(Entry::Link(_)));
        if !place.ancestors().any(is_link) {
            self.entries.insert(place, Entry::Link(path.to_owned()));
        }
        Ok(())
    }

    /// Returns true for the workspace's folder, the tree's, and those around them.
    fn is_on_the_way(&self, path: &Path) -> bool {
        self.project.root.starts_with(path) || self.folder.starts_with(path)
    }

    /// Lists the entries of a folder: links, and real folders on the way to the workspace and to the
    /// tree itself.
    fn list(&mut self, folder: &Path) -> Result<()> {
        let fail = |error: io::Error| Error::file("read", folder, error);
        for entry in fs::read_dir(folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path == self.project.target || path == self.project.base {
                continue;
            }
            // Git then finds the project's, with the project as its work tree, not one of changed types.
            if path.ends_with(".git") && self.folder.starts_with(folder) {
                continue;
            }
            let place = self.place(&path);
            if self.is_on_the_way(&path) {
                self.entries.insert(place, Entry::Folder);
                self.list(&path)?;
            } else {
                self.entries.insert(place, Entry::Link(path));
            }
        }
        Ok(())
    }

    /// Removes links that are not listed, and what stands in the place of an entry. Links are never
    /// followed. The files that a program has made here are left to it.
    fn prune(&self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            match self.entries.get(&path) {
                Some(Entry::Folder) if kind.is_dir() => self.prune(&path)?,
                Some(Entry::Link(target))
                    if kind.is_symlink() && fs::read_link(&path)? == *target => {}
                Some(Entry::Own) if kind.is_file() => {}
                None if !kind.is_symlink() => {}
                _ if kind.is_dir() => fs::remove_dir_all(&path)?,
                _ => fs::remove_file(&path)?,
            }
        }
        Ok(())
    }
}
