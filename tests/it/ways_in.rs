//! Ways in without a key of one's own: servers on this machine, other programs, sign-ins, a cloud vendor's credentials; and
//! a key that was put into the wrong box.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::http::Answer;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::personality::Personality;
use crate::world::pty::{Key, Person};
use crate::world::run::Setup;
use serde_json::json;
use std::time::Duration;

const SERVERS: [&str; 5] = ["atomic_chat", "llama_swap", "lmstudio", "lynkr", "omlx"];

fn server(models: &[&str]) -> Personality {
    let list: Vec<_> = models
        .iter()
        .map(|id| json!({"id": id, "object": "model"}))
        .collect();
    Personality {
        key: None,
        model: models.first().copied().unwrap_or_default().to_owned(),
        models: None,
        is_open: true,
        pages: vec![(
            "/v1/models".into(),
            200,
            json!({"object": "list", "data": list}),
        )],
    }
}

#[test]
fn a_running_server_is_found_its_model_taken_and_no_store_touched() {
    let goose = Goose::version(NEWEST);
    for id in SERVERS {
        let internet = Internet::new();
        let url = internet.plays_here(server(&["qwen3"]));
        // No Secret Service and no leave to use a file: whoever looked for a store would fail.
        let home = Home::new().online(&internet);
        let report = Setup::new(&home)
            .args([id, "--host", &url, "--yes", "--json"])
            .code(0)
            .run()
            .json();
        assert_eq!(report["verdict"], "valid", "{report}");
        assert_eq!(report["model"], "qwen3");
        assert_eq!(report["store"], json!(null));
        assert!(!home.secrets_file().exists());
        if let Some(goose) = &goose {
            let said = goose.hi(&home);
            assert!(said.stdout.contains(MARKER), "{id}: {said}");
            internet.assert_conversation(url.trim_start_matches("http://"), None, "qwen3");
        }
    }
}

#[test]
fn no_keyless_server_touches_the_keychain() {
    let Some(keyring) = Keyring::unlocked() else {
        return;
    };
    // Whoever asks it anything now waits for seconds.
    keyring.hang();
    let mut took = Vec::new();
    for id in SERVERS.into_iter().chain(["ollama"]) {
        let internet = Internet::new();
        let mut full = server(&["qwen3"]);
        let list = json!({"models": [{"name": "qwen3"}]});
        full.pages.push(("/api/tags".into(), 200, list));
        let url = internet.plays_here(full);
        let home = Home::new().online(&internet).with_keyring(&keyring);
        let outcome = Setup::new(&home)
            .args([id, "--host", &url, "--yes", "--model", "qwen3"])
            .code(0)
            .run();
        took.push((id, outcome.took));
    }
    keyring.wake();
    for (id, took) in took {
        assert!(took < Duration::from_secs(2), "{id}: {took:?}");
    }
}

#[test]
fn a_server_that_does_not_run_and_one_without_a_model_are_told_apart() {
    for (id, start, fill) in [
        (
            "ollama",
            "start it with `ollama serve`",
            "get one with `ollama pull qwen3`",
        ),
        (
            "lmstudio",
            "start it with `lms server start`",
            "get one with `lms get qwen3`",
        ),
        (
            "llama_swap",
            "start it with `llama-swap --config config.yaml`",
            "add one under `models` in its config.yaml",
        ),
        (
            "atomic_chat",
            "open the Atomic Chat app",
            "load one in the Atomic Chat app",
        ),
        (
            "lynkr",
            "start it with `lynkr start`",
            "name one in the configuration of Lynkr",
        ),
        (
            "omlx",
            "start it with `omlx serve`",
            "put one into the folder of models that oMLX serves",
        ),
    ] {
        let internet = Internet::new();
        let home = Home::new().online(&internet);
        let nobody = "http://127.0.0.1:9";
        let away = Setup::new(&home)
            .args([id, "--host", nobody, "--yes", "--model", "m"])
            .code(4)
            .run();
        assert!(away.stderr.contains("is not running"), "{away}");
        assert!(away.stderr.contains(start), "{away}");
        let mut empty = server(&[]);
        empty
            .pages
            .push(("/api/tags".into(), 200, json!({"models": []})));
        let url = internet.plays_here(empty);
        let bare = Setup::new(&home)
            .args([id, "--host", &url, "--yes", "--model", "m"])
            .code(4)
            .run();
        assert!(bare.stderr.contains("no model yet"), "{bare}");
        assert!(bare.stderr.contains(fill), "{bare}");
    }
}

#[test]
fn a_server_that_runs_is_on_the_list_as_running_right_after_the_recommended_one() {
    let internet = Internet::new();
    let url = internet.plays_here(server(&["qwen3"]));
    let home = Home::new()
        .online(&internet)
        .with_config(&format!("OMLX_HOST: {url}\n"));
    let mut person = Person::at(&home, (30, 100), &[]);
    person.sees("Which provider?").sees("runs here now");
    let screen = person.screen();
    let place = |name: &str| screen.lines().position(|line| line.contains(name));
    assert!(place("OpenRouter") < place("oMLX"), "{screen}");
    assert!(place("oMLX") < place("Anthropic"), "{screen}");
    person.types("omlx").presses(Key::Enter).sees("qwen3");
    person.presses(Key::Esc);
    assert_eq!(person.leaves(), 130);
}

#[test]
fn a_server_that_wants_a_key_says_so() {
    let internet = Internet::new();
    let locked = Personality {
        key: Some("right".into()),
        ..server(&["m"])
    };
    let url = internet.plays_here(locked);
    let home = Home::new().online(&internet);
    let said = Setup::new(&home)
        .args(["lmstudio", "--host", &url, "--yes", "--store", "file"])
        .code(2)
        .run();
    assert!(said.stderr.contains("--key-env"), "{said}");
}

#[test]
fn a_program_is_used_where_it_is_installed_and_else_comes_with_its_install_line() {
    let home = Home::new();
    let missing = Setup::new(&home)
        .args(["claude-acp", "--yes"])
        .code(4)
        .run();
    assert!(missing.stderr.contains("npm install -g"), "{missing}");
    assert_eq!(home.config(), "");
    let mut home = Home::new();
    home.write_program("bin/claude-agent-acp", "#!/bin/sh\n");
    home.put_on_path("bin");
    let report = Setup::new(&home)
        .args(["claude-acp", "--yes", "--json"])
        .code(0)
        .run()
        .json();
    assert_eq!(report["goose_agrees"], true);
    assert_eq!(report["verdict"], "unproven");
    assert!(report["notes"].to_string().contains("`claude`"), "{report}");
    assert_eq!(
        home.config_yaml()["active_provider"].as_str(),
        Some("claude-acp")
    );
}

#[test]
fn a_server_that_wants_a_key_is_given_one_where_somebody_is_there() {
    let internet = Internet::new();
    let key = "sk-lm-aB3dE5fG7hJ9kL1mN2pQ4rS6";
    let locked = Personality {
        key: Some(key.into()),
        ..server(&["qwen3"])
    };
    let url = internet.plays_here(locked);
    let home = Home::new()
        .online(&internet)
        .with_config("GOOSE_DISABLE_KEYRING: true\n");
    home.keeps_secret(key);
    let mut person = Person::at(&home, (40, 110), &["lmstudio", "--host", &url]);
    person
        .sees("LM Studio wants a key")
        .sees("LM Studio API key (hidden)")
        .waits_for_hidden_input()
        .types("\r")
        .sees("the key is empty")
        .types(&format!("{key}\r"))
        .sees("LM Studio accepts the key")
        .says_yes_to_the_rest();
    person.gives_the_terminal_back(0);
    assert_eq!(
        home.config_yaml()["providers"]["lmstudio"]["model"].as_str(),
        Some("qwen3")
    );
}

#[test]
fn a_program_that_is_installed_meanwhile_is_found_by_looking_again() {
    let mut home = Home::new();
    home.write("bin/other", "");
    home.put_on_path("bin");
    let mut person = Person::at(&home, (40, 110), &["codex-acp"]);
    person
        .sees("which is not on PATH")
        .sees("install it: npm install -g")
        .sees("Look again? [Y/n]");
    home.write_program("bin/codex-acp", "#!/bin/sh\n");
    person
        .presses(Key::Enter)
        .sees("✓ `codex-acp` is installed")
        .says_yes_to_the_rest()
        .sees("if it is not signed in yet, run `codex login`");
    person.gives_the_terminal_back(0);
    assert_eq!(
        home.config_yaml()["active_provider"].as_str(),
        Some("codex-acp")
    );
}

#[test]
fn a_program_is_looked_for_where_goose_is_told_that_it_is() {
    let home = Home::new();
    home.write_program("opt/mine", "#!/bin/sh\n");
    let file = home.path().join("opt/mine");
    let file = file.display();
    let set = format!("CLAUDE_CODE_COMMAND={file}");
    let args = ["claude-code", "--yes", "--set", &set];
    Setup::new(&home).args(args).code(0).run();
    let again = ["claude-code", "--yes"];
    Setup::new(&home).args(again).code(0).run();
    let status = Setup::new(&home).args(["status"]).code(0).run();
    assert!(
        status.stdout.contains(&format!("through `{file}`")),
        "{status}"
    );
}

#[test]
fn a_sign_in_of_gooses_own_is_named_and_status_knows_whether_it_was_done() {
    let home = Home::new();
    let report = Setup::new(&home)
        .args(["kimi_code", "--yes", "--json"])
        .code(0)
        .run()
        .json();
    assert!(
        report["notes"].to_string().contains("goose configure"),
        "{report}"
    );
    let status = |words: &str| {
        let said = Setup::new(&home).args(["status"]).code(0).run();
        assert!(said.stdout.contains(words), "{said}");
    };
    status("goose is not signed in");
    home.write(".config/goose/kimicode/token.json", "{}");
    status("goose is signed in");
}

#[test]
fn a_vendors_credentials_are_named_and_a_script_has_to_say_that_it_is_sure() {
    let home = Home::new();
    let setup = |more: &[&str], code| {
        let args = ["vertex", "--yes", "--set", "GCP_PROJECT_ID=mine"];
        Setup::new(&home)
            .args(args.iter().chain(more))
            .code(code)
            .run()
    };
    let none = setup(&[], 4);
    assert!(
        none.stderr
            .contains("gcloud auth application-default login"),
        "{none}"
    );
    home.write(".config/gcloud/application_default_credentials.json", "{}");
    let found = setup(&[], 4);
    assert!(
        found
            .stderr
            .contains("application_default_credentials.json"),
        "{found}"
    );
    assert!(found.stderr.contains("print-access-token"), "{found}");
    setup(&["--no-check"], 0);
    let config = home.config_yaml();
    assert_eq!(config["GCP_PROJECT_ID"].as_str(), Some("mine"));
    assert_eq!(config["GCP_LOCATION"].as_str(), Some("us-central1"));
    assert!(!home.secrets_file().exists());
}

/// A cloud vendor's way in: what it takes to set it up, what its own tool leaves behind, and the two lines of that tool.
struct Chain {
    id: &'static str,
    args: &'static [&'static str],
    credentials: &'static str,
    sign_in: &'static str,
    proof: &'static str,
    settings: &'static [(&'static str, &'static str)],
}

#[test]
fn what_no_free_request_proves_is_unproven_and_names_the_vendors_line_that_would() {
    let azure = "az account get-access-token --resource https://cognitiveservices.azure.com";
    for chain in [
        Chain {
            id: "aws_bedrock",
            args: &["--set", "AWS_REGION=eu-west-1"],
            credentials: ".aws/credentials",
            sign_in: "aws configure",
            proof: "aws sts get-caller-identity",
            settings: &[("AWS_REGION", "eu-west-1")],
        },
        Chain {
            id: "sagemaker_tgi",
            args: &["--set", "SAGEMAKER_ENDPOINT_NAME=mine"],
            credentials: ".aws/config",
            sign_in: "aws configure",
            proof: "aws sts get-caller-identity",
            settings: &[("SAGEMAKER_ENDPOINT_NAME", "mine")],
        },
        Chain {
            id: "gcp_vertex_ai",
            args: &["--set", "GCP_PROJECT_ID=mine"],
            credentials: ".config/gcloud/application_default_credentials.json",
            sign_in: "gcloud auth application-default login",
            proof: "gcloud auth application-default print-access-token",
            settings: &[("GCP_PROJECT_ID", "mine"), ("GCP_LOCATION", "us-central1")],
        },
        Chain {
            id: "azure_openai",
            args: &[
                "--host",
                "https://me.openai.azure.com",
                "--set",
                "AZURE_OPENAI_DEPLOYMENT_NAME=mine",
            ],
            credentials: ".azure/azureProfile.json",
            sign_in: "az login",
            proof: azure,
            settings: &[("AZURE_OPENAI_DEPLOYMENT_NAME", "mine")],
        },
        Chain {
            id: "azure_foundry",
            args: &["--host", "https://me.services.ai.azure.com"],
            credentials: ".azure/msal_token_cache.json",
            sign_in: "az login",
            proof: azure,
            settings: &[],
        },
    ] {
        let home = Home::new();
        let setup = |more: &[&str], code| {
            Setup::new(&home)
                .args([chain.id, "--yes"])
                .args(chain.args)
                .args(more)
                .code(code)
                .run()
        };
        let none = setup(&["--json"], 4);
        assert_eq!(none.json()["verdict"], "unproven", "{none}");
        assert!(none.stdout.contains(chain.sign_in), "{none}");
        home.write(chain.credentials, "{}");
        let found = setup(&["--json"], 4);
        assert_eq!(found.json()["verdict"], "unproven", "{found}");
        assert!(found.stdout.contains(chain.credentials), "{found}");
        assert!(found.stdout.contains(chain.proof), "{found}");
        setup(&["--no-check"], 0);
        for (name, value) in chain.settings {
            assert_eq!(home.config_yaml()[*name].as_str(), Some(*value));
        }
        assert!(!home.secrets_file().exists(), "{}", chain.id);
    }
}

#[test]
fn a_databricks_sign_in_and_a_snowflake_token_name_the_vendors_line_too() {
    for id in ["databricks", "databricks_v2"] {
        let home = Home::new();
        let args = [id, "--host", "https://me.cloud.databricks.com", "--yes"];
        let report = Setup::new(&home)
            .args(args)
            .args(["--json"])
            .code(0)
            .run()
            .json();
        assert_eq!(report["verdict"], "unproven", "{report}");
        let notes = report["notes"].to_string();
        assert!(notes.contains("databricks current-user me"), "{notes}");
    }
    let home = Home::new();
    let snowflake = Setup::new(&home)
        .args(["snowflake", "--host", "me.snowflakecomputing.com"])
        .args(["--key-stdin", "--store", "file", "--yes", "--json"])
        .stdin("aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYaB3dE5fG7hJ9kL1m")
        .code(4)
        .run();
    assert_eq!(snowflake.json()["verdict"], "unproven");
    assert!(
        snowflake.stdout.contains("snow connection test"),
        "{snowflake}"
    );
}

#[test]
fn a_setting_that_is_missing_is_named_with_its_flag() {
    let home = Home::new();
    let said = Setup::new(&home)
        .args([
            "azure",
            "--key-stdin",
            "--host",
            "https://me.openai.azure.com",
            "--store",
            "file",
            "--yes",
        ])
        .stdin("3f9a1c0e7b2d4856a1f0c9e8d7b6a5f4")
        .code(2)
        .run();
    assert!(
        said.stderr.contains("--set AZURE_OPENAI_DEPLOYMENT_NAME="),
        "{said}"
    );
}

#[test]
fn a_key_in_the_wrong_box_is_known_before_anybody_is_asked() {
    let internet = Internet::new();
    let home = Home::new().online(&internet);
    let said = Setup::new(&home)
        .args(["groq", "--key-stdin", "--store", "file", "--yes"])
        .stdin("hf_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYaB")
        .code(3)
        .run();
    let words = "this is an access token of Hugging Face, not of Groq";
    assert!(said.stderr.contains(words), "{said}");
    assert!(said.stderr.contains("paste a key of Groq"), "{said}");
    assert!(internet.requests().is_empty());
    assert_eq!(internet.strays(), Vec::<String>::new());
}

#[test]
fn a_secret_is_called_what_its_provider_calls_it() {
    let internet = Internet::new();
    let host = "dbc-1.cloud.databricks.com";
    let refusal = json!({"error_code": 401, "message": "no"});
    internet.answers(host, "/", Answer::json(401, &refusal));
    let home = Home::new().online(&internet);
    let url = format!("https://{host}");
    let args = [
        "databricks",
        "--host",
        &url,
        "--key-stdin",
        "--yes",
        "--store",
        "file",
    ];
    let said = Setup::new(&home)
        .args(args)
        .stdin("dapi3f9a1c0e7b2d4856a1f0c9e8d7b6a5f4")
        .code(3)
        .run();
    let words = "Databricks does not accept this access token";
    assert!(said.stderr.contains(words), "{said}");
    let missing = Setup::new(&home)
        .args(["snowflake", "--host", "https://me.snowflakecomputing.com"])
        .args(["--yes", "--store", "file"])
        .code(2)
        .run();
    assert!(
        missing.stderr.contains("the access token of Snowflake"),
        "{missing}"
    );
}
