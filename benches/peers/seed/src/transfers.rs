//! Reads and writes of blocks, in order or at random places, through the page cache or past it.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use peer_protocol::{BLOCK, FILE, O_DIRECT, Pace, Places, check_block};
use zokio::completion::BufferPool;
use zokio::completion::fs::{File, OpenOptions};
use zokio::task::spawn_local;

/// What is transferred, and how.
pub struct Transfers {
    path: PathBuf,
    writes: bool,
    random: bool,
    flags: i32,
    depth: usize,
}

/// The places of blocks, which all tasks take from.
enum Next {
    InOrder(u64),
    Random(Places),
}

impl Next {
    fn place(&mut self) -> u64 {
        match self {
            Next::InOrder(place) => {
                *place = (*place + BLOCK as u64) % FILE;
                *place
            }
            Next::Random(places) => places.draw(),
        }
    }
}

impl Transfers {
    /// Finds those of a name such as `direct-random-reads`. The file to write is made here.
    pub fn named(name: &str, depth: usize, folder: &Path) -> io::Result<Transfers> {
        let words: Vec<&str> = name.split('-').collect();
        let [cache, order, what] = words[..] else {
            return Err(io::Error::other(format!("`{name}` is no job")));
        };
        let (writes, file) = match what {
            "writes" => (true, "written"),
            _ => (false, "big"),
        };
        let path = folder.join(file);
        if writes {
            // As long as it will be, and on the device.
            std::fs::copy(folder.join("big"), &path)?;
            std::fs::File::open(&path)?.sync_all()?;
        }
        Ok(Transfers {
            path,
            writes,
            random: order == "random",
            flags: if cache == "direct" { O_DIRECT } else { 0 },
            depth,
        })
    }

    /// Has as many in flight as the depth, and returns how many there were.
    pub async fn all(&self, end: Instant) -> io::Result<u64> {
        let mut options = OpenOptions::new();
        options.read(!self.writes).write(self.writes);
        let file = options.custom_flags(self.flags).open(&self.path).await?;
        let (file, pool) = (Rc::new(file), BufferPool::new(self.depth, BLOCK)?);
        let next = Rc::new(RefCell::new(match self.random {
            true => Next::Random(Places::of(0)),
            false => Next::InOrder(0),
        }));
        let tasks = (0..self.depth).map(|_| {
            let (file, pool, next) = (Rc::clone(&file), pool.clone(), Rc::clone(&next));
            spawn_local(one(file, pool, next, self.writes, end))
        });
        let mut made = 0;
        for task in tasks.collect::<Vec<_>>() {
            made += task.await??;
        }
        Ok(made)
    }
}

async fn one(
    file: Rc<File>,
    pool: BufferPool,
    next: Rc<RefCell<Next>>,
    writes: bool,
    end: Instant,
) -> io::Result<u64> {
    let mut buffer = pool.get().await;
    buffer.resize(BLOCK, 1);
    let mut pace = Pace::new(end, 1);
    loop {
        let place = next.borrow_mut().place();
        let moved;
        if writes {
            (moved, buffer) = file.write_all_at(buffer, place).await;
            moved?;
        } else {
            (moved, buffer) = file.read_exact_at(buffer, place).await;
            moved?;
            check_block(&buffer, place)?;
        }
        if !pace.more() {
            return Ok(pace.made());
        }
    }
}
