//! The promise itself: one provider is limited, and goose answers all the same, through the real LiteLLM.

use crate::world::chat::{self, MARKER};
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::provider::{ANTHROPIC, GROQ, MISTRAL, OPENAI, OPENROUTER, Provider};
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use crate::world::tools;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
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

/// A LiteLLM that only answers that it is there, as the program `name` in a folder that becomes the PATH; what it was called
/// with is in `called`.
fn stand_in(home: &mut Home, name: &str, script: &str) {
    home.write(&format!("bin/{name}"), script);
    let program = home.path().join("bin").join(name);
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    home.set("PATH", &path);
}

const ANSWERS: &str = r#"#!/usr/bin/env python3
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
"#;

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
fn what_a_provider_tells_of_its_limits_is_kept_with_its_source_and_a_flag_wins() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, GROQ]);
    let groq = format!("groq/{}", GROQ.model);
    let list = json!({"object": "list", "data": [{"id": GROQ.model, "object": "model"}]});
    let told = Answer::json(200, &list)
        .with("x-ratelimit-limit-requests", "1000")
        .with("x-ratelimit-limit-tokens", "6000");
    internet.answers(GROQ.host, "/openai/v1/models", told);
    let set_up = |flags: &[&str]| {
        Setup::new(&home)
            .args(["gateway", "setup", MODELS[0], &groq])
            .args(flags)
            .code(0)
            .run()
    };
    let shown = set_up(&["--dry-run"]);
    for said in [
        "note groq/openai/gpt-oss-120b is kept below 6,000 tokens a minute (x-ratelimit-* headers)",
        "note groq/openai/gpt-oss-120b is kept below 30 requests a minute (documented for the tier Free, https://console.groq.com/docs/rate-limits (read 2026-06-04))",
        ": --rpm openai/gpt-4o=500 --tpm openai/gpt-4o=30000",
    ] {
        assert!(shown.stdout.contains(said), "{said}\n{shown}");
    }
    let told = set_up(&["--yes", "--json"]).json();
    assert_eq!(
        told["limits"],
        json!([
            {"model": MODELS[0], "rpm": null, "tpm": null},
            {"model": groq,
             "rpm": {"count": 30, "source": "documented for the tier Free, https://console.groq.com/docs/rate-limits (read 2026-06-04)"},
             "tpm": {"count": 6000, "source": "x-ratelimit-* headers"}},
        ])
    );
    let written = home.read(".config/goose-setup/gateway.yaml");
    assert!(
        written.contains("tpm: 6000 # x-ratelimit-* headers\n"),
        "{written}"
    );
    let before = home.tree();
    assert_eq!(set_up(&["--yes", "--json"]).json()["changes"], json!([]));
    before.assert_same(&home.tree());
    set_up(&["--yes", "--rpm", &format!("{groq}=7")]);
    let written = home.read(".config/goose-setup/gateway.yaml");
    assert!(written.contains("rpm: 7 # --rpm\n"), "{written}");
    assert!(internet.chats().is_empty());
}

#[test]
fn keys_and_models_are_proven_before_anything_is_written() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, MISTRAL, OPENROUTER]);
    let mistral = format!("mistral/{}", MISTRAL.model);
    let before = home.tree();
    let set_up = |models: [&str; 2], code| {
        Setup::new(&home)
            .args(["gateway", "setup", models[0], models[1], "--yes"])
            .code(code)
            .run()
    };
    let typo = set_up([MODELS[0], "mistral/mistral-medum-latest"], 2);
    assert!(
        typo.stderr.contains("Mistral AI has no model")
            && typo.stderr.contains("did you mean mistral-medium-latest"),
        "{typo}"
    );
    let silent = set_up([MODELS[0], "openrouter/old/talker-without-tools"], 2);
    assert!(silent.stderr.contains("cannot call tools"), "{silent}");
    internet.forgets(OPENAI, &OPENAI.key("gateway"));
    set_up([MODELS[0], &mistral], 3);
    internet.knows(OPENAI, &OPENAI.key("gateway"));
    internet.is_unreachable(MISTRAL.host);
    let away = set_up([MODELS[0], &mistral], 4);
    assert!(away.stderr.contains("--no-check"), "{away}");
    before.assert_same(&home.tree());

    internet.clear();
    let told = Setup::new(&home)
        .args(["gateway", "setup", MODELS[0], &mistral, "--yes"])
        .args(["--no-check", "--json"])
        .code(0)
        .run()
        .json();
    assert!(internet.requests().is_empty());
    assert!(told["notes"].to_string().contains("unproven"), "{told}");
}

#[test]
fn a_provider_that_is_used_up_now_is_taken_in_with_a_word() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let busy = json!({"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}});
    internet.answers(OPENAI.host, "/v1/models", Answer::json(429, &busy));
    let told = set_up(&home, 4000);
    assert!(
        told["notes"].to_string().contains("cannot answer now"),
        "{told}"
    );
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
    stand_in(
        &mut home,
        "litellm",
        "#!/bin/sh\necho \"no such thing: $OPENAI_API_KEY $*\"\nexit 3\n",
    );
    // What it wrote itself is its own; nobody else can read it.
    home.plants(".local/state/goose-setup/gateway.log");
    let told = Setup::new(&home).args(["gateway", "run"]).code(1).run();
    assert!(
        told.stderr.contains("no such thing: [key] --config"),
        "{told}"
    );
}

#[test]
fn a_runner_is_called_for_the_version_that_was_seen_working_and_keeps_its_own_settings() {
    for (runner, before) in [
        ("uvx", "--from litellm[proxy]==1.108.7 litellm"),
        ("pipx", "run --spec litellm[proxy]==1.108.7 litellm"),
    ] {
        let internet = Internet::new();
        let mut home = home(&internet, &[OPENAI, ANTHROPIC]);
        set_up(&home, 4567);
        stand_in(
            &mut home,
            runner,
            "#!/bin/sh\necho \"$* from $UV_DEFAULT_INDEX with ${OPENAI_API_KEY:+a key}\"\nexit 3\n",
        );
        let path = home.path().join("bin").display().to_string();
        let told = Setup::program(&home, env!("CARGO_BIN_EXE_goose-setup"))
            .args(["gateway", "run"])
            .env("PATH", &path)
            .env("UV_DEFAULT_INDEX", "https://mirror.example/simple")
            .code(1)
            .run();
        let config = home.path().join(".config/goose-setup/gateway.yaml");
        let call = format!(
            "{before} --config {} --host 127.0.0.1 --port 4567 from https://mirror.example/simple with a key",
            config.display()
        );
        assert!(told.stderr.contains(&call), "{call}\n{told}");
    }
}

#[test]
fn what_a_killed_run_left_behind_is_named_and_ended() {
    if tools::program("python3").is_none() {
        return;
    }
    let internet = Internet::new();
    let mut home = home(&internet, &[OPENAI, ANTHROPIC]);
    let port = free_port();
    set_up(&home, port);
    stand_in(&mut home, "litellm", ANSWERS);
    let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    let status = || {
        let told = Setup::new(&home).args(["gateway", "status", "--json"]);
        told.code(0).run().json()
    };
    let killed = |retries: &str| {
        let mut gateway = Running::start(&home);
        gateway.says("the gateway answers");
        let process = status()["process"].clone();
        assert_eq!(
            (&process["port"], &process["watched"]),
            (&json!(port), &json!(true))
        );
        // A change of the configuration does not reach who runs.
        let told = Setup::new(&home)
            .args(["gateway", "setup", MODELS[0], MODELS[1], "--yes", "--json"])
            .args(["--port", &port.to_string(), "--retries", retries])
            .code(0)
            .run()
            .json();
        let note = format!("(process {}) goes on as it was", process["pid"]);
        assert!(told["notes"].to_string().contains(&note), "{told}");
        let again = Setup::new(&home)
            .args(["gateway", "run", "--json"])
            .code(0)
            .run();
        let again = again.json();
        assert_eq!(
            (&again["models"], &again["stale"]),
            (&Value::Null, &json!(true))
        );
        assert_eq!(status()["stale"], json!(true));
        gateway.child.kill().unwrap();
        gateway.child.wait().unwrap();
        let left = status();
        assert_eq!(
            (&left["running"], &left["process"]["watched"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(left["process"]["pid"], process["pid"]);
        process["pid"].to_string()
    };

    let pid = killed("2");
    let told = Setup::new(&home).args(["gateway", "status"]).code(0).run();
    let named = format!("process {pid} at port {port} was left behind");
    assert!(told.stdout.contains(&named), "{told}");
    let mut gateway = Running::start(&home);
    gateway.says(&format!("had left behind (process {pid}, port {port})"));
    gateway.says("the gateway answers");
    assert_ne!(status()["process"]["pid"].to_string(), pid);
    let again = Setup::new(&home)
        .args(["gateway", "run", "--json"])
        .code(0)
        .run();
    assert_eq!(again.json()["stale"], json!(false), "{again}");
    assert_eq!(status()["stale"], json!(false));
    assert_eq!(gateway.stop(), 0);
    assert!(!listens());
    assert_eq!(status()["process"], Value::Null);

    let pid = killed("3");
    let shown = Setup::new(&home)
        .args(["gateway", "remove", "--dry-run"])
        .code(0)
        .run();
    assert!(shown.stdout.contains(&pid) && listens(), "{shown}");
    let told = Setup::new(&home)
        .args(["gateway", "remove", "--yes", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(told["ends"]["pid"].to_string(), pid);
    assert!(!listens());
    let state = std::fs::read_dir(home.path().join(".local/state/goose-setup")).unwrap();
    for file in state {
        let name = file.unwrap().file_name();
        assert!(!name.to_string_lossy().starts_with("gateway"), "{name:?}");
    }
    assert_eq!(status()["process"], Value::Null);
}

#[test]
fn a_person_sees_the_log_on_demand_and_ctrl_c_ends_it_cleanly() {
    if tools::program("python3").is_none() {
        return;
    }
    let internet = Internet::new();
    let mut home = home(&internet, &[OPENAI, ANTHROPIC]);
    let port = free_port();
    set_up(&home, port);
    let talkative = ANSWERS.replace(
        "port = int",
        "print(\"a word of LiteLLM\", flush=True)\nport = int",
    );
    stand_in(&mut home, "litellm", &talkative);
    for (args, log) in [
        (vec!["gateway", "run", "--log"], true),
        (vec!["gateway", "run"], false),
    ] {
        let mut person = Person::at(&home, (40, 110), &args);
        person.sees("the gateway answers at");
        assert_eq!(person.screen().contains("a word of LiteLLM"), log);
        person.presses(Key::CtrlC);
        assert_eq!(person.leaves(), 0);
        assert!(person.echoes() && person.cursor_is_shown());
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
    assert!(
        home.read(".local/state/goose-setup/gateway.log")
            .contains("a word of LiteLLM")
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
fn a_gateway_that_somebody_else_started_with_other_models_is_not_called_up_to_date() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    set_up(&home, port);
    let key = home.secrets_yaml()["LITELLM_API_KEY"]
        .as_str()
        .unwrap()
        .to_owned();
    let models = std::sync::Arc::new(std::sync::Mutex::new(vec![MODELS[0]]));
    let now = models.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines
                .by_ref()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let is_allowed = head.iter().any(|line| line.ends_with(&key));
            let rows: Vec<Value> = now
                .lock()
                .unwrap()
                .iter()
                .map(|id| json!({"id": id}))
                .collect();
            let (code, body) = match head.first() {
                Some(line) if line.contains("/health/") => (200, "alive".to_owned()),
                Some(line) if line.contains("/v1/models") && is_allowed => {
                    (200, json!({"data": rows}).to_string())
                }
                Some(line) if line.contains("/v1/models") => (401, "{}".to_owned()),
                _ => (404, "{}".to_owned()),
            };
            drop(write!(
                stream,
                "HTTP/1.1 {code} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            ));
        }
    });
    let run = || Setup::new(&home).args(["gateway", "run"]).code(0).run();
    let old = run();
    assert!(
        old.stdout.contains("runs already") && old.stdout.contains("before the last change"),
        "{old}"
    );
    models.lock().unwrap().push(MODELS[1]);
    let new = run();
    assert!(
        new.stdout.contains("runs already") && !new.stdout.contains("before the last change"),
        "{new}"
    );
}

#[test]
fn a_service_finds_its_way_out_and_a_key_that_it_would_not_find_is_named() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let secrets = home.read(".config/goose/secrets.yaml");
    let without: String = secrets
        .lines()
        .filter(|line| !line.starts_with("ANTHROPIC_API_KEY"))
        .map(|line| format!("{line}\n"))
        .collect();
    home.write(".config/goose/secrets.yaml", without);
    let key = ANTHROPIC.key("gateway");
    let way = "`goose-setup key set anthropic --key-env ANTHROPIC_API_KEY`";
    let told = Setup::new(&home)
        .args(["gateway", "setup", MODELS[0], MODELS[1], "--yes", "--json"])
        .env("ANTHROPIC_API_KEY", &key)
        .code(0)
        .run()
        .json();
    assert!(told["notes"].to_string().contains(way), "{told:#}");
    let service = || {
        Setup::new(&home)
            .args(["gateway", "service", "--kind", "systemd", "--json"])
            .env("ANTHROPIC_API_KEY", &key)
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("ALL_PROXY", "http://ann:of-ann@proxy.corp:3128")
            .code(0)
            .run()
            .json()
    };
    let told = service();
    let notes = told["notes"].to_string();
    assert!(
        notes.contains(way) && notes.contains("ALL_PROXY"),
        "{told:#}"
    );
    let unit = told["text"].as_str().unwrap();
    for word in [
        "\"HTTPS_PROXY=",
        "\"SSL_CERT_FILE=",
        "\"NO_PROXY=127.0.0.1,localhost\"",
    ] {
        assert!(unit.contains(word), "{word}\n{unit}");
    }
    assert!(!told.to_string().contains("of-ann"), "{told:#}");
    // The advice is one that works.
    Setup::new(&home)
        .args([
            "key",
            "set",
            "anthropic",
            "--key-env",
            "ANTHROPIC_API_KEY",
            "--yes",
        ])
        .env("ANTHROPIC_API_KEY", &key)
        .code(0)
        .run();
    assert!(!service()["notes"].to_string().contains(way));
}

#[test]
fn goose_and_the_gateway_call_the_same_address_by_a_base_url_in_goose_files() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let config = home.config() + "OPENAI_BASE_URL: https://team.example/openai/v1\n";
    home.write(".config/goose/config.yaml", config);
    Setup::new(&home)
        .args([
            "gateway",
            "setup",
            MODELS[0],
            MODELS[1],
            "--yes",
            "--no-check",
        ])
        .code(0)
        .run();
    let written = home.read(".config/goose-setup/gateway.yaml");
    assert!(
        written.contains("api_base: \"https://team.example/openai/v1\"\n"),
        "{written}"
    );
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
fn the_unit_is_one_that_systemd_takes_and_the_agent_one_that_a_plist_reader_takes() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, 4000);
    let written = |kind: &str| {
        let told = Setup::new(&home)
            .args(["gateway", "service", "--json", "--kind", kind])
            .code(0)
            .run()
            .json();
        told["text"].as_str().unwrap().to_owned()
    };
    let program = env!("CARGO_BIN_EXE_goose-setup");
    match tools::find("systemd-analyze") {
        None => tools::skip_loudly("systemd-analyze"),
        Some(analyze) => {
            let verified = |unit: &str| {
                home.write("goose-gateway.service", unit);
                let told = Command::new(&analyze)
                    .args(["--user", "verify"])
                    .arg(home.path().join("goose-gateway.service"))
                    .env("XDG_RUNTIME_DIR", home.path())
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&told.stderr).into_owned();
                (told.status.success(), said)
            };
            let unit = written("systemd");
            assert_eq!(verified(&unit), (true, String::new()), "{unit}");
            // It would say so otherwise.
            let broken = unit.replace("Restart=on-failure", "Restart=sometimes");
            assert!(verified(&broken).1.contains("goose-gateway.service"));
        }
    }
    let Some(python) = tools::program("python3") else {
        return;
    };
    home.write("agent.plist", written("launchd"));
    let read = "import json, plistlib; print(json.dumps(plistlib.load(open('agent.plist', 'rb'))))";
    let told = Setup::program(&home, python)
        .args(["-c", read])
        .code(0)
        .run();
    let agent = told.json();
    assert_eq!(
        agent["ProgramArguments"],
        json!([program, "gateway", "run"])
    );
    assert_eq!(agent["KeepAlive"], json!({"SuccessfulExit": false}));
    assert!(
        agent["EnvironmentVariables"]["PATH"].is_string(),
        "{agent:#}"
    );
}

/// One replica of the team's LiteLLM, ended with the test.
struct Replica(Child);

impl Drop for Replica {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn replicas_of_a_team_share_who_rests_through_a_real_redis() {
    let litellm = tools::folder().join("litellm/bin/litellm");
    let (Some(redis), true) = (tools::find("redis-server"), litellm.is_file()) else {
        return tools::skip_loudly("redis-server, from the system's packages, and LiteLLM 1.108.7");
    };
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, 4000);
    let told = Setup::new(&home)
        .args(["gateway", "compose", "--json"])
        .code(0)
        .run()
        .json();
    let compose: serde_yaml::Value = serde_yaml::from_str(told["text"].as_str().unwrap()).unwrap();
    let redis_port = free_port();
    // Everything else is as a container would get it.
    let config = compose["configs"]["litellm"]["content"]
        .as_str()
        .unwrap()
        .replace("redis_host: redis", "redis_host: 127.0.0.1")
        .replace("redis_port: 6379", &format!("redis_port: {redis_port}"));
    home.write("team.yaml", config);
    let config = home.path().join("team.yaml").display().to_string();
    let quiet = |program: &std::path::Path| {
        let mut command = Command::new(program);
        command
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let _redis = Replica(
        quiet(&redis)
            .args(["--save", "", "--requirepass", "of-redis"])
            .args(["--port", &redis_port.to_string()])
            .spawn()
            .unwrap(),
    );
    let ports = [free_port(), free_port()];
    let _replicas = ports.map(|port| {
        Replica(
            quiet(&litellm)
                .args(["--config", &config, "--host", "127.0.0.1"])
                .args(["--port", &port.to_string()])
                .env_clear()
                .envs(home.environment().iter().map(|(name, value)| (name, value)))
                .env("OPENAI_API_KEY", OPENAI.key("gateway"))
                .env("ANTHROPIC_API_KEY", ANTHROPIC.key("gateway"))
                .env("LITELLM_MASTER_KEY", "sk-team")
                .env("REDIS_PASSWORD", "of-redis")
                .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
                .spawn()
                .unwrap(),
        )
    });
    let busy = json!({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}});
    internet.answers(
        OPENAI.host,
        "/v1/chat/completions",
        Answer::json(429, &busy).with("retry-after", "30"),
    );
    let body = json!({"model": MODELS[0], "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    for (port, hosts) in [
        (ports[0], vec![OPENAI.host, ANTHROPIC.host]),
        // The other one has not seen the limit itself.
        (ports[1], vec![ANTHROPIC.host]),
    ] {
        let answer = loop {
            if let Some(answer) = post(port, "sk-team", &body.to_string()) {
                break answer;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        assert!(answer.contains(MARKER), "{answer}");
        assert_eq!(asked(&internet), hosts);
        internet.clear();
    }
}

/// The whole answer; `None` while nobody listens.
fn post(port: u16, key: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Some(answer)
}

#[test]
fn a_person_is_asked_again_after_a_typo_and_may_overrule_a_provider_that_is_away() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    let mut person = Person::at(&home, (40, 110), &["gateway", "setup"]);
    person.sees("Which model shall goose use?").types("another");
    person.sees("❯ another model").presses(Key::Enter);
    person.sees("? PROVIDER/MODEL ›").types("opnai/gpt-4o");
    person.presses(Key::Enter);
    person.sees("did you mean").types("openai/gpt-4oo");
    person.presses(Key::CtrlC);
    assert_eq!(person.leaves(), 130);

    internet.is_unreachable(ANTHROPIC.host);
    let mut person = Person::at(&home, (40, 110), &["gateway", "setup"]);
    person.sees("Which model shall goose use?");
    person.presses(Key::Enter);
    person.sees("is limited or away?").presses(Key::Enter);
    person.sees("that is enough").presses(Key::Enter);
    person.sees("Take it all the same?").types("y");
    person.sees("Make these changes?").presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
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

#[test]
fn goose_gets_its_setup_for_another_litellm_back_when_the_gateway_goes() {
    let internet = Internet::new();
    for active in ["litellm", "openai"] {
        let home = home(&internet, &[OPENAI, ANTHROPIC]);
        let others =
            "  # the company's\n  litellm: {enabled: true, model: team-model, region: eu}\n";
        let config = home
            .config()
            .replace(
                "active_provider: openai",
                &format!("active_provider: {active}"),
            )
            .replace("providers:\n", &format!("providers:\n{others}"))
            + "LITELLM_HOST: http://proxy.corp:4000 # ask Ann\nLITELLM_BASE_PATH: team/v1/chat\n";
        home.write(".config/goose/config.yaml", &config);
        let told = set_up(&home, 4567);
        assert_eq!(told["goose_agrees"], json!(true), "{told:#}");
        assert!(
            told["notes"].to_string().contains("another LiteLLM"),
            "{told:#}"
        );
        assert!(home.config_yaml().get("LITELLM_BASE_PATH").is_none());
        assert_eq!(set_up(&home, 4567)["changes"], json!([]));
        // Another order and another port forget nothing.
        set_up(&home, 4568);
        let told = Setup::new(&home)
            .args(["gateway", "remove", "--yes", "--json"])
            .code(0)
            .run()
            .json();
        assert_eq!(told["provider"], json!(active));
        let back = home.config_yaml();
        let wanted: serde_yaml::Value = serde_yaml::from_str(&config).unwrap();
        assert_eq!(back, wanted, "{}", home.config());
        for comment in ["# ask Ann", "# the company's"] {
            assert!(home.config().contains(comment), "{}", home.config());
        }
        assert!(home.secrets_yaml().get("LITELLM_API_KEY").is_none());
    }
}

#[test]
fn a_flat_setup_for_another_litellm_comes_back_with_its_model() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    home.write(
        ".config/goose/config.yaml",
        "GOOSE_PROVIDER: litellm\nGOOSE_MODEL: team-model\nLITELLM_HOST: http://proxy.corp:4000\nGOOSE_DISABLE_KEYRING: true\n",
    );
    set_up(&home, 4567);
    Setup::new(&home)
        .args(["gateway", "remove", "--yes"])
        .code(0)
        .run();
    let back = home.config_yaml();
    assert_eq!(back["active_provider"], "litellm");
    assert_eq!(back["providers"]["litellm"]["model"], "team-model");
    assert_eq!(back["LITELLM_HOST"], "http://proxy.corp:4000");
}

#[test]
fn a_proxy_that_took_the_gateways_place_keeps_its_key_and_its_host() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, 4567);
    let config = home
        .config()
        .replace("http://127.0.0.1:4567", "http://proxy.corp:4000");
    home.write(".config/goose/config.yaml", &config);
    let told = Setup::new(&home)
        .args(["gateway", "setup", MODELS[0], MODELS[1], "--yes"])
        .code(2)
        .run();
    assert!(told.stderr.contains("another LiteLLM"), "{told}");
    assert_eq!(home.config(), config);
    Setup::new(&home)
        .args(["gateway", "remove", "--yes"])
        .code(0)
        .run();
    assert_eq!(home.config(), config);
    assert!(home.secrets_yaml().get("LITELLM_API_KEY").is_some());
}

#[test]
fn a_broken_memo_is_named_and_left_alone() {
    let internet = Internet::new();
    let home = home(&internet, &[OPENAI, ANTHROPIC]);
    set_up(&home, 4567);
    for (text, word) in [
        ("{\"port\": 45", "no whole JSON"),
        ("{}\n", "where the gateway listens"),
    ] {
        home.write(".config/goose-setup/gateway.json", text);
        let before = home.tree();
        for args in [
            vec!["gateway", "status"],
            vec!["gateway", "run"],
            vec!["gateway", "service"],
            vec!["gateway", "compose"],
            vec!["gateway", "remove", "--yes"],
            vec!["gateway", "setup", MODELS[0], MODELS[1], "--yes"],
            vec!["remove-all", "--yes"],
        ] {
            let told = Setup::new(&home).args(&args).code(6).run();
            assert!(
                told.stderr.contains("gateway.json") && told.stderr.contains(word),
                "{args:?}: {told}"
            );
        }
        before.assert_same(&home.tree());
    }
}
