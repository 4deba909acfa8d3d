//! The promise itself: one provider is limited, and goose answers all the same, through the real LiteLLM.

use crate::world::chat::{self, MARKER};
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::provider::{ANTHROPIC, GROQ, OPENAI, Provider};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use crate::world::tools;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MODELS: [&str; 2] = ["openai/gpt-4o", "anthropic/claude-sonnet-4-5"];

/// A home in which these providers are set up, the first being the active one.
fn home(internet: &Internet, providers: &[Provider]) -> Home {
    let mut config = format!("active_provider: {}\nproviders:\n", providers[0].id);
    let mut secrets = String::new();
    for provider in providers {
        let key = provider.key("gateway");
        internet.knows(*provider, &key);
        config.push_str(&format!(
            "  {}: {{enabled: true, model: '{}', configured: true}}\n",
            provider.id, provider.model
        ));
        secrets.push_str(&format!("{}: '{key}'\n", provider.key_variable.unwrap()));
    }
    config.push_str("GOOSE_DISABLE_KEYRING: true # mine\n");
    let home = Home::new()
        .online(internet)
        .with_config(&config)
        .with_secrets(&secrets);
    for provider in providers {
        home.keeps_secret(&provider.key("gateway"));
    }
    home
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn set_up(home: &Home, port: u16) -> Value {
    let port = port.to_string();
    let told = Setup::new(home)
        .args(["gateway", "setup", MODELS[0], MODELS[1], "--port", &port])
        .args(["--yes", "--json"])
        .code(0)
        .run();
    let key = home.secrets_yaml()["LITELLM_API_KEY"]
        .as_str()
        .unwrap()
        .to_owned();
    home.keeps_secret(&key);
    told.json()
}

/// `gateway run`, stopped with the test.
struct Running {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn start(home: &Home) -> Self {
        // Ctrl-C is ignored, as a script ignores it for what it puts into the background.
        let mut child = Command::new("/bin/sh")
            .args(["-c", "trap '' INT; exec \"$0\" gateway run"])
            .arg(env!("CARGO_BIN_EXE_goose-setup"))
            .env_clear()
            .envs(home.environment().iter().map(|(name, value)| (name, value)))
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits for this word on its stderr.
    #[track_caller]
    fn says(&mut self, word: &str) {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(
                self.stderr.read_line(&mut line).unwrap() > 0,
                "the gateway ended without {word:?}\n{all}"
            );
            if line.contains(word) {
                return;
            }
            all.push_str(&line);
        }
    }

    /// Asks it to end, as Ctrl-C and a service manager do; its exit code.
    fn stop(&mut self) -> i32 {
        let pid = self.child.id().to_string();
        let asked = Command::new("/bin/kill").args(["-TERM", &pid]).status();
        assert!(asked.unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.stop();
        }
    }
}

fn asked(internet: &Internet) -> Vec<String> {
    internet.chats().into_iter().map(|chat| chat.host).collect()
}

#[test]
fn goose_answers_while_the_first_provider_is_limited_and_goes_back_to_it_once_it_has_rested() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let litellm = tools::folder().join("litellm/bin/litellm");
    if !litellm.is_file() {
        tools::skip_loudly("LiteLLM 1.108.7");
        return;
    }
    let internet = Internet::new();
    let mut home = home(&internet, &[OPENAI, ANTHROPIC]);
    let path = format!("{}:/usr/bin:/bin", litellm.parent().unwrap().display());
    home.set("PATH", &path);
    let port = free_port();
    set_up(&home, port);

    let mut gateway = Running::start(&home);
    gateway.says("the gateway answers");
    let status = Setup::new(&home)
        .args(["gateway", "status", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(
        (&status["running"], &status["goose_uses"]),
        (&json!(true), &json!(true))
    );
    let again = Setup::new(&home).args(["gateway", "run"]).code(0).run();
    assert!(again.stdout.contains("runs already"), "{again}");

    internet.answers(
        OPENAI.host,
        "/v1/chat/completions",
        Answer::json(
            429,
            &json!({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}}),
        )
        .with("retry-after", "30"),
    );
    internet.clear();
    let limited = Instant::now();
    let said = goose.hi(&home);
    assert!(
        said.code == 0 && said.stdout.contains(MARKER),
        "{said}\n{:#?}",
        internet.requests()
    );
    assert!(said.took < Duration::from_secs(10), "{:?}", said.took);
    let hosts = asked(&internet);
    assert_eq!(hosts[0], OPENAI.host, "{hosts:?}");
    assert!(hosts.iter().any(|host| host == ANTHROPIC.host), "{hosts:?}");
    let keys: Vec<_> = internet
        .chats()
        .iter()
        .map(|chat| chat.key().map(str::to_owned))
        .collect();
    assert!(
        keys.contains(&Some(ANTHROPIC.key("gateway")))
            && keys.contains(&Some(OPENAI.key("gateway")))
    );

    // Healthy again, but still resting: nobody bothers it.
    internet.answers(OPENAI.host, "/v1/chat/completions", chat::openai("gpt-4o"));
    internet.clear();
    assert!(goose.hi(&home).stdout.contains(MARKER));
    assert!(
        asked(&internet).iter().all(|host| host == ANTHROPIC.host),
        "{:?}",
        asked(&internet)
    );

    std::thread::sleep(Duration::from_secs(33).saturating_sub(limited.elapsed()));
    internet.clear();
    assert!(goose.hi(&home).stdout.contains(MARKER));
    assert!(
        asked(&internet).iter().all(|host| host == OPENAI.host),
        "{:?}",
        asked(&internet)
    );
    assert_eq!(
        internet.strays(),
        Vec::<String>::new(),
        "LiteLLM asked somebody else"
    );

    assert_eq!(gateway.stop(), 0);
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "LiteLLM outlived its starter"
    );
    let key = home.secrets_yaml()["LITELLM_API_KEY"]
        .as_str()
        .unwrap()
        .to_owned();
    for secret in [OPENAI.key("gateway"), ANTHROPIC.key("gateway"), key] {
        assert_eq!(
            home.files_with(&secret),
            [std::path::Path::new(".config/goose/secrets.yaml")]
        );
    }
}

#[test]
fn a_gateway_comes_and_goes_and_leaves_nothing_behind() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let config = home.config();
    let told = set_up(&home, 4567);
    assert_eq!(told["models"], json!(MODELS));
    assert_eq!(told["goose_agrees"], json!(true));
    let written = home.read(".config/goose-setup/gateway.yaml");
    assert!(
        written.contains("os.environ/ANTHROPIC_API_KEY"),
        "{written}"
    );
    assert_eq!(home.config_yaml()["LITELLM_HOST"], "http://127.0.0.1:4567");
    assert_eq!(
        home.config_yaml()["providers"]["litellm"]["model"],
        MODELS[0]
    );

    let before = home.tree();
    assert_eq!(set_up(&home, 4567)["changes"], json!([]));
    before.assert_same(&home.tree());

    let told = Setup::new(&home)
        .args(["gateway", "remove", "--yes"])
        .code(0)
        .run();
    assert!(told.stdout.contains("goose uses openai again"), "{told}");
    assert_eq!(home.config(), config);
    assert!(home.secrets_yaml().get("LITELLM_API_KEY").is_none());
    assert!(home.secrets_yaml().get("OPENAI_API_KEY").is_some());
    for file in ["gateway.yaml", "gateway.json"] {
        let file = home.path().join(".config/goose-setup").join(file);
        assert!(!file.exists(), "{}", file.display());
    }
    let told = Setup::new(&home)
        .args(["gateway", "remove", "--yes"])
        .code(0)
        .run();
    assert!(told.stdout.contains("nothing to remove"), "{told}");
}

#[test]
fn limits_are_written_for_every_model_or_for_one() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    Setup::new(&home)
        .args(["gateway", "setup", MODELS[0], MODELS[1], "--yes"])
        .args([
            "--rpm",
            "60",
            "--rpm",
            "claude/claude-sonnet-4-5=20",
            "--tpm",
            "openai/gpt-4o=30000",
        ])
        .code(0)
        .run();
    let written: serde_yaml::Value =
        serde_yaml::from_str(&home.read(".config/goose-setup/gateway.yaml")).unwrap();
    let row =
        |place: usize, name: &str| written["model_list"][place]["litellm_params"][name].as_u64();
    assert_eq!((row(0, "rpm"), row(1, "rpm")), (Some(60), Some(20)));
    assert_eq!((row(0, "tpm"), row(1, "tpm")), (Some(30_000), None));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_written() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let before = home.tree();
    for (args, word) in [
        (vec!["setup", MODELS[0]], "fall over"),
        (vec!["setup", MODELS[0], "gpt-4o"], "PROVIDER/MODEL"),
        (vec!["setup", MODELS[0], "opnai/gpt-4o"], "openai"),
        (vec!["setup", MODELS[0], "groq/llama"], "GROQ_API_KEY"),
        (vec!["setup", MODELS[0], "litellm/x"], "reach"),
        (vec!["setup", MODELS[0], MODELS[0]], "twice"),
        (
            vec!["setup", MODELS[0], MODELS[1], "--rpm", "groq/x=1"],
            "--rpm",
        ),
        (vec!["setup"], "at least two"),
        (vec!["run"], "gateway setup"),
        (vec!["service"], "gateway setup"),
        (vec!["compose"], "gateway setup"),
    ] {
        let yes = args[0] == "setup";
        let told = Setup::new(&home)
            .args(["gateway"])
            .args(&args)
            .args(yes.then_some("--yes"))
            .code(2)
            .run();
        assert!(told.stderr.contains(word), "{args:?}: {told}");
    }
    before.assert_same(&home.tree());
}

#[test]
fn a_key_for_somebody_elses_proxy_is_never_replaced() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let secrets = format!(
        "{}LITELLM_API_KEY: sk-team\n",
        home.read(".config/goose/secrets.yaml")
    );
    home.write(".config/goose/secrets.yaml", secrets);
    let told = Setup::new(&home)
        .args(["gateway", "setup", MODELS[0], MODELS[1], "--yes"])
        .code(2)
        .run();
    assert!(told.stderr.contains("another LiteLLM"), "{told}");
    assert_eq!(home.secrets_yaml()["LITELLM_API_KEY"], "sk-team");
}

#[test]
fn without_litellm_the_line_that_installs_it_is_printed() {
    let internet = Internet::new();
    let mut home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, free_port());
    home.set("PATH", "/nonexistent");
    let told = Setup::program(&home, env!("CARGO_BIN_EXE_goose-setup"))
        .args(["gateway", "run"])
        .code(2)
        .run();
    assert!(told.stderr.contains("uv tool install"), "{told}");
}

#[test]
fn a_litellm_that_ends_at_once_is_told_with_the_end_of_its_log_and_without_a_key() {
    let internet = Internet::new();
    let mut home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, free_port());
    home.write(
        "bin/litellm",
        "#!/bin/sh\necho \"no such thing: $OPENAI_API_KEY $*\"\nexit 3\n",
    );
    let program = home.path().join("bin/litellm");
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    home.set("PATH", &path);
    let told = Setup::new(&home).args(["gateway", "run"]).code(1).run();
    assert!(
        told.stderr.contains("no such thing: [key] --config"),
        "{told}"
    );
}

#[test]
fn a_port_that_is_taken_is_named() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    set_up(&home, listener.local_addr().unwrap().port());
    let told = Setup::new(&home).args(["gateway", "run"]).code(2).run();
    assert!(told.stderr.contains("something else listens"), "{told}");
}

#[test]
fn units_and_the_team_file_carry_no_key() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, 4000);
    for (args, word) in [
        (["service", "--kind", "systemd"], "ExecStart="),
        (["service", "--kind", "launchd"], "<plist"),
        (
            ["compose", "", ""],
            "redis_password: os.environ/REDIS_PASSWORD",
        ),
    ] {
        let told = Setup::new(&home)
            .args(["gateway"])
            .args(args.iter().filter(|arg| !arg.is_empty()))
            .code(0)
            .run();
        assert!(told.stdout.contains(word), "{told}");
    }
}

#[test]
fn a_person_chooses_the_order_from_the_providers_that_are_set_up() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC, GROQ]);
    let mut person = Person::at(&home, (40, 110), &["gateway", "setup"]);
    person
        .sees("Which model shall goose use?")
        .types("groq")
        .sees("❯ groq/");
    person.presses(Key::Enter);
    person
        .sees("And when groq/")
        .types("openai/gpt-4o")
        .sees("❯ openai/gpt-4o");
    person.presses(Key::Enter);
    person.sees("that is enough").presses(Key::Enter);
    person.sees("Make these changes?").presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
    assert_eq!(
        home.config_yaml()["providers"]["litellm"]["model"],
        format!("groq/{}", GROQ.model).as_str()
    );
}
