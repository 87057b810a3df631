//! Which tasks are shown: those that have every word of a text in what a row shows.
#![forbid(unsafe_code)]

use super::{label, waiting};
use crate::protocol::Task;

/// A text of words, in any letter case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    words: Vec<String>,
}

impl Filter {
    /// Creates a filter from what was typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_string(),
            words: text.split_whitespace().map(str::to_lowercase).collect(),
        }
    }

    /// Returns what was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the task is shown.
    #[must_use]
    pub fn admits(&self, task: &Task) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let row = format!(
            "{} {} {} {} {}",
            label(task.id, task.name.as_deref()),
            task.kind,
            task.state,
            task.at,
            waiting(task)
        )
        .to_lowercase();
        self.words.iter().all(|word| row.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Task};

    #[test]
    fn every_word_has_to_be_there() {
        let task = Task {
            id: 5,
            name: Some("Reader".into()),
            state: "idle".into(),
            at: "src/main.rs:10:5".into(),
            ..Task::default()
        };
        assert!(Filter::new("").admits(&task));
        assert!(Filter::new("  READER idle").admits(&task));
        assert!(Filter::new("main.rs:10").admits(&task));
        assert!(!Filter::new("reader running").admits(&task));
    }
}
