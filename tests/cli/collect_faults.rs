//! `domcaps collect`: hosts that hang, die or lie.

use crate::support::{Fakes, Output};

/// One try, of which a hang does not take long.
const NARROW: [&str; 6] = ["--arch", "x86_64", "--retries", "0", "--call-timeout", "2s"];

fn partial(fakes: &Fakes, what: &str, reason: &str) -> Output {
    let whole = fakes.collect("a", "snapshots/debian-12?", &["--arch", "x86_64"]);
    whole.ok();
    let time: &[&str] = if what.starts_with("huge") { &["--call-timeout", "60s"] } else { &[] };
    let narrow = [if time.is_empty() { &NARROW[..] } else { &NARROW[..4] }, time].concat();
    let said = fakes.collect("a", &format!("snapshots/debian-12?{what}"), &narrow);
    assert_eq!(said.code, Some(3), "{said}");
    assert!(
        said.stderr.contains("warning: a: partial: ") && said.stderr.contains(reason),
        "{said}"
    );
    // What is missing is not a loss, and the whole one before it is the latest.
    let diff = fakes.run(&["diff", "a@run-1", "a@run-0", "--format", "json"]).json();
    assert_eq!(diff["changes"], serde_json::json!([]), "{said}");
    let latest = fakes.run(&["diff", "a@run-1", "a"]);
    assert!(latest.stderr.contains("passed over the partial snapshot"), "{latest}");
    said
}

/// Whether a process is there and does something.
fn is_alive(id: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[test]
fn a_host_that_hangs_is_ended_with_all_that_it_started() {
    let fakes = Fakes::new();
    let child = fakes.sandbox.path("child");
    let what = format!("hang=5&child={}", child.display());
    let said = partial(&fakes, &what, "4 of 58 targets answered: no answer within 2 s");
    assert!(said.stdout.contains("a     partial  4          54"), "{said}");
    let id = std::fs::read_to_string(child).unwrap();
    assert!(!is_alive(&id), "{id} lives on");
}

#[test]
fn slow_calls_end_with_the_host_s_time() {
    // As with a half-usable /dev/kvm: 4 s for each answer.
    let fakes = Fakes::new();
    let limits = ["--arch", "x86_64", "--timeout", "6s"];
    let said = fakes.collect("a", "snapshots/debian-12?delay=4000", &limits);
    assert_eq!(said.code, Some(3), "{said}");
    let reason = "1 of 58 targets answered: not done within 6 s (--timeout)";
    assert!(said.stderr.contains(reason), "{said}");
}

#[test]
fn a_virsh_that_dies_leaves_what_it_gave() {
    let said =
        partial(&Fakes::new(), "die=5", "4 of 58 targets answered: virsh ended (exit code 1)");
    assert!(said.stdout.contains("a     partial  4          54"), "{said}");
}

#[test]
fn a_connection_that_is_lost_is_not_gone_on_with() {
    let fakes = Fakes::new();
    let said = partial(&fakes, "lost=5", "4 of 58 targets answered: Disconnected from");
    assert!(said.stdout.contains("a     partial  4          54"), "{said}");
}

#[test]
fn a_document_that_is_none_costs_itself_only() {
    for (what, reason) in [
        ("garbage=5", "its document is bad: "),
        ("other=5", "the answer is about x86_64/qemu/other-"),
        ("bare=5", "the answer is about x86_64/qemu/"),
        ("huge=5", "its document is larger than 8 MiB"),
    ] {
        let said = partial(&Fakes::new(), what, reason);
        assert!(said.stdout.contains("a     partial  57         1"), "{said}");
    }
}

#[test]
fn noise_costs_nothing() {
    let fakes = Fakes::new();
    let said = fakes.collect("a", "snapshots/debian-12?noise=5", &NARROW).ok();
    assert!(said.contains("a     stored   58         0"), "{said}");
}

#[test]
fn a_host_that_is_not_reached_leaves_nothing() {
    let fakes = Fakes::new();
    for (what, reason) in [
        ("refuse=authentication+failed:+no", ": authentication failed: no\n"),
        ("silent", ": no answer within 2 s (--call-timeout)\n"),
        ("flaky=f1", ": Connection refused\n"),
        ("moved", ": Reconnected to the hypervisor\n"),
    ] {
        let said = fakes.collect("a", &format!("snapshots/debian-12?{what}"), &NARROW).fails(1);
        assert!(said.starts_with("error: a: failed: fake:///") && said.ends_with(reason), "{said}");
        assert!(fakes.sandbox.read("d.db").is_none());
    }
    let said =
        fakes.collect("a", "snapshots/debian-12?flaky=f2", &["--machine", "pc", "--retries", "1"]);
    assert!(said.ok().contains("stored"));
    assert!(fakes.sandbox.read("f2").is_some());
}

#[test]
fn a_refusal_is_not_tried_again() {
    let fakes = Fakes::new();
    let began = std::time::Instant::now();
    let what = "snapshots/debian-12?refuse=authentication+failed";
    fakes.collect("a", what, &["--retries", "10"]).fails(1);
    // Ten pauses would be a quarter of an hour.
    assert!(began.elapsed().as_secs() < 60);
}

#[test]
fn names_that_are_commands_are_not_typed() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "hostile");
    let names = [
        "pc; destroy vm1",
        "pc&#10;destroy vm1",
        "--help",
        "$(touch x)",
        "`id`",
        "'pc'",
        "pc\\",
        "pc &amp; id",
        "pc\u{202e}evil",
        "x y",
    ];
    let evil: String =
        names.iter().map(|name| format!("<machine maxCpus='1'>{name}</machine>")).collect();
    fakes.edit(
        "hostile/capabilities.xml",
        "<machine maxCpus='255' deprecated='yes'>pc-i440fx-1.4</machine>",
        &evil,
    );
    fakes.edit("hostile/capabilities.xml", "<machine maxCpus='255'>pc-i440fx-1.4</machine>", &evil);
    let log = fakes.sandbox.path("log");
    let what = format!("hostile?log={}", log.display());
    let said = fakes.collect("a", &what, &["--arch", "x86_64", "--format", "json"]);
    assert_eq!(said.code, Some(3), "{said}");
    assert!(said.stderr.contains("is no name that can be typed into virsh"), "{said}");
    assert!(!said.stderr.contains('\u{202e}') && said.stderr.lines().count() == 2, "{said}");
    let collected: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(collected["hosts"][0]["errors"]["refused"], names.len());
    assert_eq!(collected["hosts"][0]["outcome"], "stored");
    let typed = std::fs::read_to_string(log).unwrap();
    assert!(typed.lines().count() > 50);
    for line in typed.lines() {
        let (command, marker) = line.split_once(';').unwrap();
        assert!(marker.starts_with("echo ") && !marker.contains(';'), "{line}");
        let is_plain = |each: char| each.is_ascii_alphanumeric() || " /._-".contains(each);
        assert!(command.chars().all(is_plain) && !command.contains("destroy"), "{line}");
    }
}

#[test]
fn without_virsh_nothing_is_asked() {
    let fakes = Fakes::new();
    let said = fakes
        .run(&["collect", "--connect", "qemu:///system", "--host", "a", "--virsh", "no-virsh"])
        .fails(1);
    assert!(
        said.contains("error: there is no program `no-virsh`") && said.contains("hint: "),
        "{said}"
    );
    let said = fakes
        .run(&["collect", "--connect", "qemu:///system", "--host", "a", "--virsh", "/etc/passwd"])
        .fails(1);
    assert!(said.contains("cannot run /etc/passwd"), "{said}");
}

#[test]
fn signals_however_many_leave_nothing_running() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let fakes = Fakes::new();
        let child = fakes.sandbox.path("child");
        let uri = fakes.uri(&format!("snapshots/debian-12?hang=2&child={}", child.display()));
        let mut command = fakes.command_listed(&["--connect", &uri, "--host", "a"]);
        let output = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        while std::fs::read_to_string(&child).unwrap_or_default().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let id = output.id().to_string();
        // As `timeout` does: to the process, and again to its group.
        for _ in 0..2 {
            assert!(
                std::process::Command::new("/bin/kill")
                    .args([signal, &id])
                    .status()
                    .unwrap()
                    .success()
            );
        }
        let output = output.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("error: interrupted"), "{said}");
        let id = std::fs::read_to_string(&child).unwrap();
        assert!(!is_alive(&id), "{signal}: {id} lives on");
        assert!(fakes.sandbox.read("d.db").is_none(), "what was broken off is not stored");
    }
}
