//! Counts the lines of all files below a folder, many files at a time.
//!
//! Run it with `cargo run --release --example lines [FOLDER]`. A file that cannot be read is
//! reported and left out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, io};

use zokio::fs::{self, File};
use zokio::io::AsyncReadExt;
use zokio::task::JoinSet;

/// How many files are open at a time.
const MAX_OPEN: usize = 64;

async fn count(path: &Path) -> io::Result<usize> {
    let mut file = File::open(path).await?;
    let mut buffer = vec![0; 64 * 1024];
    let mut lines = 0;
    loop {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            return Ok(lines);
        }
        lines += buffer[..read].iter().filter(|&&byte| byte == b'\n').count();
    }
}

/// Returns the number of lines and of files.
async fn count_all(root: PathBuf) -> io::Result<(usize, usize)> {
    let (mut lines, mut files) = (0, 0);
    let mut add = |(path, counted): (PathBuf, io::Result<usize>)| match counted {
        Ok(count) => {
            lines += count;
            files += 1;
        }
        Err(error) => eprintln!("{}: {error}", path.display()),
    };

    let mut tasks = JoinSet::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let mut entries = fs::read_dir(folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let (path, kind) = (entry.path(), entry.file_type().await?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                if tasks.len() == MAX_OPEN {
                    let ended = tasks.join_next().await.expect("the set is full");
                    add(ended.expect("counting does not panic"));
                }
                tasks.spawn(async move {
                    let counted = count(&path).await;
                    (path, counted)
                });
            }
        }
    }
    tasks.join_all().await.into_iter().for_each(add);
    Ok((lines, files))
}

#[zokio::main]
async fn main() -> ExitCode {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or("src".into()));
    match count_all(folder.clone()).await {
        Ok((lines, files)) => println!("{lines} lines in {files} files"),
        Err(error) => {
            eprintln!("listing {} failed: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
