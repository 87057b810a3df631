//! What the tests of streams share: a `next` that is not waited for to the end.

use std::io;
use std::task::Poll;
use std::time::Duration;

use zokio::completion::{Canceller, Operation};
use zokio::task::yield_now;

use super::owned::{poll_once, random};
use super::support::{is_cancelled, is_limit};

/// Waits for what a stream yields next and stops waiting after a while, in one of several ways.
pub async fn impatient<O, T>(next: O, state: &mut u64) -> Option<T>
where
    O: Operation<Output = Option<io::Result<T>>>,
{
    let after = Duration::from_micros(random(state, 200));
    let next = match random(state, 4) {
        0 => next.timeout(after).await,
        1 => {
            let canceller = Canceller::new();
            let mut next = Box::pin(next.with(&canceller));
            if let Poll::Ready(done) = poll_once(&mut next).await {
                done
            } else {
                yield_now().await;
                canceller.cancel();
                next.await
            }
        }
        2 => zokio::time::timeout(after, next).await.ok()?,
        _ => match poll_once(&mut Box::pin(next)).await {
            Poll::Ready(next) => next,
            Poll::Pending => {
                yield_now().await;
                return None;
            }
        },
    };
    match next.expect("the stream has not ended") {
        Ok(item) => Some(item),
        Err(error) => {
            assert!(is_limit(&error) || is_cancelled(&error), "{error:?}");
            None
        }
    }
}
