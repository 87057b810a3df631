//! A panic stays in its task, and the hook reports it once.

use std::future::pending;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use zokio::runtime::{Builder, Runtime};
use zokio::task;

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap(),
    ]
}

struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// How often the panic hook is called while `f` runs. The hook is the process's, so calls take
/// turns.
fn reported<R>(f: impl FnOnce() -> R) -> (usize, R) {
    static TURN: Mutex<()> = Mutex::new(());
    static REPORTS: AtomicUsize = AtomicUsize::new(0);
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    REPORTS.store(0, Ordering::SeqCst);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {
        REPORTS.fetch_add(1, Ordering::SeqCst);
    }));
    let result = catch_unwind(AssertUnwindSafe(f));
    panic::set_hook(hook);
    match result {
        Ok(result) => (REPORTS.load(Ordering::SeqCst), result),
        Err(payload) => panic::resume_unwind(payload),
    }
}

#[test]
fn the_joiner_gets_the_payload() {
    for rt in runtimes() {
        let (reports, error) = reported(|| {
            rt.block_on(async {
                let n = std::hint::black_box(3);
                let handle = task::spawn(async move { panic!("n = {n}") });
                handle.await.unwrap_err()
            })
        });
        assert_eq!(reports, 1);
        assert!(error.is_panic() && !error.is_cancelled());
        let id = error.id();
        assert_eq!(
            error.to_string(),
            format!("task {id} panicked with message \"n = 3\"")
        );
        assert_eq!(
            format!("{error:?}"),
            format!("JoinError::Panic(Id({id}), \"n = 3\", ...)")
        );
        assert_eq!(*error.into_panic().downcast::<String>().unwrap(), "n = 3");
    }
}

#[test]
fn nobody_else_is_hurt() {
    for rt in runtimes() {
        let (reports, output) = reported(|| {
            rt.block_on(async {
                let detached = task::spawn(async { panic!("detached") }).abort_handle();
                while !detached.is_finished() {
                    task::yield_now().await;
                }
                task::spawn(async { 4 }).await.unwrap()
            })
        });
        assert_eq!((reports, output), (1, 4));
    }
}

#[test]
fn a_future_that_panics_in_drop_is_an_error_of_its_task() {
    for rt in runtimes() {
        let (reports, errors) = reported(|| {
            rt.block_on(async {
                let aborted = task::spawn(async {
                    let _bomb = PanicOnDrop;
                    pending::<()>().await;
                });
                task::yield_now().await;
                let completed = task::spawn(async {
                    let _bomb = PanicOnDrop;
                });
                aborted.abort();
                // On a worker thread the task may be aborted before its first poll, and then the
                // bomb was never made.
                let aborted = aborted.await.unwrap_err();
                let bombs = usize::from(aborted.is_panic());
                assert!(aborted.is_panic() || aborted.is_cancelled());
                assert!(completed.await.unwrap_err().is_panic());
                bombs + 1
            })
        });
        assert_eq!(reports, errors);
    }
}

#[test]
fn an_output_that_panics_in_drop_stays_with_its_task() {
    for rt in runtimes() {
        let (reports, ()) = reported(|| {
            rt.block_on(async {
                // Dropped by the completing task.
                drop(task::spawn(async { PanicOnDrop }));
                // Dropped by the handle.
                let handle = task::spawn(async { PanicOnDrop });
                while !handle.is_finished() {
                    task::yield_now().await;
                }
                drop(handle);
                task::spawn(async {}).await.unwrap();
            });
            drop(rt);
        });
        assert_eq!(reports, 2);
    }
}

#[test]
fn a_blocking_closure_may_panic() {
    for rt in runtimes() {
        let (reports, error) = reported(|| {
            rt.block_on(async {
                let handle = task::spawn_blocking(|| panic!("blocked"));
                handle.await.unwrap_err()
            })
        });
        assert_eq!(reports, 1);
        assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "blocked");
    }
}

#[test]
fn misuse_is_reported_where_it_happens() {
    fn location(f: impl FnOnce() + panic::UnwindSafe) -> String {
        static FILE: Mutex<String> = Mutex::new(String::new());
        let (_, result) = reported(|| {
            panic::set_hook(Box::new(|info| {
                let location = info.location().expect("a panic has a place");
                *FILE.lock().unwrap() = location.file().to_string();
            }));
            catch_unwind(f)
        });
        result.expect_err("misuse panics");
        std::mem::take(&mut FILE.lock().unwrap())
    }
    let rt = Builder::new_current_thread().build().unwrap();
    assert_eq!(location(|| drop(task::spawn(async {}))), file!());
    assert_eq!(location(|| drop(task::spawn_blocking(|| {}))), file!());
    assert_eq!(location(|| drop(task::spawn_local(async {}))), file!());
    assert_eq!(
        location(|| {
            task::id();
        }),
        file!()
    );
    assert_eq!(
        location(AssertUnwindSafe(
            || rt.block_on(async { task::block_in_place(|| {}) })
        )),
        file!()
    );
    assert_eq!(
        location(AssertUnwindSafe(|| {
            rt.block_on(async { task::LocalSet::new().block_on(&rt, async {}) })
        })),
        file!()
    );
}

#[test]
fn a_task_that_completed_is_polled_no_more() {
    let rt = Builder::new_current_thread().build().unwrap();
    let (reports, result) = reported(|| {
        rt.block_on(async {
            let mut handle = task::spawn(async {});
            (&mut handle).await.unwrap();
            let again = AssertUnwindSafe(&mut handle).catch_unwind();
            again.await.map(|_| ())
        })
    });
    assert_eq!(reports, 1);
    let payload = result.unwrap_err();
    let text = payload.downcast_ref::<&str>().expect("a panic with a text");
    assert!(
        text.contains("JoinHandle polled after completion"),
        "{text}"
    );
}
