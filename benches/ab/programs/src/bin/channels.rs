//! One task asks sixteen others at a time and waits for all answers: a question is a message on an
//! mpsc channel, an answer one on a oneshot channel. An operation is one such round.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use programs::{Latencies, Turn};
use tokio::sync::{mpsc, oneshot};

const TASKS: u64 = 16;

struct Question {
    number: u64,
    answer: oneshot::Sender<u64>,
}

async fn answer(mut questions: mpsc::Receiver<Question>, add: u64) {
    while let Some(Question { number, answer }) = questions.recv().await {
        // The one that asks waits for every answer.
        answer.send(number + add).expect("the answer is awaited");
    }
}

async fn ask(turn: Turn) -> io::Result<Latencies> {
    let mut tasks = Vec::new();
    for add in 0..TASKS {
        let (sender, questions) = mpsc::channel(4);
        tokio::spawn(answer(questions, add));
        tasks.push(sender);
    }
    let mut latencies = Latencies::new();
    let mut now = Instant::now();
    let mut number = 0;
    loop {
        let mut answers = Vec::with_capacity(tasks.len());
        for task in &tasks {
            let (answer, answered) = oneshot::channel();
            let question = Question { number, answer };
            task.send(question).await.map_err(io::Error::other)?;
            answers.push(answered);
        }
        let mut sum = 0;
        for answered in answers {
            sum += answered.await.map_err(io::Error::other)?;
        }
        if sum != TASKS * number + TASKS * (TASKS - 1) / 2 {
            return Err(io::Error::other("the answers are wrong"));
        }
        number += 1;
        now = latencies.record(now);
        if now >= turn.end {
            return Ok(latencies);
        }
    }
}

fn main() -> ExitCode {
    programs::work(1, ask)
}
