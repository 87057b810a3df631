//! The screens, in a terminal of tmux, on a real program.

mod support;

use std::process::Command;

use support::{NAMES, Program, ZOKIO_TOP, skip, wait_for};

/// A terminal of 160 by 48, which ends with this.
struct Terminal {
    server: String,
}

impl Terminal {
    /// Runs `zokio-top` in a terminal, or returns `None` if there is no tmux.
    fn start(program: &Program, arguments: &[&str]) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            skip("tmux is not installed");
            return None;
        }
        let terminal = Self {
            server: program.folder().join("tmux").to_str()?.to_string(),
        };
        let folder = program.folder().to_str()?;
        let size = ["-d", "-x", "160", "-y", "48", "-c", folder, "--", ZOKIO_TOP];
        terminal.tmux(&[&["new-session"], &size[..], arguments].concat());
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-f", "/dev/null", "-S", &self.server])
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the screen has all of these texts, and returns it.
    fn shows(&self, texts: &[&str]) -> String {
        let mut screen = String::new();
        let what = format!("a screen with {texts:?}");
        wait_for(&what, || {
            screen = self.screen();
            texts.iter().all(|text| screen.contains(text)).then_some(())
        });
        screen
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn screens_show_workers_tasks_and_the_ring() {
    let program = Program::start();
    let arguments = [&program.pid(), "--interval", "200"];
    let Some(terminal) = Terminal::start(&program, &arguments) else {
        return;
    };
    terminal.shows(&[
        "twelve-tasks",
        "Runtime 1, multi_thread",
        "polls/s",
        "worker 1",
    ]);
    // The blocker, seen in the act.
    terminal.press(&["2"]);
    terminal.shows(&["Workers", "stuck"]);
    terminal.press(&["3"]);
    let screen = terminal.shows(&["Tasks: 14", "held by contender"]);
    for name in NAMES {
        assert!(screen.contains(name), "{name}: {screen}");
    }
    terminal.press(&["4"]);
    terminal.shows(&["Driver of runtime 1", "ready events"]);
    terminal.press(&["?"]);
    terminal.shows(&["its thread runs a closure"]);
    terminal.press(&["Escape"]);
    terminal.shows(&["Driver of runtime 1"]);
    terminal.press(&["p"]);
    terminal.shows(&["PAUSED"]);
}

#[test]
fn tasks_are_sorted_filtered_and_looked_at() {
    let program = Program::start();
    let arguments = [&program.pid(), "--interval", "200", "--sort", "id"];
    let Some(terminal) = Terminal::start(&program, &arguments) else {
        return;
    };
    // The first name in a row is its task's; the title of the table has no number after the word.
    let rows = |screen: &str| {
        let rows = screen
            .lines()
            .filter_map(|line| line.split_once("contender "));
        let numbers = rows.filter_map(|(_, rest)| rest.chars().next()?.to_digit(10));
        numbers.collect::<Vec<_>>()
    };
    terminal.press(&["3"]);
    terminal.shows(&["Tasks: 14", "id▲"]);
    terminal.press(&["/"]);
    terminal.press(&["-l", "contender"]);
    terminal.press(&["Enter"]);
    let screen = terminal.shows(&["Tasks: 3 of 14, filter: contender", "/ filter"]);
    assert_eq!(rows(&screen), [1, 2, 3], "{screen}");
    terminal.press(&["Right", "r"]);
    let screen = terminal.shows(&["name▼"]);
    assert_eq!(rows(&screen), [3, 2, 1], "{screen}");
    terminal.press(&["Down", "Enter"]);
    terminal.shows(&[
        "contender 2",
        "waits for",
        "Poll times of all tasks",
        "of runtime 1",
    ]);
    terminal.press(&["Escape"]);
    terminal.shows(&["Tasks: 3 of 14"]);
    terminal.press(&["/"]);
    terminal.press(&["Escape"]);
    terminal.shows(&["Tasks: 14"]);
}

#[test]
fn a_trace_is_written_where_it_was_started() {
    let program = Program::start();
    let Some(terminal) = Terminal::start(&program, &[&program.pid()]) else {
        return;
    };
    terminal.shows(&["Runtime 1"]);
    terminal.press(&["t"]);
    let name = format!("trace-{}-1.json", program.pid());
    terminal.shows(&[&name, "events"]);
    let trace = std::fs::read(program.folder().join(name)).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&trace).unwrap();
    assert!(!trace["traceEvents"].as_array().unwrap().is_empty());
}

#[test]
fn a_process_is_chosen_from_the_list_and_its_end_is_told() {
    let mut program = Program::start();
    let Some(terminal) = Terminal::start(&program, &[]) else {
        return;
    };
    let pid = program.pid();
    let screen = terminal.shows(&["Processes on zokio", &pid]);
    // Other programs may be listed before it.
    let rows = screen.lines().skip(2);
    let row = rows.take_while(|row| !row.contains(&pid)).count();
    for _ in 0..row {
        terminal.press(&["Down"]);
    }
    terminal.press(&["Enter"]);
    terminal.shows(&[&format!("process {pid}"), "Runtime 1"]);
    program.end();
    terminal.shows(&["has closed", "This is its last state"]);
    terminal.press(&["q"]);
    wait_for("the end of the terminal", || {
        terminal.screen().is_empty().then_some(())
    });
}
