//! `compare` and `install`, which build programs.

#[allow(dead_code, reason = "each test file uses a part")]
mod fixture;

use std::process::Command;

use fixture::{Fixture, program_fixture};

#[test]
fn both_builds_are_run_in_pairs() {
    let fixture = program_fixture("1");
    // `cargo zokio` itself needs several times the size of the manifest, which is not the programs'.
    let line = format!("# {}\n", "x".repeat(998));
    let manifest = fixture.read("Cargo.toml");
    fixture.write("Cargo.toml", &(manifest + &line.repeat(8_000)));
    fixture.lock("1.49.0");
    let before = fixture.state();
    let run = fixture
        .zokio("compare --pairs 2 --profile dev -- program")
        .ends_with(0);
    let run = run
        .tells("Building on tokio 1.49.0")
        .tells("Building on zokio");
    for name in [
        "time",
        "user CPU",
        "peak memory",
        "voluntary switches",
        "involuntary switches",
    ] {
        assert!(
            run.stdout.lines().any(|line| line.starts_with(name)),
            "{}",
            run.stdout
        );
    }
    let peak = run
        .stdout
        .lines()
        .find(|line| line.starts_with("peak memory"));
    let peak = peak.and_then(|line| line.split_whitespace().nth(2)?.parse().ok());
    assert!(peak.is_some_and(|mib: f64| mib < 10.0), "{}", run.stdout);
    let counted = run.stdout.contains("\nsystem calls ");
    assert!(
        counted || run.stderr.contains("no system calls: "),
        "{}",
        run.stderr
    );
    assert_eq!(fixture.state(), before);
    // The two programs are on the two tokios.
    for (path, output) in [
        ("tokio/debug", "tokio 1.49.0 data\n"),
        ("debug", "zokio data\n"),
    ] {
        let program = fixture
            .project
            .join("target/zokio")
            .join(path)
            .join("program");
        assert_eq!(
            String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap(),
            output
        );
    }
}

#[test]
fn a_program_that_fails_is_not_compared() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture
        .zokio("compare --profile dev -- program 3")
        .ends_with(101)
        .tells("on tokio, the program ended with exit status: 3");
    fixture
        .zokio("compare")
        .ends_with(101)
        .tells("no program is named");
    fixture
        .zokio("compare --profile dev -- other")
        .ends_with(101)
        .tells("other");
}

#[test]
fn a_project_that_is_on_has_nothing_to_compare_with() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    fixture.zokio("on").ends_with(0);
    fixture
        .zokio("compare -- program")
        .ends_with(101)
        .tells("`cargo zokio off` first");
}

fn installed(fixture: &Fixture, name: &str) -> String {
    let program = fixture.folder.join("root/bin").join(name);
    String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap()
}

#[test]
fn a_folder_is_installed_on_zokio() {
    let fixture = program_fixture("1");
    fixture.lock("1.49.0");
    let before = fixture.state();
    fixture
        .zokio("install --path . --root ../root --debug")
        .ends_with(0);
    assert_eq!(installed(&fixture, "program"), "zokio data\n");
    assert_eq!(fixture.state(), before);
}

#[test]
fn what_install_does_not_take_is_refused() {
    let fixture = program_fixture("1");
    fixture
        .zokio("install")
        .ends_with(101)
        .tells("no program is named");
    fixture
        .zokio("install --git https://host/x")
        .ends_with(101)
        .tells("does not take `--git`");
    fixture
        .zokio("install one two")
        .ends_with(101)
        .tells("one program at a time");
    fixture
        .zokio("install absent")
        .ends_with(101)
        .tells("absent");
}

#[test]
fn a_published_program_is_installed_with_the_lock_that_it_ships() {
    let fixture = program_fixture("1");
    let before = fixture.state();
    for name in [
        "shipped@0.6.0",
        "shipped --version 0.6.0 --force",
        "-f shipped --bin shipped",
    ] {
        let run = fixture
            .zokio(&format!("install {name} --root ../root --debug"))
            .ends_with(0);
        run.tells("tokio 1.40.0 -> 1.999.0");
        // bytes 1.6.0 is the newest.
        assert_eq!(installed(&fixture, "shipped"), "zokio, bytes 1.5.0\n");
        assert_eq!(fixture.state(), before);
    }
    // As in cargo, `--locked` is for the lock that is there.
    fixture
        .zokio("install unlocked --locked --root ../root --debug --target-dir ../built")
        .ends_with(0);
    let left = std::fs::read_dir(fixture.folder.join("built/cargo-zokio"));
    assert_eq!(left.unwrap().count(), 0);
    assert_eq!(installed(&fixture, "unlocked"), "zokio, bytes 1.6.0\n");
    fixture
        .zokio("install shipped@9.9.9 --root ../root")
        .ends_with(101)
        .tells("shipped");
}
