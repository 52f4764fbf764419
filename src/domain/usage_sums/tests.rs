use proptest::prelude::*;

use super::*;

fn any_cell() -> impl Strategy<Value = Cell> {
    let times = || prop::collection::vec((0_i64..40_000_000, 1..5_u8), 0..30);
    (prop::array::uniform11(0_i64..1 << 40), times(), times()).prop_map(|(numbers, latencies, firsts)| {
        let mut cell = Cell { sums: Sums::of_numbers(numbers), ..Cell::default() };
        for (ms, calls) in latencies {
            (0..calls).for_each(|_| cell.latency.count(ms));
        }
        firsts.into_iter().for_each(|(ms, _)| cell.first_token.count(ms));
        cell
    })
}

proptest! {
    #[test]
    fn what_is_stored_is_read_back(cells in prop::collection::btree_map(0..96_u8, any_cell(), 0..6)) {
        let mut page = DayPage::default();
        for (quarter, cell) in &cells {
            page.quarter(*quarter).merge(cell);
            let mut read = Cell::default();
            prop_assert_eq!(read.merge_packed(&cell.stored()), Some(()));
            prop_assert_eq!(&read, cell);
        }
        let mut read = DayPage::default();
        prop_assert_eq!(read.merge_stored(&page.stored()), Some(()));
        prop_assert_eq!(&read, &page);
        prop_assert_eq!(read.stored(), page.stored(), "there is one way to store a page");
    }

    #[test]
    fn cells_merge_in_any_order(a in any_cell(), b in any_cell()) {
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        prop_assert_eq!(ab.stored(), ba.stored());
        prop_assert_eq!(ab.sums, ba.sums);
        prop_assert_eq!(ab.latency.calls(), a.latency.calls() + b.latency.calls());
        let mut stored = a.clone();
        stored.merge_packed(&b.stored()).unwrap();
        prop_assert_eq!(stored.latency.percentile(0.95), ab.latency.percentile(0.95));
    }

    #[test]
    fn rubbish_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Cell::default().merge_packed(&bytes);
        let _ = DayPage::default().merge_stored(&bytes);
        let _ = add_page(&bytes, &mut [], |_| None);
    }
}

#[test]
fn a_page_is_read_as_far_as_it_is_asked_for() {
    let mut page = DayPage::default();
    for quarter in [3, 9, 90] {
        page.quarter(quarter).sums.requests = i64::from(quarter);
        page.quarter(quarter).latency.count(70_000);
    }
    let mut cells = [Cell::default(), Cell::default()];
    add_page(&page.stored(), &mut cells, |quarter| [3, 90].iter().position(|wanted| *wanted == quarter)).unwrap();
    assert_eq!((cells[0].sums.requests, cells[1].sums.requests, page.sums().requests), (3, 90, 102));
    assert_eq!((cells[0].latency.calls(), cells[1].latency.calls()), (1, 1));
    assert_eq!(add_page(&[96, 0], &mut [], |_| None), None);
}
