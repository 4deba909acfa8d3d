//! A bar that shows how much is left.

use console::style;

const CELLS: usize = 10;

/// `part` of a whole is left; less than a tenth is red.
pub(super) fn bar(part: f64) -> String {
    let part = part.clamp(0.0, 1.0);
    let cells = part * CELLS as f64;
    // The last little bit is still shown: empty means empty.
    let full = if part > 0.0 { cells.ceil() } else { 0.0 } as usize;
    let text = format!("{}{}", "█".repeat(full), "░".repeat(CELLS - full));
    let bar = style(text);
    match part {
        p if p < 0.1 => bar.red(),
        p if p < 0.3 => bar.yellow(),
        _ => bar.green(),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_looks_empty() {
        for (part, full) in [
            (0.0, 0),
            (-1.0, 0),
            (0.001, 1),
            (0.42, 5),
            (1.0, 10),
            (7.0, 10),
            (f64::NAN, 0),
        ] {
            let cells = bar(part).chars().filter(|c| *c == '█').count();
            assert_eq!(cells, full, "{part}");
        }
    }
}
