//! What limits goose at a provider, and what helps: live figures, the handbook of documented limits, and advice computed
//! from both.
//!
//! Facts are rows in `templates/limits.json`, by goose's id of the provider; a new kind of answer needs a reader in `readers`.

pub mod advice;
pub mod ask;
mod bars;
pub mod book;
pub mod budget;
pub mod figures;
#[cfg(test)]
mod golden;
mod headers;
pub mod hour;
pub mod links;
mod readers;
pub mod retries;
pub mod settings;
pub mod sheet;
pub mod threshold;
pub mod view;
pub mod watch;
pub mod way_out;
pub mod when;
