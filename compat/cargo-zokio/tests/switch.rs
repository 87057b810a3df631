//! `on`, `off` and `check`.

#[allow(dead_code, reason = "each test file uses a part")]
mod fixture;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use fixture::program_fixture;

#[test]
fn a_round_trip_leaves_the_manifest_and_the_lock_to_the_byte() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    fixture.cargo("update -p bytes --precise 1.4.0");
    let (manifest, lock) = (fixture.read("Cargo.toml"), fixture.read("Cargo.lock"));
    fixture
        .zokio("check")
        .ends_with(1)
        .tells("the lock holds tokio 1.40.0")
        .tells("`cargo zokio on`");

    fixture.zokio("on").ends_with(0).tells("bytes 1.4.0 -> ");
    let patched = fixture.read("Cargo.toml");
    assert!(
        patched.starts_with(&manifest) && patched.contains("tokio was 1.40.0"),
        "{patched}"
    );
    fixture
        .zokio("check")
        .ends_with(0)
        .tells("the only tokio 1.x");
    // A plain build is on zokio now, and leaves the lock as it is.
    assert_eq!(fixture.cargo("run --locked").stdout, "zokio data\n");
    fixture.zokio("on").ends_with(0).tells("on already");
    fixture
        .zokio("on --zokio ../zokio")
        .ends_with(101)
        .tells("`cargo zokio off`");
    assert_eq!(fixture.read("Cargo.toml"), patched);

    fixture.zokio("off").ends_with(0).tells("tokio is 1.40.0");
    assert_eq!(fixture.read("Cargo.toml"), manifest);
    assert_eq!(fixture.read("Cargo.lock"), lock);
    fixture.zokio("off").ends_with(101).tells("zokio is not on");
}

#[test]
fn off_without_the_kept_lock_takes_the_former_version() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    fixture.cargo("update -p itoa --precise 1.0.1");
    let lock = fixture.read("Cargo.lock");
    fixture.zokio("on").ends_with(0);
    fs::remove_dir_all(fixture.project.join("target")).unwrap();
    fixture.zokio("off").ends_with(0);
    assert_eq!(fixture.read("Cargo.lock"), lock);
}

#[test]
fn off_keeps_what_was_changed_in_between() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    fixture.zokio("on").ends_with(0);
    fixture.cargo("update -p itoa --precise 1.0.1");
    fixture.zokio("off").ends_with(0).tells("tokio is 1.40.0");
    let lock = fixture.read("Cargo.lock");
    assert!(
        lock.contains("name = \"itoa\"\nversion = \"1.0.1\""),
        "{lock}"
    );
    fixture.cargo("tree --locked");
}

#[test]
fn a_project_without_a_lock_stays_without_one() {
    let fixture = program_fixture("1");
    let before = fixture.read("Cargo.toml");
    fixture
        .zokio("check")
        .ends_with(1)
        .tells("there is no Cargo.lock");
    fixture.zokio("on").ends_with(0);
    fixture.zokio("check").ends_with(0);
    fixture.zokio("off").ends_with(0);
    assert_eq!(fixture.read("Cargo.toml"), before);
    assert!(!fixture.project.join("Cargo.lock").exists());
}

#[test]
fn a_failure_of_on_leaves_both_files() {
    let fixture = program_fixture("=1.40.0");
    fixture.cargo("generate-lockfile");
    let before = fixture.state();
    fixture
        .zokio("on")
        .ends_with(101)
        .tells("`program v0.1.0 (")
        .tells("=1.40.0");
    assert_eq!(fixture.state(), before);
    fixture
        .zokio("check")
        .ends_with(1)
        .tells("requires `tokio = \"=1.40.0\"`");
    assert_eq!(fixture.state(), before);
}

#[test]
fn a_read_only_file_is_not_replaced() {
    for name in ["Cargo.toml", "Cargo.lock"] {
        let fixture = program_fixture("1");
        fixture.lock("1.40.0");
        let path = fixture.project.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let before = fixture.state();
        fixture
            .zokio("on")
            .ends_with(101)
            .tells("is read-only")
            .tells("nothing was changed");
        assert_eq!(fixture.state(), before);
    }
}

#[test]
fn the_permissions_of_a_replaced_file_are_kept() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let path = fixture.project.join("Cargo.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fixture.zokio("on").ends_with(0);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn the_owner_of_a_replaced_file_is_kept() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let path = fixture.project.join("Cargo.lock");
    if chown(&path, Some(1), Some(1)).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    fixture.zokio("on").ends_with(0);
    let owner = fs::metadata(&path).unwrap();
    assert_eq!((owner.uid(), owner.gid()), (1, 1));
}

#[test]
fn an_edit_that_is_saved_while_cargo_works_is_kept() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let lock = fixture.read("Cargo.lock");
    let cargo = fixture.cargo_that("update", "echo '# edited' >>Cargo.toml");
    let manifest = fixture.read("Cargo.toml") + "# edited\n";
    fixture
        .zokio_with(&[("CARGO", &cargo)], "on")
        .ends_with(101)
        .tells("has changed")
        .tells("left alone");
    assert_eq!(fixture.read("Cargo.toml"), manifest);
    assert_eq!(fixture.read("Cargo.lock"), lock);
    fixture.zokio("on").ends_with(0);
}

#[test]
fn a_signal_between_the_two_files_leaves_both_as_they_were() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    for command in ["on", "off"] {
        if command == "off" {
            fixture.zokio("on").ends_with(0);
        }
        let before = texts(&fixture.project);
        fixture.write("../before.toml", &fixture.read("Cargo.toml"));
        // Cargo's last look at the project comes when both files are replaced. Not SIGINT, which a
        // shell may have these tests ignore.
        let line = "cmp -s Cargo.toml ../before.toml || kill -TERM $PPID";
        let cargo = fixture.cargo_that("metadata", line);
        fixture
            .zokio_with(&[("CARGO", &cargo)], command)
            .ends_with(-1);
        assert_eq!(texts(&fixture.project), before, "after {command}");
        fixture.zokio(command).ends_with(0);
        assert_ne!(texts(&fixture.project), before);
    }
}

/// The files of a folder, not of those in it.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    files
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn a_patch_that_the_lock_does_not_use_is_found() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let lock = fixture.read("Cargo.lock");
    fixture.zokio("on").ends_with(0);
    // What one build without the patch does.
    fixture.write("Cargo.lock", &lock);
    fixture.cargo("tree");
    fixture
        .zokio("check")
        .ends_with(1)
        .tells("the lock does not use it");
    fixture.zokio("on").ends_with(0);
    fixture.zokio("check").ends_with(0);
}

#[test]
fn tokio_0_2_beside_zokio_is_mentioned() {
    let fixture = program_fixture("1");
    let old = "old = { package = \"tokio\", version = \"0.2\" }\n";
    fixture.write("Cargo.toml", &(fixture.read("Cargo.toml") + old));
    fixture.lock("1.40.0");
    fixture.zokio("on").ends_with(0);
    fixture
        .zokio("check")
        .ends_with(0)
        .tells("tokio 0.2.25 is in the graph too");
    fixture.zokio("off").ends_with(0).tells("tokio is 1.40.0");
}

#[test]
fn a_lock_behind_its_manifest_is_an_error_of_check() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    fixture.write(
        "Cargo.toml",
        &(fixture.read("Cargo.toml") + "bytes = \"1\"\n"),
    );
    let before = fixture.state();
    fixture.zokio("check").ends_with(101).tells("--locked");
    fixture
        .zokio("check -p program")
        .ends_with(101)
        .tells("`cargo zokio c`");
    assert_eq!(fixture.state(), before);
}

#[test]
fn a_patch_by_hand_is_left_to_its_owner() {
    let fixture = program_fixture("1");
    let patch = "[patch.crates-io]\ntokio = { path = \"../zokio\" }\n";
    fixture.write("Cargo.toml", &(fixture.read("Cargo.toml") + patch));
    fixture.cargo("generate-lockfile");
    fixture.zokio("check").ends_with(0);
    let before = fixture.state();
    fixture
        .zokio("off")
        .ends_with(101)
        .tells("was not added by `cargo zokio on`");
    assert_eq!(fixture.state(), before);
}

#[test]
fn a_patch_that_was_removed_by_hand_is_not_the_projects_own() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let manifest = fixture.read("Cargo.toml");
    fixture.zokio("on").ends_with(0);
    // The lock still has zokio.
    fixture.write("Cargo.toml", &manifest);
    let variables = [("CARGO_ZOKIO_SOURCE", Path::new(""))];
    for command in ["tree --offline", "on --offline"] {
        let run = fixture
            .zokio_with(&variables, command)
            .ends_with(101)
            .tells("https://github.com/zokio/zokio");
        assert!(!run.stderr.contains("has a patch"), "{}", run.stderr);
    }
    // As in a configuration file.
    let config = "--config patch.crates-io.tokio.path=\"../zokio\" tree --offline";
    fixture
        .zokio_with(&variables, config)
        .ends_with(0)
        .tells("the project's own patch");
}

#[test]
fn a_kill_leaves_each_file_whole_and_on_and_off_can_be_run_again() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let old = ["Cargo.toml", "Cargo.lock"].map(|name| fixture.read(name));
    fixture.zokio("on").ends_with(0);
    let new = ["Cargo.toml", "Cargo.lock"].map(|name| fixture.read(name));
    for command in ["off", "on", "off"] {
        for wait_ms in [50, 100, 150, 200, 250, 300, 400] {
            fixture.kill(command, wait_ms);
            for (at, name) in ["Cargo.toml", "Cargo.lock"].iter().enumerate() {
                let text = fixture.read(name);
                assert!(
                    text == old[at] || text == new[at],
                    "{name} is neither: {text}"
                );
            }
        }
        let run = fixture.zokio(command);
        // It may have come to its end before a kill.
        assert!(
            run.code == 0 || run.stderr.contains("zokio is not on"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(
        ["Cargo.toml", "Cargo.lock"].map(|name| fixture.read(name)),
        old
    );
}

#[test]
fn a_patch_in_a_configuration_file_is_the_projects_own() {
    let fixture = program_fixture("1");
    fixture.lock("1.40.0");
    let patch = |path: &str| format!("[patch.crates-io]\ntokio = {{ path = \"{path}\" }}\n");
    fixture.write(".cargo/config.toml", &patch("../zokio"));
    // The default is a URL, which goes with no path.
    let variables = [("CARGO_ZOKIO_SOURCE", Path::new(""))];
    fixture
        .zokio_with(&variables, "tree --offline")
        .ends_with(101)
        .tells("a configuration file of cargo patches tokio too");
    fixture.cargo("update -p tokio --precise 1.999.0");
    fixture.zokio("check").ends_with(0);
    let before = fixture.state();
    fixture
        .zokio_with(&variables, "on --offline")
        .ends_with(0)
        .tells("on already, by a patch that is not in Cargo.toml");
    assert_eq!(fixture.state(), before);
    fixture
        .zokio_with(&variables, "tree --offline")
        .ends_with(0)
        .tells("the project's own patch");
    fixture.zokio("on").ends_with(0);
    fixture.zokio("off").ends_with(0).tells("still in use");
}
