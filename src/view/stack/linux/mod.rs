//! Taking the stack of a thread on Linux: asking in `ask.rs`, the two threads' protocol in `request.rs`,
//! the signal in `signal.rs`, and what runs in the other thread in `handler.rs`.

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod ask;
#[cfg(test)]
mod chain_tests;
mod handler;
mod request;
#[cfg(all(test, loom))]
mod request_loom;
mod signal;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64 as registers;
#[cfg(target_arch = "x86_64")]
use x86_64 as registers;

pub(crate) use ask::capture;
pub(super) use registers::Registers;
