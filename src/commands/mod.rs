//! One file a command: from its arguments to its report.

pub mod check;
pub mod completions;
pub mod custom;
pub mod doctor;
pub mod env;
pub mod exec;
pub mod fallback;
pub mod gateway;
pub mod home;
pub mod import;
pub mod key;
pub mod limits;
pub mod missing;
pub mod models;
pub mod providers;
pub mod remove_all;
pub mod setup;
pub mod status;
pub mod switch;
pub mod undo;
