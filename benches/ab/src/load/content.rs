//! What the requests of a scenario are.

#![forbid(unsafe_code)]

use std::net::SocketAddr;

use anyhow::Result;

use super::answer::{Answer, COMMANDS};
use super::connection::Transport;
use crate::data::Data;
use crate::scenario::Content;

impl Content {
    /// Returns how its requests are transported.
    pub(super) fn transport(self) -> Transport {
        match self {
            Content::Datagram(_) => Transport::Udp,
            _ => Transport::Tcp,
        }
    }

    /// Returns the bytes of a request and what answers it.
    pub(super) fn exchange(self, address: SocketAddr, data: &Data) -> Result<(Vec<u8>, Answer)> {
        let http = |path: &str, body| {
            let request = format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
            let answer = Answer::http(address, &request, body)?;
            Ok((request, answer))
        };
        match self {
            Content::Echo(length) | Content::Datagram(length) | Content::Proxy(length) => {
                let request = (0..length).map(|place| place as u8).collect();
                Ok((request, Answer::Echo { length }))
            }
            Content::Commands => Ok((COMMANDS.to_vec(), Answer::Stored)),
            Content::Hello => http("", b"Hello, World!".as_slice().into()),
            Content::Page(name) => http(name, data.page(name)?),
            Content::Big => Ok((vec![1], Answer::Bytes(data.big()))),
        }
    }
}
