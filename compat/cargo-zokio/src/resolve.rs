//! Puts zokio into a copy of the lock and verifies that it is in use.
//!
//! Only tokio moves, by `cargo update --precise`, which keeps every other locked version that zokio's own
//! requirements admit. All later calls of cargo run with `--locked` on that copy: what was
//! verified is what is built. The copy is kept until the project's lock changes, or the manifests do.
//!
//! The work is done on a stage of its own. Another run may have become cargo and be about to read the
//! copy, which therefore never holds a lock without zokio.

#![forbid(unsafe_code)]

use std::process::Command;

use semver::Version;

use crate::ZOKIO_VERSION;
use crate::cargo::{Cargo, run};
use crate::error::{Error, Result};
use crate::files;
use crate::graph;
use crate::lock::{Lock, Tokios};
use crate::project::{Project, json};
use crate::shell::Shell;
use crate::source::Source;
use crate::stage::Stage;

/// Makes the stage's lock the project's with zokio in it.
///
/// # Errors
///
/// Returns an error if zokio is not in use then, with the package whose requirement is the cause.
pub fn put_in(
    shell: &Shell,
    cargo: &Cargo,
    project: &Project,
    source: &Source,
    stage: &Stage,
) -> Result<()> {
    let config = source.config();
    let own = files::read(&project.lock())?;
    let stamp = format!("{source}\n{}", own.as_deref().unwrap_or("no lock\n"));
    if files::read(&stage.stamp)?.as_ref() != Some(&stamp) || !still_fits(cargo, stage, &config)? {
        files::remove(&stage.stamp)?;
        // Cargo may have to fetch, and its own lines are not shown.
        shell.status("Resolving", &format!("with zokio ({source}) as tokio"));
        let scratch = Stage::for_builds(shell, cargo, project, "resolve")?;
        let own = own.as_deref();
        move_tokio(shell, cargo, &scratch, &config, own).map_err(|error| match source {
            Source::Project => by_own_patch(error),
            _ => error,
        })?;
        stage.take_lock(&scratch)?;
        files::write(&stage.stamp, &stamp)?;
    }
    if let Some(note) = locked(stage)?.tokios().old_note() {
        shell.note(&note);
    }
    shell.status(
        "Using",
        &format!("zokio ({source}) as tokio {ZOKIO_VERSION}"),
    );
    Ok(())
}

/// Fails, as cargo does, if the project's own lock is missing or behind its manifests.
pub fn must_be_locked(cargo: &Cargo, project: &Project) -> Result<()> {
    let mut command = cargo.metadata();
    run(command
        .arg("--locked")
        .arg("--manifest-path")
        .arg(&project.manifest))
    .map(drop)
}

/// Adds that the project's own patch was used.
pub fn by_own_patch(error: Error) -> Error {
    error.note("the project has a patch of tokio, which was used as it is")
}

fn still_fits(cargo: &Cargo, stage: &Stage, config: &[String]) -> Result<bool> {
    if files::read(&stage.lock)?.is_none() {
        return Ok(false);
    }
    let mut command = cargo.metadata();
    let fits = run(command.args(&stage.args).args(config).arg("--locked")).is_ok();
    Ok(fits && locked(stage)?.tokios().in_use())
}

/// Resolves with the patch, from the given lock on, and verifies the outcome.
///
/// # Errors
///
/// See [`put_in`].
pub fn move_tokio(
    shell: &Shell,
    cargo: &Cargo,
    stage: &Stage,
    config: &[String],
    own: Option<&str>,
) -> Result<()> {
    stage.set_lock(own)?;
    let before = own.map(Lock::parse).transpose()?;
    let tokio = before.as_ref().and_then(|lock| lock.tokios().published);
    let mut command = match &tokio {
        Some(version) => {
            let mut command = cargo.command("update");
            command.args(["-p", &published(version), "--precise", ZOKIO_VERSION]);
            command
        }
        // Without a tokio in the lock, or without a lock, there is nothing to move.
        None => cargo.metadata(),
    };
    let failure = run(command.args(&stage.args).args(config)).err();
    let after = match failure {
        None => Some(locked(stage)?),
        Some(_) => None,
    };
    let Some(after) = after.filter(|lock| lock.tokios().in_use()) else {
        let error = stage.in_project(blame(cargo, stage, own, failure));
        stage.set_lock(None)?;
        return Err(error);
    };
    report(
        shell,
        before.as_ref(),
        &after,
        tokio.map(|version| version.to_string()),
    );
    Ok(())
}

/// The name of the published tokio for cargo; one of the same version from elsewhere is another.
pub fn published(version: &Version) -> String {
    format!("https://github.com/rust-lang/crates.io-index#tokio@{version}")
}

fn report(shell: &Shell, before: Option<&Lock>, after: &Lock, tokio: Option<String>) {
    let Some(before) = before else {
        return shell.status("Locking", "the newest versions, as there is no Cargo.lock");
    };
    if before.tokios().zokio {
        return;
    }
    let (kept, moves) = after.moved_from(before);
    let tokio = tokio.unwrap_or_else(|| "none".to_owned());
    shell.status(
        "Locking",
        &format!("tokio {tokio} -> {ZOKIO_VERSION}; other packages kept: {kept}"),
    );
    for line in moves {
        shell.status(
            "Updating",
            &format!("{line} (required by zokio or its dependencies)"),
        );
    }
}

/// Reads the stage's lock.
pub fn locked(stage: &Stage) -> Result<Lock> {
    let text = files::read(&stage.lock)?;
    let text = text.ok_or_else(|| Error::new("cargo has written no lock file"))?;
    Lock::parse(&text)
}

/// Finds out why zokio is not in use.
fn blame(cargo: &Cargo, stage: &Stage, own: Option<&str>, failure: Option<Error>) -> Error {
    let looked = look(cargo, stage, own);
    let (tokios, culprits) = match looked {
        Ok(found) => found,
        // The graph cannot be had without the patch either: cargo's first error is the cause.
        Err(error) => return failure.unwrap_or(error),
    };
    if !culprits.is_empty() {
        return explain("zokio is not in use", &tokios, &culprits);
    }
    match failure {
        Some(mut failure) => {
            failure.message = "zokio cannot be used".to_owned();
            if failure.cargo.contains("failed to select a version") {
                return failure.help(
                    "if a locked version is in the way, move it in the project with `cargo update NAME`",
                );
            }
            if failure.cargo.contains("Only one of `git` or `path`") {
                return failure.help(
                    "a configuration file of cargo patches tokio too: remove that patch, or name zokio \
                     with `--zokio` in the same form, as a folder or a URL",
                );
            }
            failure
        }
        None => explain("zokio is not in use", &tokios, &culprits),
    }
}

fn look(cargo: &Cargo, stage: &Stage, own: Option<&str>) -> Result<(Tokios, Vec<graph::Culprit>)> {
    stage.set_lock(own)?;
    let culprits = graph_of(cargo, |command| {
        command.args(&stage.args);
    })?;
    Ok((locked(stage)?.tokios(), culprits))
}

/// Looks for culprits in the graph of all platforms; where a crate of another platform cannot be
/// downloaded, in that of this one.
pub fn graph_of(cargo: &Cargo, add: impl Fn(&mut Command)) -> Result<Vec<graph::Culprit>> {
    let mut all = cargo.command("metadata");
    add(all.args(["--format-version", "1", "--all-features"]));
    let output = run(&mut all).or_else(|_| {
        let mut here = cargo.metadata();
        add(here.arg("--all-features"));
        run(&mut here)
    })?;
    Ok(graph::culprits(&json(&output.stdout)?))
}

/// The error that names what keeps zokio out.
pub fn explain(what: &str, tokios: &Tokios, culprits: &[graph::Culprit]) -> Error {
    let mut error = match culprits {
        [first, ..] => Error::new(format!("{what}: {}", first.sentence())),
        [] if !tokios.foreign.is_empty() => Error::new(format!(
            "{what}: tokio comes from {}, and zokio replaces only the one of crates.io",
            tokios.foreign.join(", ")
        )),
        [] => match &tokios.published {
            Some(version) => Error::new(format!("{what}: the lock holds tokio {version}")),
            None => Error::new(format!("{what}: tokio 1.x is not among the dependencies")),
        },
    };
    for culprit in culprits.iter().skip(1) {
        error = error.note(culprit.sentence());
    }
    for way in culprits.iter().filter_map(graph::Culprit::way) {
        error = error.note(way);
    }
    if let Some(note) = tokios.old_note() {
        error = error.note(note);
    }
    if culprits.is_empty() {
        return error;
    }
    error.help("relax the requirement to `tokio = \"1\"`, or update the package to a version that has done so")
}
