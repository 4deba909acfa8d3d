//! The wizard, by keystrokes on a real terminal.

use crate::world::answers;
use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::provider::{ANTHROPIC, LITELLM, OPENROUTER, Provider};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use serde_json::json;
use std::time::{Duration, Instant};

const WIDE: (u16, u16) = (30, 100);
const NARROW: (u16, u16) = (15, 40);
const TINY: (u16, u16) = (12, 20);
/// goose keeps its secrets in a file; no keychain is needed.
const FILE_STORE: &str = "GOOSE_DISABLE_KEYRING: true\n";
const PLAN: &str = "Make these changes?";

/// A machine with goose's secrets in a file, on the small internet; `key` must never be seen on it.
fn machine(internet: &Internet, key: &str) -> Home {
    let mut home = Home::new().online(internet).with_config(FILE_STORE);
    home.set("SHELL", "/bin/bash");
    keeps(&home, key);
    home
}

/// Neither the key nor its end, which an echo that starts late would show.
fn keeps(home: &Home, key: &str) {
    home.keeps_secret(key);
    home.keeps_secret(&key[key.len() - 12..]);
}

fn internet_with(provider: Provider) -> (Internet, String) {
    let internet = Internet::new();
    let key = provider.key("mine");
    internet.knows(provider, &key);
    (internet, key)
}

fn pastes(person: &mut Person, key: &str) {
    // In one piece with its Enter, as terminals hand over a paste.
    person
        .sees("API key")
        .waits_for_hidden_input()
        .types(&format!("{key}\r"));
}

fn has_set_up(home: &Home, name: &str, key: &str) {
    Setup::new(home)
        .args([name, "--key-stdin", "--yes"])
        .stdin(key)
        .code(0)
        .run();
}

fn stored(home: &Home, provider: Provider) -> Option<String> {
    let name = provider.key_variable.unwrap();
    home.secrets_yaml()[name].as_str().map(str::to_owned)
}

#[test]
fn a_named_provider_takes_three_answers_and_then_goose_answers() {
    let (Some(goose), Some(keyring)) = (Goose::version(NEWEST), Keyring::unlocked()) else {
        return;
    };
    let (internet, key) = internet_with(OPENROUTER);
    let home = Home::new()
        .online(&internet)
        .with_keyring(&keyring)
        .with_goose(&goose);
    keeps(&home, &key);
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &key);
    person
        .sees("OpenRouter accepts the key")
        .says_yes_to_the_rest();
    person.gives_the_terminal_back(0);
    assert!(
        person
            .screen()
            .ends_with("goose uses OpenRouter with anthropic/claude-sonnet-4\nnext: goose session"),
        "{}",
        person.screen()
    );
    assert_eq!(keyring.secrets()["OPENROUTER_API_KEY"], key.as_str());
    assert!(internet.chats().is_empty(), "setting up costs no token");

    let said = goose.hi(&home);
    assert!(said.stdout.contains(MARKER), "{said}");
    internet.assert_conversation(OPENROUTER.host, Some(&key), "anthropic/claude-sonnet-4");
}

#[test]
fn without_a_name_the_provider_is_found_by_typing() {
    let (internet, key) = internet_with(ANTHROPIC);
    let home = machine(&internet, &key);
    let mut person = Person::at(&home, WIDE, &[]);
    person.sees("Which provider?").sees("Esc cancel");
    let screen = person.screen();
    let first = screen.lines().nth(1).unwrap();
    assert!(
        first.starts_with("❯ OpenRouter") && first.contains("one key, one bill"),
        "{screen}"
    );
    person
        .types("claude")
        .sees("› claude")
        .sees("❯ Anthropic")
        .presses(Key::Enter);
    pastes(&mut person, &key);
    person.says_yes_to_the_rest();
    person.gives_the_terminal_back(0);
    assert_eq!(stored(&home, ANTHROPIC), Some(key));
    assert_eq!(home.config_yaml()["active_provider"], "anthropic");
}

#[test]
fn a_wrong_key_is_said_to_be_wrong_and_nothing_is_written_before_the_right_one() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let wrong = OPENROUTER.key("wrong");
    keeps(&home, &wrong);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    for rubbish in [wrong.as_str(), "two words", "''"] {
        pastes(&mut person, rubbish);
        person.sees(match rubbish {
            "''" => "the key is empty",
            "two words" => "the key has a blank or control character inside",
            _ => "OpenRouter does not accept this key",
        });
    }
    person.sees("openrouter.ai/settings/keys");
    before.assert_same(&home.tree());
    pastes(&mut person, &key);
    person.sees("? Model").presses(Key::Enter).sees(PLAN);
    before.assert_same(&home.tree());
    person.presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(stored(&home, OPENROUTER), Some(key));
}

#[test]
fn another_providers_key_is_taken_there_without_pasting_it_again_and_never_sent_to_the_first() {
    let (internet, key) = internet_with(ANTHROPIC);
    let home = machine(&internet, &key);
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &key);
    person
        .sees("this is a key of Anthropic, not of OpenRouter")
        .sees("Set up Anthropic instead? [Y/n]")
        .presses(Key::Enter)
        .sees("Anthropic accepts the key")
        .says_yes_to_the_rest();
    person.gives_the_terminal_back(0);
    assert_eq!(stored(&home, ANTHROPIC), Some(key.clone()));
    assert!(
        internet
            .requests()
            .iter()
            .all(|request| request.host == ANTHROPIC.host || request.key() != Some(&key)),
        "{:#?}",
        internet.requests()
    );
}

#[test]
fn another_providers_key_can_also_be_refused() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let strange = ANTHROPIC.key("mine");
    keeps(&home, &strange);
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &strange);
    person.sees("Set up Anthropic instead?").types("n");
    person.sees("instead? · no");
    pastes(&mut person, &key);
    person.sees("OpenRouter accepts the key");
}

#[test]
fn a_key_typed_too_early_is_taken_all_the_same() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    internet.answers_once(
        OPENROUTER.host,
        "/api/v1/key",
        answers_wrong().after(Duration::from_millis(400)),
    );
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &key);
    person
        .sees("asking OpenRouter")
        .types(&key)
        .presses(Key::Enter)
        .sees("OpenRouter does not accept this key")
        .sees("OpenRouter accepts the key");
}

fn answers_wrong() -> Answer {
    Answer::json(
        401,
        &json!({"error": {"message": "User not found.", "code": 401}}),
    )
}

#[test]
fn the_end_of_input_at_the_key_is_a_way_out() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    person.sees("API key").presses(Key::CtrlD);
    person.gives_the_terminal_back(130);
    before.assert_same(&home.tree());
}

/// Every question on the long way, and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Provider,
    Key,
    WrongProvider,
    Doubt,
    Model,
    Plan,
}

impl Question {
    const ALL: [Self; 6] = [
        Self::Provider,
        Self::Key,
        Self::WrongProvider,
        Self::Doubt,
        Self::Model,
        Self::Plan,
    ];

    fn reach(self, person: &mut Person, internet: &Internet, key: &str, strange: &str) {
        person.sees("Which provider?").sees("Esc cancel");
        if self == Self::Provider {
            return;
        }
        person.presses(Key::Enter).sees("API key");
        match self {
            Self::WrongProvider => {
                pastes(person, strange);
                person.sees("instead? [Y/n]");
            }
            Self::Doubt => {
                internet.answers(OPENROUTER.host, "/api/v1/key", Answer::text(503, "tired"));
                pastes(person, key);
                person.sees("all the same? [y/N]");
            }
            Self::Model | Self::Plan => {
                pastes(person, key);
                person.sees("? Model").sees("Esc cancel");
            }
            Self::Provider | Self::Key => {}
        }
        if self == Self::Plan {
            person.presses(Key::Enter).sees(PLAN);
        }
    }
}

fn leaving_changes_nothing(question: Question, with: Key) {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let strange = ANTHROPIC.key("mine");
    keeps(&home, &strange);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &[]);
    question.reach(&mut person, &internet, &key, &strange);
    person.presses(with);
    person.gives_the_terminal_back(130);
    before.assert_same(&home.tree());
    let screen = person.screen();
    assert!(
        screen.ends_with("✗ cancelled, nothing was changed"),
        "{question:?}: {screen}"
    );
    let left = [
        "Esc cancel",
        "[Y/n]",
        "[y/N]",
        PLAN,
        "?  OpenRouter API key",
        "? Model",
    ];
    assert!(
        !left.iter().any(|text| screen.contains(text)),
        "{question:?} left something behind:\n{screen}"
    );
}

#[test]
fn ctrl_c_at_any_question_changes_nothing_and_gives_the_terminal_back() {
    for question in Question::ALL {
        leaving_changes_nothing(question, Key::CtrlC);
    }
}

#[test]
fn esc_at_any_list_changes_nothing_and_gives_the_terminal_back() {
    for question in Question::ALL {
        // A key has no Esc: what is pasted may hold one.
        if question != Question::Key {
            leaving_changes_nothing(question, Key::Esc);
        }
    }
}

#[test]
fn ctrl_c_while_the_provider_is_asked_changes_nothing() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    internet.answers(OPENROUTER.host, "/", Answer::hang());
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &key);
    person
        .sees("asking OpenRouter about the key")
        .presses(Key::CtrlC);
    person.gives_the_terminal_back(130);
    before.assert_same(&home.tree());
}

#[test]
fn a_pasted_key_is_cleaned_however_it_was_copied() {
    let (internet, key) = internet_with(OPENROUTER);
    for pasted in [
        format!("  {key}\t"),
        format!("\"{key}\""),
        format!("'{key}' "),
        format!("export OPENROUTER_API_KEY={key}"),
        format!("OPENROUTER_API_KEY='{key}'"),
        format!("\u{1b}[200~{key}\u{1b}[201~"),
        format!("\u{200b}{key}\u{feff}"),
        format!("\n{key}"),
    ] {
        let home = machine(&internet, &key);
        let mut person = Person::at(&home, WIDE, &["openrouter"]);
        pastes(&mut person, &pasted);
        person.says_yes_to_the_rest();
        person.gives_the_terminal_back(0);
        assert_eq!(stored(&home, OPENROUTER), Some(key.clone()), "{pasted:?}");
    }
}

#[test]
fn lines_pasted_after_the_key_answer_no_question() {
    let (internet, key) = internet_with(OPENROUTER);
    internet.answers(
        OPENROUTER.host,
        "/api/v1/key",
        Answer::json(
            200,
            &answers::openrouter_key(&json!(null), &json!(null), 0.0),
        )
        .after(Duration::from_millis(300)),
    );
    let home = machine(&internet, &key);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &format!("{key}\r\r\r\r"));
    person.sees("? Model").presses(Key::Enter).sees(PLAN);
    std::thread::sleep(Duration::from_millis(200));
    before.assert_same(&home.tree());
    person.presses(Key::Esc);
    person.gives_the_terminal_back(130);
}

#[test]
fn a_key_typed_before_it_is_asked_for_is_never_echoed() {
    let (internet, key) = internet_with(OPENROUTER);
    internet.answers(
        OPENROUTER.host,
        "/api/v1/key",
        Answer::text(503, "tired").after(Duration::from_millis(500)),
    );
    let home = machine(&internet, &key);
    let wrong = OPENROUTER.key("wrong");
    keeps(&home, &wrong);
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &wrong);
    // Now, while the provider is asked and nothing is.
    person
        .sees("asking OpenRouter")
        .types(&key)
        .presses(Key::Enter);
    person.sees("all the same? [y/N]").presses(Key::Esc);
    person.gives_the_terminal_back(130);
}

#[test]
fn a_key_that_was_read_from_the_terminal_leaves_the_next_one_as_hidden() {
    let (internet, key) = internet_with(OPENROUTER);
    internet.answers(OPENROUTER.host, "/api/v1/key", Answer::text(503, "tired"));
    let home = machine(&internet, &key);
    let first = OPENROUTER.key("first");
    keeps(&home, &first);
    let mut person = Person::at(&home, WIDE, &["openrouter", "--key-stdin"]);
    pastes(&mut person, &first);
    person.sees("all the same? [y/N]").types("n");
    person.sees("Enter tries the same one again");
    assert!(!person.echoes(), "the echo is off at the next question");
    person.types(&format!("{key}\r"));
    person.sees("all the same? [y/N]").presses(Key::Esc);
    person.gives_the_terminal_back(130);
}

#[test]
fn enter_keeps_the_stored_key_and_a_second_run_has_nothing_to_change() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    has_set_up(&home, "openrouter", &key);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    person
        .sees("Enter keeps the stored one")
        .presses(Key::Enter)
        .sees("? Model")
        .presses(Key::Enter)
        .sees("nothing to change: goose uses OpenRouter");
    person.gives_the_terminal_back(0);
    before.assert_same(&home.tree());
}

#[test]
fn without_a_keychain_plain_text_needs_a_yes() {
    let Some(bus) = Keyring::without_provider() else {
        return;
    };
    let (internet, key) = internet_with(OPENROUTER);
    let home = Home::new().online(&internet).with_keyring(&bus);
    keeps(&home, &key);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    person
        .sees("no keychain answers here")
        .sees("Keep the key in ~/.config/goose/secrets.yaml in plain text, mode 0600? [y/N]")
        .presses(Key::Enter);
    person.gives_the_terminal_back(5);
    before.assert_same(&home.tree());

    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    person.sees("in plain text, mode 0600? [y/N]").types("y");
    pastes(&mut person, &key);
    person
        .sees("? Model")
        .presses(Key::Enter)
        .sees("+ GOOSE_DISABLE_KEYRING: true")
        .sees(PLAN)
        .presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(stored(&home, OPENROUTER), Some(key));
    assert_eq!(home.mode(&home.secrets_file()), 0o600);
}

#[test]
fn s_on_the_plan_adds_the_shell_line_and_s_again_takes_it_out() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    home.write(".bashrc", "alias ll='ls -l'");
    let mut person = Person::at(&home, (40, 100), &["openrouter"]);
    pastes(&mut person, &key);
    person.sees("? Model").presses(Key::Enter);
    person.sees("also load the key into new shells, by a line in ~/.bashrc");
    person.types("s").sees("leave the shell alone");
    assert!(
        person.screen().contains("file ~/.bashrc"),
        "{}",
        person.screen()
    );
    person.types("s").sees("also load the key");
    let screen = person.screen();
    assert!(!screen.contains("file ~/.bashrc"), "{screen}");
    assert_eq!(
        screen.matches("active_provider").count(),
        1,
        "one plan is shown:\n{screen}"
    );
    person
        .types("s")
        .sees("leave the shell alone")
        .presses(Key::Enter);
    person.gives_the_terminal_back(0);
    let rc = home.read(".bashrc");
    assert!(rc.starts_with("alias ll='ls -l'\nif [ -r "), "{rc}");
}

/// With `answer` to the question about the key, `words` are seen and consent is asked for, with "no" as the default.
fn doubt(answer: Answer, words: &str, has_stored_key: bool) {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    if has_stored_key {
        let old = OPENROUTER.key("old");
        internet.knows(OPENROUTER, &old);
        has_set_up(&home, "openrouter", &old);
    }
    internet.answers(OPENROUTER.host, "/api/v1/key", answer);
    let before = home.tree();
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    let question = if has_stored_key {
        "Replace the stored key with this one all the same? [y/N]"
    } else {
        "Go on with this key all the same? [y/N]"
    };
    pastes(&mut person, &key);
    person.sees(words).sees(question).presses(Key::Enter);
    person.sees("all the same? · no");
    if has_stored_key {
        person.sees("Enter keeps the stored one");
    } else {
        person
            .sees("Enter tries the same one again")
            .presses(Key::Enter)
            .sees(question)
            .types("n");
    }
    before.assert_same(&home.tree());
    pastes(&mut person, &key);
    person.sees(question).types("y").sees("all the same? · yes");
    person.sees("? Model").presses(Key::Enter).sees(PLAN);
    before.assert_same(&home.tree());
    person.presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(stored(&home, OPENROUTER), Some(key));
}

#[test]
fn an_account_without_credit_is_for_the_person_to_decide() {
    let no_credit = json!({"error": {"message": "Insufficient credits", "code": 402}});
    doubt(Answer::json(402, &no_credit), "credit", false);
}

#[test]
fn a_rate_limit_proves_too_little_to_replace_a_stored_key() {
    let limited = json!({"error": {"message": "Rate limit exceeded", "code": 429}});
    doubt(Answer::json(429, &limited), "limits requests", true);
}

#[test]
fn a_provider_in_trouble_is_for_the_person_to_decide() {
    doubt(Answer::text(503, "tired"), "OpenRouter has trouble", false);
}

#[test]
fn a_configured_machine_gets_a_menu_and_can_change_the_model_without_the_key() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    has_set_up(&home, "openrouter", &key);
    let mut person = Person::at(&home, WIDE, &[]);
    person
        .sees("goose uses OpenRouter with anthropic/claude-sonnet-4")
        .sees("What would you like to do?");
    assert!(
        !person.screen().contains("use another provider"),
        "there is none yet:\n{}",
        person.screen()
    );
    for offer in ["let OpenRouter fall over", "find out why"] {
        person.sees(offer);
    }
    person
        .types("another model")
        .sees("1 of ")
        .presses(Key::Enter)
        .sees("? Model")
        .types("gpt4o")
        .sees("1 of ")
        .presses(Key::Enter)
        .sees("openai/gpt-4o")
        .sees(PLAN)
        .presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(
        home.config_yaml()["providers"]["openrouter"]["model"],
        "openai/gpt-4o"
    );
}

#[test]
fn the_menu_switches_between_providers() {
    let (internet, key) = internet_with(OPENROUTER);
    let other = ANTHROPIC.key("mine");
    internet.knows(ANTHROPIC, &other);
    let home = machine(&internet, &key);
    for (name, key) in [("openrouter", &key), ("anthropic", &other)] {
        has_set_up(&home, name, key);
    }
    let mut person = Person::at(&home, WIDE, &[]);
    person
        .sees("❯ use another provider that is set up")
        .presses(Key::Enter)
        .sees("Switch to which provider?")
        .sees("❯ openrouter")
        .presses(Key::Enter)
        .sees("goose uses OpenRouter with anthropic/claude-sonnet-4");
    person.gives_the_terminal_back(0);
    assert_eq!(home.config_yaml()["active_provider"], "openrouter");
}

#[test]
fn a_model_that_is_not_in_the_list_can_be_typed_and_is_doubted() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &key);
    person
        .sees("? Model")
        .types("brand/new-1")
        .sees("use \"brand/new-1\" as typed")
        .presses(Key::Enter)
        .sees("OpenRouter does not list the model brand/new-1")
        .sees(PLAN)
        .presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(
        home.config_yaml()["providers"]["openrouter"]["model"],
        "brand/new-1"
    );
}

#[test]
fn an_address_that_is_none_is_asked_for_again() {
    let internet = Internet::new();
    let key = LITELLM.key("mine");
    internet.knows(LITELLM, &key);
    let url = internet.local(LITELLM);
    let home = machine(&internet, &key);
    let mut person = Person::at(&home, WIDE, &["litellm"]);
    person
        .sees("Where does LiteLLM run?")
        .types("not an address")
        .presses(Key::Enter)
        .sees("✗ ")
        .sees("Where does LiteLLM run?")
        .types(&format!("{url}/v1/"))
        .presses(Key::Enter)
        .sees(&format!("LiteLLM: {url}"));
    pastes(&mut person, &key);
    person.says_yes_to_the_rest();
    person.gives_the_terminal_back(0);
    assert_eq!(home.config_yaml()["LITELLM_HOST"], url.as_str());
}

#[test]
fn a_list_takes_the_keys_that_lists_take() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let mut person = Person::at(&home, WIDE, &[]);
    person.sees("❯ OpenRouter").presses(Key::Tab);
    person.waits("the next row", |person| {
        !person.screen().contains("❯ OpenRouter")
    });
    person.presses(Key::Up).sees("❯ OpenRouter");
    person.types("vertexx").sees("nothing fits");
    // However fast they come: a terminal in line mode would keep a Backspace for itself.
    person.presses(Key::Enter).presses(Key::Backspace);
    person.sees("❯ Google Vertex AI");
    for _ in 0..1000 {
        person.types("x").presses(Key::Backspace);
    }
    person.sees("❯ Google Vertex AI").presses(Key::Space);
    person.types("gemini").sees("› vertex gemini").sees("1 of ");
    person.presses(Key::CtrlD);
    person.gives_the_terminal_back(130);
}

/// No row that was drawn twice, and no row of a list cut by the edge without saying so.
fn is_whole(person: &Person, width: u16) {
    let screen = person.screen();
    for mark in ["? Which", "? …", "? Model", "Esc"] {
        assert!(screen.matches(mark).count() <= 1, "drawn twice:\n{screen}");
    }
    for row in screen.lines() {
        assert!(row.chars().count() <= usize::from(width), "{screen}");
    }
}

fn works_in(size: (u16, u16)) {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let wrong = OPENROUTER.key("wrong");
    keeps(&home, &wrong);
    let mut person = Person::at(&home, size, &[]);
    person.sees("provider?").sees("❯ OpenRouter");
    for key in [Key::Down, Key::Down, Key::Up, Key::Up] {
        person.presses(key);
    }
    person.types("openr").sees("› openr");
    is_whole(&person, size.1);
    person
        .presses(Key::Enter)
        .sees("API key")
        .waits_for_hidden_input();
    person
        .types(&wrong)
        .presses(Key::Enter)
        .sees("accept")
        .sees("API key");
    person.types(&key).presses(Key::Enter).sees("? Model");
    for text in ["o", "p", "e", "n"] {
        person.types(text);
    }
    person.sees("› open");
    is_whole(&person, size.1);
    person
        .types("ai/gpt")
        .sees("❯ openai/gpt-4o")
        .presses(Key::Enter);
    person.sees("changes?").sees("Esc");
    assert!(
        !person.screen().contains("› open"),
        "the list is gone:\n{}",
        person.screen()
    );
    person.types("s").sees("leave the").presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(stored(&home, OPENROUTER), Some(key));
    assert!(!person.screen().contains("changes?"), "{}", person.screen());
}

#[test]
fn a_narrow_terminal_shows_nothing_broken() {
    works_in(NARROW);
}

#[test]
fn a_tiny_terminal_still_works() {
    works_in(TINY);
}

#[test]
fn without_colour_nothing_is_lost() {
    let (internet, key) = internet_with(OPENROUTER);
    let mut home = machine(&internet, &key);
    home.set("NO_COLOR", "1");
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    pastes(&mut person, &key);
    person
        .sees("✓ OpenRouter accepts the key")
        .sees("❯ anthropic/claude-sonnet-4")
        .presses(Key::Enter)
        .sees("+ active_provider: openrouter")
        .sees(PLAN);
    let text = String::from_utf8_lossy(&person.bytes()).into_owned();
    let has_style = text.split("\u{1b}[").skip(1).any(|rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
            .starts_with('m')
    });
    assert!(!has_style, "a colour was sent: {text:?}");
}

#[test]
fn the_model_list_loads_while_the_key_is_pasted_so_two_waits_are_one() {
    let wait = Duration::from_millis(1500);
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let account = answers::openrouter_key(&json!(null), &json!(null), 0.0);
    let models = crate::world::models::openrouter();
    internet.answers(
        OPENROUTER.host,
        "/api/v1/key",
        Answer::json(200, &account).after(wait),
    );
    internet.answers(
        OPENROUTER.host,
        "/api/v1/models",
        Answer::json(200, &models).after(wait),
    );
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    let is_asked = |path: &str| internet.requests().iter().any(|seen| seen.path() == path);
    person.waits("the list to be asked for", |_| is_asked("/api/v1/models"));
    assert!(!is_asked("/api/v1/key"), "there is no key yet");
    pastes(&mut person, &key);
    let start = Instant::now();
    person.sees("? Model");
    let took = start.elapsed();
    assert!(took < wait + wait * 2 / 3, "{took:?}");
}

#[test]
fn a_model_list_that_failed_while_the_key_was_pasted_is_asked_for_again() {
    let (internet, key) = internet_with(OPENROUTER);
    let home = machine(&internet, &key);
    let trouble = Answer::text(500, "not now");
    internet.answers_once(OPENROUTER.host, "/api/v1/models", trouble);
    let mut person = Person::at(&home, WIDE, &["openrouter"]);
    let is_asked = |path: &str| internet.requests().iter().any(|seen| seen.path() == path);
    person.waits("the list to be asked for", |_| is_asked("/api/v1/models"));
    pastes(&mut person, &key);
    person.sees("that can call tools; prices per million tokens");
    person.sees("? Model").presses(Key::Esc);
    person.gives_the_terminal_back(130);
}

#[test]
fn a_model_is_asked_for_until_there_is_one() {
    let home = Home::new().with_config(FILE_STORE);
    let mut person = Person::at(&home, WIDE, &["local"]);
    person.sees("? Model").presses(Key::Enter);
    person
        .sees("goose needs the name of a model")
        .sees("? Model")
        .types("qwen3")
        .presses(Key::Enter);
    person.sees(PLAN).presses(Key::Enter);
    person.gives_the_terminal_back(0);
    assert_eq!(home.config_yaml()["providers"]["local"]["model"], "qwen3");
}
