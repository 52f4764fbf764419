//! Pages of lists that are sorted in memory: short ones, in an order that no index has.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    domain::page::{Page, PageRequest},
    service::ServiceError,
};

/// A page of rows in the order of their keys. A key is a text that sorts as asked and is different for each row.
pub(super) fn page_of<T>(
    mut rows: Vec<T>,
    key: impl Fn(&T) -> String,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<T>, ServiceError> {
    rows.sort_by_cached_key(&key);
    if descending {
        rows.reverse();
    }
    if let Some(cursor) = request.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
        let last = decode(cursor).ok_or_else(|| ServiceError::field("cursor", "This cursor is not valid."))?;
        rows.retain(|row| if descending { key(row) < last } else { key(row) > last });
    }
    Ok(Page::cut(rows, request.limit(), |row| URL_SAFE_NO_PAD.encode(key(row))))
}

/// A number as a text that sorts like it.
pub(super) fn number(n: i64) -> String {
    format!("{:020}", i128::from(n) - i128::from(i64::MIN))
}

fn decode(cursor: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_both_ways() {
        for (descending, expected) in [(false, [-7, 0, 3, 12, 40]), (true, [40, 12, 3, 0, -7])] {
            let (mut seen, mut cursor) = (vec![], None);
            loop {
                let request = PageRequest { limit: Some(2), cursor };
                let page = page_of(vec![12, -7, 40, 0, 3], |n| number(*n), descending, &request).unwrap();
                seen.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected);
        }
        let wrong = PageRequest { limit: None, cursor: Some("?".into()) };
        assert!(page_of(vec![1], |n| number(*n), false, &wrong).is_err());
    }
}
