//! The commands that edit nothing: zokio is in use in them, and the project stays as it was.

#[allow(dead_code, reason = "each test file uses a part")]
mod fixture;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use fixture::{Fixture, program_fixture};

#[test]
fn a_program_runs_on_zokio_and_its_tree_is_as_it_was() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    let before = fixture.state();
    let run = fixture
        .zokio("run")
        .ends_with(0)
        .tells("tokio 1.49.0 -> 1.999.0");
    assert_eq!(run.stdout, "zokio data\n");
    assert_eq!(fixture.state(), before);
    // The published one is still what a plain build takes.
    let plain = fixture.cargo("run --locked");
    assert_eq!(plain.stdout, "tokio 1.49.0 data\n");
    assert_eq!(fixture.state(), before);
}

#[test]
fn the_exit_status_of_the_program_is_passed_on() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture.zokio("run 7 --offline").ends_with(7);
    fixture.zokio("run -- 7").ends_with(7);
    // What stands behind the program's first word is the program's.
    for args in ["run 7 --help", "run 7 --fix", "run 7 --target x"] {
        fixture.zokio(args).ends_with(7);
    }
}

#[test]
fn no_lock_is_made_where_there_is_none() {
    let fixture = program_fixture("1");
    let before = fixture.state();
    let run = fixture.zokio("tree -i tokio").ends_with(0);
    assert!(run.stdout.starts_with("tokio v1.999.0"), "{}", run.stdout);
    fs::remove_dir_all(fixture.project.join("target")).unwrap();
    fixture.zokio("tree --target all").ends_with(0);
    assert_eq!(fixture.state(), before);
    fixture.zokio("tree --locked").ends_with(101);
    assert_eq!(fixture.state(), before);
}

#[test]
fn every_other_locked_version_is_kept() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture.cargo("update -p itoa --precise 1.0.1");
    fixture.cargo("update -p bytes --precise 1.5.0");
    let run = fixture
        .zokio("tree")
        .ends_with(0)
        .tells("other packages kept: 2");
    assert!(
        run.stdout.contains("itoa v1.0.1") && run.stdout.contains("bytes v1.5.0"),
        "{}",
        run.stdout
    );
    // What zokio itself cannot take moves, and that is reported.
    fixture.cargo("update -p bytes --precise 1.4.0");
    let run = fixture.zokio("tree").ends_with(0).tells("bytes 1.4.0 -> ");
    assert!(run.stdout.contains("itoa v1.0.1"), "{}", run.stdout);
}

#[test]
fn a_change_of_the_lock_or_a_manifest_is_followed() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture
        .zokio("tree")
        .ends_with(0)
        .tells("Resolving with zokio (")
        .tells("tokio 1.49.0 ->");
    let again = fixture.zokio("tree").ends_with(0);
    assert!(!again.stderr.contains("Locking"), "{}", again.stderr);
    fixture.cargo("update -p itoa --precise 1.0.1");
    let run = fixture.zokio("tree").ends_with(0);
    assert!(run.stdout.contains("itoa v1.0.1"), "{}", run.stdout);
    let manifest = fixture
        .read("Cargo.toml")
        .replace("itoa = \"1\"", "itoa = \"1.0.9\"");
    fixture.write("Cargo.toml", &manifest);
    let run = fixture.zokio("tree").ends_with(0);
    assert!(run.stdout.contains("itoa v1.0.9"), "{}", run.stdout);
    fixture.zokio("tree --locked").ends_with(101);
}

/// A root package with two members, a path dependency outside, and one in a workspace around it.
fn workspace() -> Fixture {
    let member = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{more}"
        )
    };
    let root = format!(
        "{}[workspace]\nmembers = [\"a\", \"b\"]\n",
        member("root", "a = { path = \"a\" }\ntokio = \"1\"\n")
    );
    let test = "#[test]\nfn reads() {\n    assert!(std::fs::read_to_string(\"own.txt\").is_ok());\n    \
                let up = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../top.txt\");\n    \
                assert!(std::fs::read_to_string(up).is_ok());\n    assert_eq!(tokio::VERSION, \"zokio\");\n}\n";
    Fixture::new(&[
        ("Cargo.toml", &root),
        ("src/lib.rs", ""),
        ("top.txt", "top"),
        (
            "a/Cargo.toml",
            &member(
                "a",
                "outside = { path = \"../../outside\" }\ntokio = \"1\"\n",
            ),
        ),
        ("a/src/lib.rs", test),
        ("a/own.txt", "own"),
        ("b/Cargo.toml", &member("b", "tokio = \"1.20\"\n")),
        ("b/src/lib.rs", ""),
        (
            "../outside/Cargo.toml",
            &member("outside", "further = { path = \"../group/further\" }\n"),
        ),
        ("../outside/src/lib.rs", ""),
        (
            "../group/Cargo.toml",
            "[workspace]\nmembers = [\"further\"]\n[workspace.package]\nversion = \"0.3.0\"\n",
        ),
        (
            "../group/further/Cargo.toml",
            "[package]\nname = \"further\"\nversion.workspace = true\nedition = \"2021\"\n",
        ),
        ("../group/further/src/lib.rs", ""),
    ])
}

#[test]
fn a_workspace_with_folders_outside_of_it() {
    let fixture = workspace();
    fixture.lock("1.49.0");
    let before = fixture.state();
    fixture.zokio("test -p a --lib").ends_with(0);
    // From a folder of a member, cargo takes that member.
    let run = fixture.zokio_in("b/src", "tree").ends_with(0);
    assert!(run.stdout.starts_with("b v0.1.0"), "{}", run.stdout);
    let run = fixture
        .zokio_in(
            "b/src",
            "tree --workspace --manifest-path ../../a/Cargo.toml",
        )
        .ends_with(0);
    assert!(run.stdout.contains("further v0.3.0"), "{}", run.stdout);
    assert_eq!(fixture.state(), before);
}

#[test]
fn the_member_with_the_bound_is_named() {
    let fixture = workspace();
    let manifest = fixture.read("b/Cargo.toml").replace("1.20", "=1.40.0");
    fixture.write("b/Cargo.toml", &manifest);
    fixture.cargo("generate-lockfile");
    let before = fixture.state();
    for command in ["build", "tree", "on", "install --path ."] {
        let run = fixture.zokio(command).ends_with(101).tells(&format!(
            "error: zokio is not in use: `b v0.1.0 ({})`",
            fixture.project.join("b").display()
        ));
        let run = run.tells("requires `tokio = \"=1.40.0\"`, which excludes 1.999.0");
        assert!(!run.stderr.contains("`a v0.1.0"), "{}", run.stderr);
        assert_eq!(fixture.state(), before, "after {command}");
    }
}

#[test]
fn a_dependency_with_a_bound_is_named_with_the_way_to_it() {
    let fixture = program_fixture("1");
    fixture.write(
        "Cargo.toml",
        &(fixture.read("Cargo.toml") + "middle = \"2\"\n"),
    );
    // With and without a lock.
    for locked in [false, true] {
        if locked {
            fixture.cargo("generate-lockfile");
        }
        fixture
            .zokio("build")
            .ends_with(101)
            .tells("`bounded v3.0.0` requires `tokio = \"~1.38\"`")
            .tells("`bounded v3.0.0` is required by `middle v2.0.0`, which is required by `program v0.1.0");
    }
}

#[test]
fn a_project_without_tokio_is_refused() {
    let fixture = program_fixture("0.2");
    let run = fixture
        .zokio("tree")
        .ends_with(101)
        .tells("tokio 1.x is not among the dependencies");
    run.tells("tokio 0.2.25 is in the graph too");
}

#[test]
fn a_tokio_from_elsewhere_is_named() {
    let fixture = program_fixture("1");
    fixture.write(
        "../own/Cargo.toml",
        "[package]\nname = \"tokio\"\nversion = \"1.49.0\"\n[workspace]\n",
    );
    fixture.write("../own/src/lib.rs", "");
    let manifest = fixture.read("Cargo.toml");
    let dependency = "own = { package = \"tokio\", path = \"../own\" }\n";
    let patch = "[patch.crates-io]\ntokio = { path = \"../own\" }\n";
    for (addition, note) in [
        (dependency, ""),
        (patch, "note: the project has a patch of tokio"),
    ] {
        fixture.write("Cargo.toml", &(manifest.clone() + addition));
        fixture.cargo("generate-lockfile");
        if addition == dependency {
            // Of the same version as the published one.
            fixture.cargo("update -p tokio@1.54.1 --precise 1.49.0");
        }
        let before = fixture.state();
        for command in ["build", "on"] {
            let variables = [("CARGO_ZOKIO_SOURCE", Path::new(""))];
            let run = match addition == patch {
                true => fixture.zokio_with(&variables, command),
                false => fixture.zokio(command),
            };
            run.ends_with(101)
                .tells("tokio comes from a path, and zokio replaces only the one of crates.io")
                .tells(note);
            assert_eq!(fixture.state(), before);
        }
        let run = fixture.zokio("check").ends_with(1);
        assert!(!run.stderr.contains("help:"), "{}", run.stderr);
    }
}

#[test]
fn a_broken_manifest_is_cargos_error_and_nothing_is_made() {
    let fixture = program_fixture("1");
    fixture.write("Cargo.toml", "[package\n");
    let before = fixture.state();
    for command in ["build", "check", "on", "off", "compare -- program"] {
        fixture.zokio(command).ends_with(101).tells("error: ");
        assert_eq!(fixture.state(), before);
    }
    assert!(!fixture.project.join("target").exists());
}

#[test]
fn a_broken_lock_is_named() {
    let fixture = program_fixture("1");
    fixture.write("Cargo.lock", "<<<<<<< HEAD\n");
    let path = fixture.project.join("Cargo.lock");
    fixture
        .zokio("compare -- program")
        .ends_with(101)
        .tells(&format!("failed to parse lock file at: {}", path.display()));
    fixture.zokio("build").ends_with(101).tells("Cargo.lock");
    assert_eq!(fixture.read("Cargo.lock"), "<<<<<<< HEAD\n");
}

#[test]
fn no_network_is_cargos_error_and_the_tree_is_as_it_was() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    // A home without the registry of the other tests: cargo would have to ask crates.io.
    fs::remove_file(fixture.folder.join("home/config.toml")).unwrap();
    let before = fixture.state();
    for command in ["build --offline", "on --offline", "--frozen test"] {
        fixture
            .zokio(command)
            .ends_with(101)
            .tells("error: ")
            .tells("offline");
        assert_eq!(fixture.state(), before);
    }
}

#[test]
fn a_target_folder_that_cannot_be_written_is_a_clear_error() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    // A file in the folder's place refuses root too.
    fixture.write("target", "a file");
    let before = fixture.state();
    fixture
        .zokio("build")
        .ends_with(101)
        .tells("failed to create directory")
        .tells("--target-dir");
    assert_eq!(fixture.state(), before);
    let elsewhere = fixture.folder.join("elsewhere");
    fixture.zokio("tree --target-dir ../elsewhere").ends_with(0);
    assert!(elsewhere.join("cargo-zokio").is_dir());
    assert_eq!(fixture.state(), before);
}

#[test]
fn a_read_only_project_is_built_elsewhere() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    let set =
        |mode| fs::set_permissions(&fixture.project, fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    let run = fixture.zokio("run --target-dir ../elsewhere").ends_with(0);
    let failed = fixture.zokio("build");
    set(0o755);
    assert_eq!(run.stdout, "zokio data\n");
    // Permissions do not bind root.
    if fs::read_dir("/root").is_err() {
        failed.ends_with(101).tells("failed to create directory");
    }
}

#[test]
fn a_target_folder_inside_of_the_sources_is_not_linked_into_itself() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture.write("out/keep.txt", "kept");
    let run = fixture
        .zokio("run --target-dir out/deep/zokio")
        .ends_with(0);
    assert_eq!(run.stdout, "zokio data\n");
    fixture
        .zokio("run --target-dir out/deep/zokio")
        .ends_with(0);
    assert_eq!(fixture.read("out/keep.txt"), "kept");
}

#[test]
fn help_version_and_wrong_words() {
    let fixture = program_fixture("1");
    assert!(
        fixture
            .zokio("--help")
            .ends_with(0)
            .stdout
            .contains("Usage: cargo zokio")
    );
    assert!(
        fixture
            .zokio("--version")
            .ends_with(0)
            .stdout
            .starts_with("cargo-zokio 0.")
    );
    fixture
        .zokio("nonsense")
        .ends_with(101)
        .tells("error: no such command: `nonsense`");
    fixture
        .zokio("publish")
        .ends_with(101)
        .tells("edits the project or publishes it");
    fixture
        .zokio("--nonsense build")
        .ends_with(101)
        .tells("unexpected argument");
    fixture
        .zokio("--zokio /nowhere tree")
        .ends_with(101)
        .tells("failed to find `/nowhere`");
    fixture
        .zokio("--zokio . tree")
        .ends_with(101)
        .tells("holds no zokio");
    fixture
        .zokio("clippy --fix")
        .ends_with(101)
        .tells("it edits the project");
    let colored = fixture.zokio("--color always nonsense").ends_with(101);
    assert!(
        colored
            .stderr
            .starts_with("\x1b[1m\x1b[91merror:\x1b[0m no such"),
        "{:?}",
        colored.stderr
    );
    let quiet = fixture.zokio("-q tree").ends_with(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let fixture = program_fixture("1");
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let run = fixture.command("--help").stdout(pipe).output().unwrap();
    let run = fixture::Run::new(run).ends_with(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn the_copy_never_holds_a_lock_without_zokio() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture.zokio("tree").ends_with(0);
    fixture.cargo("update -p itoa --precise 1.0.1");
    // Another run, which has become cargo, may read it at any time.
    let find = "find target/zokio/cargo-zokio/zokio* -name Cargo.lock -exec cat {} + >../seen";
    let cargo = fixture.cargo_that("update", find);
    fixture
        .zokio_with(&[("CARGO", &cargo)], "tree")
        .ends_with(0)
        .tells("tokio 1.49.0 -> 1.999.0");
    let seen = fixture.read("../seen");
    assert!(
        seen.contains("1.999.0") && !seen.contains("1.49.0"),
        "{seen}"
    );
}

#[test]
fn a_kill_at_any_time_leaves_the_tree_as_it_was() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    let before = fixture.state();
    // Nothing depends on where in its work a run is when it is killed.
    for wait_ms in [0, 20, 50, 100, 150, 200, 300, 500, 800] {
        fixture.kill("run", wait_ms);
        assert_eq!(fixture.state(), before, "killed after {wait_ms} ms");
    }
    let run = fixture.zokio("run").ends_with(0);
    assert_eq!(run.stdout, "zokio data\n");
}

#[test]
fn a_read_only_mount_is_a_clear_error() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    let before = fixture.state();
    if !fixture.can_mount() {
        eprintln!("skipped: no mount can be made here");
        return;
    }
    for command in ["build", "on", "compare -- program", "install --path ."] {
        let run = fixture
            .zokio_read_only(command)
            .ends_with(101)
            .tells("failed to create directory");
        run.tells("Read-only file system").tells("--target-dir");
        assert_eq!(fixture.state(), before);
    }
    let run = fixture
        .zokio_read_only("on --target-dir ../elsewhere")
        .ends_with(101);
    run.tells("Cargo.toml")
        .tells("Read-only file system")
        .tells("are as they were");
    fixture.zokio_read_only("check").ends_with(1);
    let run = fixture
        .zokio_read_only("run --target-dir ../elsewhere")
        .ends_with(0);
    assert_eq!(run.stdout, "zokio data\n");
    assert_eq!(fixture.state(), before);
}

#[test]
fn a_project_that_is_on_stays_on_its_own_patch() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture.zokio("on").ends_with(0);
    let before = fixture.state();
    let mut command = fixture.command("run");
    let run = fixture::Run::new(command.env_remove("CARGO_ZOKIO_SOURCE").output().unwrap());
    let run = run.ends_with(0).tells("the project's own patch");
    assert_eq!(run.stdout, "zokio data\n");
    assert_eq!(fixture.state(), before);
}
