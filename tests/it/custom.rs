//! Endpoints of the user's own: any address that people paste, three kinds of API, and the real goose that answers through.

use crate::world::chat::{self, MARKER};
use crate::world::endpoint::{
    Engine, KEY, MODEL, Server, definition, home, nothing_was_spent, set_up,
};
use crate::world::goose::{Goose, NEWEST};
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::provider::{ANTHROPIC, OPENAI, Provider};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use serde_json::json;

fn with_key<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &[url, "--name", "The Box", "--model", MODEL, "--key-stdin"],
        more,
    ]
    .concat()
}

fn ten_shapes(engine: Engine) {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let (chat, list) = match engine {
        Engine::Openai => ("/v1/chat/completions", "/v1/models"),
        Engine::Anthropic => ("/v1/messages", "/v1/models"),
        Engine::Ollama => ("/api/chat", "/api/tags"),
    };
    let shapes: [(&str, &str, String); 10] = [
        ("127.0.0.1", "", "127.0.0.1:PORT".into()),
        ("127.0.0.1", "", "  <http://localhost:PORT>\t".into()),
        ("127.0.0.1", "", "HTTP://127.0.0.1:PORT/".into()),
        ("127.0.0.1", "", "http://127.0.0.1:PORT/v1".into()),
        ("127.0.0.1", "", "127.0.0.1:PORT/v1/".into()),
        ("127.0.0.1", "", format!("http://127.0.0.1:PORT{chat}")),
        ("127.0.0.1", "", format!("http://127.0.0.1:PORT{list}#top")),
        ("::1", "", "http://[::1]:PORT/v1".into()),
        (
            "127.0.0.1",
            "/team/blue",
            "http://127.0.0.1:PORT/team/blue/v1".into(),
        ),
        (
            "127.0.0.1",
            "",
            "http://127.0.0.1:PORT/v1?api-version=2024-10-21".into(),
        ),
    ];
    for (listen, prefix, shape) in shapes {
        let server = Server::new(engine, listen, prefix, Some(KEY));
        let home = home();
        let url = shape.replace("PORT", &server.address.port().to_string());
        let outcome = set_up(&home, &with_key(&url, &[]));
        assert_eq!(outcome.code, 0, "{engine:?} {shape}: {outcome}");
        nothing_was_spent(&server);
        let json = outcome.json();
        assert_eq!(json["schema"], "goose-setup/custom/1");
        assert_eq!(json["requests"], server.seen().len(), "{shape}");
        assert_eq!(json["provider"], "custom_the_box");
        assert_eq!(
            json["engine"],
            format!("{engine:?}").to_lowercase(),
            "{shape}"
        );
        assert_eq!(json["verdict"], "valid", "{shape}");
        assert_eq!(json["goose_agrees"], true, "{shape}");
        let definition = definition(&home, "custom_the_box");
        assert_eq!(definition["models"][0]["context_limit"], 40960, "{shape}");
        assert_eq!(definition["requires_auth"], true);
        assert_eq!(home.secrets_yaml()["CUSTOM_THE_BOX_API_KEY"], KEY);
        assert_eq!(
            home.files_with(KEY),
            [home.secrets_file().strip_prefix(home.path()).unwrap()]
        );

        let said = goose.hi(&home);
        assert!(
            said.stdout.contains(MARKER),
            "{engine:?} {shape}: {said}\n{:#?}",
            server.seen()
        );
        // An Ollama's sessions are named through another model of its list.
        let chats = server.chats();
        assert!(
            chats
                .iter()
                .any(|seen| seen.model().as_deref() == Some(MODEL))
        );
        assert!(chats.iter().all(|seen| seen.key() == Some(KEY)));
    }
}

#[test]
fn goose_answers_through_an_openai_endpoint_pasted_in_ten_shapes() {
    ten_shapes(Engine::Openai);
}

#[test]
fn goose_answers_through_an_anthropic_endpoint_pasted_in_ten_shapes() {
    ten_shapes(Engine::Anthropic);
}

#[test]
fn goose_answers_through_an_ollama_pasted_in_ten_shapes() {
    ten_shapes(Engine::Ollama);
}

#[test]
fn goose_answers_through_an_encrypted_endpoint_behind_a_proxy() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let cases: [(Provider, &str); 2] = [(OPENAI, "openai"), (ANTHROPIC, "anthropic")];
    for (provider, engine) in cases {
        let internet = Internet::new();
        let key = provider.key("custom");
        internet.knows(provider, &key);
        let home = home().online(&internet);
        home.keeps_secret(&key);
        let outcome = Setup::new(&home)
            .args([
                "custom",
                provider.host,
                "--name",
                "mine",
                "--key-stdin",
                "--yes",
                "--json",
            ])
            .args(["--model", provider.model])
            .stdin(key.clone())
            .code(0)
            .run();
        let json = outcome.json();
        assert_eq!(
            (&json["engine"], &json["verdict"]),
            (&json!(engine), &json!("valid"))
        );
        let notes = json["notes"].to_string();
        assert!(
            notes.contains(&format!("goose-setup {}", provider.id)),
            "{notes}"
        );
        internet.clear();
        let said = goose.hi(&home);
        assert!(said.stdout.contains(MARKER), "{said}");
        internet.assert_conversation(provider.host, Some(&key), provider.model);
    }
}

#[test]
fn where_no_key_is_wanted_none_is_asked_for_and_no_store_is_touched() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for engine in [Engine::Openai, Engine::Anthropic, Engine::Ollama] {
        let server = Server::plain(engine, None);
        let home = home();
        let outcome = set_up(&home, &[&server.at(""), "--model", MODEL]);
        assert_eq!(outcome.code, 0, "{outcome}");
        assert_eq!(outcome.json()["needs_key"], false);
        assert!(!home.secrets_file().exists());
        assert!(goose.hi(&home).stdout.contains(MARKER));
    }
}

#[test]
fn an_api_below_an_unusual_path_is_called_exactly_there() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    // Open WebUI and others: no version in the path at all.
    let internet = Internet::new();
    let host = "chat.example.com";
    let list = json!({"data": [{"id": MODEL}]});
    internet.answers(host, "/", Answer::text(404, "not here"));
    internet.answers(host, "/api/models", Answer::json(200, &list));
    internet.answers(
        host,
        "/api/chat/completions",
        Answer::json(400, &json!({"detail": "model"})),
    );
    let home = home().online(&internet);
    for url in [
        "chat.example.com",
        "https://chat.example.com/api/chat/completions",
    ] {
        let outcome = set_up(&home, &[url, "--dry-run"]);
        let json = outcome.json();
        assert_eq!(
            json["url"], "https://chat.example.com/api/chat/completions",
            "{outcome}"
        );
        assert_eq!(json["model"], MODEL, "the only one needs no flag");
    }
    set_up(&home, &["chat.example.com"]);
    internet.answers(host, "/api/chat/completions", chat::openai(MODEL));
    assert!(goose.hi(&home).stdout.contains(MARKER));
}

#[test]
fn a_refused_key_changes_nothing() {
    for engine in [Engine::Openai, Engine::Anthropic, Engine::Ollama] {
        let server = Server::plain(engine, Some("another key"));
        let home = home();
        let before = home.tree();
        let outcome = set_up(&home, &with_key(&server.at(""), &[]));
        assert_eq!(outcome.code, 3, "{outcome}");
        assert_eq!(outcome.json()["verdict"], "invalid");
        before.assert_same(&home.tree());
    }
}

#[test]
fn what_is_missing_is_named_and_nothing_is_written() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    let before = home.tree();
    for (args, flag) in [
        (vec!["--yes"], "goose-setup custom https://"),
        (vec![&*server.at(""), "--yes"], "--key-stdin"),
        (vec![&*server.at(""), "--key-stdin", "--yes"], "--model"),
        (
            vec![&*server.at(""), "--key-stdin", "--model", MODEL],
            "--yes",
        ),
        (
            vec!["http://me:hunter2@127.0.0.1:1/v1", "--yes"],
            "--key-stdin",
        ),
        (
            vec!["http://127.0.0.1:1/v1?key=hunter2", "--yes"],
            "--key-stdin",
        ),
    ] {
        let said = Setup::new(&home)
            .args(["custom"])
            .args(&args)
            .stdin(KEY)
            .code(2)
            .run();
        assert!(said.stderr.contains(flag), "{args:?}: {said}");
        assert!(!said.stderr.contains("hunter2"));
    }
    before.assert_same(&home.tree());
}

#[test]
fn nobody_there_and_somebody_else_there_are_told_apart() {
    let internet = Internet::new();
    internet.answers("portal.example.com", "/", Answer::login_page());
    let home = home().online(&internet);
    let before = home.tree();
    for (url, cause) in [
        ("http://127.0.0.1:1/v1", "refused"),
        ("https://portal.example.com", "not-this-api"),
        // Here https was guessed, and works: that it could be left out is no help.
        ("portal.example.com", "not-this-api"),
    ] {
        let outcome = set_up(&home, &[url, "--model", MODEL]);
        assert_eq!(outcome.code, 4, "{outcome}");
        let json = outcome.json();
        assert_eq!(
            (&json["verdict"], &json["cause"]),
            (&json!("unreachable"), &json!(cause))
        );
    }
    before.assert_same(&home.tree());
}

#[test]
fn a_second_run_and_a_dry_run_change_nothing() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    let before = home.tree();
    set_up(&home, &with_key(&server.at(""), &["--dry-run"]));
    before.assert_same(&home.tree());
    set_up(&home, &with_key(&server.at(""), &[]));
    let before = home.tree();
    let json = set_up(&home, &with_key(&server.at("/v1"), &[])).json();
    assert_eq!(
        json["changes"],
        json!([]),
        "the same endpoint in another shape is no second one"
    );
    before.assert_same(&home.tree());
}

#[test]
fn a_broken_file_beside_it_is_pointed_out_by_line_and_stops_everything() {
    let server = Server::plain(Engine::Openai, None);
    let home = home();
    home.write(
        ".config/goose/custom_providers/old.json",
        "{\n  \"name\": \"old\",\n}",
    );
    let before = home.tree();
    let outcome = set_up(&home, &[&server.at(""), "--model", MODEL]);
    assert_eq!(outcome.code, 6, "{outcome}");
    assert!(outcome.stdout.contains("old.json:3"), "{outcome}");
    before.assert_same(&home.tree());
    let list = Setup::new(&home).args(["custom", "list"]).code(0).run();
    assert!(
        list.stdout.contains("old.json:3") && list.stdout.contains("48 bundled"),
        "{list}"
    );
}

#[test]
fn a_file_that_takes_the_place_of_a_built_in_provider_is_pointed_out() {
    let server = Server::plain(Engine::Openai, None);
    let home = home();
    home.write(
        ".config/goose/custom_providers/mine.json",
        r#"{"name":"groq","engine":"openai","display_name":"D","base_url":"http://127.0.0.1:1","models":[]}"#,
    );
    let json = set_up(&home, &[&server.at(""), "--model", MODEL]).json();
    assert!(
        json["notes"]
            .to_string()
            .contains("takes the place of goose's own groq"),
        "{json}"
    );
    let list = Setup::new(&home).args(["custom", "list"]).code(0).run();
    assert!(
        list.stdout.contains("takes the place of goose's own groq"),
        "{list}"
    );
}

#[test]
fn editing_keeps_the_key_the_id_and_what_it_does_not_know() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    set_up(&home, &with_key(&server.at(""), &[]));
    let path = ".config/goose/custom_providers/custom_the_box.json";
    let text = home
        .read(path)
        .replace("\"headers\": null", "\"headers\": {\"X-Team\": \"blue\"}");
    home.write(path, text);
    let outcome = set_up(
        &home,
        &["edit", "the_box", "--name", "Crate", "--model", "box-small"],
    );
    assert_eq!(outcome.code, 0, "{outcome}");
    let definition = definition(&home, "custom_the_box");
    assert_eq!(definition["display_name"], "Crate");
    assert_eq!(definition["headers"]["X-Team"], "blue");
    assert_eq!(definition["models"][0]["name"], "box-small");
    assert_eq!(
        home.config_yaml()["providers"]["custom_the_box"]["model"],
        "box-small"
    );
    assert_eq!(home.secrets_yaml()["CUSTOM_THE_BOX_API_KEY"], KEY);
}

#[test]
fn an_edit_that_asks_nobody_keeps_the_key_the_engine_and_the_address() {
    let server = Server::plain(Engine::Anthropic, Some(KEY));
    let home = home();
    set_up(&home, &with_key(&server.at(""), &[]));
    let before = definition(&home, "custom_the_box");
    let edit = |more: &[&str]| {
        let args = ["edit", "the_box", "--model", "m2", "--no-check"];
        set_up(&home, &[&args, more].concat())
    };
    let outcome = edit(&[]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(outcome.json()["needs_key"], true);
    let after = definition(&home, "custom_the_box");
    for field in ["engine", "base_url", "api_key_env", "requires_auth"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["models"][0]["name"], "m2");
    assert_eq!(home.secrets_yaml()["CUSTOM_THE_BOX_API_KEY"], KEY);

    // The key may be in the environment alone, so its name stays too.
    home.write_secrets("OTHER: kept\n");
    assert_eq!(edit(&["--name", "Crate"]).code, 0);
    let after = definition(&home, "custom_the_box");
    assert_eq!(after["api_key_env"], before["api_key_env"]);
    assert_eq!(after["requires_auth"], true);

    let before = home.tree();
    let moved = edit(&["--url", "http://127.0.0.1:1"]);
    assert_eq!(moved.code, 2, "{moved}");
    assert!(moved.stdout.contains("--key-stdin"), "{moved}");
    before.assert_same(&home.tree());
}

#[test]
fn an_endpoint_in_a_file_of_another_name_is_seen_again_with_its_key() {
    let server = Server::plain(Engine::Anthropic, Some(KEY));
    let home = home().with_secrets(&format!("ACME: {KEY}\n"));
    let folder = ".config/goose/custom_providers";
    home.write(
        &format!("{folder}/mine.json"),
        json!({
            "name": "custom_acme",
            "engine": "anthropic",
            "display_name": "acme",
            "api_key_env": "ACME",
            "base_url": server.at(""),
            "models": [{"name": MODEL}],
        })
        .to_string(),
    );
    for more in [&["--no-check"][..], &[]] {
        let url = server.at("");
        let args = [&[&*url, "--name", "acme", "--model", MODEL], more].concat();
        let outcome = set_up(&home, &args);
        assert_eq!(outcome.code, 0, "{more:?}: {outcome}");
        assert_eq!(outcome.json()["provider"], "custom_acme");
        assert_eq!(outcome.json()["goose_agrees"], true);
        let files: Vec<_> = std::fs::read_dir(home.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(files, ["mine.json"]);
        let text = home.read(&format!("{folder}/mine.json"));
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (
                &file["api_key_env"],
                &file["requires_auth"],
                &file["engine"]
            ),
            (&json!("ACME"), &json!(true), &json!("anthropic"))
        );
        assert_eq!(home.secrets_yaml()["ACME"], KEY);
        assert!(home.secrets_yaml().get("CUSTOM_ACME_API_KEY").is_none());
        let before = home.tree();
        assert_eq!(set_up(&home, &args).json()["changes"], json!([]));
        before.assert_same(&home.tree());
    }
}

#[test]
fn the_same_address_again_keeps_the_headers_that_the_file_has() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    let url = server.at("/v1");
    set_up(&home, &with_key(&url, &["--header", "X-Team=blue"]));
    let before = home.tree();
    for more in [&[][..], &["--no-check"]] {
        let outcome = set_up(&home, &[&[&*url, "--name", "The Box"], more].concat());
        assert_eq!(outcome.code, 0, "{outcome}");
        assert_eq!(outcome.json()["headers"], json!(["X-Team"]));
        before.assert_same(&home.tree());
    }
}

#[test]
fn a_key_never_goes_along_to_another_address() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let stranger = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    set_up(&home, &with_key(&server.at(""), &[]));
    let outcome = set_up(&home, &["edit", "the_box", "--url", &stranger.at("")]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(stranger.seen().iter().all(|seen| seen.key().is_none()));
}

#[test]
fn removing_takes_the_file_the_key_and_the_place_in_the_config_and_nothing_else() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home()
        .with_config("# mine\nactive_provider: openai\nproviders:\n  openai: {enabled: true, model: gpt-4o, configured: true}\n")
        .with_secrets("OTHER: 'kept'\n");
    set_up(&home, &with_key(&server.at(""), &[]));
    let said = Setup::new(&home)
        .args(["custom", "remove", "the_box", "--yes"])
        .code(0)
        .run();
    assert!(said.stdout.contains("goose-setup switch"), "{said}");
    assert!(
        !home
            .path()
            .join(".config/goose/custom_providers/custom_the_box.json")
            .exists()
    );
    // What `undo` needs stays, in a file of our own.
    let with_key = home.files_with(KEY);
    assert!(
        with_key
            .iter()
            .all(|path| path.starts_with(".local/state/goose-setup")),
        "{with_key:?}"
    );
    assert_eq!(home.secrets_yaml()["OTHER"], "kept");
    let config = home.config();
    assert!(
        config.contains("# mine") && config.contains("gpt-4o"),
        "{config}"
    );
    assert!(!config.contains("the_box"), "{config}");
    Setup::new(&home)
        .args(["custom", "remove", "the_box", "--yes"])
        .code(2)
        .run();
}

#[test]
fn removing_a_file_in_the_place_of_gooses_own_provider_leaves_that_ones_key_and_entry() {
    let config =
        "active_provider: groq\nproviders:\n  groq: {enabled: true, model: a, configured: true}\n";
    let secrets = "GROQ_API_KEY: kept\n";
    let home = home().with_config(config).with_secrets(secrets);
    let path = ".config/goose/custom_providers/mine.json";
    home.write(
        path,
        r#"{"name":"groq","engine":"openai","display_name":"D","api_key_env":"GROQ_API_KEY","base_url":"http://127.0.0.1:1","models":[]}"#,
    );
    let said = Setup::new(&home)
        .args(["custom", "remove", "groq", "--yes"])
        .code(0)
        .run();
    assert!(!home.path().join(path).exists());
    assert_eq!(home.config(), config);
    assert_eq!(home.secrets_yaml()["GROQ_API_KEY"], "kept");
    assert!(said.stdout.contains("goose's own again"), "{said}");
    assert!(!said.stdout.contains("none is"), "{said}");
}

#[test]
fn removing_takes_a_link_away_since_goose_would_stumble_over_one_that_leads_nowhere() {
    let home = home();
    let file = |name: &str| {
        json!({
            "name": name, "engine": "openai", "display_name": name, "api_key_env": "",
            "requires_auth": false, "base_url": "http://127.0.0.1:1/v1/chat/completions",
            "models": [{"name": MODEL}],
        })
        .to_string()
    };
    let folder = ".config/goose/custom_providers";
    home.write("dotfiles/a.json", file("custom_a"));
    home.write(&format!("{folder}/b.json"), file("custom_b"));
    let link = home.path().join(folder).join("a.json");
    std::os::unix::fs::symlink("../../../dotfiles/a.json", &link).unwrap();
    let remove = ["custom", "remove", "custom_a", "--yes"];
    Setup::new(&home).args(remove).code(0).run();
    assert!(!link.is_symlink());
    assert_eq!(home.read("dotfiles/a.json"), file("custom_a"));
    let listed = Setup::new(&home)
        .args(["custom", "list", "--json"])
        .code(0)
        .run();
    assert!(listed.stdout.contains("custom_b"), "{listed}");
}

#[test]
fn every_command_knows_an_endpoint_of_ones_own() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    set_up(&home, &with_key(&server.at(""), &[]));
    let run = |args: &[&str]| Setup::new(&home).args(args).code(0).run();
    let status = run(&["status", "--json"]).json();
    assert_eq!(
        status["providers"][0]["key"]["name"],
        "CUSTOM_THE_BOX_API_KEY"
    );
    assert_eq!(status["shadows"], json!([]));
    assert_eq!(
        run(&["check", "--json"]).json()["results"][0]["verdict"],
        "valid"
    );
    assert_eq!(
        run(&["models", "the_box", "--json"]).json()["models"][0]["context"],
        40960
    );
    assert!(run(&["providers"]).stdout.contains("custom_the_box"));
    run(&["switch", "the_box"]);
    let child = run(&[
        "exec",
        "the_box",
        "--",
        "sh",
        "-c",
        "test -n \"$CUSTOM_THE_BOX_API_KEY\" && echo $GOOSE_PROVIDER",
    ]);
    assert_eq!(child.stdout.trim(), "custom_the_box");
}

#[test]
fn an_endpoint_whose_key_only_goose_can_get_is_not_asked_without_it() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    home.write("token", KEY);
    home.write(
        ".config/goose/custom_providers/custom_box.json",
        json!({
            "name": "custom_box",
            "engine": "openai",
            "display_name": "The Box",
            "base_url": server.at("/v1"),
            "models": [{"name": MODEL}],
            "auth": {"command": "cat", "args": [home.path().join("token")]},
        })
        .to_string(),
    );
    let check = Setup::new(&home)
        .args(["check", "box", "--json"])
        .code(4)
        .run();
    let row = &check.json()["results"][0];
    assert_eq!(row["verdict"], "unproven", "{check}");
    assert!(row["detail"].to_string().contains("the command"), "{row}");
    assert!(server.seen().is_empty());
    if let Some(goose) = Goose::version(NEWEST) {
        Setup::new(&home)
            .args(["switch", "box", "--model", MODEL])
            .code(0)
            .run();
        assert!(goose.hi(&home).stdout.contains(MARKER));
    }
}

#[test]
fn a_person_pastes_an_address_and_a_key_and_presses_enter() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    let mut person = Person::at(&home, (30, 100), &["custom"]);
    person
        .sees("Address of the endpoint")
        .types(&server.at("/v1/chat/completions"))
        .presses(Key::Enter);
    person
        .sees("wants a key")
        .sees("Key for")
        .waits_for_hidden_input();
    person.types("wrong").presses(Key::Enter);
    person.sees("does not accept").waits_for_hidden_input();
    person.types(KEY).presses(Key::Enter);
    person
        .sees("offers 2 models")
        .sees("? Model")
        .presses(Key::Enter);
    person
        .sees("context: 40960 tokens; calls tools: unknown")
        .sees("Make these changes?")
        .presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
    let port = server.address.port();
    definition(&home, &format!("custom_127_0_0_1_{port}"));
    nothing_was_spent(&server);
}

#[test]
fn a_flat_mark_of_an_endpoint_is_converted_with_the_others() {
    let home = home();
    home.write(
        ".config/goose/custom_providers/custom_box.json",
        json!({"name": "custom_box", "engine": "openai", "display_name": "Box", "description": "", "api_key_env": "",
            "base_url": "http://127.0.0.1:9/v1", "models": [{"name": "m", "context_limit": 4096}], "requires_auth": false})
        .to_string(),
    );
    home.write_config("GOOSE_PROVIDER: groq\ncustom_box_configured: true\nmine_configured: 1\n");
    let args = ["local", "--model", "m", "--yes"];
    Setup::new(&home).args(args).code(0).run();
    let config = home.config_yaml();
    assert_eq!(config["providers"]["custom_box"]["configured"], true);
    assert_eq!(config.get("custom_box_configured"), None);
    assert_eq!(config["mine_configured"], 1);
}
