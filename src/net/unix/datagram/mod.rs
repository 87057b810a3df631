//! Datagrams between processes of one machine. The type is
//! [`net::UnixDatagram`](crate::net::UnixDatagram).
#![forbid(unsafe_code)]

pub(crate) mod socket;
mod transfer;
