//! The key of an endpoint of one's own as a variable of a shell: its name, and where it is loaded from.

use crate::world::chat::MARKER;
use crate::world::endpoint::{Engine, KEY, MODEL, Manners, Server, definition, home, set_up};
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::run::{Outcome, Setup};
use std::path::Path;

const ENV_FILE: &str = ".config/goose-setup/env.sh";

fn boxed(home: &Home, server: &Server, name: &str) -> Outcome {
    let url = server.at("");
    set_up(
        home,
        &[&url, "--name", name, "--model", MODEL, "--key-stdin"],
    )
}

fn env(home: &Home, args: &[&str], code: i32) -> Outcome {
    Setup::new(home)
        .args(["env"])
        .args(args)
        .env("SHELL", "/bin/bash")
        .code(code)
        .run()
}

fn env_file(home: &Home) -> String {
    home.read(ENV_FILE)
}

/// goose with nothing but this file for a store, so that the key has to come out of the environment.
fn without_store(home: &Home) {
    std::fs::remove_file(home.secrets_file()).unwrap();
}

#[test]
fn a_name_with_a_dash_makes_a_key_that_every_shell_can_export_and_goose_reads() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    let json = boxed(&home, &server, "gpu-box.local").json();
    assert_eq!(json["provider"], "custom_gpu_box_local");
    let name = "CUSTOM_GPU_BOX_LOCAL_API_KEY";
    assert_eq!(
        definition(&home, "custom_gpu_box_local")["api_key_env"],
        name
    );
    assert_eq!(home.secrets_yaml()[name], KEY);
    assert!(goose.hi(&home).stdout.contains(MARKER));
    let printed = env(&home, &["gpu_box_local", "--shell", "sh"], 0);
    let script = format!("{}\nprintf '%s' \"${name}\" >seen\n", printed.stdout);
    home.write("script", script);
    Setup::program(&home, Path::new("/bin/sh"))
        .args(["script"])
        .code(0)
        .run();
    home.plants("seen");
    assert_eq!(home.read("seen"), KEY);
    without_store(&home);
    let said = goose.start(&home).env(name, KEY).run();
    assert!(said.stdout.contains(MARKER), "{said}");
}

#[test]
fn the_env_file_holds_the_keys_of_endpoints_too_and_follows_them() {
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    boxed(&home, &server, "One");
    env(&home, &["--install", "--yes"], 0);
    assert!(
        env_file(&home).contains("CUSTOM_ONE_API_KEY"),
        "{}",
        env_file(&home)
    );
    boxed(&home, &server, "Two");
    let text = env_file(&home);
    assert!(
        text.contains("CUSTOM_ONE_API_KEY") && text.contains("CUSTOM_TWO_API_KEY"),
        "{text}"
    );
    assert!(!text.contains(KEY), "the key itself is in no file");
    env(&home, &["--install", "--yes"], 0);
    assert_eq!(env_file(&home), text, "it was up to date");
    Setup::new(&home)
        .args(["custom", "remove", "one", "--yes"])
        .code(0)
        .run();
    let text = env_file(&home);
    assert!(
        !text.contains("CUSTOM_ONE_API_KEY") && text.contains("CUSTOM_TWO_API_KEY"),
        "{text}"
    );
    Setup::new(&home).args(["undo", "--yes"]).code(0).run();
    assert!(env_file(&home).contains("CUSTOM_ONE_API_KEY"));
}

#[test]
fn a_name_that_goose_made_up_with_a_dash_is_named_and_mended_by_an_edit() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let server = Server::plain(Engine::Openai, Some(KEY));
    let home = home();
    let old = "CUSTOM_MY-BOX_API_KEY";
    home.write_secrets(&format!("{old}: {KEY}\nOTHER: kept\n"));
    home.write(
        ".config/goose/custom_providers/custom_my-box.json",
        format!(
            r#"{{"name":"custom_my-box","engine":"openai","display_name":"My box","api_key_env":"{old}","base_url":"{}","models":[{{"name":"{MODEL}"}}]}}"#,
            server.at("/v1")
        ),
    );
    home.set_mode(
        &home
            .path()
            .join(".config/goose/custom_providers/custom_my-box.json"),
        0o600,
    );
    Setup::new(&home)
        .args(["switch", "my-box", "--model", MODEL])
        .code(0)
        .run();
    assert!(
        goose.hi(&home).stdout.contains(MARKER),
        "goose itself lives with it"
    );
    let refused = env(&home, &["my-box"], 2);
    assert!(
        refused.stderr.contains("custom edit custom_my-box"),
        "{refused}"
    );
    let installed = env(&home, &["--install", "--yes", "--json"], 0).json();
    assert!(installed["notes"].to_string().contains(old), "{installed}");
    assert!(!env_file(&home).contains("MY-BOX"), "{}", env_file(&home));

    let edited = set_up(&home, &["edit", "my-box"]);
    assert_eq!(edited.code, 0, "{edited}");
    let new = "CUSTOM_MY_BOX_API_KEY";
    assert_eq!(definition(&home, "custom_my-box")["api_key_env"], new);
    let secrets = home.secrets_yaml();
    assert_eq!(
        (&secrets[new], &secrets["OTHER"]),
        (&KEY.into(), &"kept".into())
    );
    assert!(secrets.get(old).is_none());
    assert!(env_file(&home).contains(new), "{}", env_file(&home));
    assert!(goose.hi(&home).stdout.contains(MARKER));
    Setup::new(&home)
        .args(["custom", "remove", "my-box", "--yes"])
        .code(0)
        .run();
    assert!(home.secrets_yaml().get(new).is_none());
}

#[test]
fn a_rate_limit_at_another_address_never_replaces_the_stored_key() {
    let (server, home) = (Server::plain(Engine::Openai, Some(KEY)), home());
    boxed(&home, &server, "Box");
    let manners = Manners {
        is_busy: true,
        ..Manners::default()
    };
    let busy = Server::with_manners(Engine::Openai, "127.0.0.1", "", Some(KEY), manners);
    let before = home.tree();
    let said = Setup::new(&home)
        .args(["custom", "edit", "box", "--url", &busy.at("")])
        .args(["--key-stdin", "--yes", "--json"])
        .stdin("box-key-of-somebody-else")
        .code(4)
        .run();
    assert_eq!(said.json()["verdict"], "rate-limited", "{said}");
    before.assert_same(&home.tree());
}
