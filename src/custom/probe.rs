//! What answers at an address nobody has described: asked with requests that cost nothing.
//!
//! A chat request with an empty body is refused by every server before a model is bothered, and how it is refused tells
//! whether there is such a function, and whether it wants a key.

use std::thread::{self, ScopedJoinHandle};

use serde_json::Value;

use crate::catalog::{Auth, Method};
use crate::check::http::{Call, Http, Reply, Trouble};
use crate::check::{Finding, lacks_model};
use crate::custom::endpoint::Endpoint;
use crate::goose::custom::{Engine, Headers};
use crate::secret::Secret;
use crate::verdict::{Cause, Verdict};

pub(crate) const ANTHROPIC_VERSION: &str = "2023-06-01";
const LIST_LIMIT: u64 = 16 * 1024 * 1024;
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// One place where an API may be, and how it answered there.
pub(crate) struct Door {
    pub(crate) engine: Engine,
    /// What the paths of the API hang on.
    pub(crate) base: String,
    pub(crate) list: Answer,
    pub(crate) chat: Answer,
}

/// `Err`: nobody answered.
pub(crate) type Answer = Result<Reply, Trouble>;

/// The door that is open, of all that were knocked at.
pub(crate) struct Found {
    pub(crate) door: Door,
    pub(crate) requests: u32,
}

/// Who asks, and whom: what every question has in common.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) http: &'a Http,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) key: Option<&'a Secret>,
    /// Those that goose will send along.
    pub(crate) headers: &'a Headers,
}

impl<'a> Caller<'a> {
    pub(crate) fn headers(&self, engine: Engine) -> Vec<(&'a str, &'a str)> {
        let of_api: &[(&str, &str)] = match engine {
            Engine::Anthropic => &[("anthropic-version", ANTHROPIC_VERSION)],
            Engine::Openai | Engine::Ollama => &[],
        };
        let own = self.headers.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        of_api.iter().copied().chain(own).collect()
    }
}

/// Asks everywhere at once. `only` where the person knows the kind of API.
pub(crate) fn look(caller: Caller<'_>, only: Option<Engine>) -> Result<Found, Finding> {
    let endpoint = caller.endpoint;
    let engines = [Engine::Openai, Engine::Anthropic, Engine::Ollama]
        .into_iter()
        .filter(|engine| only.is_none_or(|only| only == *engine));
    let places: Vec<(Engine, String)> = engines
        .flat_map(|engine| {
            let bases = endpoint.bases(engine);
            bases.into_iter().map(move |base| (engine, base))
        })
        .collect();
    let mut requests = 0;
    let doors: Vec<Door> = thread::scope(|scope| {
        let asked: Vec<_> = places
            .iter()
            .map(|(engine, base)| {
                let ask =
                    move |what: Question| scope.spawn(move || what.ask(caller, *engine, base));
                (*engine, base, ask(Question::List), ask(Question::Chat))
            })
            .collect();
        asked
            .into_iter()
            .map(|(engine, base, list, chat)| Door {
                engine,
                base: base.clone(),
                list: joined(list, &mut requests),
                chat: joined(chat, &mut requests),
            })
            .collect()
    });
    choose(doors, endpoint)
        .map(|door| Found { door, requests })
        .map_err(|finding| Finding {
            requests,
            ..finding
        })
}

fn joined(asked: ScopedJoinHandle<'_, (Answer, u32)>, requests: &mut u32) -> Answer {
    let (answer, count) = asked
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    *requests += count;
    answer
}

#[derive(Clone, Copy)]
enum Question {
    List,
    Chat,
}

impl Question {
    fn ask(self, caller: Caller<'_>, engine: Engine, base: &str) -> (Answer, u32) {
        let (path, body) = match (self, engine) {
            (Self::List, Engine::Openai) => ("/models", None),
            (Self::List, Engine::Anthropic) => ("/v1/models", None),
            (Self::List, Engine::Ollama) => ("/api/tags", None),
            (Self::Chat, Engine::Openai) => ("/chat/completions", Some("{}")),
            (Self::Chat, Engine::Anthropic) => ("/v1/messages", Some("{}")),
            // Others list models as Ollama does; only Ollama itself also tells its version like this.
            (Self::Chat, Engine::Ollama) => ("/api/version", None),
        };
        let mut requests = 0;
        let answer = caller.http.send(
            &Call {
                url: caller.endpoint.url(engine, base, path),
                method: if body.is_some() {
                    Method::Post
                } else {
                    Method::Get
                },
                auth: auth(engine),
                key: caller.key,
                headers: caller.headers(engine),
                body,
                limit: match self {
                    Self::List => LIST_LIMIT,
                    Self::Chat => ANSWER_LIMIT,
                },
            },
            &mut requests,
        );
        (answer, requests)
    }
}

pub(crate) fn auth(engine: Engine) -> Auth {
    match engine {
        Engine::Openai | Engine::Ollama => Auth::Bearer,
        Engine::Anthropic => Auth::Header("x-api-key"),
    }
}

impl Door {
    /// Something behind this door takes chat requests of its kind.
    fn is_open(&self) -> bool {
        match self.engine {
            Engine::Ollama => self.is_ollama() || self.wants_key(),
            Engine::Openai | Engine::Anthropic => self.chat.as_ref().is_ok_and(exists),
        }
    }

    pub(crate) fn is_ollama(&self) -> bool {
        let tells_version = json_of(&self.chat).is_some_and(|json| json.get("version").is_some());
        let lists = json_of(&self.list).is_some_and(|json| {
            // Servers that imitate it answer in two styles at once.
            json.get("models").is_some_and(Value::is_array) && json.get("data").is_none()
        });
        tells_version && lists
    }

    /// Without a key it says no, or breaks down over the lack of one; asked without one.
    pub(crate) fn wants_key(&self) -> bool {
        match self.engine {
            Engine::Ollama => is_denied(&self.list),
            Engine::Openai | Engine::Anthropic => {
                is_denied(&self.list)
                    || is_denied(&self.chat)
                    || (breaks(&self.list) && breaks(&self.chat))
            }
        }
    }

    /// The list is closed without a key; asked without one.
    pub(crate) fn locks_list(&self) -> bool {
        is_denied(&self.list) || breaks(&self.list)
    }

    pub(crate) fn lists(&self) -> bool {
        let list = json_of(&self.list);
        match self.engine {
            Engine::Ollama => list.is_some_and(|json| json.get("models").is_some()),
            Engine::Openai | Engine::Anthropic => {
                list.is_some_and(|json| json.get("data").is_some_and(Value::is_array))
            }
        }
    }

    /// There is no list of models here, whatever the key.
    pub(crate) fn has_no_list(&self) -> bool {
        self.list.as_ref().is_ok_and(|reply| !exists(reply))
    }

    /// Says so in the words of Anthropic's API, whichever way it is asked.
    fn speaks_anthropic(&self) -> bool {
        let is_error = |json: &Value| json.get("type").is_some_and(|kind| kind == "error");
        let first_model = |json: &Value| {
            let first = json.get("data")?.get(0)?.clone();
            Some(first.get("object").is_none() && first.get("type")? == "model")
        };
        let body = |answer: &Answer| answer.as_ref().ok().and_then(|reply| reply.json.clone());
        let list = body(&self.list);
        list.as_ref().and_then(first_model).unwrap_or(false)
            || list.as_ref().is_some_and(is_error)
            || body(&self.chat).as_ref().is_some_and(is_error)
    }
}

/// There is such a function: not "no such page", not a web page, not a redirect.
fn exists(reply: &Reply) -> bool {
    !reply.is_page
        && (lacks_model(reply) || !matches!(reply.status, 300..=399 | 404 | 405 | 410 | 501..=504))
}

fn is_denied(answer: &Answer) -> bool {
    let is_refusal = |reply: &Reply| matches!(reply.status, 401 | 403) && !reply.is_page;
    answer.as_ref().is_ok_and(is_refusal)
}

/// As a LiteLLM without a database does where the key is missing.
fn breaks(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|reply| reply.status == 500)
}

/// The body of a good answer.
pub(crate) fn json_of(answer: &Answer) -> Option<&Value> {
    let reply = answer.as_ref().ok()?;
    (200..300)
        .contains(&reply.status)
        .then_some(reply.json.as_ref())
        .flatten()
}

fn choose(mut doors: Vec<Door>, endpoint: &Endpoint) -> Result<Door, Finding> {
    let best_of = |engine: Engine| {
        // A door that lists models too is surer than one that is only there; else the likelier place.
        doors
            .iter()
            .enumerate()
            .filter(|(_, door)| door.engine == engine && door.is_open())
            .min_by_key(|(place, door)| (!door.lists(), *place))
            .map(|(place, _)| place)
    };
    let openai = best_of(Engine::Openai);
    let anthropic = best_of(Engine::Anthropic);
    let ollama = best_of(Engine::Ollama);
    let is_sure = |place: &usize| doors.get(*place).is_some_and(Door::is_ollama);
    let is_anthropic = |place: &usize| {
        let speaks = |place: &usize| doors.get(*place).is_some_and(Door::speaks_anthropic);
        openai.is_none_or(|openai| speaks(&openai)) && speaks(place)
            || openai.is_none()
            || endpoint.hint == Some(Engine::Anthropic)
    };
    let chosen = ollama
        .filter(|place| is_sure(place) && endpoint.hint != Some(Engine::Anthropic))
        .or_else(|| anthropic.filter(|place| is_anthropic(place)))
        .or_else(|| ollama.filter(|_| endpoint.hint == Some(Engine::Ollama)))
        .or(openai)
        .or(anthropic)
        .or(ollama);
    match chosen {
        Some(place) => Ok(doors.swap_remove(place)),
        None => Err(nothing(&doors, endpoint)),
    }
}

/// Why none of the doors is one.
fn nothing(doors: &[Door], endpoint: &Endpoint) -> Finding {
    let answers = || doors.iter().flat_map(|door| [&door.list, &door.chat]);
    let heard = answers().find_map(|answer| answer.as_ref().ok());
    let trouble = answers().find_map(|answer| answer.as_ref().err());
    let ailing = answers()
        .filter_map(|answer| answer.as_ref().ok())
        .find(|reply| matches!(reply.status, 502..=504));
    if let Some(Reply { status, .. }) = ailing {
        return Finding {
            cause: Some(Cause::ServerError),
            http_status: Some(*status),
            ..Finding::new(
                Verdict::Unreachable,
                format!("{} has trouble of its own ({status})", endpoint.host()),
                "try again in a few minutes",
            )
        };
    }
    match (heard, trouble) {
        (None, Some(trouble)) => trouble.clone().into(),
        (heard, _) => {
            let is_page = answers().any(|answer| answer.as_ref().is_ok_and(|reply| reply.is_page));
            let what = match heard {
                Some(_) if is_page => "a web page".to_owned(),
                Some(reply) => format!("{} to every question", reply.status),
                None => "nothing".to_owned(),
            };
            Finding {
                cause: Some(Cause::NotThisApi),
                http_status: heard.map(|reply| reply.status),
                ..Finding::new(
                    Verdict::Unreachable,
                    format!(
                        "what answers at {} speaks neither like OpenAI nor Anthropic nor Ollama: it sends {what}",
                        endpoint.origin
                    ),
                    "paste the address of a chat request from its documentation, or give --engine, --model and --no-check",
                )
            }
        }
    }
}
