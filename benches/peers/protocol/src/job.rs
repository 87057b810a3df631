//! What a program is asked to do.

use std::io;
use std::path::PathBuf;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// To serve the driver's load.
    Server(Server),
    /// To work with files.
    Files(Files),
    /// To do what needs no I/O.
    Tasks(Tasks),
}

/// What a server does with each connection, or with its datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Sends back what comes.
    Echo,
    /// Sends a request of [`REQUEST`](crate::REQUEST) bytes back and closes.
    Once,
    /// Receives until the end, then sends the number of bytes (eight bytes, little-endian).
    Receive,
    /// Sends [`stream`](crate::stream) again and again until the connection is closed.
    Send,
    /// Receives datagrams. After one that [ends a burst](crate::ends_burst), it sends its sender the
    /// number of all that it has received (eight bytes, little-endian).
    Datagrams,
}

/// What each of the tasks does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// Reads a block of the file at a random place, past the page cache (`O_DIRECT`).
    DirectReads,
    /// Reads a block of the file at a random place; it is in the page cache.
    CachedReads,
    /// Overwrites a block of a file of its own and waits for the device (`fdatasync`).
    Sync,
    /// Creates a file, writes a block, closes, renames and removes it.
    Replace,
}

/// What one task does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// Spawns a task that returns at once, and awaits it.
    Spawn,
    /// Yields.
    Yield,
    /// Yields within a timeout of ten seconds.
    Timeout,
    /// Sends to another task over a channel of one place, and receives its answer over another.
    Channel,
    /// Sleeps for a millisecond.
    Sleep,
}

/// The names in the command line.
const NAMES: [(&str, Job); 14] = [
    ("echo", Job::Server(Server::Echo)),
    ("once", Job::Server(Server::Once)),
    ("receive", Job::Server(Server::Receive)),
    ("send", Job::Server(Server::Send)),
    ("datagrams", Job::Server(Server::Datagrams)),
    ("direct-reads", Job::Files(Files::DirectReads)),
    ("cached-reads", Job::Files(Files::CachedReads)),
    ("sync", Job::Files(Files::Sync)),
    ("replace", Job::Files(Files::Replace)),
    ("spawn", Job::Tasks(Tasks::Spawn)),
    ("yield", Job::Tasks(Tasks::Yield)),
    ("timeout", Job::Tasks(Tasks::Timeout)),
    ("channel", Job::Tasks(Tasks::Channel)),
    ("sleep", Job::Tasks(Tasks::Sleep)),
];

impl Job {
    /// Returns the name in the command line.
    pub fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(_, job)| *job == self);
        found.expect("every job has a name").0
    }
}

/// The arguments of a program.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What to do.
    pub job: Job,
    /// How many tasks do it, with files.
    pub tasks: usize,
    /// Where the files are.
    pub folder: PathBuf,
}

impl Arguments {
    /// Parses those of the process.
    pub(crate) fn parse() -> io::Result<Arguments> {
        let mut arguments = std::env::args_os().skip(1);
        let mut next = |name| {
            let argument = arguments.next();
            argument.ok_or_else(|| io::Error::other(format!("the argument {name} is missing")))
        };
        let (job, tasks, folder) = (next("JOB")?, next("TASKS")?, next("FOLDER")?);
        let found = NAMES.iter().find(|(name, _)| job == *name);
        let tasks = tasks.to_str().and_then(|tasks| tasks.parse().ok());
        match (found, tasks) {
            (Some((_, job)), Some(tasks)) => Ok(Arguments {
                job: *job,
                tasks,
                folder: folder.into(),
            }),
            (None, _) => Err(io::Error::other(format!("{job:?} is no job"))),
            (_, None) => Err(io::Error::other("the number of tasks is no number")),
        }
    }

    /// Returns the path of the file that is read.
    pub fn file(&self) -> PathBuf {
        self.folder.join("big")
    }

    /// Returns the path of the file that a task overwrites.
    pub fn synced(&self, task: usize) -> PathBuf {
        self.folder.join(format!("synced-{task}"))
    }

    /// Returns the two names of the file that a task creates and renames.
    pub fn replaced(&self, task: usize) -> [PathBuf; 2] {
        ["new", "old"].map(|name| self.folder.join(format!("{name}-{task}")))
    }
}
