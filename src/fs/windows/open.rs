//! How Windows opens a file: by the options of the standard library.
#![forbid(unsafe_code)]

use std::fs::File as StdFile;
use std::io;
use std::path::Path;

use crate::fs::inline::paths::About;
use crate::fs::run;

/// The options that were chosen.
pub(in crate::fs) type Chosen = std::fs::OpenOptions;

/// A file that was opened, its flags, of which none is known here, and the facts that are known of it.
pub(in crate::fs) type Found = (StdFile, i32, Option<About>);

/// Opens the file at `path`.
pub(in crate::fs) async fn open(options: &Chosen, path: &Path) -> io::Result<Found> {
    let (options, path) = (options.clone(), path.to_owned());
    let file = run::blocking(move || options.open(path)).await?;
    Ok((file, 0, None))
}
