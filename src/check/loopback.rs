//! A server on this machine that says exactly what a test wants to hear.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Calls `answer` with the head of each request; what it returns is sent byte for byte, and the connection closed.
    pub(super) fn saying(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head = head_of(&mut stream);
                heads.lock().unwrap().push(head.clone());
                // The other side may have had enough.
                let _ = stream.write_all(&answer(&head));
            }
        });
        Self { url, seen }
    }

    pub(super) fn json(status: u16, body: &str) -> Self {
        let reply = reply(status, "content-type: application/json", body.as_bytes());
        Self::saying(move |_| reply.clone())
    }

    /// The heads of all requests, in lower case.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

pub(super) fn reply(status: u16, header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status} x\r\n{header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// An address at which nothing listens.
pub(super) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
        // The first byte of a TLS hello, which never comes to an empty line.
        if head == [0x16] {
            break;
        }
    }
    String::from_utf8_lossy(&head).to_lowercase()
}
