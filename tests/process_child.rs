//! Child processes.

use std::future::pending;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;

use futures::FutureExt;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::process::{Child, Command};
use zokio::runtime::{Builder, Runtime};
use zokio::time::{Duration, Instant, sleep, timeout};

fn runtimes() -> Vec<Runtime> {
    let current = Builder::new_current_thread().enable_all().build();
    let multi = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    vec![current.unwrap(), multi.unwrap()]
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Waits until a process is gone from the process table, so that it is no zombie either.
async fn assert_gone(pid: u32) {
    let start = Instant::now();
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(start.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn the_status_comes_and_stays() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut child = shell("exit 3").spawn().unwrap();
            assert!(child.id().is_some());
            for _ in 0..2 {
                assert_eq!(child.wait().await.unwrap().code(), Some(3));
                assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(3));
            }
            assert_eq!(child.id(), None);
            child.start_kill().unwrap();
            child.kill().await.unwrap();
        });
    }
}

#[test]
fn many_at_once() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut tasks = Vec::new();
            for code in 0..50 {
                tasks.push(zokio::spawn(async move {
                    let status = shell(&format!("exit {code}")).status().await.unwrap();
                    assert_eq!(status.code(), Some(code));
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
}

#[zokio::test]
async fn killing() {
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    assert!(child.try_wait().unwrap().is_none());
    child.kill().await.unwrap();
    assert_eq!(child.wait().await.unwrap().signal(), Some(9));
}

#[zokio::test]
async fn waiting_can_be_given_up_and_taken_up_again() {
    let mut child = shell("read line").stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    assert!(
        timeout(Duration::from_millis(20), child.wait())
            .await
            .is_err()
    );
    drop(stdin);
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
}

#[zokio::test]
async fn waiting_closes_the_input_and_asking_does_not() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    assert!(child.try_wait().unwrap().is_none());
    assert!(child.stdin.is_some());
    let status = timeout(Duration::from_secs(10), child.wait()).await;
    assert!(status.unwrap().unwrap().success());
}

#[zokio::test]
async fn more_than_a_pipe_holds_goes_through() {
    let data: Vec<u8> = (0..1 << 20).map(|i| (i % 251) as u8).collect();
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let sent = data.clone();
    let writer = zokio::spawn(async move { stdin.write_all(&sent).await });
    let output = child.wait_with_output().await.unwrap();
    writer.await.unwrap().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, data);
}

#[zokio::test]
async fn both_outputs_are_collected() {
    let script = "head -c 200000 /dev/zero; head -c 300000 /dev/zero >&2; exit 4";
    let output = shell(script).output().await.unwrap();
    let lengths = (output.stdout.len(), output.stderr.len());
    assert_eq!(
        (output.status.code(), lengths),
        (Some(4), (200_000, 300_000))
    );
}

#[zokio::test]
async fn pipes_that_were_asked_for_do_not_hold_up_a_status() {
    let status = shell("head -c 200000 /dev/zero; exit 5")
        .stdout(Stdio::piped())
        .status();
    let status = timeout(Duration::from_secs(10), status)
        .await
        .unwrap()
        .unwrap();
    // It got a SIGPIPE or an error, and continued.
    assert_eq!(status.code(), Some(5));
}

#[zokio::test]
async fn reading_waits_for_more() {
    let mut child = shell("echo one; read line; echo $line; echo end >&2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut line = [0; 4];
    stdout.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"one\n");
    let early = timeout(Duration::from_millis(20), stdout.read(&mut line)).await;
    assert!(early.is_err());
    stdin.write_all(b"two\n").await.unwrap();
    stdout.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"two\n");
    let mut end = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut end)
        .await
        .unwrap();
    assert_eq!(end, "end\n");
    assert!(child.wait().await.unwrap().success());
}

#[zokio::test]
async fn writing_to_a_child_that_is_gone_fails() {
    let mut child = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = zokio::spawn(async move {
        let block = [0; 8192];
        loop {
            stdin.write_all(&block).await?;
        }
        #[allow(unreachable_code)]
        Ok::<(), io::Error>(())
    });
    sleep(Duration::from_millis(50)).await;
    assert!(!writer.is_finished(), "the pipe is full");
    child.kill().await.unwrap();
    let error = timeout(Duration::from_secs(10), writer)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[zokio::test]
async fn pipes_go_from_child_to_child() {
    let mut echo = Command::new("echo")
        .arg("hello")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = echo.stdout.take().unwrap();
    assert_eq!(pipe.as_raw_fd(), pipe.as_fd().as_raw_fd());
    let input: Stdio = pipe.try_into().unwrap();
    let upper = Command::new("tr")
        .args(["a-z", "A-Z"])
        .stdin(input)
        .output();
    let (echoed, upper) = zokio::join!(echo.wait(), upper);
    assert!(echoed.unwrap().success());
    assert_eq!(upper.unwrap().stdout, b"HELLO\n");
}

#[zokio::test]
async fn a_pipe_can_be_taken_as_a_descriptor_and_brought_back() {
    let mut std = std::process::Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = zokio::process::ChildStdin::from_std(std.stdin.take().unwrap()).unwrap();
    let mut stdout = zokio::process::ChildStdout::from_std(std.stdout.take().unwrap()).unwrap();
    stdin.write_all(b"a").await.unwrap();
    let fd = stdin.into_owned_fd().unwrap();
    let mut stdin = zokio::process::ChildStdin::from_std(fd.into()).unwrap();
    stdin.write_all(b"b").await.unwrap();
    drop(stdin);
    let mut text = String::new();
    stdout.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "ab");
    assert!(std.wait().unwrap().success());
}

#[test]
fn a_dropped_child_runs_on_and_leaves_no_zombie() {
    for rt in runtimes() {
        rt.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let script = format!("sleep 0.1; touch {}/ran", folder.path().display());
            let child = shell(&script).spawn().unwrap();
            let pid = child.id().unwrap();
            drop(child);
            assert_gone(pid).await;
            assert!(folder.path().join("ran").exists());
        });
    }
}

#[test]
fn a_child_may_be_killed_by_dropping_what_holds_it() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut command = Command::new("sleep");
            command.arg("60").kill_on_drop(true);
            assert!(command.get_kill_on_drop());
            let child = command.spawn().unwrap();
            let pid = child.id().unwrap();
            drop(child);
            assert_gone(pid).await;

            let status = command.status();
            let started = Instant::now();
            assert!(timeout(Duration::from_millis(20), status).await.is_err());
            assert!(started.elapsed() < Duration::from_secs(10));

            // One that ended by itself is not killed: another process may have its number by then.
            let mut ended = shell("exit 0").kill_on_drop(true).spawn().unwrap();
            assert!(ended.wait().await.unwrap().success());
        });
    }
}

#[test]
fn a_runtime_that_ends_kills_what_its_tasks_hold() {
    for rt in runtimes() {
        let (send, receive) = std::sync::mpsc::channel();
        rt.spawn(async move {
            let child = Command::new("sleep")
                .arg("60")
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            send.send(child.id().unwrap()).unwrap();
            pending::<()>().await;
            drop(child);
        });
        rt.block_on(async { sleep(Duration::from_millis(20)).await });
        let pid = receive.recv().unwrap();
        drop(rt);
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let start = Instant::now();
        // It has ended, but may not have been reaped: no process waits for it.
        while !state().is_empty() && !state().contains(") Z ") {
            assert!(start.elapsed() < Duration::from_secs(10), "{}", state());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn another_runtime_may_wait() {
    for (first, second) in runtimes().into_iter().zip(runtimes()) {
        let mut child: Child = first.block_on(async {
            let mut child = Command::new("sleep").arg("0.2").spawn().unwrap();
            assert!(child.wait().now_or_never().is_none());
            child
        });
        drop(first);
        let status =
            second.block_on(async { timeout(Duration::from_secs(10), child.wait()).await });
        assert!(status.unwrap().unwrap().success());
    }
}

#[zokio::test]
async fn commands_are_those_of_the_standard_library() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command
        .arg0("called")
        .arg("-c")
        .args(["echo $0 $ONE $TWO $THREE; pwd -P"])
        .env_clear()
        .env("ONE", "1")
        .envs([("TWO", "2"), ("THREE", "3")])
        .env_remove("TWO")
        .current_dir(folder.path())
        .process_group(0);
    let output = command.output().await.unwrap();
    let path = folder.path().canonicalize().unwrap();
    let expected = format!("called 1 3\n{}\n", path.display());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(command.as_std().get_program(), "sh");
    let mut std = command.into_std();
    std.arg("ignored");
    assert!(Command::from(std).output().await.unwrap().status.success());
}

#[zokio::test]
async fn what_cannot_be_started_is_an_error() {
    let missing = Command::new("/no/such/program").spawn().unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    let missing = Command::new("/no/such/program").output().await.unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn it_takes_a_runtime() {
    let _ = Command::new("true").spawn();
}

#[test]
#[should_panic(expected = "IO is disabled")]
fn it_takes_a_runtime_with_io() {
    let rt = Builder::new_current_thread().enable_time().build().unwrap();
    rt.block_on(async { drop(Command::new("true").spawn()) });
}

#[test]
fn a_function_may_start_the_process_and_change_the_command() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut command = shell("cat; exit 7");
            let mut child = command
                .spawn_with(|command| {
                    command.stdin(Stdio::piped()).stdout(Stdio::piped());
                    command.spawn()
                })
                .unwrap();
            let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            to.write_all(b"hello").await.unwrap();
            drop(to);
            let mut said = String::new();
            from.read_to_string(&mut said).await.unwrap();
            assert_eq!(said, "hello");
            assert_eq!(child.wait().await.unwrap().code(), Some(7));
            // The changes are those of the command.
            assert!(command.spawn().unwrap().stdout.is_some());
        });
    }
}

#[test]
fn a_function_that_fails_starts_nothing() {
    for rt in runtimes() {
        rt.block_on(async {
            let refused = shell("exit 0").spawn_with(|_| Err(io::Error::other("refused")));
            assert_eq!(refused.unwrap_err().to_string(), "refused");
        });
    }
}

#[test]
fn a_process_that_a_function_started_is_killed_with_its_handle() {
    for rt in runtimes() {
        rt.block_on(async {
            let mut command = shell("sleep 60");
            let child = command
                .kill_on_drop(true)
                .spawn_with(|command| command.spawn());
            let child = child.unwrap();
            let pid = child.id().unwrap();
            drop(child);
            assert_gone(pid).await;
        });
    }
}
