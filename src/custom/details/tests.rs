#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use serde_json::json;

use super::*;

fn listing(list: &Value) -> Details {
    Details::listed(Engine::Openai, list)
}

fn named(ids: &[&str]) -> Details {
    let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    listing(&json!({ "data": rows }))
}

#[test]
fn each_server_tells_the_context_in_its_own_way() {
    for (row, tokens) in [
        (json!({"max_model_len": 32768}), Some(32768)),
        (json!({"meta": {"n_ctx_train": 131_072}}), Some(131_072)),
        (
            json!({"max_context_length": 8192, "loaded_context_length": 4096}),
            Some(4096),
        ),
        (json!({"context_window": 0}), None),
        (json!({}), None),
    ] {
        assert_eq!(readers::context(&row), tokens, "{row}");
    }
}

#[test]
fn each_list_tells_in_its_own_way_whether_tools_are_called() {
    for (row, tools) in [
        (json!({"supports_tools": true}), Some(true)),
        (json!({"supports_function_calling": false}), Some(false)),
        (
            json!({"capabilities": {"supports": {"tool_calls": true}}}),
            Some(true),
        ),
        (
            json!({"capabilities": {"function_calling": false}}),
            Some(false),
        ),
        (json!({"capabilities": ["completion", "tools"]}), Some(true)),
        (json!({"capabilities": ["completion"]}), Some(false)),
        (
            json!({"supported_features": ["json_mode", "tools"]}),
            Some(true),
        ),
        (json!({"features": ["function-calling"]}), Some(true)),
        (json!({"tags": ["vision", "tool-use"]}), Some(true)),
        (json!({"tags": ["vision"]}), None),
        (json!({"capabilities": {"vision": true}}), None),
        (json!({}), None),
    ] {
        assert_eq!(readers::tools(&row), tools, "{row}");
    }
}

#[test]
fn a_row_says_that_its_model_streams_or_names_a_server_that_does() {
    for (row, streams) in [
        (json!({"supports_streaming": false}), Some(false)),
        (
            json!({"capabilities": {"supports": {"streaming": true}}}),
            Some(true),
        ),
        (json!({"supported_features": ["streaming"]}), Some(true)),
        (json!({"supported_features": ["tools"]}), None),
        (json!({"owned_by": "vllm"}), Some(true)),
        (json!({"owned_by": "llamacpp"}), Some(true)),
        (
            json!({"owned_by": "vllm", "supports_streaming": false}),
            Some(false),
        ),
        (json!({"owned_by": "somebody"}), None),
        (json!({}), None),
    ] {
        let told = readers::streams(&row, "m");
        assert_eq!(told.map(|told| told.streams), streams, "{row}");
    }
}

#[test]
fn a_llama_cpp_tells_its_one_models_context_and_template() {
    let props = json!({"default_generation_settings": {"n_ctx": 16384},
        "chat_template_caps": {"supports_tools": false}});
    let mut one = named(&["m"]);
    readers::llama_cpp(&props, &mut one);
    assert_eq!(
        (one.models[0].context, one.models[0].tools),
        (Some(16384), Some(false))
    );
    assert!(one.streaming("m").unwrap().streams);
    let mut two = named(&["a", "b"]);
    readers::llama_cpp(&props, &mut two);
    assert_eq!((two.models[0].context, two.models[0].tools), (None, None));
    let mut other = named(&["m"]);
    readers::llama_cpp(&json!({"n_ctx": 1}), &mut other);
    assert_eq!(other.streaming("m"), None);
}

#[test]
fn lm_studio_and_litellm_fill_in_what_their_lists_leave_out() {
    let mut two = named(&["a", "b"]);
    readers::lm_studio(
        &json!({"data": [{"id": "b", "max_context_length": 40960, "capabilities": ["tool_use"]}]}),
        &mut two,
    );
    let told = |place: usize, of: &Details| (of.models[place].context, of.models[place].tools);
    assert_eq!(told(1, &two), (Some(40960), Some(true)));
    assert_eq!(told(0, &two), (None, None));
    assert!(two.streaming("a").unwrap().by.contains("LM Studio"));
    let mut two = named(&["a", "b"]);
    readers::litellm(
        &json!({"data": [{"model_name": "a", "model_info": {"mode": "chat", "max_input_tokens": 128_000,
            "supports_function_calling": true}}]}),
        &mut two,
    );
    assert_eq!(told(0, &two), (Some(128_000), Some(true)));
    assert!(two.streaming("b").unwrap().by.contains("LiteLLM"));
    let mut others = named(&["x"]);
    readers::litellm(&json!({"data": []}), &mut others);
    readers::lm_studio(&json!({"data": []}), &mut others);
    assert_eq!(others.streaming("x"), None);
}

#[test]
fn an_api_that_describes_itself_tells_what_a_chat_request_may_hold() {
    let api = |properties: Value| {
        json!({
            "paths": {"/v1/chat/completions": {"post": {"requestBody": {"content": {"application/json":
                {"schema": {"$ref": "#/components/schemas/Chat"}}}}}}},
            "components": {"schemas": {"Chat": {"properties": properties}}},
        })
    };
    for (properties, streams, tools) in [
        (
            json!({"messages": {}, "stream": {}, "tools": {}}),
            Some(true),
            None,
        ),
        (
            json!({"messages": {}, "stream": {}}),
            Some(true),
            Some(false),
        ),
        (json!({"messages": {}}), Some(false), Some(false)),
        (json!({"anything": {}}), None, None),
    ] {
        let mut details = named(&["m"]);
        readers::description(&api(properties.clone()), &mut details);
        let told = details.streaming("m").map(|told| told.streams);
        assert_eq!(told, streams, "{properties}");
        assert_eq!(details.models[0].tools, tools, "{properties}");
    }
    let mut details = named(&["m"]);
    readers::description(&json!({"paths": {}}), &mut details);
    assert_eq!(details.streaming("m"), None);
}

#[test]
fn what_an_ollama_runs_with_counts_before_what_its_model_could() {
    let mut qwen = named(&["qwen3"]).models.remove(0);
    let shown = json!({"capabilities": ["completion", "tools"], "parameters": "stop \"x\"\nnum_ctx    8192",
        "model_info": {"qwen3.context_length": 40960}});
    readers::ollama(&shown, &mut qwen);
    assert_eq!((qwen.context, qwen.tools), (Some(8192), Some(true)));
    readers::ollama(
        &json!({"model_info": {"qwen3.context_length": 40960}}),
        &mut qwen,
    );
    assert_eq!(qwen.context, Some(40960));
}

#[test]
fn what_models_of_an_unknown_maker_can_do_is_not_guessed_from_how_they_are_spoken_to() {
    let list = json!({"data": [{"type": "model", "id": "claude-sonnet-4-5"}, {"type": "model", "id": "box-large"}]});
    let details = Details::listed(Engine::Anthropic, &list);
    let tools: Vec<_> = details.models.iter().map(|model| model.tools).collect();
    assert_eq!(tools, [Some(true), None]);
    assert_eq!(details.streaming("box-large"), None);
}
