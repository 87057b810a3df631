//! The table of tasks: which are shown, in which order, and which one is selected.
//!
//! The first row is selected until another one is. Then the selection stays with its task when the order
//! changes, and with its row when the task ends.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use crossterm::event::KeyCode;

use super::app::moved;
use crate::model::{Filter, Order, Seen, TaskRates, sort};
use crate::protocol::Task;

#[derive(Debug)]
pub struct TaskTable {
    pub order: Order,
    pub filter: Filter,
    /// The filter that is being typed.
    typed: Option<String>,
    rates: HashMap<u64, TaskRates>,
    /// The numbers of the tasks that are shown.
    rows: Vec<u64>,
    row: usize,
    /// Whether the user selected the task.
    is_chosen: bool,
}

impl TaskTable {
    pub fn new(order: Order, filter: Filter) -> Self {
        Self {
            order,
            filter,
            typed: None,
            rates: HashMap::new(),
            rows: Vec::new(),
            row: 0,
            is_chosen: false,
        }
    }

    /// Takes the tasks of a new sample.
    pub fn refresh(&mut self, seen: &Seen) {
        self.rates = seen.task_rates();
        self.arrange(seen);
    }

    fn arrange(&mut self, seen: &Seen) {
        let selected = self.selected().filter(|_| self.is_chosen);
        let mut tasks: Vec<&Task> = seen
            .tasks()
            .iter()
            .filter(|task| self.filter.admits(task))
            .collect();
        sort(&mut tasks, &self.rates, self.order);
        self.rows = tasks.iter().map(|task| task.id).collect();
        self.row = selected
            .and_then(|id| self.rows.iter().position(|row| *row == id))
            .unwrap_or(self.row)
            .min(self.rows.len().saturating_sub(1));
    }

    pub fn rates(&self, id: u64) -> TaskRates {
        self.rates.get(&id).copied().unwrap_or_default()
    }

    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    pub fn row(&self) -> usize {
        self.row
    }

    pub fn selected(&self) -> Option<u64> {
        self.rows.get(self.row).copied()
    }

    pub fn is_typing(&self) -> bool {
        self.typed.is_some()
    }

    /// A key while a filter is typed, which applies at once.
    pub fn type_key(&mut self, code: KeyCode, seen: &Seen) {
        let Some(text) = &mut self.typed else { return };
        match code {
            KeyCode::Char(character) => text.push(character),
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Enter => {
                self.typed = None;
                return;
            }
            KeyCode::Esc => text.clear(),
            _ => return,
        }
        self.filter = Filter::new(text);
        if code == KeyCode::Esc {
            self.typed = None;
        }
        self.arrange(seen);
    }

    pub fn key(&mut self, code: KeyCode, seen: &Seen) {
        match code {
            KeyCode::Char('/') => self.typed = Some(self.filter.text().to_string()),
            KeyCode::Left | KeyCode::Char('<') => self.order.column = self.order.column.previous(),
            KeyCode::Right | KeyCode::Char('>') => self.order.column = self.order.column.next(),
            KeyCode::Char('r') => self.order.descending = !self.order.descending,
            _ => {
                let last = self.rows.len().saturating_sub(1);
                let row = moved(self.row, last, code);
                self.is_chosen |= row != self.row;
                self.row = row;
                return;
            }
        }
        self.arrange(seen);
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, KeyCode, Order, Seen, Task, TaskTable};
    use crate::model::{Column, Sample};
    use crate::protocol::Hello;

    fn seen(ids: &[u64]) -> Seen {
        let tasks = ids.iter().map(|id| Task {
            id: *id,
            name: Some(format!("n{id}")),
            ..Task::default()
        });
        let mut seen = Seen::new(Hello::default());
        seen.update(Sample {
            tasks: Some(tasks.collect()),
            ..Sample::default()
        });
        seen
    }

    fn table() -> TaskTable {
        let order = Order {
            column: Column::Id,
            descending: false,
        };
        TaskTable::new(order, Filter::default())
    }

    #[test]
    fn the_selection_stays_with_its_task() {
        let mut table = table();
        let tasks = seen(&[1, 2, 3]);
        table.refresh(&tasks);
        table.key(KeyCode::Down, &tasks);
        assert_eq!(table.selected(), Some(2));
        table.key(KeyCode::Char('r'), &tasks);
        assert_eq!((table.rows(), table.selected()), (&[3, 2, 1][..], Some(2)));
        table.refresh(&seen(&[3, 1]));
        assert_eq!(table.selected(), Some(1));
        table.refresh(&seen(&[]));
        assert_eq!(table.selected(), None);
    }

    #[test]
    fn a_filter_applies_while_it_is_typed() {
        let mut table = table();
        let tasks = seen(&[1, 2, 12]);
        table.refresh(&tasks);
        for code in [KeyCode::Char('/'), KeyCode::Char('n'), KeyCode::Char('1')] {
            if table.is_typing() {
                table.type_key(code, &tasks);
            } else {
                table.key(code, &tasks);
            }
        }
        assert_eq!(table.rows(), [1, 12]);
        table.type_key(KeyCode::Esc, &tasks);
        assert!(!table.is_typing());
        assert_eq!(table.rows().len(), 3);
    }
}
