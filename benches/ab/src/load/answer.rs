//! What a program has to answer.

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Check;

const STATUS: &[u8] = b"HTTP/1.1 200 OK\r\n";

/// A request to the map: the key is the connection's number, and the value the request's.
pub(crate) const COMMANDS: &[u8] = b"SET k00000000 0000000000000000\nGET k00000000\n";
const KEYS: [Range<usize>; 2] = [5..13, 36..44];
const VALUE: Range<usize> = 14..30;

/// What comes back before the value and its line end.
const STORED: &[u8] = b"OK\n";

/// How much of an answer is its beginning.
const BEGINNING: usize = 64;

/// The bytes that answer a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The request. It begins with a number, so that one answer is not taken for another.
    Echo { length: usize },
    /// What the request has stored, which consists of a `SET` and a `GET` (see [`COMMANDS`]).
    Stored,
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

    /// Writes a number into a request, so that its answer is not taken for another. The upper half is
    /// the connection's.
    pub(crate) fn number(&self, request: &mut [u8], number: u64) {
        match self {
            Answer::Echo { .. } => {
                if let Some(start) = request.first_chunk_mut() {
                    *start = number.to_le_bytes();
                }
            }
            Answer::Stored => {
                for key in KEYS {
                    request[key].copy_from_slice(format!("{:08x}", number >> 32).as_bytes());
                }
                request[VALUE].copy_from_slice(format!("{number:016x}").as_bytes());
            }
            Answer::Http { .. } | Answer::Bytes(_) => {}
        }
    }

    /// Returns the length of an answer.
    pub(crate) fn length(&self) -> usize {
        match self {
            Answer::Stored => STORED.len() + VALUE.len() + 1,
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
            Answer::Stored => {
                let value = &request[VALUE.start..=VALUE.end];
                overlap(STORED, 0, at, chunk) && overlap(value, STORED.len(), at, chunk)
            }
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
    use super::{Answer, COMMANDS, STATUS};

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

    #[test]
    fn what_is_stored_is_the_number() {
        let mut request = COMMANDS.to_vec();
        Answer::Stored.number(&mut request, 0x12_0000_00ab);
        let text = String::from_utf8(request.clone()).unwrap();
        assert_eq!(text, "SET k00000012 00000012000000ab\nGET k00000012\n");
        let agrees = |answer: &[u8]| Answer::Stored.agrees(&request, 0, answer, Check::Beginning);
        assert!(agrees(b"OK\n00000012000000ab\n"));
        assert!(!agrees(b"OK\n00000012000000aa\n"));
        assert!(!agrees(b"OK\nNONE\n"));
        assert_eq!(Answer::Stored.length(), 20);
    }
}
