//! The interests of a node, without a backplane.

use super::*;

fn subject(number: u32) -> Subject {
    let mut hash = [0; 16];
    // The lowest byte is the partition.
    hash[..4].copy_from_slice(&number.to_le_bytes());
    Subject::of_hash(hash)
}

/// Returns interests that the backplane knows of as far as there are any.
fn known() -> Interests {
    let interests = Interests::new();
    assert!(interests.take_changes(Moment::now()).are_all);
    interests
}

fn all(interests: &Interests) -> Vec<Interest> {
    interests.forget();
    interests.take_changes(Moment::now()).added
}

fn only(interest: Interest) -> Vec<Interest> {
    vec![interest]
}

#[test]
fn interest_outlives_its_last_use_and_is_not_changed_by_one_that_comes_back() {
    let (interests, start) = (known(), Moment::now());
    let room = Interest::Subject(subject(1));
    interests.begin(subject(1));
    assert_eq!(interests.take_changes(start).added, only(room));
    interests.end(subject(1), start);
    interests.begin(subject(1));
    interests.end(subject(1), start + LINGER / 2);
    assert_eq!(interests.take_changes(start + LINGER), Changes::default());
    let changes = interests.take_changes(start + LINGER + LINGER / 2);
    assert_eq!((changes.added, changes.removed), (vec![], only(room)));
    assert_eq!(all(&interests), vec![]);
}

#[test]
fn interests_that_end_while_the_backplane_is_down_are_removed_when_it_is_up() {
    let (interests, start) = (known(), Moment::now());
    interests.begin(subject(1));
    assert_eq!(interests.take_changes(start).added.len(), 1);
    interests.end(subject(1), start);
    interests.forget();
    let changes = interests.take_changes(start + LINGER);
    let room = only(Interest::Subject(subject(1)));
    assert!(changes.are_all && changes.added.is_empty(), "{changes:?}");
    assert_eq!(changes.removed, room);
    interests.failed(changes.removed);
    assert_eq!(
        interests.take_changes(start + LINGER).removed,
        room,
        "it is tried again"
    );
    assert_eq!(interests.take_changes(start + LINGER), Changes::default());
}

#[test]
fn what_could_not_be_added_is_added_again_unless_it_has_ended() {
    let (interests, start) = (known(), Moment::now());
    (1..=3).for_each(|number| interests.begin(subject(number)));
    let added = interests.take_changes(start).added;
    assert_eq!(added.len(), 3);
    interests.end(subject(2), start);
    assert_eq!(interests.expire(start + LINGER), [subject(2)]);
    interests.failed([2, 3].map(|number| Interest::Subject(subject(number))));
    let changes = interests.take_changes(start + LINGER);
    assert_eq!(
        (changes.added, changes.removed),
        (only(Interest::Subject(subject(3))), only(Interest::Subject(subject(2))))
    );
    assert!(!changes.are_all);
}

#[test]
fn rooms_that_come_and_go_while_the_backplane_is_down_leave_nothing_behind() {
    let (interests, start) = (known(), Moment::now());
    for number in 0..1000 {
        interests.begin(subject(number));
        interests.end(subject(number), start);
    }
    interests.expire(start + LINGER);
    let table = interests.table.lock();
    assert!(table.subjects.is_empty() && table.ending.is_empty() && table.changes.is_empty());
}

#[test]
fn two_uses_of_one_subject_are_one_interest() {
    let (interests, start) = (known(), Moment::now());
    interests.begin(subject(1));
    interests.begin(subject(1));
    interests.end(subject(1), start);
    assert!(interests.take_changes(start + 2 * LINGER).removed.is_empty());
    assert_eq!(all(&interests), only(Interest::Subject(subject(1))));
}

#[test]
fn many_subjects_are_partitions_and_few_are_subjects_again() {
    let (interests, start) = (known(), Moment::now());
    let most = u32::try_from(MAX_SUBJECTS).expect("few");
    interests.begin(Subject::NODES);
    (0..most).for_each(|number| interests.begin(subject(number)));
    let changes = interests.take_changes(start);
    assert!(
        changes.added.contains(&Interest::Partition(0)),
        "one more than the most"
    );
    let is_subject = |interest: &Interest| matches!(interest, Interest::Subject(_));
    assert_eq!(
        changes.added.iter().copied().filter(is_subject).collect::<Vec<_>>(),
        only(Interest::Subject(Subject::NODES))
    );
    assert_eq!(all(&interests).len(), PARTITIONS + 1);

    (0..most).for_each(|number| interests.end(subject(number), start));
    (0..10).for_each(|number| interests.begin(subject(number)));
    let changes = interests.take_changes(start + LINGER);
    assert_eq!(changes.added.iter().filter(|interest| is_subject(interest)).count(), 10);
    assert!(changes.removed.contains(&Interest::Partition(0)));
    assert_eq!(all(&interests).len(), 11);
}
