//! Where things may be named. What a tool can check nobody has to remember.

use std::path::Path;

use crate::support::root;

/// Every source file with its path below `src`.
fn sources() -> Vec<(String, String)> {
    fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else {
                let name = path.strip_prefix(root().join("src")).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    assert!(found.len() > 40);
    found
}

#[test]
fn each_library_is_named_in_one_place() {
    for (library, homes) in [
        ("clap", &["cli"][..]),
        ("clap_complete", &["cli/completions.rs"]),
        ("rusqlite", &["store"]),
        ("quick_xml", &["parse/xml"]),
        ("similar", &["render/unified.rs"]),
        (
            "csv",
            &[
                "render/csv.rs",
                "render/format.rs",
                "render/hosts.rs",
                "render/query.rs",
                "render/fleet/matrix.rs",
                "render/preflight/flat.rs",
                "render/grid.rs",
                "render/plan.rs",
            ],
        ),
        ("unicode_width", &["render/table.rs", "render/preflight/table.rs"]),
        ("anstream", &["cli/ui.rs"]),
        ("zstd", &["store/pack.rs", "demo.rs", "release/pack.rs"]),
        ("jiff", &["model/time.rs", "operand.rs", "cli/ui.rs"]),
        ("rustix", &["collect/session.rs", "collect/hook.rs", "collect/places.rs"]),
        ("winnow", &["query/parse.rs"]),
        ("strsim", &["model/nearest.rs"]),
        (
            "toml",
            &[
                "collect/inventory/hosts_toml.rs",
                "config.rs",
                "config/sinks.rs",
                "release/manifest.rs",
            ],
        ),
        ("askama", &["render/html.rs"]),
        ("sha2", &["render/html.rs"]),
        ("base64", &["render/html.rs"]),
        ("fastrand", &["collect/fleet.rs"]),
        ("memchr", &["collect/stream.rs", "collect/session.rs"]),
        ("signal_hook", &["cli/ui.rs"]),
        ("hashbrown", &["parse/walk"]),
        ("indicatif", &["cli/import/tree.rs", "cli/check.rs", "cli/collect/progress.rs"]),
    ] {
        for (name, text) in sources() {
            let is_whole = |(at, _): (usize, &str)| {
                !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
            };
            let is_named = text.match_indices(&format!("{library}::")).any(is_whole)
                || text.contains(&format!("use {library};"));
            let is_home = homes.iter().any(|home| name.starts_with(home));
            assert!(!is_named || is_home, "{library} is named in {name}");
        }
    }
}

#[test]
fn data_flows_one_way() {
    let below: [(&str, &[&str]); 23] = [
        ("model", &[]),
        ("parse", &["model"]),
        ("diff", &["model", "parse"]),
        ("store", &["model"]),
        ("fleet", &["model", "diff", "side", "store"]),
        ("query", &["model", "diff", "side", "store"]),
        ("release", &["model", "parse", "source", "bounded", "collect"]),
        ("plan", &["model", "diff", "side", "store", "guests", "report", "release"]),
        ("history", &["diff", "model", "report", "store"]),
        ("check", &["model", "parse", "store"]),
        ("retention", &["model"]),
        ("bounded", &[]),
        ("source", &["model", "parse", "bounded"]),
        ("rules", &["model", "diff"]),
        ("operand", &["model"]),
        ("guests", &["model", "parse", "source", "observe", "diff", "side"]),
        ("observe", &["model", "parse", "source", "collect"]),
        ("collect", &["model", "parse"]),
        ("deliver", &["collect", "rules"]),
        ("config", &["model", "rules", "bounded", "deliver"]),
        ("report", &["model", "diff", "rules", "side"]),
        ("judging", &["model", "diff", "guests", "report", "rules", "side", "store"]),
        (
            "render",
            &[
                "model",
                "diff",
                "rules",
                "side",
                "report",
                "store",
                "collect",
                "deliver",
                "ingest",
                "guests",
                "check",
                "fleet",
                "history",
                "plan",
                "query",
                "release",
                "retention",
            ],
        ),
    ];
    for (module, allowed) in below {
        for (name, text) in sources() {
            let is_inside =
                name == format!("{module}.rs") || name.starts_with(&format!("{module}/"));
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            for used in code.split("crate::").skip(1).filter(|_| is_inside) {
                let used: String =
                    used.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
                let is_fine = used == module || used.is_empty() || allowed.contains(&used.as_str());
                assert!(is_fine, "{name} uses {used}");
            }
        }
    }
}
