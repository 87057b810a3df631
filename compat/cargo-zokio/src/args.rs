//! The command line: what belongs to this program, what every call of cargo takes, what is passed on.

#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::error::{Error, Result};

/// What the command line asks for.
pub enum Request {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// A command.
    Command(Box<Invocation>),
}

/// A command with its arguments sorted.
#[derive(Default)]
pub struct Invocation {
    /// The command's name.
    pub command: String,
    /// `--zokio`: a folder or the URL of a repository.
    pub zokio: Option<String>,
    /// `--manifest-path`.
    pub manifest_path: Option<PathBuf>,
    /// `--target-dir`.
    pub target_dir: Option<PathBuf>,
    /// `--path`, of `install`.
    pub path: Option<PathBuf>,
    /// `--pairs`, of `compare`.
    pub pairs: Option<usize>,
    /// `--locked` or `--frozen`: the project's own lock must be up to date.
    pub locked: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// What every call of cargo takes: `--color`, `--config`, `--offline`, `-Z`, `--quiet`.
    pub common: Vec<OsString>,
    /// What is passed on to the command itself.
    pub args: Vec<OsString>,
    /// Everything from `--` on, without it. `None` if there is no `--`.
    pub rest: Option<Vec<OsString>>,
}

/// Options with a value that cargo's commands take and this program passes on. Those of `tree` and
/// `metadata` are left out: there, nothing depends on which words are values.
const VALUED: &[&str] = &[
    "-p",
    "--package",
    "--exclude",
    "--bin",
    "--example",
    "--test",
    "--bench",
    "-F",
    "--features",
    "-j",
    "--jobs",
    "--profile",
    "--target",
    "--message-format",
    "--version",
    "--vers",
    "--root",
    "--index",
    "--registry",
    "--git",
    "--branch",
    "--tag",
    "--rev",
    "--artifact-dir",
];

/// Returns true if the next argument is the value of this one: of an option above, or of the last of
/// several short ones, as in `-rp`.
pub fn takes_value(text: &str) -> bool {
    let cluster = || text.strip_prefix('-')?.strip_suffix(['p', 'F', 'j']);
    VALUED.contains(&text)
        || cluster().is_some_and(|flags| flags.chars().all(|c| matches!(c, 'q' | 'r' | 'v')))
}

/// Sorts the arguments behind `cargo zokio`.
///
/// # Errors
///
/// Returns an error if an option lacks its value or there is no command.
pub fn parse(args: Vec<OsString>) -> Result<Request> {
    let mut found = Invocation::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        if found.command.is_empty() {
            match text.as_str() {
                "-h" | "--help" | "help" => return Ok(Request::Help),
                "-V" | "--version" => return Ok(Request::Version),
                _ => {}
            }
        }
        if text == "--" {
            found.rest = Some(args.by_ref().collect());
        } else if found.take(&text, &arg, &mut args)? {
        } else if found.command.is_empty() {
            if text.starts_with('-') {
                return Err(Error::new(format!("unexpected argument `{text}` found"))
                    .help("view the options with `cargo zokio --help`"));
            }
            found.command = text;
        } else if text == "--help" || text == "-h" {
            if !crate::forward::COMMANDS.contains(&found.command.as_str()) {
                return Ok(Request::Help);
            }
            found.args.push(arg);
        } else if takes_value(&text) {
            found.args.push(arg);
            found.args.extend(args.next());
        } else if !text.starts_with('-') && matches!(found.command.as_str(), "run" | "r") {
            // From the first plain word on, `cargo run` reads all as the program's arguments.
            found.rest = Some(std::iter::once(arg).chain(args.by_ref()).collect());
        } else {
            found.args.push(arg);
        }
    }
    if found.command.is_empty() {
        return Ok(Request::Help);
    }
    Ok(Request::Command(Box::new(found)))
}

impl Invocation {
    /// Takes an option that this program or every call of cargo reads. Returns false if it is another.
    fn take(
        &mut self,
        text: &str,
        arg: &OsStr,
        more: &mut impl Iterator<Item = OsString>,
    ) -> Result<bool> {
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(OsString::from(value))),
            _ => (text, None),
        };
        let mut value = || {
            inline.clone().or_else(|| more.next()).ok_or_else(|| {
                Error::new(format!(
                    "a value is required for `{name}` but none was supplied"
                ))
            })
        };
        match name {
            "--zokio" => self.zokio = Some(value()?.to_string_lossy().into_owned()),
            "--manifest-path" => self.manifest_path = Some(value()?.into()),
            "--target-dir" => self.target_dir = Some(value()?.into()),
            "--path" if self.command == "install" => self.path = Some(value()?.into()),
            "--pairs" if self.command == "compare" => self.pairs = Some(number(name, &value()?)?),
            "--locked" => self.locked = true,
            "--frozen" => {
                self.locked = true;
                self.common.push("--offline".into());
            }
            "--offline" => self.common.push(arg.into()),
            "-q" | "--quiet" => {
                self.quiet = true;
                self.common.push(arg.into());
            }
            "--color" | "--config" | "-Z" => {
                let value = value()?;
                self.common.push(name.into());
                self.common.push(value);
            }
            _ if text.starts_with("-Z") => self.common.push(arg.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The value of `--color`.
    pub fn color(&self) -> Option<&str> {
        let at = self.common.iter().rposition(|arg| arg == "--color")?;
        self.common.get(at + 1)?.to_str()
    }

    /// The value of `--target`, as far as one is passed on and names a single platform.
    pub fn target(&self) -> Option<&str> {
        let at = self.args.iter().position(|arg| arg == "--target");
        let target = match at {
            Some(at) => self.args.get(at + 1)?.to_str(),
            None => self
                .args
                .iter()
                .find_map(|arg| arg.to_str()?.strip_prefix("--target=")),
        };
        // `all` is a word of `cargo tree`.
        target.filter(|target| *target != "all")
    }

    /// The plain words among the arguments that are passed on.
    pub fn positionals(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            let text = arg.to_string_lossy();
            if takes_value(&text) {
                args.next();
            } else if !text.starts_with('-') {
                words.push(text.into_owned());
            }
        }
        words
    }

    /// Refuses arguments that a command of this program does not read.
    pub fn no_more(&self) -> Result<()> {
        match self
            .args
            .first()
            .or(self.rest.as_ref().and_then(|rest| rest.first()))
        {
            Some(arg) => Err(Error::new(format!(
                "unexpected argument `{}` found for `cargo zokio {}`",
                arg.to_string_lossy(),
                self.command
            ))),
            None => Ok(()),
        }
    }
}

fn number(name: &str, value: &OsStr) -> Result<usize> {
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.filter(|number| *number > 0).ok_or_else(|| {
        Error::new(format!(
            "invalid value `{}` for `{name}`: a whole number above zero is required",
            value.to_string_lossy()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Invocation, Request, parse};

    fn invocation(line: &str) -> Invocation {
        match parse(line.split(' ').map(OsString::from).collect()) {
            Ok(Request::Command(invocation)) => *invocation,
            _ => panic!("`{line}` is no command"),
        }
    }

    #[test]
    fn options_are_sorted_before_and_behind_the_command() {
        let found = invocation(
            "--zokio /z test -p a --manifest-path=x/Cargo.toml --offline -- --nocapture",
        );
        assert_eq!(found.command, "test");
        assert_eq!(found.zokio.as_deref(), Some("/z"));
        assert_eq!(found.manifest_path, Some("x/Cargo.toml".into()));
        assert_eq!(found.common, ["--offline"]);
        assert_eq!(found.args, ["-p", "a"]);
        assert_eq!(found.rest, Some(vec!["--nocapture".into()]));
    }

    #[test]
    fn the_arguments_of_a_program_are_not_read() {
        let found = invocation("run --bin x serve --offline --zokio y");
        assert!(found.common.is_empty() && found.zokio.is_none());
        assert_eq!(found.args, ["--bin", "x"]);
        let rest = ["serve", "--offline", "--zokio", "y"].map(OsString::from);
        assert_eq!(found.rest, Some(rest.to_vec()));
        let found = invocation("run -rp x serve --target y -- --help");
        assert_eq!(found.args, ["-rp", "x"]);
        assert_eq!(found.target(), None);
    }

    #[test]
    fn one_platform_is_a_target() {
        assert_eq!(invocation("tree --target all").target(), None);
        assert_eq!(invocation("tree --target=all").target(), None);
        assert_eq!(invocation("build --target x").target(), Some("x"));
    }

    #[test]
    fn frozen_is_locked_and_offline() {
        let found = invocation("build --frozen");
        assert!(found.locked);
        assert_eq!(found.common, ["--offline"]);
    }

    #[test]
    fn values_are_no_positionals() {
        let found = invocation("install --version 1.0.0 --bin b bore-cli --debug");
        assert_eq!(found.positionals(), ["bore-cli"]);
        assert_eq!(
            invocation("install -f bore-cli").positionals(),
            ["bore-cli"]
        );
    }

    #[test]
    fn a_missing_value_is_an_error() {
        assert!(parse(vec!["build".into(), "--zokio".into()]).is_err());
        assert!(parse(vec!["compare".into(), "--pairs=0".into()]).is_err());
    }
}
