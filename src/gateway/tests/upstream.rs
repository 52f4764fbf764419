//! A provider that does as it is told, byte by byte, and keeps a journal of what it was sent.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// What to do with a connection, step by step; it is closed behind the last one.
#[derive(Clone)]
pub(crate) enum Act {
    /// Write these bytes at once.
    Write(Vec<u8>),
    /// Wait a little.
    Pause(Duration),
    /// Wait until the test says so.
    Wait(Arc<Notify>),
    /// Go on with the same bytes for ever.
    Repeat(Vec<u8>),
    /// Say nothing more, and keep the connection.
    Hang,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Request line and headers, lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) struct FakeUpstream {
    pub(crate) url: String,
    script: Arc<Mutex<Vec<Act>>>,
    journal: Arc<Mutex<Vec<Received>>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeUpstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (script, journal) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])));
        let (acts, received) = (script.clone(), journal.clone());
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                tokio::spawn(serve(socket, acts.clone(), received.clone()));
            }
        });
        Self { url, script, journal, task }
    }

    /// What every connection from now on gets.
    pub(crate) fn will(&self, acts: impl IntoIterator<Item = Act>) {
        *self.script.lock().unwrap() = acts.into_iter().collect();
    }

    /// Answers with a status and a body.
    pub(crate) fn will_answer(&self, status: u16, headers: &str, body: &str) {
        self.will([Act::Write(answer(status, headers, body))]);
    }

    /// Answers with an event stream, one write per piece.
    pub(crate) fn will_stream<P: AsRef<[u8]>>(&self, pieces: impl IntoIterator<Item = P>) {
        self.will(stream(pieces));
    }

    /// Nobody listens any more.
    pub(crate) fn stop(&self) {
        self.task.abort();
    }

    /// What arrived.
    pub(crate) fn journal(&self) -> Vec<Received> {
        self.journal.lock().unwrap().clone()
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

/// An event stream that ends well.
pub(crate) fn stream<P: AsRef<[u8]>>(pieces: impl IntoIterator<Item = P>) -> Vec<Act> {
    let mut acts = vec![stream_head()];
    acts.extend(pieces.into_iter().map(|piece| chunk(piece.as_ref())));
    acts.push(Act::Write(b"0\r\n\r\n".to_vec()));
    acts
}

/// The head of an event stream.
pub(crate) fn stream_head() -> Act {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    Act::Write(head.into())
}

/// A piece of an event stream.
pub(crate) fn chunk(piece: &[u8]) -> Act {
    Act::Write([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
}

async fn serve(mut socket: TcpStream, script: Arc<Mutex<Vec<Act>>>, journal: Arc<Mutex<Vec<Received>>>) {
    let mut bytes = vec![];
    let head_end = loop {
        if let Some(at) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned();
    journal.lock().unwrap().push(Received { head, body });
    let acts = script.lock().unwrap().clone();
    for act in acts {
        match act {
            Act::Write(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Act::Pause(time) => tokio::time::sleep(time).await,
            Act::Wait(notify) => notify.notified().await,
            Act::Repeat(bytes) => while socket.write_all(&bytes).await.is_ok() {},
            Act::Hang => std::future::pending().await,
        }
    }
}
