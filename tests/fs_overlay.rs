//! An overlay is as good as its layers are. Mounting takes root: without it, the test reports
//! that it was skipped.
// What it asks of the kernel, only Linux has.
#![cfg(target_os = "linux")]

#[path = "support/mounts.rs"]
mod mounts;
#[path = "support/fs.rs"]
mod support;

use std::path::Path;

use zokio::fs;
use zokio::runtime::{Builder, DriverKind};
use zokio::task::spawn_blocking;

use self::mounts::Mount;
use self::support::{Gate, is_inline, within_the_limit};

/// Mounts an overlay with these lower layers; says so if that fails.
fn overlay(layers: &str, upper: &Mount) -> Option<Mount> {
    let (work, upper) = (upper.path().join("work"), upper.path().join("upper"));
    for folder in [&work, &upper] {
        std::fs::create_dir(folder).unwrap();
    }
    let rest = format!("upperdir={},workdir={}", upper.display(), work.display());
    let mount = Mount::new("overlay", &format!("lowerdir={layers},{rest}"));
    mount.inspect_err(mounts::skip).ok()
}

/// sysfs stands for a file system that may ask a server.
#[test]
fn an_overlay_is_judged_by_its_layers() {
    let memory = || Mount::in_memory();
    // All stay to the end: a mount would get the number of one that is gone.
    let (Some(lower), Some(upper), Some(other_upper)) = (memory(), memory(), memory()) else {
        return;
    };
    let layer = lower.path().join("a b");
    std::fs::create_dir(&layer).unwrap();
    std::fs::write(layer.join("file"), "below").unwrap();
    let layer = layer.display();
    let (Some(local), Some(remote), Some(last)) = (
        overlay(&layer.to_string(), &upper),
        overlay(&format!("{layer}:/sys/kernel"), &other_upper),
        memory(),
    ) else {
        return;
    };
    std::fs::write(last.path().join("file"), "").unwrap();
    let [local, remote, last] =
        [local, remote, last].map(|mount| (mount.path().join("file"), mount));
    for driver in [None, Some(DriverKind::Threads)] {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            if let Some(driver) = driver {
                builder.driver(driver);
            }
            let gate = Gate::of(&mut builder);
            let runtime = builder.build().unwrap();
            let paths = [&local.0, &remote.0, &last.0].map(|path| path.as_path());
            within_the_limit(|| runtime.block_on(compare(paths, &gate)));
        }
    }
}

/// Repeats until what is local is answered inline; what is remote never is.
async fn compare([local, remote, last]: [&Path; 3], gate: &Gate) {
    loop {
        // Has the table of mounts read, if that is to be, and waits for it.
        for path in [local, remote, last] {
            assert!(fs::metadata(path).await.unwrap().is_file());
        }
        spawn_blocking(|| {}).await.unwrap();
        let answered = |path: &Path| is_inline(|| fs::metadata(path));
        let [local, remote, last] = gate.shut(|| [local, remote, last].map(answered));
        // The mount that was made last is known, so all are.
        if last {
            assert!(!remote);
            if local {
                return;
            }
        }
    }
}
