//! What an endpoint of one's own is found to be able to do, without a token spent, and what goose makes of it.

use crate::world::chat::MARKER;
use crate::world::endpoint::{
    Engine, MODEL, Manners, Server, definition, home, nothing_was_spent, set_up,
};
use crate::world::goose::{Goose, NEWEST};
use crate::world::run::Setup;
use crate::world::tools;
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ID: &str = "custom_box";

fn list(row: &Value) -> Option<Value> {
    let mut row = row.clone();
    row["id"] = json!(MODEL);
    Some(json!({"object": "list", "data": [row]}))
}

fn with_pages(pages: &[(&'static str, Value)]) -> Manners {
    Manners {
        list: list(&json!({})),
        pages: pages.to_vec(),
        ..Manners::default()
    }
}

/// (what kind of server, its manners, context, tools, whether it streams)
type Kind = (&'static str, Manners, Value, Value, Value);

fn kinds() -> Vec<Kind> {
    let listing = |row: Value| Manners {
        list: list(&row),
        ..Manners::default()
    };
    let described = json!({
        "paths": {"/v1/chat/completions": {"post": {"requestBody": {"content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/Chat"}}}}}}},
        "components": {"schemas": {"Chat": {"properties": {"messages": {}, "stream": {}, "tools": {}}}}},
    });
    vec![
        (
            "vLLM",
            listing(json!({"owned_by": "vllm", "max_model_len": 32768})),
            json!(32768),
            json!(null),
            json!(true),
        ),
        (
            "LM Studio",
            with_pages(&[(
                "/api/v0/models",
                json!({"data": [{"id": MODEL, "type": "llm", "max_context_length": 131_072, "loaded_context_length": 8192,
                    "capabilities": ["tool_use"]}]}),
            )]),
            json!(8192),
            json!(true),
            json!(true),
        ),
        (
            "llama.cpp",
            with_pages(&[(
                "/props",
                json!({"default_generation_settings": {"n_ctx": 16384}, "chat_template_caps": {"supports_tools": false}}),
            )]),
            json!(16384),
            json!(false),
            json!(true),
        ),
        (
            "LiteLLM",
            with_pages(&[(
                "/model/info",
                json!({"data": [{"model_name": MODEL, "model_info": {"mode": "chat", "max_input_tokens": 128_000,
                    "supports_function_calling": true}}]}),
            )]),
            json!(128_000),
            json!(true),
            json!(true),
        ),
        (
            "a router of OpenRouter's kind",
            listing(json!({"context_length": 200_000, "supported_parameters": ["tools"]})),
            json!(200_000),
            json!(true),
            json!(null),
        ),
        (
            "one that describes itself",
            with_pages(&[("/openapi.json", described)]),
            json!(null),
            json!(null),
            json!(true),
        ),
        (
            "one that tells nothing",
            listing(json!({})),
            json!(null),
            json!(null),
            json!(null),
        ),
    ]
}

#[test]
fn each_kind_of_server_tells_what_it_can_and_what_it_does_not_tell_is_called_unknown() {
    let goose = Goose::version(NEWEST);
    for (kind, manners, context, tools, streams) in kinds() {
        let server = Server::with(manners);
        let home = home();
        let outcome = set_up(&home, &[&server.at(""), "--name", "box"]);
        assert_eq!(outcome.code, 0, "{kind}: {outcome}");
        nothing_was_spent(&server);
        let json = outcome.json();
        let model = &json["models"][0];
        assert_eq!(
            (&model["context"], &model["tools"]),
            (&context, &tools),
            "{kind}"
        );
        assert_eq!(json["streaming"]["known"], streams, "{kind}");
        assert_eq!(json["streaming"]["used"], true, "{kind}");
        let source = json["streaming"]["source"].as_str();
        assert_eq!(source.is_some(), !streams.is_null(), "{kind}");
        let notes = json["notes"].to_string();
        for (is_unknown, words) in [
            (context.is_null(), "how much context"),
            (tools.is_null(), "whether it calls tools"),
            (streams.is_null(), "--streaming no"),
        ] {
            assert_eq!(notes.contains(words), is_unknown, "{kind}: {notes}");
        }
        let sent = server.seen().len();
        assert_eq!(
            json["requests"],
            json!(sent),
            "{kind}: every request counts"
        );
        let file = definition(&home, ID);
        assert_eq!(file["supports_streaming"], true, "{kind}");
        assert_eq!(file["models"][0]["context_limit"], context, "{kind}");
        if let Some(goose) = &goose {
            let said = goose.hi(&home);
            assert!(said.stdout.contains(MARKER), "{kind}: {said}");
            let last = server.chats().pop().unwrap();
            assert!(last.body.contains(r#""stream":true"#), "{kind}: {last:?}");
        }
    }
}

#[test]
fn what_is_unknown_is_said_in_words() {
    let server = Server::with(kinds().pop().unwrap().1);
    let home = home();
    let said = Setup::new(&home)
        .args(["custom", &server.at(""), "--yes"])
        .code(0)
        .run();
    let words = "context: unknown; calls tools: unknown; streams: unknown, taken as yes";
    assert!(said.stdout.contains(words), "{said}");
    let shown = Setup::new(&home)
        .args(["custom", &server.at(""), "--name", "new", "--dry-run"])
        .code(0)
        .run();
    assert!(
        shown.stdout.contains(words) && shown.stdout.contains("note: nothing tells"),
        "{shown}"
    );
    let sure = Server::plain(Engine::Ollama, None);
    let said = Setup::new(&home)
        .args(["custom", &sure.at(""), "--yes", "--model", MODEL])
        .code(0)
        .run();
    let words = "context: 40960 tokens; calls tools: yes; streams: yes";
    assert!(said.stdout.contains(words), "{said}");
}

fn whole(list: Option<Value>) -> Server {
    Server::with(Manners {
        list,
        answers_whole: true,
        ..Manners::default()
    })
}

#[test]
fn goose_asks_for_whole_answers_where_the_endpoint_says_that_it_does_not_stream() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let server = whole(list(&json!({"supports_streaming": false})));
    let home = home();
    let json = set_up(&home, &[&server.at(""), "--name", "box"]).json();
    assert_eq!(
        (&json["streaming"]["known"], &json["streaming"]["used"]),
        (&json!(false), &json!(false)),
        "{json}"
    );
    assert!(json["notes"].to_string().contains("in one piece"), "{json}");
    assert_eq!(definition(&home, ID)["supports_streaming"], false);
    let said = goose.hi(&home);
    assert!(said.stdout.contains(MARKER), "{said}");
    assert!(
        server
            .chats()
            .iter()
            .all(|chat| !chat.body.contains(r#""stream":true"#))
    );
}

#[test]
fn a_person_who_knows_better_says_so_and_it_stays() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let server = whole(list(&json!({})));
    let home = home();
    let url = server.at("");
    set_up(&home, &[&url, "--name", "box", "--streaming", "no"]);
    assert!(goose.hi(&home).stdout.contains(MARKER));
    let edited = set_up(&home, &["edit", "box"]).json();
    assert_eq!(edited["streaming"]["used"], false, "{edited}");
    assert_eq!(edited["changes"], json!([]));
    let edited = set_up(&home, &["edit", "box", "--streaming", "yes"]).json();
    assert_eq!(edited["streaming"]["used"], true);
    assert_eq!(definition(&home, ID)["supports_streaming"], true);
    for engine in [Engine::Anthropic, Engine::Ollama] {
        let other = Server::plain(engine, None);
        let before = home.tree();
        let args = [&*other.at(""), "--model", MODEL, "--streaming", "no"];
        let outcome = set_up(&home, &args);
        assert_eq!(outcome.code, 2, "{outcome}");
        before.assert_same(&home.tree());
    }
}

#[test]
fn headers_go_along_with_every_question_and_with_every_chat() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for engine in [Engine::Openai, Engine::Anthropic, Engine::Ollama] {
        let server = Server::plain(engine, None);
        let home = home();
        let url = server.at("");
        let args = [
            &*url,
            "--name",
            "box",
            "--model",
            MODEL,
            "--header",
            "X-Team=blue",
            "--header",
            "X-Floor: 3",
        ];
        let json = set_up(&home, &args).json();
        assert_eq!(json["headers"], json!(["X-Floor", "X-Team"]), "{json}");
        let said = goose.hi(&home);
        assert!(said.stdout.contains(MARKER), "{engine:?}: {said}");
        Setup::new(&home).args(["check", "box"]).code(0).run();
        let seen = server.seen();
        assert!(!server.chats().is_empty());
        for request in &seen {
            // goose itself leaves them out where it only looks at an Ollama's list.
            let is_gooses_list = request
                .header("user-agent")
                .is_none_or(|agent| !agent.contains("goose-setup"))
                && request.method == "GET";
            assert!(
                is_gooses_list || request.header("x-team") == Some("blue"),
                "{engine:?}: {request:#?}"
            );
        }
        let json = set_up(&home, &["edit", "box", "--header", "x-team="]).json();
        assert_eq!(json["headers"], json!(["X-Floor"]));
        assert_eq!(definition(&home, ID)["headers"], json!({"X-Floor": "3"}));
    }
}

#[test]
fn a_header_with_a_secret_is_refused_before_anybody_is_asked_and_is_not_repeated() {
    let server = Server::plain(Engine::Openai, None);
    let home = home();
    let before = home.tree();
    for header in [
        "Authorization: Bearer hunter2",
        "X-Api-Key=hunter2",
        "X-Forwarded=sk-or-v1-hunter2",
        "hunter2",
    ] {
        let outcome = set_up(
            &home,
            &[&server.at(""), "--model", MODEL, "--header", header],
        );
        assert_eq!(outcome.code, 2, "{outcome}");
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert!(server.seen().is_empty());
    before.assert_same(&home.tree());
}

#[test]
fn a_secret_header_written_by_hand_is_kept_but_goes_to_no_other_address() {
    let server = Server::plain(Engine::Openai, None);
    let stranger = Server::plain(Engine::Openai, None);
    let home = home();
    set_up(&home, &[&server.at(""), "--name", "box", "--model", MODEL]);
    let path = format!(".config/goose/custom_providers/{ID}.json");
    let secret = r#""headers": {"X-Access-Token": "hunter2", "X-Team": "blue"}"#;
    home.write(&path, home.read(&path).replace("\"headers\": null", secret));
    set_up(&home, &["edit", "box", "--model", "box-small"]);
    assert_eq!(
        definition(&home, ID)["headers"]["X-Access-Token"],
        "hunter2"
    );
    let json = set_up(&home, &["edit", "box", "--url", &stranger.at("")]).json();
    assert!(json["notes"].to_string().contains("left behind"), "{json}");
    assert_eq!(definition(&home, ID)["headers"], json!({"X-Team": "blue"}));
    let seen = stranger.seen();
    assert!(
        !seen.is_empty()
            && seen
                .iter()
                .all(|seen| seen.header("x-access-token").is_none())
    );
}

/// A LiteLLM that ends with the test.
struct LiteLlm(Child);

impl Drop for LiteLlm {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_real_litellm_tells_context_tools_and_that_it_streams() {
    let program = tools::folder().join("litellm/bin/litellm");
    if !program.is_file() {
        tools::skip_loudly("LiteLLM 1.108.7");
        return;
    }
    let home = home();
    home.write(
        "litellm.yaml",
        "model_list:\n  - model_name: team-gpt\n    litellm_params: {model: openai/gpt-4o, api_key: none, api_base: 'http://127.0.0.1:1'}\ngeneral_settings: {master_key: sk-master-0123456789}\n",
    );
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let child = Command::new(&program)
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .args(["--config"])
        .arg(home.path().join("litellm.yaml"))
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _litellm = LiteLlm(child);
    let deadline = Instant::now() + Duration::from_secs(90);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "LiteLLM did not start");
        std::thread::sleep(Duration::from_millis(200));
    }
    let url = format!("http://127.0.0.1:{port}");
    let run = |key: &str, code| {
        let args = ["custom", &*url, "--name", "box", "--key-stdin", "--yes"];
        Setup::new(&home)
            .args(args)
            .args(["--json"])
            .stdin(key)
            .code(code)
            .run()
            .json()
    };
    let refused = run("sk-wrong-0123456789", 3);
    assert_eq!(refused["verdict"], "invalid", "{refused}");
    let json = run("sk-master-0123456789", 0);
    assert_eq!(json["verdict"], "valid", "{json}");
    assert_eq!(
        json["models"],
        json!([{"id": "team-gpt", "context": 128_000, "tools": true}])
    );
    assert_eq!(json["streaming"]["known"], true);
    let source = json["streaming"]["source"].as_str().unwrap_or_default();
    assert!(source.contains("LiteLLM"), "{json}");
}
