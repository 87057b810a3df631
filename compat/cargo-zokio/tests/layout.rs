//! Where the project, its dependencies and its target folder lie.

#[allow(dead_code, reason = "each test file uses a part")]
mod fixture;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixture::{Fixture, program, program_fixture};

/// As `fuzz` is: a workspace of its own in the folder of the package that it depends on.
#[test]
fn a_workspace_in_the_folder_of_its_dependency() {
    let member = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{more}"
        )
    };
    let fixture = Fixture::new(&[
        (
            "Cargo.toml",
            &member(
                "inner",
                "outer = { path = \"..\" }\ntokio = \"1\"\n\n[workspace]\n",
            ),
        ),
        (
            "src/main.rs",
            "fn main() {\n    println!(\"{}\", outer::VERSION);\n}\n",
        ),
        ("../Cargo.toml", &member("outer", "tokio = \"1.20\"\n")),
        ("../src/lib.rs", "pub use tokio::VERSION;\n"),
    ]);
    fixture.lock("1.49.0");
    let before = fixture.state();
    assert_eq!(fixture.zokio("run").ends_with(0).stdout, "zokio\n");
    assert_eq!(fixture.state(), before);
    let files = ["Cargo.toml", "Cargo.lock"];
    let texts = files.map(|name| fixture.read(name));
    fixture.zokio("on").ends_with(0);
    fixture.zokio("off").ends_with(0);
    assert_eq!(files.map(|name| fixture.read(name)), texts);
    fixture.write("../Cargo.toml", &member("outer", "tokio = \"=1.49.0\"\n"));
    let before = fixture.state();
    for command in ["build", "on"] {
        fixture
            .zokio(command)
            .ends_with(101)
            .tells("`outer v0.1.0 (");
        assert_eq!(fixture.state(), before, "after {command}");
    }
    assert!(!fixture.folder.join("Cargo.lock").exists());
}

#[test]
fn a_dependency_that_is_not_in_the_folder_of_its_workspace() {
    let fixture = program_fixture("1");
    let dependency = "beside = { path = \"../beside\" }\n";
    fixture.write("Cargo.toml", &(fixture.read("Cargo.toml") + dependency));
    fixture.write(
        "../group/Cargo.toml",
        "[workspace]\nmembers = [\"../beside\"]\n[workspace.package]\nversion = \"0.3.0\"\n",
    );
    fixture.write(
        "../beside/Cargo.toml",
        "[package]\nname = \"beside\"\nversion.workspace = true\nworkspace = \"../group\"\n",
    );
    fixture.write("../beside/src/lib.rs", "");
    let run = fixture.zokio("tree").ends_with(0);
    assert!(run.stdout.contains("beside v0.3.0"), "{}", run.stdout);
}

#[test]
fn what_lies_beside_the_project_in_its_repository_is_found() {
    let fixture = program_fixture("1");
    fs::create_dir(fixture.folder.join(".git")).unwrap();
    fixture.write("../protocol/file.txt", "beside");
    fixture.write(
        "build.rs",
        "fn main() {\n    println!(\"cargo:rerun-if-changed=../protocol/file.txt\");\n    \
         std::fs::read(\"../protocol/file.txt\").unwrap();\n}\n",
    );
    fixture.lock("1.49.0");
    let run = fixture.zokio("run").ends_with(0);
    assert_eq!(run.stdout, "zokio data\n");
}

#[test]
fn a_target_folder_from_the_environment_is_not_that_of_plain_builds() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    let shared = fixture.folder.join("shared");
    let variables = [("CARGO_TARGET_DIR", shared.as_path())];
    fixture
        .zokio_with(&variables, "compare --pairs 1 --profile dev -- program")
        .ends_with(0);
    assert!(!shared.join("debug").exists());
    for (path, output) in [
        ("zokio/tokio/debug", "tokio 1.49.0 data\n"),
        ("zokio/debug", "zokio data\n"),
    ] {
        let output_of = Command::new(shared.join(path).join("program")).output();
        assert_eq!(output_of.unwrap().stdout, output.as_bytes());
    }
    fixture
        .zokio_with(&variables, "install --path . --root ../root --debug")
        .ends_with(0);
    assert!(!shared.join("debug").exists());
    let run = fixture.zokio_with(&variables, "metadata --no-deps --format-version 1");
    let target = format!("\"target_directory\":{:?}", shared.join("zokio"));
    assert!(run.stdout.contains(&target), "{}", run.stdout);
}

/// All paths below a folder, without those below links.
fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
            found.insert(entry.path());
        }
    }
    found
}

#[test]
fn projects_that_share_a_target_folder_do_not_disturb_each_other() {
    let fixture = program_fixture("1");
    for (path, text) in program("1.2") {
        fixture.write(&format!("../second/{path}"), &text);
    }
    let shared = fixture.folder.join("shared");
    let variables = [("CARGO_TARGET_DIR", shared.as_path())];
    fixture.zokio_with(&variables, "tree").ends_with(0);
    // A run of the first may go on in cargo, which reads these.
    let first = below(&shared.join("zokio/cargo-zokio"));
    let second = "tree --manifest-path ../second/Cargo.toml";
    fixture.zokio_with(&variables, second).ends_with(0);
    let both = below(&shared.join("zokio/cargo-zokio"));
    assert!(both.is_superset(&first), "{first:#?} {both:#?}");
    let again = fixture.zokio_with(&variables, "tree").ends_with(0);
    assert!(!again.stderr.contains("Locking"), "{}", again.stderr);
}

#[test]
fn a_file_that_a_program_makes_in_the_tree_is_left_there() {
    let fixture = program_fixture("1");
    fixture.zokio("tree").ends_with(0);
    let tree = "target/zokio/cargo-zokio/zokio/target/package";
    let root = fixture.project.strip_prefix("/").unwrap();
    let root = fixture.project.join(tree).join(root);
    if !root.exists() {
        eprintln!("skipped: this cargo needs no tree");
        return;
    }
    fs::write(root.join("made.txt"), "made").unwrap();
    fs::remove_file(fixture.project.join("data.txt")).unwrap();
    fixture.zokio("tree").ends_with(0);
    assert!(root.join("made.txt").exists());
    // What was linked and is no longer there goes.
    assert!(fs::symlink_metadata(root.join("data.txt")).is_err());
}

#[test]
fn a_lock_file_that_is_elsewhere_is_refused() {
    let fixture = program_fixture("1");
    let version = fixture.cargo("-V").stdout;
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse().ok());
    if minor.is_none_or(|minor: u32| minor < 97) {
        eprintln!("skipped: cargo has no `resolver.lockfile-path`");
        return;
    }
    let setting = "[resolver]\nlockfile-path = \"locks/Cargo.lock\"\n";
    fixture.write(".cargo/config.toml", setting);
    fs::create_dir(fixture.project.join("locks")).unwrap();
    fixture.cargo("generate-lockfile");
    let before = fixture.state();
    for command in ["tree", "check", "on", "off", "compare -- program"] {
        fixture
            .zokio(command)
            .ends_with(101)
            .tells("`resolver.lockfile-path` is set by `")
            .tells(".cargo/config.toml");
        assert_eq!(fixture.state(), before, "after {command}");
    }
}
