//! Options of the live view, the environment variables that ask for it, and the page of metrics.
//! `without_monitor.rs` is this module in a build without them.
#![forbid(unsafe_code)]

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::Builder;
use crate::util::warning::warn;
use crate::view;

pub(super) use crate::view::{Membership, ViewRequest};

/// The environment variable that names the socket.
const SOCKET: &str = "ZOKIO_MONITOR";
/// The environment variable that has the log name tasks that hold their workers.
const STUCK_MS: &str = "ZOKIO_MONITOR_STUCK_MS";

/// The options of this file.
#[derive(Default)]
pub(super) struct ViewOptions {
    path: Option<PathBuf>,
    stuck: Option<Duration>,
}

impl ViewOptions {
    /// Returns what the builder asks for, or else the environment.
    pub(super) fn request(&self) -> Option<ViewRequest> {
        let path = self.path.clone().or_else(socket_from_environment);
        // The program may change its folder.
        let path = path.map(|path| std::path::absolute(&path).unwrap_or(path));
        let stuck = self.stuck.or_else(stuck_from_environment);
        (path.is_some() || stuck.is_some()).then_some(ViewRequest { path, stuck })
    }
}

fn socket_from_environment() -> Option<PathBuf> {
    let path = env::var_os(SOCKET)?;
    (!path.is_empty()).then(|| path.into())
}

fn stuck_from_environment() -> Option<Duration> {
    let text = env::var_os(STUCK_MS).filter(|text| !text.is_empty())?;
    let ms = text.to_str().and_then(|text| text.parse().ok());
    match ms {
        Some(ms @ 1..) => Some(Duration::from_millis(ms)),
        _ => {
            warn(format_args!(
                "zokio: {STUCK_MS} is {text:?}; it must be a number of milliseconds greater than 0"
            ));
            None
        }
    }
}

impl Builder {
    /// Shows the runtime to other processes while it runs, through a Unix socket.
    ///
    /// `path` names the socket, or a folder that exists, in which the socket is then named
    /// `PID.sock`. Without this option the environment variable `ZOKIO_MONITOR=PATH` decides, and
    /// without that there is no socket, and nothing is recorded for it. All runtimes of a process
    /// that name the same path share a socket. Use a folder if more than one process names it. The
    /// command `zokio-top` reads the socket; [`guide::observing`](crate::guide::observing) explains
    /// what it shows.
    ///
    /// The socket is that of this user: others but root cannot connect. It is there until the last
    /// of the runtimes has been shut down, or until the process exits. A socket that a process left
    /// behind is replaced. If the path is that of another file, or of a socket that a process
    /// serves, or if there can be no socket there, the runtime is not shown. The reason is logged at
    /// the level `warn` with the `log` crate, or printed to standard error while there is no logger.
    ///
    /// A thread named `zokio-view` serves the socket. It reads what the workers record, and none of
    /// them waits for it, nor for a client.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{BufRead, BufReader};
    /// use std::os::unix::net::UnixStream;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("view");
    /// let rt = Builder::new_multi_thread().worker_threads(2).monitor(&path).build()?;
    /// let mut greeting = String::new();
    /// BufReader::new(UnixStream::connect(&path)?).read_line(&mut greeting)?;
    /// assert!(greeting.starts_with("{\"zokio\":"));
    /// drop(rt);
    /// assert!(!path.exists());
    /// # Ok(())
    /// # }
    /// ```
    pub fn monitor(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.view.path = Some(path.into());
        self
    }

    /// Logs each worker that is in one poll for longer than this.
    ///
    /// The entry has the name and the id of the task, the place where it was spawned, and how long the
    /// poll has taken. It is logged at the level `warn` with the `log` crate, or printed to standard
    /// error while the program has no logger (`env_logger`, or `tracing-subscriber` with its feature
    /// `tracing-log`). Each poll is logged once.
    ///
    /// The stack of the thread is saved as `PID.stack-RUNTIME-WORKER` in the folder of the
    /// [socket](Builder::monitor), or in that for temporary files ([`std::env::temp_dir`]) if there is
    /// no socket; `zokio-top stack FILE` prints it. There is one file for each worker: its next stuck
    /// poll overwrites it, and nothing removes it.
    ///
    /// Without this option the environment variable `ZOKIO_MONITOR_STUCK_MS=N` decides, and without
    /// that nothing is logged. The thread `zokio-view` looks at the workers twice in this time, but at
    /// most every millisecond and at least every second, and sends a worker that it finds stuck a
    /// signal (`SIGURG`), in whose handler the stack is copied.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let limit = Duration::from_secs(10);
    /// let rt = Builder::new_multi_thread().worker_threads(2).monitor_stuck(limit).build()?;
    /// rt.block_on(async { println!("polls here should take less") });
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn monitor_stuck(&mut self, limit: Duration) -> &mut Self {
        assert!(!limit.is_zero(), "monitor_stuck must be greater than 0");
        self.view.stuck = Some(limit);
        self
    }
}

/// Returns the counters of all runtimes of this process as a page in the text format of Prometheus.
///
/// It has most counters of [`RuntimeMetrics`](super::RuntimeMetrics), and the number of timers, with the
/// labels `runtime` (the [name](Builder::name), or the id of a runtime without one), `id`, and
/// `worker`. In the drop-in this is `tokio::runtime::prometheus`. A program can
/// serve it over HTTP, as `text/plain; version=0.0.4`. It needs no [live view](Builder::monitor).
/// Histograms are part of it if they are
/// [enabled](Builder::enable_metrics_poll_time_histogram).
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Builder, prometheus};
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_current_thread().name("uploads").build()?;
/// let _task = rt.spawn(async {});
/// let page = prometheus();
/// assert!(page.contains("# TYPE zokio_tasks gauge\n"));
/// assert!(page.contains("zokio_tasks{runtime=\"uploads\",id="));
/// # Ok(())
/// # }
/// ```
pub fn prometheus() -> String {
    view::prometheus_page()
}
