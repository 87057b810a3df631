//! The text of `--help`.

#![forbid(unsafe_code)]

/// What `cargo zokio --help` prints.
pub const TEXT: &str = "\
Run a project that uses tokio on zokio

Usage: cargo zokio [OPTIONS] <COMMAND> [ARGS]

Commands that edit nothing (own target folder `target/zokio`, own copy of the lock):
  build, b     c (cargo's check)     clippy    test, t    run, r    bench
  doc, d       rustc    rustdoc      tree      metadata   fetch     nextest
               As in cargo, with cargo's own arguments
  install      Install a program on zokio: NAME[@VERSION], or --path PATH
  compare      Build a program on tokio and on zokio, run both in pairs, and print
               time, CPU, memory, context switches and system calls side by side:
               cargo zokio compare [--pairs N] [BUILD ARGS] -- BIN [ARGS]

Commands that switch permanently:
  on           Add the patch to the workspace's Cargo.toml and put zokio into Cargo.lock
  off          Remove the patch and put the former tokio back
  check        Exit with status 1 if the published tokio 1.x is in the lock (for CI)

Options:
      --zokio <PATH|URL[#REV]>  Where zokio comes from [env: CARGO_ZOKIO_SOURCE]
                                [default: https://github.com/zokio/zokio]
      --manifest-path <PATH>    Path to Cargo.toml
      --target-dir <DIR>        Folder for everything that is written [default: target/zokio]
      --locked                  Fail if the project's own Cargo.lock is not up to date
      --offline, --frozen       As in cargo
      --config <KEY=VALUE>      As in cargo
      --color <WHEN>            auto, always, never
  -q, --quiet                   Print no status lines
  -h, --help                    Print this
  -V, --version                 Print the version
";
