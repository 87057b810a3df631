//! What a program has to answer.

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Check;

const STATUS: &[u8] = b"HTTP/1.1 200 OK\r\n";

/// How much of an answer is its beginning.
const BEGINNING: usize = 64;

/// The bytes that answer a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The request. It begins with a number, so that one answer is not taken for another.
    Echo { length: usize },
    /// A head of this length, which begins with the status and has a date in it, and a body.
    Http { head: usize, body: Arc<[u8]> },
    /// These bytes.
    Bytes(Arc<[u8]>),
}

impl Answer {
    /// Sends an HTTP request once, to learn how long the head of an answer is.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer is not a success with this body.
    pub(crate) fn http(address: SocketAddr, request: &[u8], body: Arc<[u8]>) -> Result<Answer> {
        let mut stream = TcpStream::connect(address).context("connecting to the program")?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request)?;
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        let head = loop {
            if let Some(place) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break place + 4;
            }
            match stream
                .read(&mut chunk)
                .context("reading the first answer")?
            {
                0 => bail!("the program closed the connection before it had answered"),
                length => bytes.extend_from_slice(&chunk[..length]),
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        });
        ensure!(
            bytes.starts_with(STATUS) && length == Some(body.len()),
            "the program answered otherwise than with {} bytes:\n{text}",
            body.len()
        );
        Ok(Answer::Http { head, body })
    }

    /// Returns the length of an answer.
    pub(crate) fn length(&self) -> usize {
        match self {
            Answer::Echo { length } => *length,
            Answer::Http { head, body } => head + body.len(),
            Answer::Bytes(bytes) => bytes.len(),
        }
    }

    /// Returns whether `chunk`, which begins `at` so many bytes of the answer, is what answers the
    /// request.
    pub(crate) fn agrees(&self, request: &[u8], at: usize, chunk: &[u8], check: Check) -> bool {
        let shown = |bytes: &[u8]| match check {
            Check::All => bytes.len(),
            Check::Beginning => bytes.len().min(BEGINNING),
        };
        if at + chunk.len() > self.length() {
            return false;
        }
        match self {
            Answer::Echo { .. } => overlap(request, 0, at, chunk),
            Answer::Http { head, body } => {
                overlap(STATUS, 0, at, chunk) && overlap(&body[..shown(body)], *head, at, chunk)
            }
            Answer::Bytes(bytes) => overlap(&bytes[..shown(bytes)], 0, at, chunk),
        }
    }
}

/// Returns whether `expected`, at `place`, and `chunk`, at `at`, are the same where both have bytes.
fn overlap(expected: &[u8], place: usize, at: usize, chunk: &[u8]) -> bool {
    let start = at.max(place);
    let end = (at + chunk.len()).min(place + expected.len());
    start >= end || expected[start - place..end - place] == chunk[start - at..end - at]
}

#[cfg(test)]
mod tests {
    use super::super::Check;
    use super::{Answer, STATUS};

    #[test]
    fn a_wrong_byte_is_found_wherever_the_reads_end() {
        let head = [STATUS, b"date: some day\r\n\r\n"].concat();
        let body: Vec<u8> = (0..200).collect();
        let answer = Answer::Http {
            head: head.len(),
            body: body.clone().into(),
        };
        let whole = [head.clone(), body].concat();
        let agrees = |bytes: &[u8], step: usize, check| {
            let mut chunks = bytes.chunks(step).enumerate();
            chunks.all(|(number, chunk)| answer.agrees(&[], number * step, chunk, check))
        };
        for step in 1..=whole.len() {
            assert!(agrees(&whole, step, Check::All));
            for (place, found) in [(9, true), (20, false), (head.len() + 63, true)] {
                let mut wrong = whole.clone();
                wrong[place] ^= 1;
                assert_eq!(agrees(&wrong, step, Check::All), !found, "{place}");
                assert_eq!(agrees(&wrong, step, Check::Beginning), !found, "{place}");
            }
            let mut wrong = whole.clone();
            *wrong.last_mut().unwrap() ^= 1;
            assert!(!agrees(&wrong, step, Check::All));
            assert!(agrees(&wrong, step, Check::Beginning));
        }
        assert!(!agrees(&[whole, vec![0]].concat(), 50, Check::Beginning));
    }

    #[test]
    fn an_echo_is_the_request() {
        let answer = Answer::Echo { length: 4 };
        assert!(answer.agrees(b"1234", 2, b"34", Check::Beginning));
        assert!(!answer.agrees(b"1234", 2, b"43", Check::Beginning));
    }
}
