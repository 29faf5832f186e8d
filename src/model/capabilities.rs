//! A document as an ordered list of (path, value) pairs, in two allocations whatever its length.
//!
//! A modern document holds about 800 capabilities and a host up to 450 documents, so a `String`
//! for each path and value would cost more than the parsing. All text stands in one buffer; a
//! [`Value`] borrows from it.

use super::{DottedNames, ancestors};

/// Ends each member of a set or list inside the buffer. XML 1.0 has no such character, and the
/// parser refuses it, so no value can hold one.
const MEMBER_END: char = '\u{1f}';

/// What a capability's value is, as the JSON and the `capability` view name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An element without text, attribute or child.
    Null,
    /// `supported='yes'` or `supported='no'`.
    Support,
    /// Text of canonical decimal form that fits 64 bits.
    Number,
    /// Any other text or attribute.
    Text,
    /// The values of an enum, the names of CPU models, the blockers of one: order means nothing.
    Set,
    /// Values whose order is libvirt's priority.
    List,
}

impl Kind {
    /// Every kind, for reading names back.
    pub const ALL: [Self; 6] =
        [Self::Null, Self::Support, Self::Number, Self::Text, Self::Set, Self::List];

    /// The name used in JSON and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Support => "support",
            Self::Number => "number",
            Self::Text => "text",
            Self::Set => "set",
            Self::List => "list",
        }
    }
}

/// The members of a set (sorted, each once) or of a list (in order).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Members<'a>(&'a str);

impl<'a> Members<'a> {
    /// The members one by one.
    pub fn iter(self) -> impl Iterator<Item = &'a str> + Clone {
        self.0.split_terminator(MEMBER_END)
    }

    /// Whether `member` is one of them.
    #[must_use]
    pub fn contains(self, member: &str) -> bool {
        self.iter().any(|each| each == member)
    }

    /// Whether there are none: reported, and nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

/// The value of one capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// See [`Kind::Null`].
    Null,
    /// See [`Kind::Support`].
    Support(bool),
    /// See [`Kind::Number`].
    Number(i64),
    /// See [`Kind::Text`].
    Text(&'a str),
    /// See [`Kind::Set`].
    Set(Members<'a>),
    /// See [`Kind::List`].
    List(Members<'a>),
}

impl<'a> Value<'a> {
    /// Text as a number where it is one, else as text.
    #[must_use]
    pub fn of_text(text: &'a str) -> Self {
        match canonical_number(text) {
            Some(number) => Self::Number(number),
            None => Self::Text(text),
        }
    }

    /// The kind of the value.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Support(_) => Kind::Support,
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Set(_) => Kind::Set,
            Self::List(_) => Kind::List,
        }
    }
}

/// Canonical decimal form: no sign but `-`, no leading zero, no `-0`; fits a signed 64-bit integer.
fn canonical_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if canonical { text.parse().ok() } else { None }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    path: u32,
    value: u32,
    end: u32,
    kind: Kind,
}

/// The capabilities of one document, in the document's order; each path stands once.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    text: String,
    entries: Vec<Entry>,
    dotted: DottedNames,
}

impl Capabilities {
    /// No capabilities.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No capabilities, with room for those of a document of so many bytes, as libvirt prints it:
    /// growing would copy them.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        let (text, entries) =
            (String::with_capacity(bytes / 4 * 3), Vec::with_capacity(bytes / 64));
        Self { text, entries, dotted: DottedNames::default() }
    }

    /// The elements whose names hold dots.
    #[must_use]
    pub fn dotted(&self) -> &DottedNames {
        &self.dotted
    }

    /// The elements whose names hold dots, to note one.
    pub fn dotted_mut(&mut self) -> &mut DottedNames {
        &mut self.dotted
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all paths and values.
    #[must_use]
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The path and value at `index`, in the document's order.
    ///
    /// # Panics
    /// When `index` is not below [`Self::len`].
    #[must_use]
    pub fn at(&self, index: usize) -> (&str, Value<'_>) {
        let (kind, value) = self.encoded_at(index);
        (self.path_at(index), decode(kind, value))
    }

    /// The path at `index`.
    ///
    /// # Panics
    /// When `index` is not below [`Self::len`].
    #[must_use]
    pub fn path_at(&self, index: usize) -> &str {
        let entry = self.entries[index];
        &self.text[entry.path as usize..entry.value as usize]
    }

    /// The kind at `index` and its value as stored: what [`Self::push_encoded`] takes back.
    ///
    /// # Panics
    /// When `index` is not below [`Self::len`].
    #[must_use]
    pub fn encoded_at(&self, index: usize) -> (Kind, &str) {
        let entry = self.entries[index];
        (entry.kind, &self.text[entry.value as usize..entry.end as usize])
    }

    /// Whether another document says the same, in whatever order.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let [mut one, mut other] = [self, other].map(|all| {
            (0..all.len()).map(|at| (all.path_at(at), all.encoded_at(at))).collect::<Vec<_>>()
        });
        match one.iter().zip(&other).find(|(one, other)| one != other) {
            None => one.len() == other.len(),
            // Each path stands once.
            Some(((path, _), (other_path, _))) if path == other_path => false,
            Some(_) => {
                one.sort_unstable();
                other.sort_unstable();
                one == other
            }
        }
    }

    /// All paths with their values, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        (0..self.len()).map(|index| self.at(index))
    }

    /// The value at a full path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Value<'_>> {
        self.iter().find(|(each, _)| *each == path).map(|(_, value)| value)
    }

    /// Appends a value that has no members.
    pub fn push(&mut self, path: &str, value: Value<'_>) {
        match value {
            Value::Null => self.push_encoded(path, Kind::Null, ""),
            Value::Support(yes) => {
                self.push_encoded(path, Kind::Support, if yes { "yes" } else { "no" });
            }
            // Canonical, so the number's text is the text it was read from.
            Value::Number(number) => self.push_encoded(path, Kind::Number, &number.to_string()),
            Value::Text(text) => self.push_encoded(path, Kind::Text, text),
            Value::Set(members) => self.push_encoded(path, Kind::Set, members.0),
            Value::List(members) => self.push_encoded(path, Kind::List, members.0),
        }
    }

    /// Appends text: a number where it is one.
    pub fn push_text(&mut self, path: &str, text: &str) {
        let kind = Value::of_text(text).kind();
        self.push_encoded(path, kind, text);
    }

    /// Appends a set; the members are sorted here and each is kept once.
    pub fn push_set(&mut self, path: &str, members: &mut Vec<&str>) {
        // libvirt sorts most of them.
        if !members.is_sorted_by(|one, next| one < next) {
            members.sort_unstable();
            members.dedup();
        }
        self.push_members(path, Kind::Set, members);
    }

    /// Appends a list in its order.
    pub fn push_list(&mut self, path: &str, members: &[&str]) {
        self.push_members(path, Kind::List, members);
    }

    fn push_members(&mut self, path: &str, kind: Kind, members: &[&str]) {
        let start = self.begin(path);
        for member in members {
            self.text.push_str(member);
            self.text.push(MEMBER_END);
        }
        self.end(start, path, kind);
    }

    /// Appends a value as [`Self::encoded_at`] gave it.
    pub fn push_encoded(&mut self, path: &str, kind: Kind, value: &str) {
        let start = self.begin(path);
        self.text.push_str(value);
        self.end(start, path, kind);
    }

    fn begin(&mut self, path: &str) -> usize {
        let start = self.text.len();
        self.text.push_str(path);
        start
    }

    fn end(&mut self, start: usize, path: &str, kind: Kind) {
        self.entries.push(Entry {
            path: position(start),
            value: position(start + path.len()),
            end: position(self.text.len()),
            kind,
        });
    }

    /// Whether libvirt knew nothing: every cpu mode `no` or absent, and no child of devices.
    ///
    /// A driver that suddenly answers this has lost its host, not 1,700 capabilities
    /// (`tests/domaincapsdata/empty.xml` of libvirt 11.3.0).
    #[must_use]
    pub fn is_empty_document(&self) -> bool {
        let is_mode =
            |path: &str| path.starts_with("cpu.mode[") && ancestors(path).nth(1) == Some(path);
        !self.iter().any(|(path, value)| {
            let says_no =
                matches!(value, Value::Support(false) | Value::Null | Value::Text("unknown"));
            path.starts_with("devices.") || (is_mode(path) && !says_no)
        })
    }
}

fn decode(kind: Kind, text: &str) -> Value<'_> {
    match kind {
        Kind::Null => Value::Null,
        Kind::Support => Value::Support(text == "yes"),
        Kind::Number => canonical_number(text).map_or(Value::Text(text), Value::Number),
        Kind::Text => Value::Text(text),
        Kind::Set => Value::Set(Members(text)),
        Kind::List => Value::List(Members(text)),
    }
}

/// The parser's limit on a document's size keeps all positions far below 32 bits.
fn position(at: usize) -> u32 {
    u32::try_from(at).expect("capabilities of one document stay below 4 GiB")
}

/// `EPYC` for `EPYC-v2`: the CPU model that a name like this is a version of, if there is such a model
/// (libvirt 10.10 and later list versions).
#[must_use]
pub fn base_of_version(name: &str) -> Option<&str> {
    let (base, version) = name.rsplit_once("-v")?;
    (!base.is_empty() && version.parse::<u16>().is_ok()).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_canonical_decimals_of_64_bits() {
        for text in ["0", "-1", "255", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(Value::of_text(text).kind(), Kind::Number, "{text}");
        }
        for text in ["", "-", "-0", "007", "+5", "1.5", " 1", "9223372036854775808", "0x10"] {
            assert_eq!(Value::of_text(text).kind(), Kind::Text, "{text}");
        }
    }

    #[test]
    fn an_empty_set_and_a_set_of_the_empty_word_differ() {
        let mut capabilities = Capabilities::new();
        capabilities.push_set("a", &mut vec![]);
        capabilities.push_set("b", &mut vec![""]);
        let Some(Value::Set(none)) = capabilities.get("a") else { panic!("a set") };
        let Some(Value::Set(one)) = capabilities.get("b") else { panic!("a set") };
        assert!(none.is_empty() && none.iter().count() == 0);
        assert!(one.contains("") && one.iter().count() == 1);
    }

    #[test]
    fn what_is_pushed_comes_back_in_order() {
        let mut capabilities = Capabilities::new();
        capabilities.push("vcpu.max", Value::Number(255));
        capabilities.push_set("devices.disk.bus", &mut vec!["virtio", "fdc", "virtio"]);
        let all: Vec<_> = capabilities.iter().collect();
        assert_eq!(all[0], ("vcpu.max", Value::Number(255)));
        let Value::Set(members) = all[1].1 else { panic!("a set") };
        assert_eq!(members.iter().collect::<Vec<_>>(), ["fdc", "virtio"]);
    }
}
