//! The page of `zokio-top serve`, in headless Chromium, on a real program.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;
use support::browser::Page;
use support::{NAMES, Program, Server};

const ROWS: &str = "[...document.querySelectorAll('#tasks tbody tr')]";

#[test]
fn the_page_shows_workers_tasks_and_charts_as_they_change() {
    let program = Program::start();
    let server = Server::start("serve", &program.pid());
    let Some(mut page) = Page::open(&server.url) else {
        return;
    };
    page.wait_for("document.querySelectorAll('#runtime-1 canvas').length >= 4");
    page.wait_for(&format!("{ROWS}.length === 14"));
    let text = page.evaluate("document.body.innerText");
    for name in NAMES {
        assert!(text.as_str().unwrap().contains(name), "{name}: {text}");
    }
    // The chart of polls is drawn: some pixel is not clear.
    page.wait_for(
        "(() => { const c = document.querySelector('#runtime-1 canvas'); \
         return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v); })()",
    );
    page.wait_for("document.querySelector('#runtime-1 td.stuck') !== null");
    // A bar is as long as its number says.
    page.wait_for(
        "[...document.querySelectorAll('#runtime-1 tr')].slice(1).some(row => { \
         const part = parseInt(row.children[4].textContent), bar = row.querySelector('.bar'); \
         return part < 90 && bar.firstChild.clientWidth < bar.clientWidth; })",
    );
    // More samples come: the self waker polls more and more.
    let polls = "now.tasks.find(task => task.name === 'self waker').polls";
    let before = page.evaluate(polls);
    page.wait_for(&format!("{polls} > {before}"));
}

#[test]
fn tasks_of_the_page_are_filtered_sorted_and_looked_at() {
    let program = Program::start();
    let server = Server::start("serve", &program.pid());
    let Some(mut page) = Page::open(&server.url) else {
        return;
    };
    page.wait_for(&format!("{ROWS}.length === 14"));
    page.evaluate("$('filter').value = 'contender task'; $('filter').oninput()");
    let head = "[...document.querySelectorAll('#tasks th')].find(th => th.textContent === 'name')";
    page.evaluate(&format!("{head}.click()"));
    let names = format!("{ROWS}.map(row => row.children[1].textContent)");
    let descending = json!(["contender 3", "contender 2", "contender 1"]);
    assert_eq!(page.evaluate(&names), descending);
    page.evaluate(&format!("{ROWS}[0].click()"));
    page.wait_for("!$('task').hidden && $('task').innerText.includes('contender 3')");
    page.wait_for("$('task').innerText.includes('poll times of the place')");
}

#[test]
fn only_this_host_by_its_address_is_answered() {
    let program = Program::start();
    let server = Server::start("serve", &program.pid());
    let address = server
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let answer = |host: &str, path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let page = answer(address, "/");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(
        page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    assert!(answer("example.org", "/").starts_with("HTTP/1.1 403"));
    assert!(answer("example.org", "/samples").starts_with("HTTP/1.1 403"));
    assert!(answer(address, "/other").starts_with("HTTP/1.1 404"));
}

#[test]
fn the_server_ends_with_the_process() {
    let mut program = Program::start();
    let mut server = Server::start("serve", &program.pid());
    program.end();
    assert_eq!(server.code(), Some(1));
}
