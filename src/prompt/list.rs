//! A list to type into, without the terminal: what is typed, what fits it, what is shown of it.

use console::{Key, measure_text_width, pad_str, style, truncate_str};

/// Rows of a list that are shown at once, where the terminal is tall enough.
const TALLEST: usize = 12;
/// Narrower than this, the second column says nothing and gives its room to the first.
const NARROWEST: usize = 8;
const GAP: usize = 2;
/// The second column is shown whole where it leaves this much of the line to the first.
const ENOUGH: (usize, usize) = (3, 5);
/// Where it does not, the first takes up to this much.
const WIDEST_SHARE: (usize, usize) = (3, 4);

#[derive(Clone, Debug, Default)]
pub struct Item {
    pub name: String,
    pub about: String,
    /// Other names of it, with blanks between them.
    pub also: String,
}

impl Item {
    pub fn new(name: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            about: about.into(),
            also: String::new(),
        }
    }

    /// Written together, so that `gpt4o` finds `gpt-4o`.
    fn text(&self) -> (String, String) {
        let text = format!("{} {} {}", self.name, self.about, self.also).to_lowercase();
        let bare = squashed(&text);
        (text, bare)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Item(usize),
    /// None of the items: what was typed.
    Typed(String),
}

/// What a key came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    On,
    Chosen(Choice),
    Cancelled,
}

pub(super) struct List<'i> {
    items: &'i [Item],
    texts: Vec<(String, String)>,
    takes_typed: bool,
    typed: String,
    /// Indexes of the items that fit what is typed, best first.
    found: Vec<usize>,
    /// A place in `found`; one past its end is the row for what was typed.
    at: usize,
    first: usize,
}

impl<'i> List<'i> {
    /// `takes_typed`: an answer may be something that is not in the list.
    pub(super) fn new(items: &'i [Item], preset: usize, takes_typed: bool) -> Self {
        Self {
            items,
            texts: items.iter().map(Item::text).collect(),
            takes_typed,
            typed: String::new(),
            found: (0..items.len()).collect(),
            at: preset.min(items.len().saturating_sub(1)),
            first: 0,
        }
    }

    pub(super) fn press(&mut self, key: &Key) -> Step {
        let last = self.rows().saturating_sub(1);
        match key {
            Key::Enter => match self.chosen() {
                Some(choice) => return Step::Chosen(choice),
                None => return Step::On,
            },
            Key::Escape | Key::Char('\u{4}') => return Step::Cancelled,
            Key::ArrowDown | Key::Tab | Key::Char('\u{e}') => {
                self.at = if self.at == last { 0 } else { self.at + 1 };
            }
            Key::ArrowUp | Key::BackTab | Key::Char('\u{10}') => {
                self.at = self.at.checked_sub(1).unwrap_or(last);
            }
            Key::PageDown => self.at = (self.at + TALLEST).min(last),
            Key::PageUp => self.at = self.at.saturating_sub(TALLEST),
            Key::Home => self.at = 0,
            Key::End => self.at = last,
            Key::Backspace => {
                self.typed.pop();
                self.search();
            }
            Key::Char('\u{15}' | '\u{17}') => {
                self.typed.clear();
                self.search();
            }
            Key::Char(typed) if !typed.is_control() => {
                self.typed.push(*typed);
                self.search();
            }
            _ => {}
        }
        Step::On
    }

    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// How many fit, of how many.
    pub(super) fn count(&self) -> String {
        if self.typed.trim().is_empty() {
            self.items.len().to_string()
        } else {
            format!("{} of {}", self.found.len(), self.items.len())
        }
    }

    /// The rows in view, each within `width`, at most `height` of them.
    pub(super) fn view(&mut self, width: usize, height: usize) -> Vec<String> {
        let height = height.clamp(1, TALLEST);
        self.first = self
            .first
            .clamp((self.at + 1).saturating_sub(height), self.at);
        self.first = self.first.min(self.rows().saturating_sub(height));
        let columns = Columns::of(self.items, width.saturating_sub(GAP));
        let rows = self.first..self.rows().min(self.first + height);
        if rows.is_empty() {
            return vec![within(
                "  nothing fits; Backspace takes a letter back",
                width,
            )];
        }
        rows.map(|row| {
            let text = match self.found.get(row).and_then(|index| self.items.get(*index)) {
                Some(item) => columns.row(item),
                None => format!("use \"{}\" as typed", self.typed.trim()),
            };
            let text = within(text.trim_end(), width.saturating_sub(GAP));
            if row == self.at {
                format!(
                    "{} {}",
                    style("❯").cyan().for_stderr(),
                    style(text).cyan().for_stderr()
                )
            } else {
                format!("  {text}")
            }
        })
        .collect()
    }

    fn rows(&self) -> usize {
        self.found.len() + usize::from(self.offers_typed())
    }

    fn offers_typed(&self) -> bool {
        let typed = self.typed.trim();
        self.takes_typed && !typed.is_empty() && self.items.iter().all(|item| item.name != typed)
    }

    fn chosen(&self) -> Option<Choice> {
        match self.found.get(self.at) {
            Some(index) => Some(Choice::Item(*index)),
            None => self
                .offers_typed()
                .then(|| Choice::Typed(self.typed.trim().to_owned())),
        }
    }

    fn search(&mut self) {
        let typed = self.typed.to_lowercase();
        let words: Vec<(&str, String)> = typed
            .split_whitespace()
            .map(|word| (word, squashed(word)))
            .collect();
        let fits = |(text, bare): &(String, String)| {
            words
                .iter()
                .all(|(word, squashed)| text.contains(word) || is_in(squashed, bare))
        };
        self.found = (0..self.items.len())
            .filter(|index| self.texts.get(*index).is_some_and(fits))
            .collect();
        // What is called so comes before what is only about it.
        let whole = squashed(&typed);
        self.found.sort_by_key(|index| {
            let item = self.items.get(*index);
            let is_called = item.is_some_and(|item| item.also.split(' ').any(|also| also == typed));
            let name = item.map(|item| squashed(&item.name.to_lowercase()));
            name.map_or(3, |name| match () {
                () if name == whole || is_called => 0,
                () if name.starts_with(&whole) => 1,
                () if name.contains(&whole) => 2,
                () => 3,
            })
        });
        (self.at, self.first) = (0, 0);
    }
}

fn is_in(squashed: &str, bare: &str) -> bool {
    !squashed.is_empty() && bare.contains(squashed)
}

fn squashed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

pub(super) fn within(text: &str, width: usize) -> String {
    truncate_str(text, width, "…").into_owned()
}

/// Widths that let the rows line up, whatever is in view.
struct Columns {
    name: usize,
    about: usize,
}

impl Columns {
    fn of(items: &[Item], width: usize) -> Self {
        let widest = |text: fn(&Item) -> &str| {
            items
                .iter()
                .map(|item| measure_text_width(text(item)))
                .max()
                .unwrap_or_default()
        };
        let (name, about) = (widest(|item| &item.name), widest(|item| &item.about));
        let left = width.saturating_sub(GAP + about);
        let name = name.min(if left * ENOUGH.1 >= width * ENOUGH.0 {
            left
        } else {
            width * WIDEST_SHARE.0 / WIDEST_SHARE.1
        });
        let about = width.saturating_sub(name + GAP);
        Self {
            name,
            about: if about < NARROWEST { 0 } else { about },
        }
    }

    fn row(&self, item: &Item) -> String {
        if self.about == 0 || item.about.is_empty() {
            return item.name.clone();
        }
        let name = within(&item.name, self.name);
        let name = pad_str(&name, self.name, console::Alignment::Left, None);
        format!("{name}  {}", within(&item.about, self.about))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Vec<Item> {
        [
            ("anthropic/claude-sonnet-4", "1M  $3 in"),
            ("openai/gpt-4o", "128k"),
            ("openai/gpt-4o-mini", "128k"),
            ("about/talks-of-gpt-4o", "8k"),
        ]
        .map(|(name, about)| Item::new(name, about))
        .into()
    }

    fn typing(list: &mut List<'_>, text: &str) {
        for c in text.chars() {
            assert_eq!(list.press(&Key::Char(c)), Step::On);
        }
    }

    fn names(items: &[Item], list: &List<'_>) -> Vec<String> {
        list.found
            .iter()
            .map(|index| items[*index].name.clone())
            .collect()
    }

    #[test]
    fn letters_find_names_however_they_are_joined_and_the_best_comes_first() {
        let items = models();
        let mut list = List::new(&items, 0, false);
        typing(&mut list, "Gpt4O mini");
        assert_eq!(names(&items, &list), ["openai/gpt-4o-mini"]);
        list.press(&Key::Char('\u{15}'));
        typing(&mut list, "openai/gpt-4o");
        assert_eq!(names(&items, &list)[0], "openai/gpt-4o");
        assert_eq!(list.count(), "2 of 4");
    }

    #[test]
    fn what_is_about_an_item_finds_it_too() {
        let items = [
            Item::new("OpenRouter", "one key"),
            Item::new("Groq", "fast open models"),
            Item::new("Grok Build", "a program"),
            Item {
                also: "xai grok".into(),
                ..Item::new("xAI", "")
            },
        ];
        let mut list = List::new(&items, 0, false);
        typing(&mut list, "open");
        assert_eq!(names(&items, &list), ["OpenRouter", "Groq"]);
        list.press(&Key::Char('\u{17}'));
        typing(&mut list, "grok");
        assert_eq!(names(&items, &list), ["xAI", "Grok Build"]);
    }

    #[test]
    fn enter_on_nothing_chooses_nothing() {
        let items = models();
        let mut list = List::new(&items, 0, false);
        typing(&mut list, "zzz");
        assert_eq!(list.press(&Key::Enter), Step::On);
        assert_eq!(list.view(40, 5).len(), 1);
    }

    #[test]
    fn what_is_typed_is_an_answer_only_where_it_may_be() {
        let items = models();
        let mut list = List::new(&items, 0, true);
        typing(&mut list, " new/model ");
        assert!(list.view(60, 5)[0].contains("use \"new/model\" as typed"));
        assert_eq!(
            list.press(&Key::Enter),
            Step::Chosen(Choice::Typed("new/model".into()))
        );
        let mut list = List::new(&items, 0, true);
        typing(&mut list, "openai/gpt-4o");
        assert_eq!(list.press(&Key::Enter), Step::Chosen(Choice::Item(1)));
    }

    #[test]
    fn the_arrows_go_round_and_the_chosen_row_stays_in_view() {
        let items: Vec<Item> = (0..30).map(|n| Item::new(format!("m{n}"), "")).collect();
        let mut list = List::new(&items, 0, false);
        list.press(&Key::ArrowUp);
        assert!(list.view(40, 4)[3].contains("m29"));
        list.press(&Key::ArrowDown);
        assert!(list.view(40, 4)[0].contains("m0"));
        list.press(&Key::PageDown);
        assert!(list.view(40, 4)[3].contains("m12"));
        assert_eq!(list.press(&Key::Enter), Step::Chosen(Choice::Item(12)));
        assert_eq!(list.press(&Key::Escape), Step::Cancelled);
    }

    #[test]
    fn no_row_is_wider_than_the_terminal_and_names_go_before_what_is_said_about_them() {
        let items = models();
        for width in [10, 20, 40, 100] {
            let mut list = List::new(&items, 0, true);
            for row in list.view(width, 12) {
                assert!(measure_text_width(&row) <= width, "{width}: {row}");
            }
        }
        let first = |width| List::new(&items, 0, false).view(width, 12)[0].clone();
        assert_eq!(first(28), "❯ anthropic/claude-sonnet-4");
        assert_eq!(first(36), "❯ anthropic/claude-sonne…  1M  $3 in");
    }
}
