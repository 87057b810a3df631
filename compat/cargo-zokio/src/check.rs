//! `check`: whether zokio is in use in the project as it is, for CI.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use crate::ZOKIO_VERSION;
use crate::args::Invocation;
use crate::cargo::{Cargo, run};
use crate::error::Result;
use crate::files;
use crate::lock::Lock;
use crate::manifest;
use crate::project::Project;
use crate::resolve;
use crate::shell::Shell;
use crate::stage::Stage;

/// The exit status of a check that found another tokio 1.x than zokio's.
const FOUND: u8 = 1;

/// Reads the project's lock. Without one, resolves as a build would, in the target folder.
///
/// # Errors
///
/// Returns an error with the status 1 if another tokio 1.x than zokio's is in the lock, with the cause;
/// one with cargo's status if the lock is not up to date.
pub fn check(shell: &Shell, invocation: &Invocation) -> Result<ExitCode> {
    invocation
        .no_more()
        .map_err(|error| error.help("cargo's own `check` is `cargo zokio c`"))?;
    let cargo = Cargo::find(invocation)?;
    let project = Project::find(&cargo, invocation)?;
    let (text, args, stage) = match files::read(&project.lock())? {
        Some(text) => {
            resolve::must_be_locked(&cargo, &project)?;
            let args = [
                "--locked".into(),
                "--manifest-path".into(),
                project.manifest.clone().into(),
            ];
            (text, args.to_vec(), None)
        }
        None => {
            shell.note("there is no Cargo.lock: checking what a build would resolve now");
            let stage = Stage::of_links(shell, &project, "check", None)?;
            stage.set_lock(None)?;
            run(cargo.metadata().args(&stage.args)).map_err(|error| stage.in_project(error))?;
            (
                files::read(&stage.lock)?.unwrap_or_default(),
                stage.args.clone(),
                Some(stage),
            )
        }
    };
    let tokios = Lock::parse(&text)?.tokios();
    let other = tokios.published.is_some() || !tokios.foreign.is_empty();
    if !other {
        if let Some(note) = tokios.old_note() {
            shell.note(&note);
        }
        match tokios.zokio {
            true => shell.status(
                "Checked",
                &format!("tokio {ZOKIO_VERSION} is zokio, and the only tokio 1.x"),
            ),
            false => shell.status("Checked", "there is no tokio 1.x in the graph"),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let culprits = resolve::graph_of(&cargo, |command| {
        command.args(&args);
    })?;
    let error = resolve::explain("zokio is not in use", &tokios, &culprits).code(FOUND);
    let error = match &stage {
        Some(stage) => stage.in_project(error),
        None => error,
    };
    let root = files::read(&project.root_manifest())?.unwrap_or_default();
    let patched = manifest::is_patched(&root)?;
    let movable = culprits.is_empty() && tokios.foreign.is_empty();
    Err(match (movable, patched) {
        (false, _) => error,
        (true, false) => {
            error.help("no requirement is in the way: put zokio in with `cargo zokio on`")
        }
        (true, true) => error.help(format!(
            "the patch is there, but the lock does not use it: \
             `cargo update -p tokio --precise {ZOKIO_VERSION}`"
        )),
    })
}
