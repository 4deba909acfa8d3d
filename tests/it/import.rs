//! Keys that are on the machine already: found in every tool's own file, shown by fingerprint, taken only on consent.

use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::keyring::Keyring;
use crate::world::provider::{
    ANTHROPIC, DEEPSEEK, GOOGLE, GROQ, MISTRAL, OPENAI, OPENROUTER, Provider, XAI,
};
use crate::world::pty::{Key, Person};
use crate::world::run::{Outcome, Setup};
use crate::world::tools;
use serde_json::{Value, json};

struct Case {
    source: &'static str,
    path: &'static str,
    provider: Provider,
    /// `KEY` stands for the key.
    text: &'static str,
    line: usize,
}

const fn case(
    source: &'static str,
    path: &'static str,
    provider: Provider,
    text: &'static str,
    line: usize,
) -> Case {
    Case {
        source,
        path,
        provider,
        text,
        line,
    }
}

const CASES: [Case; 28] = [
    case(
        "dotenv",
        ".env",
        OPENAI,
        "# mine\nOPENAI_API_KEY=\"KEY\"\n",
        2,
    ),
    case("dotenv", ".env.local", GOOGLE, "GEMINI_API_KEY=KEY\n", 1),
    case(
        "shell",
        ".bashrc",
        OPENROUTER,
        "alias l=ls\n\nexport OPENROUTER_API_KEY='KEY'\n",
        3,
    ),
    case(
        "shell",
        ".profile",
        GROQ,
        "export GROQ_API_KEY=KEY; export A=b\n",
        1,
    ),
    case(
        "shell",
        ".zshrc",
        ANTHROPIC,
        "typeset -x ANTHROPIC_API_KEY=KEY\n",
        1,
    ),
    case(
        "shell",
        ".config/fish/config.fish",
        XAI,
        "set -gx XAI_API_KEY KEY\n",
        1,
    ),
    case(
        "shell",
        ".config/fish/fish_variables",
        XAI,
        "# fish\nSETUVAR --export XAI_API_KEY:KEY\n",
        2,
    ),
    case(
        "shell",
        ".config/environment.d/10-keys.conf",
        MISTRAL,
        "MISTRAL_API_KEY=KEY\n",
        1,
    ),
    case(
        "shell",
        ".config/nushell/env.nu",
        GROQ,
        "$env.GROQ_API_KEY = \"KEY\"\n",
        1,
    ),
    case(
        "aichat",
        ".config/aichat/config.yaml",
        ANTHROPIC,
        "model: claude\nclients:\n- type: claude\n  api_key: KEY\n",
        4,
    ),
    case(
        "aichat",
        ".config/aichat/config.yaml",
        DEEPSEEK,
        "clients:\n- type: openai-compatible\n  name: deepseek\n  api_key: KEY\n",
        4,
    ),
    case(
        "aichat",
        ".config/aichat/.env",
        GOOGLE,
        "GEMINI_API_KEY=KEY\n",
        1,
    ),
    case(
        "llm",
        ".config/io.datasette.llm/keys.json",
        OPENAI,
        "{\n  \"// Note\": \"This file stores secret API credentials. Do not share!\",\n  \"openai\": \"KEY\"\n}",
        3,
    ),
    case(
        "opencode",
        ".local/share/opencode/auth.json",
        OPENROUTER,
        "{\n\t\"openrouter\": {\n\t\t\"type\": \"api\",\n\t\t\"key\": \"KEY\"\n\t}\n}",
        4,
    ),
    case(
        "aider",
        ".aider.conf.yml",
        ANTHROPIC,
        "anthropic-api-key: KEY\n",
        1,
    ),
    case(
        "aider",
        ".aider.conf.yml",
        GOOGLE,
        "dark-mode: true\napi-key:\n  - gemini=KEY\n",
        3,
    ),
    case(
        "aider",
        ".aider/oauth-keys.env",
        OPENROUTER,
        "OPENROUTER_API_KEY=\"KEY\"\n",
        1,
    ),
    case(
        "crush",
        ".config/crush/crush.json",
        XAI,
        "{\"providers\": {\n\"xai\": {\"api_key\": \"KEY\"}}}",
        2,
    ),
    case(
        "crush",
        ".local/share/crush/crush.json",
        MISTRAL,
        "{\"providers\": {\"mistral\": {\"api_key\": \"KEY\"}}}",
        1,
    ),
    case(
        "crush",
        ".config/crush/crushrc",
        GROQ,
        "# mine\nexport GROQ_API_KEY=KEY\nprovider add groq --api-key \"$GROQ_API_KEY\"\n",
        2,
    ),
    case(
        "crush",
        ".crushrc",
        DEEPSEEK,
        "provider add mine \\\n  --type openai-compat \\\n  --base-url \"https://api.deepseek.com/v1\" \\\n  --api-key \"KEY\"\n",
        4,
    ),
    case(
        "crush",
        "crushrc",
        XAI,
        "provider add xai --api-key=KEY\n",
        1,
    ),
    case(
        "continue",
        ".continue/config.yaml",
        ANTHROPIC,
        "name: mine\nmodels:\n  - name: Claude\n    provider: anthropic\n    model: claude-sonnet-4\n    apiKey: KEY\n",
        6,
    ),
    case(
        "continue",
        ".continue/config.json",
        GROQ,
        "{\"models\": [{\"provider\": \"openai\", \"apiBase\": \"https://api.groq.com/openai/v1\", \"apiKey\": \"KEY\"}]}",
        1,
    ),
    case(
        "continue",
        ".continue/.env",
        MISTRAL,
        "MISTRAL_API_KEY=KEY\n",
        1,
    ),
    case(
        "codex",
        ".codex/auth.json",
        OPENAI,
        "{\n  \"OPENAI_API_KEY\": \"KEY\",\n  \"tokens\": null\n}",
        2,
    ),
    case(
        "litellm",
        "litellm_config.yaml",
        DEEPSEEK,
        "model_list:\n  - model_name: d\n    litellm_params:\n      model: deepseek/deepseek-chat\n      api_key: KEY\n",
        5,
    ),
    case(
        "litellm",
        "config.yaml",
        GROQ,
        "model_list: []\nenvironment_variables:\n  GROQ_API_KEY: KEY\n",
        3,
    ),
];

fn internet(keys: &[(Provider, &str)]) -> (Internet, Home) {
    let internet = Internet::new();
    let mut home = Home::new().online(&internet);
    home.set("GOOSE_DISABLE_KEYRING", "1");
    for (provider, key) in keys {
        internet.knows(*provider, key);
        home.keeps_secret(key);
    }
    (internet, home)
}

fn import(home: &Home, args: &[&str]) -> Outcome {
    Setup::new(home).args(["import", "--json"]).args(args).run()
}

#[test]
fn a_key_in_any_tools_file_is_found_by_line_proven_and_stored_and_the_file_is_left_alone() {
    for case in CASES {
        let key = case.provider.key("import");
        let (internet, home) = internet(&[(case.provider, &key)]);
        let text = case
            .text
            .replace("_API_KEY", "\u{0}")
            .replace("KEY", &key)
            .replace('\u{0}', "_API_KEY");
        home.write(case.path, &text);
        let before = home.tree();

        // Looking, even with every flag but consent, writes nothing and asks nobody.
        let seen = import(&home, &["--dry-run"]);
        let found = &seen.json()["found"][0];
        assert_eq!(found["provider"], case.provider.id, "{} {seen}", case.path);
        assert_eq!(found["places"][0]["source"], case.source);
        let at = found["places"][0]["at"].as_str().unwrap();
        assert!(
            at.ends_with(&format!(
                "{}:{}",
                case.path.rsplit('/').next().unwrap(),
                case.line
            )),
            "{at}"
        );
        assert_eq!(seen.json()["found"].as_array().unwrap().len(), 1);
        assert!(internet.requests().is_empty());
        before.assert_same(&home.tree());

        let outcome = import(&home, &["--from", case.source, "--yes"]);
        assert_eq!(outcome.code, 0, "{}: {outcome}", case.path);
        let json = outcome.json();
        assert_eq!(json["found"][0]["verdict"], "valid");
        assert_eq!(
            home.secrets_yaml()[case.provider.key_variable.unwrap()],
            key
        );
        assert!(
            json["notes"]
                .to_string()
                .contains("still stands in plain text"),
            "{json}"
        );
        assert_eq!(home.read(case.path), text);
        assert!(internet.chats().is_empty());
    }
}

#[test]
fn goose_answers_with_an_imported_key() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let key = GROQ.key("import");
    let (internet, home) = internet(&[(GROQ, &key)]);
    home.write(".env", format!("GROQ_API_KEY={key}\n"));
    assert_eq!(import(&home, &["--all", "--yes"]).code, 0);
    Setup::new(&home)
        .args(["switch", "groq", "--model", GROQ.model])
        .code(0)
        .run();
    internet.clear();
    goose.hi(&home);
    internet.assert_conversation(GROQ.host, Some(&key), GROQ.model);
}

#[test]
fn nothing_is_written_or_asked_without_consent() {
    let key = OPENAI.key("import");
    let (internet, mut home) = internet(&[(OPENAI, &key)]);
    home.set("OPENAI_API_KEY", &key);
    let before = home.tree();
    for args in [&[][..], &["--all"], &["--from", "environment"], &["--yes"]] {
        assert_eq!(import(&home, args).code, 2, "{args:?}");
    }
    before.assert_same(&home.tree());
    assert!(internet.requests().is_empty());
}

#[test]
fn keys_are_proven_side_by_side_and_only_the_good_ones_are_stored() {
    let (good, other) = (OPENROUTER.key("good"), GROQ.key("good"));
    let (internet, home) = internet(&[(OPENROUTER, &good), (GROQ, &other)]);
    let bad = MISTRAL.key("revoked");
    home.keeps_secret(&bad);
    home.write(
        ".env",
        format!("OPENROUTER_API_KEY={good}\nMISTRAL_API_KEY={bad}\nGROQ_API_KEY={other}\n"),
    );
    let outcome = import(&home, &["--from", "dotenv", "--yes"]);
    assert_eq!(outcome.code, 3, "{outcome}");
    let json = outcome.json();
    let row = |id: &str| {
        let rows = json["found"].as_array().unwrap();
        rows.iter()
            .find(|row| row["provider"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&row("openrouter")["taken"], &row("mistral")["taken"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(row("mistral")["verdict"], "invalid");
    let secrets = home.secrets_yaml();
    assert_eq!(secrets["GROQ_API_KEY"], other);
    assert_eq!(secrets.get("MISTRAL_API_KEY"), None);
    assert_eq!(internet.strays(), Vec::<String>::new());
    for provider in ["openrouter", "groq"] {
        assert_eq!(
            home.config_yaml()["providers"][provider]["configured"],
            true
        );
    }
    assert_eq!(
        home.config_yaml().get("active_provider"),
        None,
        "switching is another decision"
    );
}

#[test]
fn a_key_goes_to_whoever_issued_it_whatever_it_is_called_and_nowhere_else() {
    let key = OPENROUTER.key("import");
    let (internet, home) = internet(&[(OPENROUTER, &key)]);
    home.write(".env", format!("OPENAI_API_KEY={key}\n"));
    home.write(
        ".continue/config.yaml",
        "models:\n  - provider: openai\n    apiBase: http://gpu-box:8000/v1\n    apiKey: local-secret-0123456789\n",
    );
    home.keeps_secret("local-secret-0123456789");
    let json = import(&home, &["--all", "--yes"]).json();
    assert_eq!(json["found"].as_array().unwrap().len(), 1);
    assert_eq!(json["found"][0]["provider"], "openrouter");
    assert!(
        json["notes"].to_string().contains("goose-setup custom"),
        "{json}"
    );
    assert!(
        internet
            .requests()
            .iter()
            .all(|request| request.host == OPENROUTER.host)
    );
}

#[test]
fn references_sign_ins_and_placeholders_are_no_keys() {
    let (_internet, home) = internet(&[]);
    home.write(
        ".bashrc",
        "export OPENAI_API_KEY=$(pass show openai)\nexport GROQ_API_KEY=$OTHER\n",
    );
    home.write(
        ".env",
        "OPENAI_API_KEY=sk-xxxxxxxxxxxx\nANTHROPIC_API_KEY=your-key-here\nXAI_API_KEY=\n",
    );
    home.write(
        ".codex/auth.json",
        r#"{"OPENAI_API_KEY": null, "tokens": {"access_token": "eyJhbGciOi"}}"#,
    );
    home.write(
        ".local/share/opencode/auth.json",
        r#"{"anthropic": {"type": "oauth", "access": "sk-ant-oat01-abc", "refresh": "r", "expires": 1}}"#,
    );
    home.write(
        "litellm_config.yaml",
        "model_list:\n- litellm_params: {model: openai/x, api_key: os.environ/OPENAI_API_KEY}\n",
    );
    home.write(
        ".continue/config.yaml",
        "models:\n- provider: openai\n  apiKey: ${{ secrets.OPENAI_API_KEY }}\n",
    );
    home.write(
        ".config/crush/crush.json",
        r#"{"providers": {"openai": {"api_key": "$OPENAI_API_KEY"}}}"#,
    );
    home.write(".config/aichat/config.yaml", "clients: [\n");
    let json = import(&home, &["--dry-run"]).json();
    assert_eq!(json["found"], json!([]), "{json}");
    assert!(
        json["notes"]
            .to_string()
            .contains("aichat/config.yaml does not parse"),
        "{json}"
    );
}

#[test]
fn one_key_in_several_places_is_one_and_two_keys_are_a_question() {
    let (first, second) = (OPENAI.key("first"), OPENAI.key("second"));
    let (_internet, mut home) = internet(&[(OPENAI, &first), (OPENAI, &second)]);
    home.set("OPENAI_API_KEY", &first);
    home.write(".bashrc", format!("export OPENAI_API_KEY={first}\n"));
    let json = import(&home, &["--dry-run"]).json();
    assert_eq!(json["found"].as_array().unwrap().len(), 1);
    assert_eq!(json["found"][0]["places"].as_array().unwrap().len(), 2);
    home.write(".env", format!("OPENAI_API_KEY={second}\n"));
    let before = home.tree();
    let outcome = import(&home, &["--provider", "openai", "--yes"]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stdout.contains("two keys of OpenAI"), "{outcome}");
    before.assert_same(&home.tree());
    // The one that was named is stored, and the environment that outranks it is not kept quiet about.
    assert_eq!(import(&home, &["--from", "dotenv", "--yes"]).code, 9);
    assert_eq!(home.secrets_yaml()["OPENAI_API_KEY"], second);
}

#[test]
fn a_second_run_finds_everything_stored_and_changes_nothing() {
    let key = GROQ.key("import");
    let (_internet, home) = internet(&[(GROQ, &key)]);
    home.write(".env", format!("GROQ_API_KEY={key}\n"));
    import(&home, &["--all", "--yes"]);
    let before = home.tree();
    let json = import(&home, &["--all", "--yes"]).json();
    assert_eq!(
        (&json["found"][0]["stored"], &json["changes"]),
        (&json!(true), &json!([]))
    );
    before.assert_same(&home.tree());
}

#[test]
fn keys_move_from_the_file_to_the_keychain_with_the_store() {
    let Some(keyring) = Keyring::unlocked() else {
        return;
    };
    let key = GROQ.key("import");
    let internet = Internet::new();
    internet.knows(GROQ, &key);
    let home = Home::new()
        .online(&internet)
        .with_keyring(&keyring)
        .with_secrets(&format!("GROQ_API_KEY: '{key}'\n"));
    home.keeps_secret(&key);
    keyring.store("{\"OTHER\": \"kept\"}");
    let outcome = import(
        &home,
        &["--from", "goose-file", "--store", "keychain", "--yes"],
    );
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(
        keyring.secrets(),
        json!({"OTHER": "kept", "GROQ_API_KEY": key})
    );
    let notes = outcome.json()["notes"].to_string();
    assert!(notes.contains("secrets.yaml"), "{notes}");
    assert!(
        home.secrets_file().exists(),
        "the copy is named, never deleted unasked"
    );
}

#[test]
fn a_person_is_asked_about_every_key_and_no_key_is_shown() {
    let (groq, xai) = (GROQ.key("import"), XAI.key("import"));
    let (_internet, home) = internet(&[(GROQ, &groq), (XAI, &xai)]);
    home.write(".env", format!("GROQ_API_KEY={groq}\nXAI_API_KEY={xai}\n"));
    let mut person = Person::at(&home, (40, 120), &["import"]);
    person.sees("Take over the key of xAI").types("n");
    person.sees("Take over the key of Groq").types("y");
    person.sees("Make these changes?").presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
    let secrets: Value = serde_json::to_value(home.secrets_yaml()).unwrap();
    assert_eq!(secrets, json!({"GROQ_API_KEY": groq}));
}

#[test]
fn a_person_who_leaves_has_changed_nothing() {
    let key = GROQ.key("import");
    let (_internet, home) = internet(&[(GROQ, &key)]);
    home.write(".env", format!("GROQ_API_KEY={key}\n"));
    let before = home.tree();
    let mut person = Person::at(&home, (40, 120), &["import"]);
    person.sees("Take over the key of Groq").types("y");
    person.sees("Make these changes?").presses(Key::Esc);
    assert_eq!(person.leaves(), 130);
    before.assert_same(&home.tree());
}

#[test]
fn a_key_that_goose_could_not_start_with_is_left_with_the_line_that_sets_the_rest_up() {
    let key = MISTRAL.key("azure");
    let (internet, home) = internet(&[(MISTRAL, &key)]);
    home.write(".env", format!("AZURE_OPENAI_API_KEY={key}\n"));
    let before = home.tree();
    let outcome = import(&home, &["--all", "--yes"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let json = outcome.json();
    assert_eq!(json["found"], json!([]), "{json}");
    assert!(
        json["notes"]
            .to_string()
            .contains("goose-setup azure_openai --host URL"),
        "{json}"
    );
    before.assert_same(&home.tree());
    assert!(internet.requests().is_empty());
}

#[test]
fn two_keys_for_the_one_place_of_two_providers_are_a_question_too() {
    let (first, second) = (MISTRAL.key("first"), MISTRAL.key("second"));
    let (_internet, home) = internet(&[(MISTRAL, &first), (MISTRAL, &second)]);
    home.write(
        ".local/share/opencode/auth.json",
        json!({"zai": {"type": "api", "key": first}, "zhipu": {"type": "api", "key": second}})
            .to_string(),
    );
    let before = home.tree();
    let outcome = import(&home, &["--all", "--yes"]);
    assert_eq!(outcome.code, 2, "{outcome}");
    assert!(outcome.stdout.contains("ZHIPU_API_KEY"), "{outcome}");
    before.assert_same(&home.tree());
    let one = import(&home, &["--provider", "zhipu", "--yes", "--no-check"]);
    assert_eq!(one.code, 0, "{one}");
    assert_eq!(home.secrets_yaml()["ZHIPU_API_KEY"], second);

    let (_internet, home) = internet(&[(MISTRAL, &first), (MISTRAL, &second)]);
    home.write(
        ".local/share/opencode/auth.json",
        json!({"zai": {"type": "api", "key": first}, "zhipu": {"type": "api", "key": second}})
            .to_string(),
    );
    let mut person = Person::at(&home, (40, 120), &["import", "--no-check"]);
    person.sees("Take over the key of").types("y");
    person.sees("Make these changes?").presses(Key::Enter);
    assert_eq!(person.leaves(), 0);
    let configured = home.config_yaml()["providers"].as_mapping().unwrap().len();
    assert_eq!(configured, 1);
}

#[test]
fn what_fish_itself_keeps_of_a_key_is_read_as_fish_wrote_it() {
    let Some(fish) = tools::program("fish") else {
        return;
    };
    let key = OPENROUTER.key("fish");
    let (_internet, home) = internet(&[(OPENROUTER, &key)]);
    home.plants(".config/fish/fish_variables");
    Setup::program(&home, fish)
        .args(["-c", "read --local key; set -Ux OPENROUTER_API_KEY $key"])
        .stdin(format!("{key}\n"))
        .code(0)
        .run();
    let text = home.read(".config/fish/fish_variables");
    assert!(text.contains(r"sk\x2dor\x2dv1"), "{text}");
    let outcome = import(&home, &["--from", "shell", "--yes"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(home.secrets_yaml()["OPENROUTER_API_KEY"], key);
}
