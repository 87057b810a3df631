//! The first program: a runtime, two tasks that wait, and what their handles give back.
//!
//! Run it with `cargo run --example hello`.

use std::time::Duration;

use zokio::runtime::Handle;
use zokio::task;
use zokio::time::sleep;

async fn word(text: &'static str, wait_ms: u64) -> &'static str {
    sleep(Duration::from_millis(wait_ms)).await;
    text
}

#[zokio::main]
async fn main() -> Result<(), task::JoinError> {
    // Both tasks run at the same time: the program takes as long as the slower one.
    let second = task::spawn(word("world", 20));
    let first = task::spawn(word("hello", 10));
    println!("{}, {}", first.await?, second.await?);
    println!("driver: {}", Handle::current().driver_info());
    Ok(())
}
