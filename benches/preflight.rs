//! How long `preflight` of many guests on many hosts takes: 200 guests, 100 hosts of 104 targets each.
//!
//! ```console
//! cargo bench --bench preflight
//! ```
//!
//! The hosts are the bundled captures, each document under qemu and kvm; what each way has of its own is a
//! CPU model that became unusable and a firmware image. Hosts of one way are alike.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints what it measured"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use domcaps::demo;
use domcaps::store::Store;

#[path = "common/capture.rs"]
mod capture;

const HOSTS: usize = 100;
const GUESTS: usize = 200;
const ROUNDS: usize = 7;
/// How many ways the hosts differ.
const WAYS: [usize; 2] = [20, 100];
const FORMATS: [&str; 5] = ["text", "markdown", "html", "json", "csv"];

fn main() {
    println!("{GUESTS} guests, {HOSTS} hosts; milliseconds: median (least to most); size");
    for ways in WAYS {
        let folder = tempfile::tempdir().unwrap();
        build(&folder.path().join("fleet.db"), ways);
        guests(&folder.path().join("guests"));
        let run = |format: &str, more: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
            command.args(["--db", "fleet.db", "preflight", "guests", "--all", "--format", format]);
            command.args(more).current_dir(folder.path()).stderr(Stdio::null());
            let mut times = Vec::new();
            let mut size = 0;
            for _ in 0..ROUNDS {
                let started = Instant::now();
                let output = command.output().unwrap();
                times.push(started.elapsed());
                assert_eq!(output.status.code(), Some(0));
                size = output.stdout.len();
            }
            times.sort();
            let [least, median, most] = [0, ROUNDS / 2, ROUNDS - 1].map(|at| times[at].as_millis());
            let what = if more.is_empty() { "start" } else { "migrate" };
            let megabytes = size as f64 / 1e6;
            println!(
                "{ways:3} ways  {what:7}  {format:8} {median:>6} ({least} to {most})  {megabytes:>6.1} MB"
            );
        };
        for format in FORMATS {
            run(format, &[]);
        }
        run("text", &["--migrate-from", "hv000"]);
    }
}

fn build(database: &Path, ways: usize) {
    let [_, new] = <[_; 2]>::try_from(demo::hosts()).ok().unwrap();
    let mut store = Store::create_or_open(database).unwrap();
    let mut writer = store.writer().unwrap();
    for way in 0..ways {
        let files = capture::side(&new.files, |text| own(text, way));
        for host in (way..HOSTS).step_by(ways) {
            capture::add(&mut writer, &format!("hv{host:03}"), "2026-11-01T02:00:00Z", &files);
        }
    }
    writer.commit().unwrap();
}

fn own(text: &str, way: usize) -> String {
    let image = format!("/usr/share/OVMF/way{way}/OVMF_CODE_4M.fd");
    capture::without_model(&capture::with_image(text, &image), way)
}

/// Guests of several machines, CPUs and devices, no two alike.
fn guests(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let of = |list: &[&str], nth: usize| list[nth % list.len()].to_owned();
    for nth in 0..GUESTS {
        let machine = of(&["pc-q35-7.2", "pc-q35-10.0", "pc-i440fx-7.2", "q35", "pc-q35-5.2"], nth);
        let kind = of(&["kvm", "kvm", "qemu"], nth / 5);
        let model =
            of(&["EPYC", "Skylake-Server", "Nehalem", "qemu64", "Westmere", "Penryn"], nth / 3);
        let bus = of(&["virtio", "sata", "scsi", "usb"], nth / 7);
        let video = of(&["virtio", "vga", "qxl", "bochs"], nth / 11);
        let vcpus = nth + 1;
        let xml = format!(
            "<domain type='{kind}'><name>guest{nth:03}</name><memory>1048576</memory>\
             <vcpu>{vcpus}</vcpu><os><type arch='x86_64' machine='{machine}'>hvm</type>\
             <loader type='pflash' readonly='yes'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader></os>\
             <features><acpi/></features><cpu mode='custom' match='exact' check='partial'>\
             <model fallback='forbid'>{model}</model><feature policy='require' name='vmx'/></cpu>\
             <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>\
             <disk type='file' device='disk'><target dev='sda' bus='{bus}'/></disk>\
             <graphics type='vnc'/><video><model type='{video}'/></video>\
             <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\
             <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices></domain>"
        );
        std::fs::write(folder.join(format!("{nth:03}.xml")), xml).unwrap();
    }
}
