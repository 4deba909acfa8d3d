//! `check` of several providers answers for each of them.

use crate::world::provider::{ANTHROPIC, GROQ, OPENROUTER};
use crate::world::stage::Stage;

#[test]
fn a_provider_without_a_key_is_a_row_among_the_others() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    let said = stage
        .runs(["check", "groq", "openrouter", "--json"])
        .code(4)
        .run();
    let rows = said.json()["results"].clone();
    assert_eq!(rows[0]["provider"], "groq");
    assert_eq!(rows[0]["verdict"], "unproven");
    assert_eq!(rows[0]["requests"], 0);
    assert!(
        rows[0]["detail"].to_string().contains("GROQ_API_KEY"),
        "{said}"
    );
    assert!(
        rows[0]["action"].to_string().contains("goose-setup groq"),
        "{said}"
    );
    assert_eq!(rows[1]["provider"], "openrouter");
    assert_eq!(rows[1]["verdict"], "valid");
    assert!(
        stage
            .internet
            .requests()
            .iter()
            .all(|seen| seen.host != GROQ.host)
    );
    let said = stage.runs(["check", "groq", "openrouter"]).code(4).run();
    for words in ["no key of Groq is stored", "→ run `goose-setup groq`"] {
        assert!(said.stdout.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_refused_key_weighs_more_than_a_missing_one() {
    let stage = Stage::on_a_server();
    let wrong = stage.wrong_key(OPENROUTER, "wrong");
    stage
        .sets_up(OPENROUTER, &wrong)
        .args(["--model", OPENROUTER.model, "--no-check"])
        .code(0)
        .run();
    stage.runs(["check", "groq", "openrouter"]).code(3).run();
}

#[test]
fn naming_nobody_who_has_a_key_is_a_mistake() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    for named in [&["groq"][..], &["groq", ANTHROPIC.id]] {
        let said = stage.runs(["check", "--json"]).args(named).code(2).run();
        assert_eq!(said.json()["error"]["kind"], "usage", "{said}");
        assert!(said.stdout.contains("GROQ_API_KEY"), "{said}");
    }
}
