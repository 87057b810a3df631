//! What `zokio-top` consists of: it attaches to a running program on zokio and shows what that does.
//!
//! [`find`] finds processes, [`client`] talks to one in the words of [`protocol`], [`sampler`] does so
//! at intervals, and [`model`] computes what is shown. The faces are [`ui`] for a terminal, [`plain`]
//! for scripts, [`serve`] for a browser, [`console`] for tokio-console, and [`trace`] for Perfetto.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod client;
pub mod commands;
pub mod console;
pub mod find;
pub mod model;
pub mod plain;
pub mod protocol;
pub mod sampler;
pub mod serve;
pub mod stack;
pub mod text;
pub mod trace;
pub mod ui;
