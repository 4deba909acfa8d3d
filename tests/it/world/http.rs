//! As much of HTTP/1.1 as a server that misbehaves on demand needs.

use serde_json::Value;
use std::io::{self, BufRead, Write};
use std::time::Duration;

/// A request as the small internet saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) host: String,
    pub(crate) method: String,
    /// With the query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) encrypted: bool,
}

impl Seen {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// The key, wherever this provider's requests carry it. A key in the query is returned too: a test that forbids it looks at
    /// `target`.
    pub(crate) fn key(&self) -> Option<&str> {
        self.header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .or_else(|| self.header("x-api-key"))
            .or_else(|| self.header("x-goog-api-key"))
            .or_else(|| self.header("api-key"))
            .or_else(|| self.target.split_once("?key=").map(|(_, key)| key))
    }

    /// The model a chat request names, in the body or (Google) in the path.
    pub(crate) fn model(&self) -> Option<String> {
        if let Some((_, rest)) = self.path().split_once("/models/") {
            return rest.split(':').next().map(str::to_owned);
        }
        // Databricks and Bedrock name it in the path too.
        for (start, end) in [
            ("/serving-endpoints/", "/invocations"),
            ("/model/", "/converse"),
        ] {
            let middle = |path: &str| Some(path.strip_prefix(start)?.strip_suffix(end)?.to_owned());
            if let Some(model) = middle(self.path()) {
                return Some(model.replace("%3A", ":"));
            }
        }
        serde_json::from_str::<Value>(&self.body)
            .ok()?
            .get("model")?
            .as_str()
            .map(str::to_owned)
    }

    /// Whether tokens are spent on it.
    pub(crate) fn is_chat(&self) -> bool {
        self.method == "POST"
            && [
                "/chat/completions",
                "/v1/messages",
                ":streamGenerateContent",
                ":generateContent",
                "/invocations",
                "/inference:complete",
                "/converse",
                "/responses",
            ]
            .iter()
            .any(|end| self.path().ends_with(end))
    }
}

/// What comes back, and how.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    manner: Manner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Whole,
    /// Promise the whole body, send this many bytes of it and close.
    Cut(usize),
    /// Close without a word.
    Close,
    /// Never answer.
    Hang,
    /// Send the head, or the body, one byte at a time and never come to the end.
    DripHead,
    DripBody,
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), kind.into())],
            body: body.into(),
            delay: Duration::ZERO,
            manner: Manner::Whole,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain", body)
    }

    pub(crate) fn events(body: String) -> Self {
        Self::new(200, "text/event-stream", body)
    }

    /// A captive portal's or a company's sign-in page.
    pub(crate) fn login_page() -> Self {
        Self::new(
            200,
            "text/html",
            "<!doctype html><title>Sign in</title><h1>Welcome to the hotel network</h1>",
        )
    }

    pub(crate) fn redirect(location: &str) -> Self {
        Self::text(302, "").with("location", location)
    }

    pub(crate) fn huge(bytes: usize) -> Self {
        Self::new(200, "application/json", vec![b' '; bytes])
    }

    pub(crate) fn hang() -> Self {
        Self {
            manner: Manner::Hang,
            ..Self::text(200, "")
        }
    }

    /// A slow loris: there is always a little more to come, of the head or of the body.
    pub(crate) fn drips() -> [(&'static str, Self); 2] {
        [Manner::DripHead, Manner::DripBody].map(|manner| {
            (
                if manner == Manner::DripHead {
                    "a head that drips"
                } else {
                    "a body that drips"
                },
                Self {
                    manner,
                    ..Self::new(
                        200,
                        "application/json",
                        "{".to_owned() + &" ".repeat(60_000),
                    )
                },
            )
        })
    }

    pub(crate) fn close() -> Self {
        Self {
            manner: Manner::Close,
            ..Self::text(200, "")
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The same answer, broken off after `bytes` bytes of its body.
    pub(crate) fn cut(mut self, bytes: usize) -> Self {
        self.manner = Manner::Cut(bytes);
        self
    }

    /// Writes it; whether the connection can carry another request.
    pub(crate) fn write(
        &self,
        stream: &mut impl Write,
        stopped: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        wait(self.delay, stopped);
        match self.manner {
            Manner::Hang => {
                wait(Duration::from_secs(600), stopped);
                return Ok(false);
            }
            Manner::Close => return Ok(false),
            Manner::DripHead => {
                write!(stream, "HTTP/1.1 200 Scripted\r\n")?;
                let head = (0..60_000).flat_map(|line| format!("x-{line}: y\r\n").into_bytes());
                drip(stream, head, stopped)?;
                return Ok(false);
            }
            Manner::Whole | Manner::Cut(_) | Manner::DripBody => {}
        }
        write!(
            stream,
            "HTTP/1.1 {} Scripted\r\ncontent-length: {}\r\n",
            self.status,
            self.body.len()
        )?;
        for (name, value) in &self.headers {
            write!(stream, "{name}: {value}\r\n")?;
        }
        write!(stream, "\r\n")?;
        if self.manner == Manner::DripBody {
            drip(stream, self.body.iter().copied(), stopped)?;
            return Ok(false);
        }
        let sent = match self.manner {
            Manner::Cut(bytes) => &self.body[..bytes.min(self.body.len())],
            _ => &self.body,
        };
        stream.write_all(sent)?;
        stream.flush()?;
        Ok(self.manner == Manner::Whole)
    }
}

fn drip(
    stream: &mut impl Write,
    bytes: impl Iterator<Item = u8>,
    stopped: &dyn Fn() -> bool,
) -> io::Result<()> {
    for byte in bytes {
        if stopped() {
            break;
        }
        stream.write_all(&[byte])?;
        stream.flush()?;
        wait(Duration::from_millis(20), stopped);
    }
    Ok(())
}

fn wait(time: Duration, stopped: &dyn Fn() -> bool) {
    let step = Duration::from_millis(20);
    let mut left = time;
    while !left.is_zero() && !stopped() {
        let now = left.min(step);
        std::thread::sleep(now);
        left -= now;
    }
}

/// One request from the stream; `None` when the client has closed it.
pub(crate) fn read(
    stream: &mut impl BufRead,
    host: &str,
    encrypted: bool,
) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    let mut seen = Seen {
        host: host.to_owned(),
        method,
        target,
        headers,
        body: String::new(),
        encrypted,
    };
    if seen.header("expect").is_some() {
        return Err(io::Error::other(
            "a client that waits for 100-continue is not served",
        ));
    }
    let body = if seen
        .header("transfer-encoding")
        .is_some_and(|value| value.contains("chunked"))
    {
        chunks(stream)?
    } else {
        let length = seen
            .header("content-length")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        body
    };
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(seen))
}

fn chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let start = body.len();
        body.resize(start + length, 0);
        stream.read_exact(&mut body[start..])?;
        stream.read_line(&mut String::new())?;
        if length == 0 {
            return Ok(body);
        }
    }
}
