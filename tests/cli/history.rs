//! `history`, `last`, `changes`, `diff --baseline`: what changed when, on one host and on many.

use crate::support::{Output, Sandbox, expect, valid};

/// hv01 to hv03 with Debian 12 on two nights, then upgraded one after the other, hv03 back again; hv04
/// came later and never changed.
fn fleet() -> Sandbox {
    let sandbox = Sandbox::with_snapshots();
    let import = |host: &str, day: &str, folder: &str| {
        let (at, folder) = (format!("2026-11-{day}T02:00:00Z"), format!("snapshots/{folder}"));
        let import =
            ["--db", "f.db", "-q", "import", "--host", host, "--at", &at, "--group", "all"];
        sandbox.run(&[&import[..], &[&folder]].concat()).ok();
    };
    for host in ["hv01", "hv02", "hv03"] {
        import(host, "01", "debian-12");
        import(host, "02", "debian-12");
    }
    import("hv01", "03", "debian-13");
    import("hv01", "04", "debian-13");
    import("hv02", "05", "debian-13");
    import("hv03", "05", "debian-13");
    import("hv03", "06", "debian-12");
    import("hv04", "06", "debian-13");
    sandbox
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "f.db"], arguments].concat())
}

#[test]
fn a_history_tells_each_change_and_how_long_it_stayed_so() {
    let sandbox = fleet();
    expect("history", &run(&sandbox, &["history", "hv03"]).ok());
    let whole = run(&sandbox, &["history", "hv03", "--format", "json"]).json();
    valid("history", &whole);
    let steps = whole["steps"].as_array().unwrap();
    let counts: Vec<_> = steps.iter().map(|step| step["snapshots"].as_u64().unwrap()).collect();
    assert_eq!((counts, whole["snapshots"].as_u64()), (vec![2, 1, 1], Some(4)));
    assert_eq!(steps[0]["last_seen"], "2026-11-02T02:00:00Z");
    assert_eq!(steps[1]["before"]["taken_at"], "2026-11-02T02:00:00Z");
    // A step is what `diff` says of the two snapshots.
    let ids = ["before", "snapshot"].map(|name| match name {
        "before" => steps[1]["before"]["snapshot"].as_str().unwrap(),
        _ => steps[1][name].as_str().unwrap(),
    });
    let operands = ids.map(|id| format!("hv03@id:{id}"));
    let diff = ["diff", &operands[0], &operands[1], "--format", "json"];
    assert_eq!(run(&sandbox, &diff).json()["changes"], steps[1]["changes"]);
    let until = run(&sandbox, &["history", "hv03@2026-11-05", "--format", "json"]).json();
    assert_eq!(until["steps"].as_array().unwrap().len(), 2);
}

#[test]
fn of_a_path_only_its_own_changes_are_told() {
    let sandbox = fleet();
    expect("history-path", &run(&sandbox, &["history", "hv03:q35", "vcpu.max"]).ok());
    let loaders = run(&sandbox, &["history", "hv01", "os.loader", "--format", "json"]).json();
    valid("history", &loaders);
    assert_eq!(loaders["path"], "os.loader");
    let changes = loaders["steps"][1]["changes"].as_array().unwrap();
    assert!(!changes.is_empty());
    for change in changes {
        assert!(change["path"].as_str().unwrap().starts_with("os.loader"), "{change}");
    }
    let whole = run(&sandbox, &["history", "hv01", "--format", "json"]).json();
    let of_loaders =
        |change: &&serde_json::Value| change["path"].as_str().unwrap().starts_with("os.loader");
    let all = whole["steps"][1]["changes"].as_array().unwrap();
    let expected: Vec<_> = all.iter().filter(of_loaders).collect();
    assert_eq!(changes.iter().collect::<Vec<_>>(), expected, "they are what the whole has of it");
    let never = run(&sandbox, &["history", "hv01", "devices.rng"]).ok();
    assert!(never.starts_with("hv01, devices.rng: 0 changes in 4 complete snapshots"), "{never}");
}

#[test]
fn of_an_expression_the_moments_at_which_its_answer_changed() {
    let sandbox = fleet();
    let asked = "machine = pc-i440fx-2.0";
    expect("history-expression", &run(&sandbox, &["history", "hv03", asked]).ok());
    let json = run(&sandbox, &["history", "hv03", asked, "--format", "json"]).json();
    valid("history", &json);
    assert_eq!(json["expression"], asked);
    let error = run(&sandbox, &["history", "hv03", "disk.bsu = nvme"]).fails(1);
    assert!(error.contains("column 1"), "{error}");
}

#[test]
fn what_has_no_history() {
    let sandbox = fleet();
    for (arguments, code, expected) in [
        (&["history", "hv09"][..], 1, "no host `hv09`"),
        (&["history", "./a.xml"], 2, "a file has no history"),
        (&["history", "hv01", "disk.bsu"], 1, "no capability `disk.bsu`"),
        (&["last", "hv04"], 1, "host hv04 never changed"),
        (&["last", "hv09"], 1, "no host `hv09`"),
        (&["changes"], 2, "--since"),
        (&["changes", "--since", "yesterday"], 2, "no length of time"),
        (&["changes", "--since", "2026-11-05", "--until", "2026-11-01"], 2, "before it begins"),
        (&["changes", "--since", "2026-11-01", "--group", "none"], 1, "no host is in group none"),
        (&["diff", "--baseline", "hv01"], 2, "compared with whom"),
        (&["diff", "--baseline", "hv01:q35", "--all"], 2, "write HOST[@WHEN]"),
        (&["diff", "--baseline", "hv01", "hv01"], 1, "no other host"),
        (&["diff", "--baseline", "hv01", "--all", "--format", "unified"], 2, "unified"),
        (&["diff", "hv01", "--all"], 2, ""),
    ] {
        let error = run(&sandbox, arguments).fails(code);
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}

#[test]
fn the_newest_change_is_what_diff_says_of_it() {
    let sandbox = fleet();
    let last = run(&sandbox, &["last", "hv01", "--format", "json"]).json();
    valid("diff", &last);
    let diff = ["diff", "hv01@prev", "hv01@2026-11-03", "--format", "json"];
    assert_eq!(last, run(&sandbox, &diff).json());
    let any = run(&sandbox, &["last", "--format", "json"]).json();
    assert_eq!(any["new"]["host"], "hv03");
    assert_eq!(any["new"]["taken_at"], "2026-11-06T02:00:00Z");
    assert!(run(&sandbox, &["last"]).ok().starts_with("hv03 ("));
}

#[test]
fn changes_of_a_period_tell_the_same_change_once() {
    let sandbox = fleet();
    expect("changes", &run(&sandbox, &["changes", "--since", "2026-11-03"]).ok());
    let json = ["changes", "--since", "2026-11-03", "--until", "2026-11-05", "--format", "json"];
    let json = run(&sandbox, &json).json();
    valid("report", &json);
    let upgraded: Vec<_> = json["groups"].as_array().unwrap().iter().collect();
    assert_eq!(upgraded.len(), 1, "three hosts went one way");
    assert_eq!(upgraded[0]["hosts"].as_array().unwrap().len(), 3);
    let diff = run(&sandbox, &["diff", "hv01@prev", "hv01", "--format", "json"]).json();
    let names = |document: &serde_json::Value| -> Vec<String> {
        let changes = document["changes"].as_array().unwrap().iter();
        changes.map(|it| it["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&json), names(&diff));
    // hv03 changed twice, and is one host.
    let all = ["changes", "--since", "2026-11-03", "--format", "json"];
    let all = run(&sandbox, &all).json();
    assert_eq!(all["summary"]["hosts"], 3);
    let quiet = run(&sandbox, &["changes", "--since", "2026-11-07", "--until", "2026-11-08"]);
    assert!(quiet.stdout.contains("0 of 4 hosts changed"), "{quiet}");
    let since = ["changes", "--since", "2026-11-03", "--fail-on", "breaking"];
    assert_eq!(run(&sandbox, &since).code, Some(10));
}

#[test]
fn many_hosts_are_compared_with_one() {
    let sandbox = fleet();
    let all = run(&sandbox, &["diff", "--baseline", "hv03", "--all", "--format", "json"]).json();
    valid("report", &all);
    let groups = all["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "hv01, hv02 and hv04 are alike");
    assert_eq!(groups[0]["hosts"].as_array().unwrap().len(), 3);
    let diff = run(&sandbox, &["diff", "hv03", "hv04", "--format", "json"]).json();
    for name in ["lost", "gained", "changed", "breaking"] {
        assert_eq!(all["summary"][name], diff["summary"][name], "{name}");
    }
    let text = run(&sandbox, &["diff", "--baseline", "hv03@2026-11-05", "hv01", "hv04"]).ok();
    assert!(text.contains("no difference"), "{text}");
}

/// A document of a host with SEV, whose id and number of virtual CPUs are given.
fn sev(id: &str, cpus: u32) -> String {
    let document = crate::support::document();
    let sev = format!(
        "<sev supported='yes'><cbitpos>51</cbitpos><cpu0Id>{id}</cpu0Id></sev>\n  </features>"
    );
    let document = document.replace("<sev supported='no'/>", "");
    let max = document.find("<vcpu max='").unwrap() + "<vcpu max='".len();
    let end = max + document[max..].find('\'').unwrap();
    let document = format!("{}{cpus}{}", &document[..max], &document[end..]);
    document.replace("</features>", &sev)
}

#[test]
fn a_value_unique_to_a_host_that_moved_is_told_of_that_host_alone() {
    let sandbox = Sandbox::new();
    let import = |host: &str, day: u32, id: &str, cpus: u32| {
        sandbox.write("d.xml", sev(id, cpus));
        let at = format!("2026-11-0{day}");
        let import = ["--db", "f.db", "-q", "import", "--host", host, "--at", &at, "d.xml"];
        sandbox.run(&import).ok();
    };
    for (host, before, after) in
        [("ha", "AAAA", "AAAA"), ("hb", "BBBB", "CCCC"), ("hc", "DDDD", "DDDD")]
    {
        import(host, 1, before, 255);
        import(host, 2, after, 288);
    }
    let json = run(&sandbox, &["changes", "--since", "2026-11-02", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let groups = json["groups"].as_array().unwrap();
    let hosts: Vec<Vec<&str>> = groups
        .iter()
        .map(|group| {
            group["hosts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["host"].as_str().unwrap())
                .collect()
        })
        .collect();
    assert_eq!(hosts, [vec!["ha", "hc"], vec!["hb"]]);
    let changes = json["changes"].as_array().unwrap();
    let moved = changes.iter().find(|it| it["path"] == "features.sev.cpu0Id").unwrap();
    let seen = moved["seen"].as_array().unwrap();
    assert_eq!((seen.len(), seen[0]["group"].as_u64()), (1, Some(1)));
}

#[test]
fn a_target_that_went_is_told_and_what_came_later_is_not_counted_to_it() {
    let sandbox = fleet();
    let asked = ["history", "hv03:pc-i440fx-2.0", "vcpu.max", "--format", "json"];
    let history = run(&sandbox, &asked).json();
    valid("history", &history);
    let steps = history["steps"].as_array().unwrap();
    let told: Vec<_> =
        steps.iter().map(|it| (it["is_there"].as_bool(), it["snapshots"].as_u64())).collect();
    let expected = [(Some(true), Some(2)), (Some(false), Some(1)), (Some(true), Some(1))];
    assert_eq!(told, expected);
    let text = run(&sandbox, &asked[..3]).ok();
    assert!(text.contains("2026-11-05T02:00:00Z  gone: the host has no such target"), "{text}");
    let never = run(&sandbox, &["history", "hv03:nope"]).fails(1);
    assert!(never.contains("hv03:nope: the host never had such a target"), "{never}");
    let alias = run(&sandbox, &["history", "hv01", "alias[q35]"]).ok();
    assert!(alias.contains("~ alias q35  pc-q35-7.2 → pc-q35-10.0"), "{alias}");
}

#[test]
fn hosts_of_which_a_period_knows_nothing_are_named() {
    let sandbox = fleet();
    let output = run(&sandbox, &["changes", "--since", "2026-11-05", "--until", "2026-11-06"]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(
        output.stderr.contains("1 host has no complete snapshot since 2026-11-05T00:00:00Z"),
        "{output}"
    );
    assert!(output.stderr.contains("nothing is known of them: hv01"), "{output}");
    let quiet = run(&sandbox, &["changes", "--since", "2026-11-06T03:00:00Z"]);
    assert!(quiet.stdout.contains("no change"), "{quiet}");
}
