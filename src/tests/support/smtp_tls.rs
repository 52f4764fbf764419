//! A mail server with a certificate.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread::JoinHandle,
    time::Duration,
};

use rustls::{ServerConnection, StreamOwned};

use super::certificates::server_config;

/// How a conversation becomes safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// With TLS from the first byte (`smtps`).
    Safe,
    /// In the clear, and goes on with TLS once the client says `STARTTLS`.
    Plain,
}

/// A server for one conversation.
pub(crate) struct SafeSink {
    pub(crate) address: SocketAddr,
    conversation: JoinHandle<Vec<String>>,
}

impl SafeSink {
    /// A server at a free port that shows a certificate.
    pub(crate) fn start(begins: Begins, certificate: &'static str, key: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        Self { address, conversation: std::thread::spawn(move || serve(&listener, begins, certificate, key)) }
    }

    /// What the client said, once it has left.
    pub(crate) async fn heard(self) -> Vec<String> {
        tokio::task::spawn_blocking(|| self.conversation.join().expect("no panic")).await.expect("no panic")
    }
}

fn serve(listener: &TcpListener, begins: Begins, certificate: &str, key: &str) -> Vec<String> {
    let mut heard = vec![];
    let (socket, _) = listener.accept().expect("a client");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a time limit");
    if begins == Begins::Plain {
        talk_in_the_clear(&socket, &mut heard);
    }
    let connection = ServerConnection::new(server_config(certificate, key)).expect("a connection");
    let mut safe = StreamOwned::new(connection, socket);
    if begins == Begins::Safe && safe.write_all(b"220 sink\r\n").is_err() {
        return heard;
    }
    talk(&mut BufReader::new(safe), &mut heard);
    heard
}

/// Until the client wants more.
fn talk_in_the_clear(socket: &TcpStream, heard: &mut Vec<String>) {
    let (mut reader, mut writer) = (BufReader::new(socket), socket);
    let mut answer = "220 sink\r\n";
    loop {
        if writer.write_all(answer.as_bytes()).is_err() || heard.last().is_some_and(|line| line == "STARTTLS") {
            return;
        }
        let mut line = String::new();
        if !matches!(reader.read_line(&mut line), Ok(1..)) {
            return;
        }
        answer = if line.starts_with("EHLO") { "250-sink\r\n250 STARTTLS\r\n" } else { "220 go on\r\n" };
        heard.push(line.trim_end().to_owned());
    }
}

/// Takes mails until the client leaves.
fn talk(reader: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>, heard: &mut Vec<String>) {
    let mut in_mail = false;
    loop {
        let mut line = String::new();
        if !matches!(reader.read_line(&mut line), Ok(1..)) {
            return;
        }
        let line = line.trim_end();
        heard.push(line.to_owned());
        let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
            "." => {
                in_mail = false;
                b"250 taken\r\n"
            }
            _ if in_mail => continue,
            "DATA" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            "EHLO" => b"250-sink\r\n250 AUTH PLAIN\r\n",
            "AUTH" => b"235 welcome\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        if reader.get_mut().write_all(answer).is_err() {
            return;
        }
    }
}
