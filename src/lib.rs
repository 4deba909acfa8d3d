//! goose-setup: takes a person from "I have heard of goose" to "goose answers me".

pub mod check;
pub mod cli;
pub mod env;
pub mod error;
pub mod fsio;
pub mod goose;
pub mod process;
pub mod prompt;
pub mod secret;
pub mod talk;
