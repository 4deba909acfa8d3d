//! Chat answers that spend nothing: each engine's stream, saying one fixed sentence.

use super::http::Answer;
use serde_json::{Value, json};

/// What every provider of the small internet says, and so what the real goose prints.
pub(crate) const MARKER: &str = "the small internet answers";

fn frames(frames: &[Value]) -> String {
    frames
        .iter()
        .map(|frame| format!("data: {frame}\n\n"))
        .collect()
}

pub(crate) fn openai(model: &str) -> Answer {
    let chunk = |choices: Value| json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices});
    let mut usage = chunk(json!([]));
    usage["usage"] = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    Answer::events(
        frames(&[
            chunk(
                json!([{"index": 0, "delta": {"role": "assistant", "content": MARKER}, "finish_reason": null}]),
            ),
            chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}])),
            usage,
        ]) + "data: [DONE]\n\n",
    )
}

pub(crate) fn openai_whole(model: &str) -> Answer {
    Answer::json(
        200,
        &json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": MARKER}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}),
    )
}

/// OpenAI's newer form, which goose speaks with models of the gpt-5 class.
pub(crate) fn openai_responses(model: &str) -> Answer {
    let part = json!({"type": "output_text", "text": MARKER, "annotations": []});
    let item = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]});
    let response = |status: &str, output: Value| {
        json!({"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": model, "output": output,
               "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}})
    };
    Answer::events(frames(&[
        json!({"type": "response.created", "sequence_number": 0, "response": response("in_progress", json!([]))}),
        json!({"type": "response.output_text.delta", "sequence_number": 1, "item_id": "msg_1", "output_index": 0,
               "content_index": 0, "delta": MARKER}),
        json!({"type": "response.output_item.done", "sequence_number": 2, "output_index": 0, "item": item}),
        json!({"type": "response.completed", "sequence_number": 3, "response": response("completed", json!([item]))}),
    ]))
}

pub(crate) fn anthropic(model: &str) -> Answer {
    let events = [
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": model,
               "content": [], "stop_reason": null, "usage": {"input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": MARKER}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ];
    Answer::events(
        events
            .iter()
            .map(|event| {
                format!(
                    "event: {}\ndata: {event}\n\n",
                    event["type"].as_str().unwrap()
                )
            })
            .collect(),
    )
}

pub(crate) fn google(model: &str) -> Answer {
    Answer::events(frames(&[json!({
        "candidates": [{"content": {"parts": [{"text": MARKER}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": model,
    })]))
}

/// Snowflake Cortex, which streams pieces of a whole message.
pub(crate) fn snowflake(model: &str) -> Answer {
    let delta = |delta: Value| json!({"id": "1", "model": model, "choices": [{"delta": delta}], "usage": {}});
    let mut last = delta(json!({}));
    last["usage"] = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    Answer::events(frames(&[
        delta(
            json!({"type": "text", "content": MARKER, "content_list": [{"type": "text", "text": MARKER}], "text": MARKER}),
        ),
        last,
    ]))
}

/// Bedrock's answer in one piece; its stream is a binary format.
pub(crate) fn bedrock() -> Answer {
    Answer::json(
        200,
        &json!({"output": {"message": {"role": "assistant", "content": [{"text": MARKER}]}}, "stopReason": "end_turn",
                "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}, "metrics": {"latencyMs": 1}}),
    )
}
