//! The published archives: which are known, and how one is fetched. Cargo does the fetching, for a
//! package that depends on exactly that version; nothing of an archive is kept here.

#![forbid(unsafe_code)]

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo;

/// A suite that can be run.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Suite {
    /// The package's name.
    pub(crate) name: &'static str,
    /// The one version that the lists in this package are made for.
    pub(crate) version: &'static str,
    /// The features that its tests are built with.
    pub(crate) features: &'static [&'static str],
    /// The features that are added with `--cfg tokio_unstable`; `None` if there is no list for that.
    pub(crate) unstable: Option<&'static [&'static str]>,
    /// Whether its tests can be built without `--cfg tokio_unstable`.
    pub(crate) stable: bool,
}

const SUITES: &[Suite] = &[
    Suite {
        name: "tokio",
        version: "1.54.1",
        features: &["full", "test-util"],
        unstable: Some(&["io-uring", "taskdump", "tracing"]),
        stable: true,
    },
    Suite {
        name: "hyper",
        version: "1.12.0",
        features: &["full"],
        unstable: None,
        stable: true,
    },
    Suite {
        name: "hyper-util",
        version: "0.1.21",
        features: &["full"],
        unstable: None,
        stable: true,
    },
    Suite {
        name: "console-subscriber",
        version: "0.5.0",
        features: &[],
        unstable: Some(&[]),
        stable: false,
    },
    Suite {
        name: "tokio-metrics",
        version: "0.5.2",
        features: &["rt", "metrics-rs-integration"],
        unstable: Some(&[]),
        stable: true,
    },
    Suite {
        name: "turmoil",
        version: "0.7.2",
        features: &["regex", "unstable-barriers", "unstable-fs"],
        unstable: Some(&[]),
        stable: true,
    },
    Suite {
        name: "opentelemetry-instrumentation-tokio",
        version: "0.3.0",
        features: &[],
        unstable: Some(&[]),
        stable: true,
    },
    Suite {
        name: "dial9-tokio-telemetry",
        version: "0.5.7",
        // Its unit tests need `unstable-events` to compile. Those of `cpu-profiling` need a kernel that
        // lets them sample.
        features: &[
            "analysis",
            "linux-socket",
            "memory-profiling",
            "process-resource",
            "unstable-events",
            "worker-s3",
        ],
        unstable: Some(&["schedule-latency", "taskdump"]),
        stable: true,
    },
];

impl Suite {
    pub(crate) fn named(name: &str) -> Option<Suite> {
        SUITES.iter().find(|suite| suite.name == name).copied()
    }

    /// Returns `name-version`.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// A fetched archive.
pub(crate) struct Archive {
    pub(crate) suite: Suite,
    /// The folder that holds its `Cargo.toml`.
    pub(crate) folder: PathBuf,
    /// What `cargo metadata` reports about the package.
    pub(crate) package: Value,
}

impl Archive {
    pub(crate) fn fetch(suite: Suite) -> Result<Archive> {
        let folder = cargo::target()
            .join("suite")
            .join(format!("fetch-{}", suite.id()));
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("src/lib.rs"), "")?;
        let manifest = format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\n{} = \"={}\"\n",
            suite.name, suite.version
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let metadata =
            cargo::metadata(&folder).with_context(|| format!("fetching {}", suite.id()))?;
        let package = cargo::packages(&metadata, suite.name)
            .find(|package| package["version"] == suite.version)
            .context("cargo resolved another version")?
            .clone();
        let manifest = PathBuf::from(cargo::text(&package["manifest_path"]));
        let folder = manifest
            .parent()
            .context("a manifest lies in a folder")?
            .to_path_buf();
        Ok(Archive {
            suite,
            folder,
            package,
        })
    }
}
