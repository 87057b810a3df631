//! A map that all connections share: `SET KEY VALUE` is answered by `OK`, `GET KEY` by the value or
//! `NONE`, a line each. Answers are sent once no further request has come.

use std::collections::HashMap;
use std::io;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::TcpStream;

type Map = Arc<Mutex<HashMap<String, String>>>;

fn answer(map: &Map, request: &str) -> io::Result<String> {
    let mut words = request.split_whitespace();
    let mut map = map.lock().expect("no holder panics");
    Ok(match (words.next(), words.next(), words.next()) {
        (Some("SET"), Some(key), Some(value)) => {
            map.insert(key.to_owned(), value.to_owned());
            "OK\n".to_owned()
        }
        (Some("GET"), Some(key), None) => match map.get(key) {
            Some(value) => format!("{value}\n"),
            None => "NONE\n".to_owned(),
        },
        _ => return Err(io::Error::other("the request is no command")),
    })
}

async fn connection(stream: TcpStream, map: Map) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let (mut reader, mut writer) = (BufReader::new(reader), BufWriter::new(writer));
    let mut request = String::new();
    while reader.read_line(&mut request).await? > 0 {
        let answer = answer(&map, &request)?;
        writer.write_all(answer.as_bytes()).await?;
        request.clear();
        if !reader.buffer().contains(&b'\n') {
            writer.flush().await?;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    programs::serve(|_| async {
        let listener = programs::listen().await?;
        let map = Map::default();
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(connection(stream, Arc::clone(&map)));
        }
    })
}
