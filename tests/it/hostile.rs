//! Answers and files of somebody who means no good: refused or contained, with words.

use crate::world::http::Answer;
use crate::world::provider::OPENROUTER;
use crate::world::run::Outcome;
use crate::world::stage::Stage;
use serde_json::json;
use std::io::Write;
use std::os::unix::fs::chown;
use std::process::{Command, Stdio};
use std::time::Duration;

const SECONDS: u64 = 3;

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
        ("64 MiB", Answer::huge(64 << 20)),
        (
            "a gzip bomb",
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
        let (_stage, outcome) = checked(answer);
        assert_unreachable(name, &outcome);
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

#[test]
fn a_config_that_would_fill_the_memory_is_refused_in_time() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![below; 10].join(", ")
        ));
    }
    let deep = format!("a: {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    let maps = format!("a: {}1{}\n", "{a: ".repeat(5_000), "}".repeat(5_000));
    let steps = format!("a:\n  {}1\n", "- ".repeat(20_000));
    let huge = "a: b\n# ".to_owned() + &"x".repeat(17 << 20);
    for (name, text, code) in [
        ("an alias bomb", bomb, 6),
        ("a deep list", deep, 6),
        ("deep maps", maps, 6),
        ("deep steps", steps, 6),
        ("more than 16 MiB", huge, 1),
    ] {
        let stage = Stage::on_a_server();
        stage.home.write_config(&text);
        stage.home.write_secrets(&format!(
            "OPENROUTER_API_KEY: '{}'\n",
            OPENROUTER.key("stored")
        ));
        let before = stage.home.tree();
        for args in [["switch", "openrouter"], ["status", "--json"]] {
            let told = stage.runs(args).within(Duration::from_secs(10)).run();
            assert_eq!(told.code, code, "{name}: {told}");
            assert!(format!("{told}").contains("config.yaml"), "{name}: {told}");
        }
        let told = stage
            .runs(["doctor", "--json"])
            .code(10)
            .within(Duration::from_secs(10))
            .run();
        assert!(told.stdout.contains("config-broken"), "{name}: {told}");
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn a_config_of_ten_megabytes_is_changed_in_time() {
    let stage = Stage::on_a_server();
    let text = format!(
        "GOOSE_DISABLE_KEYRING: true\n{}",
        "# a line that says nothing at all\n".repeat(300_000)
    );
    assert!(text.len() > 10_000_000);
    stage.home.write_config(&text);
    stage.home.write_secrets(&format!(
        "OPENROUTER_API_KEY: '{}'\n",
        OPENROUTER.key("stored")
    ));
    stage
        .runs(["switch", "openrouter", "--model", "m"])
        .code(0)
        .within(Duration::from_secs(55))
        .run();
    assert!(stage.home.config().starts_with(&text[..1000]));
    assert_eq!(stage.home.config_yaml()["active_provider"], OPENROUTER.id);
}

#[test]
fn under_sudo_nothing_is_written_into_the_home_of_another() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    chown(stage.home.path(), Some(12345), None).unwrap();
    let before = stage.home.tree();
    let told = stage
        .runs(["switch", "openrouter", "--model", "another/model"])
        .env("SUDO_USER", "ann")
        .code(2)
        .run();
    assert!(
        told.stderr.contains("sudo") && told.stderr.contains("ann"),
        "{told}"
    );
    before.assert_same(&stage.home.tree());
    let told = stage
        .runs(["doctor", "--json"])
        .env("SUDO_USER", "ann")
        .code(10)
        .run();
    assert!(told.stdout.contains("sudo-home"), "{told}");
    // A container's root with a mounted home is nobody's sudo.
    stage
        .runs(["switch", "openrouter", "--model", "another/model"])
        .code(0)
        .run();
}
