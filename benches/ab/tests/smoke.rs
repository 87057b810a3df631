//! Every scenario runs on both runtimes: the programs build, answer and end, every byte is right, and
//! each figure is there. What the figures are is not looked at: nothing is optimized.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Returns whether the programs' dependencies are here or can be fetched. If not, says so past the
/// test harness.
fn can_build() -> bool {
    let cargo = |side: &str, args: &[&str]| {
        let mut cargo = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("programs")
            .join(side);
        cargo.args(args).current_dir(folder).output().unwrap()
    };
    for side in ["tokio", "zokio"] {
        // A manifest that is wrong is an error with and without a registry.
        let metadata = [
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ];
        let output = cargo(side, &metadata);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{message}");
        let output = cargo(side, &["fetch"]);
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            let skip = format!("SKIP: the programs' dependencies cannot be fetched:\n{message}");
            std::io::stderr().write_all(skip.as_bytes()).unwrap();
            return false;
        }
    }
    true
}

/// Runs one pair of each scenario and returns what `--json` writes.
fn run(args: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_zokio-ab"))
        .args(["--debug", "--rounds", "1", "--seconds", "0.1", "--json"])
        .arg(&file)
        .args(args)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    let figures: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    figures["scenarios"].as_array().unwrap().clone()
}

fn check(scenario: &Value, measures: &[&str]) {
    let name = &scenario["name"];
    for measure in measures {
        for side in ["tokio", "zokio"] {
            let figures = scenario["measures"][measure][side].as_array().unwrap();
            // On a machine that is busy otherwise, the time may be over before the program, which had
            // answered already, has done anything else: most figures may be zero.
            let is_there = figures[0].as_f64().is_some_and(|figure| figure >= 0.0);
            assert!(is_there, "{name}, {measure}, {side}: {figures:?}");
        }
    }
}

fn counts(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zokio-ab"))
        .args(["counts", "--debug"])
        .args(args)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}

#[test]
fn instructions_are_counted_on_both_sides() {
    if !can_build() {
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        let skip = b"SKIP: valgrind is not installed\n";
        std::io::stderr().write_all(skip).unwrap();
        return;
    }
    let (status, text) = counts(&["yield", "tcp-echo", "file-read"]);
    assert_eq!(status, Some(0), "{text}");
    for path in ["yield", "tcp-echo", "file-read"] {
        let rows = text.lines().filter(|line| line.trim().starts_with(path));
        let rows: Vec<Vec<_>> = rows.map(|row| row.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), 1, "{text}");
        // Whether Valgrind knows the system calls of a file depends on its version.
        if path != "file-read" {
            let tokio: f64 = rows[0][1].parse().unwrap();
            assert!(tokio > 0.0, "{text}");
        }
    }
    // Nothing is saved of what is not optimized.
    let (status, text) = counts(&["yield", "--check", "--driver", "mio"]);
    assert_eq!(status, Some(77), "{text}");
    assert!(text.contains("no counts are saved"), "{text}");
}

#[test]
fn every_scenario_runs_on_both_sides() {
    if !can_build() {
        return;
    }
    let always = [
        "cpu_us",
        "units_per_s",
        "idle_mib",
        "peak_mib",
        "busy_percent",
    ];
    let latency = ["p50_us", "p99_us", "p999_us"];

    let scenarios = run(&[]);
    assert_eq!(scenarios.len(), 18);
    for scenario in &scenarios {
        check(scenario, &always);
        for side in ["tokio", "zokio"] {
            assert!(scenario["measures"]["units_per_s"][side][0].as_f64() > Some(0.0));
        }
        if scenario["name"] != "proxy-bulk" {
            check(scenario, &latency);
        }
        assert_eq!(scenario["rate"].is_null(), scenario["name"] != "mixed");
        if scenario["name"] == "client-pool" {
            check(scenario, &["connections"]);
        }
        // Where the kernel lets this process count.
        if scenario["no_system_calls"].is_null() {
            check(scenario, &["system_calls"]);
        }
    }

    let scenarios = run(&["echo", "http", "--workers", "2", "--rate", "50%"]);
    assert_eq!(scenarios.len(), 2);
    for scenario in &scenarios {
        check(scenario, &always);
        check(scenario, &latency);
        assert!(scenario["rate"].as_f64().unwrap() > 0.0);
        assert!(scenario["measures"]["late_percent"].is_object());
    }
}
