//! The kinds of CPU in the fleet: what each can do of what QEMU emulates of none.

/// One kind of CPU.
pub(crate) struct Cpu {
    pub(crate) vendor: &'static str,
    /// As `virsh capabilities` has it.
    pub(crate) signature: &'static str,
    /// Its microcode when the history begins.
    pub(crate) microcode: u32,
    /// Of 100 racks, those that have it.
    pub(crate) share: usize,
    /// The models that libvirt would name for it, best first.
    pub(crate) models: &'static [&'static str],
    pub(crate) address_bits: u32,
    /// Features that blockers name, each group with what the kind has beyond the one before.
    features: &'static [&'static [&'static str]],
    /// What a microcode takes away from it, and on which night that begins to arrive.
    pub(crate) taken_away: Option<(usize, &'static [&'static str])>,
    pub(crate) has_sev: bool,
}

const INTEL: &[&str] = &[
    "x2apic",
    "tsc-deadline",
    "pcid",
    "invpcid",
    "rdseed",
    "3dnowprefetch",
    "tsc_adjust",
    "spec-ctrl",
    "stibp",
    "ssbd",
    "arch-capabilities",
    "md-clear",
    "flush-l1d",
    "invtsc",
    "erms",
    "xsaveopt",
];
const TSX: &[&str] = &["hle", "rtm"];
const SKYLAKE: &[&str] =
    &["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "xsavec", "xsaves", "pku"];
const CASCADELAKE: &[&str] =
    &["avx512vnni", "rdctl-no", "ibrs-all", "mds-no", "skip-l1dfl-vmentry", "pschange-mc-no"];
const ICELAKE: &[&str] = &[
    "avx512-vpopcntdq",
    "avx512bitalg",
    "avx512ifma",
    "avx512vbmi",
    "avx512vbmi2",
    "gfni",
    "vpclmulqdq",
    "sha-ni",
    "rdpid",
    "fsrm",
    "wbnoinvd",
    "taa-no",
    "la57",
    "vaes",
];
const SAPPHIRE_RAPIDS: &[&str] = &[
    "amx-bf16",
    "amx-int8",
    "amx-tile",
    "avx-vnni",
    "avx512-bf16",
    "avx512-fp16",
    "bus-lock-detect",
    "cldemote",
    "fsrc",
    "fsrs",
    "fzrm",
    "movdir64b",
    "movdiri",
    "serialize",
    "tsx-ldtrk",
    "xfd",
];
const ROME: &[&str] = &[
    "x2apic",
    "tsc-deadline",
    "rdseed",
    "3dnowprefetch",
    "tsc_adjust",
    "fxsr_opt",
    "misalignsse",
    "nrip-save",
    "osvw",
    "topoext",
    "xsavec",
    "xsaves",
    "clzero",
    "ibpb",
    "amd-stibp",
    "amd-ssbd",
    "perfctr_core",
    "sha-ni",
    "rdpid",
    "wbnoinvd",
    "xsaveerptr",
    "stibp",
    "ssbd",
    "arch-capabilities",
    "invtsc",
    "lbrv",
    "tsc-scale",
    "vmcb-clean",
    "flushbyasid",
    "pause-filter",
    "pfthreshold",
    "v-vmsave-vmload",
    "overflow-recov",
    "succor",
    "rdctl-no",
    "mds-no",
    "skip-l1dfl-vmentry",
    "pschange-mc-no",
    "cr8legacy",
    "mmxext",
    "sse4a",
    "svm",
];
const MILAN: &[&str] = &[
    "pcid",
    "invpcid",
    "ibrs",
    "vpclmulqdq",
    "fsrm",
    "erms",
    "pku",
    "vaes",
    "spec-ctrl",
    "amd-psfd",
    "lfence-always-serializing",
    "null-sel-clr-base",
    "stibp-always-on",
];
const GENOA: &[&str] = &[
    "avx512f",
    "avx512bw",
    "avx512cd",
    "avx512dq",
    "avx512vl",
    "avx512ifma",
    "avx512vbmi",
    "avx512vbmi2",
    "avx512vnni",
    "avx512bitalg",
    "avx512-vpopcntdq",
    "avx512-bf16",
    "gfni",
    "auto-ibrs",
    "vnmi",
    "la57",
    "no-nested-data-bp",
    "perfmon-v2",
    "flush-l1d",
    "sbpb",
    "ibpb-brtype",
];

pub(crate) const CPUS: [Cpu; 8] = [
    Cpu {
        vendor: "Intel",
        signature: "Intel family 6 model 79 stepping 1",
        microcode: 0x0b00_0040,
        share: 8,
        models: &["Broadwell-IBRS", "Broadwell"],
        address_bits: 46,
        features: &[INTEL, TSX],
        taken_away: None,
        has_sev: false,
    },
    Cpu {
        vendor: "Intel",
        signature: "Intel family 6 model 85 stepping 4",
        microcode: 0x0200_7006,
        share: 15,
        models: &["Skylake-Server-IBRS"],
        address_bits: 46,
        features: &[INTEL, TSX, SKYLAKE],
        taken_away: Some((18, TSX)),
        has_sev: false,
    },
    Cpu {
        vendor: "Intel",
        signature: "Intel family 6 model 85 stepping 7",
        microcode: 0x0500_3604,
        share: 20,
        models: &["Cascadelake-Server"],
        address_bits: 46,
        features: &[INTEL, TSX, SKYLAKE, CASCADELAKE],
        taken_away: Some((110, TSX)),
        has_sev: false,
    },
    Cpu {
        vendor: "Intel",
        signature: "Intel family 6 model 106 stepping 6",
        microcode: 0x0d00_03d1,
        share: 15,
        models: &["Icelake-Server-noTSX", "Icelake-Server"],
        address_bits: 46,
        features: &[INTEL, SKYLAKE, CASCADELAKE, ICELAKE],
        taken_away: None,
        has_sev: false,
    },
    Cpu {
        vendor: "Intel",
        signature: "Intel family 6 model 143 stepping 8",
        microcode: 0x2b00_0590,
        share: 10,
        models: &["SapphireRapids", "Icelake-Server"],
        address_bits: 52,
        features: &[INTEL, TSX, SKYLAKE, CASCADELAKE, ICELAKE, SAPPHIRE_RAPIDS],
        taken_away: Some((290, &["hle", "rtm", "tsx-ldtrk"])),
        has_sev: false,
    },
    Cpu {
        vendor: "AMD",
        signature: "AMD family 23 model 49 stepping 0",
        microcode: 0x0830_107a,
        share: 10,
        models: &["EPYC-Rome"],
        address_bits: 48,
        features: &[ROME],
        taken_away: Some((200, &["xsaves"])),
        has_sev: false,
    },
    Cpu {
        vendor: "AMD",
        signature: "AMD family 25 model 1 stepping 1",
        microcode: 0x0a00_11d1,
        share: 12,
        models: &["EPYC-Milan"],
        address_bits: 48,
        features: &[ROME, MILAN],
        taken_away: None,
        has_sev: false,
    },
    Cpu {
        vendor: "AMD",
        signature: "AMD family 25 model 17 stepping 1",
        microcode: 0x0a10_1144,
        share: 10,
        models: &["EPYC-Genoa", "EPYC-Milan"],
        address_bits: 52,
        features: &[ROME, MILAN, GENOA],
        taken_away: None,
        has_sev: true,
    },
];

impl Cpu {
    /// Whether it has a feature.
    pub(crate) fn has(&self, feature: &str, is_taken_away: bool) -> bool {
        let gone = self.taken_away.filter(|_| is_taken_away).map_or(&[][..], |(_, gone)| gone);
        !gone.contains(&feature) && self.features.iter().any(|some| some.contains(&feature))
    }

    /// Features that libvirt would list beside any model of it.
    pub(crate) fn required(&self) -> &'static [&'static str] {
        match self.vendor {
            "AMD" => &[
                "x2apic",
                "tsc-deadline",
                "hypervisor",
                "tsc_adjust",
                "stibp",
                "arch-capabilities",
                "ssbd",
                "cmp_legacy",
                "overflow-recov",
                "succor",
                "invtsc",
                "virt-ssbd",
                "lbrv",
                "tsc-scale",
                "vmcb-clean",
                "flushbyasid",
                "pause-filter",
                "pfthreshold",
                "v-vmsave-vmload",
                "vgif",
                "rdctl-no",
                "skip-l1dfl-vmentry",
                "mds-no",
                "pschange-mc-no",
            ],
            _ => &[
                "ss",
                "vmx",
                "pdcm",
                "hypervisor",
                "tsc_adjust",
                "stibp",
                "ssbd",
                "arch-capabilities",
                "md-clear",
                "flush-l1d",
                "invtsc",
                "umip",
                "pku",
                "ibpb",
                "ibrs",
                "amd-stibp",
                "amd-ssbd",
            ],
        }
    }
}

/// What a model needs beside what the captures say of it: QEMU emulates these, and not every CPU
/// has them.
pub(crate) fn needs(model: &str, vendor: &str) -> &'static [&'static str] {
    let is_of = |families: &[&str]| families.iter().any(|family| model.starts_with(family));
    match vendor {
        "AMD" | "Hygon" if is_of(&["EPYC-Genoa", "EPYC-Turin"]) => {
            &["cr8legacy", "erms", "la57", "mmxext", "pku", "sse4a", "svm", "vaes"]
        }
        "AMD" | "Hygon" if is_of(&["EPYC-Milan"]) => {
            &["cr8legacy", "erms", "mmxext", "pku", "sse4a", "svm"]
        }
        "AMD" | "Hygon" if is_of(&["EPYC", "Dhyana"]) => &["cr8legacy", "mmxext", "sse4a", "svm"],
        "AMD" if is_of(&["Opteron", "phenom"]) => &["mmxext", "sse4a", "svm"],
        "Intel" if is_of(&["Icelake", "SapphireRapids", "GraniteRapids", "DiamondRapids"]) => {
            &["erms", "la57", "pku", "vaes"]
        }
        "Intel" if is_of(&["Skylake-Server", "Cascadelake", "Cooperlake"]) => &["erms", "pku"],
        "Intel" if is_of(&["Haswell", "Broadwell", "Skylake", "SierraForest"]) => &["erms"],
        _ => &[],
    }
}
