use super::*;
use crate::guests::testing::{capabilities, cpu_document, document, guest, host};

/// What comes of two hosts for one guest: what the changes do to it, whether it was judged, and what no change tells.
fn impacts(
    guest: &Guest,
    old: &[String],
    new: &[String],
) -> (Vec<(String, Answer)>, bool, Vec<String>) {
    let mut contents = Contents::default();
    let (old, new) = (host(&mut contents, old), host(&mut contents, new));
    let compare = |old: &_, new: &_| contents.compare(old, new, crate::diff::Scope::default());
    let compared = crate::diff::snapshots(&old.observed, &new.observed, compare).unwrap();
    let impacts = GuestImpacts::new([guest], [&old, &new], &contents).unwrap();
    let hits = compared.changes.iter().flat_map(|change| {
        let of = impacts.of(change).into_iter();
        of.map(|impact| (change.difference.path.clone(), impact.answer)).collect::<Vec<_>>()
    });
    let untold = impacts.untold(&compared.changes);
    let untold = untold.into_iter().map(|change| change.difference.path).collect();
    (hits.collect(), impacts.unjudged().is_empty(), untold)
}

fn graphics(kinds: &[&str]) -> String {
    let values: String = kinds.iter().map(|kind| format!("<value>{kind}</value>")).collect();
    document(&format!(
        "<devices><graphics supported='yes'><enum name='type'>{values}</enum></graphics></devices>"
    ))
}

#[test]
fn a_lost_member_hits_the_guest_that_needs_it_and_no_other() {
    let (old, new) = ([graphics(&["vnc", "spice"])], [graphics(&["vnc"])]);
    let of = |kind: &str| guest(&format!("<devices><graphics type='{kind}'/></devices>"));
    let hit = vec![("devices.graphics.type".to_owned(), Answer::No)];
    assert_eq!(impacts(&of("spice"), &old, &new), (hit, true, vec![]));
    assert_eq!(impacts(&of("vnc"), &old, &new), (vec![], true, vec![]));
    assert_eq!(impacts(&of("spice"), &new, &old), (vec![], true, vec![]));
}

#[test]
fn what_was_no_before_cannot_become_worse() {
    let guest = guest("<devices><graphics type='sdl'/></devices>");
    let (old, new) = ([graphics(&["vnc", "spice"])], [graphics(&["vnc"])]);
    assert_eq!(impacts(&guest, &old, &new), (vec![], true, vec![]));
}

#[test]
fn a_feature_is_lost_where_it_blocks_another_model() {
    let host_model = "<mode name='host-model' supported='yes'><model>A</model>\
        <feature policy='require' name='rtm'/></mode>";
    let model = |usable: &str, blockers: &str| {
        cpu_document(&format!(
            "{host_model}<mode name='custom' supported='yes'>\
             <model usable='{usable}'>B</model>{blockers}</mode>"
        ))
    };
    let blocked = "<blockers model='B'><feature name='rtm'/></blockers>";
    let old = [model("yes", "")];
    let new = [model("no", blocked).replace("<feature policy='require' name='rtm'/>", "")];
    let guest = guest("<cpu check='none'><feature name='rtm'/></cpu>");
    let (hits, is_judged, untold) = impacts(&guest, &old, &new);
    assert!(!hits.is_empty() && is_judged && untold.is_empty(), "{hits:?} {untold:?}");
}

#[test]
fn what_no_change_tells_is_still_named() {
    let version = |version: &str| format!("Running against daemon: {version}\n");
    let with = |libvirt: &str| {
        let mut contents = Contents::default();
        let mut side = host(&mut contents, &[graphics(&["vnc"])]);
        side.observed.context.libvirt =
            version(libvirt).rsplit(' ').next().map(|it| it.trim().to_owned());
        (contents, side)
    };
    let guest = guest("<devices><watchdog model='itco'/></devices>");
    let (contents, new) = with("9.0.0");
    let (_, old) = with("11.3.0");
    let impacts = GuestImpacts::new([&guest], [&old, &new], &contents).unwrap();
    let untold = impacts.untold(&[]);
    assert_eq!(untold.len(), 1);
    assert_eq!(untold[0].difference.path, "guest.requirement");
    assert_eq!(impacts.of(&untold[0])[0].answer, Answer::No);
}

#[test]
fn a_guest_of_another_type_is_not_judged() {
    let mut guest = guest("<devices><graphics type='spice'/></devices>");
    guest.virttype = "qemu".to_owned();
    let (old, new) = ([graphics(&["vnc", "spice"])], [graphics(&["vnc"])]);
    assert_eq!(impacts(&guest, &old, &new), (vec![], false, vec![]));
    // A machine list that is complete says that there is no such guest: that is an answer.
    let list = capabilities("<machine>m</machine>");
    let with_list = |text: &str| [text.to_owned(), list.clone()];
    assert!(impacts(&guest, &with_list(&old[0]), &with_list(&new[0])).1);
}
