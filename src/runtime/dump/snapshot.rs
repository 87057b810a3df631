//! What a dump has found: [`Dump`], and the tasks in it.
#![forbid(unsafe_code)]

use std::panic::Location;

use super::Trace;
use crate::scheduler::task::{Dumped, DumpedTask, Id};

/// What the tasks of a runtime wait for. Returned by [`Handle::dump`](crate::runtime::Handle::dump).
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Dump, Handle};
///
/// #[zokio::main]
/// async fn main() {
///     let dump: Dump = Handle::current().dump().await;
///     assert_eq!(dump.tasks().iter().count(), 0);
/// }
/// ```
#[derive(Debug)]
pub struct Dump {
    tasks: Tasks,
    untraced: Vec<UntracedTask>,
}

/// The tasks of a [`Dump`] that have a trace.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Handle, dump::Tasks};
///
/// #[zokio::main]
/// async fn main() {
///     let dump = Handle::current().dump().await;
///     let tasks: &Tasks = dump.tasks();
///     println!("{} tasks wait", tasks.iter().count());
/// }
/// ```
#[derive(Debug)]
pub struct Tasks {
    tasks: Vec<Task>,
}

/// A task, and where it waits.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Handle, dump::Task};
///
/// fn print(task: &Task) {
///     println!("{} of {}:\n{}", task.id(), task.spawned_at(), task.trace());
/// }
///
/// #[zokio::main]
/// async fn main() {
///     let dump = Handle::current().dump().await;
///     dump.tasks().iter().for_each(print);
/// }
/// ```
#[derive(Debug)]
pub struct Task {
    about: DumpedTask,
    trace: Trace,
}

/// A task that was not polled for the dump in time. It is in a poll that does not end, or no thread
/// could poll it.
///
/// # Examples
///
/// ```
/// use zokio::runtime::{Handle, dump::UntracedTask};
///
/// fn report(task: &UntracedTask) {
///     println!("stuck: {:?}, spawned at {}", task.name(), task.spawned_at());
/// }
///
/// #[zokio::main]
/// async fn main() {
///     Handle::current().dump().await.untraced().for_each(report);
/// }
/// ```
#[derive(Debug)]
pub struct UntracedTask(DumpedTask);

impl Dump {
    pub(super) fn new(dumped: Dumped) -> Dump {
        let traced = |(about, stacks)| Task {
            about,
            trace: Trace::new(stacks),
        };
        let mut dump = Dump {
            tasks: Tasks {
                tasks: dumped.traced.into_iter().map(traced).collect(),
            },
            untraced: dumped.untraced.into_iter().map(UntracedTask).collect(),
        };
        dump.tasks.tasks.sort_by_key(Task::id);
        dump.untraced.sort_by_key(UntracedTask::id);
        dump
    }

    /// Returns the tasks that have a trace.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// assert_eq!(dump.tasks().iter().count(), 0);
    /// # }
    /// ```
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Returns the tasks that have none, because they were not polled in time. tokio does not have
    /// this method.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use zokio::runtime::Runtime;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let rt = Runtime::new()?;
    /// let (running, is_running) = mpsc::channel();
    /// let (end, ends) = mpsc::channel::<()>();
    /// let task = rt.spawn(async move {
    ///     running.send(()).expect("there is a receiver");
    ///     ends.recv().expect_err("this blocks its worker")
    /// });
    /// is_running.recv().expect("the task runs");
    /// let dump = rt.block_on(rt.handle().dump());
    /// let stuck: Vec<_> = dump.untraced().map(|task| task.id()).collect();
    /// assert_eq!(stuck, [task.id()]);
    /// drop(end);
    /// # rt.block_on(task)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn untraced(&self) -> impl Iterator<Item = &UntracedTask> {
        self.untraced.iter()
    }
}

impl Tasks {
    /// Returns the tasks, in the order of their ids.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// for task in dump.tasks().iter() {
    ///     println!("{}", task.trace());
    /// }
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter()
    }
}

impl Task {
    /// Returns the id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// let ids: Vec<_> = dump.tasks().iter().map(|task| task.id()).collect();
    /// # assert!(ids.is_empty());
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.about.id
    }

    /// Returns the name of the task, which a [`task::Builder`](crate::task::Builder) can set. tokio
    /// does not have this method.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::{runtime::Handle, task};
    ///
    /// #[zokio::main]
    /// async fn main() -> std::io::Result<()> {
    ///     let (_tx, rx) = zokio::sync::oneshot::channel::<()>();
    ///     task::Builder::new().name("ada").spawn(rx)?;
    ///     let dump = Handle::current().dump().await;
    ///     assert_eq!(dump.tasks().iter().next().and_then(|task| task.name()), Some("ada"));
    ///     Ok(())
    /// }
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.about.name.as_deref()
    }

    /// Returns the place in the program where the task was spawned. tokio does not have this method.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// for task in dump.tasks().iter() {
    ///     println!("{}", task.spawned_at());
    /// }
    /// # }
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.about.spawned_at
    }

    /// Returns where the task waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// for task in dump.tasks().iter() {
    ///     println!("{}", task.trace());
    /// }
    /// # }
    /// ```
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

impl UntracedTask {
    /// Returns the id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// let stuck: Vec<_> = dump.untraced().map(|task| task.id()).collect();
    /// # assert!(stuck.is_empty());
    /// # }
    /// ```
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// Returns the name of the task, which a [`task::Builder`](crate::task::Builder) can set.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// let stuck: Vec<_> = dump.untraced().filter_map(|task| task.name()).collect();
    /// # assert!(stuck.is_empty());
    /// # }
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Returns the place in the program where the task was spawned.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[zokio::main]
    /// # async fn main() {
    /// let dump = zokio::runtime::Handle::current().dump().await;
    /// for task in dump.untraced() {
    ///     println!("{}", task.spawned_at());
    /// }
    /// # }
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.0.spawned_at
    }
}
