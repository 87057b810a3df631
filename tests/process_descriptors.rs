//! Children leave no file descriptor behind. Alone in its file, because it counts those of the
//! whole process.

use std::process::Stdio;

use zokio::process::Command;

#[zokio::test]
async fn no_descriptor_is_left() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let round = async || {
        let script = ["-c", "cat; echo end >&2"];
        let output = Command::new("sh")
            .args(script)
            .stdin(Stdio::null())
            .output();
        assert!(output.await.unwrap().status.success());
        let mut killed = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        killed.kill().await.unwrap();
        Command::new("no such program").spawn().unwrap_err();
    };
    round().await;
    let before = open();
    for _ in 0..20 {
        round().await;
    }
    assert_eq!(open(), before);
}
