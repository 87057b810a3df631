//! UDP: [`UdpSocket`].
#![forbid(unsafe_code)]

mod socket;
mod transfer;

pub use self::socket::UdpSocket;
