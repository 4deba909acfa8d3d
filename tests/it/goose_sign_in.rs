//! Providers that only goose can sign in to: goose's own command is offered, run where somebody agrees, and believed by the
//! token it leaves.

use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use crate::world::sign_in::visit;
use serde_json::{Value, json};
use std::time::Duration;

const TALL: (u16, u16) = (50, 110);
const OFFER: &str = "Start `goose configure` for that, once this is written? [Y/n]";
const TOKEN: &str = "gho_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYaB3d";

fn machine(internet: &Internet) -> Home {
    let mut home = Home::new()
        .online(internet)
        .with_config("GOOSE_DISABLE_KEYRING: true\n");
    home.set("SHELL", "/bin/bash");
    home.keeps_secret(TOKEN);
    for of_goose in ["databricks", "gemini_oauth", "kimicode"] {
        home.plants(&format!(".config/goose/{of_goose}"));
    }
    home
}

fn says(internet: &Internet, host: &str, path: &str, body: &Value) {
    internet.answers(host, path, Answer::json(200, body));
}

#[track_caller]
fn status_says(home: &Home, words: &str) {
    let said = Setup::new(home).args(["status"]).code(0).run();
    assert!(said.stdout.contains(words), "{said}");
}

/// From the offer up to goose's own first question, where Enter twice begins the sign-in.
fn lets_goose_sign_in(person: &mut Person) {
    person
        .sees(OFFER)
        .presses(Key::Enter)
        .says_yes_to_the_rest()
        .sees("chosen already: press Enter")
        .sees("What would you like to configure?")
        .presses(Key::Enter)
        .sees("Which model provider should we use?")
        .presses(Key::Enter);
}

#[test]
fn the_real_goose_signs_in_with_a_code_after_enter_twice_and_its_token_is_seen() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let code = json!({"device_code": "d", "user_code": "ABCD-1234", "expires_in": 900, "interval": 1,
        "verification_uri": "https://example.com/device", "verification_uri_complete": "https://example.com/device"});
    let token = json!({"access_token": TOKEN, "refresh_token": TOKEN, "token_type": "bearer", "expires_in": 3600, "scope": "x"});
    for (id, title, host, start, end) in [
        (
            "github_copilot",
            "GitHub Copilot",
            "github.com",
            "/login/device/code",
            "/login/oauth/access_token",
        ),
        (
            "kimi_code",
            "Kimi Code",
            "auth.kimi.com",
            "/api/oauth/device_authorization",
            "/api/oauth/token",
        ),
    ] {
        let internet = Internet::new();
        says(&internet, host, start, &code);
        says(&internet, host, end, &token);
        says(&internet, "api.kimi.com", "/", &json!({"data": []}));
        let home = machine(&internet).with_goose(&goose);
        let mut person = Person::at(&home, TALL, &[id]);
        lets_goose_sign_in(&mut person);
        person
            .sees("ABCD-1234")
            .sees("OAuth authentication completed successfully!")
            // goose's next question, of which there are more than anybody needs.
            .waits("goose's next question", |person| !person.echoes())
            .presses(Key::CtrlC)
            .sees(&format!("✓ goose is signed in to {title}"))
            .sees("next: goose session");
        person.gives_the_terminal_back(0);
        status_says(&home, "goose is signed in");
        assert_eq!(home.config_yaml()["active_provider"], id);
        assert!(internet.chats().is_empty(), "a sign-in costs no token");
    }
}

/// A sign-in that goes through the browser of this machine.
struct Browsing {
    args: &'static [&'static str],
    title: &'static str,
    /// Who is asked what, and answers.
    answers: &'static [(&'static str, &'static str, &'static str)],
    /// What goose asks before it opens the browser, and the key for it.
    questions: &'static [(&'static str, &'static str)],
}

const BROWSING: [Browsing; 2] = [
    Browsing {
        args: &["gemini_oauth"],
        title: "Gemini",
        answers: &[(
            "cloudcode-pa.googleapis.com",
            "/",
            r#"{"currentTier": {"id": "free-tier"}, "cloudaicompanionProject": "mine"}"#,
        )],
        questions: &[],
    },
    Browsing {
        args: &["databricks", "--host", "https://dbc-1.cloud.databricks.com"],
        title: "Databricks",
        answers: &[
            (
                "dbc-1.cloud.databricks.com",
                "/oidc/.well-known",
                r#"{"authorization_endpoint": "https://dbc-1.cloud.databricks.com/oidc/v1/authorize", "token_endpoint": "https://dbc-1.cloud.databricks.com/oidc/v1/token"}"#,
            ),
            (
                "dbc-1.cloud.databricks.com",
                "/api/2.0/serving-endpoints",
                r#"{"endpoints": []}"#,
            ),
        ],
        questions: &[
            ("Would you like to update this value?", "\r"),
            ("Would you like to set DATABRICKS_TOKEN?", "n"),
        ],
    },
];

#[test]
fn the_real_goose_signs_in_through_the_browser_of_this_machine() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let token = json!({"access_token": TOKEN, "refresh_token": TOKEN, "token_type": "Bearer", "expires_in": 3600});
    for case in BROWSING {
        let internet = Internet::new();
        for (host, path) in [
            ("oauth2.googleapis.com", "/token"),
            ("dbc-1.cloud.databricks.com", "/oidc/v1/token"),
        ] {
            says(&internet, host, path, &token);
        }
        for (host, path, body) in case.answers {
            says(&internet, host, path, &serde_json::from_str(body).unwrap());
        }
        let mut home = machine(&internet).with_goose(&goose);
        let browser = home.write_program(
            "browser",
            "#!/bin/sh\nprintf %s \"$1\" >\"$HOME/opening\" && mv \"$HOME/opening\" \"$HOME/opened\"\n",
        );
        home.set("BROWSER", &browser.display().to_string());
        let mut person = Person::at(&home, TALL, case.args);
        if !case.questions.is_empty() {
            person
                .sees("Enter lets goose sign in")
                .waits_for_hidden_input()
                .presses(Key::Enter);
        }
        lets_goose_sign_in(&mut person);
        for (question, key) in case.questions {
            person.sees(question).types(key);
        }
        let opened = home.path().join("opened");
        person.waits("the browser", |_| opened.exists());
        let page = url::Url::parse(&home.read("opened")).unwrap();
        let query = |name: &str| {
            let mut pairs = page.query_pairs();
            pairs.find(|(it, _)| it == name).unwrap().1.into_owned()
        };
        let back = format!("{}?code=c&state={}", query("redirect_uri"), query("state"));
        visit(&back, "GET", None);
        let folder = home.path().join(".config/goose");
        person.waits("a token", |_| {
            folder.join("gemini_oauth/tokens.json").exists()
                || folder.join("databricks/oauth").exists()
        });
        person
            .waits("goose's next question", |person| !person.echoes())
            .presses(Key::CtrlC)
            .sees(&format!("✓ goose is signed in to {}", case.title));
        person.gives_the_terminal_back(0);
        status_says(&home, "goose is signed in");
    }
}

/// A goose that signs in wherever it is asked to, and says what it was given.
fn stand_in(home: &mut Home, then: &str) {
    home.write_program(
        "bin/goose",
        &format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && echo 1.52.0 && exit\n\
             [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo \"stand-in: $*\"\n\
             stty -a | grep -q ' echo ' && echo 'the echo is on'\n{then}\n"
        ),
    );
    home.put_on_path("bin");
}

#[test]
fn the_terminal_goes_to_goose_and_the_token_decides() {
    for (args, file, directions) in [
        (
            &["chatgpt_codex"][..],
            "chatgpt_codex/tokens.json",
            &["goose shows no address", "~/.local/state/goose/logs/cli"][..],
        ),
        (
            &["xai_oauth"],
            "xai_oauth/tokens.json",
            &[
                "goose shows no address",
                "ssh -L 56121:127.0.0.1:56121 HOST",
            ],
        ),
        (
            &["databricks", "--host", "https://dbc-1.cloud.databricks.com"],
            "databricks/oauth/abc.json",
            &["but n where it asks for", "ssh -L PORT:"],
        ),
        (&["kimi_code"], "kimicode/token.json", &["Enter twice"]),
    ] {
        let internet = Internet::new();
        let mut home = machine(&internet);
        home.set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        let path = format!(".config/goose/{file}");
        stand_in(
            &mut home,
            &format!("mkdir -p $(dirname ~/{path}); echo '{{}}' >~/{path}; exit 1"),
        );
        let mut person = Person::at(&home, TALL, args);
        if args.len() > 1 {
            person
                .sees("Enter lets goose sign in")
                .waits_for_hidden_input()
                .presses(Key::Enter);
        }
        person.sees(OFFER);
        assert!(!home.config().contains("active_provider"));
        person.presses(Key::Enter).says_yes_to_the_rest();
        for words in directions {
            person.sees(words);
        }
        person
            .sees("stand-in: configure")
            .sees("the echo is on")
            .sees("✓ goose is signed in to")
            .sees("next: goose session");
        person.gives_the_terminal_back(0);
        assert!(!person.screen().contains("note: goose has not"));
    }
}

#[test]
fn ctrl_c_is_gooses_alone_while_it_signs_in_and_without_a_token_the_next_step_says_so() {
    let internet = Internet::new();
    let mut home = machine(&internet);
    stand_in(
        &mut home,
        "stty raw; echo waiting; stty cooked; exec sleep 60",
    );
    let mut person = Person::at(&home, TALL, &["kimi_code"]);
    person
        .sees(OFFER)
        .presses(Key::Enter)
        .says_yes_to_the_rest()
        .sees("waiting");
    std::thread::sleep(Duration::from_millis(200));
    person
        .presses(Key::CtrlC)
        .sees("goose is not signed in to Kimi Code yet")
        .sees("goose uses Kimi Code with kimi-for-coding")
        .sees("next: run `goose configure` and press Enter twice");
    person.gives_the_terminal_back(0);
    assert_eq!(home.config_yaml()["active_provider"], "kimi_code");
}

#[test]
fn a_model_chosen_inside_goose_is_the_one_that_is_reported() {
    let internet = Internet::new();
    let mut home = machine(&internet);
    stand_in(
        &mut home,
        "cd ~/.config/goose && sed -i 's/kimi-for-coding/k3/' config.yaml && mkdir kimicode && echo '{}' >kimicode/token.json",
    );
    // What goose says on its stdout does not get into the JSON.
    let program = env!("CARGO_BIN_EXE_goose-setup");
    let line = format!("exec {program} kimi_code --json >report.json");
    let mut person = Person::runs(&home, TALL, "/bin/sh", &["-c", &line], &[]);
    person
        .sees(OFFER)
        .presses(Key::Enter)
        .says_yes_to_the_rest()
        .sees("stand-in: configure");
    person.gives_the_terminal_back(0);
    let report: Value = serde_json::from_str(&home.read("report.json")).unwrap();
    assert_eq!(
        (&report["model"], &report["goose_agrees"]),
        (&json!("k3"), &json!(true))
    );
}

#[test]
fn the_menu_lets_goose_sign_in_again_where_that_is_how_it_gets_in() {
    let internet = Internet::new();
    let mut home = machine(&internet);
    stand_in(
        &mut home,
        "mkdir -p ~/.config/goose/kimicode && echo '{}' >~/.config/goose/kimicode/token.json",
    );
    Setup::new(&home).args(["kimi_code", "--yes"]).code(0).run();
    let mut person = Person::at(&home, TALL, &[]);
    person
        .sees("What would you like to do?")
        .types("sign in")
        .sees("❯ let goose sign in again")
        .presses(Key::Enter)
        .sees("`goose configure` has Kimi Code chosen already")
        .sees("stand-in: configure")
        .sees("✓ goose is signed in to Kimi Code");
    person.gives_the_terminal_back(0);
}

#[test]
fn nobody_who_did_not_agree_has_goose_started() {
    let internet = Internet::new();
    let mut home = machine(&internet);
    stand_in(&mut home, "touch ~/started");
    let report = Setup::new(&home)
        .args(["kimi_code", "--yes", "--json"])
        .code(0)
        .run()
        .json();
    let notes = report["notes"].to_string();
    assert!(
        notes.contains(
            "run `goose configure` and press Enter twice: Kimi Code is chosen there already"
        ),
        "{notes}"
    );
    let mut person = Person::at(&home, TALL, &["xai_oauth", "--yes"]);
    person.sees("next: run `goose configure` and press Enter twice");
    person.gives_the_terminal_back(0);
    let mut person = Person::at(&home, TALL, &["chatgpt_codex"]);
    person
        .sees(OFFER)
        .types("n")
        .says_yes_to_the_rest()
        .sees("note: goose has not signed in to ChatGPT yet")
        .sees("next: run `goose configure` and press Enter twice");
    person.gives_the_terminal_back(0);
    assert!(!home.path().join("started").exists());
}

#[test]
fn what_counts_for_copilot_is_the_token_in_gooses_store() {
    let home = Home::new().with_config("GOOSE_DISABLE_KEYRING: true\n");
    Setup::new(&home)
        .args(["github_copilot", "--yes"])
        .code(0)
        .run();
    // A cache of goose's that says nothing of the sign-in.
    home.write(".config/goose/githubcopilot/info.json", "{}");
    status_says(&home, "goose is not signed in");
    let doctor = || {
        let report = Setup::new(&home).args(["doctor", "--json"]).run().json();
        report["findings"].to_string()
    };
    let said = doctor();
    assert!(
        said.contains("not-signed-in") && said.contains("`goose configure`"),
        "{said}"
    );
    home.write_secrets(&format!("GITHUB_COPILOT_TOKEN: {TOKEN}\n"));
    status_says(&home, "goose is signed in");
    let said = doctor();
    assert!(!said.contains("not-signed-in"), "{said}");
}

#[test]
fn a_token_in_the_keychain_is_seen_as_goose_sees_it() {
    let Some(keyring) = Keyring::unlocked() else {
        return;
    };
    let home = Home::new().with_keyring(&keyring);
    home.keeps_secret(TOKEN);
    keyring.store("{\"OTHER\": \"kept\"}");
    Setup::new(&home)
        .args(["github_copilot", "--yes"])
        .code(0)
        .run();
    status_says(&home, "goose is not signed in");
    keyring.store(&json!({"GITHUB_COPILOT_TOKEN": TOKEN}).to_string());
    status_says(&home, "goose is signed in");
    // Where it cannot be looked, nothing is claimed.
    keyring.lock();
    status_says(&home, "sign-in of goose unknown");
}
