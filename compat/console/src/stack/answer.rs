//! Reads the program's answer.
#![forbid(unsafe_code)]

use std::ops::Range;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What the program has sent of one thread.
#[derive(Debug)]
pub(super) struct Answer {
    /// The process, as it counts itself.
    pub(super) pid: Option<u64>,
    pub(super) architecture: Architecture,
    /// The instruction, stack and frame pointers, and the link register where there is one.
    pub(super) ip: u64,
    pub(super) sp: u64,
    pub(super) fp: u64,
    pub(super) lr: u64,
    /// The bytes from the stack pointer upwards.
    pub(super) stack: Vec<u8>,
    /// The process's code, in the order of addresses.
    pub(super) code: Vec<Mapping>,
}

/// The architectures whose stacks can be unwound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Architecture {
    X86_64,
    Aarch64,
}

/// A line of `/proc/PID/maps`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapping {
    pub(super) range: Range<u64>,
    /// Where in the file the memory begins.
    pub(super) offset: u64,
    pub(super) inode: u64,
    /// The path, or a name in brackets; empty for memory without a file.
    pub(super) path: String,
    /// Whether the file no longer had that path.
    pub(super) deleted: bool,
}

impl Answer {
    /// Parses the object, or that in its field `stack`.
    pub(super) fn parse(value: &Value) -> Result<Answer> {
        let value = match value.get("stack") {
            Some(inner) if inner.is_object() => inner,
            _ => value,
        };
        if let Some(error) = value.get("error").and_then(Value::as_str) {
            bail!("there is no stack: {error}");
        }
        let text = |name: &str| {
            let field = value.get(name).and_then(Value::as_str);
            field.with_context(|| format!("the answer has no {name}"))
        };
        let architecture = match text("arch")? {
            "x86_64" => Architecture::X86_64,
            "aarch64" => Architecture::Aarch64,
            other => bail!("stacks of {other} cannot be unwound"),
        };
        let register = |name: &str| {
            let field = value.get("registers").and_then(|all| all.get(name));
            let number = field.and_then(Value::as_u64);
            number.with_context(|| format!("the answer has no register {name}"))
        };
        Ok(Answer {
            pid: value.get("pid").and_then(Value::as_u64),
            architecture,
            ip: register("ip")?,
            sp: register("sp")?,
            fp: register("fp")?,
            lr: match architecture {
                Architecture::X86_64 => 0,
                Architecture::Aarch64 => register("lr")?,
            },
            stack: bytes(text("stack")?).context("the stack is not in hexadecimal")?,
            code: text("maps")?.lines().filter_map(Mapping::parse).collect(),
        })
    }

    /// Returns the word of the stack at an address, if it was copied.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        let from = usize::try_from(address.checked_sub(self.sp)?).ok()?;
        let bytes = self.stack.get(from..from.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}

impl Mapping {
    /// Parses a line of code: "55d0-55e0 r-xp 00001000 08:01 42   /usr/bin/x". Returns `None` for
    /// memory that is not executable.
    pub(super) fn parse(line: &str) -> Option<Mapping> {
        let (range, rest) = line.split_once(' ')?;
        let (access, rest) = rest.split_once(' ')?;
        let (offset, rest) = rest.split_once(' ')?;
        let (_device, rest) = rest.split_once(' ')?;
        let (inode, path) = rest.split_once(' ').unwrap_or((rest, ""));
        if access.as_bytes().get(2) != Some(&b'x') {
            return None;
        }
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (start, end) = range.split_once('-')?;
        let path = path.trim_start();
        Some(Mapping {
            range: number(start)?..number(end)?,
            offset: number(offset)?,
            inode: inode.parse().ok()?,
            path: path.strip_suffix(" (deleted)").unwrap_or(path).to_string(),
            deleted: path.ends_with(" (deleted)"),
        })
    }
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = hexadecimal.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let &[high, low] = pair else { return None };
            u8::try_from(16 * digit(high)? + digit(low)?).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Mapping, bytes};
    use serde_json::json;

    #[test]
    fn lines_of_maps_are_read() {
        let line = "7f00-7fff r-xp 00001000 08:01 42        /a b/x (deleted)";
        let expected = Mapping {
            range: 0x7f00..0x7fff,
            offset: 0x1000,
            inode: 42,
            path: "/a b/x".to_string(),
            deleted: true,
        };
        assert_eq!(Mapping::parse(line), Some(expected));
        let anonymous = Mapping::parse("10-20 r-xp 00000000 00:00 0").unwrap();
        assert_eq!((anonymous.path.as_str(), anonymous.deleted), ("", false));
        assert_eq!(Mapping::parse("10-20 rw-p 00000000 00:00 0 [heap]"), None);
        assert_eq!(Mapping::parse("garbage"), None);
    }

    #[test]
    fn bytes_are_read_in_pairs() {
        assert_eq!(bytes("00fF10"), Some(vec![0, 255, 16]));
        assert_eq!(bytes("0"), None);
        assert_eq!(bytes("0g"), None);
    }

    #[test]
    fn words_are_read_where_bytes_are() {
        let answer = json!({"stack": {
            "arch": "x86_64", "registers": {"ip": 1, "sp": 4096, "fp": 3}, "maps": "",
            "stack": "0100000000000000ff"
        }});
        let answer = Answer::parse(&answer).unwrap();
        assert_eq!(answer.word(4096), Some(1));
        assert_eq!(answer.word(4097), Some(0xff00_0000_0000_0000));
        assert_eq!(answer.word(4098), None);
        assert_eq!(answer.word(4095), None);
    }

    #[test]
    fn what_is_not_an_answer_is_an_error() {
        for answer in [
            json!({}),
            json!({"error": "the thread has ended"}),
            json!({"arch": "riscv64", "registers": {"ip": 1}}),
            json!({"arch": "x86_64", "registers": {"ip": 1}, "stack": "", "maps": ""}),
        ] {
            assert!(Answer::parse(&answer).is_err(), "{answer}");
        }
    }
}
