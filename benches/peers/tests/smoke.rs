//! Each runtime does each job once, and the answers are right: the load checks every byte while a
//! program warms up. What the figures are is not looked at: nothing is optimized.

#![forbid(unsafe_code)]

use std::fs;
use std::process::Command;

use serde_json::Value;

/// What there is no program for.
const LACKS: usize = 2 * TASKS + 2;

/// The cells without I/O, which the two limits lack; one of them lacks two cells with files as well.
const TASKS: usize = 5;

fn run(args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zokio-peers"))
        .args(args)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.success(), text)
}

#[test]
fn every_runtime_does_every_job() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let args = ["--debug", "--rounds", "1", "--seconds", "0.02", "--json"];
    let (success, text) = run(&[&args[..], &[file.to_str().unwrap()]].concat());
    assert!(success, "{text}");
    let figures: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let cells = figures["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 24);
    let mut missing = 0;
    for cell in cells {
        let runtimes = cell["runtimes"].as_object().unwrap();
        assert_eq!(runtimes.len(), 11);
        for (name, row) in runtimes {
            if row["missing"].is_null() {
                let units = row["samples"][0]["units_per_s"].as_f64();
                assert!(units > Some(0.0), "{}, {name}: {row}", cell["name"]);
            } else {
                missing += 1;
            }
        }
    }
    assert_eq!(missing, LACKS, "{text}");
}

#[test]
fn every_figure_of_the_seed_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let args = ["seed", "--debug", "--seconds", "0.05", "--json"];
    let (success, text) = run(&[&args[..], &[file.to_str().unwrap()]].concat());
    assert!(success, "{text}");
    let figures: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let figures = figures["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 19, "{text}");
    for figure in figures {
        assert!(figure["value"].as_f64() >= Some(0.0), "{figure}");
    }
}
