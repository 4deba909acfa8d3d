//! Answers of somebody who means no good: refused or contained, with words.

use crate::world::http::Answer;
use crate::world::provider::OPENROUTER;
use crate::world::run::Outcome;
use crate::world::stage::Stage;
use crate::world::tools::announce;
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const SECONDS: u64 = 3;
const LARGE: &str = "64 MiB";
const BOMB: &str = "a gzip bomb";

/// The check of a key that is stored, when OpenRouter answers like this.
fn checked(answer: Answer) -> (Stage, Outcome) {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    stage
        .internet
        .answers(OPENROUTER.host, "/api/v1/key", answer);
    let outcome = stage
        .runs(["check", "--json", "--timeout", &SECONDS.to_string()])
        .within(Duration::from_secs(SECONDS + 3))
        .run();
    (stage, outcome)
}

#[track_caller]
fn assert_unreachable(name: &str, outcome: &Outcome) {
    assert_eq!(outcome.code, 4, "{name}: {outcome}");
    let result = &outcome.json()["results"][0];
    assert_eq!(result["verdict"], "unreachable", "{name}: {outcome}");
    assert!(
        result["detail"]
            .as_str()
            .is_some_and(|detail| detail.len() > 10),
        "{name}"
    );
}

/// `bytes` blanks, packed as small as they go.
fn packed(bytes: usize) -> Vec<u8> {
    let mut gzip = Command::new("gzip")
        .arg("-9c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let block = vec![b' '; 1 << 20];
        for _ in 0..bytes >> 20 {
            stdin.write_all(&block).unwrap();
        }
    });
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap();
    output.stdout
}

#[test]
fn an_answer_of_any_size_or_none_ends_in_time_with_words() {
    let bomb = packed(256 << 20);
    assert!(bomb.len() < 1 << 20);
    let answers = [
        (LARGE, Answer::huge(64 << 20)),
        (
            BOMB,
            Answer::new(200, "application/json", bomb).with("content-encoding", "gzip"),
        ),
        (
            "broken gzip",
            Answer::text(200, "no gzip").with("content-encoding", "gzip"),
        ),
        ("no answer", Answer::hang()),
        ("a closed door", Answer::close()),
        ("half an answer", Answer::huge(4096).cut(100)),
        (
            "not UTF-8",
            Answer::new(
                200,
                "application/json",
                b"{\"data\": \"\xff\xfe\"}".to_vec(),
            ),
        ),
        (
            "deep JSON",
            Answer::new(200, "application/json", "[".repeat(200_000)),
        ),
        ("a login page", Answer::login_page()),
        (
            "a loop",
            Answer::redirect("https://openrouter.ai/api/v1/key"),
        ),
    ];
    for (name, answer) in answers {
        let (stage, outcome) = checked(answer);
        assert_unreachable(name, &outcome);
        // Not read to its end and then found to be no JSON.
        let is_cut = outcome.stdout.contains("larger than");
        assert_eq!(is_cut, [LARGE, BOMB].contains(&name), "{name}: {outcome}");
        let asked = stage.internet.requests().len();
        assert!(asked <= 5, "{name}: asked {asked} times");
    }
}

/// Every command that waits for an answer, and where the answer comes from.
const WAITING: [(&[&str], &str); 8] = [
    (&["check"], "/api/v1/key"),
    (&["models"], "/api/v1/models"),
    (&["limits"], "/api/v1/key"),
    (&["doctor"], "/api/v1/key"),
    (&["switch", "openrouter", "--check"], "/api/v1/key"),
    (
        &["fallback", OPENROUTER.other_model, "--yes"],
        "/api/v1/models",
    ),
    (
        &["openrouter", "--yes", "--model", OPENROUTER.model],
        "/api/v1/key",
    ),
    (
        &[
            "custom",
            "https://openrouter.ai/api",
            "--yes",
            "--store",
            "file",
        ],
        "/",
    ),
];

#[test]
fn nobody_who_keeps_dripping_keeps_us() {
    let limit = Duration::from_secs(1);
    let mut count = 0;
    for (args, path) in WAITING {
        for (name, answer) in Answer::drips() {
            let stage = Stage::on_a_server();
            stage.has(OPENROUTER);
            let host = OPENROUTER.host;
            stage.internet.answers(host, path, answer);
            let before = stage.home.config();
            let outcome = stage
                .runs(args)
                .args(["--timeout", "1", "--json"])
                .within(5 * limit)
                .run();
            assert_ne!(outcome.code, 0, "{args:?}, {name}: {outcome}");
            assert!(outcome.took < 3 * limit, "{args:?}, {name}: {outcome:?}");
            assert!(
                outcome.stdout.contains("in time"),
                "{args:?}, {name}: {outcome}"
            );
            assert_eq!(stage.home.config(), before, "{args:?}, {name}");
            count += 1;
        }
    }
    announce(&format!(
        "{count} of {count} commands end in time while an answer drips"
    ));
}

#[test]
fn no_command_takes_a_key_along_to_where_it_is_sent_on() {
    for (args, path) in WAITING {
        for to in ["https://evil.example/", "http://openrouter.ai/plain"] {
            let stage = Stage::on_a_server();
            let key = stage.has(OPENROUTER);
            stage
                .internet
                .answers("evil.example", "/", Answer::text(200, "{}"));
            // With this status a request is sent on whole, its body included.
            let redirect = Answer::text(307, "").with("location", to);
            stage.internet.answers(OPENROUTER.host, path, redirect);
            let outcome = stage.runs(args).args(["--json"]).run();
            assert_ne!(outcome.code, 0, "{args:?}: {outcome}");
            for seen in stage.internet.requests() {
                assert!(
                    seen.host == OPENROUTER.host && seen.encrypted,
                    "{args:?} to {to}: {seen:?}"
                );
            }
            assert!(!outcome.stdout.contains(&key));
        }
    }
}

#[test]
fn a_key_never_follows_a_redirect_to_somebody_else() {
    for to in [
        "https://evil.example/steal",
        "http://openrouter.ai/api/v1/key",
        "https://openrouter.ai:8443/api/v1/key",
        "https://openrouter.ai.evil.example/",
    ] {
        let stage = Stage::on_a_server();
        let key = stage.has(OPENROUTER);
        stage
            .internet
            .answers("evil.example", "/", Answer::text(200, "thanks"));
        stage
            .internet
            .answers(OPENROUTER.host, "/api/v1/key", Answer::redirect(to));
        let outcome = stage.runs(["check", "--json"]).code(4).run();
        assert_unreachable(to, &outcome);
        for seen in stage.internet.requests() {
            assert!(
                seen.host == OPENROUTER.host && seen.encrypted,
                "{to}: {seen:?}"
            );
        }
        assert!(!outcome.stdout.contains(&key));
    }
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    const EVIL: &str = "\u{1b}]52;c;cm0gLXJm\u{7}\u{9b}2J\u{202e}evil\u{2066}\r\n\u{1b}[31m";
    let is_calm =
        |text: &str| !text.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{2066}', '\r']);
    for code in [400, 401, 402, 403, 429, 500] {
        let body = json!({"error": {"message": format!("no {EVIL} key"), "code": code}});
        let (_stage, outcome) = checked(Answer::json(code, &body));
        let detail = outcome.json()["results"][0].to_string();
        assert!(
            is_calm(&detail) && !detail.contains("\\u001b"),
            "{code}: {outcome:?}"
        );
    }
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    let model = |id: &str| {
        json!({"id": id, "name": format!("Nice {EVIL} model"), "context_length": 8192,
        "pricing": {"prompt": "0.1", "completion": "0.1"}, "supported_parameters": ["tools"]})
    };
    let list = json!({"data": [model(EVIL), model("good/model")]});
    stage
        .internet
        .answers(OPENROUTER.host, "/api/v1/models", Answer::json(200, &list));
    let told = stage.runs(["models"]).code(0).run();
    assert!(
        told.stdout.contains("good/model") && is_calm(&told.stdout),
        "{told:?}"
    );
    let told = stage.runs(["models", "--json"]).code(0).run();
    assert_eq!(told.json()["models"].as_array().unwrap().len(), 1, "{told}");
}
