//! The parser, on tables as kernels write them.

use super::{Table, split_layers};
use crate::fs::inline::mounts::Place;

const LOCAL: &str = "\
22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
90 28 0:45 / /mnt/a\\040b rw - nfs4 server:/export rw
91 28 0:46 / /dev/shm rw master:3 propagate_from:2 - tmpfs tmpfs rw
93 28 0:48 / /images rw - fuse.stargz stargz rw
94 93 0:49 / /images/local rw - xfs /dev/vdb rw
";

/// Returns the place of an overlay with these options beside the mounts above.
fn overlay(options: &str) -> Option<Place> {
    let table = format!("{LOCAL}99 28 0:99 / /merged rw - overlay overlay rw,{options}\n");
    Table::parse(&table).place(99)
}

#[test]
fn reads_the_table() {
    let table = Table::parse(&format!("{LOCAL}broken line\n7 - tmpfs\n"));
    assert_eq!(table.places.len(), 6);
    assert_eq!(table.place(22), Some(Place::Remote));
    assert_eq!(table.place(28), Some(Place::Disk));
    assert_eq!(table.place(90), Some(Place::Remote));
    assert_eq!(table.place(91), Some(Place::Memory));
    assert_eq!(table.place(1), None);
    assert_eq!(Table::parse("").place(28), None);
}

#[test]
fn an_overlay_on_disks_of_this_machine_is_local() {
    let layers = Some(Place::Layers);
    assert_eq!(overlay("relatime"), layers);
    assert_eq!(overlay("lowerdir=/a:/b,upperdir=/c,workdir=/d"), layers);
    assert_eq!(overlay("lowerdir=/dev/shm/a,upperdir=/dev/shm/b"), layers);
    assert_eq!(overlay("lowerdir=/images/local/a"), layers);
    assert_eq!(overlay("lowerdir+=/a,lowerdir+=/b,datadir+=/c"), layers);
    // Names that only begin like a mount point, that are relative, or that are no names.
    assert_eq!(overlay("lowerdir=/images2/a:images/b:"), layers);
    assert_eq!(overlay("lowerdir,upperdir="), layers);
    // Other options that happen to name a folder.
    assert_eq!(overlay("workdir=/images/a"), layers);
}

#[test]
fn an_overlay_is_as_remote_as_its_most_remote_layer() {
    let remote = Some(Place::Remote);
    assert_eq!(overlay("lowerdir=/images"), remote);
    assert_eq!(overlay("lowerdir=/a:/images/x:/b,upperdir=/c"), remote);
    assert_eq!(overlay("lowerdir=/a::/images/data"), remote);
    assert_eq!(overlay("lowerdir=/a,upperdir=/images/x"), remote);
    assert_eq!(overlay("lowerdir+=/a,lowerdir+=/images/x"), remote);
    assert_eq!(overlay("lowerdir+=/a,datadir+=/images/x"), remote);
    assert_eq!(overlay("lowerdir=/a:/mnt/a\\040b/x"), remote);
}

#[test]
fn names_with_colons_and_backslashes_are_one_name() {
    let names = |value: &str| -> Vec<String> {
        let layers = split_layers(value);
        layers
            .into_iter()
            .map(|layer| String::from_utf8(layer).unwrap())
            .collect()
    };
    assert_eq!(names("/a:/b::/c"), ["/a", "/b", "/c"]);
    // An escape of overlay's own, as passed to mount(2), whose backslash the table escapes.
    assert_eq!(names("/a\\134:b:/c"), ["/a:b", "/c"]);
    assert_eq!(names("/a\\134\\134b:/c"), ["/a\\b", "/c"]);
    // Linux 6.6 removes that escape and escapes the colon itself.
    assert_eq!(names("/a\\072b:/c"), ["/a:b", "/c"]);
    assert_eq!(names("/a\\054b\\040c:/d"), ["/a,b c", "/d"]);
    // No escape: too short, and no octal number.
    assert_eq!(names("/a\\134\\13"), ["/a\\13"]);
    assert_eq!(names("/a\\777:/b\\089"), ["/a"]);
}

#[test]
fn layers_that_are_not_in_sight_leave_the_overlay_as_it_is() {
    // In a container: the root is the overlay, and its layers are folders of the host.
    let container = "\
500 400 0:50 / / rw - overlay overlay rw,lowerdir=/var/lib/x/1:/var/lib/x/2,upperdir=/var/lib/x/3
501 500 0:51 / /proc rw - proc proc rw
";
    assert_eq!(Table::parse(container).place(500), Some(Place::Layers));
}

#[test]
fn an_overlay_on_an_overlay() {
    let nested = |lowest: &str| {
        let table = format!(
            "{LOCAL}\
             98 28 0:98 / /below rw - overlay overlay rw,lowerdir={lowest}\n\
             99 28 0:99 / /merged rw - overlay overlay rw,lowerdir=/below/x\n"
        );
        Table::parse(&table).place(99)
    };
    assert_eq!(nested("/a"), Some(Place::Layers));
    assert_eq!(nested("/images/x"), Some(Place::Remote));
    // Two that name each other, which no kernel would mount.
    assert_eq!(nested("/merged/x"), Some(Place::Layers));
}

#[test]
fn the_later_mount_at_a_point_is_on_top() {
    let cover = |first: &str, second: &str| {
        let table = format!(
            "{LOCAL}\
             95 28 0:95 / /layers rw - {first} x rw\n\
             96 95 0:96 / /layers rw - {second} x rw\n\
             99 28 0:99 / /merged rw - overlay overlay rw,lowerdir=/layers/x\n"
        );
        Table::parse(&table).place(99)
    };
    assert_eq!(cover("nfs4", "ext4"), Some(Place::Layers));
    assert_eq!(cover("ext4", "nfs4"), Some(Place::Remote));
}

#[test]
fn a_large_table_is_read_whole() {
    let mut text = String::from(LOCAL);
    for id in 1000..3000 {
        text += &format!("{id} 28 0:{id} / /bind/{id} rw - tmpfs tmpfs rw\n");
        let lower = ["/bind/1000/x", "/images/x"][id % 2];
        text += &format!(
            "{} 28 0:1 / /o/{id} rw - overlay o rw,lowerdir=/a:{lower}\n",
            id + 5000
        );
    }
    let table = Table::parse(&text);
    assert_eq!(table.places.len(), 4006);
    for id in 1000..3000 {
        assert_eq!(table.place(id), Some(Place::Memory));
        let expected = [Place::Layers, Place::Remote][id as usize % 2];
        assert_eq!(table.place(id + 5000), Some(expected));
    }
}
