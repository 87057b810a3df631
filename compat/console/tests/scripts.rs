//! What scripts use, on a real program: text, JSON, metrics, traces, and exit codes.

mod support;

use std::collections::HashMap;

use serde_json::Value;
use support::{NAMES, Program, print, run, wait_for};

fn sample(process: &str) -> Value {
    serde_json::from_str(&print(&[process, "--json", "--once"])).unwrap()
}

fn task<'a>(sample: &'a Value, name: &str) -> &'a Value {
    let tasks = sample["tasks"].as_array().unwrap();
    let mut tasks = tasks.iter();
    tasks.find(|task| task["name"] == name).unwrap()
}

#[test]
fn a_sample_as_json_has_every_task_and_what_it_waits_for() {
    let program = Program::start();
    let sample = sample(&program.pid());
    assert_eq!(sample["process"]["pid"], program.id());
    for name in NAMES {
        task(&sample, name);
    }
    let waits = |name: &str| task(&sample, name)["waits_for"]["what"].clone();
    assert_eq!(waits("forgotten"), "notify");
    assert_eq!(waits("starved"), "semaphore");
    assert_eq!(waits("idle reader"), "socket");
    assert_eq!(waits("acceptor"), "socket");
    let workers = &sample["snapshot"]["runtimes"][0]["workers"];
    assert_eq!(workers.as_array().unwrap().len(), 2);
    assert!(!sample["places"].as_array().unwrap().is_empty());
}

#[test]
fn a_contender_waits_for_the_one_that_holds_the_mutex() {
    let program = Program::start();
    let holder = wait_for("a contender that waits", || {
        let sample = sample(&program.pid());
        let id = NAMES[..3].iter().find_map(|name| {
            let wait = &task(&sample, name)["waits_for"];
            (wait["what"] == "mutex").then(|| wait["holder"].as_u64())?
        })?;
        let mut tasks = sample["tasks"].as_array()?.iter();
        Some(tasks.find(|task| task["id"] == id)?["name"].clone())
    });
    let holder = holder.as_str().unwrap();
    assert!(NAMES[..3].contains(&holder), "{holder}");
}

#[test]
fn the_task_that_blocks_its_worker_is_seen_there() {
    let program = Program::start();
    let socket = program.socket();
    let socket = socket.to_str().unwrap();
    let (worker, blocker) = wait_for("a worker that is stuck", || {
        let sample = sample(socket);
        let workers = sample["snapshot"]["runtimes"][0]["workers"].as_array()?;
        let mut workers = workers.iter();
        let stuck = workers.find(|worker| worker["state"] == "stuck")?;
        Some((stuck.clone(), task(&sample, "blocker").clone()))
    });
    assert_eq!(worker["task"], blocker["id"]);
    assert_eq!(worker["at"], blocker["at"]);
}

#[test]
fn the_stack_of_a_stuck_worker_names_the_function_that_blocks() {
    let program = Program::start();
    let stack = wait_for("a worker that is stuck", || {
        // It may be stuck no more when its stack is taken, and then polls another task or none.
        let output = run(&["stack", &program.pid(), "--json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let stack: Value = serde_json::from_str(text.lines().next()?).unwrap();
        (stack["name"] == "blocker").then_some(stack)
    });
    let frames = stack["frames"].as_array().unwrap();
    let mut symbols = frames.iter().filter_map(|frame| frame["symbol"].as_str());
    assert!(
        symbols.any(|symbol| symbol.contains("block_for")),
        "{stack}"
    );
}

#[test]
fn a_sample_as_text_is_filtered_and_sorted() {
    let program = Program::start();
    let arguments = [
        "--once",
        "--interval",
        "100",
        "--filter",
        "contender",
        "--sort",
        "-name",
    ];
    let text = print(&[&[program.pid().as_str()], &arguments[..]].concat());
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.find("contender ").map(|at| &line[at..at + 11]))
        .collect();
    assert_eq!(
        names,
        ["contender 3", "contender 2", "contender 1"],
        "{text}"
    );
    assert!(!text.contains("starved"), "{text}");
}

#[test]
fn the_process_is_listed() {
    let program = Program::start();
    let list: Value = serde_json::from_str(&print(&["list", "--json"])).unwrap();
    let found = list.as_array().unwrap().iter();
    let mut found = found.filter(|process| process["pid"] == program.id());
    let process = found.next().unwrap();
    assert_eq!(process["socket"], program.socket().to_str().unwrap());
    assert!(found.next().is_none());
    assert!(print(&["list"]).contains("twelve-tasks"));
}

#[test]
fn metrics_are_those_of_prometheus() {
    let program = Program::start();
    let metrics = print(&["metrics", &program.pid()]);
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let mut samples = 0;
    for line in lines {
        let (_, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        samples += 1;
    }
    assert!(samples > 10, "{metrics}");
    assert!(metrics.contains("\nzokio_tasks{"), "{metrics}");
}

#[test]
fn a_trace_is_in_the_order_of_time_and_its_polls_are_closed() {
    let program = Program::start();
    let path = program.folder().join("trace.json");
    let output = path.to_str().unwrap();
    let told = print(&[
        "trace",
        &program.pid(),
        "--seconds",
        "1.2",
        "--output",
        output,
    ]);
    assert!(told.contains("events"), "{told}");
    let trace: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let times: Vec<f64> = events
        .iter()
        .map(|event| event["ts"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted());
    let slices = |name: &str| {
        let named = events
            .iter()
            .filter(move |event| event["ph"] == "X" && event["name"] == *name);
        named
            .map(|slice| slice["dur"].as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    // A whole poll of the blocker, or what is seen of one, within 1.2 s.
    let longest = slices("blocker").into_iter().fold(0.0, f64::max);
    assert!(longest > 100_000.0, "{longest} us");
    assert!(slices("self waker").len() > 100);
    assert!(!slices("parked").is_empty());
    let polls = events.iter().filter(|event| event["cat"] == "poll");
    let mut ends: HashMap<(String, String), f64> = HashMap::new();
    for poll in polls {
        let track = (poll["pid"].to_string(), poll["tid"].to_string());
        let begin = poll["ts"].as_f64().unwrap();
        let end = ends.entry(track).or_default();
        // Half a nanosecond is what a double loses.
        assert!(begin >= *end - 0.001, "polls of one worker overlap: {poll}");
        *end = begin + poll["dur"].as_f64().unwrap();
    }
}

#[test]
fn what_cannot_be_attached_to_is_code_1_and_wrong_arguments_are_2() {
    let code = |arguments: &[&str]| run(arguments).status.code();
    assert_eq!(code(&["4294967295", "--once"]), Some(1));
    assert_eq!(code(&["/nonexistent/zokio.sock", "--json"]), Some(1));
    assert_eq!(code(&[&std::process::id().to_string(), "--once"]), Some(1));
    assert_eq!(code(&["metrics"]), Some(2));
    assert_eq!(code(&["--no-such-option"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
}

#[test]
fn json_lines_end_with_the_process() {
    let mut program = Program::start();
    let mut child = std::process::Command::new(support::ZOKIO_TOP)
        .args([&program.pid(), "--json", "--interval", "50"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(output));
    for _ in 0..3 {
        let Some(line) = lines.next() else {
            panic!("{:?}", child.wait_with_output().unwrap());
        };
        let _: Value = serde_json::from_str(&line.unwrap()).unwrap();
    }
    program.end();
    assert!(lines.all(|line| serde_json::from_str::<Value>(&line.unwrap()).is_ok()));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("has closed"), "{error}");
}

/// Stops a process, which continues when this is dropped.
struct Stopped(rustix::process::Pid);

impl Stopped {
    fn new(program: &Program) -> Self {
        let pid = rustix::process::Pid::from_raw(program.id() as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        rustix::process::kill_process(self.0, rustix::process::Signal::CONT).unwrap();
    }
}

#[test]
fn a_stopped_process_is_listed_as_one_that_does_not_answer() {
    let program = Program::start();
    let stopped_program = Program::start();
    let stopped = Stopped::new(&stopped_program);
    let list = print(&["list"]);
    let line = |pid: &str| {
        let mut lines = list.lines();
        lines
            .find(|line| line.starts_with(pid))
            .unwrap()
            .to_string()
    };
    let silent = line(&stopped_program.pid());
    assert!(silent.contains("does not answer"), "{list}");
    assert!(
        silent.contains(stopped_program.socket().to_str().unwrap()),
        "{list}"
    );
    assert!(!line(&program.pid()).contains("does not answer"), "{list}");
    let list: Value = serde_json::from_str(&print(&["list", "--json"])).unwrap();
    let answers = |id: u32| {
        let mut found = list.as_array().unwrap().iter();
        found.find(|process| process["pid"] == id).unwrap()["answers"].clone()
    };
    assert_eq!(answers(program.id()), true);
    assert_eq!(answers(stopped_program.id()), false);
    drop(stopped);
    assert!(!print(&[&stopped_program.pid(), "--once", "--interval", "50"]).is_empty());
}

#[test]
fn a_stopped_process_is_an_error_that_says_so() {
    let program = Program::start();
    let _stopped = Stopped::new(&program);
    let pid = program.pid();
    let socket = program.socket();
    let commands: [&[&str]; 4] = [
        &[&pid, "--once"],
        &[&pid, "--json", "--once"],
        &["stack", &pid],
        &["metrics", socket.to_str().unwrap()],
    ];
    let children = commands.map(|arguments| {
        std::process::Command::new(support::ZOKIO_TOP)
            .args(arguments)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    });
    for child in children {
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("does not answer"), "{error}");
    }
}
