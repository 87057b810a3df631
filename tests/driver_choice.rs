//! Which back-end a runtime gets: by trying, by the environment, by the builder; and what it says
//! where io_uring is refused.
//!
//! io_uring is tried out once per process, so each case runs this test program again as a child.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/filter.rs"]
mod filter;

use std::io::Write;
use std::os::fd::OwnedFd;
use std::process::{Command, Output};

use zokio::fs::File;
use zokio::io::{AsyncReadExt, AsyncWriteExt};
use zokio::net::UnixStream;
use zokio::runtime::{Builder, DriverKind};

/// Runs test `child` of this program with these variables.
fn run_child(variables: &[(&str, &str)]) -> Output {
    run("child", variables)
}

fn run(test: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command
        .env_remove("ZOKIO_DRIVER")
        .env("RUST_LOG", "zokio=info");
    command
        .envs(variables.iter().copied())
        .env("ZOKIO_CHILD", "1");
    command.output().unwrap()
}

/// Reports the back-end; not a test of its own, but what the others run.
#[test]
fn child() {
    if std::env::var_os("ZOKIO_CHILD").is_none() {
        return;
    }
    env_logger::init();
    if std::env::var_os("ZOKIO_SECCOMP").is_some() {
        // As container runtimes do.
        filter::refuse(&[libc::SYS_io_uring_setup], libc::EPERM);
    }
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    match builder.build() {
        Err(error) => println!("build failed: {error}"),
        Ok(rt) => {
            println!("driver: {}", rt.handle().driver_info());
            let sum = rt.block_on(async {
                let tasks: Vec<_> = (0..100u64).map(|i| rt.spawn(async move { i })).collect();
                let mut sum = 0;
                for task in tasks {
                    sum += task.await.unwrap();
                }
                sum + rt.spawn_blocking(|| 50).await.unwrap()
            });
            println!("sum: {sum}");
        }
    }
}

/// Returns what the page of metrics says of files, if it is not left out.
fn files_of_metrics() -> Option<String> {
    #[cfg(zokio_no_monitor)]
    return None;
    #[cfg(not(zokio_no_monitor))]
    {
        let page = zokio::runtime::prometheus();
        let (_, files) = page.split_once("files=\"").unwrap();
        Some(files.split_once('"').unwrap().0.to_owned())
    }
}

/// Reads a socket and then, as a file, a pipe that blocks, which is a ring's if there is one.
#[test]
fn child_with_a_socket_and_a_file() {
    if std::env::var_os("ZOKIO_CHILD").is_none() {
        return;
    }
    env_logger::init();
    if std::env::var_os("ZOKIO_SECCOMP").is_some() {
        filter::refuse(&[libc::SYS_io_uring_setup], libc::EPERM);
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        one.write_all(b"x").await.unwrap();
        assert_eq!(other.read_u8().await.unwrap(), b'x');

        assert_eq!(
            files_of_metrics().as_deref().unwrap_or("untried"),
            "untried"
        );
        eprintln!("now a file");
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut file = File::from_std(OwnedFd::from(reader).into());
        for number in 0..3 {
            let (read, ()) = zokio::join!(file.read_u8(), async {
                writer.write_all(&[number]).unwrap();
            });
            assert_eq!(read.unwrap(), number);
        }
    });
    println!("driver: {}", runtime.handle().driver_info());
    println!("files: {}", files_of_metrics().unwrap_or_default());
}

/// A process that has had a second thread pays for that in each system call that may wait.
#[test]
fn io_uring_is_not_tried_out_before_it_is_needed() {
    for variables in [&[][..], &[("ZOKIO_SECCOMP", "1")]] {
        let log = [("RUST_LOG", "zokio=debug")];
        let variables = [variables, &log].concat();
        let (stdout, stderr) = text(&run("child_with_a_socket_and_a_file", &variables));
        let place = |found: &dyn Fn(&str) -> bool| stderr.lines().position(found);
        let tried =
            place(&|line| line.contains("io_uring is in use") || line.contains("no io_uring"));
        let needed = place(&|line| line == "now a file");
        assert!(needed.is_some() && tried > needed, "{stderr}");
        if variables.len() > 1 {
            assert!(stdout.contains("driver: mio (no io_uring"), "{stdout}");
        }
        if cfg!(not(zokio_no_monitor)) {
            let by = match stdout.contains("driver: mio") {
                true => "threads",
                false => "io_uring",
            };
            assert!(stdout.contains(&format!("files: {by}\n")), "{stdout}");
        }
    }
}

fn text(output: &Output) -> (String, String) {
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_builder_forces_the_fallback() {
    let rt = Builder::new_current_thread()
        .driver(DriverKind::Threads)
        .build()
        .unwrap();
    let info = rt.handle().driver_info();
    assert_eq!(info.kind(), DriverKind::Threads);
    assert!(info.reason().contains("builder"), "{info}");
}

#[test]
fn the_environment_forces_the_fallback() {
    let (stdout, _) = text(&run_child(&[("ZOKIO_DRIVER", "mio")]));
    assert!(
        stdout.contains("driver: mio (asked for by ZOKIO_DRIVER=mio)"),
        "{stdout}"
    );
    assert!(stdout.contains("sum: 5000"), "{stdout}");
}

#[test]
fn an_unknown_name_in_the_environment_is_an_error() {
    let (stdout, _) = text(&run_child(&[("ZOKIO_DRIVER", "epoll")]));
    assert!(stdout.contains("build failed"), "{stdout}");
    assert!(stdout.contains("epoll"), "{stdout}");
}

#[test]
fn seccomp_means_fallback_and_one_line() {
    let (stdout, stderr) = text(&run_child(&[("ZOKIO_SECCOMP", "1")]));
    assert!(stdout.contains("driver: mio"), "{stdout}");
    assert!(stdout.contains("seccomp"), "{stdout}");
    assert!(stdout.contains("sum: 5000"), "{stdout}");
    let lines: Vec<_> = stderr
        .lines()
        .filter(|line| line.contains("zokio"))
        .collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].contains("seccomp"), "{stderr}");
}

#[test]
fn seccomp_makes_a_forced_ring_an_error_that_names_it() {
    let (stdout, _) = text(&run_child(&[
        ("ZOKIO_SECCOMP", "1"),
        ("ZOKIO_DRIVER", "uring"),
    ]));
    assert!(stdout.contains("build failed"), "{stdout}");
    assert!(stdout.contains("seccomp"), "{stdout}");
}
