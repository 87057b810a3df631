//! A page in headless Chromium, driven by its protocol: JSON on a WebSocket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

use super::{LIMIT, skip, wait_for};

/// What it is called in different systems.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1400,1000",
];

/// A browser with one page, which ends with this.
pub struct Page {
    browser: Child,
    socket: WebSocket<TcpStream>,
    requests: u64,
    _profile: TempDir,
}

impl Page {
    /// Opens a page, or returns `None` if there is no Chromium.
    pub fn open(url: &str) -> Option<Self> {
        let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
        let Some(name) = NAMES.iter().find(|name| is_there(name)) else {
            skip("Chromium is not installed");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Command::new(name)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(url)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(browser.stderr.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                let line = line.unwrap();
                let address = line.strip_prefix("DevTools listening on ws://")?;
                Some(address.split('/').next()?.to_string())
            })
            .expect("Chromium tells where it listens");
        // The browser must not wait for a reader of what else it writes.
        std::thread::spawn(move || lines.for_each(drop));
        let page = wait_for("the page", || page_of(&address));
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let (socket, _) = tungstenite::client(page, stream).unwrap();
        Some(Self {
            browser,
            socket,
            requests: 0,
            _profile: profile,
        })
    }

    /// Makes a request, and returns what it results in.
    pub fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.requests += 1;
        let request = json!({"id": self.requests, "method": method, "params": parameters});
        self.socket
            .send(Message::text(request.to_string()))
            .unwrap();
        loop {
            let message = self.socket.read().unwrap();
            let Message::Text(text) = message else {
                continue;
            };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.requests {
                assert!(answer["error"].is_null(), "{answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Evaluates JavaScript.
    pub fn evaluate(&mut self, script: &str) -> Value {
        let parameters = json!({"expression": script, "returnByValue": true});
        let result = self.ask("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{script}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits until a script results in `true`. It may fail before: the page may not be loaded.
    pub fn wait_for(&mut self, script: &str) {
        let guarded = format!("(() => {{ try {{ return {script} }} catch {{ return false }} }})()");
        wait_for(script, || (self.evaluate(&guarded) == true).then_some(()));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

/// The address of the page that was opened first, once there is one.
fn page_of(address: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    let request = format!("GET /json/list HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).ok()?;
        let line = line.trim().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    // The connection stays open after the answer.
    let mut body = vec![0; length];
    answer.read_exact(&mut body).ok()?;
    let pages: Value = serde_json::from_slice(&body).ok()?;
    let mut pages = pages.as_array()?.iter();
    let page = pages.find(|page| page["type"] == "page")?;
    Some(page["webSocketDebuggerUrl"].as_str()?.to_string())
}
