//! In which order tasks are shown.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use super::{TaskRates, label, waiting};
use crate::protocol::Task;

/// What tasks are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The number.
    Id,
    /// The name.
    Name,
    /// Running before queued before idle.
    State,
    /// The time in that state.
    Since,
    /// Polls since the start.
    Polls,
    /// Polls a second.
    PollRate,
    /// The part of the time in polls.
    Busy,
    /// The time in polls since the start.
    BusyTime,
    /// Wakes since the start.
    Wakes,
    /// What it waits for.
    Waits,
    /// Where it was spawned.
    At,
}

/// A column and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: Column,
    /// Whether the greatest is first.
    pub descending: bool,
}

impl Column {
    /// All columns, from left to right.
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::Name,
        Self::State,
        Self::Since,
        Self::Polls,
        Self::PollRate,
        Self::Busy,
        Self::BusyTime,
        Self::Wakes,
        Self::Waits,
        Self::At,
    ];

    /// Returns the head of the column.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::State => "state",
            Self::Since => "since",
            Self::Polls => "polls",
            Self::PollRate => "polls/s",
            Self::Busy => "busy",
            Self::BusyTime => "in polls",
            Self::Wakes => "wakes",
            Self::Waits => "waits for",
            Self::At => "spawned at",
        }
    }

    /// Returns the column whose head is `title`.
    #[must_use]
    pub fn named(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.title() == title)
    }

    /// Returns the column to the right, or the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        self.neighbor(1)
    }

    /// Returns the column to the left, or the last before the first.
    #[must_use]
    pub fn previous(self) -> Self {
        self.neighbor(Self::ALL.len() - 1)
    }

    fn neighbor(self, distance: usize) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self);
        Self::ALL[(at.unwrap_or(0) + distance) % Self::ALL.len()]
    }
}

impl Default for Order {
    fn default() -> Self {
        Self {
            column: Column::Busy,
            descending: true,
        }
    }
}

/// Sorts tasks. Of equal ones, the older is first.
pub fn sort(tasks: &mut [&Task], rates: &HashMap<u64, TaskRates>, order: Order) {
    let rate = |task: &Task| rates.get(&task.id).copied().unwrap_or_default();
    // Texts are made once for each task, not once for each comparison.
    let text = |task: &&Task| match order.column {
        Column::Name => label(task.id, task.name.as_deref()),
        Column::Waits => waiting(task),
        _ => task.at.clone(),
    };
    let mut rows: Vec<(String, &Task)> = match order.column {
        Column::Name | Column::Waits | Column::At => {
            tasks.iter().map(|task| (text(task), *task)).collect()
        }
        _ => tasks.iter().map(|task| (String::new(), *task)).collect(),
    };
    rows.sort_by(|(left_text, left), (right_text, right)| {
        let ordering = match order.column {
            Column::Id => left.id.cmp(&right.id),
            Column::Name | Column::Waits | Column::At => left_text.cmp(right_text),
            Column::State => state_rank(left).cmp(&state_rank(right)),
            // The longest time is the earliest moment.
            Column::Since => right.since.cmp(&left.since),
            Column::Polls => left.polls.cmp(&right.polls),
            Column::PollRate => rate(left).polls.total_cmp(&rate(right).polls),
            Column::Busy => rate(left).busy.total_cmp(&rate(right).busy),
            Column::BusyTime => left.busy_ns.cmp(&right.busy_ns),
            Column::Wakes => left.wakes.cmp(&right.wakes),
        };
        let ordering = if order.descending {
            ordering.reverse()
        } else {
            ordering
        };
        ordering.then(left.id.cmp(&right.id))
    });
    for (slot, (_, task)) in tasks.iter_mut().zip(rows) {
        *slot = task;
    }
}

fn state_rank(task: &Task) -> u8 {
    match task.state.as_str() {
        "running" => 0,
        "queued" => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, HashMap, Order, Task, sort};

    fn task(id: u64, name: &str, polls: u64, since: u64) -> Task {
        Task {
            id,
            name: Some(name.into()),
            polls,
            since: Some(since),
            ..Task::default()
        }
    }

    fn sorted(column: Column, descending: bool) -> Vec<u64> {
        let tasks = [
            task(1, "b", 5, 300),
            task(2, "a", 9, 100),
            task(3, "c", 5, 200),
        ];
        let mut rows: Vec<&Task> = tasks.iter().collect();
        let order = Order { column, descending };
        sort(&mut rows, &HashMap::new(), order);
        rows.iter().map(|task| task.id).collect()
    }

    #[test]
    fn each_kind_of_column_sorts_in_both_directions() {
        assert_eq!(sorted(Column::Name, false), [2, 1, 3]);
        assert_eq!(sorted(Column::Name, true), [3, 1, 2]);
        assert_eq!(sorted(Column::Polls, true), [2, 1, 3]);
        assert_eq!(sorted(Column::Since, true), [2, 3, 1]);
        assert_eq!(sorted(Column::Id, true), [3, 2, 1]);
    }

    #[test]
    fn columns_follow_each_other_around() {
        for column in Column::ALL {
            assert_eq!(column.next().previous(), column);
            assert_eq!(Column::named(column.title()), Some(column));
        }
        assert_eq!(Column::At.next(), Column::Id);
    }
}
