//! Models of a request that is answered while it is withdrawn, and while the next one begins.
#![forbid(unsafe_code)]

use super::request::Request;
use crate::loom::sync::Arc;
use crate::loom::thread;

/// A thread that is asked, whose signal arrives at any time, once.
fn signaled(request: &Arc<Request<u32>>, thread: u32) -> thread::JoinHandle<bool> {
    let request = request.clone();
    thread::spawn(move || request.answer(thread, |answer| *answer += thread))
}

#[test]
fn loom_a_stack_is_read_whole_or_withdrawn() {
    loom::model(|| {
        let request = Arc::new(Request::new(0));
        let mut asking = request.asking();
        asking.ask(7, |answer| *answer = 100).expect("it is idle");
        let handler = signaled(&request, 7);
        let read = asking.end(|answer| *answer);
        drop(asking);
        let answered = handler.join().expect("the handler does not panic");
        match read {
            Some(read) => assert_eq!((read, answered), (107, true)),
            None => assert_eq!(request.asking().end(|_| ()).is_some(), answered),
        }
    });
}

#[test]
fn loom_a_late_stack_is_not_taken_for_that_of_the_next_thread() {
    loom::model(|| {
        let request = Arc::new(Request::new(0));
        let mut asking = request.asking();
        asking.ask(7, |answer| *answer = 100).expect("it is idle");
        let late = signaled(&request, 7);
        asking.end(|_| ());
        let next = asking.ask(8, |answer| *answer = 200).map(|_| {
            let handler = signaled(&request, 8);
            (asking.end(|answer| *answer), handler)
        });
        drop(asking);
        late.join().expect("the handler does not panic");
        if let Some((read, handler)) = next {
            let answered = handler.join().expect("the handler does not panic");
            if let Some(read) = read {
                assert_eq!((read, answered), (208, true));
            }
        }
    });
}
