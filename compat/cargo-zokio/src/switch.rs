//! `on` and `off`: the patch in the workspace's own manifest and lock.
//!
//! Both files are worked out and verified on a tree of links first. Then each is replaced in one step;
//! if the second, or the last look at the project, fails, the first is put back. A signal that comes in
//! between counts as a failure, and takes effect when both are put back.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use crate::ZOKIO_VERSION;
use crate::args::Invocation;
use crate::cargo::{Cargo, run};
use crate::error::{Error, Result};
use crate::files;
use crate::lock::Lock;
use crate::manifest;
use crate::project::Project;
use crate::raw;
use crate::resolve;
use crate::shell::Shell;
use crate::source::Source;
use crate::stage::Stage;

/// The manifest and the lock of a workspace, as texts.
#[derive(PartialEq)]
struct Pair {
    manifest: String,
    /// `None` if the workspace has no lock; it then stays without one.
    lock: Option<String>,
}

/// Adds the patch and puts zokio into the lock.
///
/// # Errors
///
/// Returns an error if zokio cannot be used. Nothing is changed then.
pub fn on(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    invocation.no_more()?;
    let cargo = Cargo::find(invocation)?;
    let project = Project::find(&cargo, invocation)?;
    let old = read(&project)?;
    let former = old.lock.as_deref().map(Lock::parse).transpose()?;
    let patched = manifest::is_patched(&old.manifest)?;
    if let (true, Some(other)) = (patched, &invocation.zokio) {
        return Err(Error::new(format!(
            "Cargo.toml has a patch of tokio already, which `--zokio {other}` does not change"
        ))
        .help("remove it first with `cargo zokio off`"));
    }
    if patched && former.as_ref().is_some_and(|lock| lock.tokios().in_use()) {
        shell.note("zokio is on already");
        return Ok(ExitCode::SUCCESS);
    }
    writable(&project)?;
    let mut new = Pair {
        manifest: old.manifest.clone(),
        lock: None,
    };
    if !patched {
        let source = Source::find(invocation, &project)?;
        if source == Source::Project {
            shell.note("zokio is on already, by a patch that is not in Cargo.toml");
            return Ok(ExitCode::SUCCESS);
        }
        new.manifest = manifest::with_patch(&old.manifest, &source, former.as_ref())?;
    }
    let stage = Stage::of_links(shell, &project, "on", Some(&new.manifest))?;
    let moved = resolve::move_tokio(shell, &cargo, &stage, &[], old.lock.as_deref());
    moved.map_err(|error| match patched {
        true => resolve::by_own_patch(error),
        false => error,
    })?;
    let lock = files::read(&stage.lock)?;
    if old.lock.is_some() {
        // For `off`, which puts back what is known.
        let kept = Kept::of(&project);
        files::write(&kept.before, old.lock.as_deref().unwrap_or_default())?;
        files::write(&kept.after, lock.as_deref().unwrap_or_default())?;
        new.lock = lock;
    }
    write(&cargo, &project, &old, &new)?;
    shell.status("Switched", &format!("on: tokio {ZOKIO_VERSION} is zokio"));
    Ok(ExitCode::SUCCESS)
}

/// Removes the patch and puts the former tokio into the lock.
///
/// # Errors
///
/// Returns an error if the patch is not there, or was added by hand. Nothing is changed then.
pub fn off(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    invocation.no_more()?;
    let cargo = Cargo::find(invocation)?;
    let project = Project::find(&cargo, invocation)?;
    let old = read(&project)?;
    if !manifest::is_patched(&old.manifest)? {
        return Err(Error::new(
            "zokio is not on: Cargo.toml has no patch of tokio",
        ));
    }
    writable(&project)?;
    let (manifest, former) = manifest::without_patch(&old.manifest)?;
    let mut new = Pair {
        manifest,
        lock: None,
    };
    if let Some(lock) = &old.lock {
        let stage = Stage::of_links(shell, &project, "off", Some(&new.manifest))?;
        let unlocked = unlock(&cargo, &project, &stage, lock, former.as_deref());
        new.lock = Some(unlocked.map_err(|error| stage.in_project(error))?);
    }
    write(&cargo, &project, &old, &new)?;
    let published = new.lock.as_deref().map(Lock::parse).transpose()?;
    let tokios = published.map(|lock| lock.tokios()).unwrap_or_default();
    if tokios.zokio {
        shell.note("zokio is still in use, by a patch that is not in Cargo.toml");
        return Ok(ExitCode::SUCCESS);
    }
    let published = tokios.published;
    let published = published.map_or("the published one".to_owned(), |version| {
        version.to_string()
    });
    shell.status("Switched", &format!("off: tokio is {published}"));
    Ok(ExitCode::SUCCESS)
}

/// The two locks that `on` keeps in the target folder.
struct Kept {
    before: PathBuf,
    after: PathBuf,
}

impl Kept {
    fn of(project: &Project) -> Self {
        let folder = project.folder("on");
        Self {
            before: folder.join("before.lock"),
            after: folder.join("after.lock"),
        }
    }
}

/// The lock without zokio: the very one from before, if nothing has changed since, else one with the
/// former version of tokio.
fn unlock(
    cargo: &Cargo,
    project: &Project,
    stage: &Stage,
    lock: &str,
    former: Option<&str>,
) -> Result<String> {
    let kept = Kept::of(project);
    if files::read(&kept.after)?.as_deref() == Some(lock) {
        if let Some(before) = files::read(&kept.before)? {
            stage.set_lock(Some(&before))?;
            let mut command = cargo.metadata();
            if run(command.args(&stage.args).arg("--locked")).is_ok() {
                return Ok(before);
            }
        }
    }
    stage.set_lock(Some(lock))?;
    run(cargo.metadata().args(&stage.args))?;
    let newest = resolve::locked(stage)?.tokios().published;
    if let (Some(newest), Some(former)) = (newest, former) {
        if newest.to_string() != former {
            let mut command = cargo.command("update");
            command.args(["-p", &resolve::published(&newest), "--precise", former]);
            run(command.args(&stage.args))?;
        }
    }
    let text = files::read(&stage.lock)?;
    text.ok_or_else(|| Error::new("cargo has written no lock file"))
}

fn read(project: &Project) -> Result<Pair> {
    let path = project.root_manifest();
    let manifest = files::read(&path)?;
    let manifest = manifest.ok_or_else(|| Error::file("read", &path, "there is no such file"))?;
    Ok(Pair {
        manifest,
        lock: files::read(&project.lock())?,
    })
}

fn writable(project: &Project) -> Result<()> {
    files::must_be_writable(&project.root_manifest())?;
    if project.lock().exists() {
        files::must_be_writable(&project.lock())?;
    }
    Ok(())
}

/// Replaces both files, or none.
fn write(cargo: &Cargo, project: &Project, old: &Pair, new: &Pair) -> Result<()> {
    // Cargo was at work for a while, and the new texts are made from the old ones.
    if read(project)? != *old {
        return Err(Error::new(
            "Cargo.toml or Cargo.lock has changed while the change was worked out",
        )
        .note("both were left alone")
        .help("run the command again"));
    }
    let signals = raw::hold_signals()
        .map_err(|error| Error::new("failed to hold back signals").note(error.to_string()))?;
    put(project, old, new)
        .and_then(|()| match new.lock {
            Some(_) => resolve::must_be_locked(cargo, project),
            None => Ok(()),
        })
        .and_then(|()| match signals.arrived() {
            true => Err(Error::new("a signal came before the end")),
            false => Ok(()),
        })
        .map_err(
            |error| match read(project).and_then(|now| put(project, &now, old)) {
                Ok(()) => error.note("Cargo.toml and Cargo.lock are as they were"),
                Err(second) => error.note(format!(
                    "putting the files back failed too: {}",
                    second.message
                )),
            },
        )
}

/// Replaces what differs. If the program is killed between the two, the manifest has the patch and the
/// lock has the published tokio, which cargo accepts, and `on` or `off` can be run again.
fn put(project: &Project, now: &Pair, new: &Pair) -> Result<()> {
    let manifest = || match now.manifest == new.manifest {
        true => Ok(()),
        false => files::replace(&project.root_manifest(), &new.manifest),
    };
    let lock = || match &new.lock {
        Some(lock) if now.lock != new.lock => files::replace(&project.lock(), lock),
        _ => Ok(()),
    };
    if manifest::is_patched(&new.manifest)? {
        manifest().and_then(|()| lock())
    } else {
        lock().and_then(|()| manifest())
    }
}
