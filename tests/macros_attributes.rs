//! `#[zokio::main]` and `#[zokio::test]`.

use std::io;

use zokio::runtime::{Handle, RuntimeFlavor};
use zokio::time::{Duration, Instant, sleep};

#[zokio::main]
async fn many_threads() -> RuntimeFlavor {
    Handle::current().runtime_flavor()
}

#[zokio::main(flavor = "multi_thread", worker_threads = 3)]
async fn three_threads() -> usize {
    Handle::current().metrics().num_workers()
}

#[zokio::main(flavor = "current_thread", start_paused = true)]
async fn paused(hours: u32) -> u32 {
    let start = Instant::now();
    sleep(hours * Duration::from_secs(3600)).await;
    (start.elapsed().as_secs() / 3600) as u32
}

#[zokio::main(flavor = "current_thread")]
async fn fails() -> io::Result<()> {
    Err(io::Error::other("no"))
}

struct Counter(u32);

impl Counter {
    #[zokio::main(flavor = "local")]
    async fn add<T>(&mut self, (n, text): (u32, T)) -> (&u32, T)
    where
        T: Clone,
    {
        #![allow(clippy::let_and_return)]
        self.0 += zokio::task::spawn_local(async move { n }).await.unwrap();
        let both = (&self.0, text.clone());
        both
    }
}

macro_rules! functions {
    ($visibility:vis $name:ident, $threads:literal, $body:block; $item:item) => {
        #[zokio::main(worker_threads = $threads)]
        $visibility async fn $name() -> usize $body

        #[zokio::main(flavor = r"multi_thread", worker_threads = 0x2_usize)]
        $item
    };
}

functions! {
    pub(crate) two_threads, 2, { Handle::current().metrics().num_workers() };
    async fn also_two_threads() -> usize { Handle::current().metrics().num_workers() }
}

mod renamed {
    pub use ::zokio as other;
}

#[renamed::other::main(flavor = "current_thread", crate = "renamed::other")]
async fn by_another_name() -> u32 {
    zokio::spawn(async { 7 }).await.unwrap()
}

#[test]
fn functions_run_on_the_runtime_they_ask_for() {
    assert_eq!(many_threads(), RuntimeFlavor::MultiThread);
    assert_eq!(three_threads(), 3);
    assert_eq!(paused(5), 5);
    assert_eq!(two_threads(), 2);
    assert_eq!(also_two_threads(), 2);
    assert_eq!(fails().unwrap_err().to_string(), "no");
    assert_eq!(by_another_name(), 7);
}

#[test]
fn methods_keep_their_signature() {
    let mut counter = Counter(1);
    assert_eq!(counter.add((2, "text")), (&3, "text"));
}

#[zokio::test]
async fn tests_have_one_thread() {
    assert_eq!(
        Handle::current().runtime_flavor(),
        RuntimeFlavor::CurrentThread
    );
}

#[zokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_may_have_more() {
    assert_eq!(Handle::current().metrics().num_workers(), 2);
}

#[zokio::test(start_paused = true, name = "a name")]
async fn tests_take_the_arguments_of_main() -> Result<(), String> {
    assert_eq!(Handle::current().name(), Some("a name"));
    sleep(Duration::from_secs(3600)).await;
    Ok(())
}

#[zokio::test]
#[should_panic(expected = "as it should")]
async fn tests_keep_their_other_attributes() {
    panic!("as it should");
}

#[zokio::test(crate = "renamed::other")]
async fn tests_find_the_crate_by_another_name() {
    zokio::spawn(async {}).await.unwrap();
}
