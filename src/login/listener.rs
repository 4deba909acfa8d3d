//! The door the provider's page comes back to: on this machine only, at an address nobody can guess, open for one answer.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::callback::Answer;
use super::pkce::random_word;
use super::request::{self, Page};
use crate::error::{Error, Result};

/// A browser sends its request at once. Some open a connection ahead and leave it silent, so nobody waits behind it.
const VISIT: Duration = Duration::from_secs(5);
const HEAD_LIMIT: usize = 8 * 1024;
const VISITORS: usize = 16;

pub(super) struct Listener {
    address: SocketAddr,
    path: Arc<str>,
    answers: Receiver<Answer>,
    closed: Arc<AtomicBool>,
    porter: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn open() -> Result<Self> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| {
            Error::unexpected(format!("no port of 127.0.0.1 can be listened on: {error}"))
        })?;
        let path: Arc<str> = format!("/{}", *random_word::<16>()?).into();
        let closed = Arc::new(AtomicBool::new(false));
        let (sender, answers) = channel();
        let room = Room {
            port: address.port(),
            path: Arc::clone(&path),
            sender,
            answered: Arc::default(),
        };
        let shut = Arc::clone(&closed);
        let porter = std::thread::spawn(move || room.receive(&socket, &shut));
        Ok(Self {
            address,
            path,
            answers,
            closed,
            porter: Some(porter),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What the page is told to return to. Providers take `localhost` with any port, and not all of them the number.
    pub(super) fn url(&self) -> String {
        format!("http://localhost:{}{}", self.port(), self.path)
    }

    /// The answer, if it is there already.
    pub(super) fn heard(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    pub(super) fn wait(&self, until: Instant) -> Option<Answer> {
        let left = until.saturating_duration_since(Instant::now());
        self.answers.recv_timeout(left).ok()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // A last visitor wakes the porter, who then sees the sign.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_ok();
        if let Some(porter) = self.porter.take().filter(|_| woken) {
            let _ = porter.join();
        }
    }
}

#[derive(Clone)]
struct Room {
    port: u16,
    path: Arc<str>,
    sender: Sender<Answer>,
    answered: Arc<AtomicBool>,
}

impl Room {
    fn receive(&self, socket: &TcpListener, closed: &AtomicBool) {
        let inside = Arc::new(AtomicUsize::new(0));
        for visitor in socket.incoming() {
            if closed.load(Ordering::SeqCst) {
                return;
            }
            let Ok(visitor) = visitor else { continue };
            if inside.fetch_add(1, Ordering::SeqCst) >= VISITORS {
                inside.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (room, inside) = (self.clone(), Arc::clone(&inside));
            std::thread::spawn(move || {
                room.serve(visitor);
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }

    fn serve(&self, mut visitor: TcpStream) {
        let Some(head) = head_of(&mut visitor) else {
            return;
        };
        let (mut page, mut answer) = request::judge(&head, self.port, &self.path);
        if answer.is_some() && self.answered.swap(true, Ordering::SeqCst) {
            (page, answer) = (Page::Again, None);
        }
        // Written before the answer is passed on: what waits for it may end the program.
        let _ = visitor.set_write_timeout(Some(VISIT));
        let _ = visitor.write_all(page.response().as_bytes());
        let _ = visitor.flush();
        if let Some(answer) = answer {
            let _ = self.sender.send(answer);
        }
    }
}

/// The request without its body; `None` where it does not come whole within the bounds.
fn head_of(visitor: &mut TcpStream) -> Option<Zeroizing<String>> {
    let deadline = Instant::now() + VISIT;
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD_LIMIT));
    let mut chunk = Zeroizing::new([0_u8; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = deadline.checked_duration_since(Instant::now())?;
        visitor
            .set_read_timeout(Some(left.max(Duration::from_millis(1))))
            .ok()?;
        let count = visitor.read(&mut *chunk).ok()?;
        if count == 0 || head.len() + count > HEAD_LIMIT {
            return None;
        }
        head.extend_from_slice(&chunk[..count]);
    }
    std::str::from_utf8(&head)
        .ok()
        .map(|head| Zeroizing::new(head.to_owned()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    const SOON: Duration = Duration::from_secs(3);

    fn visit(listener: &Listener, path: &str) -> String {
        let mut stream = TcpStream::connect(listener.address).unwrap();
        let host = format!("localhost:{}", listener.port());
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut text = String::new();
        // A visitor who is shown the door gets an error or nothing.
        let _ = stream.read_to_string(&mut text);
        text
    }

    fn code_path(listener: &Listener) -> String {
        format!("{}?code=one-time", listener.path())
    }

    #[test]
    fn the_first_answer_counts_and_the_second_is_told_so() {
        let listener = Listener::open().unwrap();
        assert!(visit(&listener, "/").starts_with("HTTP/1.1 404"));
        assert!(listener.heard().is_none());
        let page = visit(&listener, &code_path(&listener));
        assert!(page.starts_with("HTTP/1.1 200") && !page.contains("one-time"));
        assert!(visit(&listener, &code_path(&listener)).starts_with("HTTP/1.1 410"));
        let answer = listener.wait(Instant::now() + SOON);
        assert!(matches!(answer, Some(Answer::Code(code)) if code.expose() == "one-time"));
        assert!(listener.heard().is_none());
    }

    #[test]
    fn nobody_waits_behind_a_silent_connection() {
        let listener = Listener::open().unwrap();
        let silent: Vec<_> = (0..4)
            .map(|_| TcpStream::connect(listener.address).unwrap())
            .collect();
        let start = Instant::now();
        visit(&listener, &code_path(&listener));
        assert!(listener.wait(start + SOON).is_some());
        assert!(start.elapsed() < VISIT / 2);
        drop(silent);
    }

    #[test]
    fn a_request_without_end_is_cut_off() {
        let listener = Listener::open().unwrap();
        let long = format!("{}&x={}", code_path(&listener), "x".repeat(HEAD_LIMIT));
        assert!(!visit(&listener, &long).contains("200 OK"));
        assert!(listener.heard().is_none());
    }

    #[test]
    fn the_door_is_shut_when_it_is_no_longer_needed() {
        let listener = Listener::open().unwrap();
        let address = listener.address;
        assert!(address.ip().is_loopback());
        drop(listener);
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let listener = Listener::open().unwrap();
        let start = Instant::now();
        assert!(listener.wait(start + Duration::from_millis(50)).is_none());
        assert!(start.elapsed() < SOON);
    }

    #[test]
    fn no_two_doors_have_the_same_address() {
        let (one, other) = (Listener::open().unwrap(), Listener::open().unwrap());
        assert_ne!(one.path(), other.path());
        assert_ne!(one.port(), other.port());
        assert!(one.path().len() > 20);
    }
}
