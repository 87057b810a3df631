//! The load. Requests are those of `zokio-ab`; what is here is what only the peers are put under.

mod bursts;
mod once;
mod streams;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use peer_protocol::REQUEST;
use zokio_ab::Process;
use zokio_ab::load::{Check, Requests, Tally, own_cpu};

use crate::cell;

use self::bursts::Bursts;
use self::once::Once;
use self::streams::Streams;

/// Connections over which the program can be put under load.
pub(crate) enum Load {
    Own,
    Requests(Box<Requests>),
    Once(Once),
    Streams(Streams),
    Bursts(Bursts),
}

impl Load {
    /// Connects to a program that is ready.
    ///
    /// # Errors
    ///
    /// Returns an error if the program does not take the connections.
    pub(crate) fn connect(load: cell::Load, process: &Process) -> Result<Load> {
        let address = process.address.context("the program does not listen");
        Ok(match load {
            cell::Load::Own => Load::Own,
            cell::Load::Requests(connections, rate) => {
                let mut requests = Requests::echo(address?, connections, REQUEST)?;
                if let Some(rate) = rate {
                    requests.open_loop(rate);
                }
                Load::Requests(Box::new(requests))
            }
            cell::Load::Once(connections) => Load::Once(Once::new(address?, connections)?),
            cell::Load::ToProgram(connections) => {
                Load::Streams(Streams::to_program(address?, connections)?)
            }
            cell::Load::FromProgram(connections) => {
                Load::Streams(Streams::from_program(address?, connections)?)
            }
            cell::Load::Bursts(sockets) => Load::Bursts(Bursts::new(address?, sockets)?),
        })
    }

    /// Puts the program under load for a time, or until it has done something.
    ///
    /// # Errors
    ///
    /// Returns an error if a byte is wrong, a connection closes or nothing comes back.
    pub(crate) fn advance(
        &mut self,
        process: &mut Process,
        time: Duration,
        check: Check,
    ) -> Result<Tally> {
        let before = own_cpu()?;
        let mut tally = match self {
            Load::Own => {
                let made = process.work(time)?;
                let units = made.parse().with_context(|| format!("reading `{made}`"))?;
                Tally {
                    units,
                    ..Tally::default()
                }
            }
            Load::Requests(requests) => requests.advance(time, check)?,
            Load::Once(once) => once.advance(time)?,
            Load::Streams(streams) => streams.advance(time, check)?,
            Load::Bursts(bursts) => bursts.advance(time)?,
        };
        if !matches!(self, Load::Own) {
            tally.load = Some(own_cpu()?.saturating_sub(before));
        }
        ensure!(tally.units > 0.0, "the program did nothing");
        Ok(tally)
    }

    /// Ends, and checks what can be checked only now.
    ///
    /// # Errors
    ///
    /// Returns an error if the program has counted otherwise than the load.
    pub(crate) fn end(self) -> Result<()> {
        match self {
            Load::Streams(streams) => streams.end(),
            _ => Ok(()),
        }
    }
}
