//! Everything known about goose: where its files are, what they mean, how to change them as it would, which goose is installed.

pub mod activate;
pub mod binary;
pub mod config;
pub mod custom;
pub mod env_value;
mod layers;
pub mod paths;
