//! Configuration files on top of each other, merged as goose merges them, with the memory of who said what.

use std::path::PathBuf;

use serde_yaml::{Mapping, Value};

use crate::goose::config::Source;

/// goose replaces whole values of later layers, except in these two: there it merges entry by entry and field by field.
const MERGED: [&str; 2] = ["extensions", "providers"];

#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    layers: Vec<(Source, Mapping)>,
    merged: Mapping,
}

impl Layers {
    /// The system's files in order, then the user's.
    pub(super) fn of(system: Vec<(PathBuf, Mapping)>, user: Mapping) -> Self {
        let mut all = Self::default();
        for (path, map) in system {
            all.push(Source::System(path), map);
        }
        all.push(Source::Config, user);
        all
    }

    fn push(&mut self, source: Source, map: Mapping) {
        for (key, value) in &map {
            let depth = if MERGED.iter().any(|name| key == name) {
                2
            } else {
                0
            };
            overlay(&mut self.merged, key, value, depth);
        }
        self.layers.push((source, map));
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.merged.get(key)
    }

    /// The same files below, another user's file on top.
    pub(super) fn with_user(&self, user: Mapping) -> Self {
        let mut all = Self::default();
        for (source, map) in &self.layers {
            if *source != Source::Config {
                all.push(source.clone(), map.clone());
            }
        }
        all.push(Source::Config, user);
        all
    }

    /// The last layer that has something at `path`.
    pub(super) fn source(&self, path: &[&str]) -> Source {
        self.layers
            .iter()
            .rev()
            .find(|(_, map)| {
                let Some((first, rest)) = path.split_first() else {
                    return false;
                };
                rest.iter()
                    .try_fold(map.get(*first), |value, key| {
                        value.map(|value| value.get(*key))
                    })
                    .flatten()
                    .is_some()
            })
            .map_or(Source::None, |(source, _)| source.clone())
    }
}

fn overlay(below: &mut Mapping, key: &Value, value: &Value, depth: usize) {
    if depth > 0
        && let Some(fields) = value.as_mapping()
        && let Some(below) = below.get_mut(key).and_then(Value::as_mapping_mut)
    {
        for (key, value) in fields {
            overlay(below, key, value, depth - 1);
        }
    } else {
        below.insert(key.clone(), value.clone());
    }
}
