//! An endpoint of somebody's own on loopback, and the setting up of it.

use super::chat;
use super::home::Home;
use super::http::{self, Answer, Seen};
use super::run::{Outcome, Setup};
use serde_json::{Value, json};
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) const MODEL: &str = "box-large";
pub(crate) const KEY: &str = "box-key-0123456789abcdef";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Openai,
    Anthropic,
    Ollama,
}

/// A server that has one API below one path, and as strict as the real ones: other paths are not there, a wrong key is
/// refused, an empty request is no request.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

/// In what it differs from most.
#[derive(Default)]
pub(crate) struct Manners {
    /// The answer of `/v1/models`.
    pub(crate) list: Option<Value>,
    /// What it answers at other paths.
    pub(crate) pages: Vec<(&'static str, Value)>,
    /// It refuses to stream, as some gateways do.
    pub(crate) answers_whole: bool,
    /// Whoever shows a key is told to come back later.
    pub(crate) is_busy: bool,
}

struct Shared {
    engine: Engine,
    /// What stands before `/v1` or `/api`.
    prefix: String,
    key: Option<String>,
    manners: Manners,
    stopped: AtomicBool,
    seen: Mutex<Vec<Seen>>,
}

impl Server {
    pub(crate) fn new(engine: Engine, listen: &str, prefix: &str, key: Option<&str>) -> Self {
        Self::with_manners(engine, listen, prefix, key, Manners::default())
    }

    /// One that speaks like OpenAI's API and wants no key.
    pub(crate) fn with(manners: Manners) -> Self {
        Self::with_manners(Engine::Openai, "127.0.0.1", "", None, manners)
    }

    pub(crate) fn with_manners(
        engine: Engine,
        listen: &str,
        prefix: &str,
        key: Option<&str>,
        manners: Manners,
    ) -> Self {
        let listener = TcpListener::bind((listen, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            engine,
            prefix: prefix.to_owned(),
            key: key.map(str::to_owned),
            manners,
            stopped: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if server.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let server = Arc::clone(&server);
                std::thread::spawn(move || server.converse(stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn plain(engine: Engine, key: Option<&str>) -> Self {
        Self::new(engine, "127.0.0.1", "", key)
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Requests that a model would have answered.
    pub(crate) fn chats(&self) -> Vec<Seen> {
        let chats = self.seen().into_iter();
        chats.filter(|seen| seen.model().is_some()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn converse(&self, stream: TcpStream) {
        let host = stream.local_addr().unwrap().to_string();
        let mut stream = BufReader::new(stream);
        while let Ok(Some(seen)) = http::read(&mut stream, &host, false) {
            let answer = self.answer(&seen);
            self.seen.lock().unwrap().push(seen);
            let stopped = || self.stopped.load(Ordering::SeqCst);
            if !answer.write(stream.get_mut(), &stopped).unwrap_or(false) {
                return;
            }
        }
    }

    fn answer(&self, seen: &Seen) -> Answer {
        let missing = || Answer::text(404, "404 page not found");
        let Some(path) = seen.path().strip_prefix(self.prefix.as_str()) else {
            return missing();
        };
        let known: &[&str] = match self.engine {
            Engine::Openai => &["/v1/models", "/v1/chat/completions"],
            Engine::Anthropic => &["/v1/models", "/v1/messages"],
            Engine::Ollama => &[
                "/api/tags",
                "/api/version",
                "/api/show",
                "/v1/models",
                "/v1/chat/completions",
            ],
        };
        let mut pages = self.manners.pages.iter();
        if let Some((_, page)) = pages.find(|(known, _)| *known == path) {
            return Answer::json(200, page);
        }
        if !known.contains(&path) {
            return missing();
        }
        if self.manners.is_busy && seen.key().is_some() {
            return Answer::json(429, &self.error("slow down"));
        }
        if self.key.is_some() && seen.key() != self.key.as_deref() {
            return Answer::json(401, &self.error("invalid key"));
        }
        match path {
            "/api/tags" => Answer::json(
                200,
                &json!({"models": [{"name": MODEL, "model": MODEL, "digest": "500a"}, {"name": "box-small:7b", "model": "box-small:7b"}]}),
            ),
            "/api/version" => Answer::json(200, &json!({"version": "0.13.0"})),
            "/api/show" => Answer::json(
                200,
                &json!({"capabilities": ["completion", "tools"], "model_info": {"box.context_length": 40960}}),
            ),
            "/v1/models" => Answer::json(200, &self.list()),
            _ => self.chat(seen),
        }
    }

    fn list(&self) -> Value {
        if let Some(list) = &self.manners.list {
            return list.clone();
        }
        match self.engine {
            Engine::Anthropic => {
                let model = |id: &str| json!({"type": "model", "id": id, "display_name": id, "max_input_tokens": 40960});
                json!({"data": [model(MODEL), model("box-small")], "has_more": false})
            }
            Engine::Openai | Engine::Ollama => {
                let model = |id: &str| json!({"id": id, "object": "model", "max_model_len": 40960});
                json!({"object": "list", "data": [model(MODEL), model("box-small")]})
            }
        }
    }

    fn chat(&self, seen: &Seen) -> Answer {
        let Some(model) = seen.model() else {
            return Answer::json(400, &self.error("messages: field required"));
        };
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        if self.manners.answers_whole && body["stream"] == true {
            return Answer::json(400, &self.error("streaming is not supported here"));
        }
        match self.engine {
            Engine::Anthropic => chat::anthropic(&model),
            _ if body["stream"] == true => chat::openai(&model),
            _ => chat::openai_whole(&model),
        }
    }

    fn error(&self, message: &str) -> Value {
        match self.engine {
            Engine::Anthropic => {
                json!({"type": "error", "error": {"type": "some_error", "message": message}})
            }
            _ => json!({"error": {"message": message, "type": "some_error"}}),
        }
    }
}

pub(crate) fn home() -> Home {
    let mut home = Home::new();
    home.keeps_secret(KEY);
    home.set("GOOSE_DISABLE_KEYRING", "1");
    home
}

pub(crate) fn set_up(home: &Home, args: &[&str]) -> Outcome {
    Setup::new(home)
        .args(["custom"])
        .args(args)
        .args(["--yes", "--json"])
        .stdin(KEY)
        .run()
}

pub(crate) fn definition(home: &Home, id: &str) -> Value {
    let path = format!(".config/goose/custom_providers/{id}.json");
    assert_eq!(home.mode(&home.path().join(&path)), 0o600);
    serde_json::from_str(&home.read(&path)).unwrap()
}

/// Nothing that was asked could have cost a token.
#[track_caller]
pub(crate) fn nothing_was_spent(server: &Server) {
    for seen in server.seen().iter().filter(|seen| seen.method == "POST") {
        let is_free = seen.body == "{}" || seen.path().ends_with("/api/show");
        assert!(is_free, "{seen:#?}");
    }
}
