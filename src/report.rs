//! What a command came to, for a person and for a program.

mod written;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

pub use written::Written;

use crate::error::{Error, Exit};
use crate::sanitize;

pub struct Report {
    pub exit: Exit,
    /// The fields of the JSON object, without its schema.
    pub fields: Map<String, Value>,
    /// What a person sees on stdout; a key, where a key is what was asked for.
    pub text: Zeroizing<String>,
    /// It is for another program, which needs every byte of it.
    pub is_exact: bool,
}

impl Report {
    pub fn new(exit: Exit, fields: Value, text: impl Into<String>) -> Self {
        Self {
            exit,
            fields: match fields {
                Value::Object(fields) => fields,
                other => Map::from_iter([("value".to_owned(), other)]),
            },
            text: Zeroizing::new(text.into()),
            is_exact: false,
        }
    }

    /// For commands whose output is text for another program.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            is_exact: true,
            ..Self::new(Exit::Done, json!({}), text)
        }
    }

    pub fn to_json(&self, command: &str) -> String {
        let mut object = Map::new();
        object.insert("schema".into(), schema(command).into());
        object.extend(self.fields.clone());
        line(object)
    }
}

/// The object that `--json` prints when a command fails.
pub fn failure_to_json(error: &Error, command: &str) -> String {
    let mut object = Map::new();
    object.insert("schema".into(), schema(command).into());
    if let Some((verdict, cause)) = error.verdict() {
        object.insert("verdict".into(), json!(verdict));
        object.insert("cause".into(), json!(cause));
    }
    object.insert(
        "error".into(),
        json!({"kind": error.kind(), "message": error.to_string(), "action": error.action()}),
    );
    line(object)
}

fn line(object: Map<String, Value>) -> String {
    let json = Value::Object(object).to_string();
    format!("{}\n", sanitize::escaped(&json))
}

fn schema(command: &str) -> String {
    format!("goose-setup/{command}/1")
}
