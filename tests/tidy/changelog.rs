//! Owns the check of the changelog's shape: Keep a Changelog, `Unreleased` first, the releases
//! below it with their dates, and only the six kinds of change.

const KINDS: &[&str] = &[
    "Added",
    "Changed",
    "Deprecated",
    "Removed",
    "Fixed",
    "Security",
];

/// What is wrong with the changelog's text, each finding with its line.
pub fn problems(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut releases = 0;
    let mut in_kind = false;
    if !text.starts_with("# Changelog\n") {
        found.push((1, "the first line is not `# Changelog`".to_string()));
    }
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        if let Some(release) = line.strip_prefix("## ") {
            if releases == 0 && release != "[Unreleased]" {
                found.push((
                    number,
                    "the first section is not `## [Unreleased]`".to_string(),
                ));
            } else if releases > 0 && !is_dated_release(release) {
                found.push((number, format!("`{release}` is not `[x.y.z] - YYYY-MM-DD`")));
            }
            releases += 1;
            in_kind = false;
        } else if let Some(kind) = line.strip_prefix("### ") {
            if !KINDS.contains(&kind) {
                found.push((
                    number,
                    format!("`{kind}` is not one of {}", KINDS.join(", ")),
                ));
            }
            in_kind = true;
        } else if releases > 0 && line.starts_with("- ") && !in_kind {
            found.push((number, "an entry outside the kinds of change".to_string()));
        } else if releases > 0
            && !line.is_empty()
            && !line.starts_with("- ")
            && !line.starts_with("  ")
            && !line.starts_with('[')
        {
            found.push((
                number,
                "neither a heading nor an entry (`- `, continued by two spaces)".to_string(),
            ));
        }
    }
    if releases == 0 {
        found.push((1, "no `## [Unreleased]` section".to_string()));
    }
    found
}

/// Whether `text` is `[1.2.3] - 2026-01-31`.
fn is_dated_release(text: &str) -> bool {
    let Some((version, date)) = text.split_once(" - ") else {
        return false;
    };
    let Some(version) = version
        .strip_prefix('[')
        .and_then(|version| version.strip_suffix(']'))
    else {
        return false;
    };
    let numbers = |text: &str, separator: char| {
        let parts: Vec<&str> = text.split(separator).collect();
        parts.len() == 3
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
    };
    numbers(version, '.') && numbers(date, '-') && date.len() == 10
}

#[test]
fn a_good_changelog_passes_and_each_fault_is_found() {
    let good = "# Changelog\n\nText.\n\n## [Unreleased]\n\n### Added\n\n- A thing\n  that goes on.\n\n## [0.1.0] - 2026-01-31\n";
    assert_eq!(problems(good), []);
    let lines = |text: &str| {
        problems(text)
            .into_iter()
            .map(|(line, _)| line)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines("# Changelog\n\n## [0.1.0] - 2026-01-31\n"), [3]);
    assert_eq!(
        lines("# Changelog\n## [Unreleased]\n### New\n- x\n## [0.1] - 2026\n- y\nz\n"),
        [3, 5, 6, 7]
    );
    assert_eq!(lines("hello\n"), [1, 1]);
}
