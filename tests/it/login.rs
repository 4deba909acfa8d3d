//! Signing in with the browser: the test is the browser, and the person at it.

use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::provider::OPENROUTER;
use crate::world::pty::{Key, Person};
use crate::world::run::{Outcome, Setup};
use crate::world::sign_in::{Visit, visit};
use serde_json::json;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const WIDE: (u16, u16) = (40, 100);
const EXCHANGE: &str = "/api/v1/auth/keys";

/// A home whose browser writes down what it is asked to open, and talks more than it should.
struct Desk {
    internet: Internet,
    home: Home,
    key: String,
}

impl Desk {
    fn new() -> Self {
        let internet = Internet::new();
        let key = OPENROUTER.key("made by signing in");
        internet.knows(OPENROUTER, &key);
        let mut home = Home::new().online(&internet);
        home.keeps_secret(&key);
        let script = home.write_program(
            "browser",
            "#!/bin/sh\necho noise; echo noise >&2\nprintf %s \"$1\" >\"$HOME/opening\" && mv \"$HOME/opening\" \"$HOME/opened\"\n",
        );
        home.set("BROWSER", &script.display().to_string());
        Self {
            internet,
            home,
            key,
        }
    }

    /// The person sits elsewhere.
    fn over_ssh(mut self) -> Self {
        self.home
            .set("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        self
    }

    fn person(&self, args: &[&str]) -> Person {
        Person::at(&self.home, WIDE, args)
    }

    /// Somebody who pressed Enter alone at the key question.
    fn guided(&self) -> Person {
        let mut person = self.person(&["openrouter", "--store", "file"]);
        person
            .sees("Enter signs in with the browser")
            .waits_for_hidden_input()
            .presses(Key::Enter)
            .sees("Code or address");
        person
    }

    /// Somebody who asked for it by flag.
    fn flagged(&self) -> Person {
        let mut person = self.person(&["openrouter", "--login", "--store", "file"]);
        person.sees("Code or address");
        person
    }

    /// The address the browser was asked to open.
    fn opened(&self) -> String {
        self.waits_for("opened", "")
    }

    /// The text of a file of the home, once it is there and holds `part`.
    fn waits_for(&self, name: &str, part: &str) -> String {
        let start = Instant::now();
        loop {
            let text = std::fs::read_to_string(self.home.path().join(name));
            match text {
                Ok(text) if text.contains(part) => return text,
                _ => assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "no {name}: {text:?}"
                ),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn agrees(&self, url: &str) -> Visit {
        let visit = self.internet.agrees(url, &self.key);
        self.home.keeps_secret(&visit.code);
        visit
    }

    /// Runs the program without a terminal, while `browser` does what the person does there.
    #[track_caller]
    fn scripted(&self, args: &[&str], code: i32, browser: impl FnOnce(&str)) -> Outcome {
        std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                Setup::new(&self.home)
                    .args(["openrouter", "--login", "--yes", "--store", "file"])
                    .args(args)
                    .code(code)
                    .run()
            });
            browser(&self.opened());
            run.join().unwrap()
        })
    }

    #[track_caller]
    fn assert_stored(&self) {
        assert_eq!(
            self.home.secrets_yaml()["OPENROUTER_API_KEY"],
            self.key.as_str()
        );
        assert_eq!(self.home.config_yaml()["active_provider"], "openrouter");
    }

    #[track_caller]
    fn assert_nothing_written(&self) {
        assert!(!self.home.secrets_file().exists() && !self.home.config_file().exists());
    }

    #[track_caller]
    fn assert_no_exchange(&self) {
        let requests = self.internet.requests();
        assert!(requests.iter().all(|seen| seen.path() != EXCHANGE));
    }

    /// The proof that went to the exchange must have been seen nowhere else.
    #[track_caller]
    fn verifier(&self) -> String {
        let requests = self.internet.requests();
        let exchange = requests
            .iter()
            .find(|seen| seen.path() == EXCHANGE)
            .unwrap();
        let body: serde_json::Value = serde_json::from_str(&exchange.body).unwrap();
        assert_eq!(exchange.header("authorization"), None);
        body["code_verifier"].as_str().unwrap().to_owned()
    }
}

/// What the terminal showed from `start` on, up to the next blank.
#[track_caller]
fn shown(person: &Person, start: &str) -> String {
    let bytes = String::from_utf8_lossy(&person.bytes()).into_owned();
    let from = bytes.find(start).expect("it is on the screen");
    bytes[from..]
        .split(|c: char| c.is_whitespace() || c.is_control())
        .next()
        .unwrap()
        .to_owned()
}

fn returns(visit_: &Visit) -> String {
    visit(visit_.back.as_ref().unwrap(), "GET", None)
}

/// The address a page was told to return to.
fn way_back(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let mut query = url.query_pairs();
    let back = query.find(|(name, _)| name.starts_with("callback"));
    back.unwrap().1.into_owned()
}

#[test]
fn enter_alone_at_the_key_question_signs_in_with_the_browser() {
    let desk = Desk::new();
    let mut person = desk.guided();
    let url = desk.opened();
    assert_eq!(
        shown(&person, "https://openrouter.ai/auth?"),
        url,
        "always printed"
    );
    let page = returns(&desk.agrees(&url));
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Back to the terminal"));
    person.sees("made a key for goose");
    person.says_yes_to_the_rest();
    assert_eq!(person.leaves(), 0);
    desk.assert_stored();
    let said = String::from_utf8_lossy(&person.bytes()).into_owned();
    assert!(!said.contains(&desk.verifier()) && !said.contains("noise"));
    assert!(!url.contains(&desk.verifier()));
}

#[test]
fn a_script_signs_in_through_any_free_port_and_goose_uses_the_key() {
    // Another program has the port that goose's own sign-in needs; if this fails, one has it already.
    let _taken = TcpListener::bind("127.0.0.1:3000");
    let desk = Desk::new();
    let mut visited = String::new();
    let outcome = desk.scripted(&["--json"], 0, |url| {
        visited = url.to_owned();
        returns(&desk.agrees(url));
    });
    desk.assert_stored();
    assert_eq!(outcome.json()["verdict"], "valid");
    assert!(outcome.stderr.contains(&visited), "{outcome}");
    assert!(!outcome.stderr.contains(&desk.verifier()), "{outcome}");
    assert!(!visited.contains("3000"));
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    goose.hi(&desk.home);
    desk.internet
        .assert_conversation(OPENROUTER.host, Some(&desk.key), OPENROUTER.model);
}

#[test]
fn who_knocks_at_the_wrong_door_is_sent_away_and_the_wait_goes_on() {
    let desk = Desk::new();
    desk.scripted(&[], 0, |url| {
        let back = way_back(url);
        let root = url::Url::parse(&back).unwrap().join("/").unwrap();
        let code = |base: &str| format!("{base}?code=stolen");
        assert!(back.starts_with("http://localhost:") && back.len() > root.as_str().len() + 20);
        for (url, method, host, status) in [
            (code(root.as_str()), "GET", None, "404"),
            (code(&format!("{root}callback")), "GET", None, "404"),
            (code(&back), "POST", None, "405"),
            (code(&back), "GET", Some("evil.example"), "403"),
            (back.clone(), "GET", None, "400"),
        ] {
            let page = visit(&url, method, host);
            assert!(page.starts_with(&format!("HTTP/1.1 {status}")), "{page}");
            assert!(!page.contains("stolen"));
        }
        returns(&desk.agrees(url));
    });
    desk.assert_stored();
}

#[test]
fn a_refusal_in_the_browser_ends_with_its_reason_and_nothing_written() {
    let desk = Desk::new();
    let outcome = desk.scripted(&["--json"], 4, |url| {
        let refusal = format!(
            "{}?error=access_denied&error_description=You%20said%20no",
            way_back(url)
        );
        let page = visit(&refusal, "GET", None);
        assert!(page.contains("Not signed in") && !page.contains("said no"));
    });
    let error = &outcome.json()["error"];
    assert_eq!(error["kind"], "sign-in");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("You said no (access_denied)")
    );
    desk.assert_nothing_written();
    desk.assert_no_exchange();
}

#[test]
fn a_refusal_in_the_guided_flow_leads_back_to_the_question() {
    let desk = Desk::new();
    let mut person = desk.guided();
    visit(
        &format!("{}?error=no", way_back(&desk.opened())),
        "GET",
        None,
    );
    person
        .sees("did not sign you in: no")
        .sees("OpenRouter API key")
        .waits_for_hidden_input()
        .types(&desk.key)
        .presses(Key::Enter)
        .sees("accepts the key");
    person.presses(Key::CtrlC);
    assert_eq!(person.leaves(), 130);
    desk.assert_nothing_written();
}

#[test]
fn over_ssh_the_page_shows_the_code_and_it_is_pasted() {
    let desk = Desk::new().over_ssh();
    let mut person = desk.flagged();
    person.sees("you are here over SSH");
    let url = shown(&person, "https://openrouter.ai/auth?");
    assert!(!url.contains("callback_url") && url.contains("code_challenge_method=S256"));
    let visit = desk.agrees(&url);
    assert_eq!(visit.back, None);
    person
        .types(&visit.code)
        .presses(Key::Enter)
        .sees("made a key");
    person.says_yes_to_the_rest();
    assert_eq!(person.leaves(), 0);
    desk.assert_stored();
    assert!(!String::from_utf8_lossy(&person.bytes()).contains(&visit.code));
    assert!(
        !desk.home.path().join("opened").exists(),
        "no browser over SSH"
    );
}

#[test]
fn over_ssh_a_tunnel_does_without_pasting() {
    let desk = Desk::new().over_ssh();
    let mut person = desk.flagged();
    person.sees("ssh -L ");
    let url = shown(&person, "https://openrouter.ai/auth?callback_url=");
    let port = url::Url::parse(&way_back(&url)).unwrap().port().unwrap();
    assert!(
        person
            .screen()
            .contains(&format!("`ssh -L {port}:127.0.0.1:{port} HOST`"))
    );
    returns(&desk.agrees(&url));
    person.sees("made a key").sees("Model").presses(Key::CtrlC);
    assert_eq!(person.leaves(), 130);
    desk.assert_nothing_written();
}

#[test]
fn what_is_pasted_is_read_for_what_it_is() {
    let desk = Desk::new();
    let mut person = desk.flagged();
    let visit = desk.agrees(&desk.opened());
    person
        .types("http://localhost:1/elsewhere?code=abc")
        .presses(Key::Enter)
        .sees("another sign-in")
        .sees("Code or address")
        .types("two words")
        .presses(Key::Enter)
        .sees("that is no code");
    person
        .sees("Code or address")
        .types(visit.back.as_ref().unwrap())
        .presses(Key::Enter)
        .sees("made a key");
    person.says_yes_to_the_rest();
    assert_eq!(person.leaves(), 0);
    desk.assert_stored();
    assert!(!String::from_utf8_lossy(&person.bytes()).contains(&visit.code));
}

#[test]
fn a_whole_key_pasted_instead_of_a_code_is_taken_as_a_key() {
    let desk = Desk::new().over_ssh();
    let mut person = desk.flagged();
    person
        .sees("Code or address")
        .waits_for_hidden_input()
        .types(&desk.key)
        .presses(Key::Enter)
        .sees("accepts the key");
    person.presses(Key::CtrlC);
    assert_eq!(person.leaves(), 130);
    desk.assert_no_exchange();
}

#[test]
fn enter_alone_gives_the_sign_in_up() {
    let desk = Desk::new().over_ssh();
    let mut person = desk.guided();
    person
        .presses(Key::Enter)
        .waits("the key question again", |person| {
            !person.screen().contains("Code or address")
                && person.screen().contains("Enter signs in")
        })
        .presses(Key::CtrlC);
    assert_eq!(person.leaves(), 130);
    let mut person = desk.flagged();
    person.presses(Key::Enter);
    assert_eq!(person.leaves(), 130);
    desk.assert_nothing_written();
}

#[test]
fn ctrl_c_while_waiting_gives_the_terminal_back_and_shuts_the_door() {
    let desk = Desk::new();
    let mut person = desk.flagged();
    let back = way_back(&desk.opened());
    person.presses(Key::CtrlC).sees("nothing was changed");
    assert_eq!(person.leaves(), 130);
    assert!(person.echoes() && person.cursor_is_shown());
    let port = url::Url::parse(&back).unwrap().port().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    desk.assert_nothing_written();
}

#[test]
fn a_code_that_was_used_before_is_refused_and_said_to_be() {
    let desk = Desk::new();
    let mut used = String::new();
    desk.scripted(&[], 0, |url| {
        let visit = desk.agrees(url);
        returns(&visit);
        used = visit.code;
    });
    std::fs::remove_file(desk.home.path().join("opened")).unwrap();
    let outcome = desk.scripted(&[], 4, |url| {
        visit(&format!("{}?code={used}", way_back(url)), "GET", None);
    });
    assert!(
        outcome.stderr.contains("refused the code (403)"),
        "{outcome}"
    );
    assert!(outcome.stderr.contains("sign in again"), "{outcome}");
    desk.assert_stored();
}

#[test]
fn a_script_over_ssh_says_which_port_has_to_be_brought_along() {
    let desk = Desk::new().over_ssh();
    let line = format!(
        "exec {} openrouter --login --yes --store file 2>\"$HOME/said\"",
        env!("CARGO_BIN_EXE_goose-setup")
    );
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            Setup::program(&desk.home, "sh")
                .args(["-c", &line])
                .code(0)
                .run()
        });
        let said = desk.waits_for("said", "can find its way back");
        let url = said
            .split_whitespace()
            .find(|word| word.starts_with("https://openrouter.ai/auth?"))
            .unwrap();
        let port = url::Url::parse(&way_back(url)).unwrap().port().unwrap();
        assert!(
            said.contains(&format!("ssh -L {port}:127.0.0.1:{port} HOST")),
            "{said}"
        );
        assert!(!said.contains("paste"), "nobody is there to paste: {said}");
        returns(&desk.agrees(url));
        run.join().unwrap()
    });
    desk.assert_stored();
    let said = desk.home.read("said");
    assert!(!said.contains(&desk.key) && !said.contains(&desk.verifier()));
}

#[test]
fn every_way_the_exchange_can_fail_has_its_own_words() {
    let error =
        |status: u16, text: &str| Answer::json(status, &json!({"error": {"message": text}}));
    for (answer, words) in [
        (
            error(400, "bad method"),
            "did not understand the sign-in (400): \"bad method\"",
        ),
        (error(403, "expired"), "it was used before, is too old"),
        (
            error(405, "no POST"),
            "takes no sign-in at https://openrouter.ai/api/v1/auth/keys (405)",
        ),
        (error(429, "slow"), "too many sign-ins"),
        (error(503, "tired"), "trouble of its own (503)"),
        (Answer::login_page(), "a web page answered"),
        (Answer::json(200, &json!({"user_id": "u"})), "gave no key"),
        (Answer::close(), "closed the connection"),
    ] {
        let desk = Desk::new();
        desk.internet.answers(OPENROUTER.host, EXCHANGE, answer);
        let outcome = desk.scripted(&[], 4, |url| {
            returns(&desk.agrees(url));
        });
        assert!(outcome.stderr.contains(words), "{words}: {outcome}");
        assert!(!outcome.stderr.contains(&desk.verifier()));
        desk.assert_nothing_written();
    }
}

#[test]
fn an_exchange_that_drips_is_given_up_in_time() {
    for (name, answer) in Answer::drips() {
        let desk = Desk::new();
        desk.internet.answers(OPENROUTER.host, EXCHANGE, answer);
        let mut returned = Instant::now();
        let outcome = desk.scripted(&["--timeout", "1"], 4, |url| {
            returned = Instant::now();
            returns(&desk.agrees(url));
        });
        assert!(outcome.stderr.contains("in time"), "{name}: {outcome}");
        assert!(returned.elapsed() < Duration::from_secs(3), "{name}");
        desk.assert_nothing_written();
    }
}

#[test]
fn a_code_and_its_proof_are_not_sent_on_to_another_host() {
    for to in ["https://evil.example/", "http://openrouter.ai/plain"] {
        let desk = Desk::new();
        let evil = Answer::json(200, &json!({"key": "sk-or-v1-evil"}));
        desk.internet.answers("evil.example", "/", evil);
        let redirect = Answer::text(307, "").with("location", to);
        desk.internet.answers(OPENROUTER.host, EXCHANGE, redirect);
        desk.scripted(&[], 4, |url| {
            returns(&desk.agrees(url));
        });
        for seen in desk.internet.requests() {
            assert!(seen.host == OPENROUTER.host && seen.encrypted, "{seen:?}");
        }
        desk.assert_nothing_written();
    }
}

#[test]
fn a_key_that_is_made_and_refused_is_not_stored() {
    let desk = Desk::new();
    desk.internet.forgets(OPENROUTER, &desk.key);
    desk.scripted(&[], 3, |url| {
        returns(&desk.agrees(url));
    });
    desk.assert_nothing_written();
}

#[test]
fn the_persons_time_does_not_count_as_the_networks() {
    let desk = Desk::new();
    desk.scripted(&["--timeout", "0.7"], 0, |url| {
        std::thread::sleep(Duration::from_millis(900));
        returns(&desk.agrees(url));
    });
    desk.assert_stored();
}

#[test]
fn tetrate_signs_in_likewise() {
    let desk = Desk::new();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            Setup::new(&desk.home)
                .args(["tetrate", "--login", "--no-check"])
                .args(["--yes", "--store", "file"])
                .code(0)
                .run()
        });
        let url = desk.opened();
        assert!(url.starts_with("https://router.tetrate.ai/auth?callback=http%3A%2F%2Flocalhost"));
        assert!(!url.contains("method"));
        returns(&desk.agrees(&url));
        run.join().unwrap()
    });
    assert_eq!(
        desk.home.secrets_yaml()["TETRATE_API_KEY"],
        desk.key.as_str()
    );
    let asked = desk.internet.requests();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert_eq!(asked[0].header("x-title"), Some("goose"));
    assert!(!asked[0].body.contains("method"));
}

#[test]
fn over_ssh_tetrate_takes_the_address_the_browser_ends_at() {
    let desk = Desk::new().over_ssh();
    let args = ["tetrate", "--login", "--no-check", "--store", "file"];
    let mut person = desk.person(&args);
    person
        .sees("the address the browser ends at")
        .sees("Code or address");
    let visit = desk.agrees(&shown(&person, "https://router.tetrate.ai/auth?callback="));
    person
        .types(visit.back.as_ref().unwrap())
        .presses(Key::Enter)
        .sees("made a key")
        .presses(Key::CtrlC);
    assert_eq!(person.leaves(), 130);
    desk.assert_nothing_written();
}

#[test]
fn a_key_is_replaced_by_signing_in_too() {
    let desk = Desk::new();
    desk.home
        .write(".config/goose/config.yaml", "GOOSE_DISABLE_KEYRING: true\n");
    desk.home
        .write(".config/goose/secrets.yaml", "OPENROUTER_API_KEY: old\n");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            Setup::new(&desk.home)
                .args(["key", "set", "openrouter", "--login", "--yes"])
                .code(0)
                .run()
        });
        returns(&desk.agrees(&desk.opened()));
        run.join().unwrap()
    });
    assert_eq!(
        desk.home.secrets_yaml()["OPENROUTER_API_KEY"],
        desk.key.as_str()
    );
}

#[test]
fn where_signing_in_makes_no_sense_it_is_refused_before_anything_happens() {
    let desk = Desk::new();
    for (args, words) in [
        (
            &["anthropic", "--login", "--yes"][..],
            "--login is for OpenRouter and Tetrate",
        ),
        (&["openrouter", "--login", "--dry-run"], "would throw away"),
        (
            &[
                "openrouter",
                "--login",
                "--yes",
                "--host",
                "https://proxy.example",
            ],
            "not for another host",
        ),
        (&["ollama", "--login", "--yes"], "takes no API key"),
    ] {
        let outcome = Setup::new(&desk.home)
            .args(args)
            .args(["--store", "file"])
            .code(2)
            .run();
        assert!(outcome.stderr.contains(words), "{words}: {outcome}");
    }
    assert!(!desk.home.path().join("opened").exists());
    assert!(desk.internet.requests().is_empty());
}
