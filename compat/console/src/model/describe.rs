//! A task and what it waits for, in words.
#![forbid(unsafe_code)]

use crate::protocol::{Task, Wait};
use crate::text::{printable, start_of};

/// How much of a name is shown. A process may have names of any length.
const NAME: usize = 60;

/// Returns the name of a task, or its number if it has none.
#[must_use]
pub fn label(id: u64, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() => printable(name),
        _ => format!("task {id}"),
    }
}

/// Describes what a task waits for, and which task has it.
#[must_use]
pub fn waiting(task: &Task) -> String {
    let Some(wait) = &task.waits_for else {
        return String::new();
    };
    let mut words = vec![wait.what.clone()];
    words.extend(wait.op.clone());
    words.extend(wait.detail.clone());
    words.extend(holder(wait));
    words.extend(wait.several.then(|| "and others".to_string()));
    words.extend(wait.fd.map(|fd| format!("fd {fd}")));
    // Last, since a narrow column cuts it off.
    words.extend(wait.object.clone());
    printable(&words.join(" "))
}

fn holder(wait: &Wait) -> Option<String> {
    let id = wait.holder?;
    Some(match &wait.holder_name {
        Some(name) => format!("held by {} ({id})", start_of(name, NAME)),
        None => format!("held by task {id}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Task, Wait, label, waiting};

    #[test]
    fn a_wait_names_thing_operation_and_holder() {
        let mut task = Task::default();
        assert_eq!(waiting(&task), "");
        task.waits_for = Some(Wait {
            what: "mutex".into(),
            op: Some("lock".into()),
            object: Some("0x7f".into()),
            holder: Some(5),
            holder_name: Some("contender 1".into()),
            ..Wait::default()
        });
        assert_eq!(waiting(&task), "mutex lock held by contender 1 (5) 0x7f");
    }

    #[test]
    fn a_task_without_a_name_has_its_number() {
        assert_eq!(label(7, None), "task 7");
        assert_eq!(label(7, Some("")), "task 7");
        assert_eq!(label(7, Some("reader")), "reader");
    }
}
