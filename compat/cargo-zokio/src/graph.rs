//! The resolved graph of `cargo metadata`: whose requirement keeps zokio out.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use semver::{Version, VersionReq};
use serde_json::Value;

use crate::ZOKIO_VERSION;

/// A package whose requirement on tokio does not admit zokio's version.
#[derive(Debug, PartialEq)]
pub struct Culprit {
    /// Name, version and, of a path, the folder.
    package: String,
    /// The requirement.
    requirement: String,
    /// The packages from a member of the workspace to it; the member first, itself left out.
    chain: Vec<String>,
}

impl Culprit {
    /// The culprit in a sentence's form.
    pub fn sentence(&self) -> String {
        format!(
            "`{}` requires `tokio = \"{}\"`, which excludes {ZOKIO_VERSION}",
            self.package, self.requirement
        )
    }

    /// How the workspace comes to depend on it, if it is no member.
    pub fn way(&self) -> Option<String> {
        (!self.chain.is_empty()).then(|| {
            format!("`{}` is required by `{}`", self.package, {
                let mut chain = self.chain.clone();
                chain.reverse();
                chain.join("`, which is required by `")
            })
        })
    }
}

/// Finds the packages in the output of `cargo metadata` whose requirement is in the way.
///
/// A requirement on tokio 0.x is met by a package beside zokio's and is not in the way.
pub fn culprits(metadata: &Value) -> Vec<Culprit> {
    let (Ok(zokio), Some(packages)) = (
        Version::parse(ZOKIO_VERSION),
        metadata["packages"].as_array(),
    ) else {
        return Vec::new();
    };
    let tokios: BTreeMap<&str, Version> = packages
        .iter()
        .filter(|package| package["name"] == "tokio")
        .filter_map(|package| {
            let version = Version::parse(package["version"].as_str()?).ok()?;
            Some((package["id"].as_str()?, version))
        })
        .filter(|(_, version)| version.major == 1)
        .collect();
    let (members, depends) = (members(metadata), depends(metadata));
    let parents = parents(&members, &depends);
    let mut found = Vec::new();
    for package in packages {
        let id = package["id"].as_str().unwrap_or_default();
        let is_member = members.contains(id);
        // An optional dependency that is off is among the requirements, not in the graph. Of members,
        // all is resolved.
        let uses = depends.get(id).into_iter().flatten();
        let uses: Vec<&Version> = match is_member {
            true => tokios.values().collect(),
            false => uses.filter_map(|id| tokios.get(id)).collect(),
        };
        let mut requirements = BTreeSet::new();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // Of the others, cargo does not resolve what their tests need.
            let counts = dependency["kind"] != "dev" || is_member;
            let Some(text) = dependency["req"]
                .as_str()
                .filter(|_| counts && dependency["name"] == "tokio")
            else {
                continue;
            };
            let Ok(requirement) = VersionReq::parse(text) else {
                continue;
            };
            if !requirement.matches(&zokio) && uses.iter().any(|v| requirement.matches(v)) {
                requirements.insert(text);
            }
        }
        for requirement in requirements {
            found.push(Culprit {
                package: label(package),
                requirement: requirement.to_owned(),
                chain: chain(package, &parents, packages),
            });
        }
    }
    found
}

fn members(metadata: &Value) -> BTreeSet<&str> {
    let members = metadata["workspace_members"]
        .as_array()
        .into_iter()
        .flatten();
    members.filter_map(Value::as_str).collect()
}

/// The packages that each package depends on.
fn depends(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let mut depends = BTreeMap::new();
    for node in metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let Some(id) = node["id"].as_str() else {
            continue;
        };
        let deps = node["dependencies"].as_array().into_iter().flatten();
        depends.insert(id, deps.filter_map(Value::as_str).collect());
    }
    depends
}

/// For each package that a member depends on, the package that leads to it on a shortest way.
fn parents<'a>(
    members: &BTreeSet<&'a str>,
    depends: &BTreeMap<&'a str, Vec<&'a str>>,
) -> BTreeMap<&'a str, &'a str> {
    let mut open: VecDeque<&str> = members.iter().copied().collect();
    let mut parents = BTreeMap::new();
    while let Some(id) = open.pop_front() {
        for dependency in depends.get(id).into_iter().flatten() {
            if !members.contains(dependency) && !parents.contains_key(dependency) {
                parents.insert(*dependency, id);
                open.push_back(dependency);
            }
        }
    }
    parents
}

fn chain(package: &Value, parents: &BTreeMap<&str, &str>, packages: &[Value]) -> Vec<String> {
    let mut chain = Vec::new();
    let mut at = package["id"].as_str().unwrap_or_default();
    while let Some(parent) = parents.get(at) {
        chain.extend(
            packages
                .iter()
                .find(|package| package["id"] == **parent)
                .map(label),
        );
        at = parent;
    }
    chain.reverse();
    chain
}

fn label(package: &Value) -> String {
    let field = |key: &str| package[key].as_str().unwrap_or_default();
    let label = format!("{} v{}", field("name"), field("version"));
    let folder = field("manifest_path")
        .trim_end_matches("Cargo.toml")
        .trim_end_matches('/');
    if package["source"].is_null() {
        format!("{label} ({folder})")
    } else {
        label
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::culprits;

    fn package(name: &str, version: &str, requirement: Option<&str>) -> Value {
        let dependencies = requirement.map(|req| json!({ "name": "tokio", "req": req }));
        json!({
            "id": name, "name": name, "version": version, "source": "registry+x",
            "dependencies": dependencies.into_iter().collect::<Vec<_>>(),
        })
    }

    #[test]
    fn requirements_that_are_not_in_the_graph_are_not_in_the_way() {
        let mut tested = package("tested", "1.0.0", Some("~1.38"));
        tested["dependencies"][0]["kind"] = "dev".into();
        let mut app = package("app", "0.1.0", Some("=1.38.2"));
        app["dependencies"][0]["kind"] = "dev".into();
        let mut metadata = json!({
            "packages": [
                app,
                tested,
                package("optional", "1.0.0", Some("~1.38")),
                package("tokio", "1.38.2", None),
            ],
            "workspace_members": ["app"],
            "resolve": { "nodes": [
                { "id": "app", "dependencies": ["optional", "tested", "tokio"] },
                { "id": "optional", "dependencies": [] },
                { "id": "tested", "dependencies": ["tokio"] },
            ] },
        });
        let found = culprits(&metadata);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].sentence().starts_with("`app v0.1.0`"), "{found:?}");
        metadata["workspace_members"] = json!([]);
        assert!(culprits(&metadata).is_empty());
    }

    #[test]
    fn the_bound_is_found_with_the_way_to_it() {
        let metadata = json!({
            "packages": [
                package("app", "0.1.0", Some("^1")),
                package("middle", "2.0.0", Some("<2")),
                package("old", "3.0.0", Some("~1.38")),
                package("older", "3.0.0", Some("^0.2")),
                package("tokio", "1.38.2", None),
            ],
            "workspace_members": ["app"],
            "resolve": { "nodes": [
                { "id": "app", "dependencies": ["middle", "older", "tokio"] },
                { "id": "middle", "dependencies": ["old", "tokio"] },
                { "id": "old", "dependencies": ["tokio"] },
            ] },
        });
        let found = culprits(&metadata);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0]
                .sentence()
                .contains("`old v3.0.0` requires `tokio = \"~1.38\"`")
        );
        let way = "`old v3.0.0` is required by `middle v2.0.0`, which is required by `app v0.1.0`";
        assert_eq!(found[0].way().as_deref(), Some(way));
    }
}
