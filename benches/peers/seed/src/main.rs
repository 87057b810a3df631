//! What `seed` asks zokio to do beyond the cells: `peer-seed JOB DEPTH FOLDER`, on a `LocalRuntime`
//! with `zokio::completion`.

#![forbid(unsafe_code)]

mod connects;
mod pool;
mod transfers;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use peer_protocol::work;
use zokio::runtime::{Builder, LocalOptions};

use crate::transfers::Transfers;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        let argument = arguments.next();
        argument.ok_or_else(|| io::Error::other("JOB DEPTH FOLDER"))
    };
    let (job, depth, folder) = (next()?, next()?, PathBuf::from(next()?));
    let depth = depth.parse().map_err(io::Error::other)?;
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default())?;
    match job.as_str() {
        "connects" => work(|end| runtime.block_on(connects::all(end))),
        "pool" => work(|end| runtime.block_on(pool::round_trips(end))),
        "pool-churn" => {
            let pool = pool::Churn::new()?;
            work(|end| pool.run(end))
        }
        name => {
            let transfers = Transfers::named(name, depth, &folder)?;
            work(|end| runtime.block_on(transfers.all(end)))
        }
    }
}
