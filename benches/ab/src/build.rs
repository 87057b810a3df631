//! Builds the programs on both sides, and checks that the sides differ in the runtime alone.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// The programs that need the manifests' features, which are on by default. They are on or off as a
/// whole, because each choice of some builds dependencies of its own.
const FEATURED: &[&str] = &[
    "client-pool",
    "grpc-stream",
    "grpc-unary",
    "http",
    "static-files",
];

/// The version that a package on the drop-in has in place of tokio's.
const DROP_IN: &str = "1.999.0";

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Tokio,
    Zokio,
}

impl Side {
    pub(crate) const BOTH: [Side; 2] = [Side::Tokio, Side::Zokio];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Tokio => "tokio",
            Side::Zokio => "zokio",
        }
    }
}

/// How the programs are compiled: a profile of the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// To try things.
    Dev,
    /// As a user compiles them.
    Release,
    /// So that the same source becomes the same instructions in every folder.
    Counts,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Release => "release",
            Profile::Counts => "counts",
        }
    }
}

/// The programs of both sides.
pub(crate) struct Builds {
    programs: BTreeMap<(Side, &'static str), PathBuf>,
    /// The version of the published tokio.
    pub(crate) tokio: String,
}

impl Builds {
    /// Builds programs on these sides.
    ///
    /// # Errors
    ///
    /// Returns an error if a build fails, or if more than the runtime differs.
    pub(crate) fn make(
        wanted: &BTreeSet<&'static str>,
        sides: &[Side],
        profile: Profile,
    ) -> Result<Builds> {
        let mut programs = BTreeMap::new();
        for &side in sides {
            build(side, wanted, profile, &mut programs)
                .with_context(|| format!("building the programs on {}", side.name()))?;
        }
        let [tokio, zokio] = Side::BOTH.map(|side| {
            let path = folder(side).join("Cargo.lock");
            let text = fs::read_to_string(&path);
            text.with_context(|| format!("reading {}", path.display()))
        });
        let tokio = compare(&tokio?, &zokio?)?;
        Ok(Builds { programs, tokio })
    }

    /// Returns the path of a program.
    pub(crate) fn program(&self, side: Side, name: &'static str) -> Result<&Path> {
        let path = self.programs.get(&(side, name)).map(PathBuf::as_path);
        path.with_context(|| format!("cargo has not built `{name}` on {}", side.name()))
    }
}

/// Returns the repository's root.
pub(crate) fn root() -> &'static Path {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    above.expect("the package is two folders below the root")
}

fn folder(side: Side) -> PathBuf {
    root().join("benches/ab/programs").join(side.name())
}

/// Returns the folder for builds and files, within the one that builds of this program go to.
pub(crate) fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root().join("target"), |folder| root().join(folder));
    target.join("ab")
}

fn build(
    side: Side,
    wanted: &BTreeSet<&'static str>,
    profile: Profile,
    programs: &mut BTreeMap<(Side, &'static str), PathBuf>,
) -> Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // One folder for both, since most packages are the same; the programs' names differ.
    cargo
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(["--profile", profile.name()])
        .current_dir(folder(side))
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if !wanted.iter().any(|program| FEATURED.contains(program)) {
        cargo.arg("--no-default-features");
    }
    for program in wanted {
        cargo.args(["--bin", &format!("{program}-{}", side.name())]);
    }
    let mut child = cargo.spawn().context("starting cargo")?;
    let stdout = child.stdout.take().context("the pipe was asked for")?;
    for line in BufReader::new(stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else {
            continue;
        };
        let Some(path) = message["executable"].as_str() else {
            continue;
        };
        let name = message["target"]["name"].as_str().unwrap_or_default();
        let name = name.strip_suffix(&format!("-{}", side.name()));
        if let Some(name) = wanted.iter().find(|wanted| Some(**wanted) == name) {
            programs.insert((side, *name), path.into());
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "cargo ended with {status}");
    Ok(())
}

/// The packages of a lock file: for each name, the versions.
type Packages<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Compares the lock files of both sides and returns the version of the published tokio.
fn compare(tokio: &str, zokio: &str) -> Result<String> {
    let (tokio, zokio) = (packages(tokio), packages(zokio));
    let version = match tokio.get("tokio").map(Vec::from_iter).as_deref() {
        Some([version]) if **version != DROP_IN => (*version).to_string(),
        found => bail!("one side has to be on one published tokio, and has {found:?}"),
    };
    match zokio.get("tokio").map(Vec::from_iter).as_deref() {
        Some([version]) if **version == DROP_IN => {}
        found => bail!("the other side has to be on the drop-in, and is on tokio {found:?}"),
    }
    for (name, versions) in tokio.iter().filter(|(name, _)| **name != "tokio") {
        let Some(others) = zokio.get(name) else {
            continue;
        };
        if versions.is_disjoint(others) {
            bail!(
                "`{name}` is {versions:?} on tokio and {others:?} on zokio, so that more than the \
                 runtime would be compared: give both the same with `cargo update -p {name} \
                 --precise VERSION`, in {}",
                root().join("benches/ab/programs").display()
            );
        }
    }
    Ok(version)
}

fn packages(lock: &str) -> Packages<'_> {
    let mut packages = Packages::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_matches('"'))
        };
        if let (Some(name), Some(version)) = (field("name = "), field("version = ")) {
            packages.entry(name).or_default().insert(version);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::compare;

    fn lock(packages: &[(&str, &str)]) -> String {
        let package = |(name, version): &(&str, &str)| {
            format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n")
        };
        format!(
            "version = 4\n{}",
            packages.iter().map(package).collect::<String>()
        )
    }

    #[test]
    fn only_the_runtime_may_differ() {
        let tokio = lock(&[
            ("hyper", "1.12.0"),
            ("parking_lot", "0.12.5"),
            ("tokio", "1.54.1"),
        ]);
        let zokio = |hyper, tokio| lock(&[("hyper", hyper), ("slab", "0.4.12"), ("tokio", tokio)]);
        let version = compare(&tokio, &zokio("1.12.0", "1.999.0")).unwrap();
        assert_eq!(version, "1.54.1");
        let message = |zokio: String| compare(&tokio, &zokio).unwrap_err().to_string();
        assert!(message(zokio("1.11.0", "1.999.0")).contains("`hyper` is {\"1.12.0\"}"));
        assert!(message(zokio("1.12.0", "1.54.1")).contains("on tokio Some([\"1.54.1\"])"));
        assert!(compare(&zokio("1.12.0", "1.999.0"), &tokio).is_err());
    }
}
