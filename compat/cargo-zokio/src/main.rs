//! The program `cargo-zokio`; see the library.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    cargo_zokio::run()
}
