//! A small mail server: takes mails, refuses them, or says nothing.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes every mail.
    Takes,
    /// Takes mails of who signs in as `user` with the password `pass word`.
    TakesSignedIn,
    /// Refuses every recipient.
    Refuses,
    /// Takes a mail and is gone before it says so.
    TakesAndFalls,
    /// Accepts connections and says nothing.
    Hangs,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) recipients: Vec<String>,
    /// Headers and parts, as they came.
    pub(crate) data: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> String {
        let start = format!("{name}: ");
        self.data.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    }
}

/// A mail server that ends when it is dropped.
pub(crate) struct SmtpSink {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    mails: Vec<Received>,
    lines: Vec<String>,
}

impl SmtpSink {
    /// A server at a free port.
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), manner).await
    }

    /// A server at a port where none is.
    pub(crate) async fn start_at(address: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let heard = Arc::<Mutex<Heard>>::default();
        let ears = heard.clone();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(talk(socket, manner, ears.clone()));
            }
        });
        Self { address, heard, task }
    }

    /// The mails that were taken.
    pub(crate) fn mails(&self) -> Vec<Received> {
        self.heard.lock().expect("no panic").mails.clone()
    }

    /// Everything that clients said, apart from the mails themselves.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").lines.clone()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One conversation; ends when the client leaves.
async fn talk(socket: TcpStream, manner: Manner, heard: Arc<Mutex<Heard>>) {
    let mut socket = BufReader::new(socket);
    if manner == Manner::Hangs {
        let mut line = String::new();
        let _ = socket.read_line(&mut line).await;
        return;
    }
    let _ = socket.write_all(b"220 sink\r\n").await;
    let mut recipients = vec![];
    let mut signed_in = manner != Manner::TakesSignedIn;
    loop {
        let mut line = String::new();
        if !matches!(socket.read_line(&mut line).await, Ok(1..)) {
            return;
        }
        heard.lock().expect("no panic").lines.push(line.trim_end().to_owned());
        let answer: &str = match line.split([' ', '\r']).next().unwrap_or_default() {
            "EHLO" if manner == Manner::TakesSignedIn => "250-sink\r\n250 AUTH PLAIN\r\n",
            "EHLO" => "250-sink\r\n250 8BITMIME\r\n",
            "AUTH" => {
                let right = STANDARD.encode("\0user\0pass word");
                signed_in = line.trim_end().ends_with(&right);
                if signed_in { "235 welcome\r\n" } else { "535 wrong\r\n" }
            }
            "MAIL" if !signed_in => "530 sign in first\r\n",
            "RCPT" if manner == Manner::Refuses => "550 no such mailbox here\r\n",
            "RCPT" => {
                recipients.push(line.trim_end().trim_start_matches("RCPT TO:").to_owned());
                "250 ok\r\n"
            }
            "DATA" => {
                let _ = socket.write_all(b"354 go on\r\n").await;
                let data = read_mail(&mut socket).await;
                heard.lock().expect("no panic").mails.push(Received { recipients: std::mem::take(&mut recipients), data });
                if manner == Manner::TakesAndFalls {
                    return;
                }
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_mail(socket: &mut BufReader<TcpStream>) -> String {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if !matches!(socket.read_line(&mut line).await, Ok(1..)) || line == ".\r\n" {
            return data;
        }
        data.push_str(&line);
    }
}
