//! Where zokio comes from: a folder or a git repository.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use crate::args::Invocation;
use crate::error::{Error, Result};
use crate::files;
use crate::lock::Lock;
use crate::manifest;
use crate::project::Project;
use crate::settings;

const REPOSITORY: &str = "https://github.com/zokio/zokio";

/// The place of zokio's `tokio` package.
#[derive(Debug, PartialEq)]
pub enum Source {
    /// The patch that the project has, in its manifest or in a configuration file of cargo.
    Project,
    /// Its folder.
    Path(PathBuf),
    /// The repository that holds it.
    Git {
        /// The repository's URL.
        url: String,
        /// The revision behind `#`.
        rev: Option<String>,
    },
}

impl Source {
    /// Reads `--zokio`, then `CARGO_ZOKIO_SOURCE`; the default is the patch that the project has, or zokio's
    /// repository.
    ///
    /// # Errors
    ///
    /// Returns an error if a folder holds no zokio.
    pub fn find(invocation: &Invocation, project: &Project) -> Result<Self> {
        let variable = std::env::var("CARGO_ZOKIO_SOURCE").ok();
        let given = invocation
            .zokio
            .clone()
            .or(variable.filter(|value| !value.is_empty()));
        match given {
            Some(given) => Self::parse(&given),
            None if is_patched(invocation, project)? => Ok(Self::Project),
            None => Self::parse(REPOSITORY),
        }
    }

    fn parse(given: &str) -> Result<Self> {
        if given.contains("://") {
            let (url, rev) = match given.split_once('#') {
                Some((url, rev)) => (url, Some(rev.to_owned())),
                None => (given, None),
            };
            return Ok(Self::Git {
                url: url.to_owned(),
                rev,
            });
        }
        let folder = Path::new(given);
        let folder = folder
            .canonicalize()
            .map_err(|error| Error::file("find", folder, error))?;
        // The checkout as a whole, or the package in it.
        for folder in [folder.join("compat/tokio"), folder.clone()] {
            if is_zokio(&folder) {
                return Ok(Self::Path(folder));
            }
        }
        Err(Error::new(format!("`{}` holds no zokio", folder.display()))
            .help("name a checkout of zokio, or its folder `compat/tokio`"))
    }

    /// The options of cargo that apply the patch in one call.
    pub fn config(&self) -> Vec<String> {
        let mut options = Vec::new();
        for (key, value) in self.keys() {
            options.push("--config".to_owned());
            options.push(format!(
                "patch.crates-io.tokio.{key}={}",
                toml_string(&value)
            ));
        }
        options
    }

    /// The patch as a line of a manifest.
    pub fn line(&self) -> String {
        let keys: Vec<_> = self
            .keys()
            .into_iter()
            .map(|(key, value)| format!("{key} = {}", toml_string(&value)))
            .collect();
        format!("tokio = {{ {} }}", keys.join(", "))
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Project => Vec::new(),
            Self::Path(path) => vec![("path", path.to_string_lossy().into_owned())],
            Self::Git { url, rev } => {
                let rev = rev.as_ref().map(|rev| ("rev", rev.clone()));
                [("git", url.clone())].into_iter().chain(rev).collect()
            }
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Project => write!(f, "the project's own patch"),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Git {
                url,
                rev: Some(rev),
            } => write!(f, "{url}#{rev}"),
            Self::Git { url, rev: None } => write!(f, "{url}"),
        }
    }
}

/// A TOML string in quotes.
pub fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn is_patched(invocation: &Invocation, project: &Project) -> Result<bool> {
    let text = files::read(&project.root_manifest())?;
    if manifest::is_patched(&text.unwrap_or_default())? {
        return Ok(true);
    }
    // Of a patch in a configuration file, the lock shows whether it is zokio's. The lock alone may be
    // what a patch has left that was removed.
    if !settings::patches_tokio(invocation) {
        return Ok(false);
    }
    let lock = files::read(&project.lock())?;
    let lock = lock.as_deref().map(Lock::parse).transpose()?;
    Ok(lock.is_some_and(|lock| lock.tokios().in_use()))
}

fn is_zokio(folder: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml")) else {
        return false;
    };
    let has = |line: String| text.lines().any(|found| found.trim() == line);
    has("name = \"tokio\"".to_owned()) && has(format!("version = \"{}\"", crate::ZOKIO_VERSION))
}

#[cfg(test)]
mod tests {
    use super::{Source, toml_string};

    #[test]
    fn a_url_may_name_a_revision() {
        let source = Source::parse("https://host/zokio#abc").unwrap();
        assert_eq!(
            source.line(),
            "tokio = { git = \"https://host/zokio\", rev = \"abc\" }"
        );
    }

    #[test]
    fn strings_are_quoted() {
        assert_eq!(toml_string("a \"b\" \\ \n"), "\"a \\\"b\\\" \\\\ \\u000A\"");
    }
}
