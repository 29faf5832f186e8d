//! `domcaps schema`: every JSON object that is printed has its schema, built in.

use crate::support::{Sandbox, project_file, root};

#[test]
fn every_schema_is_built_in_and_valid() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["schema"]).ok();
    let mut names: Vec<String> = std::fs::read_dir(root().join("docs/schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|file| file.strip_suffix(".schema.json").unwrap().to_owned())
        .collect();
    names.sort();
    let listed = list.lines().map(|line| line.split(' ').next().unwrap());
    assert_eq!(listed.collect::<Vec<_>>(), names);
    for name in names {
        let text = sandbox.run(&["schema", &name]).ok();
        assert_eq!(text, project_file(&format!("docs/schemas/{name}.schema.json")));
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        assert_eq!(schema["$id"], format!("urn:domcaps:{name}:1"));
        assert!(schema["title"].as_str().unwrap().starts_with("domcaps "), "{name}");
        let full = format!("domcaps.{name}/1");
        assert!(text.contains(&format!("\"const\": \"{full}\"")), "{full}");
        assert_eq!(sandbox.run(&["schema", &full]).ok(), text);
        assert!(project_file("docs/README.md").contains(&format!("`{full}`")), "{full}");
    }
}

#[test]
fn every_name_that_is_printed_has_one() {
    fn collect(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let names =
                    text.split("\"domcaps.").skip(1).filter_map(|rest| rest.split_once("/1\""));
                let names = names.map(|(name, _)| name.to_owned());
                found.extend(names.filter(|name| name.bytes().all(|it| it.is_ascii_lowercase())));
            }
        }
    }
    let mut names = Vec::new();
    collect(&root().join("src"), &mut names);
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        assert!(domcaps::render::schemas::find(&name).is_some(), "domcaps.{name}/1 has no schema");
    }
}

#[test]
fn an_unknown_name_is_told() {
    let error = Sandbox::new().run(&["schema", "dif"]).fails(1);
    assert!(
        error.contains("no schema is called `dif`") && error.contains("domcaps schema"),
        "{error}"
    );
}
