//! `domcaps preflight` of many guests

use crate::support::{Sandbox, expect, root, valid};

const HOSTS: [&str; 2] = ["snapshots/debian-12", "snapshots/debian-13"];

/// The bundled hosts in files and in a database, and the guests of `tests/guests`.
fn demo() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    std::os::unix::fs::symlink(root().join("tests/guests"), sandbox.path("guests")).unwrap();
    sandbox
}

/// On 80 columns.
fn page(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let mut command = sandbox.command(&[&["--db", "demo.db", "preflight"], arguments].concat());
    let output = command.env("COLUMNS", "80").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let page = String::from_utf8(output.stdout).unwrap();
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    page
}

#[test]
fn guests_and_hosts_are_a_table_with_the_reasons_below() {
    let sandbox = demo();
    let mut pages = page(&sandbox, &["guests", HOSTS[0], HOSTS[1]]);
    pages += "\n";
    pages += &page(&sandbox, &["guests", "debian-*", "--migrate-from", "debian-12"]);
    expect("preflight-table", &pages);
}

#[test]
fn hosts_of_equal_answers_share_a_column_where_names_are_too_wide() {
    let sandbox = demo();
    let many: Vec<&str> = (0..30).map(|nth| HOSTS[nth % 2]).collect();
    let table = page(&sandbox, &[&["guests"], &many[..]].concat());
    assert!(
        table.contains("A: snapshots/debian-12, ") && table.contains("… (15 hosts)"),
        "{table}"
    );
    assert!(table.contains("                A    B\n"), "{table}");
    assert!(table.contains("\nerp-legacy      ?    no\n"), "{table}");
    // More columns of their own than fit stand in several tables.
    for nth in 0..40 {
        let model = format!(
            "<domain type='qemu'><name>g{nth}</name><os><type arch='x86_64' \
            machine='m{nth}'>hvm</type></os></domain>"
        );
        sandbox.write(&format!("m/{nth:02}.xml"), model);
        let document = "<domainCapabilities><path>/q</path><domain>qemu</domain><machine>m{}</machine>\
            <arch>x86_64</arch><os supported='yes'/><devices><disk supported='yes'/></devices></domainCapabilities>";
        sandbox.write(&format!("h{nth:02}.xml"), document.replace("{}", &nth.to_string()));
    }
    let hosts: Vec<String> = (0..40).map(|nth| format!("h{nth:02}.xml")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let table = page(&sandbox, &[&["m"], &hosts[..]].concat());
    assert!(table.matches("\ng7 ").count() > 2 && table.contains("AN"), "{table}");
}

#[test]
fn every_argument_is_a_guest_where_an_option_names_the_hosts() {
    let sandbox = demo();
    let run =
        |arguments: &[&str]| sandbox.run(&[&["--db", "demo.db", "preflight"], arguments].concat());
    let two = ["guests/minimal.xml", "guests/old-i440fx.xml"];
    let all = run(&[&two[..], &["--all"]].concat()).ok();
    assert!(all.contains("2 guests on 2 hosts") && all.contains("debian-12  debian-13"), "{all}");
    for same in [&["--host", "debian-12", "--host", "debian-13"][..], &["--host", "*"]] {
        assert_eq!(run(&[&two[..], same].concat()).ok(), all, "{same:?}");
    }
    let folder = run(&["guests/minimal.xml", "guests", "--host", HOSTS[0]]).ok();
    assert!(folder.contains("7 guests on 1 host"), "a file that is named twice is one: {folder}");
    let piped = sandbox.read("guests/minimal.xml").unwrap();
    let piped = sandbox.run_with(&["preflight", "-", two[1], "--host", HOSTS[0]], &piped).ok();
    assert!(piped.contains("2 guests on 1 host"), "{piped}");
    let error = run(&[two[0], "debian-12", "--all"]).fails(2);
    assert!(error.contains("every argument is a guest"), "{error}");
    let error = run(&[two[0], "--host", "hv*"]).fails(1);
    assert!(error.contains("no stored host fits hv*"), "{error}");
    let error = run(&[two[0]]).fails(2);
    for way in ["--host", "--group", "--all"] {
        assert!(error.contains(way), "{error}");
    }
    assert_eq!(run(&[two[0], "--host", "debian-12", "--all"]).code, Some(2));
    // One file is one guest, whichever way its host is named.
    let one = run(&[two[0], "--host", "debian-12"]).ok();
    assert_eq!(one, run(&[two[0], "debian-12"]).ok());
    assert!(one.contains("runs: debian-12\n"), "{one}");
}

#[test]
fn a_guest_that_cannot_be_read_is_named_and_costs_no_other() {
    let sandbox = demo();
    sandbox.write("mixed/a.xml", sandbox.read("guests/minimal.xml").unwrap());
    sandbox.write("mixed/b.xml", "<domain type='kvm'>\n  <name>x");
    sandbox.write("mixed/c.xml", "<network/>");
    let output = sandbox.run(&["preflight", "mixed", HOSTS[0]]);
    assert!(output.stdout.contains("1 guest on 1 host"), "{output}");
    let error = output.fails(3);
    assert!(error.contains("mixed/b.xml:2:") && error.contains("mixed/c.xml:1:1"), "{error}");
    let code = |arguments: &[&str]| sandbox.run(&[&["preflight"], arguments].concat()).code;
    assert_eq!(code(&["guests/minimal.xml", "none.xml", "--host", HOSTS[0]]), Some(3));
    assert_eq!(code(&["mixed", HOSTS[0], "--fail-on", "warning"]), Some(3));
    assert_eq!(code(&["guests", HOSTS[0], "--fail-on", "breaking"]), Some(10));
    assert_eq!(code(&["mixed", HOSTS[0], "./nowhere"]), Some(3));
    sandbox.write("bad/c.xml", "<network/>");
    let error = sandbox.run(&["preflight", "bad", HOSTS[0]]).fails(1);
    assert!(error.contains("no guest could be read"), "{error}");
}

#[test]
fn json_of_many_holds_each_guest_as_json_of_one_does() {
    let sandbox = demo();
    let json = |arguments: &[&str]| {
        let format = ["--format", "json"];
        sandbox.run(&[&["--db", "demo.db", "preflight"], arguments, &format].concat()).json()
    };
    let many = json(&["guests", "--all", "--migrate-from", "debian-12"]);
    valid("preflight-table", &many);
    let many = json(&["guests", "--all"]);
    valid("preflight-table", &many);
    let guests = many["guests"].as_array().unwrap();
    assert_eq!(guests.len(), 7);
    for guest in guests {
        let one = json(&[guest["source"].as_str().unwrap(), "--all"]);
        valid("preflight", &one);
        assert_eq!((&one["results"], &one["summary"]), (&guest["results"], &guest["summary"]));
        for name in ["name", "emulator", "arch", "virttype", "machine"] {
            assert_eq!(one["guest"][name], guest[name]);
        }
    }
    let count = |answer: &str| many["summary"][answer].as_u64().unwrap();
    assert_eq!(count("yes") + count("no") + count("unknown"), 14);
    // A folder with one guest is a table too: what it holds changes no form.
    sandbox.write("single/a.xml", sandbox.read("guests/minimal.xml").unwrap());
    valid("preflight-table", &json(&["single", "--all"]));
}

#[test]
fn csv_has_a_row_for_each_guest_and_host_and_no_formula() {
    let sandbox = demo();
    let xml = String::from_utf8(sandbox.read("guests/old-i440fx.xml").unwrap()).unwrap();
    sandbox.write("e/evil.xml", xml.replace("erp-legacy", "=1+1|`&lt;b>"));
    let csv = sandbox.run(&["preflight", "e", HOSTS[0], HOSTS[1], "--format", "csv"]).ok();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "guest,source,question,from,host,answer,reasons,notes");
    assert!(lines[2].starts_with("'=1+1|`<b>,e/evil.xml,start,,snapshots/debian-13,no,"), "{csv}");
    assert_eq!(lines.len(), 3);
    let markdown = sandbox.run(&["preflight", "e", HOSTS[0], "--format", "markdown"]).ok();
    assert!(markdown.contains("| ``=1+1\\|`<b>`` | ? |"), "{markdown}");
    let html = sandbox.run(&["preflight", "e", HOSTS[0], HOSTS[1], "--format", "html"]).ok();
    assert!(html.contains("=1+1|`&#60;b&#62;") && !html.contains("`<b>"), "{html}");
    assert!(html.contains("<td data-is=\"no\">no</td>"), "{html}");
}

#[test]
fn hosts_that_are_alike_get_the_answers_of_the_first() {
    let sandbox = demo();
    for (host, folder) in [("a", HOSTS[0]), ("b", HOSTS[1]), ("c", HOSTS[0]), ("d", HOSTS[1])] {
        sandbox.run(&["--db", "fleet.db", "import", "--host", host, folder]).ok();
    }
    // One more with the content of a, and another libvirt.
    std::fs::create_dir(sandbox.path("older")).unwrap();
    for entry in std::fs::read_dir(root().join(HOSTS[0])).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        sandbox.write(&format!("older/{name}"), text.replace("9.0.0", "11.3.0"));
    }
    sandbox.run(&["--db", "fleet.db", "import", "--host", "e", "older"]).ok();
    let guest = sandbox.read("guests/minimal.xml").unwrap();
    let guest = String::from_utf8(guest).unwrap();
    sandbox.write("g/a.xml", guest.replace("</devices>", "<watchdog model='itco'/></devices>"));
    sandbox.write("g/b.xml", guest);
    let table =
        sandbox.run(&["--db", "fleet.db", "preflight", "g", "--all", "--format", "csv"]).ok();
    let answers: Vec<&str> =
        table.lines().skip(1).map(|line| line.split(',').nth(5).unwrap()).collect();
    let expected = ["no", "yes", "no", "yes", "yes", "yes", "yes", "yes", "yes", "yes"];
    assert_eq!(answers, expected, "{table}");
}
