//! The small internet: a proxy on loopback behind which every provider lives under its real host name.
//!
//! ```ignore
//! let internet = Internet::new();
//! internet.knows(OPENROUTER, &key);                                   // this key is good there
//! internet.answers("openrouter.ai", "/api/v1/key", Answer::hang());   // from now on, for paths starting so
//! let url = internet.local(OLLAMA);                                   // a port of its own for a provider on this machine
//! … run with internet.environment() …
//! internet.requests()                                                 // everything that was asked, in order
//! ```

use super::answers;
use super::authority::Authority;
use super::http::{self, Answer, Seen};
use super::personality::Personality;
use super::provider::Provider;
use super::sign_in::{Grants, Visit};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) struct Internet {
    shared: Arc<Shared>,
    proxy: SocketAddr,
    folder: tempfile::TempDir,
    locals: Mutex<Vec<SocketAddr>>,
}

struct Shared {
    authority: Authority,
    stranger: Authority,
    stopped: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: HashMap<&'static str, Vec<String>>,
    servers: HashMap<String, Arc<ServerConfig>>,
    personalities: HashMap<String, Personality>,
    scripts: Vec<Script>,
    untrusted: Vec<String>,
    unreachable: Vec<String>,
    grants: Grants,
    requests: Vec<Seen>,
    strays: Vec<String>,
    delay: Duration,
}

struct Script {
    host: String,
    path: String,
    answer: Answer,
    left: Option<usize>,
}

/// Who answers on a port: the proxy for everybody, or one provider that runs on this machine.
#[derive(Clone, Copy)]
enum Door {
    Proxy,
    Local(Provider),
}

impl Internet {
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared {
            authority: Authority::new(),
            stranger: Authority::new(),
            stopped: AtomicBool::new(false),
            state: Mutex::default(),
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), shared.authority.pem()).unwrap();
        let proxy = listen(&shared, Door::Proxy);
        Self {
            shared,
            proxy,
            folder,
            locals: Mutex::default(),
        }
    }

    /// What makes a program go through here, and trust it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let certificate = self.certificate().display().to_string();
        vec![
            ("HTTPS_PROXY".into(), self.proxy_url()),
            ("SSL_CERT_FILE".into(), certificate.clone()),
            ("GOOSE_CA_CERT_PATH".into(), certificate),
        ]
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn proxy_url(&self) -> String {
        format!("http://{}", self.proxy)
    }

    /// `provider` accepts `key` from now on. Keys are wrong unless they were made known.
    pub(crate) fn knows(&self, provider: Provider, key: &str) {
        self.state(|state| {
            state
                .keys
                .entry(provider.id)
                .or_default()
                .push(key.to_owned())
        });
    }

    /// `provider` takes `key` back.
    pub(crate) fn forgets(&self, provider: Provider, key: &str) {
        self.state(|state| {
            state
                .keys
                .entry(provider.id)
                .or_default()
                .retain(|known| known != key)
        });
    }

    /// Somebody opens a sign-in page of this internet and agrees; `key` is what the exchange will give.
    pub(crate) fn agrees(&self, url: &str, key: &str) -> Visit {
        self.state(|state| state.grants.agree(url, key))
    }

    /// Requests to `host` for a path that starts with `path` get `answer`; the newest script wins. A local provider's host is
    /// its `127.0.0.1:port`.
    pub(crate) fn answers(&self, host: &str, path: &str, answer: Answer) {
        self.script(host, path, answer, None);
    }

    /// The same for the next request only.
    pub(crate) fn answers_once(&self, host: &str, path: &str, answer: Answer) {
        self.script(host, path, answer, Some(1));
    }

    /// `host` shows a certificate of an authority that nobody trusts.
    pub(crate) fn is_untrusted(&self, host: &str) {
        self.state(|state| state.untrusted.push(host.to_owned()));
    }

    /// The proxy cannot reach `host`.
    pub(crate) fn is_unreachable(&self, host: &str) {
        self.state(|state| state.unreachable.push(host.to_owned()));
    }

    /// Every answer comes this much later.
    pub(crate) fn is_slow(&self, delay: Duration) {
        self.state(|state| state.delay = delay);
    }

    /// Opens a port on which `provider` (LiteLLM, Ollama) answers in plain HTTP; its URL, without a slash at the end.
    pub(crate) fn local(&self, provider: Provider) -> String {
        let address = listen(&self.shared, Door::Local(provider));
        self.locals.lock().unwrap().push(address);
        format!("http://{address}")
    }

    /// Somebody else lives at `host` from now on.
    pub(crate) fn plays(&self, host: &str, personality: Personality) {
        self.state(|state| state.personalities.insert(host.to_owned(), personality));
    }

    /// Somebody else lives on a port of this machine, in plain HTTP; its URL, without a slash at the end.
    pub(crate) fn plays_here(&self, personality: Personality) -> String {
        let address = listen(&self.shared, Door::Proxy);
        self.locals.lock().unwrap().push(address);
        self.plays(&address.to_string(), personality);
        format!("http://{address}")
    }

    /// Every request so far that got through to somebody, in order.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.state(|state| state.requests.clone())
    }

    /// The requests so far that would have cost tokens.
    pub(crate) fn chats(&self) -> Vec<Seen> {
        self.requests().into_iter().filter(Seen::is_chat).collect()
    }

    /// A conversation took place, at `host`, with `key`, through `model`, and with nobody else. (Old versions of goose name the
    /// session through a smaller model of the same provider.)
    #[track_caller]
    pub(crate) fn assert_conversation(&self, host: &str, key: Option<&str>, model: &str) {
        let chats = self.chats();
        assert!(
            chats
                .iter()
                .any(|chat| chat.model().as_deref() == Some(model)),
            "no chat through {model}: {chats:#?}"
        );
        for chat in &chats {
            assert_eq!((chat.host.as_str(), chat.key()), (host, key), "{chat:#?}");
        }
        assert_eq!(
            self.strays(),
            Vec::<String>::new(),
            "somebody else was asked"
        );
    }

    /// Hosts that were asked for and that nobody here plays: an unexpected wish to talk to somebody.
    pub(crate) fn strays(&self) -> Vec<String> {
        self.state(|state| state.strays.clone())
    }

    /// Forgets what was asked so far.
    pub(crate) fn clear(&self) {
        self.state(|state| {
            state.requests.clear();
            state.strays.clear();
        });
    }

    fn script(&self, host: &str, path: &str, answer: Answer, left: Option<usize>) {
        let script = Script {
            host: host.to_owned(),
            path: path.to_owned(),
            answer,
            left,
        };
        self.state(|state| state.scripts.push(script));
    }

    fn state<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        action(&mut self.shared.state.lock().unwrap())
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // A last visitor wakes each listener so that it sees the sign.
        let locals = self
            .locals
            .get_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        for address in locals.into_iter().chain([self.proxy]) {
            drop(TcpStream::connect(address));
        }
    }
}

fn listen(shared: &Arc<Shared>, door: Door) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if shared.stopped.load(Ordering::SeqCst) {
                return;
            }
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.serve(stream, door));
        }
    });
    address
}

impl Shared {
    fn serve(&self, stream: TcpStream, door: Door) {
        // A client that goes away in the middle is everyday business here.
        drop(self.converse(stream, door));
    }

    fn converse(&self, stream: TcpStream, door: Door) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let here = stream.local_addr()?.to_string();
        let mut stream = BufReader::new(stream);
        if let Door::Local(provider) = door {
            return self.requests(&mut stream, &here, Some(provider), false);
        }
        // Told apart before anything is taken from the stream: a tunnel, or a plain request that names its host.
        if !stream.fill_buf()?.starts_with(b"CONNECT ") {
            return self.requests(&mut stream, &here, None, false);
        }
        let Some(wish) = http::read(&mut stream, &here, false)? else {
            return Ok(());
        };
        let host = wish.target.trim_end_matches(":443").to_owned();
        let mut stream = stream.into_inner();
        let Some(server) = self.server(&host) else {
            return stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
        };
        stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")?;
        let session = ServerConnection::new(server).map_err(io::Error::other)?;
        let mut tunnel = BufReader::new(StreamOwned::new(session, stream));
        self.requests(&mut tunnel, &host, Provider::at(&host), true)?;
        tunnel.get_mut().conn.send_close_notify();
        tunnel.get_mut().flush()
    }

    /// `None` where nobody lives, or nobody is to be reached.
    fn server(&self, host: &str) -> Option<Arc<ServerConfig>> {
        let mut state = self.state.lock().unwrap();
        let state = &mut *state;
        if state.unreachable.iter().any(|name| name == host) {
            return None;
        }
        let lives_here = Provider::at(host).is_some()
            || Grants::lives_at(host)
            || state.personalities.contains_key(host);
        if !lives_here && !state.scripts.iter().any(|script| script.host == host) {
            state.strays.push(host.to_owned());
            return None;
        }
        let trusted = !state.untrusted.iter().any(|name| name == host);
        let authority = if trusted {
            &self.authority
        } else {
            &self.stranger
        };
        Some(Arc::clone(
            state
                .servers
                .entry(format!("{host} {trusted}"))
                .or_insert_with(|| authority.server(host)),
        ))
    }

    fn requests<S: Read + Write>(
        &self,
        stream: &mut BufReader<S>,
        host: &str,
        provider: Option<Provider>,
        encrypted: bool,
    ) -> io::Result<()> {
        while let Some(mut seen) = http::read(stream, host, encrypted)? {
            let mut provider = provider;
            if let Some(rest) = seen.target.strip_prefix("http://") {
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                provider = Provider::at(host);
                (seen.host, seen.target) = (host.to_owned(), format!("/{path}"));
            }
            let answer = self.answer(provider, &seen);
            let stopped = || self.stopped.load(Ordering::SeqCst);
            if !answer.write(stream.get_mut(), &stopped)? {
                break;
            }
        }
        Ok(())
    }

    fn answer(&self, provider: Option<Provider>, seen: &Seen) -> Answer {
        let mut state = self.state.lock().unwrap();
        state.requests.push(seen.clone());
        let fits = |script: &Script| {
            script.left != Some(0)
                && script.host == seen.host
                && seen.target.starts_with(&script.path)
        };
        if let Some(script) = state.scripts.iter_mut().rev().find(|script| fits(script)) {
            script.left = script.left.map(|left| left - 1);
            return script.answer.clone();
        }
        if let Some(answer) = state.grants.answer(seen) {
            return answer;
        }
        if let Some(personality) = state.personalities.get(&seen.host) {
            return personality.answer(seen);
        }
        let delay = state.delay;
        match provider {
            Some(provider) => {
                let keys = state.keys.get(provider.id).cloned().unwrap_or_default();
                answers::answer(provider, &keys, seen).after(delay)
            }
            None => Answer::text(404, "nobody lives here"),
        }
    }
}
