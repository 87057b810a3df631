//! [`Command`]: how a process is to be started.
#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command as StdCommand, ExitStatus, Output, Stdio};

use super::exit::Process;
use super::{Child, ChildStderr, ChildStdin, ChildStdout, orphan};
use crate::runtime::Handle;

/// A process builder; the standard library's [`Command`](StdCommand) with asynchronous children.
///
/// Arguments, environment, directory and pipes are set as in the standard library. A command may be
/// used several times.
///
/// # Examples
///
/// ```
/// use zokio::process::Command;
///
/// #[zokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let output = Command::new("sh")
///         .args(["-c", "echo $GREETING"])
///         .env("GREETING", "hello")
///         .output()
///         .await?;
///     assert_eq!(output.stdout, b"hello\n");
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Command {
    std: StdCommand,
    kill_on_drop: bool,
}

impl Command {
    /// Creates a command for the program at this path, or with this name in `PATH`.
    ///
    /// It has no arguments, inherits the environment, the directory and the standard streams, and
    /// lets children that are dropped continue.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// assert_eq!(Command::new("ls").as_std().get_program(), "ls");
    /// ```
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Self::from(StdCommand::new(program))
    }

    /// Returns the standard library's command inside this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// assert_eq!(Command::new("ls").as_std().get_args().count(), 0);
    /// ```
    pub fn as_std(&self) -> &StdCommand {
        &self.std
    }

    /// Returns the standard library's command inside this one, to set options that have no method
    /// here.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// command.as_std_mut().arg("-l");
    /// assert_eq!(command.as_std().get_args().next().unwrap(), "-l");
    /// ```
    pub fn as_std_mut(&mut self) -> &mut StdCommand {
        &mut self.std
    }

    /// Returns the standard library's command. The setting of
    /// [`kill_on_drop`](Command::kill_on_drop) is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// let std: std::process::Command = Command::new("ls").into_std();
    /// assert_eq!(std.get_program(), "ls");
    /// ```
    pub fn into_std(self) -> StdCommand {
        self.std
    }

    /// Adds an argument. It is passed on as it is: no shell interprets it.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("echo").arg("$HOME *").output().await?;
    ///     assert_eq!(output.stdout, b"$HOME *\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.std.arg(arg);
        self
    }

    /// Adds arguments. They are passed on as they are: no shell interprets them.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("echo").args(["one", "two"]).output().await?;
    ///     assert_eq!(output.stdout, b"one two\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets the zeroth argument, instead of the name by which the program is found.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("sh").arg0("called").args(["-c", "echo $0"]).output().await?;
    ///     assert_eq!(output.stdout, b"called\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn arg0<S>(&mut self, arg: S) -> &mut Command
    where
        S: AsRef<OsStr>,
    {
        self.std.arg0(arg);
        self
    }

    /// Sets a variable of the child's environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("sh").args(["-c", "echo $NAME"]).env("NAME", "value").output().await?;
    ///     assert_eq!(output.stdout, b"value\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the child's environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("sh")
    ///         .args(["-c", "echo $ONE $TWO"])
    ///         .envs([("ONE", "1"), ("TWO", "2")])
    ///         .output()
    ///         .await?;
    ///     assert_eq!(output.stdout, b"1 2\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Removes a variable from the child's environment, including one that would be inherited.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("sh").args(["-c", "echo $HOME"]).env_remove("HOME").output().await?;
    ///     assert_eq!(output.stdout, b"\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.std.env_remove(key);
        self
    }

    /// Clears the child's environment: it inherits nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("/usr/bin/env").env_clear().env("A", "1").output().await?;
    ///     assert_eq!(output.stdout, b"A=1\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn env_clear(&mut self) -> &mut Command {
        self.std.env_clear();
        self
    }

    /// Sets the directory in which the child starts.
    ///
    /// Whether a relative path of the program is looked up from there or from the parent's
    /// directory differs between platforms; use an absolute path.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("pwd").current_dir("/").output().await?;
    ///     assert_eq!(output.stdout, b"/\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.std.current_dir(dir);
        self
    }

    /// Sets the child's standard input; it is inherited unless this is called.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("cat").stdin(Stdio::null()).output().await?;
    ///     assert!(output.stdout.is_empty());
    ///     Ok(())
    /// }
    /// ```
    pub fn stdin<T: Into<Stdio>>(&mut self, config: T) -> &mut Command {
        self.std.stdin(config);
        self
    }

    /// Sets the child's standard output; it is inherited unless this is called.
    ///
    /// # Examples
    ///
    /// To use the output of one child as the input of another:
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut echo = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    ///     let from_echo: Stdio = echo.stdout.take().expect("it was asked for").try_into()?;
    ///     let upper = Command::new("tr").args(["a-z", "A-Z"]).stdin(from_echo).output();
    ///     let (echoed, upper) = zokio::join!(echo.wait(), upper);
    ///     assert!(echoed?.success());
    ///     assert_eq!(upper?.stdout, b"HELLO\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn stdout<T: Into<Stdio>>(&mut self, config: T) -> &mut Command {
        self.std.stdout(config);
        self
    }

    /// Sets the child's standard error; it is inherited unless this is called.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let child = Command::new("sh").args(["-c", "echo no >&2"]).stderr(Stdio::piped()).spawn()?;
    ///     assert_eq!(child.wait_with_output().await?.stderr, b"no\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn stderr<T: Into<Stdio>>(&mut self, config: T) -> &mut Command {
        self.std.stderr(config);
        self
    }

    /// Sets whether children are killed when they are dropped; the default is `false`.
    ///
    /// This applies to [`Child`] and to the futures of [`status`](Command::status) and
    /// [`output`](Command::output). The runtime waits for the killed child in the background, so
    /// that it does not stay a zombie; see the
    /// [module](super#what-happens-to-a-child-that-is-dropped).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use zokio::process::Command;
    /// use zokio::time::timeout;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() {
    ///     let status = Command::new("sleep").arg("60").kill_on_drop(true).status();
    ///     // When time is up, the future is dropped, and the child killed.
    ///     assert!(timeout(Duration::from_millis(10), status).await.is_err());
    /// }
    /// ```
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Command {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// Returns whether children are killed when they are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// assert!(!Command::new("ls").get_kill_on_drop());
    /// assert!(Command::new("ls").kill_on_drop(true).get_kill_on_drop());
    /// ```
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// Sets the child's user. This requires the privileges of setuid(2).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// let mut command = Command::new("id");
    /// command.uid(65_534);
    /// ```
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.std.uid(id);
        self
    }

    /// Sets the child's group. This requires the privileges of setgid(2).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// let mut command = Command::new("id");
    /// command.gid(65_534);
    /// ```
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.std.gid(id);
        self
    }

    /// Puts the child into a process group: one of its own if `pgroup` is zero. Signals from the
    /// terminal, such as that of Ctrl-C, go to the group in the foreground.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     // Not reached by a Ctrl-C in the terminal.
    ///     let mut child = Command::new("true").process_group(0).spawn()?;
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// }
    /// ```
    pub fn process_group(&mut self, pgroup: i32) -> &mut Command {
        self.std.process_group(pgroup);
        self
    }

    /// Starts the process.
    ///
    /// The calling thread is blocked until the program has been loaded, which takes a short time.
    ///
    /// # Errors
    ///
    /// Returns an error if the program is not found or may not be run, if the operating system has
    /// no process or no file descriptor for the pipes left, or if the runtime has been shut down.
    /// No program is left running then: one that was started and cannot be waited for is killed. A
    /// process without pipes is started and waited for without a file descriptor; with musl, the
    /// start needs two for a moment.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled (see
    /// [`Builder::enable_io`](crate::runtime::Builder::enable_io)).
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("true").spawn()?;
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_with(std::process::Command::spawn)
    }

    /// Starts the process by a function that is given the command of the standard library.
    ///
    /// It is for a process that has to be started in a way of its own, for example with extensions
    /// of [`std::process::Command`] that this type does not have. The function may change the
    /// command; the changes stay. It must return a process that it has just started, which the
    /// [`Child`] then waits for.
    ///
    /// # Errors
    ///
    /// Returns an error if the function does, and otherwise in the same cases as
    /// [`spawn`](Command::spawn).
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`spawn`](Command::spawn), before the function is called, and if
    /// the function panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use zokio::io::AsyncReadExt;
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let mut child = Command::new("echo").arg("hello").spawn_with(|command| {
    ///         command.stdout(Stdio::piped());
    ///         command.spawn()
    ///     })?;
    ///     let mut said = String::new();
    ///     child.stdout.take().expect("piped").read_to_string(&mut said).await?;
    ///     assert_eq!(said, "hello\n");
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut std::process::Command) -> io::Result<std::process::Child>,
    ) -> io::Result<Child> {
        // Before there is a process, in case this panics.
        let _ = Handle::current().io_driver();
        orphan::sweep();
        let mut started = with(&mut self.std)?;
        let (stdin, stdout, stderr) = (
            started.stdin.take(),
            started.stdout.take(),
            started.stderr.take(),
        );
        let process = match Process::new(started) {
            Ok(process) => process,
            Err((error, mut started)) => {
                // The first error is the one to return.
                let _ = started.kill();
                orphan::leave(started);
                return Err(error);
            }
        };
        // An error of a pipe drops the child, which kills it.
        let mut child = Child::new(process, true);
        child.stdin = stdin.map(ChildStdin::from_std).transpose()?;
        child.stdout = stdout.map(ChildStdout::from_std).transpose()?;
        child.stderr = stderr.map(ChildStderr::from_std).transpose()?;
        child.set_kill_on_drop(self.kill_on_drop);
        Ok(child)
    }

    /// Starts the process and waits for it to end.
    ///
    /// This call starts it, not the first poll of the future. Pipes that were requested are closed.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: dropping the future lets the process continue, or kills it
    /// if [`kill_on_drop`](Command::kill_on_drop) is set.
    ///
    /// # Errors
    ///
    /// The future returns an error if [`spawn`](Command::spawn) or [`Child::wait`] does.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let status = Command::new("sh").args(["-c", "exit 3"]).status().await?;
    ///     assert_eq!(status.code(), Some(3));
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async {
            let mut child = child?;
            // A child that fills a pipe which is not read would never end.
            child.stdin = None;
            child.stdout = None;
            child.stderr = None;
            child.wait().await
        }
    }

    /// Starts the process, waits for it to end, and collects its output.
    ///
    /// This call starts it, not the first poll of the future. Its standard output and error become
    /// pipes, regardless of what was set before. Its standard input stays as it was set.
    ///
    /// # Cancel safety
    ///
    /// This method is not cancel safe: dropping the future drops what was collected and lets the
    /// process continue, or kills it if [`kill_on_drop`](Command::kill_on_drop) is set.
    ///
    /// # Errors
    ///
    /// The future returns an error if [`spawn`](Command::spawn) or [`Child::wait_with_output`]
    /// does.
    ///
    /// # Panics
    ///
    /// Panics if called outside a runtime, or in one whose I/O is not enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use zokio::process::Command;
    ///
    /// #[zokio::main(flavor = "current_thread")]
    /// async fn main() -> std::io::Result<()> {
    ///     let output = Command::new("echo").arg("hello").output().await?;
    ///     assert!(output.status.success());
    ///     assert_eq!(output.stdout, b"hello\n");
    ///     assert!(output.stderr.is_empty());
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn();
        async { child?.wait_with_output().await }
    }
}

impl From<StdCommand> for Command {
    fn from(std: StdCommand) -> Command {
        Command {
            std,
            kill_on_drop: false,
        }
    }
}
