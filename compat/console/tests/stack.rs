//! Names the function that blocks, with its file and line, in programs that were built in several
//! ways. The registers and bytes that a program would send are taken by ptrace(2) here.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use zokio_top::stack::{Frame, Part, blocking, read, resolve};

/// Longer than anything takes, also on a busy machine.
const GENEROUS: Duration = Duration::from_secs(60);

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stack/blocked.rs");

const WITH_DEBUG_INFORMATION: &[&str] = &["-Cdebuginfo=2", "-Copt-level=0"];
const OPTIMIZED: &[&str] = &["-Cdebuginfo=line-tables-only", "-Copt-level=3"];
const STRIPPED: &[&str] = &["-Cdebuginfo=0", "-Copt-level=3", "-Cstrip=symbols"];
const WITH_SYMBOLS: &[&str] = &["-Cdebuginfo=0", "-Copt-level=3", "-Cstrip=none"];

/// Compiles the program into a folder.
fn build(folder: &TempDir, name: &str, flags: &[&str]) -> PathBuf {
    let path = folder.path().join(name);
    let output = Command::new("rustc")
        .args(["--edition=2024", SOURCE, "-o"])
        .arg(&path)
        .args(flags)
        .output()
        .expect("there is a compiler");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    path
}

/// A program with a thread that blocks. Ends it when it is dropped.
struct Blocked {
    child: Child,
    thread: i32,
}

impl Blocked {
    fn start(program: &Path, how: &str) -> Blocked {
        let mut child = Command::new(program)
            .arg(how)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was just built");
        let mut line = String::new();
        let output = child.stdout.take().expect("it is a pipe");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it writes");
        // "12/task/13"
        let thread = line.trim().rsplit('/').next().expect("a part");
        let thread = thread.parse().expect("a number");
        Blocked { child, thread }
    }

    /// Takes the stack of the thread and lets it run on.
    fn capture(&self) -> Value {
        let registers = self.registers();
        let memory = File::open(format!("/proc/{}/mem", self.thread)).expect("it is traced");
        let mut stack = vec![0; 64 << 10];
        let mut length = 0;
        // Up to the first page that is not mapped.
        for page in stack.chunks_mut(512) {
            let at = registers.rsp + length as u64;
            match memory.read_at(page, at) {
                Ok(count) if count == page.len() => length += count,
                _ => break,
            }
        }
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.child.id()));
        let exe = fs::read_link(format!("/proc/{}/exe", self.child.id()));
        self.trace(libc::PTRACE_DETACH);
        let hexadecimal: String = stack[..length].iter().map(|b| format!("{b:02x}")).collect();
        json!({
            "runtime": 1,
            "worker": 0,
            "pid": self.child.id(),
            "arch": "x86_64",
            "registers": {"ip": registers.rip, "sp": registers.rsp, "fp": registers.rbp},
            "stack_at": registers.rsp,
            "stack": hexadecimal,
            "maps": maps.expect("it lives"),
            "exe": exe.expect("it lives"),
        })
    }

    /// Stops the thread and reads its registers.
    fn registers(&self) -> libc::user_regs_struct {
        self.trace(libc::PTRACE_SEIZE);
        self.trace(libc::PTRACE_INTERRUPT);
        let mut registers = MaybeUninit::<libc::user_regs_struct>::zeroed();
        // SAFETY: the thread is traced and stops; the kernel fills a whole structure.
        unsafe {
            assert_eq!(
                libc::waitpid(self.thread, null_mut(), libc::__WALL),
                self.thread
            );
            let into = registers.as_mut_ptr();
            let request = libc::PTRACE_GETREGS;
            assert_eq!(
                libc::ptrace(request, self.thread, null_mut::<()>(), into),
                0
            );
            registers.assume_init()
        }
    }

    fn trace(&self, request: libc::c_uint) {
        let nothing = null_mut::<libc::c_void>();
        // SAFETY: these requests have no arguments.
        let done = unsafe { libc::ptrace(request, self.thread, nothing, nothing) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    }

    /// Captures until the stack is that of the blocked thread.
    fn frames(&self, is_there: impl Fn(&[Frame]) -> bool) -> Vec<Frame> {
        self.frames_of(|answer| resolve(answer).unwrap(), is_there)
            .1
    }

    fn frames_of(
        &self,
        resolve: impl Fn(&Value) -> Vec<Frame>,
        is_there: impl Fn(&[Frame]) -> bool,
    ) -> (Value, Vec<Frame>) {
        let deadline = Instant::now() + GENEROUS;
        loop {
            let answer = self.capture();
            let frames = resolve(&answer);
            if is_there(&frames) {
                return (answer, frames);
            }
            assert!(Instant::now() < deadline, "{}", shown(&frames));
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn shown(frames: &[Frame]) -> String {
    let line = |frame: &Frame| {
        let place = frame.file.as_deref().unwrap_or("-");
        let (part, guessed) = (frame.part, if frame.guessed { " guessed" } else { "" });
        format!("{part:?}{guessed} {frame} {place}:{:?}\n", frame.line)
    };
    frames.iter().map(line).collect()
}

/// The lines of the source that end with a comment of that one word.
fn lines_of(word: &str) -> Vec<u32> {
    let source = fs::read_to_string(SOURCE).expect("it was just compiled");
    let marked = (1..).zip(source.lines());
    let marked = marked.filter(|(_, line)| line.ends_with(&format!("// {word}")));
    marked.map(|(number, _)| number).collect()
}

/// Whether the function that blocks is named, with its file and line.
fn names_the_function(frames: &[Frame], how: &str) -> bool {
    let Some(at) = blocking(frames) else {
        return false;
    };
    let frame = &frames[at];
    let function = format!("blocked::blocks_in_{how}");
    let file = frame.file.as_deref().unwrap_or_default();
    frame.symbol.as_ref() == Some(&function)
        && file.ends_with("tests/stack/blocked.rs")
        && frame.line.is_some_and(|line| lines_of(how).contains(&line))
}

/// All the functions of the program are there, in their order, down to the start of the thread.
fn check_the_rest(frames: &[Frame], how: &str) {
    let place = |name: &str| {
        let has_name = |frame: &Frame| frame.symbol.as_deref().is_some_and(|s| s.contains(name));
        let at = frames.iter().position(has_name);
        at.unwrap_or_else(|| panic!("no {name} in\n{}", shown(frames)))
    };
    let inner = place(&format!("blocks_in_{how}"));
    let (outer, start) = (place("blocked::outer"), place("thread_start"));
    assert!(inner < outer && outer < start, "{}", shown(frames));
    assert!(
        frames[..inner]
            .iter()
            .all(|frame| frame.part != Part::Program)
    );
}

fn names_each(flags: &[&str]) {
    let folder = TempDir::new().unwrap();
    let program = build(&folder, "program", flags);
    for how in ["sleep", "busy", "read", "clock"] {
        let blocked = Blocked::start(&program, how);
        let frames = blocked.frames(|frames| names_the_function(frames, how));
        check_the_rest(&frames, how);
        assert!(
            frames.iter().all(|frame| !frame.guessed),
            "{}",
            shown(&frames)
        );
    }
}

#[test]
fn the_function_is_named_with_debug_information() {
    names_each(WITH_DEBUG_INFORMATION);
}

#[test]
fn the_function_is_named_with_line_tables_only() {
    names_each(OPTIMIZED);
}

#[test]
fn an_executable_of_fixed_addresses_is_resolved() {
    names_each(&[OPTIMIZED, &["-Crelocation-model=static"]].concat());
}

#[test]
fn code_with_frame_pointers_is_resolved() {
    names_each(&[OPTIMIZED, &["-Cforce-frame-pointers=yes"]].concat());
}

#[test]
fn without_debug_information_the_symbol_is_shown() {
    let folder = TempDir::new().unwrap();
    let program = build(&folder, "program", WITH_SYMBOLS);
    let blocked = Blocked::start(&program, "sleep");
    let function = |frame: &Frame| frame.to_string() == "blocked::blocks_in_sleep";
    let frames = blocked.frames(|frames| frames.iter().any(function));
    let frame = &frames[blocking(&frames).unwrap()];
    assert!(function(frame), "{}", shown(&frames));
}

#[test]
fn of_a_stripped_program_module_and_offset_are_shown() {
    let folder = TempDir::new().unwrap();
    let program = build(&folder, "program", STRIPPED);
    let same_with_symbols = build(&folder, "with_symbols", WITH_SYMBOLS);
    let symbols = addr2line::Loader::new(same_with_symbols).unwrap();
    let is_in = |frame: &Frame, function: &str| {
        let offset = frame.offset.unwrap_or_default();
        let symbol = symbols.find_symbol(offset.saturating_sub(1));
        symbol.is_some_and(|symbol| symbol.contains(function))
    };
    for how in ["sleep", "read", "busy"] {
        let blocked = Blocked::start(&program, how);
        let function = format!("blocks_in_{how}");
        let blocks = |frame: &Frame| is_in(frame, &function);
        let frames = blocked.frames(|frames| frames.iter().any(blocks));
        let frame = frames.iter().find(|frame| blocks(frame)).unwrap();
        assert_eq!(frame.module.as_deref(), program.to_str());
        assert_eq!((&frame.symbol, &frame.file), (&None, &None));
        assert_eq!(
            frame.to_string(),
            format!("program+{:#x}", frame.offset.unwrap())
        );
        assert!(
            frames.iter().any(|frame| is_in(frame, "outer")),
            "{}",
            shown(&frames)
        );
    }
}

#[test]
fn an_executable_that_was_replaced_is_still_read() {
    let folder = TempDir::new().unwrap();
    let program = build(&folder, "program", OPTIMIZED);
    let blocked = Blocked::start(&program, "sleep");
    let other = build(&folder, "other", STRIPPED);
    fs::rename(other, &program).unwrap();
    let frames = blocked.frames(|frames| names_the_function(frames, "sleep"));
    check_the_rest(&frames, "sleep");
}

#[test]
fn a_saved_answer_is_resolved_after_the_end_unless_the_executable_was_replaced() {
    let folder = TempDir::new().unwrap();
    let program = build(&folder, "program", OPTIMIZED);
    let saved = folder.path().join("stuck-1.json");
    let blocked = Blocked::start(&program, "read");
    let now = |answer: &Value| resolve(answer).unwrap();
    let (answer, frames) = blocked.frames_of(now, |frames| names_the_function(frames, "read"));
    fs::write(&saved, format!("{}\n", json!({"stack": answer}))).unwrap();
    drop(blocked);
    assert_eq!(resolve(&read(&saved).unwrap()).unwrap(), frames);
    let other = build(&folder, "other", STRIPPED);
    fs::rename(other, &program).unwrap();
    let frames = resolve(&read(&saved).unwrap()).unwrap();
    let of_the_program = |frame: &&Frame| frame.module.as_deref() == program.to_str();
    let mut ours = frames.iter().filter(of_the_program).peekable();
    assert!(ours.peek().is_some(), "{}", shown(&frames));
    assert!(ours.all(|frame| frame.symbol.is_none() && frame.offset.is_none()));
}

/// musl's system calls are in assembly without unwind information.
#[test]
#[ignore = "needs the target x86_64-unknown-linux-musl"]
fn a_static_executable_with_musl_is_resolved() {
    let folder = TempDir::new().unwrap();
    let target = ["--target=x86_64-unknown-linux-musl"];
    for flags in [WITH_DEBUG_INFORMATION, OPTIMIZED] {
        let program = build(&folder, "program", &[flags, &target].concat());
        for how in ["sleep", "busy", "read", "clock"] {
            let blocked = Blocked::start(&program, how);
            let frames = blocked.frames(|frames| names_the_function(frames, how));
            check_the_rest(&frames, how);
        }
    }
}
