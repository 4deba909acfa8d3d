//! Whether a server on this machine is up: no proxy, no key, no more than a moment.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const MOMENT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// The page is there.
    Yes,
    /// Somebody listens on the port, but has no such page.
    Stranger,
    No,
}

/// Asks for a page of the server at this port of 127.0.0.1.
pub fn is_up(port: u16, page: &str) -> Up {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, MOMENT) else {
        return Up::No;
    };
    let request =
        format!("GET {page} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    let mut head = [0; 12];
    let answered = stream
        .set_read_timeout(Some(MOMENT))
        .and_then(|()| stream.write_all(request.as_bytes()))
        .and_then(|()| stream.read_exact(&mut head));
    match answered {
        Ok(()) if head.starts_with(b"HTTP/1.") && head.ends_with(b" 200") => Up::Yes,
        _ => Up::Stranger,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use std::net::TcpListener;

    use super::*;

    /// A server that answers once.
    fn answering(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
        });
        port
    }

    #[test]
    fn a_page_a_stranger_and_nobody_are_told_apart() {
        assert_eq!(is_up(answering("HTTP/1.1 200 OK\r\n\r\n"), "/"), Up::Yes);
        assert_eq!(
            is_up(answering("HTTP/1.1 404 No\r\n\r\n"), "/"),
            Up::Stranger
        );
        assert_eq!(is_up(answering("hello"), "/"), Up::Stranger);
        let nobody = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        assert_eq!(is_up(nobody, "/"), Up::No);
    }
}
