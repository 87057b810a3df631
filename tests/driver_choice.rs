//! Which back-end a runtime gets: by trying, by the environment, by the builder; and what it says
//! where io_uring is refused.
//!
//! The probe is made once per process, so each case runs this test program again as a child.

#[path = "support/filter.rs"]
mod filter;

use std::process::{Command, Output};

use zokio::runtime::{Builder, DriverKind};

/// Runs test `child` of this program with these variables.
fn run_child(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
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
