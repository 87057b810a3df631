//! The builder of runtimes.
#![forbid(unsafe_code)]

mod hooks;
mod metrics;
mod policy;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use self::metrics::HistogramOptions;
use self::policy::Policy;
use super::monitor::ViewOptions;
use super::owner::OwnedScheduler;
use super::signal_socket::signal_sockets;
use super::sockets::{self, Sockets};
use super::{DriverKind, LocalOptions, LocalRuntime, Runtime};
use crate::blocking::pool::Callback;
use crate::blocking::{Pool, PoolConfig};
use crate::driver::{self, Driver};
use crate::record::Recorder;
use crate::scheduler::current_thread::CurrentThread;
use crate::scheduler::multi_thread;
use crate::scheduler::services::{Options, Services};
use crate::scheduler::task::TaskHooks;
use crate::timer::{Clock, Timers};

/// The most worker threads that a runtime may have.
const MAX_WORKERS: usize = 65_536;

/// Builds a [`Runtime`] with options other than the defaults.
///
/// Start with [`new_multi_thread`](Builder::new_multi_thread) or
/// [`new_current_thread`](Builder::new_current_thread), chain options, and end with
/// [`build`](Builder::build). Sockets and timers work only if they are enabled, usually with
/// [`enable_all`](Builder::enable_all). A builder can build several runtimes.
///
/// # Examples
///
/// ```
/// use zokio::runtime::Builder;
///
/// # fn main() -> std::io::Result<()> {
/// let rt = Builder::new_multi_thread()
///     .worker_threads(2)
///     .thread_name("my-worker")
///     .enable_all()
///     .build()?;
/// rt.block_on(async { println!("on {}", zokio::runtime::Handle::current().driver_info()) });
/// # Ok(())
/// # }
/// ```
pub struct Builder {
    multi_thread: bool,
    enable_io: bool,
    enable_time: bool,
    start_paused: bool,
    name: Option<String>,
    worker_threads: Option<usize>,
    max_blocking_threads: usize,
    thread_name: Arc<dyn Fn() -> String + Send + Sync>,
    thread_stack_size: Option<usize>,
    thread_keep_alive: Duration,
    after_start: Option<Callback>,
    before_stop: Option<Callback>,
    before_park: Option<Callback>,
    after_unpark: Option<Callback>,
    task_hooks: TaskHooks,
    global_queue_interval: Option<u32>,
    event_interval: u32,
    events_per_tick: usize,
    events_per_busy_tick: Option<usize>,
    driver: Option<DriverKind>,
    sockets: Option<Sockets>,
    policy: Policy,
    poll_times: HistogramOptions,
    schedule_latencies: HistogramOptions,
    pub(super) view: ViewOptions,
    /// Whether the runtime is recorded although it is not shown. Set by tests of what is recorded.
    pub(crate) recorded: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("multi_thread", &self.multi_thread)
            .field("enable_io", &self.enable_io)
            .field("enable_time", &self.enable_time)
            .field("name", &self.name)
            .field("worker_threads", &self.worker_threads)
            .field("max_blocking_threads", &self.max_blocking_threads)
            .field("thread_stack_size", &self.thread_stack_size)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .field("global_queue_interval", &self.global_queue_interval)
            .field("event_interval", &self.event_interval)
            .field("driver", &self.driver)
            .field("sockets", &self.sockets)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Creates a builder of current-thread runtimes.
    ///
    /// Neither I/O nor timers are enabled. For tasks whose futures are not `Send`, end with
    /// [`build_local`](Builder::build_local) or use a [`LocalSet`](crate::task::LocalSet).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build()?;
    /// let task = rt.spawn(async { thread::current().id() });
    /// assert_eq!(rt.block_on(task)?, thread::current().id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_current_thread() -> Builder {
        Builder::new(false)
    }

    /// Creates a builder of multi-thread runtimes.
    ///
    /// Neither I/O nor timers are enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().build()?;
    /// let task = rt.spawn(async { thread::current().id() });
    /// assert_ne!(rt.block_on(task)?, thread::current().id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_multi_thread() -> Builder {
        Builder::new(true)
    }

    fn new(multi_thread: bool) -> Builder {
        Builder {
            multi_thread,
            enable_io: false,
            enable_time: false,
            start_paused: false,
            name: None,
            worker_threads: None,
            max_blocking_threads: 512,
            thread_name: Arc::new(|| "tokio-rt-worker".to_owned()),
            thread_stack_size: None,
            thread_keep_alive: Duration::from_secs(10),
            after_start: None,
            before_stop: None,
            before_park: None,
            after_unpark: None,
            task_hooks: TaskHooks::default(),
            global_queue_interval: None,
            event_interval: 61,
            events_per_tick: 1024,
            events_per_busy_tick: None,
            driver: None,
            sockets: None,
            policy: Policy::new(),
            poll_times: HistogramOptions::default(),
            schedule_latencies: HistogramOptions::default(),
            view: ViewOptions::default(),
            recorded: false,
        }
    }

    /// Enables I/O and timers, as [`enable_io`](Builder::enable_io) and
    /// [`enable_time`](Builder::enable_time) do.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::TcpListener;
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, timeout};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_all().build()?;
    /// rt.block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     // There is no client.
    ///     assert!(timeout(Duration::from_millis(1), listener.accept()).await.is_err());
    ///     Ok::<_, std::io::Error>(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_all(&mut self) -> &mut Self {
        self.enable_io().enable_time()
    }

    /// Enables sockets, pipes, signals and child processes.
    ///
    /// Without this option, creating one panics. Files need no option.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::net::UdpSocket;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_io().build()?;
    /// let socket = rt.block_on(UdpSocket::bind("127.0.0.1:0"))?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_io(&mut self) -> &mut Self {
        self.enable_io = true;
        self
    }

    /// Enables timers.
    ///
    /// Without this option, creating one panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, Instant, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_time().build()?;
    /// rt.block_on(async {
    ///     let start = Instant::now();
    ///     sleep(Duration::from_millis(1)).await;
    ///     assert!(start.elapsed() >= Duration::from_millis(1));
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn enable_time(&mut self) -> &mut Self {
        self.enable_time = true;
        self
    }

    /// Sets the name of the runtime; see [`Handle::name`](crate::runtime::Handle::name).
    ///
    /// # Panics
    ///
    /// Panics if the name is empty or consists of whitespace.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().name("uploads").build()?;
    /// assert_eq!(rt.handle().name(), Some("uploads"));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        assert!(
            !name.trim().is_empty(),
            "runtime name shouldn't be empty: give it a name that tells it from others"
        );
        self.name = Some(name);
        self
    }

    /// Sets the number of worker threads of a multi-thread runtime.
    ///
    /// The default is the environment variable `TOKIO_WORKER_THREADS` if it is set, and otherwise
    /// the number of processors that this process may use, as
    /// [`available_parallelism`](std::thread::available_parallelism) returns it. A current-thread
    /// runtime ignores this option.
    ///
    /// # Panics
    ///
    /// Panics if `val` is zero. If the variable is consulted and is not a number above zero,
    /// [`build`](Builder::build) panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_multi_thread().worker_threads(3).build()?;
    /// assert_eq!(rt.metrics().num_workers(), 3);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn worker_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Worker threads cannot be set to 0");
        self.worker_threads = Some(val);
        self
    }

    /// Sets how many threads may run closures of [`spawn_blocking`](crate::task::spawn_blocking) at
    /// a time; by default 512.
    ///
    /// The threads start on demand. Closures beyond the limit wait in a queue, which has no limit.
    ///
    /// Worker threads are not counted, and neither are the threads that carry out file operations,
    /// so closures that reach this limit do not hold those operations up. There are up to 512
    /// threads for file operations, or up to `val` if that is larger, and more if no operation
    /// could begin for 50 ms.
    ///
    /// Up to `val` further threads replace workers that are inside
    /// [`block_in_place`](crate::task::block_in_place).
    ///
    /// # Panics
    ///
    /// Panics if `val` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().max_blocking_threads(1).build()?;
    /// let one = rt.spawn_blocking(|| thread::current().id());
    /// let other = rt.spawn_blocking(|| thread::current().id());
    /// assert_eq!(rt.block_on(one)?, rt.block_on(other)?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn max_blocking_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Max blocking threads cannot be set to 0");
        self.max_blocking_threads = val;
        self
    }

    /// Sets how long a thread for blocking closures or file operations waits for work before it
    /// ends; by default 10 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (tx, rx) = mpsc::channel();
    /// let rt = Builder::new_current_thread()
    ///     .thread_keep_alive(Duration::from_millis(1))
    ///     .on_thread_stop(move || tx.send("no work").unwrap())
    ///     .build()?;
    /// rt.block_on(rt.spawn_blocking(|| ()))?;
    /// assert_eq!(rx.recv_timeout(Duration::from_secs(5)), Ok("no work"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.thread_keep_alive = duration;
        self
    }

    /// Sets the name of the runtime's threads; by default `tokio-rt-worker`.
    ///
    /// These are the workers and the threads that run blocking closures and file operations. The
    /// threads that the [guide](crate::guide::back_ends#threads) lists by a name of their own keep it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().thread_name("uploads").build()?;
    /// let name = rt.spawn_blocking(|| thread::current().name().map(str::to_owned));
    /// assert_eq!(rt.block_on(name)?.as_deref(), Some("uploads"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn thread_name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        self.thread_name_fn(move || name.clone())
    }

    /// Sets a function that names each of the runtime's threads.
    ///
    /// It is called once for each thread that [`thread_name`](Builder::thread_name) names.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::thread;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let next = AtomicUsize::new(1);
    /// let rt = Builder::new_current_thread()
    ///     .thread_name_fn(move || format!("uploads-{}", next.fetch_add(1, Ordering::Relaxed)))
    ///     .build()?;
    /// let name = rt.spawn_blocking(|| thread::current().name().map(str::to_owned));
    /// assert_eq!(rt.block_on(name)?.as_deref(), Some("uploads-1"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn thread_name_fn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.thread_name = Arc::new(f);
        self
    }

    /// Sets the stack size of the runtime's threads in bytes; by default that of the standard
    /// library.
    ///
    /// It applies to the threads that [`thread_name`](Builder::thread_name) names.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::hint::black_box;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().thread_stack_size(8 << 20).build()?;
    /// // The 2 MiB of the standard library would not be enough.
    /// let length = rt.spawn_blocking(|| black_box([1_u8; 3 << 20]).len());
    /// assert_eq!(rt.block_on(length)?, 3 << 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn thread_stack_size(&mut self, val: usize) -> &mut Self {
        self.thread_stack_size = Some(val);
        self
    }

    /// Sets a function that each of the runtime's threads calls first, for example to set its
    /// priority.
    ///
    /// These are the threads that [`thread_name`](Builder::thread_name) names. A thread that calls
    /// `block_on` is not one of them. If the function panics, the panic is reported and the thread
    /// continues.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// thread_local! {
    ///     static IS_PREPARED: Cell<bool> = const { Cell::new(false) };
    /// }
    ///
    /// let rt = Builder::new_multi_thread()
    ///     .on_thread_start(|| IS_PREPARED.set(true))
    ///     .build()?;
    /// let task = rt.spawn(async { IS_PREPARED.get() });
    /// assert!(rt.block_on(task)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_thread_start<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.after_start = Some(Arc::new(f));
        self
    }

    /// Sets a function that each of the runtime's threads calls last.
    ///
    /// The threads are those of [`on_thread_start`](Builder::on_thread_start). If the function
    /// panics, the panic is reported and the thread ends as usual.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let stopped = Arc::new(AtomicUsize::new(0));
    /// let counter = stopped.clone();
    /// let rt = Builder::new_multi_thread()
    ///     .worker_threads(2)
    ///     .on_thread_stop(move || {
    ///         counter.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// drop(rt);
    /// assert_eq!(stopped.load(Ordering::Relaxed), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_thread_stop<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.before_stop = Some(Arc::new(f));
        self
    }

    /// Sets a function that a worker calls before it goes to sleep.
    ///
    /// In a current-thread runtime, the worker is the thread inside `block_on`. The function may
    /// spawn and wake tasks; the worker then does not sleep.
    ///
    /// # Panics
    ///
    /// If the function panics on a worker of a multi-thread runtime, the process is aborted. In a
    /// current-thread runtime, `block_on` panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let slept = Arc::new(AtomicBool::new(false));
    /// let flag = slept.clone();
    /// let rt = Builder::new_current_thread()
    ///     .enable_time()
    ///     .on_thread_park(move || flag.store(true, Ordering::Relaxed))
    ///     .build()?;
    /// rt.block_on(async { sleep(Duration::from_millis(1)).await });
    /// assert!(slept.load(Ordering::Relaxed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_thread_park<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.before_park = Some(Arc::new(f));
        self
    }

    /// Sets a function that a worker calls when it wakes up.
    ///
    /// It is also called when the worker did not sleep after all, for example because the function
    /// of [`on_thread_park`](Builder::on_thread_park) made a task runnable.
    ///
    /// # Panics
    ///
    /// A panic of the function has the same effect as with
    /// [`on_thread_park`](Builder::on_thread_park).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let woke_up = Arc::new(AtomicBool::new(false));
    /// let flag = woke_up.clone();
    /// let rt = Builder::new_current_thread()
    ///     .enable_time()
    ///     .on_thread_unpark(move || flag.store(true, Ordering::Relaxed))
    ///     .build()?;
    /// rt.block_on(async { sleep(Duration::from_millis(1)).await });
    /// assert!(woke_up.load(Ordering::Relaxed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_thread_unpark<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.after_unpark = Some(Arc::new(f));
        self
    }

    /// Sets the number of task polls after which a worker checks the injection queue before its
    /// own.
    ///
    /// The injection queue holds tasks that were spawned or woken by other threads. With a smaller
    /// number they wait less, and the worker spends more time on checks. The default of a
    /// current-thread runtime is 31. A worker of a multi-thread runtime derives the number from how
    /// long its polls take, see [`runtime`](crate::runtime#how-it-works-today).
    ///
    /// # Panics
    ///
    /// Panics if `val` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::thread;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().global_queue_interval(1).build()?;
    /// let (tx, rx) = mpsc::channel();
    /// rt.block_on(async {
    ///     let own = tx.clone();
    ///     let own = zokio::spawn(async move { own.send("own") });
    ///     let handle = rt.handle().clone();
    ///     let injected = thread::spawn(move || handle.spawn(async move { tx.send("injected") }));
    ///     let injected = injected.join().unwrap();
    ///     own.await.unwrap().unwrap();
    ///     injected.await.unwrap().unwrap();
    /// });
    /// assert_eq!(rx.iter().collect::<Vec<_>>(), ["injected", "own"]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn global_queue_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "global_queue_interval must be greater than 0");
        self.global_queue_interval = Some(val);
        self
    }

    /// Sets the number of task polls after which a worker that has work polls the driver; by
    /// default 61.
    ///
    /// With a smaller number, I/O and timers are noticed earlier while tasks keep the worker busy,
    /// at the cost of a system call each time.
    ///
    /// # Panics
    ///
    /// Panics if `val` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::task::yield_now;
    /// use zokio::time::{Duration, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_time().event_interval(8).build()?;
    /// rt.block_on(async {
    ///     let busy = zokio::spawn(async {
    ///         loop {
    ///             yield_now().await;
    ///         }
    ///     });
    ///     // The timer fires although there is always a task to run.
    ///     sleep(Duration::from_millis(1)).await;
    ///     assert!(!busy.is_finished());
    ///     busy.abort();
    /// });
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn event_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "event_interval must be greater than 0");
        self.event_interval = val;
        self
    }

    /// Sets how many readiness events one poll of the driver handles at most; by default 1,024.
    ///
    /// Further events are handled at the next poll.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::UnixStream;
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_io().max_io_events_per_tick(1).build()?;
    /// rt.block_on(async {
    ///     let (mut one, mut to_one) = UnixStream::pair()?;
    ///     let (mut two, mut to_two) = UnixStream::pair()?;
    ///     let readers = async { zokio::try_join!(one.read_u8(), two.read_u8()) };
    ///     let writers = async { zokio::try_join!(to_one.write_u8(1), to_two.write_u8(2)) };
    ///     // Both become readable; the second event is handled at the next poll.
    ///     let (numbers, _) = zokio::try_join!(readers, writers)?;
    ///     assert_eq!(numbers, (1, 2));
    ///     Ok::<_, std::io::Error>(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_tick must be non-zero");
        self.events_per_tick = capacity;
        self
    }

    /// Sets how many readiness events a poll of the driver handles at most if it does not wait,
    /// because there are tasks to run.
    ///
    /// The default is the value of [`max_io_events_per_tick`](Builder::max_io_events_per_tick).
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use zokio::net::UnixStream;
    /// use zokio::runtime::Builder;
    /// use zokio::task::yield_now;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_io().max_io_events_per_busy_tick(1).build()?;
    /// rt.block_on(async {
    ///     let busy = zokio::spawn(async {
    ///         loop {
    ///             yield_now().await;
    ///         }
    ///     });
    ///     let (mut stream, mut other) = UnixStream::pair()?;
    ///     let reader = zokio::spawn(async move { stream.read_u8().await });
    ///     other.write_u8(5).await?;
    ///     assert_eq!(reader.await??, 5);
    ///     busy.abort();
    ///     Ok::<_, std::io::Error>(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_busy_tick must be non-zero");
        self.events_per_busy_tick = Some(capacity);
        self
    }

    /// Starts the runtime with its clock paused; see [`crate::time::pause`].
    ///
    /// # Panics
    ///
    /// [`build`](Builder::build) panics if this is a multi-thread runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    /// use zokio::time::{Duration, Instant, sleep};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// rt.block_on(async {
    ///     let start = Instant::now();
    ///     sleep(Duration::from_secs(3600)).await; // takes no time
    ///     assert_eq!(start.elapsed(), Duration::from_secs(3600));
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_paused(&mut self, start_paused: bool) -> &mut Self {
        self.start_paused = start_paused;
        self
    }

    /// Forces a back-end of the driver.
    ///
    /// Without this option the environment variable `ZOKIO_DRIVER=uring|mio` decides, and without
    /// that io_uring is used where it works. If io_uring is forced and is not available,
    /// [`build`](Builder::build) returns an error that names the cause. A build without the feature
    /// `fs` has no file operations, and so no io_uring.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::{Builder, DriverKind};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().driver(DriverKind::Threads).build()?;
    /// assert_eq!(rt.handle().driver_info().kind(), DriverKind::Threads);
    /// # Ok(())
    /// # }
    /// ```
    pub fn driver(&mut self, kind: DriverKind) -> &mut Self {
        self.driver = Some(kind);
        self
    }

    /// Chooses how [`TcpStream`](crate::net::TcpStream) and
    /// [`UnixStream`](crate::net::UnixStream), and the streams of `completion::net`, wait for bytes to
    /// read.
    ///
    /// Without this option the environment variable `ZOKIO_SOCKETS=readiness|completion` decides,
    /// and without that they wait for readiness.
    ///
    /// With [`Sockets::Completion`], a read that finds nothing begins a receive on io_uring. Bytes
    /// that such a receive brings are handed out first by all methods that read, in order, also
    /// when the read that began it was dropped. Only what bypasses these methods misses them: see
    /// [`TcpStream::retained`](crate::net::TcpStream::retained). Other methods that ask about
    /// reading, such as `readable`, and reads on other threads than the one that drives the
    /// runtime, return the stream to readiness for good.
    ///
    /// Completion takes effect on current-thread and local runtimes, where io_uring works (Linux 6.1
    /// and later), and in a build with the feature `completion`; elsewhere streams wait for
    /// readiness.
    /// [`Handle::driver_info`](super::Handle::driver_info) reports which is in use and why.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::io::AsyncReadExt;
    /// use zokio::net::{TcpListener, TcpStream};
    /// use zokio::runtime::{Builder, Sockets};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().enable_io().sockets(Sockets::Completion).build()?;
    /// rt.block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let mut client = TcpStream::connect(listener.local_addr()?).await?;
    ///     let (server, _) = listener.accept().await?;
    ///     server.try_write(b"hello")?;
    ///     let mut buf = [0; 5];
    ///     client.read_exact(&mut buf).await?;
    ///     assert_eq!(&buf, b"hello");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn sockets(&mut self, sockets: Sockets) -> &mut Self {
        self.sockets = Some(sockets);
        self
    }

    /// Builds the runtime.
    ///
    /// The workers of a multi-thread runtime start at once. A current-thread runtime does nothing
    /// until [`block_on`](Runtime::block_on) is called.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system has no file descriptor, memory or thread for it, or
    /// if a back-end is forced that does not work here. If file descriptors run out, it is the
    /// operating system's error, with its code.
    ///
    /// # Panics
    ///
    /// Panics if [`start_paused`](Builder::start_paused) is set on a multi-thread runtime, or if
    /// the number of its workers is to come from the environment variable `TOKIO_WORKER_THREADS`,
    /// and that is not a number above zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::runtime::Builder;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut builder = Builder::new_current_thread();
    /// // A builder may build several runtimes.
    /// let one = builder.build()?;
    /// let other = builder.build()?;
    /// assert_ne!(one.handle().id(), other.handle().id());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn build(&mut self) -> io::Result<Runtime> {
        if self.multi_thread {
            assert!(
                !self.start_paused,
                "the clock can be paused on a current-thread runtime only: use \
                 `new_current_thread` with `start_paused`"
            );
            self.build_multi_thread()
        } else {
            self.build_current_thread(false)
        }
    }

    /// Builds a runtime that stays on this thread, and whose tasks need not be `Send`.
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`build`](Builder::build).
    ///
    /// # Panics
    ///
    /// Panics if this builder was created by [`new_multi_thread`](Builder::new_multi_thread).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use zokio::runtime::{Builder, LocalOptions};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Builder::new_current_thread().build_local(LocalOptions::default())?;
    /// let one = Rc::new(1);
    /// let task = rt.spawn_local(async move { *one + 1 });
    /// assert_eq!(rt.block_on(task)?, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn build_local(&mut self, _options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(
            !self.multi_thread,
            "multi_thread is not supported for LocalRuntime: use `Builder::new_current_thread`"
        );
        Ok(LocalRuntime::from_inner(self.build_current_thread(true)?))
    }

    fn build_current_thread(&mut self, local: bool) -> io::Result<Runtime> {
        let view = self.view.request();
        let services = self.services(1, view.is_some() || self.recorded)?;
        let scheduler = CurrentThread::new(services, local);
        let scheduler = OwnedScheduler::CurrentThread(scheduler);
        Ok(Runtime::from_scheduler(scheduler, view))
    }

    fn build_multi_thread(&mut self) -> io::Result<Runtime> {
        let view = self.view.request();
        let workers = self.worker_threads.unwrap_or_else(default_workers);
        let services = self.services(workers, view.is_some() || self.recorded)?;
        let shared = multi_thread::start(services, workers)?;
        let scheduler = OwnedScheduler::MultiThread(shared);
        Ok(Runtime::from_scheduler(scheduler, view))
    }

    fn services(&mut self, workers: usize, recorded: bool) -> Result<Services, crate::Error> {
        Services::prepare_process();
        if self.enable_io {
            signal_sockets().map_err(|error| crate::Error::io("make the signal sockets", error))?;
        }
        let pool = PoolConfig {
            max_threads: self.max_blocking_threads,
            max_workers: workers.saturating_add(self.max_blocking_threads),
            keep_alive: self.thread_keep_alive,
            thread_name: self.thread_name.clone(),
            stack_size: self.thread_stack_size,
            after_start: self.after_start.clone(),
            before_stop: self.before_stop.clone(),
            relief: None,
        };
        let threads = Pool::new(PoolConfig {
            max_threads: self.max_blocking_threads.max(DRIVER_THREADS),
            max_workers: 0,
            relief: Some(DRIVER_RELIEF),
            ..pool.clone()
        });
        let recorder = Recorder::for_runtime(recorded, workers);
        let driver = Arc::new(Driver::new(driver::Config {
            choice: super::driver_info::choice(self.driver),
            sockets: sockets::choose(self.sockets, self.multi_thread)?,
            events_per_tick: self.events_per_tick,
            events_per_busy_tick: self.events_per_busy_tick.unwrap_or(self.events_per_tick),
            threads,
            journal: recorder.as_ref().map(|it| it.journal().clone()),
        })?);
        let clock = Clock::new(!self.multi_thread, self.start_paused);
        let timers = self.enable_time.then(|| {
            let driver = driver.clone();
            let wake = Box::new(move || driver.wake());
            let timers = Timers::new(workers, clock.clone(), wake);
            Arc::new(match self.policy.alt_timer && self.multi_thread {
                true => timers.ready_after_shutdown(),
                false => timers,
            })
        });
        let hooks = TaskHooks {
            recorder: recorder.clone(),
            ..self.task_hooks.clone()
        };
        Ok(Services {
            driver,
            io_enabled: self.enable_io,
            timers,
            clock,
            pool: Pool::new(pool),
            options: Options {
                global_queue_interval: self.global_queue_interval,
                event_interval: self.event_interval,
                unhandled_panic: self.policy.unhandled_panic.clone(),
                lifo_slot: self.policy.lifo_slot,
                seeds: self.policy.next_seeds(),
                poll_times: self.poll_times.configuration(),
                schedule_latencies: self.schedule_latencies.configuration(),
                before_park: self.before_park.clone(),
                after_unpark: self.after_unpark.clone(),
                hooks: hooks.for_runtime(),
            },
            id: Services::next_id(),
            name: self.name.clone(),
            recorder,
            budget_yields: AtomicU64::new(0),
        })
    }
}

/// The most threads of the driver at a time, as long as its operations do not stall; more if the
/// builder allows more for closures.
const DRIVER_THREADS: usize = 512;

/// When no operation could begin for this long although some are queued, threads beyond the limit
/// help: one, then two, four, and so on.
const DRIVER_RELIEF: Duration = Duration::from_millis(50);

/// Returns `TOKIO_WORKER_THREADS`, or the number of processors.
///
/// # Panics
///
/// Panics if the variable is set to anything but a number above zero.
fn default_workers() -> usize {
    match std::env::var("TOKIO_WORKER_THREADS") {
        Ok(text) => {
            let workers: usize = text.parse().unwrap_or_else(|error| {
                panic!("\"TOKIO_WORKER_THREADS\" must be usize, error: {error}, value: {text}")
            });
            assert!(workers > 0, "\"TOKIO_WORKER_THREADS\" cannot be set to 0");
            workers.min(MAX_WORKERS)
        }
        Err(std::env::VarError::NotPresent) => {
            std::thread::available_parallelism().map_or(1, usize::from)
        }
        Err(std::env::VarError::NotUnicode(text)) => {
            panic!("\"TOKIO_WORKER_THREADS\" must be valid unicode, error: {text:?}")
        }
    }
}
