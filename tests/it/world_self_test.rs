//! The world of the tests, proved on the real goose: what these say is what the other tests build on.

use crate::world::answers;
use crate::world::chat::MARKER;
use crate::world::goose::{Goose, MIDDLE, NEWEST, OLDEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::provider::{ALL, ANTHROPIC, LITELLM, OPENAI, OPENROUTER, Provider};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use serde_json::json;
use std::time::Duration;

/// A home set up by hand, in the structured layout, with the key in the file store.
fn by_hand(internet: &Internet, provider: Provider, key: &str) -> (Home, String) {
    let local = provider.is_local().then(|| internet.local(provider));
    let host = local
        .as_deref()
        .map_or(provider.host, |url| url.trim_start_matches("http://"))
        .to_owned();
    let mut config = format!(
        "active_provider: {id}\nproviders:\n  {id}: {{enabled: true, model: '{model}', configured: true}}\nGOOSE_DISABLE_KEYRING: true\n",
        id = provider.id,
        model = provider.model
    );
    if let (Some(url), Some(variable)) = (&local, provider.host_variable) {
        config.push_str(&format!("{variable}: '{url}'\n"));
    }
    let home = Home::new().online(internet).with_config(&config);
    let home = match provider.key_variable {
        Some(variable) => home.with_secrets(&format!("{variable}: '{key}'\n")),
        None => home,
    };
    (home, host)
}

fn goose_answers_through_every_provider(version: &str) {
    let Some(goose) = Goose::version(version) else {
        return;
    };
    for provider in ALL {
        let internet = Internet::new();
        let key = provider.key("by hand");
        internet.knows(provider, &key);
        let (home, host) = by_hand(&internet, provider, &key);
        let said = goose.hi(&home);
        assert!(
            said.code == 0 && said.stdout.contains(MARKER),
            "{}: {said}\n{:#?}",
            provider.id,
            internet.requests()
        );
        internet.assert_conversation(
            &host,
            provider.key_variable.map(|_| key.as_str()),
            provider.model,
        );
    }
}

#[test]
fn the_newest_goose_answers_through_every_provider_of_the_small_internet() {
    goose_answers_through_every_provider(NEWEST);
}

#[test]
fn the_middle_goose_answers_through_every_provider_of_the_small_internet() {
    goose_answers_through_every_provider(MIDDLE);
}

#[test]
fn the_oldest_goose_answers_through_every_provider_of_the_small_internet() {
    goose_answers_through_every_provider(OLDEST);
}

#[test]
fn goose_answers_through_the_newer_openai_form_too() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let internet = Internet::new();
    let key = OPENAI.key("by hand");
    internet.knows(OPENAI, &key);
    let (home, host) = by_hand(&internet, OPENAI, &key);
    let said = goose.start(&home).env("GOOSE_MODEL", "gpt-5").run();
    assert!(said.stdout.contains(MARKER), "{said}");
    internet.assert_conversation(&host, Some(&key), "gpt-5");
    assert_eq!(internet.chats()[0].path(), "/v1/responses");
}

#[test]
fn a_wrong_key_is_refused_by_every_provider_that_has_keys() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for provider in ALL
        .into_iter()
        .filter(|provider| provider.key_variable.is_some())
    {
        let internet = Internet::new();
        internet.knows(provider, &provider.key("good"));
        let (home, _) = by_hand(&internet, provider, &provider.key("wrong"));
        let said = goose
            .start(&home)
            .env("GOOSE_PROVIDER_SKIP_BACKOFF", "true")
            .run();
        assert!(!said.stdout.contains(MARKER), "{}: {said}", provider.id);
        assert!(
            !internet.requests().is_empty(),
            "{}: nothing was asked",
            provider.id
        );
    }
}

#[test]
fn a_scripted_answer_wins_over_the_provider_for_as_long_as_it_is_meant_to() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let internet = Internet::new();
    let key = OPENROUTER.key("by hand");
    internet.knows(OPENROUTER, &key);
    let (home, _) = by_hand(&internet, OPENROUTER, &key);
    let sorry = Answer::json(
        401,
        &json!({"error": {"message": "on strike", "code": 401}}),
    );
    internet.answers_once(OPENROUTER.host, "/api/v1/chat/completions", sorry);
    internet.answers_once(
        OPENROUTER.host,
        "/api/v1/chat/completions",
        Answer::text(503, "tired"),
    );
    let said = goose
        .start(&home)
        .env("GOOSE_PROVIDER_SKIP_BACKOFF", "true")
        .env("GOOSE_DISABLE_SESSION_NAMING", "true")
        .run();
    assert!(!said.stdout.contains(MARKER), "{said}");
    internet.clear();
    assert!(goose.hi(&home).stdout.contains(MARKER));
    assert!(internet.requests().iter().all(|request| request.encrypted));
}

/// A client that goes where the home's programs go.
fn client(internet: &Internet) -> reqwest::blocking::Client {
    // A second test that comes here finds the provider installed; both want the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let certificate = std::fs::read(internet.certificate()).unwrap();
    reqwest::blocking::Client::builder()
        .proxy(reqwest::Proxy::all(internet.proxy_url()).unwrap())
        .tls_certs_only([reqwest::Certificate::from_pem(&certificate).unwrap()])
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap()
}

#[test]
fn every_kind_of_trouble_can_be_had() {
    let internet = Internet::new();
    let client = client(&internet);
    let get = |url: &str| client.get(url).send();
    let host = OPENROUTER.host;
    let url = format!("https://{host}/api/v1/models");
    let answers = |answer: Answer| internet.answers_once(host, "/api/v1/models", answer);

    assert!(
        get(&url)
            .unwrap()
            .text()
            .unwrap()
            .contains("supported_parameters"),
        "the catalogue is public"
    );
    assert_eq!(
        get(&format!("https://{host}/api/v1/key")).unwrap().status(),
        401
    );
    assert_eq!(
        get(&format!(
            "https://{host}/api/v1/nothing?key={}",
            OPENROUTER.key("x")
        ))
        .unwrap()
        .status(),
        401
    );

    answers(Answer::login_page());
    assert!(get(&url).unwrap().text().unwrap().contains("hotel"));
    answers(Answer::redirect("https://elsewhere.example/"));
    internet.answers("elsewhere.example", "/", Answer::text(200, "here"));
    assert_eq!(get(&url).unwrap().text().unwrap(), "here");
    answers(Answer::huge(3_000_000).with("x-more", "yes"));
    let huge = get(&url).unwrap();
    assert_eq!(huge.headers()["x-more"], "yes");
    assert_eq!(huge.bytes().unwrap().len(), 3_000_000);
    answers(Answer::text(200, "0123456789").cut(4));
    assert!(get(&url).unwrap().text().is_err());
    answers(Answer::close());
    assert!(get(&url).is_err());
    answers(Answer::text(200, "late").after(Duration::from_millis(300)));
    let start = std::time::Instant::now();
    assert_eq!(get(&url).unwrap().text().unwrap(), "late");
    assert!(start.elapsed() >= Duration::from_millis(300));
    answers(Answer::hang());
    assert!(get(&url).unwrap_err().is_timeout());

    internet.is_untrusted("api.x.ai");
    assert!(get("https://api.x.ai/v1/models").unwrap_err().is_connect());
    internet.is_unreachable("api.groq.com");
    assert!(get("https://api.groq.com/openai/v1/models").is_err());
    assert!(get("https://nobody.example/").is_err());
    assert_eq!(internet.strays(), ["nobody.example"]);

    assert_eq!(
        get("http://api.mistral.ai/v1/models").unwrap().status(),
        401
    );
    let seen = internet.requests().pop().unwrap();
    assert_eq!(
        (seen.host.as_str(), seen.path(), seen.encrypted),
        ("api.mistral.ai", "/v1/models", false)
    );
}

#[test]
fn a_key_is_good_from_when_it_is_known_until_it_is_forgotten() {
    let internet = Internet::new();
    let key = ANTHROPIC.key("mine");
    let status = || {
        let request = client(&internet)
            .get("https://api.anthropic.com/v1/models")
            .header("x-api-key", &key);
        request.send().unwrap().status().as_u16()
    };
    assert_eq!(status(), 401);
    internet.knows(ANTHROPIC, &key);
    assert_eq!(status(), 200);
    internet.forgets(ANTHROPIC, &key);
    assert_eq!(status(), 401);
}

#[test]
fn the_keychain_is_the_one_that_goose_reads() {
    let (Some(goose), Some(keyring)) = (Goose::version(NEWEST), Keyring::unlocked()) else {
        return;
    };
    let internet = Internet::new();
    let key = OPENROUTER.key("in the keychain");
    internet.knows(OPENROUTER, &key);
    keyring.store(&json!({"OPENROUTER_API_KEY": key, "ELSEWHERE": "kept"}).to_string());
    let home = Home::new()
        .online(&internet)
        .with_keyring(&keyring)
        .with_config("GOOSE_PROVIDER: openrouter\nGOOSE_MODEL: test/model\n");
    let said = goose.hi(&home);
    assert!(said.stdout.contains(MARKER), "{said}");
    assert_eq!(internet.chats()[0].key(), Some(key.as_str()));
    assert_eq!(keyring.secrets()["ELSEWHERE"], "kept");
    assert!(
        keyring
            .search(&[("service", "goose")])
            .contains("attribute.target = default")
    );

    // Locked and hung, goose falls back to a file that is not there.
    keyring.lock();
    internet.clear();
    let said = goose.hi(&home);
    assert!(said.code == 1 && internet.chats().is_empty(), "{said}");
    keyring.hang();
    assert!(goose.hi(&home).took > Duration::from_secs(1));
    keyring.wake();
}

#[test]
fn a_bus_without_a_provider_has_no_keychain() {
    let Some(keyring) = Keyring::without_provider() else {
        return;
    };
    assert_eq!(keyring.item(), None);
}

#[test]
fn a_run_has_no_terminal_and_a_scrubbed_environment() {
    let mut home = Home::new();
    home.set("ONE_MORE", "1");
    let script = "env | sort; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo no stream; (: </dev/tty) 2>/dev/null || echo no tty; cat";
    let outcome = Setup::program(&home, "sh")
        .args(["-c", script])
        .stdin("words")
        .env("TWO", "2")
        .without_env("TERM")
        .code(0)
        .run();
    let names: Vec<_> = outcome
        .stdout
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .collect();
    assert_eq!(
        names,
        ["HOME", "LANG", "ONE_MORE", "PATH", "PWD", "TWO"],
        "{outcome}"
    );
    assert!(
        outcome.stdout.ends_with("no stream\nno tty\nwords"),
        "{outcome}"
    );
}

#[test]
#[should_panic(expected = "a secret in a command line")]
fn a_secret_on_a_command_line_is_noticed_even_in_a_grandchild() {
    let home = Home::new();
    home.keeps_secret("canary-1234");
    Setup::program(&home, "sh")
        .args(["-c", "read word; sh -c \"sleep 0.2; : $word\"; true"])
        .stdin("canary-1234\n")
        .run();
}

#[test]
#[should_panic(expected = "a secret on stderr")]
fn a_secret_on_stderr_is_noticed() {
    let home = Home::new();
    home.keeps_secret("canary-1234");
    Setup::program(&home, "sh")
        .args(["-c", "cat >&2"])
        .stdin("canary-1234")
        .run();
}

#[test]
fn a_person_sees_a_screen_types_hidden_and_interrupts() {
    let home = Home::new();
    home.keeps_secret("hush");
    let script = "printf 'na''me? '; read n; printf '\\033[2J\\033[Hhello %s\\r\\n' $n; stty -echo; printf 'key: '; read k; stty echo; echo done; sleep 20";
    let mut person = Person::runs(&home, (10, 40), "sh", &["-c", script], &[]);
    person
        .sees("name?")
        .types("Ada")
        .presses(Key::Enter)
        .sees("hello Ada");
    assert!(!person.screen().contains("name?"), "the screen was cleared");
    person
        .sees("key:")
        .waits_for_hidden_input()
        .types("hush")
        .presses(Key::Enter)
        .sees("done");
    assert!(person.echoes() && person.cursor_is_shown());
    person.presses(Key::CtrlC);
    assert_ne!(person.leaves(), 0);
}

#[test]
fn a_tree_tells_what_changed() {
    let home = Home::new();
    home.write("a/one", "1");
    let before = home.tree();
    before.assert_same(&home.tree());
    home.write("a/one", "2");
    let complaint = std::panic::catch_unwind(|| before.assert_same(&home.tree())).unwrap_err();
    assert!(
        complaint
            .downcast_ref::<String>()
            .unwrap()
            .contains("a/one")
    );
    assert_eq!(home.files_with("2"), [std::path::PathBuf::from("a/one")]);
    assert_eq!(home.read("a/one"), "2");
    assert_eq!(home.mode(&home.path().join("a/one")) & 0o400, 0o400);
}

#[test]
fn the_shapes_for_special_accounts_are_those_of_the_documentation() {
    assert_eq!(
        answers::openrouter_key(&json!(10), &json!(0), 10.0)["data"]["limit_remaining"],
        0
    );
    assert_eq!(
        answers::xai_key(true, false, false)["api_key_blocked"],
        true
    );
    assert_eq!(
        answers::deepseek_balance(false, "0.00")["is_available"],
        false
    );
    assert_ne!(ANTHROPIC.key("a"), ANTHROPIC.key("b"));
    assert!(LITELLM.key("a").starts_with("sk-"));
}
