//! UDP: [`UdpSocket`].
#![forbid(unsafe_code)]

#[cfg(target_os = "linux")]
mod linux;
mod socket;
mod transfer;

pub use self::socket::UdpSocket;
